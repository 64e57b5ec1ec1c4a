//! `mnetifi usage`: what was used, by the hour, the day or the month.

use anyhow::bail;
use domain::access::facts::Holder;
use domain::rate::Bytes;
use serde::Serialize;
use store::TenantScope;
use store::access::days::{self, By, Of, Used};
use store::network::nas;
use store::people::subscribers;
use store::sales::vouchers;

use crate::cli::{self, UsageBy};
use crate::open::Opened;
use crate::print;

#[derive(Serialize)]
struct Row {
    when: String,
    in_octets: u64,
    out_octets: u64,
}

/// Runs the command.
pub async fn run(opened: &Opened, usage: cli::Usage) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    let of = of(opened, &scope, &usage).await?;
    let by = match (usage.by, of) {
        (UsageBy::Day, _) => By::Day,
        (UsageBy::Month, _) => By::Month,
        (UsageBy::Hour, Of::Holder(holder)) => return hours(opened, &usage, holder).await,
        (UsageBy::Hour, Of::Plan(_) | Of::Router(_) | Of::Tenant) => {
            bail!("hours are listed for one subscriber or voucher: say --subscriber or --voucher, or --by day")
        }
    };
    let mut tx = opened.store.tenant(&scope).await?;
    let page = days::list(&mut tx, of, by, &tenant.zone, opened.page(&usage.paging)?).await?;
    show(opened, &usage, page.rows.iter().cloned())?;
    if !usage.csv {
        opened.say_next(&page);
    }
    Ok(())
}

async fn hours(opened: &Opened, usage: &cli::Usage, holder: Holder) -> anyhow::Result<()> {
    let tenant = opened.tenant().await?;
    let mut tx = opened.store.tenant(&opened.scope(&tenant)).await?;
    let page = days::hours(&mut tx, holder, &tenant.zone, opened.page(&usage.paging)?).await?;
    show(opened, usage, page.rows.iter().map(|(_, used)| used.clone()))?;
    if !usage.csv {
        opened.say_next(&page);
    }
    Ok(())
}

fn show(opened: &Opened, usage: &cli::Usage, used: impl Iterator<Item = Used>) -> anyhow::Result<()> {
    let row = |Used { when, in_octets, out_octets }| Row { when, in_octets, out_octets };
    let rows: Vec<Row> = used.map(row).collect();
    if usage.csv {
        print::line("when,in_octets,out_octets")?;
        for Row { when, in_octets, out_octets } in &rows {
            print::line(&format!("{when},{in_octets},{out_octets}"))?;
        }
        return Ok(());
    }
    print::rows(
        opened.style,
        &rows,
        &["WHEN", "UP", "DOWN", "TOGETHER"],
        |row| {
            let (up, down) = (Bytes::new(row.in_octets), Bytes::new(row.out_octets));
            vec![row.when.clone(), up.to_string(), down.to_string(), up.plus(down).to_string()]
        },
        "nothing was used yet",
    )
}

/// Whose usage was asked for; without a name, that of the whole tenant.
async fn of(opened: &Opened, scope: &TenantScope, usage: &cli::Usage) -> anyhow::Result<Of> {
    if let Some(name) = &usage.plan {
        return Ok(Of::Plan(opened.plan(scope, name).await?.id));
    }
    let mut tx = opened.store.tenant(scope).await?;
    if let Some(code) = &usage.voucher {
        let Some(voucher) = vouchers::find_by_code(&mut tx, code).await? else { bail!("there is no such voucher") };
        return Ok(Of::Holder(Holder::Voucher(voucher.id)));
    }
    if let Some(name) = &usage.subscriber {
        let Some(subscriber) = subscribers::find_by_username(&mut tx, name).await? else {
            bail!("there is no subscriber `{name}`")
        };
        return Ok(Of::Holder(Holder::Subscriber(subscriber.id)));
    }
    if let Some(name) = &usage.nas {
        let Some(nas) = nas::find_by_name(&mut tx, name).await? else { bail!("there is no router `{name}`") };
        return Ok(Of::Router(nas.id));
    }
    Ok(Of::Tenant)
}
