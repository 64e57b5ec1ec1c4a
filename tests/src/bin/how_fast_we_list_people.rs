//! How fast do we list people and vouchers? Beside a million customers and subscribers and ten million vouchers of one
//! ISP.
//!
//! `scripts/bench list` builds this and runs it on a PostgreSQL of its own. CUSTOMERS (1000000) and VOUCHERS (10000000)
//! say how many there are, all of one ISP, which is the worst case. What is printed is each list by the clock of the
//! caller, in the worst order and with filters that leave little.
#![expect(clippy::print_stdout, reason = "a bench is told to whoever runs it")]

use std::time::Duration;

use domain::id::{TenantId, ZoneId};
use domain::phone::CallingCode;
use domain::sales::plan::PlanService;
use sqlx::{Connection as _, PgConnection};
use store::listing::{Direction, Search};
use store::people::{customers, subscribers};
use store::sales::{batches, vouchers};
use store::{Page, TenantScope, TenantTx};
use tests::database::Database;
use tests::dice::asked;
use tests::stopwatch;
use tests::world::{Isp, World, hour, month};
use tokio::time::Instant;

/// How often each list is asked for.
const TIMES: usize = 15;

/// Rows of a page.
const ROWS: u16 = 50;

/// Zones of the ISP.
const ZONES: u64 = 200;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (people, cards) = (asked("CUSTOMERS", 1_000_000), asked("VOUCHERS", 10_000_000));
    let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
    let world = World::beside_on(Database::fresh().await, nowhere, nowhere).await?;
    let began = Instant::now();
    let mut admin = PgConnection::connect(&world.database.admin_url()).await?;
    // Neither the feed of changes nor foreign keys are looked after meanwhile: that would take most of the time.
    sqlx::raw_sql("set session_replication_role = replica").execute(&mut admin).await?;
    let home = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await?;
    let day = world.sells(&world.isp, hour(), "day", PlanService::Hotspot).await?;
    let indexes = put_aside(&mut admin).await?;
    fill_people(&mut admin, world.isp.tenant.id, home.id.uuid(), people).await?;
    fill_vouchers(&mut admin, world.isp.tenant.id, day.id.uuid(), cards).await?;
    for index in indexes {
        sqlx::raw_sql(sqlx::AssertSqlSafe(index)).execute(&mut admin).await?;
    }
    sqlx::raw_sql("vacuum analyze").execute(&mut admin).await?;
    println!(
        "{people} customers and subscribers and {cards} vouchers, there after {:.0} s",
        began.elapsed().as_secs_f64()
    );

    let mut slowest = Duration::ZERO;
    ask_customers(&world, &mut slowest).await?;
    ask_subscribers(&world, &mut slowest).await?;
    ask_vouchers(&world, &mut slowest, day.id).await?;
    println!("slowest of all: {:.0} ms", slowest.as_secs_f64() * 1e3);
    Ok(())
}

fn search(text: &str) -> Option<Search> {
    Some(Search::new(text, &CallingCode::kenya()))
}

/// The zone with that number, as it is filled in.
fn zone(number: u64) -> ZoneId {
    ZoneId::from_uuid(sqlx::types::Uuid::from_u128(u128::from(number) + 1))
}

/// Asks for a list again and again, and tells how long it took.
async fn ask(
    isp: &Isp,
    world: &World,
    what: &str,
    slowest: &mut Duration,
    list: impl AsyncFn(&mut TenantTx) -> anyhow::Result<usize>,
) -> anyhow::Result<()> {
    let (mut waits, mut found) = (Vec::new(), 0);
    for _ in 0..TIMES {
        let began = Instant::now();
        let mut tx = world.store.tenant(&TenantScope::of_operator(isp.tenant.id)).await?;
        found += list(&mut tx).await?;
        drop(tx);
        waits.push(began.elapsed());
    }
    // The first one of each finds its index on disk.
    *slowest = (*slowest).max(waits.iter().skip(1).max().copied().unwrap_or_default());
    println!("{}", stopwatch::line(what, waits, found));
    Ok(())
}

async fn ask_customers(world: &World, slowest: &mut Duration) -> anyhow::Result<()> {
    use customers::listing::{Filter, Sort, list};
    let none = Filter::default;
    let zones = |count: u64| Some((0..count).map(zone).collect());
    let asked: Vec<(&str, Filter, Sort, Direction)> = vec![
        ("customers, newest first", none(), Sort::Made, Direction::Down),
        ("customers by name", none(), Sort::Name, Direction::Up),
        ("customers by name, last first", none(), Sort::Name, Direction::Down),
        ("customers of one zone by name", Filter { zones: zones(1), ..none() }, Sort::Name, Direction::Up),
        ("customers of ten zones by name", Filter { zones: zones(10), ..none() }, Sort::Name, Direction::Up),
        ("customers of ten zones, newest", Filter { zones: zones(10), ..none() }, Sort::Made, Direction::Down),
        (
            "customers of a category by name",
            Filter { category: Some("school".parse()?), ..none() },
            Sort::Name,
            Direction::Up,
        ),
        ("customers called m…", Filter { search: search("m"), ..none() }, Sort::Made, Direction::Up),
        ("customers called njoroge1…", Filter { search: search("njoroge1"), ..none() }, Sort::Made, Direction::Up),
        ("customers with 070012…", Filter { search: search("070012"), ..none() }, Sort::Made, Direction::Up),
        ("… in one zone", Filter { search: search("07"), zones: zones(1), ..none() }, Sort::Made, Direction::Up),
    ];
    for (what, filter, sort, direction) in asked {
        ask(&world.isp, world, what, slowest, async |tx| {
            Ok(list(tx, &filter, (sort, direction), Page::first(ROWS)).await?.rows.len())
        })
        .await?;
    }
    Ok(())
}

async fn ask_subscribers(world: &World, slowest: &mut Duration) -> anyhow::Result<()> {
    use subscribers::listing::{Filter, Sort, State, list};
    let now = world.context().now();
    let none = Filter::default;
    let is = |state| Filter { state: Some((state, now)), ..none() };
    let zones = |count: u64| Some((0..count).map(zone).collect());
    let asked: Vec<(&str, Filter, Sort, Direction)> = vec![
        ("subscribers, newest first", none(), Sort::Made, Direction::Down),
        ("subscribers by user name", none(), Sort::Username, Direction::Up),
        ("subscribers by end", none(), Sort::Ends, Direction::Up),
        ("suspended, newest first", is(State::Suspended), Sort::Made, Direction::Down),
        ("suspended by user name", is(State::Suspended), Sort::Username, Direction::Up),
        ("expired by end, last first", is(State::Expired), Sort::Ends, Direction::Down),
        ("expired, newest first", is(State::Expired), Sort::Made, Direction::Down),
        ("subscribers of ten zones by name", Filter { zones: zones(10), ..none() }, Sort::Username, Direction::Up),
        ("expired of one zone", Filter { zones: zones(1), ..is(State::Expired) }, Sort::Made, Direction::Down),
        ("subscribers called house-77…", Filter { search: search("house-77"), ..none() }, Sort::Made, Direction::Up),
        ("subscribers with 070012…", Filter { search: search("070012"), ..none() }, Sort::Made, Direction::Up),
    ];
    for (what, filter, sort, direction) in asked {
        ask(&world.isp, world, what, slowest, async |tx| {
            Ok(list(tx, &filter, (sort, direction), Page::first(ROWS)).await?.rows.len())
        })
        .await?;
    }
    Ok(())
}

async fn ask_vouchers(world: &World, slowest: &mut Duration, plan: domain::id::PlanId) -> anyhow::Result<()> {
    use vouchers::listing::{Filter, Sort, State, list};
    let now = world.context().now();
    let none = Filter::default;
    let is = |state| Filter { state: Some((state, now)), ..none() };
    let mut tx = world.store.tenant(&TenantScope::of_operator(world.isp.tenant.id)).await?;
    let some = batches::listing::list(&mut tx, &<_>::default(), Direction::Down, Page::first(1)).await?;
    drop(tx);
    let batch = some.rows.first().map(|batch| batch.id);
    let asked: Vec<(&str, Filter, Sort, Direction)> = vec![
        ("vouchers, newest first", none(), Sort::Made, Direction::Down),
        ("vouchers by code", none(), Sort::Code, Direction::Up),
        ("vouchers by end, last first", none(), Sort::Ends, Direction::Down),
        ("printed, newest first", is(State::Printed), Sort::Made, Direction::Down),
        ("unused, oldest first", is(State::Unused), Sort::Made, Direction::Up),
        ("active, oldest first", is(State::Active), Sort::Made, Direction::Up),
        ("active by end", is(State::Active), Sort::Ends, Direction::Up),
        ("expired, newest first", is(State::Expired), Sort::Made, Direction::Down),
        ("expired by code", is(State::Expired), Sort::Code, Direction::Up),
        ("revoked, newest first", is(State::Revoked), Sort::Made, Direction::Down),
        ("revoked by code", is(State::Revoked), Sort::Code, Direction::Up),
        ("of one plan and revoked", Filter { plan: Some(plan), ..is(State::Revoked) }, Sort::Made, Direction::Down),
        ("of one plan by end", Filter { plan: Some(plan), ..none() }, Sort::Ends, Direction::Up),
        ("of one batch", Filter { batch, ..none() }, Sort::Made, Direction::Up),
        ("of one batch by code", Filter { batch, ..none() }, Sort::Code, Direction::Up),
        ("codes that begin with a", Filter { search: search("a"), ..none() }, Sort::Made, Direction::Up),
        ("bought by 070012…", Filter { search: search("070012"), ..none() }, Sort::Made, Direction::Up),
        ("bought by 07… and active", Filter { search: search("07"), ..is(State::Active) }, Sort::Made, Direction::Up),
    ];
    for (what, filter, sort, direction) in asked {
        ask(&world.isp, world, what, slowest, async |tx| {
            Ok(list(tx, &filter, (sort, direction), Page::first(ROWS)).await?.rows.len())
        })
        .await?;
    }
    Ok(())
}

/// Drops what indexes there are of what is filled, and gives the statements that make them again: they are made in
/// minutes, and to keep each of them up row by row takes half an hour.
async fn put_aside(admin: &mut PgConnection) -> anyhow::Result<Vec<String>> {
    let found: Vec<(String, String)> = sqlx::query_as(
        "select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) from pg_index i
         where i.indrelid in ('customers'::regclass, 'subscribers'::regclass, 'vouchers'::regclass)
           and not i.indisunique",
    )
    .fetch_all(&mut *admin)
    .await?;
    for (name, _) in &found {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("drop index {name}"))).execute(&mut *admin).await?;
    }
    Ok(found.into_iter().map(|(_, makes)| makes).collect())
}

/// Customers over all zones, each with a house; one in a hundred houses is suspended, one in ten has not paid.
async fn fill_people(
    admin: &mut PgConnection,
    tenant: TenantId,
    plan: sqlx::types::Uuid,
    count: u64,
) -> anyhow::Result<()> {
    let names = "(array['Mary Wanjiku','Juma Otieno','Amina Njoroge','Peter Kamau','Grace Mwangi'])[1 + n % 5]";
    let insert = format!(
        "insert into zones (tenant_id, id, name, created_at)
         select '{tenant}', ('00000000-0000-0000-0000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Zone ' || n, now()
         from generate_series(1, {ZONES}) n;
         insert into customers
             (tenant_id, id, name, name_folded, phone, category, zone_id, created_at, changed_at)
         select '{tenant}', (left(first_id_of(at)::text, 14) || '7' || substr(gen_random_uuid()::text, 16))::uuid,
                {names} || ' Njoroge' || n, lower({names} || ' Njoroge' || n), '2547' || lpad(n::text, 8, '0'),
                case when n % 50 = 0 then 'school' end, ('00000000-0000-0000-0000-' || lpad(to_hex(n % {ZONES} + 1), 12, '0'))::uuid,
                at, at
         from (select n, now() - n * interval '30 seconds' as at from generate_series(1, {count}) n) s;
         insert into subscribers
             (tenant_id, id, username, password_sealed, plan_id, suspended_at, expires_at, phone, zone_id, created_at)
         select '{tenant}', (left(first_id_of(at)::text, 14) || '7' || substr(gen_random_uuid()::text, 16))::uuid,
                'house-' || n, 'sealed', '{plan}', case when n % 100 = 7 then at end,
                case when n % 10 = 3 then now() - n * interval '20 seconds' when n % 10 > 3 then now() + n * interval '5 seconds' end,
                '2547' || lpad(n::text, 8, '0'), ('00000000-0000-0000-0000-' || lpad(to_hex(n % {ZONES} + 1), 12, '0'))::uuid,
                at
         from (select n, now() - n * interval '30 seconds' as at from generate_series(1, {count}) n) s"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(insert)).execute(admin).await?;
    Ok(())
}

/// Vouchers in batches of ten thousand: most have been used and are over, one in five waits, one in a thousand was
/// taken back, and those of the last days are in use.
async fn fill_vouchers(
    admin: &mut PgConnection,
    tenant: TenantId,
    plan: sqlx::types::Uuid,
    count: u64,
) -> anyhow::Result<()> {
    let insert = format!(
        "insert into batches (tenant_id, id, plan_id, channel, size, note, created_at)
         select '{tenant}', ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, '{plan}', 'printed', 10000,
                'batch ' || n, now()
         from generate_series(0, {count} / 10000) n;
         insert into vouchers
             (tenant_id, id, batch_id, plan_id, code, bought_by, sold_at, first_used_at, expires_at, revoked_at, created_at)
         select '{tenant}', (left(first_id_of(at)::text, 14) || '7' || substr(gen_random_uuid()::text, 16))::uuid,
                ('00000000-0000-7000-8000-' || lpad(to_hex(n / 10000), 12, '0'))::uuid, '{plan}',
                substr(md5(n::text), 1, 4) || n, case when n % 2 = 0 then '2547' || lpad((n % 1000000)::text, 8, '0') end,
                case when n % 5 > 0 then at end, case when n % 5 > 1 then at end,
                case when n % 5 > 1 then at + interval '2 days' end, case when n % 1000 = 999 then at end, at
         from (select n, now() - n * interval '3 seconds' as at from generate_series(1, {count}) n) s"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(insert)).execute(admin).await?;
    Ok(())
}
