//! `mnetifi subscriber suspend` and `resume`: one subscriber, or many in one operation.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use actions::people::suspend;
use actions::people::suspend_many::{self, Preview};
use anyhow::{Context as _, bail};
use domain::people::operation::Operation;
use domain::people::subscriber::Username;
use domain::platform::tenant::Tenant;
use domain::time::Timestamp;
use imports::usernames_csv;
use serde_json::json;
use store::people::operations::Choice;

use crate::cli::{SubscriberResume, SubscriberSuspend};
use crate::commands::operation;
use crate::open::Opened;
use crate::print::{self, Style};
use crate::progress::Progress;

/// Names that a preview shows.
const SHOWN: usize = 20;

/// Runs `subscriber suspend`.
pub async fn suspend(opened: &Opened, what: &SubscriberSuspend) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    if let Some(id) = what.operation {
        return carry_on(opened, &tenant, id, what.csv).await;
    }
    if let (Some(username), false) = (&what.username, what.preview) {
        if !suspend::suspend(&opened.store, &scope, username, opened.context()).await? {
            bail!("there is no subscriber `{username}`");
        }
        let sentence = format!("suspended `{username}`; who is online follows in seconds");
        return print::result(opened.style, &json!({ "username": username.as_str(), "suspended": true }), &sentence);
    }
    let (choice, about) = choice(opened, &tenant, what).await?;
    let preview = suspend_many::preview(&opened.store, &scope, &choice).await?;
    for unknown in preview.unknown.iter().take(SHOWN) {
        print::aside(&format!("there is no subscriber `{unknown}`"));
    }
    if what.preview || !what.yes {
        return show(opened, &preview, &about, what.preview);
    }
    let operation = suspend_many::begin(&opened.store, &scope, &preview, &about, opened.context()).await?;
    carry_on(opened, &tenant, operation.id, what.csv).await
}

/// Runs `subscriber resume`.
pub async fn resume(opened: &Opened, what: &SubscriberResume) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    if let Some(id) = what.operation {
        let progress = Progress::over(0, "subscribers resumed");
        let told = &mut |done: usize| progress.at(done as u64);
        let undone = suspend_many::undo(&opened.store, &scope, id, opened.context(), told).await?;
        progress.done();
        if what.csv {
            return operation::rows(opened, &scope, id, true).await;
        }
        let left = match undone.changed_since {
            0 => String::new(),
            count => format!("; {count} were changed by somebody since and are left as they are"),
        };
        let sentence = format!("{} subscribers run again{left}", undone.resumed);
        let result = json!({ "operation": id.to_string(), "resumed": undone.resumed, "left": undone.changed_since });
        return print::result(opened.style, &result, &sentence);
    }
    let Some(username) = &what.username else { bail!("say who: NAME, or --operation ID") };
    if !suspend::resume(&opened.store, &scope, username, opened.context()).await? {
        bail!("there is no subscriber `{username}`");
    }
    let sentence = format!("`{username}` may log in again");
    print::result(opened.style, &json!({ "username": username.as_str(), "suspended": false }), &sentence)
}

/// Who is meant, and in words.
async fn choice(opened: &Opened, tenant: &Tenant, what: &SubscriberSuspend) -> anyhow::Result<(Choice, String)> {
    let (mut choice, mut about) = (Choice::default(), Vec::new());
    if let Some(name) = &what.plan {
        choice.plan = Some(opened.plan(&opened.scope(tenant), name).await?.id);
        about.push(format!("on plan {name}"));
    }
    if let Some(since) = what.expired_since {
        let by: Timestamp = since.instant(opened.context().now());
        choice.expired_by = Some(by);
        about.push(format!("expired by {}", by.in_zone(&tenant.zone)));
    }
    if let Some(path) = &what.file {
        choice.usernames = Some(names_in(path)?);
        about.push(format!("named in {}", path.file_name().unwrap_or_default().to_string_lossy()));
    }
    if let Some(username) = &what.username {
        choice.usernames = Some(vec![username.clone()]);
        about.push(format!("called {username}"));
    }
    if about.is_empty() {
        bail!("say who: NAME, --plan, --expired-since or --file");
    }
    Ok((choice, about.join(", ")))
}

fn names_in(path: &Path) -> anyhow::Result<Vec<Username>> {
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).with_context(|| format!("{} cannot be read", path.display()))?)
    };
    let (names, faults) = usernames_csv::read(source);
    for fault in faults.iter().take(SHOWN) {
        print::aside(&fault.to_string());
    }
    if !faults.is_empty() {
        bail!("{} rows of {} are faulty, nothing was done: mend them first", faults.len(), path.display());
    }
    Ok(names)
}

/// Shows who would be suspended, and does nothing.
fn show(opened: &Opened, preview: &Preview, about: &str, is_all: bool) -> anyhow::Result<()> {
    let (all, live, before) = (preview.chosen.len(), preview.live(), preview.suspended());
    if opened.style == Style::Json {
        let names: Vec<_> = preview.chosen.iter().map(|one| one.username.as_str()).collect();
        let unknown: Vec<_> = preview.unknown.iter().map(Username::as_str).collect();
        let result = json!({
            "preview": true, "about": about, "subscribers": all, "online": live, "suspended_already": before,
            "usernames": names, "unknown": unknown,
        });
        return Ok(print::line(&serde_json::to_string_pretty(&result)?)?);
    }
    for one in preview.chosen.iter().take(SHOWN) {
        let state = match (one.is_suspended, one.is_live) {
            (true, _) => "suspended already",
            (false, true) => "online",
            (false, false) => "offline",
        };
        print::line(&format!("  {}  {state}", one.username))?;
    }
    if all > SHOWN {
        print::line(&format!("  and {} more", all - SHOWN))?;
    }
    print::line(&format!(
        "{all} subscribers ({about}): {live} are online and would follow in seconds, {before} are suspended already"
    ))?;
    if !is_all {
        print::aside("nothing was done: say it again with --yes to suspend them");
    }
    Ok(())
}

/// Suspends all that are left of an operation, and tells what came of it.
async fn carry_on(opened: &Opened, tenant: &Tenant, id: domain::id::OperationId, csv: bool) -> anyhow::Result<()> {
    let scope = opened.scope(tenant);
    let size = {
        let mut tx = opened.store.tenant(&scope).await?;
        store::people::operations::find(&mut tx, id).await?.map_or(0, |operation| operation.size)
    };
    let progress = Progress::over(u64::from(size), "subscribers suspended");
    let told = &mut |done: usize| progress.at(done as u64);
    let carried = suspend_many::carry_on(&opened.store, &scope, id, opened.context(), told).await;
    progress.done();
    let Operation { size, about, .. } = carried.with_context(|| {
        format!("stopped half-way: `mnetifi subscriber suspend --operation {id}` goes on where it stopped")
    })?;
    if csv {
        return operation::rows(opened, &scope, id, true).await;
    }
    let sentence = format!(
        "{size} subscribers ({about}) are suspended; who is online follows in seconds\n\
         operation {id}; to undo it: mnetifi subscriber resume --operation {id}"
    );
    print::result(opened.style, &json!({ "operation": id.to_string(), "subscribers": size, "about": about }), &sentence)
}
