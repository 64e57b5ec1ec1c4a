//! `mnetifi audit …`: who changed what.

use std::borrow::Cow;

use anyhow::bail;
use domain::platform::audit::{Change, Thing};
use serde::Serialize;
use store::people::subscribers;
use store::platform::audit::{self, Search};
use store::platform::tenants;
use store::sales::vouchers;
use store::{TenantScope, TenantTx};

use crate::cli;
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    at: String,
    actor: String,
    from: Option<String>,
    impersonator: Option<String>,
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
    let list = match command {
        cli::Audit::List(list) => list,
        cli::Audit::Verify => return verify(opened).await,
    };
    let scope = super::platform::place(opened).await?.scope;
    let thing = thing(opened, &scope, &list).await?;
    let now = opened.context().now();
    let search = Search {
        thing: thing.map(Thing::uuid),
        actor: list.actor.clone(),
        verb: list.verb,
        since: list.since.map(|when| when.instant(now)),
        until: list.until.map(|when| when.instant(now)),
    };
    let mut tx = opened.store.tenant(&scope).await?;
    let tenant = tenants::own(&mut tx).await?;
    let page = audit::search(&mut tx, &search, opened.page(&list.paging)?).await?;
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
            from: entry.actor.from.map(|from| from.to_string()),
            impersonator: entry.actor.impersonator.clone().map(Cow::into_owned),
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
                who(row),
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

#[derive(Serialize)]
struct Verified {
    entries: u64,
    unchained: u64,
    head: String,
    fault: Option<String>,
}

/// Walks over the whole chain. A fault is an error, so that a script hears of it.
async fn verify(opened: &Opened) -> anyhow::Result<()> {
    let mut tx = opened.store.tenant(&super::platform::place(opened).await?.scope).await?;
    let tenant = tenants::own(&mut tx).await?;
    let found = audit::verify(&mut tx).await?;
    let head: String = found.head.iter().map(|octet| format!("{octet:02x}")).collect();
    let fault = found.fault.as_ref().map(ToString::to_string);
    let mut sentence =
        format!("all {} entries are as they were written; the last one has the hash {head}", found.entries);
    if found.unchained > 0 {
        sentence.push_str(&format!(
            "\n{} older entries are from before there was a chain: nothing can be said of them",
            found.unchained
        ));
    }
    let verified = Verified { entries: found.entries, unchained: found.unchained, head, fault: fault.clone() };
    match fault {
        None => print::result(opened.style, &verified, &sentence),
        Some(fault) => {
            print::result(
                opened.style,
                &verified,
                &format!("the first {} entries are as they were written", found.entries),
            )?;
            bail!(
                "the audit of `{}` was tampered with: {fault}. Keep the database as it is, and compare with a backup",
                tenant.slug
            )
        }
    }
}

/// Who, from where, and who of the platform in their place.
fn who(row: &Row) -> String {
    let mut who = row.actor.clone();
    if let Some(other) = &row.impersonator {
        who.push_str(&format!(", by {other}"));
    }
    if let Some(from) = &row.from {
        who.push_str(&format!(" from {from}"));
    }
    who
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
