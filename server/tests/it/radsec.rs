//! `mnetifi radsec`: from an issued certificate to one that was taken back.

use std::os::unix::fs::PermissionsExt as _;

use crate::machine::Machine;

#[test]
fn a_certificate_is_issued_listed_and_taken_back_beside_a_running_server() {
    let machine = Machine::new();
    let demo = machine.demo();
    let out = machine.data().join("for-the-router");
    std::fs::create_dir(&out).expect("made");
    let place = out.display().to_string();
    let routers = machine.json(&["nas", "list"]);
    let router = routers[0]["nas"].as_str().expect("a name");

    let issued = machine.json(&["radsec", "issue", router, "--out", &place, "--days", "30"]);
    let told = machine.runs(&["radsec", "issue", router, "--out", &place]);
    let listed = machine.json(&["radsec", "list"]);
    let shown = machine.runs(&["radsec", "ca", "show"]);
    let serial = issued["serial"].as_str().expect("a serial");
    let one = machine.json(&["radsec", "revoke", "--serial", serial]);
    let rest = machine.json(&["radsec", "revoke", router]);
    let nothing = machine.runs(&["radsec", "revoke", router]);
    let after = machine.json(&["radsec", "list"]);

    let read = |what: &str| std::fs::read_to_string(issued[what].as_str().expect("a path")).expect("read");
    let mode = std::fs::metadata(issued["key"].as_str().expect("a path")).expect("there").permissions().mode();
    assert!(read("key").starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert_eq!(mode & 0o777, 0o600);
    assert!(read("certificate").starts_with("-----BEGIN CERTIFICATE-----\n"));
    assert_eq!(read("authority"), String::from_utf8_lossy(&shown.stdout));
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("/radius add") && told.contains("certificate="), "{told}");
    assert!(!told.contains("PRIVATE"), "{told}");
    let states = |list: &serde_json::Value| -> Vec<String> {
        let rows = list.as_array().expect("a list").iter();
        rows.map(|row| row["state"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(states(&listed), ["in force", "in force"]);
    assert_eq!((one[0]["serial"].as_str(), rest.as_array().map(Vec::len)), (Some(serial), Some(1)));
    assert!(!nothing.status.success());
    assert_eq!(states(&after), ["taken back", "taken back"]);
    assert!(demo.interrupt());
}
