//! How fast do we list? Sessions of one ISP, beside ten million of a year and ten thousand that live.
//!
//! `scripts/bench list` builds this and runs it on a PostgreSQL of its own. RECORDS (10000000) says how many have ended.
//! Two ISPs have them in turn; what is printed is the lists of one of them, by the clock of the caller.
#![expect(clippy::print_stdout, reason = "a bench is told to whoever runs it")]

use domain::id::{NasId, SessionId, TenantId};
use domain::sales::plan::PlanService;
use sqlx::{Connection as _, PgConnection};
use store::access::sessions::{self, Filter};
use store::network::nas;
use store::{Page, TenantScope};
use tests::database::Database;
use tests::dice::{Dice, asked};
use tests::stopwatch;
use tests::world::{World, month};
use tokio::time::Instant;

/// Houses of each ISP.
const HOUSES: u64 = 5_000;

/// Sessions of each ISP that live.
const LIVING: u64 = 5_000;

/// How often each list is asked for.
const TIMES: usize = 25;

/// Rows of a page, as `mnetifi session list` asks for.
const ROWS: u16 = 100;

/// What is asked for.
type Make = Box<dyn Fn(&mut Dice) -> (Filter, Page<SessionId>)>;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let records = asked("RECORDS", 10_000_000);
    let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
    let world = World::beside_on(Database::fresh().await, nowhere, nowhere).await?;
    let began = Instant::now();
    let mut admin = PgConnection::connect(&world.database.admin_url()).await?;
    for back in 0..12 {
        let months = format!("select keep_session_months(now() - make_interval(months => {back}))");
        sqlx::raw_sql(sqlx::AssertSqlSafe(months)).execute(&mut admin).await?;
    }
    for isp in [&world.isp, &world.other] {
        world.sells(isp, month(), "home", PlanService::Pppoe).await?;
        let mut tx = world.store.tenant(&isp.scope).await?;
        let tower = nas::list(&mut tx, Page::first(1)).await?.rows.remove(0).id;
        drop(tx);
        fill(&mut admin, isp.tenant.id, tower, records / 2, true).await?;
        fill(&mut admin, isp.tenant.id, tower, LIVING, false).await?;
    }
    sqlx::raw_sql("vacuum analyze").execute(&mut admin).await?;
    println!("{records} sessions that ended within a year, there after {:.0} s", began.elapsed().as_secs_f64());

    let mut dice = Dice::seeded(17);
    let middle = middle(&mut admin, world.isp.tenant.id).await?;
    let house = |dice: &mut Dice| Some(format!("house-{}", dice.next() % HOUSES));
    let lists: [(&str, Make); 5] = [
        ("who is online", Box::new(|_| (Filter { online_only: true, user_name: None }, Page::first(ROWS)))),
        ("all, newest first", Box::new(|_| (Filter::default(), Page::first(ROWS)))),
        ("all, half a year ago", Box::new(move |_| (Filter::default(), Page::after(middle, ROWS)))),
        (
            "of one user",
            Box::new(move |dice| (Filter { online_only: false, user_name: house(dice) }, Page::first(ROWS))),
        ),
        (
            "online of one user",
            Box::new(move |dice| (Filter { online_only: true, user_name: house(dice) }, Page::first(ROWS))),
        ),
    ];
    for (what, make) in lists {
        let (mut waits, mut found) = (Vec::new(), 0);
        for _ in 0..TIMES {
            let (filter, page) = make(&mut dice);
            let asked = Instant::now();
            let mut tx = world.store.tenant(&TenantScope::of_operator(world.isp.tenant.id)).await?;
            found += sessions::list(&mut tx, &filter, page).await?.rows.len();
            drop(tx);
            waits.push(asked.elapsed());
        }
        println!("{}", stopwatch::line(what, waits, found));
    }
    Ok(())
}

/// Sessions of one ISP, evenly over a year when they have ended.
async fn fill(
    admin: &mut PgConnection,
    tenant: TenantId,
    nas: NasId,
    count: u64,
    have_ended: bool,
) -> anyhow::Result<()> {
    let (table, state) = if have_ended { ("session_history", "closed") } else { ("sessions", "open") };
    let ended = if have_ended { "s.at + interval '1 hour'" } else { "null" };
    let cause = if have_ended { "'reported'" } else { "null" };
    let insert = format!(
        "insert into {table} (
             tenant_id, id, nas_id, user_name, device, service, acct_session_id, state, end_code, started_at,
             last_heard_at, ended_at, lease_until, counted_in_octets, counted_out_octets, counted_in_packets,
             counted_out_packets, counted_seconds, last_in_octets, last_out_octets, last_in_packets, last_out_packets,
             last_seconds, told_speed, tries, has_refused
         )
         select '{tenant}',
                (left(first_id_of(s.at)::text, 14) || '7' || substr(gen_random_uuid()::text, 16))::uuid,
                '{nas}',
                'house-' || s.number % {HOUSES},
                '02:00:00:00:' || upper(lpad(to_hex(s.number / 256 % 256), 2, '0')) || ':'
                    || upper(lpad(to_hex(s.number % 256), 2, '0')),
                'ppp', '81' || lpad(to_hex(s.number), 6, '0'), '{state}', {cause}, s.at, s.at, {ended}, s.at,
                1000, 9000, 10, 90, 3600, 1000, 9000, 10, 90, 3600, 0, 0, false
         from (
             select number, now() - number * (interval '360 days' / {count}) as at
             from generate_series(1, {count}) number
         ) s"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(insert)).execute(admin).await?;
    Ok(())
}

/// A session in the middle of the year.
async fn middle(admin: &mut PgConnection, tenant: TenantId) -> anyhow::Result<SessionId> {
    let id: sqlx::types::Uuid = sqlx::query_scalar(
        "select id from session_history
         where tenant_id = $1 and id < first_id_of(now() - interval '180 days')
         order by id desc
         limit 1",
    )
    .bind(tenant.uuid())
    .fetch_one(admin)
    .await?;
    Ok(SessionId::from_uuid(id))
}
