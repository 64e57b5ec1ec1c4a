//! How fast do we say why? Searches of kept decisions, beside ten million of them in thirty days.
//!
//! `scripts/bench explain` builds this and runs it on a PostgreSQL of its own. RECORDS (10000000) says how many there
//! are. Two ISPs have them in turn; what is printed is the search of one of them, first page, by the clock of the caller.
#![expect(clippy::print_stdout, reason = "a bench is told to whoever runs it")]

use std::collections::BTreeMap;

use actions::context::Context;
use actions::platform::open_tenant::{self, NewTenant};
use anyhow::Context as _;
use boot::clock::SystemClock;
use boot::random::OsRandom;
use domain::access::attempt::Device;
use domain::access::decision::TraceCode;
use domain::id::{NasId, NodeId, TenantId};
use domain::money::Currency;
use domain::phone::CallingCode;
use domain::refusal::Refusal;
use domain::time::{Span, Timestamp, Zone};
use ports::Clock as _;
use records::block;
use sqlx::{Connection as _, PgConnection};
use store::access::decisions::{self, Search};
use store::{Page, Store, TenantScope};
use tests::answers::{Answer, house_plan, id_of};
use tests::database::Database;
use tests::dice::{Dice, asked};
use tests::stopwatch;
use tokio::time::Instant;

/// Days over which they are spread.
const DAYS: i64 = 30;

/// Houses of each ISP, each with a device.
const HOUSES: u64 = 5_000;

/// Routers of each ISP.
const ROUTERS: u64 = 40;

/// Records saved in one transaction.
const ROUND: u64 = 100_000;

/// How often each search is asked.
const TIMES: usize = 25;

/// Rows of a page, as `mnetifi explain --list` asks for.
const ROWS: u16 = 50;

const NODE: NodeId = NodeId::from_bytes([0x77; 16]);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let records = asked("RECORDS", 10_000_000);
    let database = Database::fresh().await;
    let store = database.store();
    let isps = [opens(&store, "first").await?, opens(&store, "second").await?];
    let now = SystemClock.now();
    let began = Instant::now();
    fill(&store, isps, records, now).await?;
    println!("{records} records of {DAYS} days, saved in {:.0} s", began.elapsed().as_secs_f64());
    rests(&database).await?;
    let scope = TenantScope::of_operator(isps[0]);
    let mut dice = Dice::seeded(17);
    for (what, make) in searches(now) {
        let mut waits = Vec::new();
        let mut found = 0;
        for _ in 0..TIMES {
            let search = make(&mut dice, records);
            let asked = Instant::now();
            let mut tx = store.tenant(&scope).await?;
            let page = decisions::search(&mut tx, &search, Page::first(ROWS)).await?;
            drop(tx);
            waits.push(asked.elapsed());
            found += page.rows.len();
        }
        println!("{}", stopwatch::line(what, waits, found));
    }
    Ok(())
}

/// Lets the database get over it: thirty days of records do not come in a minute.
async fn rests(database: &Database) -> anyhow::Result<()> {
    let mut admin = PgConnection::connect(&database.admin_url()).await?;
    for word in ["vacuum analyze decision_blocks", "checkpoint"] {
        sqlx::query(word).execute(&mut admin).await?;
    }
    Ok(())
}

async fn opens(store: &Store, slug: &str) -> anyhow::Result<TenantId> {
    let new = NewTenant {
        name: slug.parse()?,
        slug: slug.parse()?,
        zone: Zone::utc(),
        currency: Currency::KES,
        calling_code: CallingCode::kenya(),
    };
    Ok(open_tenant::open_tenant(store, new, Context::new(&SystemClock, &OsRandom)).await?.id)
}

/// The answer with a number, of `records` that end now.
fn answer(number: u64, records: u64, isps: [TenantId; 2], now: Timestamp) -> Answer {
    let mut dice = Dice::seeded(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let short = u32::try_from(number).unwrap_or(u32::MAX);
    let age =
        i64::try_from((records - number).saturating_mul(86_400_000_000 / records.max(1) * 30)).unwrap_or(i64::MAX);
    let house = dice.next() % HOUSES;
    Answer {
        user: format!("house-{house}"),
        device: device(house),
        refusal: (dice.next().is_multiple_of(20)).then_some(Refusal::WrongPassword),
        ..Answer::new(short, isps[short as usize % 2], router(dice.next() % ROUTERS), now.minus(Span::micros(age)))
    }
}

fn device(house: u64) -> Device {
    Device::from_key(&format!("02:00:00:00:{:02X}:{:02X}", house / 256, house % 256))
}

fn router(number: u64) -> NasId {
    id_of(4, u32::try_from(number).unwrap_or(0))
}

async fn fill(store: &Store, isps: [TenantId; 2], records: u64, now: Timestamp) -> anyhow::Result<()> {
    let plan = house_plan();
    let mut from = 0;
    while from < records {
        let to = (from + ROUND).min(records);
        let packed = tokio::task::spawn_blocking({
            let plan = plan.clone();
            move || {
                let mut octets = Vec::new();
                for number in from..to {
                    answer(number, records, isps, now).record(&plan, |record| records::encode(record, &mut octets));
                }
                block::pack(records::all(&octets))
            }
        });
        let blocks = packed.await?;
        let mut tx = store.system().await?;
        for day in blocks.iter().map(|block| (block::day(block.last_at), block.last_at)).collect::<BTreeMap<_, _>>() {
            decisions::keep(&mut tx, day.1, 400).await?;
        }
        decisions::save(&mut tx, NODE, (from, to), &blocks, now).await.context("saving")?;
        tx.commit().await?;
        from = to;
    }
    Ok(())
}

type Make = Box<dyn Fn(&mut Dice, u64) -> Search>;

/// What people ask.
fn searches(now: Timestamp) -> Vec<(&'static str, Make)> {
    let user = |dice: &mut Dice| Some(format!("house-{}", dice.next() % HOUSES));
    vec![
        ("by trace code", Box::new(|dice, records| Search { trace: Some(trace(dice, records)), ..Search::default() })),
        (
            "by a trace code that nobody has",
            Box::new(|dice, records| Search {
                trace: Some(TraceCode::from_bits(u32::try_from(records + dice.next() % 1_000_000).unwrap_or(u32::MAX))),
                ..Search::default()
            }),
        ),
        ("by user", Box::new(move |dice, _| Search { user: user(dice), ..Search::default() })),
        (
            "by user, refusals",
            Box::new(move |dice, _| Search { user: user(dice), refused_only: true, ..Search::default() }),
        ),
        (
            "by MAC address",
            Box::new(|dice, _| Search { device: Some(device(dice.next() % HOUSES)), ..Search::default() }),
        ),
        ("by router", Box::new(|dice, _| Search { nas: Some(router(dice.next() % ROUTERS)), ..Search::default() })),
        (
            "by time, any hour of the month",
            Box::new(move |dice, _| {
                let since = now.minus(Span::minutes(i64::try_from(dice.between(60, 29 * 24 * 60)).unwrap_or(60)));
                Search { since: Some(since), until: Some(since.plus(Span::minutes(60))), ..Search::default() }
            }),
        ),
    ]
}

/// A trace code of the first ISP.
fn trace(dice: &mut Dice, records: u64) -> TraceCode {
    TraceCode::from_bits(u32::try_from(dice.next() % (records / 2) * 2).unwrap_or(0))
}
