//! What the documents promise is there: tests that they name exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// The names of all test functions in the sources under a directory.
fn tests_in(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).expect("listed") {
        let path = entry.expect("listed").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            tests_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            collect(&fs::read_to_string(&path).expect("read"), found);
        }
    }
}

/// Functions that stand under a mark of a test.
fn collect(source: &str, found: &mut BTreeSet<String>) {
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(rest) = line.trim_start_matches("async ").strip_prefix("fn ") {
            let name = rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next();
            if let Some(name) = name.filter(|_| is_test) {
                found.insert(name.to_owned());
            }
            is_test = false;
        }
    }
}

/// The names in the last column of each row of a document's first table.
fn named_in(document: &str) -> Vec<Vec<String>> {
    let rows = document.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    rows.take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cell = line.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
            cell.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
        })
        .collect()
}

#[test]
fn each_rule_of_accounting_names_tests_that_exist() {
    let document = fs::read_to_string(root().join("docs/accounting.md")).expect("read");
    let mut there = BTreeSet::new();
    tests_in(&root(), &mut there);

    let named = named_in(&document);

    assert!(named.len() >= 15, "the table of rules is not found: {} rows", named.len());
    let bare = named.iter().filter(|tests| tests.is_empty()).count();
    assert_eq!(bare, 0, "{bare} rules of docs/accounting.md name no test");
    let absent: Vec<&String> = named.iter().flatten().filter(|test| !there.contains(*test)).collect();
    assert!(absent.is_empty(), "docs/accounting.md names tests that do not exist: {absent:?}");
}

/// The metrics that the sources register, as Prometheus sees them: a counter's name ends in `_total`.
fn metrics_in(source: &str, found: &mut BTreeSet<String>) {
    for part in source.split("registry.register(").skip(1) {
        let Some(name) = part.split('"').nth(1) else { continue };
        found.insert(name.to_owned());
        found.insert(format!("{name}_total"));
    }
}

#[test]
fn each_alarm_is_about_a_metric_that_exists() {
    let mut there = BTreeSet::new();
    for source in ["radiusd/src/meters.rs", "radiusd/src/decisions/meters.rs", "worker/src/meters.rs"] {
        metrics_in(&fs::read_to_string(root().join(source)).expect("read"), &mut there);
    }
    let document = fs::read_to_string(root().join("docs/operations.md")).expect("read");
    let section = document.split("## When an alarm rings").nth(1).expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();

    let first_cells = section.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
    let alarms: Vec<&str> = first_cells.filter_map(|cell| cell.split('`').nth(1)).collect();

    let is_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let names = alarms.iter().filter_map(|alarm| alarm.split(|letter| !is_name(letter)).next());
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    assert!(names.len() >= 10, "the table of alarms is not found: {alarms:?}");
    let absent: Vec<&&str> = names.iter().filter(|name| !there.contains(**name)).collect();
    assert!(absent.is_empty(), "docs/operations.md has alarms about metrics that do not exist: {absent:?}");
}
