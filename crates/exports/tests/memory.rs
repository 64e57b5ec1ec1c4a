//! A long file takes no more memory than a short one.
//!
//! One test in a process of its own: what is measured is the whole process.

use exports::csv;
use exports::table::Cell;
use exports::xlsx::Sheets;

/// Rows of the long file.
const ROWS: usize = 100_000;

/// What the process may grow by while it writes it, in kilobytes. Its rows are 20 MB as texts.
const GROWTH_MAX_KB: u64 = 12 * 1024;

/// The most memory that this process has ever had, in kilobytes.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("reads");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("there");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

fn cells(number: usize) -> Vec<Cell> {
    (0..10).map(|column| Cell::text(format!("=row {number} of column {column}"))).collect()
}

fn workbook(rows: usize) -> u64 {
    let folder = tempfile::tempdir().expect("a folder");
    let mut sheets = Sheets::new(folder.path(), &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]).expect("begins");
    for number in 0..rows {
        sheets.push_row(cells(number)).expect("written");
    }
    sheets.finish().expect("finished").metadata().expect("a file").len()
}

#[test]
fn a_hundred_thousand_rows_take_no_more_memory_than_a_thousand() {
    let short = workbook(1_000);
    let before = peak_kb();

    let long = workbook(ROWS);
    let mut octets = 0;
    for page in 0..ROWS / 1_000 {
        let mut text = String::new();
        (0..1_000).for_each(|row| csv::push_row(&mut text, cells(page * 1_000 + row)));
        octets += text.len();
    }

    let growth = peak_kb() - before;
    assert!(long > 20 * short, "the long one is long: {long} octets beside {short}");
    assert!(octets > 20_000_000, "{octets}");
    assert!(growth < GROWTH_MAX_KB, "grew by {growth} KB");
}
