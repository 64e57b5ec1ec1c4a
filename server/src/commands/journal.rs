//! `mnetifi journal …`: reports that could not be written to the database, and what becomes of them.
//!
//! Works on the data directory alone, so it helps while the database is away too.

use std::path::Path;

use anyhow::{Context as _, bail};
use radiusd::quarantine::{self, Kept};
use serde::Serialize;

use crate::cli::{Global, Journal, Requeued};
use crate::print::{self, Style};
use crate::settings;

#[derive(Serialize)]
struct Row {
    number: u64,
    kind: &'static str,
    at: Option<String>,
    tenant: Option<String>,
    nas: Option<String>,
    user_name: String,
    acct_session_id: String,
    octets: u64,
    requeued: bool,
    why: String,
}

/// Runs the command.
pub fn run(global: &Global, command: &Journal) -> anyhow::Result<()> {
    let journal = settings::load(global)?.data.join("journal");
    let style = if global.json { Style::Json } else { Style::Table };
    let read = || format!("`{}` cannot be read or changed: run this as the user that runs mnetifi", journal.display());
    match command {
        Journal::List { limit } => {
            let limit = usize::try_from(*limit).unwrap_or(usize::MAX);
            list(style, quarantine::list(&journal, limit).with_context(read)?)
        }
        Journal::Requeue(requeued) => requeue(style, &journal, requeued).with_context(read),
        Journal::Discard { numbers } => {
            let gone = each(numbers, |number| quarantine::discard(&journal, number)).with_context(read)?;
            print::result(style, &serde_json::json!({ "discarded": gone }), &format!("{gone} are thrown away"))?;
            all_were_there(gone, numbers)
        }
    }
}

fn list(style: Style, kept: Vec<Kept>) -> anyhow::Result<()> {
    let rows: Vec<Row> = kept.into_iter().map(row).collect();
    print::rows(
        style,
        &rows,
        &["NUMBER", "WHAT", "CAME", "USER", "SESSION", "ROUTER", "STATE", "WHY"],
        |row| {
            vec![
                row.number.to_string(),
                row.kind.to_owned(),
                row.at.clone().unwrap_or_default(),
                row.user_name.clone(),
                row.acct_session_id.clone(),
                row.nas.clone().unwrap_or_default(),
                if row.requeued { "put back" } else { "kept" }.to_owned(),
                row.why.clone(),
            ]
        },
        "nothing is kept aside: the database has taken every report",
    )
}

fn row(kept: Kept) -> Row {
    let Kept { number, said, octets, why, is_requeued } = kept;
    let said = said.as_ref();
    Row {
        number,
        kind: said.map_or("unreadable", |said| said.kind),
        at: said.map(|said| said.at.to_string()),
        tenant: said.map(|said| said.tenant.to_string()),
        nas: said.map(|said| said.nas.to_string()),
        user_name: said.map(|said| said.user_name.clone()).unwrap_or_default(),
        acct_session_id: said.map(|said| said.acct_session_id.clone()).unwrap_or_default(),
        octets,
        requeued: is_requeued,
        why,
    }
}

fn requeue(style: Style, journal: &Path, requeued: &Requeued) -> anyhow::Result<()> {
    let numbers = if requeued.all {
        let kept = quarantine::list(journal, quarantine::KEPT_MAX)?;
        kept.iter().filter(|kept| kept.said.is_some() && !kept.is_requeued).map(|kept| kept.number).collect()
    } else {
        requeued.numbers.clone()
    };
    let put_back = each(&numbers, |number| quarantine::requeue(journal, number))?;
    let sentence = format!("{put_back} are tried again: by the server that runs, else by the next one");
    print::result(style, &serde_json::json!({ "requeued": put_back }), &sentence)?;
    all_were_there(put_back, &numbers)
}

/// Does it for each number. Returns how many were there.
fn each(numbers: &[u64], done: impl Fn(u64) -> std::io::Result<bool>) -> std::io::Result<usize> {
    numbers.iter().try_fold(0, |count, number| Ok(count + usize::from(done(*number)?)))
}

fn all_were_there(done: usize, numbers: &[u64]) -> anyhow::Result<()> {
    let absent = numbers.len() - done;
    if absent > 0 {
        bail!("{absent} of {} numbers are not there; `mnetifi journal list` shows those that are", numbers.len());
    }
    Ok(())
}
