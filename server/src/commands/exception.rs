//! `mnetifi exception …`: what could not be made as it should be, and needs a person.

use actions::support::resolve_exception;
use anyhow::anyhow;
use domain::id::ExceptionId;
use domain::support::exception::Exception;
use serde::Serialize;
use store::network::nas;
use store::support::exceptions;

use crate::cli;
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    kind: &'static str,
    what: String,
    nas: Option<String>,
    opened_at: String,
    seen_at: String,
    times: u32,
    resolved_at: Option<String>,
    resolution: Option<String>,
    session: Option<String>,
    id: String,
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Exception) -> anyhow::Result<()> {
    match command {
        cli::Exception::List(list) => self::list(opened, &list).await,
        cli::Exception::Resolve(resolve) => self::resolve(opened, &resolve).await,
    }
}

/// Resolves one by hand.
async fn resolve(opened: &Opened, resolve: &cli::ExceptionResolve) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let none =
        || anyhow!("no open exception has the id `{}`: `mnetifi exception list` shows those there are", resolve.id);
    let id = ExceptionId::from_uuid(resolve.id.parse().map_err(|_| none())?);
    let scope = opened.scope(&tenant);
    let done = resolve_exception::resolve_exception(&opened.store, &scope, id, &resolve.note, opened.context()).await?;
    let exception = done.ok_or_else(none)?;
    let sentence = format!("resolved: {}; it opens again if the same is met again", exception.what);
    print::result(opened.style, &row(&exception, None), &sentence)
}

async fn list(opened: &Opened, list: &cli::ExceptionList) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let mut tx = opened.store.tenant(&opened.scope(&tenant)).await?;
    let page = exceptions::list(&mut tx, list.all, opened.page(&list.paging)?).await?;
    let mut rows = Vec::with_capacity(page.rows.len());
    for exception in &page.rows {
        let router = match exception.nas {
            Some(id) => nas::find(&mut tx, id).await?.map(|nas| nas.name.to_string()),
            None => None,
        };
        rows.push(row(exception, router));
    }
    print::rows(
        opened.style,
        &rows,
        &["SINCE", "LAST SEEN", "TIMES", "ROUTER", "WHAT", "RESOLVED", "ID"],
        |row| {
            vec![
                print::zoned(&row.opened_at, &tenant.zone),
                print::zoned(&row.seen_at, &tenant.zone),
                row.times.to_string(),
                row.nas.clone().unwrap_or_default(),
                row.what.clone(),
                row.resolution.clone().unwrap_or_default(),
                row.id.clone(),
            ]
        },
        "nothing needs a person; `--all` also shows what was resolved",
    )?;
    opened.say_next(&page);
    Ok(())
}

fn row(exception: &Exception, nas: Option<String>) -> Row {
    Row {
        kind: exception.kind.code(),
        what: exception.what.clone(),
        nas,
        opened_at: exception.opened_at.to_string(),
        seen_at: exception.seen_at.to_string(),
        times: exception.times,
        resolved_at: exception.resolved.as_ref().map(|(at, _)| at.to_string()),
        resolution: exception.resolved.as_ref().map(|(_, how)| how.clone()),
        session: exception.session.map(|session| session.to_string()),
        id: exception.id.to_string(),
    }
}
