//! The table and the JSON.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::arguments::{Mode, Pace};
use crate::meanwhile::Done;
use crate::process::Used;
use crate::proof::Proof;
use crate::tally::{Tally, count};

/// One mode's run, and what processes used meanwhile.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) mode: Mode,
    pub(crate) pace: Pace,
    pub(crate) tally: Tally,
    /// How long server and database went on working after the last reply.
    pub(crate) settled: Option<Duration>,
    pub(crate) server: Option<Used>,
    pub(crate) database: Option<Used>,
    /// CPU time of the generator itself.
    pub(crate) generator: Duration,
    /// CPU time of the whole machine, until the last reply.
    pub(crate) machine: Duration,
    /// Until the last reply, or until it was given up.
    pub(crate) lasted: Duration,
    /// Whether what was answered is in the database, where that was looked at.
    pub(crate) proof: Option<Proof>,
    /// What else was done during the run.
    pub(crate) meanwhile: Option<Done>,
}

impl Row {
    /// CPU milliseconds for each 1,000 replies.
    fn cpu_ms(&self, used: Option<Used>) -> Option<f64> {
        self.ms_per_1000(used?.cpu)
    }

    fn ms_per_1000(&self, cpu: Duration) -> Option<f64> {
        let answered = self.tally.answered();
        (answered > 0).then(|| cpu.as_secs_f64() * 1e3 / (count(answered) / 1e3))
    }

    /// How many cores were busy on average, with whatever else ran on this machine.
    fn busy_cores(&self) -> f64 {
        self.machine.as_secs_f64() / self.lasted.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// Replies a second of the echo, when one of the runs was it.
fn ceiling(rows: &[Row]) -> Option<f64> {
    rows.iter().find(|row| row.mode == Mode::Echo).map(|row| row.tally.per_second()).filter(|rate| *rate > 0.0)
}

/// One object for each run.
pub(crate) fn json(rows: &[Row]) -> Value {
    let ceiling = ceiling(rows);
    rows.iter().map(|row| json_of(row, ceiling)).collect()
}

fn json_of(row: &Row, ceiling: Option<f64>) -> Value {
    let tally = &row.tally;
    json!({
        "mode": row.mode.name(),
        "window": match row.pace { Pace::Window(window) => Some(window), Pace::Every(_) => None },
        "due_per_second": match row.pace { Pace::Window(_) => None, Pace::Every(every) => Some(every.as_secs_f64().recip()) },
        "seconds": tally.took.as_secs_f64(),
        "requests_per_second": tally.per_second(),
        "of_echo_ceiling": ceiling.map(|ceiling| tally.per_second() / ceiling),
        "sent": tally.sent,
        "repeated": tally.repeated,
        "accepts": tally.accepts,
        "rejects": tally.rejects,
        "recorded": tally.recorded,
        "echoed": tally.echoed,
        "invalid": tally.invalid,
        "stray": tally.stray,
        "lost": tally.lost,
        "unsent": tally.unsent,
        "waited_ms": {
            "p50": tally.waited_ms(0.5),
            "p90": tally.waited_ms(0.9),
            "p99": tally.waited_ms(0.99),
            "p99.9": tally.waited_ms(0.999),
            "max": tally.longest_ms(),
        },
        "settled_seconds": row.settled.map(|settled| settled.as_secs_f64()),
        "server_cpu_ms_per_1000": row.cpu_ms(row.server),
        "database_cpu_ms_per_1000": row.cpu_ms(row.database),
        "generator_cpu_ms_per_1000": row.ms_per_1000(row.generator),
        "busy_cores": row.busy_cores(),
        "proof": row.proof.map(json_of_proof),
        "meanwhile": row.meanwhile.map(|done| json!({ "well": done.well, "badly": done.badly })),
        "server_memory_kib": row.server.map(|used| used.memory_kib),
        "database_memory_kib": row.database.map(|used| used.memory_kib),
    })
}

fn json_of_proof(proof: Proof) -> Value {
    let json_of = |(sessions, up, down)| json!({ "sessions": sessions, "octets_up": up, "octets_down": down });
    json!({
        "seconds": proof.after.map(|after| after.as_secs_f64()),
        "answered": json_of(proof.answered),
        "found": json_of(proof.found),
    })
}

const HEADINGS: [&str; 21] = [
    "mode",
    "req/s",
    "of echo",
    "yes",
    "no",
    "kept",
    "invalid",
    "stray",
    "lost",
    "unsent",
    "p50 ms",
    "p90",
    "p99",
    "p99.9",
    "max",
    "after s",
    "server",
    "database",
    "generator",
    "busy",
    "memory",
];

const LEGEND: &str = "\
req/s: verified replies a second. of echo: the same as a share of the echo's. yes, no: accepts and rejects. kept: records
answered. after: how long server and database went on working after the last reply. server, database, generator: CPU ms
for each 1,000 replies, with the work after them. busy: cores at work, ours or not. memory: server and database in MiB.";

/// A table for people.
pub(crate) fn table(rows: &[Row]) -> String {
    let ceiling = ceiling(rows);
    let mut lines = vec![HEADINGS.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| cells(row, ceiling)));
    let widths: [usize; HEADINGS.len()] =
        std::array::from_fn(|at| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for line in &lines {
        for (at, (cell, width)) in line.iter().zip(widths).enumerate() {
            let gap = if at == 0 { "" } else { "  " };
            // A String takes whatever is written.
            let _ = if at == 0 { write!(text, "{cell:<width$}") } else { write!(text, "{gap}{cell:>width$}") };
        }
        text.push('\n');
    }
    for Proof { after, answered, found } in rows.iter().filter_map(|row| row.proof) {
        let _ = match after {
            Some(after) => writeln!(
                text,
                "acct: every answered record is in the database {:.1} s after the last reply: {} sessions, {} octets",
                after.as_secs_f64(),
                found.0,
                found.1 + found.2
            ),
            None => writeln!(text, "acct: answered {answered:?}, but in the database there is {found:?}"),
        };
    }
    text.push_str(LEGEND);
    text.push('\n');
    text
}

fn cells(row: &Row, ceiling: Option<f64>) -> [String; HEADINGS.len()] {
    let tally = &row.tally;
    let dash = || "-".to_owned();
    let number = |value: Option<f64>| value.map_or_else(dash, |value| format!("{value:.0}"));
    let mib = |used: Option<Used>| used.map_or_else(dash, |used| (used.memory_kib / 1_024).to_string());
    [
        row.mode.name().to_owned(),
        format!("{:.0}", tally.per_second()),
        ceiling.map_or_else(dash, |ceiling| format!("{:.1} %", 100.0 * tally.per_second() / ceiling)),
        tally.accepts.to_string(),
        tally.rejects.to_string(),
        tally.recorded.to_string(),
        tally.invalid.to_string(),
        tally.stray.to_string(),
        tally.lost.to_string(),
        tally.unsent.to_string(),
        format!("{:.2}", tally.waited_ms(0.5)),
        format!("{:.2}", tally.waited_ms(0.9)),
        format!("{:.2}", tally.waited_ms(0.99)),
        format!("{:.2}", tally.waited_ms(0.999)),
        format!("{:.2}", tally.longest_ms()),
        row.settled.map_or_else(dash, |settled| format!("{:.1}", settled.as_secs_f64())),
        number(row.cpu_ms(row.server)),
        number(row.cpu_ms(row.database)),
        number(row.ms_per_1000(row.generator)),
        format!("{:.1}", row.busy_cores()),
        format!("{} + {}", mib(row.server), mib(row.database)),
    ]
}
