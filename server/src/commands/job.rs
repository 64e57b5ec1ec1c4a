//! `mnetifi job …`: letters and other things that are done outside.

use actions::platform::retry_job::retry_job;
use actions::platform::told::Side;
use domain::platform::job::{Job, JobState};
use serde::Serialize;
use store::platform::jobs;

use crate::cli;
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    id: String,
    kind: &'static str,
    about: String,
    state: &'static str,
    /// When it was done or parked, or when it is tried next.
    at: String,
    created_at: String,
    tries: u32,
    fault: Option<String>,
}

impl Row {
    fn of(job: &Job) -> Self {
        let (JobState::Waiting { due_at: at } | JobState::Done { at } | JobState::Parked { at }) = job.state;
        Self {
            id: job.id.to_string(),
            kind: job.kind.code(),
            about: job.about.clone(),
            state: job.state.code(),
            at: at.to_string(),
            created_at: job.created_at.to_string(),
            tries: job.tries,
            fault: job.fault.clone(),
        }
    }
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Job) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    let list = match command {
        cli::Job::Retry { id } => {
            retry_job(&opened.store, &scope, id, Side::Platform, opened.context()).await?;
            let mut tx = opened.store.tenant(&scope).await?;
            let job = jobs::find(&mut tx, id).await?;
            let row = job.as_ref().map(Row::of);
            return print::result(
                opened.style,
                &row,
                "it is tried again at once; `mnetifi job list` shows what becomes of it",
            );
        }
        cli::Job::List(list) => list,
    };
    let mut tx = opened.store.tenant(&scope).await?;
    let page = jobs::list(&mut tx, list.all, opened.page(&list.paging)?).await?;
    let rows: Vec<Row> = page.rows.iter().map(Row::of).collect();
    print::rows(
        opened.style,
        &rows,
        &["ASKED FOR", "WHAT", "STATE", "SINCE OR NEXT", "TRIES", "WHY NOT", "ID"],
        |row| {
            vec![
                print::zoned(&row.created_at, &tenant.zone),
                row.about.clone(),
                row.state.to_owned(),
                print::zoned(&row.at, &tenant.zone),
                row.tries.to_string(),
                row.fault.clone().unwrap_or_default(),
                row.id.clone(),
            ]
        },
        "nothing waits to be done; `--all` also shows what is done",
    )?;
    opened.say_next(&page);
    Ok(())
}
