//! The demo keeps its contract.

use std::time::{Duration, Instant};

use crate::machine::Machine;
use dictionaries::rfc2866::acct_status_type;
use tests::client::Report;

const PHONE: &str = "02:00:00:00:00:01";

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_lives_the_whole_story() {
    let machine = Machine::new();
    #[expect(clippy::disallowed_methods, reason = "the contract is a number of seconds")]
    let started = Instant::now();
    let demo = machine.demo();
    assert!(started.elapsed() < Duration::from_secs(15), "ready after {:?}", started.elapsed());
    assert!(demo.said.contains("radclient"), "{}", demo.said);
    let router = machine.router();

    let accepted = router.asks("DemoHour1", "", PHONE).await.expect("sent").expect("an answer");
    assert!(accepted.is_accept());
    for (user, password, words) in [
        ("DemoHour1", "", "already in use on another device"),
        ("DemoOld1", "", "expired"),
        ("demohour2", "", "capital and small letters"),
        ("DemoNope9", "", "not found"),
        ("house-12", "guess", "wrong password"),
        ("house-13", "karibu-nyumbani", "suspended"),
    ] {
        let reply = router.asks(user, password, "02:00:00:00:00:02").await.expect("sent").expect("an answer");
        assert!(!reply.is_accept() && reply.sentence().contains(words), "{user}: {}", reply.sentence());
    }
    let report = Report {
        status: acct_status_type::START,
        session: "80100001",
        user: "DemoHour1",
        mac: PHONE,
        class: &accepted.class(),
        in_octets: 0,
        out_octets: 0,
        seconds: 0,
    };
    router.reports(&report).await.expect("sent").expect("an answer");
    machine.drained();

    let online = machine.json(&["session", "list"]);
    assert_eq!(online.as_array().map(Vec::len), Some(1), "{online}");
    assert_eq!(online[0]["user_name"], "DemoHour1");
    machine.waits_for_records();
    let story = machine.runs(&["explain", "DemoHour1"]);
    let story = String::from_utf8_lossy(&story.stdout).into_owned();
    assert!(story.contains("REFUSED") && story.contains("already in use on another device"), "{story}");
    let refused = machine.json(&["explain", "--list", "--device", "02-00-00-00-00-02", "--refused", "--since", "1h"]);
    let refused: Vec<_> = refused.as_array().expect("a list").iter().map(|row| row["refusal"].clone()).collect();
    let wanted = ["suspended", "wrong_password", "unknown", "wrong_case", "expired", "already_in_use"]
        .map(serde_json::Value::from);
    assert_eq!(refused, wanted, "newest first");
    let listed = machine.runs(&["explain", "--list", "--limit", "1"]);
    let table = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(table.contains("house-13") && table.contains("refused: suspended"), "{table}");
    let aside = String::from_utf8_lossy(&listed.stderr).into_owned();
    let next = aside.split("--after ").nth(1).expect("more follow").trim();
    let second = machine.json(&["explain", "--list", "--limit", "1", "--after", next]);
    assert_eq!(second[0]["user_name"], "house-12", "{second}");
    for (wrong, words) in [
        (&["--nas", "no-such"][..], "there is no router `no-such`"),
        (&["--since", "1h", "--until", "2h"], "is not before --until"),
        (&["--after", "x"], "--after takes the key"),
    ] {
        let told = machine.runs(&[&["explain", "--list"], wrong].concat());
        let told = String::from_utf8_lossy(&told.stderr).into_owned();
        assert!(told.contains(words), "{told}");
    }
    assert!(machine.page("/readyz").starts_with("HTTP/1.1 200"));
    let counted = || machine.page("/metrics").lines().any(|line| line == "jobs{kind=\"mail\",state=\"waiting\"} 0");
    let mut asked = 0;
    while !counted() {
        asked += 1;
        assert!(asked < 100, "jobs are not counted: {}", machine.page("/metrics"));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let metrics = machine.page("/metrics");
    assert!(metrics.contains("radius_requests_total{code=\"Access-Request\",outcome=\"accept\"} 1"), "{metrics}");

    assert!(demo.interrupt(), "Ctrl-C is a clean end");
    assert_eq!(machine.processes(), [] as [String; 0]);
}

#[test]
fn a_phone_buys_by_mpesa_and_is_online_with_its_page_open_and_closed() {
    let machine = Machine::new();
    let demo = machine.demo();
    let at = demo.phone();
    let phone = ["simulate", "phone", "--buys", "hour", "--at", &at];

    let told = machine.runs(&phone);
    let steps = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.status.success(), "{steps}\n{}", String::from_utf8_lossy(&told.stderr));
    let mut rest = steps.as_str();
    for words in ["joins the Wi-Fi", "chooses `hour`", "asks: pay KES 20.00 to Demo Internet", "the PIN is typed"]
        .into_iter()
        .chain(["Paid. Thank you!", "You are connected"])
    {
        rest = rest.split_once(words).unwrap_or_else(|| panic!("`{words}`, in this order: {steps}")).1;
    }
    let closed = machine.json(&[&phone[..], &["--closes-the-page"]].concat());
    let nothing = machine.runs(&["simulate", "phone", "--buys", "no-such", "--at", &at]);
    let elsewhere = machine.runs(&["simulate", "phone", "--buys", "hour", "--at", "http://192.0.2.1:1"]);

    assert_eq!((&closed["plan"], &closed["code"]), (&"hour".into(), &serde_json::Value::Null));
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("does not sell `no-such`"));
    assert!(String::from_utf8_lossy(&elsewhere.stderr).contains("no simulated Wi-Fi at http://192.0.2.1:1"));
    machine.drained();
    let online = machine.json(&["session", "list"]);
    assert_eq!(online.as_array().map(Vec::len), Some(2), "{online}");
    let ledger = machine.runs(&["--tenant", "demo", "ledger", "verify"]);
    assert!(ledger.status.success(), "{}", String::from_utf8_lossy(&ledger.stderr));
    assert!(demo.interrupt());
}

#[test]
fn running_the_demo_twice_changes_nothing() {
    let machine = Machine::new();
    let lists = [&["voucher", "list"][..], &["plan", "list"], &["subscriber", "list"], &["nas", "list"]];
    let demo = machine.demo();
    let first: Vec<_> = lists.iter().map(|list| machine.json(list)).collect();
    assert!(demo.interrupt());

    let demo = machine.demo();
    let second: Vec<_> = lists.iter().map(|list| machine.json(list)).collect();
    assert!(demo.interrupt());

    assert_eq!(first, second);
    assert_eq!(first[0].as_array().map(Vec::len), Some(12));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_can_be_added_beside_the_running_demo() {
    let machine = Machine::new();
    let demo = machine.demo();

    let added = machine.runs(&["demo", "--subscribers", "3000"]);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let reply = machine.router().asks("user002999", "pass002999", PHONE).await.expect("sent").expect("an answer");

    assert!(reply.is_accept(), "{}", reply.sentence());
    assert!(demo.interrupt());
}

#[test]
fn simulated_phones_come_online_beside_the_demo_and_log_out_at_the_end() {
    let machine = Machine::new();
    let demo = machine.demo();
    let (auth, acct) = (machine.router().auth.to_string(), machine.router().acct.to_string());

    let told = machine.runs(&["simulate", "nas", "--server", &auth, "--acct", &acct, "--seconds", "3", "--json"]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let rows = String::from_utf8_lossy(&told.stdout).into_owned();
    machine.drained();
    let sessions = machine.json(&["session", "list", "--all"]);

    let last: serde_json::Value = rows.lines().last().and_then(|row| serde_json::from_str(row).ok()).expect("a row");
    assert_eq!((rows.lines().count(), &last["online"], &last["refused"]), (3, &9.into(), &0.into()), "{rows}");
    let sessions = sessions.as_array().expect("a list");
    assert_eq!(sessions.len(), 9, "{sessions:?}");
    assert!(sessions.iter().all(|one| one["state"] == "ended"), "{sessions:?}");
    assert!(demo.interrupt());
}

#[test]
fn a_file_is_imported_after_a_dry_run_and_its_faults_are_numbered() {
    let machine = Machine::new();
    let demo = machine.demo();
    let file = machine.data().join("import.csv");
    std::fs::write(&file, "username,password,plan\nanna,secret-1,home-10\n,secret-2,home-10\nbob,secret-3,no-such\n")
        .expect("written");
    let path = file.display().to_string();

    let dry = machine.runs(&["import", "subscribers", &path, "--dry-run"]);
    let faults = String::from_utf8_lossy(&dry.stderr).into_owned();
    assert!(!dry.status.success() && faults.contains("row 3") && faults.contains("row 4"), "{faults}");
    assert!(!faults.contains("secret-"), "a password was shown: {faults}");
    let real = machine.json(&["import", "subscribers", &path, "--skip-faulty"]);
    assert_eq!((&real["added"], &real["faulty"]), (&1.into(), &2.into()), "{real}");
    let again = machine.json(&["import", "subscribers", &path, "--skip-faulty"]);
    assert_eq!((&again["added"], &again["existing"][0]), (&0.into(), &"anna".into()), "{again}");

    assert!(demo.interrupt());
}

#[test]
fn commands_work_without_a_server_and_leave_none_behind() {
    let machine = Machine::new();

    let added = machine.runs(&["tenant", "add", "savanna-net"]);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let tenants = machine.json(&["tenant", "list"]);

    assert_eq!(tenants[0]["tenant"], "savanna-net");
    assert_eq!(machine.processes(), [] as [String; 0]);
}
