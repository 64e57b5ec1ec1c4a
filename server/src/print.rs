//! What a command prints: a table for people, JSON for machines.

use domain::time::{Timestamp, Zone};
use std::io::{self, Write};

use serde::Serialize;

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Aligned columns.
    Table,
    /// One JSON document.
    Json,
}

/// Prints a line on standard output. A closed pipe (`| head`) is not an error.
pub fn line(text: &str) -> io::Result<()> {
    unless_closed(writeln!(io::stdout().lock(), "{text}"))
}

/// Prints rows: aligned columns under a header, or a JSON array of objects.
///
/// `nothing` is said, on standard error, where a table would be empty.
pub fn rows<Row: Serialize>(
    style: Style,
    rows: &[Row],
    header: &[&str],
    cells: impl Fn(&Row) -> Vec<String>,
    nothing: &str,
) -> anyhow::Result<()> {
    match style {
        Style::Json => Ok(line(&serde_json::to_string_pretty(rows)?)?),
        Style::Table if rows.is_empty() => Ok(writeln!(io::stderr().lock(), "{nothing}")?),
        Style::Table => Ok(table(header, &rows.iter().map(cells).collect::<Vec<_>>())?),
    }
}

/// Prints one result: a sentence, or a JSON object.
pub fn result<Result_: Serialize>(style: Style, result: &Result_, sentence: &str) -> anyhow::Result<()> {
    match style {
        Style::Json => Ok(line(&serde_json::to_string_pretty(result)?)?),
        Style::Table => Ok(line(sentence)?),
    }
}

/// What becomes of those who are online.
pub fn follow(live: u64) -> String {
    match live {
        0 => "nobody is online with it".to_owned(),
        1 => "1 live session follows".to_owned(),
        many => format!("{many} live sessions follow"),
    }
}

/// Says something on standard error, beside the result.
pub fn aside(text: &str) {
    // Nobody can be told that standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

fn table(header: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let header: Vec<String> = header.iter().map(ToString::to_string).collect();
    let mut widths = vec![0; header.len()];
    for row in std::iter::once(&header).chain(rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = io::stdout().lock();
    for row in std::iter::once(&header).chain(rows) {
        let mut text = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', width + 2 - cell.chars().count()));
        }
        if unless_closed(writeln!(out, "{}", text.trim_end())).is_err() {
            break;
        }
    }
    Ok(())
}

fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// An error with its causes in one line, each said once: outer errors often repeat what they carry.
pub fn with_causes(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
    }
    text
}

/// An instant of a machine's list, for people of a zone.
pub fn zoned(instant: &str, zone: &Zone) -> String {
    instant.parse::<Timestamp>().map_or_else(|_| instant.to_owned(), |at| at.in_zone(zone))
}
