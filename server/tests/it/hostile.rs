//! Packets that nobody of good will sends: the corpus of `tests/hostile`, replays, forged Classes, and mutations.
//!
//! Whatever comes in: the server lives, answers what deserves an answer and nothing else, answers the next good
//! request, holds no more memory afterwards, and writes no line that a stranger has shaped.

mod corpus;
mod mutations;
mod replays;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use domain::sales::plan::{DeviceCap, PlanService, PlanTerms};
use tests::client::Router;
use tests::hostile::{From, To};
use tests::node::Node;
use tests::world::{World, hour, month};
use tokio::net::UdpSocket;

/// The password of the ISP's houses; it must never be read in a log.
const PASSWORD: &str = "karibu";

/// The secret that every hostile packet is signed with.
const SECRET: &[u8] = b"testing123";

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server with two ISPs, and a stranger before its door.
struct Siege {
    world: World,
    node: Node,
}

impl Siege {
    /// Ten houses and a card are sold; the log tells everything it can.
    async fn lay() -> Self {
        Self::lay_with_log("debug,sqlx=error").await
    }

    async fn lay_with_log(filter: &str) -> Self {
        let node = Node::new(env!("CARGO_BIN_EXE_mnetifi")).expect("a machine");
        let mut node = node.with("MNETIFI_LOG_FILTER", filter);
        let world = World::beside(node.auth, node.acct).await.expect("a world");
        let terms = PlanTerms { device_cap: DeviceCap::new(DeviceCap::MAX).expect("good"), ..month() };
        let plan = world.sells(&world.isp, terms, "home", PlanService::Pppoe).await.expect("sold");
        for house in 1..=10 {
            world.connects(&world.isp, &plan, &format!("house-{house}"), PASSWORD).await.expect("connected");
        }
        let plan = world.sells(&world.other, hour(), "hour", PlanService::Hotspot).await.expect("sold");
        world.prints(&world.other, &plan, &["Sunrise77"]).await.expect("printed");
        node.starts(&world.database.admin_url()).await.expect("a server");
        Self { world, node }
    }

    /// A house of good will is let in, as before.
    async fn house_is_let_in(&self) -> bool {
        let reply = self.world.isp.router.asks("house-2", PASSWORD, "02:00:00:00:00:22").await;
        reply.expect("no forged answer").is_some_and(|reply| reply.is_accept())
    }

    /// Ends the server, which must end well, and gives all that it said.
    async fn ends(mut self) -> String {
        assert!(self.node.runs(), "it has ended:\n{}", self.node.log_text());
        assert!(self.node.is_stopped().await.expect("told to stop"), "it did not end well:\n{}", self.node.log_text());
        let log = String::from_utf8(self.node.log()).expect("a log of UTF-8");
        assert!(!log.contains("panicked"), "{log}");
        assert!(!log.contains(PASSWORD), "a password in the log");
        for line in log.lines() {
            is_ours(line, true);
        }
        log
    }

    fn router(&self, from: From) -> Router {
        match from {
            From::Isp => self.world.isp.router.clone(),
            From::Other => self.world.other.router.clone(),
            From::Stranger => Router { from: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3)), ..self.world.isp.router.clone() },
        }
    }

    fn address(&self, to: To) -> SocketAddr {
        match to {
            To::Auth => self.node.auth,
            To::Acct => self.node.acct,
        }
    }
}

/// A line that no stranger has broken, and that steers no terminal.
fn is_ours(line: &str, is_log: bool) {
    let steers =
        |letter: char| letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!line.contains(steers), "a line that steers: {}", line.escape_debug());
    assert!(!is_log || line.starts_with("20"), "a line that does not begin with a time: {line}");
}

async fn receive(socket: &UdpSocket, patience: Duration) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 4_096];
    let length = tokio::time::timeout(patience, socket.recv(&mut buffer)).await.ok()?.expect("received");
    buffer.truncate(length);
    Some(buffer)
}
