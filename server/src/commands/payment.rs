//! `mnetifi payment …`: attempts to pay, with all that became of them.

use actions::money::look_up_payment::look_up_payment;
use actions::money::refund_to_payer::refund_to_payer;
use actions::money::refund_to_wallet::refund_to_wallet;
use actions::money::retry_payment::retry_payment;
use actions::money::serve_payment::serve_payment;
use anyhow::{anyhow, bail};
use domain::id::PaymentId;
use domain::money::payment::Payment;
use domain::phone::Msisdn;
use domain::platform::tenant::Tenant;
use domain::time::{Period, Timestamp};
use serde::Serialize;
use store::TenantScope;
use store::listing::Direction;
use store::money::payments::listing::{self, Filter};
use store::money::{activations, arrivals, ledger, payments};

use crate::cli;
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    created_at: String,
    reference: String,
    buys: &'static str,
    phone: Option<String>,
    price: String,
    state: String,
    said: Option<String>,
    id: String,
}

impl Row {
    fn of(payment: &Payment) -> Self {
        let failure = payment.state.failure().map(|kind| format!(": {}", kind.code())).unwrap_or_default();
        Self {
            created_at: payment.created_at.to_string(),
            reference: payment.reference.expose().to_owned(),
            buys: payment.purpose.code(),
            phone: payment.phone.as_ref().map(|phone| phone.expose().to_owned()),
            price: payment.price.to_string(),
            state: format!("{}{failure}", payment.state.code()),
            said: payment.said.clone(),
            id: payment.id.to_string(),
        }
    }
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Payment) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    let (store, zone, context) = (&opened.store, &tenant.zone, opened.context());
    match command {
        cli::Payment::List(asked) => list(opened, &tenant, &scope, &asked).await,
        cli::Payment::Show(one) => show(opened, &tenant, &scope, one.id).await,
        cli::Payment::LookUp(one) => {
            let payment = look_up_payment(store, &scope, one.id, context).await?;
            let sentence =
                format!("the gateway is asked at once; `mnetifi payment show {}` tells what it says", one.id);
            print::result(opened.style, &Row::of(&payment), &sentence)
        }
        cli::Payment::Retry(one) => {
            let payment = retry_payment(store, &scope, one.id, context).await?;
            let sentence = format!("another prompt is on its way: payment {} of {}", payment.id, payment.price);
            print::result(opened.style, &Row::of(&payment), &sentence)
        }
        cli::Payment::Serve(one) => {
            let given = serve_payment(store, &scope, zone, one.id, context).await?;
            let until = given.until.map(|until| until.to_string());
            let result = serde_json::json!({ "payment": one.id.to_string(), "until": until });
            print::result(opened.style, &result, "what was paid for is given")
        }
        cli::Payment::Refund(asked) => {
            match asked.to {
                cli::BackTo::Wallet => refund_to_wallet(store, &scope, zone, (asked.id, &asked.why), context).await?,
                cli::BackTo::Payer => {
                    refund_to_payer(store, &scope, zone, (asked.id, &asked.why), context).await?;
                }
            }
            let sentence = match asked.to {
                cli::BackTo::Wallet => "it is in the wallet",
                cli::BackTo::Payer => {
                    "the gateway gives it back; `mnetifi arrival show` of its money tells how far it is"
                }
            };
            print::result(opened.style, &serde_json::json!({ "payment": asked.id.to_string() }), sentence)
        }
    }
}

/// When a day begins, and when the next one does.
fn day_of(day: Option<&str>, tenant: &Tenant) -> anyhow::Result<(Option<Timestamp>, Option<Timestamp>)> {
    let Some(day) = day else { return Ok((None, None)) };
    match Period::day_named(day, &tenant.zone) {
        Some((begins_at, ends_at)) => Ok((Some(begins_at), Some(ends_at))),
        None => bail!("`{day}` is no day: write it as 2026-11-22"),
    }
}

async fn list(opened: &Opened, tenant: &Tenant, scope: &TenantScope, asked: &cli::PaymentList) -> anyhow::Result<()> {
    let mut tx = opened.store.tenant(scope).await?;
    let (since, until) = day_of(asked.day.as_deref(), tenant)?;
    let mut filter = Filter { state: asked.state.clone(), since, until, ..Filter::default() };
    if let Some(search) = &asked.search {
        let ids = listing::named(&mut tx, search.trim()).await?;
        match (ids.is_empty(), Msisdn::parse(search.trim().as_bytes(), &tenant.calling_code)) {
            (true, Ok(phone)) => filter.phone = Some(phone),
            (_, _) => filter.ids = Some(ids),
        }
    }
    let page = listing::search(&mut tx, &filter, Direction::Down, opened.page(&asked.paging)?).await?;
    let rows: Vec<Row> = page.rows.iter().map(Row::of).collect();
    let cells = |row: &Row| {
        vec![
            print::zoned(&row.created_at, &tenant.zone),
            row.reference.clone(),
            row.phone.clone().unwrap_or_default(),
            row.price.clone(),
            row.state.clone(),
            row.said.clone().unwrap_or_default(),
            row.id.clone(),
        ]
    };
    let header = ["BEGUN", "REFERENCE", "PHONE", "PRICE", "STATE", "SAID", "ID"];
    print::rows(opened.style, &rows, &header, cells, "no payment is like that")?;
    opened.say_next(&page);
    Ok(())
}

#[derive(Serialize)]
struct Step {
    at: String,
    what: String,
}

async fn show(opened: &Opened, tenant: &Tenant, scope: &TenantScope, id: PaymentId) -> anyhow::Result<()> {
    let mut tx = opened.store.tenant(scope).await?;
    let none = || anyhow!("there is no payment {id}: `mnetifi payment list` shows those there are");
    let payment = payments::find(&mut tx, id).await?.ok_or_else(none)?;
    let mut steps: Vec<(Timestamp, String)> = Vec::new();
    for (state, said, at) in payments::history(&mut tx, id).await? {
        let said = said.map(|said| format!(": {said}")).unwrap_or_default();
        steps.push((at, format!("{}{said}", state.code())));
    }
    for arrival in arrivals::of_payment(&mut tx, id).await? {
        steps.push((arrival.arrived_at, format!("{} came, told by {}", arrival.name(), arrival.source.code())));
    }
    for entry in ledger::of_payment(&mut tx, id).await? {
        let moves: Vec<String> =
            entry.postings.all().iter().map(|one| format!("{} {}", one.account.code(), one.amount)).collect();
        steps.push((entry.at, format!("ledger, {}: {}", entry.kind.code(), moves.join(", "))));
    }
    if let Some(given) = activations::find(&mut tx, id).await? {
        steps.push((given.at, "what was paid for was given".to_owned()));
    }
    steps.sort_by_key(|(at, _)| *at);
    if opened.style == print::Style::Table {
        let row = Row::of(&payment);
        print::line(&format!("payment {} of {}, reference {}: {}", row.id, row.price, row.reference, row.state))?;
    }
    let rows: Vec<Step> = steps.into_iter().map(|(at, what)| Step { at: at.to_string(), what }).collect();
    let cells = |step: &Step| vec![print::zoned(&step.at, &tenant.zone), step.what.clone()];
    print::rows(opened.style, &rows, &["AT", "WHAT"], cells, "nothing has become of it")
}
