//! `mnetifi webhook …`: partners that are told of what is done in a tenant's name.

use actions::platform::webhooks::MadeWebhook;
use actions::platform::webhooks::add_webhook::add_webhook;
use actions::platform::webhooks::change_webhook::{WebhookChange, change_webhook};
use actions::platform::webhooks::remove_webhook::remove_webhook;
use actions::platform::webhooks::replay_delivery::replay_delivery;
use actions::platform::webhooks::rotate_secret::rotate_secret;
use actions::platform::webhooks::test_webhook::test_webhook;
use domain::platform::webhook::{Delivery, Webhook};
use domain::time::Zone;
use serde::Serialize;
use store::TenantScope;
use store::platform::webhooks;

use crate::cli;
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    id: String,
    url: String,
    events: Vec<&'static str>,
    is_active: bool,
}

impl Row {
    fn of(webhook: &Webhook) -> Self {
        Self {
            id: webhook.id.to_string(),
            url: webhook.url.to_string(),
            events: webhook.events.iter().map(|verb| verb.code()).collect(),
            is_active: webhook.is_active,
        }
    }
}

#[derive(Serialize)]
struct DeliveryRow {
    id: String,
    event: String,
    #[serde(rename = "type")]
    kind: &'static str,
    created_at: String,
    state: Option<&'static str>,
    tries: u32,
    status: Option<u16>,
    fault: Option<String>,
}

impl DeliveryRow {
    fn of(delivery: &Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            event: delivery.event.to_string(),
            kind: delivery.verb.code(),
            created_at: delivery.created_at.to_string(),
            state: delivery.state.map(domain::platform::job::JobState::code),
            tries: delivery.tries,
            status: delivery.status,
            fault: delivery.fault.clone(),
        }
    }
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Webhook) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let (store, scope) = (&opened.store, opened.scope(&tenant));
    match command {
        cli::Webhook::Add(new) => {
            tell(opened, &add_webhook(store, &scope, new.url, new.events, opened.context()).await?)
        }
        cli::Webhook::RotateSecret(one) => tell(opened, &rotate_secret(store, &scope, one.id, opened.context()).await?),
        cli::Webhook::List => list(opened, &scope).await,
        cli::Webhook::Set(set) => {
            let events = if set.all { Some(Vec::new()) } else { set.events };
            let change = WebhookChange { url: set.url, events, is_active: (set.on || set.off).then_some(set.on) };
            let webhook = change_webhook(store, &scope, set.id, &|_| true, change, opened.context()).await?;
            let state = if webhook.is_active { "is told" } else { "is told of nothing" };
            print::result(opened.style, &Row::of(&webhook), &format!("webhook {} {state}: {}", webhook.id, webhook.url))
        }
        cli::Webhook::Remove(one) => {
            remove_webhook(store, &scope, one.id, &|_| true, opened.context()).await?;
            let result = serde_json::json!({ "id": one.id.to_string(), "removed": true });
            print::result(opened.style, &result, &format!("webhook {} is taken away", one.id))
        }
        cli::Webhook::Test(one) => {
            let delivery = test_webhook(store, &scope, one.id, opened.context()).await?;
            let result = serde_json::json!({ "delivery": delivery.to_string() });
            let sentence =
                format!("it is being told; `mnetifi webhook deliveries {}` shows what becomes of it", one.id);
            print::result(opened.style, &result, &sentence)
        }
        cli::Webhook::Deliveries(asked) => deliveries(opened, &scope, &tenant.zone, &asked).await,
        cli::Webhook::Replay(one) => {
            replay_delivery(store, &scope, one.id, one.delivery, opened.context()).await?;
            let result = serde_json::json!({ "delivery": one.delivery.to_string() });
            let sentence =
                format!("it is told again; `mnetifi webhook deliveries {}` shows what becomes of it", one.id);
            print::result(opened.style, &result, &sentence)
        }
    }
}

async fn list(opened: &Opened, scope: &TenantScope) -> anyhow::Result<()> {
    let mut tx = opened.store.tenant(scope).await?;
    let rows: Vec<Row> = webhooks::list(&mut tx).await?.iter().map(Row::of).collect();
    let cells = |row: &Row| {
        let events = if row.events.is_empty() { "all".to_owned() } else { row.events.join(" ") };
        let state = if row.is_active { "on" } else { "off" };
        vec![row.url.clone(), state.to_owned(), events, row.id.clone()]
    };
    let nothing = "no webhook yet: `mnetifi webhook add` adds one";
    print::rows(opened.style, &rows, &["URL", "STATE", "EVENTS", "ID"], cells, nothing)
}

async fn deliveries(opened: &Opened, scope: &TenantScope, zone: &Zone, asked: &cli::Deliveries) -> anyhow::Result<()> {
    let mut tx = opened.store.tenant(scope).await?;
    let page = webhooks::deliveries(&mut tx, asked.id, opened.page(&asked.paging)?).await?;
    let rows: Vec<DeliveryRow> = page.rows.iter().map(DeliveryRow::of).collect();
    let cells = |row: &DeliveryRow| {
        vec![
            print::zoned(&row.created_at, zone),
            row.kind.to_owned(),
            row.state.unwrap_or("not told").to_owned(),
            row.tries.to_string(),
            row.status.map(|status| status.to_string()).unwrap_or_default(),
            row.fault.clone().unwrap_or_default(),
            row.id.clone(),
        ]
    };
    let header = ["AT", "EVENT", "STATE", "TRIES", "ANSWER", "WHY NOT", "ID"];
    print::rows(opened.style, &rows, &header, cells, "this webhook was told of nothing in the last thirty days")?;
    opened.say_next(&page);
    Ok(())
}

/// Prints a webhook's secret, this once.
fn tell(opened: &Opened, made: &MadeWebhook) -> anyhow::Result<()> {
    let (id, secret) = (made.webhook.id.to_string(), made.secret.expose());
    let result = serde_json::json!({ "id": id, "url": made.webhook.url.to_string(), "secret": secret });
    let sentence = format!("webhook {id} to {}; its secret, shown this once: {secret}", made.webhook.url);
    print::result(opened.style, &result, &sentence)
}
