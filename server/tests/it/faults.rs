//! The database freezes, breaks and crawls, and the server is killed, while a crowd logs in and reports.
//!
//! `MNETIFI_TEST_SEED` tells another story, `MNETIFI_TEST_FAULTS` makes each longer.

use std::time::Duration;

use tests::crowd::{Crowd, Size, Tally, Verdict};
use tests::dice::{Dice, SEED, asked};
use tests::node::Node;
use tests::switch::{Line, Switch};
use tests::world::World;

/// Asks for that many faults in each story.
const FAULTS: &str = "MNETIFI_TEST_FAULTS";

const SIZE: Size = Size { houses: 12, cards: 3, devices: 4 };

/// A server on a line that can be turned, and its crowd.
struct Stage {
    world: World,
    node: Node,
    switch: Switch,
    crowd: Crowd,
    url: String,
}

impl Stage {
    async fn set(seed: u64) -> Self {
        let mut node = Node::new(env!("CARGO_BIN_EXE_mnetifi")).expect("a machine");
        let world = World::beside(node.auth, node.acct).await.expect("a world");
        let switch = Switch::before(&world.database.admin_url()).await.expect("a switch");
        let url = switch.url(&world.database.admin_url());
        let mut crowd = Crowd::moves_in(&world, SIZE).await.expect("a crowd");
        node.starts(&url).await.expect("a server");
        crowd.lives(&world.isp.router, seed);
        Self { world, node, switch, crowd, url }
    }

    fn turn(&self, line: Line) {
        // Called away once it is, and back again before it is: so that nobody is blamed for the moment between.
        match line {
            Line::Whole | Line::Slow(_) => {
                self.crowd.ledger().line_is(line);
                self.switch.turn(line);
            }
            Line::Frozen | Line::Cut => {
                self.switch.turn(line);
                self.crowd.ledger().line_is(line);
            }
        }
    }

    /// The line is mended, everybody goes home, everything is written: what was it like?
    async fn ends(mut self, seed: u64) -> Tally {
        self.turn(Line::Whole);
        self.node.is_ready().await.expect("ready again, without a restart");
        self.life_goes_on().await;
        self.crowd.goes_home().await.expect("no panic");
        self.node.is_drained().await.expect("drained");
        // What memory holds reaches the database when the server stops, at the latest.
        assert!(self.node.is_stopped().await.expect("told to stop"), "{}", self.node.log_text());
        let tally = self.crowd.ledger().tally();
        let verdict = Verdict::on(self.crowd.ledger(), &self.world.database, self.world.isp.tenant.id).await;
        let verdict = verdict.expect("asked");
        let log = self.node.log_text();
        assert!(verdict.is_good(), "seed {seed}: {verdict}\n{tally:?}\n{}", tail(&log));
        assert!(!log.contains("panicked"), "seed {seed}: {}", tail(&log));
        tally
    }

    /// Everybody who comes is let in again and reports, and nobody had to help.
    async fn life_goes_on(&self) {
        let before = self.crowd.ledger().tally();
        for _ in 0..1_200 {
            let now = self.crowd.ledger().tally();
            if now.accepts > before.accepts + 30 && now.answered > before.answered + 60 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let now = self.crowd.ledger().tally();
        panic!("life does not go on: {before:?}, a minute later {now:?}\n{}", tail(&self.node.log_text()));
    }
}

fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_freezes_breaks_and_crawls_costs_nothing_that_was_answered() {
    let seed = asked(SEED, 3);
    let mut dice = Dice::seeded(seed);
    let stage = Stage::set(seed).await;
    for fault in 0..asked(FAULTS, 5) {
        tokio::time::sleep(Duration::from_millis(dice.between(300, 1_500))).await;
        let line = match fault % 3 {
            0 => Line::Cut,
            1 => Line::Frozen,
            _ => Line::Slow(Duration::from_millis(dice.between(5, 60))),
        };
        stage.turn(line);
        tokio::time::sleep(Duration::from_millis(dice.between(200, 4_000))).await;
        stage.turn(Line::Whole);
    }
    // Long enough that everybody has noticed.
    stage.turn(*dice.one_of(&[Line::Cut, Line::Frozen]));
    tokio::time::sleep(Duration::from_secs(9)).await;
    let tally = stage.ends(seed).await;
    assert!(tally.accepts_away > 2 * tally.silences_away, "known customers come online without a database: {tally:?}");
    assert!(tally.accepts_away > 10, "{tally:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_at_any_moment_forgets_nothing_that_it_answered() {
    let seed = asked(SEED, 7);
    let mut dice = Dice::seeded(seed);
    let mut stage = Stage::set(seed).await;
    for _ in 0..asked(FAULTS, 5) {
        tokio::time::sleep(Duration::from_millis(dice.between(100, 2_000))).await;
        stage.node.is_killed().await.expect("it lived");
        if dice.once_in(3) {
            tokio::time::sleep(Duration::from_millis(dice.between(0, 300))).await;
        }
        stage.node.starts(&stage.url).await.expect("it starts again");
    }
    stage.ends(seed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_while_the_database_is_away_keeps_what_it_answered() {
    let seed = asked(SEED, 11);
    let mut dice = Dice::seeded(seed);
    let mut stage = Stage::set(seed).await;
    for _ in 0..asked(FAULTS, 2) {
        tokio::time::sleep(Duration::from_millis(dice.between(500, 1_500))).await;
        stage.turn(*dice.one_of(&[Line::Cut, Line::Frozen]));
        tokio::time::sleep(Duration::from_millis(dice.between(500, 3_000))).await;
        stage.node.is_killed().await.expect("it lived");
        stage.turn(Line::Whole);
        stage.node.starts(&stage.url).await.expect("it starts again");
    }
    stage.ends(seed).await;
}
