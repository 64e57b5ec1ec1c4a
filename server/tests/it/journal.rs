//! Reports that the database refuses, as their operator meets them.

use dictionaries::rfc2866::acct_status_type::STOP;
use serde_json::Value;
use store::access::sessions::{self, Filter};
use tests::client::Report;
use tests::node::Node;
use tests::world::World;

async fn json(node: &Node, url: &str, arguments: &[&str]) -> Value {
    let output = node.runs_beside(url, &[arguments, &["--json"]].concat()).await.expect("it runs");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|why| panic!("{arguments:?}: {why}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// What `doctor` finds about something: the verdict and the words.
async fn doctor(node: &Node, url: &str, what: &str) -> (String, String) {
    let found = json(node, url, &["doctor"]).await;
    let about = |one: &&Value| one["what"] == what;
    let finding = found.as_array().expect("a list").iter().find(about).unwrap_or_else(|| panic!("no word of {what}"));
    let text = |key: &str| finding[key].as_str().expect("text").to_owned();
    (text("verdict"), text("detail"))
}

async fn reports(world: &World, user: &str, number: &str) {
    let report = Report {
        status: STOP,
        session: number,
        user,
        mac: "02:00:00:00:00:0C",
        class: &[],
        in_octets: 700,
        out_octets: 0,
        seconds: 60,
    };
    world.isp.router.reports(&report).await.expect("sent").expect("an answer");
}

async fn names_in_the_database(world: &World) -> Vec<String> {
    let mut tx = world.store.tenant(&world.isp.scope).await.expect("begins");
    let filter = Filter { online_only: false, user_name: None };
    let page = sessions::list(&mut tx, &filter, tests::first_page()).await.expect("listed");
    page.rows.into_iter().map(|session| session.user_name).collect()
}

#[tokio::test]
async fn what_the_database_refused_is_shown_put_back_and_thrown_away() {
    let mut node = Node::new(env!("CARGO_BIN_EXE_mnetifi")).expect("a machine");
    let world = World::beside(node.auth, node.acct).await.expect("a world");
    let url = world.database.admin_url();
    node.starts(&url).await.expect("a server");
    assert_eq!(json(&node, &url, &["journal", "list"]).await, Value::Array(Vec::new()));
    assert_eq!(doctor(&node, &url, "reports kept aside").await.0, "good");

    world.database.refuses("house-1").await;
    for number in ["81100001", "81100002"] {
        reports(&world, "house-1", number).await;
    }
    node.is_drained().await.expect("drained");
    let kept = json(&node, &url, &["journal", "list"]).await;
    let (verdict, words) = doctor(&node, &url, "reports kept aside").await;
    let metrics = (node.metric("journal_quarantine", &[]).await, node.metric("journal_quarantined_total", &[]).await);
    let limit = node.metric("journal_bytes_max", &[]).await.expect("a page");
    world.database.refuses_nobody().await;

    let numbers: Vec<String> = kept.as_array().expect("a list").iter().map(|one| one["number"].to_string()).collect();
    assert_eq!(numbers.len(), 2, "{kept}");
    assert_eq!((&kept[0]["kind"], &kept[0]["user_name"]), (&Value::from("stop"), &Value::from("house-1")));
    assert!(!kept[0]["why"].as_str().expect("text").is_empty());
    assert_eq!(verdict, "look");
    assert!(words.starts_with("2 that the database refused") && words.contains("mnetifi journal"), "{words}");
    assert_eq!((metrics.0.expect("a page"), metrics.1.expect("a page")), (2.0, 2.0));
    assert!((limit - 1024.0 * 1024.0 * 1024.0).abs() < 1.0, "{limit}");

    // One is put back while no server runs, and taken in by the next; the other is thrown away.
    assert!(node.is_stopped().await.expect("asked"));
    let put_back = json(&node, &url, &["journal", "requeue", &numbers[0]]).await;
    let gone = json(&node, &url, &["journal", "discard", &numbers[1]]).await;
    let again = node.runs_beside(&url, &["journal", "discard", &numbers[1]]).await.expect("it runs");
    assert_eq!((&put_back["requeued"], &gone["discarded"]), (&Value::from(1), &Value::from(1)));
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("not there"));
    assert!(names_in_the_database(&world).await.is_empty());

    node.starts(&url).await.expect("a server");
    for _ in 0..500 {
        if !names_in_the_database(&world).await.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(names_in_the_database(&world).await, ["house-1"]);
    assert_eq!(json(&node, &url, &["journal", "list"]).await, Value::Array(Vec::new()));
    let nothing = json(&node, &url, &["journal", "requeue", "--all"]).await;
    assert_eq!(nothing["requeued"], Value::from(0));
    assert!(node.is_stopped().await.expect("asked"));
}

#[tokio::test]
async fn a_server_that_records_no_answers_says_so() {
    let mut node = Node::new(env!("CARGO_BIN_EXE_mnetifi")).expect("a machine").with("MNETIFI_DECISIONS_RECORD", "no");
    let world = World::beside(node.auth, node.acct).await.expect("a world");
    let url = world.database.admin_url();
    node.starts(&url).await.expect("a server");

    let (verdict, words) = doctor(&node, &url, "records of answers").await;
    let recording = node.metric("decisions_recording", &[]).await.expect("a page");

    assert_eq!(verdict, "look");
    assert!(words.starts_with("switched off"), "{words}");
    assert!(recording.abs() < f64::EPSILON, "{recording}");
    assert_eq!(doctor(&node, &url, "journal").await.0, "good");
    assert!(node.is_stopped().await.expect("asked"));
}
