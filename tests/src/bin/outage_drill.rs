//! An outage to watch: full load, then no PostgreSQL for minutes, then its return, and what came of it.
//!
//! `make outage-drill` builds everything and runs this. All of it is on loopback, with a server, a PostgreSQL and a
//! data directory of its own that are gone afterwards. Ends with exit code 1 when anything was lost, counted twice,
//! or let in beyond its cap.
#![expect(clippy::print_stdout, reason = "a drill is told to whoever watches it")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use actions::network::register_nas;
use anyhow::{Context as _, bail, ensure};
use boot::private_postgres::{Durability, Options, PrivatePostgres};
use domain::sales::plan::PlanService;
use tests::crowd::{Crowd, Size, Tally, Verdict};
use tests::database::Database;
use tests::dice::asked;
use tests::node::Node;
use tests::switch::Line;
use tests::world::{World, a_router, month};
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// How often it is told how things are.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// How long everything is well before the outage, and after it.
const CALM: Duration = Duration::from_secs(10);

/// The longest that the load generator can be asked for at once, in seconds.
const LOAD_SECONDS_MAX: u64 = 600;

/// Reports that the journal has room for.
const REPORTS_MAX: u64 = 4_000_000;

/// Where the load generator asks from, as many routers.
const ROUTERS: &str = "127.0.1.0/24";

/// What the load generator's routers share with the server.
const SECRET: &str = "testing123";

/// So many logins a second are load at least, whatever the machine.
const LOAD_MIN: f64 = 500.0;

/// Those whose every answer is remembered.
const WITNESSES: Size = Size { houses: 40, cards: 6, devices: 5 };

#[tokio::main]
async fn main() -> ExitCode {
    let drill = drill();
    let told = tokio::select! {
        told = drill => told,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted; nothing is left running")),
    };
    match told {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            println!("outage-drill: {why:#}");
            ExitCode::FAILURE
        }
    }
}

async fn drill() -> anyhow::Result<bool> {
    let (binaries, what) = arguments()?;
    let (minutes, users) = (asked("MINUTES", 1), u32::try_from(asked("USERS", 2_000))?);
    let place = tempfile::Builder::new().prefix("mnetifi-drill-").tempdir_in("/tmp")?;
    // PostgreSQL runs as another user when we are root.
    std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o711))?;
    say("making a PostgreSQL and a server of this drill's own");
    let mut options = Options::new(place.path().join("postgres"));
    options.durability = Durability::Safe;
    options.clusters = place.path().join("clusters");
    let postgres = PrivatePostgres::start(options.clone(), &CancellationToken::new()).await?;
    let database = Database::fresh_on(postgres.connection().admin_url()).await?;
    let node = Node::new(binaries.join("mnetifi"))?.with("MNETIFI_LOG_LEVEL", "warn");
    let world = World::beside_on(database, node.auth, node.acct).await?;
    let crowd = Crowd::moves_in(&world, WITNESSES).await?;
    say(&format!("selling to {users} houses for the load, beside {} witnesses", WITNESSES.houses));
    let plan = world.sells(&world.isp, month(), "load", PlanService::Pppoe).await?;
    for user in 0..users {
        world.connects(&world.isp, &plan, &format!("user{user:06}"), &format!("pass{user:06}")).await?;
    }
    let routers = a_router("load", ROUTERS, SECRET)?;
    register_nas::register_nas(&world.store, &world.isp.scope, routers, world.context()).await?;
    let url = world.database.admin_url();
    let mut stage = Stage { postgres: Some(postgres), options, world, node, crowd, url, told: Told::default() };
    stage.node.starts(&stage.url).await?;
    stage.crowd.lives(&stage.world.isp.router, asked(tests::dice::SEED, 1));
    let lasts = CALM.as_secs() * 4 + minutes * 60;
    let reports = (REPORTS_MAX / lasts).min(20_000);
    let logins = ["pap", "--window", "32"];
    let load = [
        load(&binaries, &stage.node, users, &logins, lasts),
        load(&binaries, &stage.node, users, &["acct", "--rate", &reports.to_string()], lasts),
    ];
    say(&format!(
        "load is on: logins, 32 waiting all the time, and {reports} reports a second, which the journal can hold"
    ));
    let before = stage.accepts().await?;
    stage.watch(CALM).await?;
    let a_second = (stage.accepts().await? - before) / CALM.as_secs_f64();
    ensure!(
        a_second > LOAD_MIN,
        "there is no load, {a_second:.0} logins a second: the server said\n{}",
        stage.node.log_text()
    );
    match what.as_str() {
        "postgres" => stage.loses_its_database(Duration::from_secs(minutes * 60)).await?,
        "kill" => stage.is_killed_again_and_again(Duration::from_secs(minutes * 60)).await?,
        other => bail!("`{other}` is no drill: `postgres` or `kill`"),
    }
    say("all is as before; load goes on for a moment");
    stage.watch(CALM).await?;
    drop(load);
    stage.ends().await
}

/// Where the binaries are, and which drill: `outage_drill DIRECTORY postgres`.
fn arguments() -> anyhow::Result<(PathBuf, String)> {
    let mut words = std::env::args().skip(1);
    let binaries = words.next().context("say where the binaries are: outage_drill target/release postgres")?;
    Ok((binaries.into(), words.next().unwrap_or_else(|| "postgres".to_owned())))
}

/// The load generator of `benches/load`, again and again, until it is dropped.
fn load(binaries: &Path, node: &Node, users: u32, what: &[&str], seconds: u64) -> JoinSet<()> {
    let mut command = Command::new(binaries.join("load"));
    let (auth, acct) = (node.auth.to_string(), node.acct.to_string());
    command.args(what);
    command.args(["--auth", &auth, "--acct", &acct, "--secret", SECRET, "--retries", "3", "--patience", "1000"]);
    command.args(["--settle", "0", "--users", &users.to_string(), "--sessions", &users.min(1_000).to_string()]);
    command.args(["--seconds", &seconds.min(LOAD_SECONDS_MAX).to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let mut loading = JoinSet::new();
    loading.spawn(async move {
        // It gives up when nobody answers its first logins; then it tries again.
        while command.status().await.is_ok() {
            sleep(Duration::from_secs(1)).await;
        }
    });
    loading
}

/// What was told last, to tell what is new.
#[derive(Default)]
struct Told {
    accepts: f64,
    rejects: f64,
    recorded: f64,
    dropped: f64,
    hits: f64,
    log: usize,
    tally: Tally,
}

struct Stage {
    postgres: Option<PrivatePostgres>,
    options: Options,
    world: World,
    node: Node,
    crowd: Crowd,
    url: String,
    told: Told,
}

impl Stage {
    async fn loses_its_database(&mut self, lasts: Duration) -> anyhow::Result<()> {
        say(&format!("PostgreSQL is stopped now, for {} s; load stays on", lasts.as_secs()));
        let postgres = self.postgres.take().context("it runs")?;
        postgres.stop().await?;
        self.crowd.ledger().line_is(Line::Cut);
        self.watch(lasts).await?;
        say("PostgreSQL is started again; what waits in the journal goes into it");
        self.crowd.ledger().line_is(Line::Whole);
        self.postgres = Some(PrivatePostgres::start(self.options.clone(), &CancellationToken::new()).await?);
        let began = Instant::now();
        while !self.is_caught_up().await {
            if began.elapsed() > lasts * 2 + Duration::from_secs(120) {
                bail!("the journal does not get empty");
            }
            self.watch(TELL_EVERY.min(Duration::from_secs(2))).await?;
        }
        say(&format!("the journal was drained in {:.0} s, beside the load", began.elapsed().as_secs_f64()));
        Ok(())
    }

    /// Ready, and nothing waits that is older than a moment: beside load there is always something.
    async fn is_caught_up(&self) -> bool {
        let ready = self.node.page("/readyz").await.is_ok_and(|page| page.starts_with("HTTP/1.1 200"));
        let oldest = self.node.metric("journal_oldest_seconds", &[]).await.unwrap_or(f64::MAX);
        ready && oldest < 5.0
    }

    async fn is_killed_again_and_again(&mut self, lasts: Duration) -> anyhow::Result<()> {
        let began = Instant::now();
        while began.elapsed() < lasts {
            say("the server is killed (SIGKILL), and started again");
            self.node.is_killed().await?;
            let dead = Instant::now();
            self.node.starts(&self.url).await?;
            say(&format!("it is ready again after {:.1} s", dead.elapsed().as_secs_f64()));
            self.told = Told { log: self.told.log, tally: self.told.tally, ..Told::default() };
            self.watch(TELL_EVERY).await?;
        }
        Ok(())
    }

    /// Tells how things are, again and again.
    async fn watch(&mut self, lasts: Duration) -> anyhow::Result<()> {
        let began = Instant::now();
        while began.elapsed() < lasts {
            let every = TELL_EVERY.min(lasts.saturating_sub(began.elapsed()));
            sleep(every).await;
            self.tell(every.as_secs_f64().max(0.1)).await?;
        }
        Ok(())
    }

    /// Logins that were let in since the server started.
    async fn accepts(&self) -> anyhow::Result<f64> {
        self.node.metric("radius_requests_total", &["outcome=\"accept\""]).await
    }

    async fn tell(&mut self, seconds: f64) -> anyhow::Result<()> {
        if !self.node.runs() {
            bail!("the server has ended; it said:\n{}", self.node.log_text());
        }
        let node = &self.node;
        let outcome = async |outcome: &str| {
            let label = format!("outcome=\"{outcome}\"");
            node.metric("radius_requests_total", &[&label]).await
        };
        let now = Told {
            accepts: outcome("accept").await?,
            rejects: outcome("reject").await?,
            recorded: outcome("recorded").await?,
            dropped: outcome("dropped").await?,
            hits: node.metric("book_hits_total", &[]).await?,
            log: node.log().len(),
            tally: self.crowd.ledger().tally(),
        };
        let waiting = node.metric("journal_records_waiting", &[]).await?;
        let oldest = node.metric("journal_oldest_seconds", &[]).await?;
        let ready = node.page("/readyz").await?;
        let ready = match ready.split_once("\r\n\r\n") {
            Some((head, _)) if head.starts_with("HTTP/1.1 200") => "ready".to_owned(),
            Some((_, why)) => format!("NOT READY ({})", why.trim().replace('\n', "; ")),
            None => "no answer about its health".to_owned(),
        };
        let rate = |now: f64, before: f64| ((now - before) / seconds).max(0.0);
        say(&format!(
            "{:.0} let in a second ({:.0} from memory), {:.0} refused, {:.0} reports kept, {:.0} got no answer; \
             {waiting:.0} reports wait in the journal, the oldest {oldest:.0} s; {ready}",
            rate(now.accepts, self.told.accepts),
            rate(now.hits, self.told.hits),
            rate(now.rejects, self.told.rejects),
            rate(now.recorded, self.told.recorded),
            rate(now.dropped, self.told.dropped),
        ));
        let log = String::from_utf8_lossy(&node.log()[self.told.log.min(now.log)..now.log]).into_owned();
        for line in log.lines().take(3) {
            println!("          the server says: {line}");
        }
        self.told = now;
        Ok(())
    }

    async fn ends(mut self) -> anyhow::Result<bool> {
        self.crowd.goes_home().await?;
        self.node.is_drained().await?;
        let doctor = self.node.runs_beside(&self.url, &["doctor"]).await?;
        say("what `mnetifi doctor` says now:");
        for line in String::from_utf8_lossy(&doctor.stdout).lines() {
            println!("          {line}");
        }
        say("the server is told to stop");
        let is_well = self.node.is_stopped().await?;
        let tally = self.crowd.ledger().tally();
        say(&format!(
            "the witnesses: {} logins let in ({} of them while the database was away), {} not answered ({} while it \
             was away), {} reports answered, {} not",
            tally.accepts, tally.accepts_away, tally.silences, tally.silences_away, tally.answered, tally.unanswered
        ));
        let verdict = Verdict::on(self.crowd.ledger(), &self.world.database, self.world.isp.tenant.id).await?;
        let panicked = self.node.log_text().contains("panicked");
        say(&format!("verdict over {verdict}"));
        if panicked || !is_well {
            say("and the server did not end well");
        }
        let Self { postgres, world, .. } = self;
        drop(world);
        if let Some(postgres) = postgres {
            postgres.stop().await?;
        }
        Ok(verdict.is_good() && is_well && !panicked)
    }
}

fn say(what: &str) {
    let now = ports::Clock::now(&boot::clock::SystemClock);
    let seconds = now.as_micros().div_euclid(1_000_000).rem_euclid(86_400);
    println!("{:02}:{:02}:{:02}  {what}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
}
