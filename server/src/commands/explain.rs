//! `mnetifi explain …`: why somebody was accepted or refused, and who was.

use std::collections::BTreeMap;

use ::nas::dialect;
use actions::access::explain;
use anyhow::bail;
use domain::access::decision::Decision;
use domain::access::grant::Grant;
use domain::id::NasId;
use domain::network::nas::{Nas, Vendor};
use domain::platform::tenant::Tenant;
use domain::text;
use serde::Serialize;
use serde_json::json;
use store::TenantTx;
use store::access::decisions::{self, Search};
use store::network::nas;
use store::platform::tenants;

use crate::cli::{self, Paging};
use crate::open::Opened;
use crate::print::{self, Style};

/// Runs the command.
pub async fn run(opened: &Opened, command: &cli::Explain) -> anyhow::Result<()> {
    match &command.asked {
        Some(asked) => tell(opened, asked).await,
        None => list(opened, command).await,
    }
}

/// Tells one story: over one tenant where one is named, else over all.
async fn tell(opened: &Opened, asked: &str) -> anyhow::Result<()> {
    // As a person reads it out: "Ref 7KQ2MX".
    let asked = asked.trim();
    let asked = asked.strip_prefix("Ref ").unwrap_or(asked);
    let mut tx = opened.store.system().await?;
    let mut tenants = tenants::list(&mut tx).await?;
    drop(tx);
    if let Some(named) = &opened.tenant_name {
        tenants.retain(|tenant| tenant.slug == *named);
    }
    let Some(story) = explain::explain(&opened.store, &tenants, asked).await? else {
        bail!(
            "no request of `{}` was answered: it may not have reached us, or its router was not believed \
             (see radius_drops_total in the metrics)",
            text::escaped(asked.as_bytes())
        );
    };
    match opened.style {
        Style::Table => Ok(print::line(&story.lines(&|grant| told(story.nas.as_ref(), grant)).join("\n"))?),
        Style::Json => {
            let decision = &story.decision;
            let document = json!({
                "trace": decision.trace.as_str(),
                "tenant": story.tenant.slug.as_str(),
                "at": decision.at.to_string(),
                "router": story.nas.as_ref().map(|nas| nas.name.as_str()),
                "node": decision.node.to_string(),
                "answered_from": decision.answered_from.code(),
                "took_micros": decision.took_micros,
                "user_name": decision.who(),
                "device": decision.device.key(),
                "service": decision.service.code(),
                "method": decision.method.code(),
                "accepted": decision.refusal.is_none(),
                "refusal": decision.refusal.map(|refusal| refusal.code()),
                "told": decision.refusal.map(|refusal| refusal.sentence()),
                "granted": decision.granted.as_ref().map(|grant| told(story.nas.as_ref(), grant)),
                "session": decision.session().map(|session| session.to_string()),
                "policy_version": decision.policy_version,
                "orders": story.orders.iter().map(|order| json!({
                    "at": order.at.to_string(), "asked": order.asked, "answer": order.answer,
                })).collect::<Vec<_>>(),
                "trail": decision.trail.iter().map(ToString::to_string).collect::<Vec<_>>(),
            });
            Ok(print::line(&serde_json::to_string_pretty(&document)?)?)
        }
    }
}

/// What a router was told, in its own words; those of a usual router when it is not registered any more.
pub fn told(nas: Option<&Nas>, grant: &Grant) -> String {
    dialect::describe(nas.map_or(Vendor::Mikrotik, |nas| nas.vendor), grant)
}

#[derive(Serialize)]
struct Row {
    at: String,
    trace: String,
    user_name: String,
    device: String,
    router: Option<String>,
    accepted: bool,
    refusal: Option<&'static str>,
    service: &'static str,
    id: String,
    #[serde(skip)]
    local: String,
}

/// Lists the answers of one tenant.
async fn list(opened: &Opened, command: &cli::Explain) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let mut tx = opened.store.tenant(&opened.scope(&tenant)).await?;
    let search = search(opened, &mut tx, command).await?;
    let paging = Paging { limit: command.limit.unwrap_or(100), after: command.after.clone() };
    let page = decisions::search(&mut tx, &search, opened.page(&paging)?).await?;
    let routers = names_of_routers(&mut tx, &page.rows).await?;
    let rows: Vec<Row> = page.rows.iter().map(|decision| row(decision, &routers, &tenant)).collect();
    print::rows(
        opened.style,
        &rows,
        &["TIME", "TRACE", "USER", "DEVICE", "ROUTER", "ANSWER"],
        |row| {
            vec![
                row.local.clone(),
                row.trace.clone(),
                row.user_name.clone(),
                row.device.clone(),
                row.router.clone().unwrap_or_default(),
                row.refusal.map_or_else(|| "accepted".to_owned(), |why| format!("refused: {}", why.replace('_', " "))),
            ]
        },
        "no such request was answered; `mnetifi explain --list` without more shows the newest",
    )?;
    opened.say_next(&page);
    Ok(())
}

async fn search(opened: &Opened, tx: &mut TenantTx, command: &cli::Explain) -> anyhow::Result<Search> {
    let now = opened.context().now();
    let (since, until) = (command.since.map(|when| when.instant(now)), command.until.map(|when| when.instant(now)));
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        bail!("--since ({since}) is not before --until ({until}), so nothing lies between them");
    }
    let nas = match &command.nas {
        None => None,
        Some(name) => match nas::find_by_name(tx, name).await? {
            Some(nas) => Some(nas.id),
            None => bail!("there is no router `{name}`: `mnetifi nas list` shows those there are"),
        },
    };
    let (user, device) = (command.user.clone(), command.device.clone());
    Ok(Search { trace: None, user, device, nas, refused_only: command.refused, since, until })
}

/// The names of the routers that these speak of; those that are not registered any more are left out.
async fn names_of_routers(tx: &mut TenantTx, rows: &[Decision]) -> anyhow::Result<BTreeMap<NasId, String>> {
    let mut names = BTreeMap::new();
    for decision in rows {
        if !names.contains_key(&decision.nas)
            && let Some(nas) = nas::find(tx, decision.nas).await?
        {
            names.insert(nas.id, nas.name.to_string());
        }
    }
    Ok(names)
}

fn row(decision: &Decision, routers: &BTreeMap<NasId, String>, tenant: &Tenant) -> Row {
    Row {
        at: decision.at.to_string(),
        trace: decision.trace.to_string(),
        user_name: decision.who(),
        device: decision.device.key(),
        router: routers.get(&decision.nas).cloned(),
        accepted: decision.refusal.is_none(),
        refusal: decision.refusal.map(|refusal| refusal.code()),
        service: decision.service.code(),
        id: decision.id.to_string(),
        local: decision.at.in_zone(&tenant.zone),
    }
}
