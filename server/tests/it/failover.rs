//! The primary PostgreSQL dies under load, the standby is promoted by hand, and the server goes on with it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use dictionaries::rfc2866::acct_status_type::{INTERIM_UPDATE, START};
use tempfile::TempDir;
use tests::client::{Report, Router};
use tests::free::free_addresses;
use tests::node::Node;
use tokio::time::Instant;

const HOUSES: usize = 4;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A primary and a standby.
struct Pair {
    place: TempDir,
    url: String,
}

impl Pair {
    fn starts() -> Self {
        let place = tempfile::Builder::new().prefix("mnetifi-pair-").tempdir_in("/tmp").expect("a directory");
        let [one, two] = free_addresses().expect("free ports").map(|address| address.port());
        let url = format!("postgres://mnetifi@127.0.0.1:{one},127.0.0.1:{two}/mnetifi");
        let pair = Self { place, url };
        pair.does("start", &[&one.to_string(), &two.to_string()]);
        pair
    }

    fn does(&self, what: &str, more: &[&str]) {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../deploy/local-pair");
        let place = self.place.path().join("pair");
        let done = Command::new(script).arg(what).arg(place).args(more).output().expect("it runs");
        assert!(done.status.success(), "{what}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return self.does("stop", &[]);
        }
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../deploy/local-pair");
        drop(Command::new(script).arg("stop").arg(self.place.path().join("pair")).output());
    }
}

async fn says(node: &Node, url: &str, words: &[&str]) -> serde_json::Value {
    let said = node.runs_beside(url, &[words, &["--json"]].concat()).await.expect("it runs");
    assert!(said.status.success(), "{words:?}: {}", String::from_utf8_lossy(&said.stderr));
    serde_json::from_slice(&said.stdout).expect("JSON")
}

/// Reports a session without end; notes the most that was answered.
async fn reports(router: Router, house: usize, answered: Arc<AtomicU64>, stop: Arc<AtomicBool>) {
    let (number, mac) = (format!("8400000{house}"), format!("02:00:00:00:00:{house:02X}"));
    let (mut status, mut octets) = (START, 0);
    while !stop.load(Ordering::Relaxed) {
        let report = Report {
            status,
            session: &number,
            user: &format!("house-{house}"),
            mac: &mac,
            class: &[],
            in_octets: octets,
            out_octets: octets,
            seconds: u32::try_from(octets / 100).expect("small"),
        };
        if router.reports(&report).await.is_ok_and(|reply| reply.is_some()) {
            answered.store(octets, Ordering::Relaxed);
            (status, octets) = (INTERIM_UPDATE, octets + 100);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_is_promoted_under_load_has_everything_that_was_answered_once() {
    let pair = Pair::starts();
    let url = pair.url.as_str();
    let mut node = Node::new(env!("CARGO_BIN_EXE_mnetifi")).expect("a machine");
    node.starts(url).await.expect("a server");
    says(&node, url, &["tenant", "add", "savanna"]).await;
    says(&node, url, &["nas", "add", "tower", "--address", "127.0.0.1", "--secret", "testing123"]).await;
    says(&node, url, &["plan", "add", "home", "--service", "pppoe", "--duration", "1mo"]).await;
    for house in 0..HOUSES {
        let name = format!("house-{house}");
        says(&node, url, &["subscriber", "add", &name, "--plan", "home", "--password", "karibu"]).await;
    }
    let router = Router {
        from: IpAddr::V4(Ipv4Addr::LOCALHOST),
        secret: "testing123",
        auth: node.auth,
        acct: node.acct,
        patience: Duration::from_secs(2),
    };
    let stop = Arc::new(AtomicBool::new(false));
    let answered: [Arc<AtomicU64>; HOUSES] = Default::default();
    let most = || answered.iter().map(|one| one.load(Ordering::Relaxed)).sum::<u64>();
    let reporting: Vec<_> = (0..HOUSES)
        .map(|house| tokio::spawn(reports(router.clone(), house, Arc::clone(&answered[house]), Arc::clone(&stop))))
        .collect();
    let began = Instant::now();
    while answered.iter().any(|one| one.load(Ordering::Relaxed) < 500) {
        assert!(began.elapsed() < PATIENCE, "reports are not answered:\n{}", node.log_text());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    pair.does("fail", &[]);
    let before = most();
    tokio::time::sleep(Duration::from_secs(7)).await;
    let during = most();
    pair.does("promote", &[]);
    let began = Instant::now();
    loop {
        let login = router.asks("house-0", "karibu", "02:00:00:00:00:00").await.expect("sent");
        if login.is_some_and(|reply| reply.is_accept()) {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "nobody is let in after the failover:\n{}", node.log_text());
    }
    stop.store(true, Ordering::Relaxed);
    for one in reporting {
        one.await.expect("no panic");
    }
    node.is_drained().await.expect("drained");

    assert!(during > before, "no report was answered while there was no primary");
    let sessions = says(&node, url, &["session", "list", "--all"]).await;
    for (house, answered) in answered.iter().enumerate() {
        let name = format!("8400000{house}");
        let of_house = |one: &&serde_json::Value| one["acct_session_id"] == name.as_str();
        let kept: Vec<_> = sessions.as_array().expect("a list").iter().filter(of_house).collect();
        assert_eq!(kept.len(), 1, "{name} is there {} times", kept.len());
        assert!(kept[0]["in_octets"].as_u64() >= Some(answered.load(Ordering::Relaxed)), "{}", kept[0]);
    }
    let outages = says(&node, url, &["node", "outages"]).await;
    assert!(outages[0]["seconds"].as_u64() >= Some(4), "the outage is told afterwards: {outages}");
    assert!(node.is_stopped().await.expect("told to stop"), "{}", node.log_text());
}
