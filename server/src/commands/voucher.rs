//! `mnetifi voucher …`: codes that buy access.

use actions::sales::print_batch::{self, Order};
use actions::sales::{extend_voucher, revoke_voucher, sell_voucher};
use anyhow::bail;
use domain::phone::Msisdn;
use domain::sales::extension::Extension;
use domain::sales::voucher::VoucherState;
use domain::time::Timestamp;
use serde::Serialize;
use store::sales::plans;
use store::sales::vouchers::listing::{self, Filter};

use crate::cli;
use crate::open::Opened;
use crate::print::{self, Style};
use crate::progress::Progress;

#[derive(Serialize)]
struct Printed {
    batch: String,
    plan: String,
    codes: Vec<String>,
}

#[derive(Serialize)]
struct Row {
    code: String,
    plan: String,
    state: &'static str,
    first_used: Option<String>,
    until: Option<String>,
    batch: String,
    id: String,
}

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Voucher) -> anyhow::Result<()> {
    match command {
        cli::Voucher::Print(order) => print_vouchers(opened, order).await,
        cli::Voucher::Sell(sale) => sell(opened, sale).await,
        cli::Voucher::Extend(extend) => self::extend(opened, &extend).await,
        cli::Voucher::Revoke(revoke) => self::revoke(opened, &revoke).await,
        cli::Voucher::List(list) => list_vouchers(opened, list).await,
    }
}

async fn print_vouchers(opened: &Opened, order: cli::VoucherPrint) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    let plan = opened.plan(&scope, &order.plan).await?;
    let progress = Progress::over(u64::from(order.count), "vouchers printed");
    let wanted = Order { count: order.count, length: order.length, note: order.note, sell_by: order.sell_by };
    let (batch, codes) =
        print_batch::print_batch(&opened.store, &scope, &plan, wanted, opened.context(), &mut |done| {
            progress.at(u64::from(done));
        })
        .await?;
    progress.done();
    opened.rows_were_added(codes.len()).await?;
    let codes: Vec<String> = codes.iter().map(|code| code.expose().to_owned()).collect();
    match opened.style {
        Style::Json => {
            print::result(Style::Json, &Printed { batch: batch.id.to_string(), plan: plan.name.to_string(), codes }, "")
        }
        Style::Table => {
            print::aside(&format!("{} vouchers of plan `{}`, batch {}:", codes.len(), plan.name, batch.id));
            Ok(print::line(&codes.join("\n"))?)
        }
    }
}

async fn sell(opened: &Opened, sale: cli::VoucherSell) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    let (store, context) = (&opened.store, opened.context());
    let buyer = match &sale.phone {
        Some(phone) => Some(Msisdn::parse(phone.as_bytes(), &tenant.calling_code)?),
        None => None,
    };
    let sold = match (&sale.code, &sale.plan) {
        (Some(code), _) => sell_voucher::sell_printed(store, &scope, &tenant.zone, code, context).await?,
        (None, Some(plan)) => {
            let plan = opened.plan(&scope, plan).await?;
            sell_voucher::sell_new(store, &scope, &tenant.zone, &plan, buyer, context).await?
        }
        (None, None) => bail!("say which card, or of which plan a fresh voucher is to be sold"),
    };
    let until = sold.until.map(|end| end.in_zone(&tenant.zone));
    let end = until.as_deref().map_or("counts from its first use".to_owned(), |end| format!("ends at {end}"));
    let code = sold.code.expose();
    print::result(opened.style, &serde_json::json!({ "code": code, "until": until }), &format!("sold {code}: {end}"))
}

async fn extend(opened: &Opened, extend: &cli::VoucherExtend) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    let extension = match (extend.by, extend.until) {
        (Some(by), _) => Extension::By(by),
        (None, Some(until)) => Extension::To(until),
        (None, None) => bail!("say by how much, or to which moment"),
    };
    let (store, zone, context) = (&opened.store, &tenant.zone, opened.context());
    let moved = extend_voucher::extend_voucher(store, &scope, zone, &extend.code, extension, context).await?;
    let (before, until) = (moved.before.in_zone(zone), moved.until.in_zone(zone));
    let sentence = format!("ends at {until} now, and not at {before}; {}", print::follow(moved.live));
    let result = serde_json::json!({
        "code": extend.code.expose(), "before": before, "until": until, "live_sessions": moved.live,
    });
    print::result(opened.style, &result, &sentence)
}

async fn revoke(opened: &Opened, revoke: &cli::VoucherRevoke) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    let revoked = revoke_voucher::revoke_voucher(&opened.store, &scope, &revoke.code, opened.context()).await?;
    if !revoked {
        bail!("there is no such voucher, or it was taken back before");
    }
    let sentence = "taken back; who is online with it is disconnected within seconds";
    print::result(opened.style, &serde_json::json!({ "revoked": revoke.code.expose() }), sentence)
}

async fn list_vouchers(opened: &Opened, list: cli::VoucherList) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    let plan = match &list.plan {
        Some(name) => Some(opened.plan(&scope, name).await?.id),
        None => None,
    };
    let now = opened.context().now();
    let mut tx = opened.store.tenant(&scope).await?;
    let names = plans::list(&mut tx).await?;
    let page =
        listing::list(&mut tx, &Filter { plan, ..Filter::default() }, <_>::default(), opened.page(&list.paging)?)
            .await?;
    let rows: Vec<Row> = page
        .rows
        .iter()
        .map(|voucher| Row {
            code: voucher.code.expose().to_owned(),
            plan: names.iter().find(|plan| plan.id == voucher.plan).map(|p| p.name.to_string()).unwrap_or_default(),
            state: voucher.state.name(now),
            first_used: first_used_at(voucher.state).map(|at| at.in_zone(&tenant.zone)),
            until: until(voucher.state).map(|at| at.in_zone(&tenant.zone)),
            batch: voucher.batch.to_string(),
            id: voucher.id.to_string(),
        })
        .collect();
    print::rows(
        opened.style,
        &rows,
        &["CODE", "PLAN", "STATE", "FIRST USED", "UNTIL"],
        |row| {
            vec![
                row.code.clone(),
                row.plan.clone(),
                row.state.to_owned(),
                row.first_used.clone().unwrap_or_default(),
                row.until.clone().unwrap_or_default(),
            ]
        },
        "no vouchers here: print some with `mnetifi voucher print --plan NAME --count 10`",
    )?;
    opened.say_next(&page);
    Ok(())
}

const fn first_used_at(state: VoucherState) -> Option<Timestamp> {
    match state {
        VoucherState::Active { since, .. } => Some(since),
        VoucherState::Printed { .. } | VoucherState::Sold { .. } | VoucherState::Revoked { .. } => None,
    }
}

const fn until(state: VoucherState) -> Option<Timestamp> {
    match state {
        VoucherState::Active { until, .. } => Some(until),
        VoucherState::Sold { until, .. } => until,
        VoucherState::Printed { .. } | VoucherState::Revoked { .. } => None,
    }
}
