//! A phone's browser in the demo's portal: Chromium without a window, driven by `tests/browser/portal.mjs`.

use std::process::Command;

use crate::machine::Machine;

#[test]
fn a_phones_browser_buys_and_is_online_with_scripts_and_without() {
    let machine = Machine::new();
    let demo = machine.demo();
    let story = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/browser/portal.mjs");
    let pictures = std::env::var_os("MNETIFI_TEST_PICTURES");

    let told = Command::new("node").arg(story).arg(demo.phone()).args(pictures).output().expect("node is here");

    let (said, faults) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    assert!(told.status.success(), "`scripts/setup test` installs what this needs\n{said}\n{faults}");
    assert!(said.contains("with scripts, as slow as 2G") && said.contains("axe, desktop"), "{said}");
    assert!(demo.interrupt());
}
