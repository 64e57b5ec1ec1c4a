//! Two servers on one database: exact together, and each able to go on without the other.

use std::time::Duration;

use actions::network::register_nas;
use dictionaries::rfc2866::acct_status_type::{INTERIM_UPDATE, START, STOP};
use domain::sales::plan::{DeviceCap, PlanService, PlanTerms};
use tests::books;
use tests::client::{Reply, Report, Router};
use tests::node::Node;
use tests::world::{World, a_router, hour_for, month};
use tokio::time::Instant;

const PHONES: usize = 64;
const ROUNDS: usize = 6;
const HOUSES: usize = 6;

/// How long anything may take that takes a second on a machine with nothing else to do.
const PATIENCE: Duration = Duration::from_secs(30);

struct Pair {
    world: World,
    nodes: [Node; 2],
}

impl Pair {
    async fn starts() -> Self {
        let node = || Node::new(env!("CARGO_BIN_EXE_mnetifi")).expect("a machine");
        let mut nodes = [node(), node()];
        let world = World::beside(nodes[0].auth, nodes[0].acct).await.expect("a world");
        for node in &mut nodes {
            node.starts(&world.database.admin_url()).await.expect("a server");
        }
        let pair = Self { world, nodes };
        pair.stand("shared").await;
        pair
    }

    /// The ISP's router, asking one of the two.
    fn router(&self, node: usize) -> Router {
        let node = &self.nodes[node];
        Router { auth: node.auth, acct: node.acct, ..self.world.isp.router.clone() }
    }

    /// Waits until every node that runs has that standing.
    async fn stand(&self, standing: &str) {
        for node in self.nodes.iter().filter(|node| node.pid().is_some()) {
            stands(node, standing).await;
        }
    }
}

async fn stands(node: &Node, standing: &str) {
    let word = format!("standing=\"{standing}\"");
    let began = Instant::now();
    while node.metric("node_standing", &[&word]).await.unwrap_or(0.0) < 1.0 {
        assert!(began.elapsed() < PATIENCE, "it is not {standing}; it said:\n{}", node.log_text());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn mac(house: usize, number: usize) -> String {
    format!("02:00:00:{house:02X}:{:02X}:{:02X}", number / 256, number % 256)
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_that_ask_both_nodes_get_no_place_too_many_and_a_change_reaches_both() {
    let pair = Pair::starts().await;
    let (world, isp) = (&pair.world, &pair.world.isp);
    let plan = world.sells(isp, hour_for(3), "family", PlanService::Hotspot).await.expect("sold");

    for round in 0..ROUNDS {
        let code = format!("Family{round:04}");
        world.prints(isp, &plan, &[&code]).await.expect("printed");
        let asking = (0..PHONES).map(|phone| {
            let (router, code) = (pair.router(phone % 2), code.clone());
            tokio::spawn(async move { router.asks(&code, "", &mac(round, phone)).await })
        });
        let asking: Vec<_> = asking.collect();
        let (mut accepted, mut silent) = (0, 0);
        for phone in asking {
            let reply = phone.await.expect("no panic").expect("sent");
            silent += usize::from(reply.is_none());
            accepted += usize::from(reply.is_some_and(|reply| reply.is_accept()));
        }
        assert!(accepted <= 3, "round {round}: {accepted} phones have three places");
        assert!(accepted == 3 || silent > 0, "round {round}: {accepted} of three places were given");
    }

    let new = a_router("annex", "127.0.0.9", "annex-secret").expect("good");
    register_nas::register_nas(&world.store, &isp.scope, new, world.context()).await.expect("registered");
    let changed = Instant::now();
    for node in 0..2 {
        let annex = Router {
            from: "127.0.0.9".parse().expect("good"),
            secret: "annex-secret",
            patience: Duration::from_millis(200),
            ..pair.router(node)
        };
        while annex.asks("nobody", "nothing", &mac(0, 0)).await.expect("sent").is_none() {
            assert!(changed.elapsed() < PATIENCE, "the change has not reached node {node}");
        }
    }
}

/// A session that reports until its node is silent, then goes on at the other one. Gives what it reported last.
async fn fails_over(from: Router, to: Router, house: usize, number: String) -> u64 {
    let (user, mac) = (format!("house-{house}"), mac(house, 1));
    let accepted: Reply = from.asks(&user, "karibu", &mac).await.expect("sent").expect("an answer");
    assert!(accepted.is_accept(), "{}", accepted.sentence());
    let class = accepted.class();
    let report = |status, octets| Report {
        status,
        session: &number,
        user: &user,
        mac: &mac,
        class: &class,
        in_octets: octets,
        out_octets: octets,
        seconds: u32::try_from(octets / 100).expect("small"),
    };
    let hasty = Router { patience: Duration::from_secs(2), ..from };
    let mut octets = 0;
    let mut status = START;
    while hasty.reports(&report(status, octets)).await.is_ok_and(|answer| answer.is_some()) {
        (status, octets) = (INTERIM_UPDATE, octets + 100);
    }
    assert!(octets > 0, "not even the start was answered");
    for (status, octets) in [(INTERIM_UPDATE, octets + 100), (STOP, octets + 200)] {
        // A router asks again, and again.
        let began = Instant::now();
        while to.reports(&report(status, octets)).await.expect("sent").is_none() {
            assert!(began.elapsed() < PATIENCE, "the other node does not answer");
        }
    }
    octets + 200
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_killed_loses_nothing_and_its_sessions_live_on_at_the_other() {
    let mut pair = Pair::starts().await;
    let (world, isp) = (&pair.world, &pair.world.isp);
    let terms = PlanTerms { device_cap: DeviceCap::new(DeviceCap::MAX).expect("good"), ..month() };
    let plan = world.sells(isp, terms, "home", PlanService::Pppoe).await.expect("sold");
    for house in 0..HOUSES {
        world.connects(isp, &plan, &format!("house-{house}"), "karibu").await.expect("connected");
    }
    let url = world.database.admin_url();
    let mut wanted: Vec<(String, i64)> = Vec::new();

    for (dies, lives) in [(0, 1), (1, 0)] {
        let (from, to) = (pair.router(dies), pair.router(lives));
        let numbers: Vec<String> = (0..HOUSES).map(|house| format!("8{dies}0000{house:02}")).collect();
        let sessions: Vec<_> = (0..HOUSES)
            .map(|house| tokio::spawn(fails_over(from.clone(), to.clone(), house, numbers[house].clone())))
            .collect();
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        pair.nodes[dies].is_killed().await.expect("killed");
        for (session, number) in sessions.into_iter().zip(numbers) {
            let octets = session.await.expect("it went on at the other node");
            wanted.push((number, i64::try_from(octets).expect("small")));
        }
        // The one that is left needs no place at a table for two any more.
        stands(&pair.nodes[lives], "alone").await;
        let login = pair.router(lives).asks("house-0", "karibu", &mac(0, 1)).await.expect("sent");
        assert!(login.is_some_and(|reply| reply.is_accept()));

        pair.nodes[dies].starts(&url).await.expect("it starts again");
        pair.stand("shared").await;
        for node in &pair.nodes {
            node.is_drained().await.expect("drained");
        }
    }

    let kept = books::sessions(&pair.world.database, pair.world.isp.tenant.id).await.expect("read");
    let mut reported: Vec<(String, i64)> =
        kept.iter().filter_map(|one| Some((one.acct_session_id.clone()?, one.in_octets))).collect();
    reported.sort();
    assert_eq!(reported, wanted, "each session once, with all that it reported");
    assert!(kept.iter().filter(|one| one.acct_session_id.is_some()).all(|one| one.has_ended));
    let listed = pair.nodes[0].runs_beside(&url, &["node", "list", "--json"]).await.expect("it runs");
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    let standings: Vec<_> = listed.as_array().expect("a list").iter().map(|node| node["standing"].clone()).collect();
    assert_eq!(standings, ["shared", "shared"], "{listed}");
}
