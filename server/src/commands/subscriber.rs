//! `mnetifi subscriber …`: houses and businesses with a user name and password.

use actions::people::add_subscribers::{self, Wanted};
use actions::people::{move_to_plan, renew_subscriber};
use anyhow::bail;
use domain::people::subscriber::{Standing, Username, password};
use domain::phone::Msisdn;
use domain::sales::extension::Extension;
use serde::Serialize;
use store::people::subscribers::listing::{self, Filter, State};
use store::sales::plans;

use crate::cli;
use crate::commands;
use crate::open::Opened;
use crate::print;
use crate::secrets;

#[derive(Serialize)]
struct Row {
    username: String,
    plan: String,
    state: &'static str,
    until: Option<String>,
    address: Option<String>,
    id: String,
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Subscriber) -> anyhow::Result<()> {
    match command {
        cli::Subscriber::Add(add) => add_one(opened, add).await,
        cli::Subscriber::Renew(renew) => self::renew(opened, &renew).await,
        cli::Subscriber::Move(to) => move_to(opened, &to).await,
        cli::Subscriber::Suspend(what) => commands::suspend::suspend(opened, &what).await,
        cli::Subscriber::Resume(what) => commands::suspend::resume(opened, &what).await,
        cli::Subscriber::List(paging) => list(opened, &paging).await,
    }
}

async fn add_one(opened: &Opened, add: cli::SubscriberAdd) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    let plan = opened.plan(&scope, &add.plan).await?;
    let secret = secrets::read(add.password.as_deref(), add.password_file.as_deref(), "the password")?;
    let phone = match &add.phone {
        Some(phone) => Some(Msisdn::parse(phone.as_bytes(), &tenant.calling_code)?),
        None => None,
    };
    let username = Username::parse(add.username.as_bytes())?;
    let wanted = Wanted {
        username: username.clone(),
        password: password(secret.expose())?,
        plan: plan.id,
        until: add.until,
        framed_ip: add.address,
        phone,
        customer: None,
        zone: None,
    };
    let added = add_subscribers::add_subscribers(
        &opened.store,
        &scope,
        &tenant.zone,
        std::slice::from_ref(&plan),
        vec![wanted],
        opened.context(),
        &mut |_| {},
    )
    .await?;
    if added.added == 0 {
        bail!("a subscriber `{username}` is there already; it was left as it is");
    }
    let sentence = format!("added subscriber `{username}` on plan `{}`", plan.name);
    print::result(
        opened.style,
        &serde_json::json!({ "username": username.as_str(), "plan": plan.name.as_str() }),
        &sentence,
    )
}

async fn renew(opened: &Opened, renew: &cli::SubscriberRenew) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    let extension = renew.by.map(Extension::By).or(renew.until.map(Extension::To));
    let (store, zone, username) = (&opened.store, &tenant.zone, &renew.username);
    let renewed =
        renew_subscriber::renew_subscriber(store, &scope, zone, username, extension, opened.context()).await?;
    let until = renewed.until.in_zone(zone);
    let before = renewed.before.map(|at| at.in_zone(zone));
    let sentence = format!("`{username}` is paid until {until} now; {}", print::follow(renewed.live));
    if renewed.standing != Standing::Active {
        print::aside(&format!(
            "note: `{username}` is suspended and stays so; `mnetifi subscriber resume {username}` ends that"
        ));
    }
    let result = serde_json::json!({
        "username": username.as_str(), "before": before, "until": until, "live_sessions": renewed.live,
    });
    print::result(opened.style, &result, &sentence)
}

async fn move_to(opened: &Opened, to: &cli::SubscriberMove) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    let plan = opened.plan(&scope, &to.plan).await?;
    let username = &to.username;
    let moved = move_to_plan::move_to_plan(&opened.store, &scope, username, &plan, opened.context()).await?;
    let sentence = format!(
        "`{username}` is on plan `{}` now, and not on `{}`; {}",
        plan.name,
        moved.from,
        print::follow(moved.live)
    );
    let result = serde_json::json!({
        "username": username.as_str(), "before": moved.from, "plan": plan.name.as_str(), "live_sessions": moved.live,
    });
    print::result(opened.style, &result, &sentence)
}

async fn list(opened: &Opened, paging: &cli::Paging) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let now = opened.context().now();
    let mut tx = opened.store.tenant(&opened.scope(&tenant)).await?;
    let names = plans::list(&mut tx).await?;
    let page = listing::list(&mut tx, &Filter::default(), <_>::default(), opened.page(paging)?).await?;
    let rows: Vec<Row> = page
        .rows
        .iter()
        .map(|record| {
            let subscriber = &record.subscriber;
            Row {
                username: subscriber.username.to_string(),
                plan: names.iter().find(|p| p.id == subscriber.plan).map(|p| p.name.to_string()).unwrap_or_default(),
                state: State::of(record, now).code(),
                until: subscriber.until.map(|at| at.in_zone(&tenant.zone)),
                address: subscriber.framed_ip.map(|ip| ip.to_string()),
                id: subscriber.id.to_string(),
            }
        })
        .collect();
    print::rows(
        opened.style,
        &rows,
        &["USER NAME", "PLAN", "STATE", "PAID UNTIL", "ADDRESS"],
        |row| {
            vec![
                row.username.clone(),
                row.plan.clone(),
                row.state.to_owned(),
                row.until.clone().unwrap_or_else(|| "no end".to_owned()),
                row.address.clone().unwrap_or_default(),
            ]
        },
        "no subscriber yet: add one with `mnetifi subscriber add`, or a file with `mnetifi import subscribers`",
    )?;
    opened.say_next(&page);
    Ok(())
}
