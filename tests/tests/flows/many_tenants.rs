//! A thousand providers of whom nothing is heard: what they cost the database while nothing happens.

use std::time::Duration;

use actions::platform::open_tenant::{self, NewTenant};
use domain::money::Currency;
use domain::phone::CallingCode;
use domain::time::{Span, Zone};
use sqlx::PgConnection;
use store::Page;
use store::messages::notices;
use tests::world::{World, hour};

/// Providers beside those of the World.
const IDLE: u32 = 1_000;

/// How long it is counted: longer than the slowest round of what is looked at all the time.
const COUNTED: Duration = Duration::from_secs(12);

/// How often, until it has come down to what it costs to know of them.
const WHILES_MAX: u32 = 10;

/// Transactions a second that a thousand of them may cost.
const FEW: f64 = 30.0;

/// Transactions of the whole database until now.
async fn transactions(admin: &mut PgConnection) -> i64 {
    sqlx::query_scalar("select xact_commit from pg_stat_database where datname = current_database()")
        .fetch_one(admin)
        .await
        .expect("counted")
}

/// Transactions a second over a while.
async fn pace(admin: &mut PgConnection) -> f64 {
    let before = transactions(admin).await;
    tokio::time::sleep(COUNTED).await;
    let made = transactions(admin).await - before;
    f64::from(i32::try_from(made).expect("few")) / COUNTED.as_secs_f64()
}

#[tokio::test]
async fn a_thousand_idle_providers_cost_a_few_statements_a_second_and_who_is_busy_is_served() {
    let world = World::open().await.expect("a world");
    for number in 0..IDLE {
        let new = NewTenant {
            slug: format!("idle-{number}").parse().expect("a name"),
            name: format!("Idle {number}"),
            zone: Zone::named("Africa/Nairobi").expect("a zone"),
            currency: Currency::KES,
            calling_code: CallingCode::kenya(),
        };
        open_tenant::open_tenant(&world.store, new, world.context()).await.expect("opened");
    }
    // Servers tell of their transactions a little later.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mut admin = world.database.admin().await;
    let without = pace(&mut admin).await;
    world.works();

    // Each is looked at once, which takes as long as the machine needs; what it costs is what it comes to then.
    let mut with = f64::MAX;
    for _ in 0..WHILES_MAX {
        with = pace(&mut admin).await - without;
        println!(
            "{IDLE} idle providers: {with:.1} transactions a second of the worker, beside {without:.1} of the others"
        );
        if with < FEW {
            break;
        }
    }
    assert!(with < FEW, "{with:.1} transactions a second");

    // Somebody of one provider has a tenth of the time left: it is found without asking the thousand others.
    let plan = world.sells(&world.isp, hour(), "hour", domain::sales::plan::PlanService::Hotspot).await.expect("sold");
    world
        .prints_as(&world.isp, &plan, &["Ending01"], |made| {
            made.expires_at = Some(ports::Clock::now(&*world.clock).plus(Span::minutes(5)));
        })
        .await
        .expect("printed");
    for _ in 0..150 {
        let mut tx = world.store.tenant(&world.isp.scope).await.expect("begins");
        if notices::list(&mut tx, Page::first(10)).await.expect("read").rows.len() == 1 {
            return;
        }
        drop(tx);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nobody has noted that the time is nearly over");
}
