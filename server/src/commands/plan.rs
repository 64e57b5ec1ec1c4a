//! `mnetifi plan …`: what is sold.

use actions::sales::publish_plan;
use domain::money::Money;
use domain::rate::{Burst, RateLimit};
use domain::sales::plan::{Plan, PlanTerms};
use serde::Serialize;
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

fn terms(add: &cli::PlanAdd, price: Money) -> PlanTerms {
    let burst = match (add.burst, add.burst_threshold, add.burst_time) {
        (Some(rate), Some(threshold), Some(seconds)) => Some(Burst { rate, threshold, seconds }),
        (_, _, _) => None,
    };
    PlanTerms {
        rate: add.rate.map(|rate| RateLimit { rate, burst, priority: add.priority, minimum: add.minimum }),
        device_cap: add.devices,
        duration: add.duration,
        anchor: add.anchor,
        data_cap: add.data_cap,
        pool: add.pool.clone(),
        address_list: add.address_list.clone(),
        price,
    }
}
