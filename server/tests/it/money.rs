//! Money by command, as the staff of an ISP deals with it over the API.

use std::fs;

use serde_json::Value;

use crate::machine::Machine;

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}

/// Runs a command that must fail, and gives what it said.
fn refused(machine: &Machine, arguments: &[&str]) -> String {
    let told = machine.runs(arguments);
    assert!(!told.status.success(), "{arguments:?} was done");
    String::from_utf8_lossy(&told.stderr).into_owned()
}

#[test]
fn a_gateway_cash_and_a_statement_are_dealt_with_by_command_and_the_books_stay_whole() {
    let machine = Machine::new();
    let demo = machine.demo();
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("keys");
    fs::write(&keys, "consumer_key = ck-hidden\nconsumer_secret=cs-hidden\npasskey=pk-hidden\n").expect("written");
    let keys = keys.to_str().expect("a path");

    // A gateway. Its keys are not tried: nobody is there to be asked.
    let add = ["gateway", "add", "600111", "--keys-file", keys, "--sandbox", "--no-check"];
    let gateway = machine.json(&add);
    let id = text(&gateway, "id").to_owned();
    assert_eq!((text(&gateway, "shortcode"), gateway["has_initiator"].as_bool()), ("600111", Some(false)));
    assert!(!gateway.to_string().contains("hidden"));
    assert!(refused(&machine, &add).contains("exists already"));
    let changed = machine.json(&["gateway", "set", &id, "--till", "5551234", "--looks-per-minute", "9"]);
    assert_eq!((text(&changed, "till"), changed["looks_per_minute"].as_u64()), ("5551234", Some(9)));
    assert_eq!(machine.json(&["gateway", "off", &id])["is_active"], false);
    assert_eq!(machine.json(&["gateway", "set", &id, "--on"])["is_active"], true);

    // Cash.
    let cash = ["arrival", "cash", "KES 100.00", "--plan", "hour", "--phone", "0712345678", "--note", "book 1"];
    let paid = machine.json(&cash);
    let payment = text(&paid, "payment").to_owned();
    let listed = machine.json(&["payment", "list", "--search", "0712345678"]);
    assert_eq!((text(&listed[0], "id"), text(&listed[0], "state")), (payment.as_str(), "paid"));
    let story = machine.json(&["payment", "show", &payment]).to_string();
    assert!(story.contains("told by counter") && story.contains("what was paid for was given"), "{story}");
    assert!(refused(&machine, &["payment", "retry", &payment]).contains("not over"));
    machine.json(&["payment", "refund", &payment, "--to", "wallet", "--why", "the tower was down"]);

    // A statement, twice.
    let statement = folder.path().join("statement.csv");
    let lines = "Receipt No.,Completion Time,Transaction Status,Paid In,A/C No.\n\
                 UAF9990001,2026-11-22 10:00:00,Completed,50.00,nobody here\n\
                 oops!,2026-11-22 10:00:00,Completed,50.00,x\n";
    fs::write(&statement, lines).expect("written");
    let statement = statement.to_str().expect("a path");
    let dry = machine.json(&["arrival", "import", statement, "--gateway", &id, "--dry-run"]);
    assert_eq!((dry["new"].as_u64(), dry["faulty"].as_u64()), (Some(1), Some(1)), "{dry}");
    assert_eq!(machine.json(&["arrival", "list", "--state", "pending"]), serde_json::json!([]));
    assert_eq!(machine.json(&["arrival", "import", statement, "--gateway", &id])["new"], 1);
    assert_eq!(machine.json(&["arrival", "import", statement, "--gateway", &id])["known"], 1);
    let stray = machine.json(&["arrival", "list", "--search", "uaf9990001"])[0].clone();
    let stray = text(&stray, "id").to_owned();
    machine.json(&["arrival", "dispute", &stray, "--note", "the payer rang"]);
    let matched = machine.json(&["arrival", "match", &stray, "--phone", "0712345999"]);
    assert_eq!(text(&matched, "state"), "in_wallet");
    assert!(refused(&machine, &["arrival", "match", &stray, "--phone", "0712345999"]).contains("somebody's already"));

    let verified = machine.json(&["ledger", "verify"]);
    assert_eq!((verified["unbalanced"].as_u64(), verified["wallets_astray"].as_u64()), (Some(0), Some(0)));
    assert!(machine.runs(&["audit", "verify"]).status.success());
    assert!(demo.interrupt());
}
