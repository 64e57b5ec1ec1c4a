//! `mnetifi plan …`: what is sold.

use actions::sales::{change_plan, publish_plan};
use anyhow::ensure;
use domain::money::Money;
use domain::rate::{Burst, RateLimit};
use domain::sales::plan::{Plan, PlanTerms};
use domain::time::Period;
use serde::Serialize;
use store::TenantScope;
use store::sales::plans;

use crate::cli;
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    plan: String,
    service: &'static str,
    duration: String,
    rate_limit: Option<String>,
    devices: u16,
    anchor: &'static str,
    data_cap_bytes: Option<u64>,
    data_per: Option<&'static str>,
    speed_windows: Vec<String>,
    fair_use: Vec<String>,
    when_full: &'static str,
    price_minor: i64,
    currency: String,
    revision: u32,
    id: String,
}

impl Row {
    fn of(plan: &Plan) -> Self {
        let terms = &plan.terms;
        Self {
            plan: plan.name.to_string(),
            service: plan.service.code(),
            duration: terms.duration.to_string(),
            rate_limit: terms.rate.map(|rate| nas::mikrotik::rate_limit::RateLimitText::of(&rate).to_string()),
            devices: terms.device_cap.get(),
            anchor: terms.anchor.code(),
            data_cap_bytes: terms.data_cap.map(|cap| cap.get()),
            data_per: terms.data_window.map(Period::code),
            speed_windows: terms.speed_windows.iter().map(ToString::to_string).collect(),
            fair_use: terms.fair_use.iter().map(ToString::to_string).collect(),
            when_full: terms.when_full.code(),
            price_minor: terms.price.minor(),
            currency: terms.price.currency().code().to_owned(),
            revision: plan.revision,
            id: plan.id.to_string(),
        }
    }
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Plan) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    match command {
        cli::Plan::Add(add) => {
            let (name, service) = (add.name.clone(), add.service);
            let terms = terms(&add, Money::from_minor(add.price, tenant.currency));
            let plan =
                publish_plan::publish_plan(&opened.store, &scope, name, service, terms, opened.context()).await?;
            let rate = Row::of(&plan).rate_limit.unwrap_or_else(|| "unlimited".to_owned());
            let sentence = format!("published plan `{}`: {}, {rate}", plan.name, plan.terms.duration);
            if plan.terms.rate.is_none() {
                print::aside("note: a plan without a rate takes all the bandwidth it can get");
            }
            print::result(opened.style, &Row::of(&plan), &sentence)
        }
        cli::Plan::Change(change) => self::change(opened, &scope, &change).await,
        cli::Plan::Show(show) => {
            let plan = opened.plan(&scope, &show.name).await?;
            let head = format!("plan `{}`, {}, revision {}", plan.name, plan.service.code(), plan.revision);
            let words = plan.terms.in_words().into_iter().map(|(what, words)| format!("  {what}: {words}"));
            let lines: Vec<String> = std::iter::once(head).chain(words).collect();
            print::result(opened.style, &Row::of(&plan), &lines.join("\n"))
        }
        cli::Plan::List => {
            let mut tx = opened.store.tenant(&scope).await?;
            let rows: Vec<Row> = plans::list(&mut tx).await?.iter().map(Row::of).collect();
            print::rows(
                opened.style,
                &rows,
                &["PLAN", "SERVICE", "DURATION", "RATE LIMIT (up/down)", "DEVICES", "COUNTS FROM", "PRICE"],
                |row| {
                    vec![
                        row.plan.clone(),
                        row.service.to_owned(),
                        row.duration.clone(),
                        row.rate_limit.clone().unwrap_or_else(|| "unlimited".to_owned()),
                        row.devices.to_string(),
                        row.anchor.to_owned(),
                        format!("{} {}.{:02}", row.currency, row.price_minor / 100, row.price_minor % 100),
                    ]
                },
                "no plan yet: publish one with `mnetifi plan add`",
            )
        }
    }
}

async fn change(opened: &Opened, scope: &TenantScope, change: &cli::PlanChange) -> anyhow::Result<()> {
    let half_a_burst = matches!(change.burst, Some(cli::To::Value(_)))
        && (change.burst_threshold.is_none() || change.burst_time.is_none());
    ensure!(!half_a_burst, "a burst needs --burst-threshold and --burst-time");
    let speed_only = change.burst.is_some() || change.priority.is_some() || change.minimum.is_some();
    if speed_only && change.rate.is_none() {
        let plan = opened.plan(scope, &change.name).await?;
        ensure!(plan.terms.rate.is_some(), "plan `{}` is unlimited: give it a --rate first", plan.name);
    }
    let apply = |terms: &mut PlanTerms| apply(change, terms);
    let changed = change_plan::change_plan(&opened.store, scope, &change.name, &apply, opened.context()).await?;
    let what: Vec<String> = changed.changes.iter().map(ToString::to_string).collect();
    let plan = &changed.plan;
    let sentence = format!(
        "changed plan `{}` (revision {}): {}; {}",
        plan.name,
        plan.revision,
        what.join(", "),
        print::follow(changed.live)
    );
    if plan.terms.rate.is_none() {
        print::aside("note: a plan without a rate takes all the bandwidth it can get");
    }
    let result = serde_json::json!({ "plan": Row::of(plan), "changes": what, "live_sessions": changed.live });
    print::result(opened.style, &result, &sentence)
}

/// Makes what was said of the terms that hold.
fn apply(change: &cli::PlanChange, terms: &mut PlanTerms) {
    match change.rate {
        None => {}
        Some(cli::To::Nothing) => terms.rate = None,
        Some(cli::To::Value(rate)) => match &mut terms.rate {
            Some(limit) => limit.rate = rate,
            none @ None => *none = Some(RateLimit { rate, burst: None, priority: None, minimum: None }),
        },
    }
    if let Some(limit) = &mut terms.rate {
        match (change.burst, change.burst_threshold.zip(change.burst_time)) {
            (Some(cli::To::Value(rate)), Some((threshold, seconds))) => {
                limit.burst = Some(Burst { rate, threshold, seconds });
            }
            (Some(cli::To::Nothing), _) => limit.burst = None,
            (Some(cli::To::Value(_)) | None, _) => {}
        }
        limit.priority = change.priority.or(limit.priority);
        if let Some(minimum) = change.minimum {
            limit.minimum = minimum.value();
        }
    }
    if !change.windows.is_empty() {
        terms.speed_windows = change.windows.iter().filter_map(|window| window.value()).collect();
    }
    if !change.fair_use.is_empty() {
        terms.fair_use = change.fair_use.iter().filter_map(|step| step.value()).collect();
    }
    terms.when_full = change.when_full.unwrap_or(terms.when_full);
    terms.device_cap = change.devices.unwrap_or(terms.device_cap);
    terms.duration = change.duration.unwrap_or(terms.duration);
    if let Some(cap) = change.data_cap {
        terms.data_cap = cap.value();
    }
    if let Some(period) = change.data_per {
        terms.data_window = period.value();
    } else if terms.data_cap.is_none() {
        terms.data_window = None;
    }
    if let Some(pool) = &change.pool {
        terms.pool = pool.clone().value();
    }
    if let Some(list) = &change.address_list {
        terms.address_list = list.clone().value();
    }
    if let Some(price) = change.price {
        terms.price = Money::from_minor(price, terms.price.currency());
    }
}

fn terms(add: &cli::PlanAdd, price: Money) -> PlanTerms {
    let burst = match (add.burst, add.burst_threshold, add.burst_time) {
        (Some(rate), Some(threshold), Some(seconds)) => Some(Burst { rate, threshold, seconds }),
        (_, _, _) => None,
    };
    PlanTerms {
        rate: add.rate.map(|rate| RateLimit { rate, burst, priority: add.priority, minimum: add.minimum }),
        speed_windows: add.windows.clone(),
        fair_use: add.fair_use.clone(),
        device_cap: add.devices,
        when_full: add.when_full,
        duration: add.duration,
        anchor: add.anchor,
        data_cap: add.data_cap,
        data_window: add.data_per,
        pool: add.pool.clone(),
        address_list: add.address_list.clone(),
        price,
    }
}
