//! A server that starts while its database is away: who was known comes online by the same rules, and when the
//! database is back all of it is there, without a restart.

use std::time::Duration;

use actions::people::suspend;
use dictionaries::rfc2866::acct_status_type::{INTERIM_UPDATE, START, STOP};
use domain::people::subscriber::Username;
use domain::rate::{Bytes, RateLimit};
use domain::sales::plan::{PlanService, PlanTerms};
use store::sales::plans;
use tests::books;
use tests::client::{Reply, Report, Router};
use tests::node::Node;
use tests::switch::{Line, Switch};
use tests::world::{World, hour, month};
use tokio::time::Instant;

use crate::machine::Machine;

/// How long anything may take that takes seconds on a machine with nothing else to do.
const PATIENCE: Duration = Duration::from_secs(40);

const PHONE: &str = "02:00:00:00:00:0A";
const OTHER_PHONE: &str = "02:00:00:00:00:0B";
const HOUSE: &str = "02:00:00:00:01:01";

/// A server that knows two ISPs with the same names, on a line that can be cut.
struct Stage {
    world: World,
    node: Node,
    switch: Switch,
    url: String,
}

impl Stage {
    /// Both ISPs have a house-12, at other speeds, and a card; the first has more.
    async fn set() -> Self {
        let node = Node::new(env!("CARGO_BIN_EXE_mnetifi"))
            .expect("a machine")
            .with("MNETIFI_BOOK_DECIDES", "yes")
            .with("MNETIFI_BOOK_SNAPSHOT_SECONDS", "1");
        let world = World::beside(node.auth, node.acct).await.expect("a world");
        let switch = Switch::before(&world.database.admin_url()).await.expect("a switch");
        let url = switch.url(&world.database.admin_url());
        let isps = [(&world.isp, "karibu", "10M", "FirstCard1"), (&world.other, "welcome", "1M", "OtherCard1")];
        for (isp, secret, up, code) in isps {
            let rate = Some(RateLimit::flat(up.parse().expect("good"), "20M".parse().expect("good")));
            let home = world.sells(isp, PlanTerms { rate, ..month() }, "home", PlanService::Pppoe).await.expect("sold");
            world.connects(isp, &home, "house-12", secret).await.expect("connected");
            let card = world.sells(isp, hour(), "hour", PlanService::Hotspot).await.expect("sold");
            world.prints(isp, &card, &[code]).await.expect("printed");
        }
        let isp = &world.isp;
        let home = plan(&world, "home").await;
        for house in ["house-13", "house-15"] {
            world.connects(isp, &home, house, "karibu").await.expect("connected");
        }
        let data_cap = Some(Bytes::new(5_000));
        let capped = PlanTerms { data_cap, ..month() };
        let capped = world.sells(isp, capped, "capped", PlanService::Pppoe).await.expect("sold");
        world.connects(isp, &capped, "house-14", "karibu").await.expect("connected");
        Self { world, node, switch, url }
    }

    fn router(&self) -> Router {
        self.world.isp.router.clone()
    }

    /// One that does not wait long for silence.
    fn hasty(&self) -> Router {
        Router { patience: Duration::from_millis(1_500), ..self.router() }
    }

    /// A phone and two houses come online and say so, and the server has kept that for a start without the database.
    async fn lives(&self) {
        let router = self.router();
        for (user, password, mac, session, octets) in
            [("FirstCard1", "", PHONE, "81000001", 100), ("house-14", "karibu", "02:00:00:00:01:03", "81000002", 1_500)]
        {
            let reply = accepted(&router, user, password, mac).await;
            let class = reply.class();
            reports(&router, (START, user, mac, session, 0), &class).await;
            reports(&router, (INTERIM_UPDATE, user, mac, session, octets), &class).await;
        }
        self.node.is_drained().await.expect("drained");
        self.has_written().await;
    }

    /// Waits for a snapshot that was begun after this moment.
    async fn has_written(&self) {
        let written = || std::fs::metadata(self.node.data().join("book.snapshot")).and_then(|file| file.modified());
        let (began, mut last) = (Instant::now(), written().ok());
        // The next one may have been begun before this moment.
        for _ in 0..2 {
            while written().ok() == last {
                assert!(began.elapsed() < PATIENCE, "no snapshot; it said:\n{}", self.node.log_text());
                // It is written when something has happened.
                accepted(&self.router(), "house-13", "karibu", "02:00:00:00:01:02").await;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            last = written().ok();
        }
    }

    /// The line is cut and the server starts.
    async fn starts_alone(&mut self) {
        self.switch.turn(Line::Cut);
        self.node.begins(&self.url).expect("begun");
        self.node.is_ready().await.expect("ready");
        stands(&self.node, "away").await;
    }

    /// What was known is known, and by the same rules.
    async fn serves_who_is_known(&self) {
        let (router, world) = (self.router(), &self.world);
        let house = accepted(&router, "house-12", "karibu", HOUSE).await;
        assert_eq!(house.rate(), "10M/20M");
        let by_chap = router.asks_by_chap("house-12", "karibu", HOUSE).await.expect("sent").expect("an answer");
        assert!(by_chap.is_accept() && by_chap.rate() == "10M/20M", "{}", by_chap.sentence());
        let theirs = accepted(&world.other.router, "house-12", "welcome", HOUSE).await;
        assert_eq!(theirs.rate(), "1M/20M");
        let wrong = world.other.router.asks("house-12", "karibu", HOUSE).await.expect("sent").expect("an answer");
        assert!(!wrong.is_accept(), "the other ISP's password");
        // The place was taken before the stop, and the same phone has it still.
        let full = router.asks("FirstCard1", "", OTHER_PHONE).await.expect("sent").expect("an answer");
        assert!(!full.is_accept() && full.sentence().contains("in use"), "{}", full.sentence());
        accepted(&router, "FirstCard1", "", PHONE).await;
        assert!(self.hasty().asks("nobody", "karibu", HOUSE).await.expect("sent").is_none(), "silence for a stranger");
        let ready = self.node.page("/readyz").await.expect("a page");
        assert!(ready.contains("as things were at"), "{ready}");
        // The router says what it counts since the session began; what was counted before the stop is not counted anew.
        let capped = accepted(&router, "house-14", "karibu", "02:00:00:00:01:03").await;
        reports(&router, (INTERIM_UPDATE, "house-14", "02:00:00:00:01:03", "81000002", 2_000), &[]).await;
        are_heard().await;
        accepted(&router, "house-14", "karibu", "02:00:00:00:01:03").await;
        reports(&router, (STOP, "house-14", "02:00:00:00:01:03", "81000002", 2_600), &[]).await;
        are_heard().await;
        let used_up = router.asks("house-14", "karibu", "02:00:00:00:01:03").await.expect("sent").expect("an answer");
        assert!(!used_up.is_accept(), "5,000 octets are used up");
        drop(capped);
        reports(&router, (START, "house-12", HOUSE, "81000003", 0), &by_chap.class()).await;
        reports(&router, (STOP, "house-12", HOUSE, "81000003", 700), &by_chap.class()).await;
        reports(&router, (INTERIM_UPDATE, "FirstCard1", PHONE, "81000001", 300), &[]).await;
    }

    /// Staff changes something in the database while the server cannot see it.
    async fn changes_meanwhile(&self) {
        let (world, isp) = (&self.world, &self.world.isp);
        let name = Username::parse(b"house-13").expect("good");
        assert!(suspend::suspend(&world.store, &isp.scope, &name, world.context()).await.expect("suspended"));
        let home = plan(world, "home").await;
        world.connects(isp, &home, "newcomer", "karibu").await.expect("connected");
        let rate = Some(RateLimit::flat("30M".parse().expect("good"), "40M".parse().expect("good")));
        let mut tx = world.store.tenant(&isp.scope).await.expect("begun");
        plans::revise(&mut tx, home.id, &PlanTerms { rate, ..month() }).await.expect("revised");
        tx.commit().await.expect("committed");
    }

    /// The database is back: everything is in it, once, and what was changed meanwhile is in force.
    async fn is_whole_again(&self) {
        self.switch.turn(Line::Whole);
        stands(&self.node, "alone").await;
        let router = self.router();
        accepted(&router, "newcomer", "karibu", "02:00:00:00:01:04").await;
        assert_eq!(accepted(&router, "house-12", "karibu", HOUSE).await.rate(), "30M/40M");
        let suspended = router.asks("house-13", "karibu", "02:00:00:00:01:02").await.expect("sent").expect("an answer");
        assert!(suspended.sentence().contains("suspended"), "{}", suspended.sentence());
        let full = router.asks("FirstCard1", "", OTHER_PHONE).await.expect("sent").expect("an answer");
        assert!(!full.is_accept(), "the place is taken still");
        self.node.is_drained().await.expect("drained");
        let world = &self.world;
        let kept = books::sessions(&world.database, world.isp.tenant.id).await.expect("read");
        let mut reported: Vec<_> = kept
            .iter()
            .filter_map(|one| Some((one.acct_session_id.as_deref()?, one.in_octets, one.has_ended)))
            .collect();
        reported.sort_unstable();
        let wanted = [("81000001", 300, false), ("81000002", 2_600, true), ("81000003", 700, true)];
        assert_eq!(reported, wanted, "each session once, with all that was reported: {kept:#?}");
        let used: i64 = books::used(&world.database, world.isp.tenant.id)
            .await
            .expect("read")
            .iter()
            .map(|one| one.in_octets)
            .sum();
        assert_eq!(used, 300 + 2_600 + 700, "each octet once");
    }
}

async fn plan(world: &World, name: &str) -> domain::sales::plan::Plan {
    let mut tx = world.store.tenant(&world.isp.scope).await.expect("begun");
    plans::find_by_name(&mut tx, &name.parse().expect("good")).await.expect("asked").expect("there")
}

async fn accepted(router: &Router, user: &str, password: &str, mac: &str) -> Reply {
    let reply = router.asks(user, password, mac).await.expect("sent");
    let reply = reply.unwrap_or_else(|| panic!("no answer to {user}"));
    assert!(reply.is_accept(), "{user}: {}", reply.sentence());
    reply
}

async fn reports(router: &Router, (status, user, mac, session, octets): (u32, &str, &str, &str, u64), class: &[u8]) {
    let seconds = u32::try_from(octets / 10).expect("small");
    let report = Report { status, session, user, mac, class, in_octets: octets, out_octets: octets, seconds };
    let answer = router.reports_again(&report, 3).await.expect("sent");
    assert!(answer.is_some(), "report of {session} got no answer");
}

/// Reports that were answered are heard a moment later.
async fn are_heard() {
    tokio::time::sleep(Duration::from_millis(1_500)).await;
}

async fn stands(node: &Node, standing: &str) {
    let word = format!("standing=\"{standing}\"");
    let began = Instant::now();
    while node.metric("node_standing", &[&word]).await.unwrap_or(0.0) < 1.0 {
        assert!(began.elapsed() < PATIENCE, "it is not {standing}; it said:\n{}", node.log_text());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_stopped_starts_without_its_database_and_serves_who_it_knows() {
    let mut stage = Stage::set().await;
    stage.node.starts(&stage.url).await.expect("a server");
    stands(&stage.node, "alone").await;
    stage.lives().await;
    assert!(stage.node.is_stopped().await.expect("told"), "{}", stage.node.log_text());

    stage.starts_alone().await;
    stage.serves_who_is_known().await;
    stage.changes_meanwhile().await;
    stage.is_whole_again().await;

    assert!(stage.node.is_stopped().await.expect("told"), "{}", stage.node.log_text());
    assert!(!stage.node.log_text().contains("panicked"), "{}", stage.node.log_text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_starts_without_its_database_again_and_again() {
    let mut stage = Stage::set().await;
    stage.node.starts(&stage.url).await.expect("a server");
    stands(&stage.node, "alone").await;
    stage.lives().await;
    // No snapshot and no router speaks of this one any more, only the log of decisions.
    accepted(&stage.router(), "house-15", "karibu", "02:00:00:00:01:05").await;
    stage.node.is_killed().await.expect("it lived");

    stage.starts_alone().await;
    let full = stage.router().asks("house-15", "karibu", OTHER_PHONE).await.expect("sent").expect("an answer");
    assert!(full.sentence().contains("in use"), "{}", full.sentence());
    stage.serves_who_is_known().await;
    stage.has_written().await;
    stage.node.is_killed().await.expect("it lived");
    stage.starts_alone().await;
    let full = stage.router().asks("FirstCard1", "", OTHER_PHONE).await.expect("sent").expect("an answer");
    assert!(!full.is_accept(), "the place is still known after two starts");
    let used_up =
        stage.router().asks("house-14", "karibu", "02:00:00:00:01:03").await.expect("sent").expect("an answer");
    assert!(!used_up.is_accept(), "what was used without the database is known after the next start without it");
    stage.changes_meanwhile().await;
    stage.is_whole_again().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_program_is_not_touched_and_is_used_once_it_is_ours_again() {
    let mut stage = Stage::set().await;
    stage.node.starts(&stage.url).await.expect("a server");
    stands(&stage.node, "alone").await;
    stage.lives().await;
    stage.node.is_killed().await.expect("it lived");
    stage.starts_alone().await;
    let newer = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
                 values (99990101000000, 'of tomorrow', true, '\\x00', 0)";
    stage.world.database.runs(newer).await.expect("run");

    stage.switch.turn(Line::Whole);
    says(&stage.node, "the database is newer than this program").await;
    accepted(&stage.router(), "house-12", "karibu", HOUSE).await;
    stands(&stage.node, "away").await;
    stage.node.is_killed().await.expect("it lived");
    stage.node.begins(&stage.url).expect("begun");
    assert!(!stage.node.ends().await.expect("it ends"), "a start beside a newer program is refused");
    let back = "delete from _sqlx_migrations where version = 99990101000000";
    stage.world.database.runs(back).await.expect("run");

    stage.starts_alone().await;
    stage.switch.turn(Line::Whole);
    stands(&stage.node, "alone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_snapshot_is_damaged_waits_for_its_database_and_says_so() {
    let mut stage = Stage::set().await;
    stage.node.starts(&stage.url).await.expect("a server");
    stands(&stage.node, "alone").await;
    stage.lives().await;
    stage.node.is_killed().await.expect("it lived");
    std::fs::write(stage.node.data().join("book.snapshot"), b"mnetifi book\r\n\x1a\nand then nothing")
        .expect("written");

    stage.switch.turn(Line::Cut);
    stage.node.begins(&stage.url).expect("begun");
    says(&stage.node, "the snapshot is of no use").await;
    says(&stage.node, "waiting for the database").await;
    assert!(stage.hasty().asks("house-12", "karibu", HOUSE).await.is_ok_and(|answer| answer.is_none()));
    stage.switch.turn(Line::Whole);
    stage.node.is_ready().await.expect("ready");

    accepted(&stage.router(), "house-12", "karibu", HOUSE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_very_first_start_with_a_wrong_database_is_an_error_soon() {
    let mut node = Node::new(env!("CARGO_BIN_EXE_mnetifi")).expect("a machine");
    node.begins("postgres://nobody@127.0.0.1:1/none").expect("begun");

    assert!(!node.ends().await.expect("it ends"));

    let said = node.log_text();
    assert!(said.contains("the database at postgres://") && said.contains("not available"), "{said}");
    assert!(!node.data().join("keys").exists(), "nothing is made before there is a database");
}

async fn says(node: &Node, words: &str) {
    let began = Instant::now();
    while !node.log_text().contains(words) {
        assert!(began.elapsed() < PATIENCE, "it does not say `{words}`; it said:\n{}", node.log_text());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_postgresql_that_does_not_start_is_waited_for_while_who_is_known_is_served() {
    let machine = Machine::new();
    let demo = machine.demo();
    let class = accepted(&machine.router(), "DemoHour1", "", PHONE).await.class();
    reports(&machine.router(), (START, "DemoHour1", PHONE, "81000001", 0), &class).await;
    machine.drained();
    assert!(demo.interrupt());
    let control = machine.cluster().join("global/pg_control");
    let aside = control.with_extension("aside");
    std::fs::rename(&control, &aside).expect("PostgreSQL needs it");

    let server = machine.serves("away");
    let router = machine.router();
    accepted(&router, "house-12", "karibu-nyumbani", HOUSE).await;
    let full = router.asks("DemoHour1", "", OTHER_PHONE).await.expect("sent").expect("an answer");
    assert!(!full.is_accept(), "the place was taken before");
    let ready = machine.page("/readyz");
    assert!(ready.contains("PostgreSQL does not start"), "{ready}");
    std::fs::rename(&aside, &control).expect("put right");

    machine.stands("alone");
    accepted(&router, "house-12", "karibu-nyumbani", HOUSE).await;
    assert!(server.interrupt());
    assert_eq!(machine.processes(), [""; 0], "PostgreSQL ends with the server that started it late");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_connections_and_says_nothing_holds_no_start_up() {
    let mut stage = Stage::set().await;
    stage.node.starts(&stage.url).await.expect("a server");
    stands(&stage.node, "alone").await;
    stage.lives().await;
    assert!(stage.node.is_stopped().await.expect("told"), "{}", stage.node.log_text());

    stage.switch.turn(Line::Frozen);
    stage.node.begins(&stage.url).expect("begun");
    stage.node.is_ready().await.expect("ready");
    stands(&stage.node, "away").await;
    accepted(&stage.router(), "house-12", "karibu", HOUSE).await;
    stage.changes_meanwhile().await;
    stage.switch.turn(Line::Whole);
    stands(&stage.node, "alone").await;
    accepted(&stage.router(), "newcomer", "karibu", "02:00:00:00:01:04").await;
}
