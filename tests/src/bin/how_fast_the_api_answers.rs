//! How fast does the API answer? Reads and creates over one kept connection, beside `GET /healthz` in the same run; then
//! a batch of ten thousand vouchers, made, and taken as CSV, as a workbook and as a page to print.
//!
//! `scripts/bench api` builds this and runs it on a PostgreSQL of its own. ROWS (1000) says how many customers and
//! subscribers there are beside, TIMES (200) how often each thing is asked. A second passes between two requests, so
//! that each of them writes down that the session is alive.
#![expect(clippy::print_stdout, reason = "a bench is told to whoever runs it")]

use std::time::Duration;

use anyhow::ensure;
use domain::time::Span;
use serde_json::{Value, json};
use tests::api::{Answer, Client};
use tests::dice::asked;
use tests::furnished::{Furnished, HOTSPOT};
use tests::line::Line;
use tokio::time::Instant;

/// What is wanted of reads.
const READ_MAX: Duration = Duration::from_millis(20);

/// What is wanted of creates.
const CREATE_MAX: Duration = Duration::from_millis(50);

/// What is wanted of each step of a batch of ten thousand.
const BATCH_MAX: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (rows, times) = (asked("ROWS", 1_000), asked("TIMES", 200));
    let furnished = Furnished::open().await?;
    fill(&furnished, rows).await?;
    println!("{rows} customers and subscribers; each request {times} times over one connection, p50 and p95 in ms");
    let mut bench = Bench { line: Line::to(furnished.api.address), furnished: &furnished, times, missed: 0 };
    bench.asks("GET", "/healthz", READ_MAX, |_| None).await?;
    for path in READS {
        let path = bench.with_id(path);
        bench.asks("GET", &path, READ_MAX, |_| None).await?;
    }
    bench.creates().await?;
    bench.asks("GET", "/healthz", READ_MAX, |_| None).await?;
    bench.batch().await?;
    println!("{} goals missed", bench.missed);
    Ok(())
}

/// Lists and single things of every area.
const READS: &[&str] = &[
    "/v1/me",
    "/v1/plans",
    "/v1/plans/{id}",
    "/v1/customers",
    "/v1/customers?q=amina&limit=50",
    "/v1/customers/{id}",
    "/v1/subscribers",
    "/v1/subscribers?state=active&sort=username",
    "/v1/subscribers/{id}",
    "/v1/subscribers/{id}/devices",
    "/v1/vouchers",
    "/v1/vouchers/{id}",
    "/v1/batches",
    "/v1/routers",
    "/v1/routers/{id}",
    "/v1/sessions",
    "/v1/sessions/{id}",
    "/v1/usage",
    "/v1/decisions",
    "/v1/decisions/{id}",
    "/v1/exceptions",
    "/v1/operations",
    "/v1/staff",
    "/v1/roles",
    "/v1/keys",
];

/// Brings customers and subscribers in by the tables that people would use.
async fn fill(furnished: &Furnished, rows: u64) -> anyhow::Result<()> {
    let (owner, mark) = (&furnished.isp.owner, furnished.isp.mark);
    let table = |head: &str, row: &dyn Fn(u64) -> String| {
        (0..rows).fold(head.to_owned(), |table, number| table + &row(number) + "\n")
    };
    let customers = table("name,phone\n", &|number| format!("Amina {number},07{number:08}"));
    let houses =
        table("username,password,plan\n", &|number| format!("bench-{number},karibu sana {number},{mark}-home"));
    for (path, table) in [("/v1/customers/import", customers), ("/v1/subscribers/import", houses)] {
        let answer = owner.send_octets("POST", path, Some("text/csv"), table.as_bytes()).await?.is(200)?.json();
        ensure!(answer["added"] == rows, "{path}: {answer}");
    }
    Ok(())
}

struct Bench<'a> {
    furnished: &'a Furnished,
    line: Line,
    times: u64,
    missed: u32,
}

impl Bench<'_> {
    /// A path with the id of a row there is.
    fn with_id(&self, path: &str) -> String {
        let Some((before, after)) = path.split_once("/{id}") else { return path.to_owned() };
        format!("{before}/{}{after}", self.furnished.isp.id(before))
    }

    async fn send(&mut self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<(Answer, Duration)> {
        let owner: &Client = &self.furnished.isp.owner;
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: bench\r\n");
        for (name, value) in owner.headers() {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        if !body.is_empty() {
            head.push_str("content-type: application/json\r\n");
        }
        head.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        self.furnished.world.clock.passes(Span::seconds(1));
        let began = Instant::now();
        let answer = self.line.ask(head.as_bytes()).await?;
        let took = began.elapsed();
        ensure!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.text());
        Ok((answer, took))
    }

    /// Asks the same again and again, and tells the median and the p95.
    async fn asks(
        &mut self,
        method: &str,
        path: &str,
        most: Duration,
        body: impl Fn(u64) -> Option<Value>,
    ) -> anyhow::Result<()> {
        let mut waits = Vec::new();
        for number in 0..self.times {
            waits.push(self.send(method, path, body(number).as_ref()).await?.1);
        }
        waits.sort_unstable();
        let at = |share: usize| waits.get(waits.len() * share / 100).copied().unwrap_or_default();
        self.tell(&format!("{method} {}", shown(path)), &[at(50), at(95)], most);
        Ok(())
    }

    fn tell(&mut self, what: &str, times: &[Duration], most: Duration) {
        let worst = times.last().copied().unwrap_or_default();
        let met = if worst <= most { "" } else { "  MISSED" };
        self.missed += u32::from(worst > most);
        let times: Vec<String> = times.iter().map(|time| format!("{:8.1}", time.as_secs_f64() * 1e3)).collect();
        println!("{what:44} {}{met}", times.join(" "));
    }

    async fn creates(&mut self) -> anyhow::Result<()> {
        let (plan, hotspot) =
            (self.furnished.isp.id("/v1/plans").to_owned(), self.furnished.isp.id(HOTSPOT).to_owned());
        let customer = |number| json!({ "name": format!("Juma {number}"), "phone": format!("071{number:07}") });
        self.asks("POST", "/v1/customers", CREATE_MAX, |number| Some(customer(number))).await?;
        let house = |number| json!({ "username": format!("new-{number}"), "password": "karibu sana", "plan_id": plan });
        self.asks("POST", "/v1/subscribers", CREATE_MAX, |number| Some(house(number))).await?;
        self.asks("POST", "/v1/vouchers", CREATE_MAX, |_| Some(json!({ "plan_id": hotspot }))).await?;
        let ten = json!({ "plan_id": hotspot, "count": 10 });
        self.asks("POST", "/v1/batches", CREATE_MAX, |_| Some(ten.clone())).await?;
        let router = |number| {
            let address = format!("10.90.{}.{}", number / 250, number % 250 + 1);
            json!({ "name": format!("r-{number}"), "address": address, "secret": "correct-horse" })
        };
        self.asks("POST", "/v1/routers", CREATE_MAX, |number| Some(router(number))).await?;
        let new = |number| tests::furnished::plan(&format!("p-{number}"), "pppoe");
        self.asks("POST", "/v1/plans", CREATE_MAX, |number| Some(new(number))).await?;
        let branch = |number| json!({ "name": format!("branch {number}") });
        self.asks("POST", "/v1/branches", CREATE_MAX, |number| Some(branch(number))).await
    }

    /// Ten thousand vouchers: made, and taken in each form.
    async fn batch(&mut self) -> anyhow::Result<()> {
        println!("a batch of 10,000 vouchers, in ms, and the size of what came");
        let order = json!({ "plan_id": self.furnished.isp.id(HOTSPOT), "count": 10_000 });
        let (made, took) = self.send("POST", "/v1/batches", Some(&order)).await?;
        self.tell("made", &[took], BATCH_MAX);
        let id = made.json()["id"].as_str().unwrap_or_default().to_owned();
        for (what, way) in
            [("as CSV", "export?format=csv"), ("as XLSX", "export?format=xlsx"), ("as a page to print", "print")]
        {
            let (file, took) = self.send("GET", &format!("/v1/batches/{id}/{way}"), None).await?;
            self.tell(&format!("{what}, {} KB", file.body.len() / 1_000), &[took], BATCH_MAX);
        }
        Ok(())
    }
}

/// A path without its ids.
fn shown(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.len() == 36 { "{id}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}
