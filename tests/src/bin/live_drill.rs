//! What reaches people who are online, to watch: a demo, simulated routers with people behind them, and an operator who
//! changes things by the command line.
//!
//! `scripts/demo-live` builds everything and runs this. All of it is on loopback, with a data directory and a PostgreSQL of
//! its own that are gone afterwards. Ends with exit code 1 when something did not follow in time.
#![expect(clippy::print_stdout, reason = "a drill is told to whoever watches it")]

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use boot::clock::SystemClock;
use domain::time::Span;
use ports::Clock as _;
use simulators::nas::{Control, Online, Outcome, Server, Settings, SimulatedRouter};
use tempfile::TempDir;
use tests::free::free_addresses;
use tests::simulated::phone;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// What a change may take until the router has it, after the command has ended.
const SOON: Duration = Duration::from_secs(5);

/// How long the demo may take until it is ready, and the people until they are online.
const PATIENCE: Duration = Duration::from_secs(60);

/// The demo's shared secret of all routers on this machine.
const SECRET: &str = "testing123";

/// Phones with a card of their own.
const PHONES: u16 = 10;

/// Phones that share one card.
const FAMILY: u16 = 3;

/// How often a house that is refused dials, compared with a real one.
const HASTE: u32 = 20;

#[tokio::main]
async fn main() -> ExitCode {
    let told = tokio::select! {
        told = drill() => told,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted; nothing is left running")),
    };
    match told {
        Ok(0) => ExitCode::SUCCESS,
        Ok(late) => {
            println!("demo-live: {late} changes did not follow within {} s", SOON.as_secs());
            ExitCode::FAILURE
        }
        Err(why) => {
            println!("demo-live: {why:#}");
            ExitCode::FAILURE
        }
    }
}

/// Shows everything. Returns how many changes did not follow in time.
async fn drill() -> anyhow::Result<usize> {
    let mut stage = Stage::opens().await?;
    let shown = stage.shows().await;
    stage.closes().await?;
    shown?;
    println!(
        "\n{} changes: {} followed in time, the slowest after {:.2} s",
        stage.acts,
        stage.acts - stage.late,
        stage.slowest
    );
    Ok(stage.late)
}

struct Stage {
    binary: PathBuf,
    data: TempDir,
    auth: SocketAddr,
    acct: SocketAddr,
    metrics: SocketAddr,
    demo: Child,
    /// The hotspot.
    phones: SimulatedRouter,
    /// The PPPoE server.
    houses: SimulatedRouter,
    acts: usize,
    late: usize,
    slowest: f64,
}

impl Stage {
    /// Starts the demo and two routers that it knows.
    async fn opens() -> anyhow::Result<Self> {
        let binaries = std::env::args().nth(1).context("say where the binaries are: live_drill target/release")?;
        let binary = PathBuf::from(binaries).join("mnetifi");
        let data = tempfile::Builder::new().prefix("mnetifi-live-").tempdir_in("/tmp")?;
        // PostgreSQL runs as another user when we are root.
        std::fs::set_permissions(data.path(), PermissionsExt::from_mode(0o711))?;
        let [auth, acct, metrics] = free_addresses()?;
        println!("starting a demo of this drill's own: RADIUS on {auth} and {acct}");
        let log = std::fs::File::create(data.path().join("demo.log"))?;
        let demo = command(&binary, &data, (auth, acct, metrics))
            .args(["demo", "--phone", "127.0.0.1:0"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("`{}` does not start", binary.display()))?;
        let server = Server::new(auth, acct, SECRET);
        let router = async |name: &str, address| {
            let mut settings = Settings::new(name, address, server.clone());
            settings.clock = SystemClock.now();
            settings.first_address = Ipv4Addr::new(10, 9, address.octets()[3], 2);
            SimulatedRouter::start(settings).await.with_context(|| format!("{address}:3799 is taken"))
        };
        let phones = router("hotspot", Ipv4Addr::new(127, 9, 9, 1)).await?;
        let houses = router("pppoe", Ipv4Addr::new(127, 9, 9, 2)).await?;
        houses.runs_at(HASTE);
        let stage = Self { binary, data, auth, acct, metrics, demo, phones, houses, acts: 0, late: 0, slowest: 0.0 };
        stage.is_ready().await?;
        Ok(stage)
    }

    async fn is_ready(&self) -> anyhow::Result<()> {
        let ready = async {
            loop {
                // Nobody has such a card; whoever says so is there.
                let login = self.phones.hotspot_login(phone(999), "Nobody99").await;
                if login.sentence().contains("not found") {
                    return;
                }
                sleep(Duration::from_millis(200)).await;
            }
        };
        let log = || std::fs::read_to_string(self.data.path().join("demo.log")).unwrap_or_default();
        timeout(PATIENCE, ready).await.map_err(|_| anyhow::anyhow!("the demo is not ready; it said:\n{}", log()))
    }

    async fn closes(&mut self) -> anyhow::Result<()> {
        self.phones.everybody_leaves();
        self.houses.everybody_leaves();
        let pid = self.demo.id().context("the demo has ended by itself")?;
        ensure!(Command::new("kill").args(["-s", "INT", &pid.to_string()]).status().await?.success(), "no signal");
        timeout(PATIENCE, self.demo.wait()).await.context("the demo does not end")??;
        Ok(())
    }

    /// Runs a command of the operator's. Gives what it printed.
    async fn says(&self, words: &[&str]) -> anyhow::Result<String> {
        let done = command(&self.binary, &self.data, (self.auth, self.acct, self.metrics)).args(words).output().await?;
        if !done.status.success() {
            bail!("`mnetifi {}` failed: {}", words.join(" "), String::from_utf8_lossy(&done.stderr).trim());
        }
        Ok(String::from_utf8(done.stdout)?)
    }

    /// Prints fresh cards of a plan.
    async fn cards(&self, plan: &str, count: u16) -> anyhow::Result<Vec<String>> {
        let printed = self.says(&["voucher", "print", "--plan", plan, "--count", &count.to_string()]).await?;
        let codes: Vec<String> =
            printed.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
        ensure!(codes.len() == usize::from(count), "`voucher print` printed {codes:?}");
        Ok(codes)
    }

    /// Lets all that was reported reach the database, and convergence look at it.
    async fn settles(&self) {
        self.phones.settled(SOON).await;
        self.houses.settled(SOON).await;
        sleep(Duration::from_millis(1_500)).await;
    }

    /// One change by the operator, and what the router makes of it.
    async fn act(
        &mut self,
        (title, words): (&str, &[&str]),
        router: &SimulatedRouter,
        state: impl Fn(&SimulatedRouter) -> String,
        is_there: impl Fn(&SimulatedRouter) -> bool,
    ) -> anyhow::Result<()> {
        println!("\n{title}\n    $ mnetifi {}", words.join(" "));
        let (before, was) = (router.controls().len(), state(router));
        let typed = Instant::now();
        self.says(words).await?;
        let took = typed.elapsed();
        self.follows((title, typed, took), router, (before, was), state, is_there).await;
        Ok(())
    }

    /// Waits until the router has followed, and tells of it.
    async fn follows(
        &mut self,
        (title, since, allowed): (&str, Instant, Duration),
        router: &SimulatedRouter,
        (before, was): (usize, String),
        state: impl Fn(&SimulatedRouter) -> String,
        is_there: impl Fn(&SimulatedRouter) -> bool,
    ) {
        let deadline = (since + allowed + SOON).saturating_duration_since(Instant::now());
        let followed = router.until(deadline, |router| is_there(router)).await;
        let after = since.elapsed().as_secs_f64();
        println!("    asked:  {}", in_words(router.controls().get(before..).unwrap_or_default()));
        println!("    before: {was}\n    now:    {}", state(router));
        self.acts += 1;
        if followed {
            self.slowest = self.slowest.max(after);
            println!(
                "    followed {after:.2} s after it was typed; the command itself took {:.2} s",
                allowed.as_secs_f64()
            );
        } else {
            self.late += 1;
            println!("    LATE: `{title}` has not followed within {} s", SOON.as_secs());
        }
    }

    async fn shows(&mut self) -> anyhow::Result<()> {
        let (phones, houses) = (self.phones.clone(), self.houses.clone());
        let cards = self.cards("hour", PHONES).await?;
        let family = self.cards("family-day", 1).await?.swap_remove(0);
        self.says(&["subscriber", "add", "house-14", "--plan", "home-10", "--password", "karibu"]).await?;
        // Nodes learn of it within a second.
        sleep(Duration::from_secs(1)).await;
        for (number, code) in (0..).zip(&cards) {
            let login = phones.hotspot_login(phone(number), code).await;
            ensure!(login.is_online(), "{code}: {}", login.sentence());
        }
        for number in 100..100 + FAMILY {
            ensure!(phones.hotspot_login(phone(number), &family).await.is_online(), "{family} is refused");
        }
        for (house, password) in [("house-12", "karibu-nyumbani"), ("house-14", "karibu")] {
            ensure!(houses.pppoe(house, password).await.is_online(), "{house} is refused");
        }
        self.settles().await;
        println!("{} phones and {} houses are online", phones.online().len(), houses.online().len());
        self.shows_phones(&phones, &cards, &family).await?;
        self.shows_houses(&houses).await?;
        self.shows_a_router().await
    }

    async fn shows_phones(&mut self, phones: &SimulatedRouter, cards: &[String], family: &str) -> anyhow::Result<()> {
        let everybody = usize::from(PHONES + FAMILY);
        self.act(
            ("A plan gets another speed", &["plan", "change", "hour", "--rate", "3M/8M", "--burst", "none"]),
            phones,
            rates,
            |router| {
                let fast = router.online().iter().filter(|one| one.rate() == "3M/8M").count();
                fast == usize::from(PHONES) && router.online().len() == everybody
            },
        )
        .await?;
        let [extended, expired, revoked, ..] = cards else { bail!("too few cards") };
        self.act(
            ("A voucher is extended", &["voucher", "extend", extended, "--by", "2h"]),
            phones,
            |router| left(router, extended),
            |router| router.session_of(extended).is_some_and(|one| one.seconds_left.is_some_and(|left| left > 9_000)),
        )
        .await?;
        self.expires(phones, expired).await?;
        println!("\nIt is extended after its end, and the phone comes near again: nobody types anything");
        println!("    $ mnetifi voucher extend {expired} --by 1h");
        let typed = Instant::now();
        self.says(&["voucher", "extend", expired, "--by", "1h"]).await?;
        let took = typed.elapsed();
        phones.mac_login(true);
        let before = phones.controls().len();
        let mut login = phones.appears(phone(1)).await;
        while !login.is_online() && typed.elapsed() < took + SOON {
            sleep(Duration::from_millis(100)).await;
            login = phones.appears(phone(1)).await;
        }
        let title = ("the return of a phone", typed, took);
        let is_back = |router: &SimulatedRouter| router.online().iter().any(|one| one.mac == phone(1));
        let state = |router: &SimulatedRouter| format!("{} phones online", router.online().len());
        self.follows(title, phones, (before, "that phone is offline".to_owned()), state, is_back).await;
        self.act(
            ("A voucher is taken back", &["voucher", "revoke", revoked]),
            phones,
            |router| left(router, revoked),
            |router| router.session_of(revoked).is_none(),
        )
        .await?;
        let of_family = |router: &SimulatedRouter| router.online().iter().filter(|one| one.user == family).count();
        self.act(
            ("A plan allows one device instead of three", &["plan", "change", "family-day", "--devices", "1"]),
            phones,
            |router| format!("{} devices of {family} online", of_family(router)),
            |router| of_family(router) == 1,
        )
        .await
    }

    /// Moves a voucher's end to in three seconds, and lets the router forget it: its own time stands still.
    async fn expires(&mut self, phones: &SimulatedRouter, code: &str) -> anyhow::Result<()> {
        let end = SystemClock.now().plus(Span::seconds(3));
        let ends = Instant::now() + Duration::from_secs(3);
        let until = end.to_string();
        self.act(
            ("A voucher's end is moved to now (in three seconds)", &["voucher", "extend", code, "--until", &until]),
            phones,
            |router| left(router, code),
            |router| router.session_of(code).is_none_or(|one| one.seconds_left.is_some_and(|left| left < 60)),
        )
        .await?;
        let (before, was) = (phones.controls().len(), left(phones, code));
        phones.runs_at(0);
        tokio::time::sleep_until(ends).await;
        println!("\nIts end has come, and the router's own clock stands still: it would never end it");
        let title = ("the end of a voucher", ends, Duration::ZERO);
        self.follows(
            title,
            phones,
            (before, was),
            |router| left(router, code),
            |router| router.session_of(code).is_none(),
        )
        .await;
        phones.runs_at(1);
        Ok(())
    }

    async fn shows_houses(&mut self, houses: &SimulatedRouter) -> anyhow::Result<()> {
        let is_online = |house: &'static str| move |router: &SimulatedRouter| router.session_of(house).is_some();
        let count = |router: &SimulatedRouter| format!("{} houses online", router.online().len());
        self.act(("A house is suspended", &["subscriber", "suspend", "house-12"]), houses, count, |router| {
            !is_online("house-12")(router)
        })
        .await?;
        // It dials again and again, and is told why not.
        sleep(Duration::from_secs(2)).await;
        self.act(
            ("It has paid and is resumed; the house dials again by itself", &["subscriber", "resume", "house-12"]),
            houses,
            count,
            is_online("house-12"),
        )
        .await?;
        let end = SystemClock.now().plus(Span::minutes(600)).to_string();
        self.act(
            ("What a house has paid for ends in ten hours", &["subscriber", "renew", "house-14", "--until", &end]),
            houses,
            |router| left(router, "house-14"),
            |router| {
                router.session_of("house-14").is_some_and(|one| one.seconds_left.is_some_and(|left| left < 36_100))
            },
        )
        .await?;
        self.act(
            ("It pays before the end", &["subscriber", "renew", "house-14", "--by", "1mo"]),
            houses,
            |router| left(router, "house-14"),
            |router| {
                router.session_of("house-14").is_some_and(|one| one.seconds_left.is_none_or(|left| left > 2_000_000))
            },
        )
        .await
    }

    /// A router that asks by its own name: its certificate is taken back, then it is taken out of use.
    async fn shows_a_router(&mut self) -> anyhow::Result<()> {
        let address = Ipv4Addr::new(127, 9, 9, 3);
        let secret = self.data.path().join("tower-9.secret");
        std::fs::write(&secret, "a-secret-of-its-own")?;
        let (file, out) = (secret.display().to_string(), self.data.path().display().to_string());
        self.says(&["nas", "add", "tower-9", "--address", &address.to_string(), "--secret-file", &file]).await?;
        self.says(&["radsec", "issue", "tower-9", "--out", &out]).await?;
        let mut settings = Settings::new("tower-9", address, Server::new(self.auth, self.acct, "a-secret-of-its-own"));
        settings.clock = SystemClock.now();
        settings.first_address = Ipv4Addr::new(10, 9, 3, 2);
        let router = SimulatedRouter::start(settings).await?;
        let cards = self.cards("hour", 2).await?;
        sleep(Duration::from_millis(1_500)).await;
        let count = |router: &SimulatedRouter| format!("{} phones online at tower-9", router.online().len());
        for (number, words, title) in [
            (200, ["radsec", "revoke", "tower-9"], "A router's last certificate is taken back"),
            (201, ["nas", "remove", "tower-9"], "A router is taken out of use"),
        ] {
            let login = router.hotspot_login(phone(number), &cards[usize::from(number - 200)]).await;
            ensure!(login.is_online(), "at tower-9: {}", login.sentence());
            router.settled(SOON).await;
            self.settles().await;
            self.act((title, &words), &router, count, |router| router.online().is_empty()).await?;
            // What begins within five seconds of it ends as well.
            sleep(Duration::from_secs(5)).await;
        }
        Ok(())
    }
}

/// The program, as it runs here.
fn command(binary: &PathBuf, data: &TempDir, (auth, acct, metrics): (SocketAddr, SocketAddr, SocketAddr)) -> Command {
    let mut command = Command::new(binary);
    command
        .env("MNETIFI_DATA", data.path())
        .env("MNETIFI_RADIUS_AUTH", auth.to_string())
        .env("MNETIFI_RADIUS_ACCT", acct.to_string())
        .env("MNETIFI_METRICS", metrics.to_string())
        .env("MNETIFI_LOG_LEVEL", "warn")
        .env_remove("DATABASE_URL")
        .env_remove("MNETIFI_DATABASE_URL")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// What a router was asked, in words.
fn in_words(controls: &[Control]) -> String {
    let count = |is_disconnect, is_yes| {
        controls
            .iter()
            .filter(|one| one.is_disconnect == is_disconnect && (one.outcome == Outcome::Ack) == is_yes)
            .filter(|one| one.outcome != Outcome::Repeated)
            .count()
    };
    if controls.is_empty() {
        return "nothing".to_owned();
    }
    let mut users: Vec<&str> = controls.iter().map(|one| one.user.as_str()).collect();
    users.sort_unstable();
    users.dedup();
    let (shown, more) = users.split_at(users.len().min(3));
    let more = if more.is_empty() { String::new() } else { format!(" and {} others", more.len()) };
    format!(
        "{} CoA with a yes, {} with a no; {} Disconnect with a yes, {} with a no; about {}{more}",
        count(false, true),
        count(false, false),
        count(true, true),
        count(true, false),
        shown.join(", "),
    )
}

/// Which speeds the people of a router have.
fn rates(router: &SimulatedRouter) -> String {
    let online = router.online();
    let mut rates: Vec<&str> = online.iter().map(Online::rate).collect();
    rates.sort_unstable();
    let mut words: Vec<String> = Vec::new();
    for chunk in rates.chunk_by(|one, other| one == other) {
        let rate = chunk.first().filter(|rate| !rate.is_empty()).unwrap_or(&"no limit");
        words.push(format!("{} × {rate}", chunk.len()));
    }
    format!("{} online: {}", online.len(), words.join(", "))
}

/// How long somebody may stay, as the router was told.
fn left(router: &SimulatedRouter, user: &str) -> String {
    match router.session_of(user) {
        None => format!("{user} is offline"),
        Some(Online { seconds_left: Some(left), .. }) => format!("{user} is online for {left} s more"),
        Some(_) => format!("{user} is online without an end"),
    }
}
