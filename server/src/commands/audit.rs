//! `mnetifi audit …`: who changed what.

use anyhow::bail;
use domain::platform::audit::{Change, Thing};
use serde::Serialize;
use store::people::subscribers;
use store::platform::audit::{self, Search};
use store::sales::vouchers;
use store::{TenantScope, TenantTx};

use crate::cli;
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    at: String,
    actor: String,
    verb: &'static str,
    thing_kind: &'static str,
    thing: String,
    changes: Vec<Changed>,
    thing_id: String,
    id: String,
    #[serde(skip)]
    when: String,
}

#[derive(Serialize)]
struct Changed {
    what: String,
    before: Option<String>,
    after: Option<String>,
    #[serde(skip)]
    words: String,
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Audit) -> anyhow::Result<()> {
    let cli::Audit::List(list) = command;
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    let thing = thing(opened, &scope, &list).await?;
    let mut tx = opened.store.tenant(&scope).await?;
    let page = audit::search(&mut tx, &Search { thing, ..Search::default() }, opened.page(&list.paging)?).await?;
    let things: Vec<Thing> = page.rows.iter().map(|entry| entry.thing).collect();
    let names = audit::names(&mut tx, &things).await?;
    let changed = |change: Change| {
        let words = change.to_string();
        Changed { what: change.what, before: change.before, after: change.after, words }
    };
    let rows: Vec<Row> = page
        .rows
        .iter()
        .map(|entry| Row {
            at: entry.at.to_string(),
            actor: entry.actor.name.clone().into_owned(),
            verb: entry.verb.code(),
            thing_kind: entry.thing.kind(),
            thing: names.get(&entry.thing.uuid()).cloned().unwrap_or_else(|| entry.thing.uuid().to_string()),
            changes: entry.changes.iter().cloned().map(changed).collect(),
            thing_id: entry.thing.uuid().to_string(),
            id: entry.id.to_string(),
            when: entry.at.in_zone(&tenant.zone),
        })
        .collect();
    print::rows(
        opened.style,
        &rows,
        &["WHEN", "WHO", "WHAT", "OF", "CHANGES"],
        |row| {
            vec![
                row.when.clone(),
                row.actor.clone(),
                row.verb.replace('_', " "),
                row.thing.clone(),
                row.changes.iter().map(|change| change.words.as_str()).collect::<Vec<_>>().join(", "),
            ]
        },
        "nothing was changed yet",
    )?;
    opened.say_next(&page);
    Ok(())
}

/// What the list is to be about; `None` is everything.
async fn thing(opened: &Opened, scope: &TenantScope, list: &cli::AuditList) -> anyhow::Result<Option<Thing>> {
    if let Some(name) = &list.plan {
        return Ok(Some(Thing::Plan(opened.plan(scope, name).await?.id)));
    }
    let mut tx: TenantTx = opened.store.tenant(scope).await?;
    if let Some(code) = &list.voucher {
        let Some(voucher) = vouchers::find_by_code(&mut tx, code).await? else { bail!("there is no such voucher") };
        return Ok(Some(Thing::Voucher(voucher.id)));
    }
    if let Some(name) = &list.subscriber {
        let Some(subscriber) = subscribers::find_by_username(&mut tx, name).await? else {
            bail!("there is no subscriber `{name}`")
        };
        return Ok(Some(Thing::Subscriber(subscriber.id)));
    }
    Ok(None)
}
