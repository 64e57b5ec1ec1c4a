//! The server is killed while routers report: what was answered is in the database, once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::machine::Machine;
use dictionaries::rfc2866::acct_status_type::{INTERIM_UPDATE, START};
use tests::client::Report;
use tokio::sync::Mutex;

const ROUTERS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn every_answered_record_survives_kill_nine_and_is_there_once() {
    let machine = Machine::new();
    let demo = machine.demo();
    // The most octets that were answered, by Acct-Session-Id.
    let answered: Arc<Mutex<HashMap<String, u64>>> = Arc::default();
    let mut reporting = Vec::new();
    for number in 0..ROUTERS {
        let (router, answered) = (machine.router(), Arc::clone(&answered));
        reporting.push(tokio::spawn(async move {
            for story in 0.. {
                let session = format!("81{number:02}{story:04}");
                let mac = format!("02:00:00:{number:02X}:{:02X}:{:02X}", story / 256, story % 256);
                for (status, octets) in [(START, 0), (INTERIM_UPDATE, 1_000), (INTERIM_UPDATE, 2_000)] {
                    let report = Report {
                        status,
                        session: &session,
                        user: "house-12",
                        mac: &mac,
                        class: &[],
                        in_octets: octets,
                        out_octets: octets,
                        seconds: u32::try_from(octets / 10).expect("small"),
                    };
                    match router.reports(&report).await {
                        Ok(Some(_)) => _ = answered.lock().await.insert(session.clone(), octets),
                        Ok(None) | Err(_) => return,
                    }
                }
            }
        }));
    }
    while answered.lock().await.len() < 200 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    demo.kill();
    for task in reporting {
        task.await.expect("no panic");
    }
    let demo = machine.demo();
    machine.drained();
    let kept = machine.json(&["session", "list", "--all", "--limit", "1000"]);
    assert!(demo.interrupt());

    let mut octets: HashMap<String, Vec<u64>> = HashMap::new();
    for session in kept.as_array().expect("a list") {
        let id = session["acct_session_id"].as_str().expect("reported").to_owned();
        octets.entry(id).or_default().push(session["in_octets"].as_u64().expect("a number"));
    }
    let answered = answered.lock().await;
    assert!(answered.len() >= 200 && answered.len() < 1_000, "{} sessions fit one page", answered.len());
    for (session, most) in answered.iter() {
        let kept = octets.get(session).unwrap_or_else(|| panic!("session {session} was answered and is lost"));
        assert_eq!(kept.len(), 1, "session {session} is there {} times", kept.len());
        assert!(kept[0] >= *most, "session {session}: {} of {most} octets", kept[0]);
    }
}
