//! What the demo holds: one tenant with plans, vouchers and subscribers that its contract names.
//!
//! Seeding twice changes nothing: what is there is left as it is.

use actions::network::register_nas::{self, NewNas};
use actions::people::add_subscribers::{self, Wanted};
use actions::platform::open_tenant::{self, NewTenant};
use actions::sales::publish_plan;
use anyhow::Context;
use domain::id::NasId;
use domain::money::{Currency, Money};
use domain::network::nas::{SigningRule, Vendor, shared_secret};
use domain::people::subscriber::{Username, password};
use domain::phone::CallingCode;
use domain::platform::tenant::Tenant;
use domain::rate::{Burst, RateLimit, UpDown};
use domain::sales::batch::{Batch, Channel};
use domain::sales::plan::{DeviceCap, Plan, PlanService, PlanTerms, ValidityAnchor, WhenFull};
use domain::sales::voucher::VoucherCode;
use domain::time::{Span, Timestamp, Zone};
use store::network::nas;
use store::people::subscribers;
use store::platform::tenants;
use store::sales::vouchers::NewVouchers;
use store::sales::{batches, plans, vouchers};
use store::{Page, TenantScope, TenantTx};

use crate::open::Opened;

/// The demo tenant's short name.
pub const TENANT: &str = "demo";
/// The shared secret of every router in 127.0.0.0/8.
pub const SECRET: &str = "testing123";
/// The plan of the demo's subscribers.
pub const HOME_PLAN: &str = "home-10";

pub const ROUTER: &str = "loopback";
const NETWORK: &str = "127.0.0.0/8";
/// Login and password of the demo's houses, and whether they are suspended.
const HOUSES: [(&str, &str, bool); 2] = [("house-12", "karibu-nyumbani", false), ("house-13", "karibu-nyumbani", true)];

/// Makes sure that the demo's tenant and all it holds are there.
pub async fn seed(opened: &Opened) -> anyhow::Result<(Tenant, TenantScope)> {
    let tenant = tenant(opened).await?;
    let scope = TenantScope::of_operator(tenant.id);
    router(opened, &scope).await?;
    let plans = publish_plans(opened, &scope).await?;
    print_cards(opened, &scope, &plans).await?;
    add_houses(opened, &tenant, &scope, &plans).await?;
    Ok((tenant, scope))
}

async fn tenant(opened: &Opened) -> anyhow::Result<Tenant> {
    let slug = TENANT.parse()?;
    let mut tx = opened.store.system().await?;
    if let Some(tenant) = tenants::find(&mut tx, TENANT).await? {
        return Ok(tenant);
    }
    drop(tx);
    let new = NewTenant {
        slug,
        name: "Demo Internet".to_owned(),
        zone: Zone::named("Africa/Nairobi")?,
        currency: Currency::KES,
        calling_code: CallingCode::kenya(),
    };
    Ok(open_tenant::open_tenant(&opened.store, new, opened.context()).await?)
}

async fn router(opened: &Opened, scope: &TenantScope) -> anyhow::Result<()> {
    let name = ROUTER.parse()?;
    let mut tx = opened.store.tenant(scope).await?;
    if nas::list(&mut tx, Page::first(Page::<NasId>::SIZE_MAX)).await?.rows.iter().any(|nas| nas.name == name) {
        return Ok(());
    }
    drop(tx);
    let new = NewNas {
        name,
        address: NETWORK.parse()?,
        identifier: None,
        realm: None,
        port_pair: None,
        vendor: Vendor::Mikrotik,
        coa_port: 3_799,
        // Anybody on this machine is to play with it, also with a `radclient` that does not sign.
        signing: SigningRule::Allow,
        secret: shared_secret(SECRET)?,
    };
    register_nas::register_nas(&opened.store, scope, new, opened.context()).await?;
    Ok(())
}

/// A plan of the demo, in the words of the command line.
struct DemoPlan {
    name: &'static str,
    service: PlanService,
    rate: Option<&'static str>,
    /// Speed, threshold and seconds of a burst.
    burst: Option<(&'static str, &'static str, &'static str)>,
    devices: u16,
    duration: &'static str,
    price_minor: i64,
}

const PLANS: [DemoPlan; 4] = [
    DemoPlan {
        name: "hour",
        service: PlanService::Hotspot,
        rate: Some("2M/5M"),
        burst: Some(("4M/10M", "1500k/4M", "16")),
        devices: 1,
        duration: "1h",
        price_minor: 2_000,
    },
    DemoPlan {
        name: "family-day",
        service: PlanService::Hotspot,
        rate: Some("5M/10M"),
        burst: None,
        devices: 3,
        duration: "24h",
        price_minor: 8_000,
    },
    DemoPlan {
        name: HOME_PLAN,
        service: PlanService::Pppoe,
        rate: Some("10M/20M"),
        burst: None,
        devices: 1,
        duration: "1mo",
        price_minor: 200_000,
    },
    DemoPlan {
        name: "night",
        service: PlanService::Hotspot,
        rate: None,
        burst: None,
        devices: 1,
        duration: "8h",
        price_minor: 3_000,
    },
];

impl DemoPlan {
    fn terms(&self) -> anyhow::Result<PlanTerms> {
        let rate = match self.rate {
            None => None,
            Some(rate) => {
                let rate: UpDown<_> = rate.parse()?;
                Some(RateLimit { burst: self.burst()?, ..RateLimit::flat(rate.up, rate.down) })
            }
        };
        Ok(PlanTerms {
            rate,
            device_cap: DeviceCap::new(self.devices).context("a demo plan's device cap")?,
            duration: self.duration.parse()?,
            anchor: match self.service {
                PlanService::Hotspot => ValidityAnchor::FirstUse,
                PlanService::Pppoe | PlanService::Static => ValidityAnchor::Purchase,
            },
            data_cap: None,
            pool: None,
            address_list: None,
            speed_windows: Vec::new(),
            fair_use: Vec::new(),
            when_full: WhenFull::Refuse,
            data_window: None,
            price: Money::from_minor(self.price_minor, Currency::KES),
        })
    }

    fn burst(&self) -> anyhow::Result<Option<Burst>> {
        Ok(match self.burst {
            None => None,
            Some((rate, threshold, seconds)) => {
                Some(Burst { rate: rate.parse()?, threshold: threshold.parse()?, seconds: seconds.parse()? })
            }
        })
    }
}

async fn publish_plans(opened: &Opened, scope: &TenantScope) -> anyhow::Result<Vec<Plan>> {
    let mut tx = opened.store.tenant(scope).await?;
    let mut there = plans::list(&mut tx).await?;
    drop(tx);
    for plan in &PLANS {
        if there.iter().all(|known| known.name.as_str() != plan.name) {
            let name = plan.name.parse()?;
            let published =
                publish_plan::publish_plan(&opened.store, scope, name, plan.service, plan.terms()?, opened.context())
                    .await?;
            there.push(published);
        }
    }
    Ok(there)
}

fn plan<'a>(plans: &'a [Plan], name: &str) -> anyhow::Result<&'a Plan> {
    plans.iter().find(|plan| plan.name.as_str() == name).with_context(|| format!("the demo's plan `{name}`"))
}

/// The cards, each with its plan; `DemoOld1` was used up yesterday.
async fn print_cards(opened: &Opened, scope: &TenantScope, plans: &[Plan]) -> anyhow::Result<()> {
    let now = opened.context().now();
    let ended = now.minus(Span::minutes(24 * 60));
    let fresh = Times { made: now, ended: None };
    let old = Times { made: ended.minus(Span::minutes(60)), ended: Some(ended) };
    let hours: Vec<String> = (1..=9).map(|number| format!("DemoHour{number}")).collect();
    let mut tx = opened.store.tenant(scope).await?;
    print_batch(opened, &mut tx, plan(plans, "hour")?, &hours, fresh).await?;
    print_batch(opened, &mut tx, plan(plans, "hour")?, &["DemoOld1".to_owned()], old).await?;
    print_batch(opened, &mut tx, plan(plans, "family-day")?, &["DemoFam1".to_owned()], fresh).await?;
    print_batch(opened, &mut tx, plan(plans, "night")?, &["DemoNight1".to_owned()], fresh).await?;
    Ok(tx.commit().await?)
}

/// When cards of the demo were made and, where they are over already, when they ended.
#[derive(Clone, Copy)]
struct Times {
    made: Timestamp,
    ended: Option<Timestamp>,
}

async fn print_batch(
    opened: &Opened,
    tx: &mut TenantTx,
    plan: &Plan,
    codes: &[String],
    times: Times,
) -> anyhow::Result<()> {
    let first: VoucherCode = codes.first().context("a batch of the demo")?.parse()?;
    if vouchers::find_by_code(tx, &first).await?.is_some() {
        return Ok(());
    }
    let batch = Batch {
        id: opened.context().new_id(),
        plan: plan.id,
        channel: Channel::Printed,
        size: u32::try_from(codes.len())?,
        note: "demo".to_owned(),
        sell_by: None,
        created_at: times.made,
    };
    batches::add(tx, &batch).await?;
    let mut fresh = Vec::new();
    for code in codes {
        fresh.push((opened.context().new_id(), code.parse()?));
    }
    let made = NewVouchers {
        batch: batch.id,
        plan: plan.id,
        bought_by: None,
        sell_by: None,
        sold_at: times.ended.map(|_| times.made),
        expires_at: times.ended,
        created_at: times.made,
    };
    let accepted = vouchers::insert_codes(tx, &fresh, &made).await?;
    anyhow::ensure!(
        accepted.len() == fresh.len(),
        "a code of the demo belongs to another tenant of this system: run the demo on a database of its own"
    );
    Ok(())
}

async fn add_houses(opened: &Opened, tenant: &Tenant, scope: &TenantScope, plans: &[Plan]) -> anyhow::Result<()> {
    let home = plan(plans, HOME_PLAN)?;
    let mut wanted = Vec::new();
    for (name, secret, _) in HOUSES {
        wanted.push(Wanted {
            username: Username::parse(name.as_bytes())?,
            password: password(secret)?,
            plan: home.id,
            until: None,
            framed_ip: None,
            phone: None,
            customer: None,
            zone: None,
        });
    }
    let added = add_subscribers::add_subscribers(
        &opened.store,
        scope,
        &tenant.zone,
        std::slice::from_ref(home),
        wanted,
        opened.context(),
        &mut |_| {},
    )
    .await?;
    let now = opened.context().now();
    let mut tx = opened.store.tenant(scope).await?;
    for (name, _, suspended) in HOUSES {
        let username = Username::parse(name.as_bytes())?;
        let Some(house) = subscribers::find_by_username(&mut tx, &username).await? else { continue };
        let is_new = !added.existing.contains(&username);
        if suspended && is_new {
            subscribers::suspend(&mut tx, house.id, now).await?;
        }
        // A demo that is started again after a month still has its houses paid for.
        if house.until.is_some_and(|end| now >= end) {
            let until = home.terms.duration.end_from(now, &tenant.zone);
            subscribers::set_until(&mut tx, house.id, Some(until)).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Adds `user000000…` with `pass000000…` on `home-10`. Those that are there already are left as they are.
pub async fn add_crowd(
    opened: &Opened,
    tenant: &Tenant,
    scope: &TenantScope,
    count: u32,
    progress: &mut (dyn FnMut(usize) + Send),
) -> anyhow::Result<add_subscribers::Added> {
    let mut tx = opened.store.tenant(scope).await?;
    let plans = plans::list(&mut tx).await?;
    drop(tx);
    let home = plan(&plans, HOME_PLAN)?;
    let mut wanted = Vec::with_capacity(count as usize);
    for number in 0..count {
        wanted.push(Wanted {
            username: Username::parse(format!("user{number:06}").as_bytes())?,
            password: password(&format!("pass{number:06}"))?,
            plan: home.id,
            until: None,
            framed_ip: None,
            phone: None,
            customer: None,
            zone: None,
        });
    }
    Ok(add_subscribers::add_subscribers(
        &opened.store,
        scope,
        &tenant.zone,
        std::slice::from_ref(home),
        wanted,
        opened.context(),
        progress,
    )
    .await?)
}
