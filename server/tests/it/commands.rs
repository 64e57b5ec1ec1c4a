//! What the API can do to tenants, people and keys, an operator does by command.

use serde_json::Value;

use crate::machine::Machine;

/// Runs a command that must fail, and gives what it said.
fn refused(machine: &Machine, arguments: &[&str]) -> String {
    let told = machine.runs(arguments);
    assert!(!told.status.success(), "{arguments:?} was done");
    String::from_utf8_lossy(&told.stderr).into_owned()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}

/// The verbs of the newest entries of the audit, newest first.
fn verbs(machine: &Machine, count: &str) -> Vec<String> {
    let listed = machine.json(&["audit", "list", "--limit", count]);
    let entries = listed.as_array().expect("a list").iter();
    entries.map(|entry| text(entry, "verb").replace(' ', "_")).collect()
}

#[test]
fn places_people_roles_keys_and_settings_are_dealt_with_by_command_and_told() {
    let machine = Machine::new();
    let demo = machine.demo();

    // Places.
    machine.json(&["branch", "add", "Nakuru"]);
    machine.json(&["zone", "add", "Hill", "--branch", "nakuru"]);
    let zone = machine.json(&["zone", "change", "hill", "--rename", "Hill estate"]);
    assert_eq!((text(&zone, "zone"), text(&zone, "branch")), ("Hill estate", "Nakuru"));
    assert!(refused(&machine, &["branch", "remove", "Nakuru"]).contains("zone"));
    assert!(refused(&machine, &["zone", "add", "HILL ESTATE"]).contains("mnetifi: "));

    // A role of its own, and somebody who has it, there alone.
    let role = machine.json(&["role", "make", "Riders", "--may", "customers:see", "--services", "pppoe-and-static"]);
    let role = text(&role, "role").to_owned();
    machine.json(&["role", "change", &role, "--may", "customers:see,subscribers:see"]);
    let listed = machine.json(&["role", "list"]);
    let named: Vec<&str> = listed.as_array().expect("a list").iter().map(|one| text(one, "name")).collect();
    assert_eq!(named, ["owner", "admin", "technician", "billing", "support", "Riders"]);
    let joining = ["staff", "add", "tom@demo.example", "--user-name", "tom", "--name", "Tom", "--role", &role];
    let code = machine.json(&[&joining[..], &["--zones", "Hill estate", "--phone", "0712 345 678"]].concat());
    assert!(text(&code, "code").len() > 20, "{code}");
    let changed = machine.json(&["staff", "change", "tom@demo.example", "--name", "Tom Kip", "--everywhere"]);
    assert_eq!(text(&changed, "name"), "Tom Kip");
    assert_eq!(machine.json(&["staff", "sessions", "tom@demo.example"]), serde_json::json!([]));
    assert!(refused(&machine, &["role", "remove", &role]).contains("mnetifi: "));
    machine.json(&["staff", "change", "tom@demo.example", "--role", "support"]);
    machine.json(&["role", "remove", &role]);

    // Customers.
    let new = ["customer", "add", "Mary Wanjiku", "--phone", "0712345679", "--zone", "Hill estate"];
    let mary = machine.json(&[&new[..], &["--document", "national_id=A9081726"]].concat());
    let id = text(&mary, "id").to_owned();
    assert_eq!((text(&mary, "phone"), text(&mary, "document")), ("+254712345679", "pending"));
    assert!(!mary.to_string().contains("A9081726"), "a document's number is not printed");
    let mary = machine.json(&["customer", "change", &id, "--document-is", "verified", "--zone", "-"]);
    assert_eq!((text(&mary, "document"), &mary["zone"]), ("verified", &Value::Null));
    assert!(mary["coordinates"].is_null());
    let placed = machine.json(&["customer", "change", &id, "--coordinates", "-1.286389,36.817223"]);
    assert_eq!(text(&placed, "coordinates"), "-1.286389, 36.817223");
    assert!(refused(&machine, &["customer", "change", &id, "--coordinates", "-91,36"]).contains("36.817223"));
    assert_eq!(text(&machine.json(&["customer", "show", &id]), "coordinates"), "-1.286389, 36.817223");
    assert!(machine.json(&["customer", "change", &id, "--coordinates", "-"])["coordinates"].is_null());
    machine.json(&["customer", "assign", &id, "--to", "tom@demo.example"]);
    assert!(machine.json(&["customer", "show", &id])["assigned_to"].is_string());
    assert_eq!(machine.json(&["customer", "list", "--document-is", "verified"]).as_array().map(Vec::len), Some(1));
    machine.json(&["customer", "remove", &id]);
    assert!(refused(&machine, &["customer", "show", &id]).contains("there is no customer"));

    // A key within limits.
    let key = ["key", "make", "Meters", "--may", "subscribers:see", "--expires-at", "2999-01-01T00:00:00Z"];
    assert!(refused(&machine, &key).contains("within ten years"));
    let key = machine.json(&["key", "make", "Meters", "--may", "subscribers:see", "--zones", "Hill estate"]);
    machine.json(&["key", "revoke", text(&key, "id")]);

    // Settings, which the audit tells like everything else.
    machine.json(&["tenant", "set", "demo", "--name", "Demo Fibre", "--demand-totp", "on", "--session-days", "400"]);
    assert_eq!(text(&machine.json(&["tenant", "list"])[0], "name"), "Demo Fibre");
    machine.json(&["staff", "demand-totp", "off"]);
    assert_eq!(
        verbs(&machine, "6"),
        ["demand_totp", "change_settings", "revoke_key", "make_key", "remove_customer", "assign_customer"]
    );
    assert!(machine.runs(&["audit", "verify"]).status.success());

    // The platform.
    let settings = machine.json(&["platform", "set", "--trial-hours", "48", "--sign-up", "off"]);
    assert_eq!((settings["trial_hours"].as_u64(), settings["is_sign_up_open"].as_bool()), (Some(48), Some(false)));
    assert_eq!(machine.json(&["platform", "set"]), settings);
    assert_eq!(machine.json(&["platform", "visits"]), serde_json::json!([]));
    assert!(demo.interrupt());
}
