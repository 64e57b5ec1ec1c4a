//! Puts reports of `load` side by side: ours, and those of a peer on the same machine in the same run.
//!
//! Read [`measured`] for what a report says, [`table`] for what is made of it, [`goals`] for what we want of it. Starts
//! nothing and measures nothing.
#![forbid(unsafe_code)]

mod goals;
mod measured;
mod table;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use goals::Reports;
use measured::Run;

/// Compares what `load --report` wrote about us with what it wrote about a peer: one table of ratios, one of goals.
#[derive(Debug, Parser)]
#[command(name = "ratios")]
struct Arguments {
    /// Where `scripts/bench` has put the reports
    place: PathBuf,
    /// What the peer is called
    #[arg(long, default_value = "FreeRADIUS")]
    peer: String,
    /// Fail when a goal was missed or not measured
    #[arg(long)]
    strict: bool,
}

fn main() -> ExitCode {
    match compare(&Arguments::parse()) {
        Ok(code) => code,
        Err(why) => {
            let _ = writeln!(std::io::stderr().lock(), "ratios: {why:#}");
            ExitCode::FAILURE
        }
    }
}

fn compare(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let reports = read(arguments)?;
    let ours = reports.ours.as_ref().context("there is no report about us")?;
    let mut out = std::io::stdout().lock();
    let logins: Vec<&Run> = [&reports.memory, &reports.sql, &reports.logged].into_iter().flatten().collect();
    if !logins.is_empty() {
        writeln!(out, "logins\n{}", table::of(ours, &logins))?;
    }
    if let Some(singly) = &reports.singly {
        writeln!(out, "what it costs when datagrams go one by one\n{}", table::of(ours, &[singly]))?;
    }
    if let Some(unrecorded) = &reports.unrecorded {
        writeln!(out, "what recording costs\n{}", table::of(ours, &[unrecorded]))?;
    }
    for (what, ours, theirs) in [
        ("accounting, 64 waiting", &reports.accounting, vec![&reports.memory, &reports.sql]),
        ("accounting, 1,024 waiting", &reports.accounting_wide, vec![&reports.sql_wide]),
        ("PAP at half the rate of the peer with users in memory", &reports.at_half, vec![&reports.memory_at_half]),
        ("PAP while the plan of every subscriber changes", &reports.changing, vec![&reports.quiet]),
    ] {
        let theirs: Vec<&Run> = theirs.into_iter().flatten().collect();
        if let (Some(ours), false) = (ours, theirs.is_empty()) {
            writeln!(out, "{what}\n{}", table::of(ours, &theirs))?;
        }
    }
    let goals = goals::of(&reports);
    write!(out, "{}\n{}", table::LEGEND, goals::table(&goals))?;
    let is_reached = goals.iter().all(|goal| goal.is_met() == Some(true));
    Ok(if is_reached || !arguments.strict { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The reports that are there.
fn read(arguments: &Arguments) -> anyhow::Result<Reports> {
    let report = |file: &str, name: &str| Run::read_if_there(name, &arguments.place.join(file));
    let of_peer = |file: &str, how: &str| report(file, &format!("{}, {how}", arguments.peer));
    Ok(Reports {
        ours: report("ours.json", "mnetifi")?,
        singly: report("ours-singly.json", "mnetifi, datagrams one by one")?,
        unrecorded: report("ours-unrecorded.json", "mnetifi, nothing recorded")?,
        accounting: report("ours-acct.json", "mnetifi")?,
        accounting_wide: report("ours-acct-1024.json", "mnetifi")?,
        at_half: report("ours-half.json", "mnetifi")?,
        quiet: report("ours-quiet.json", "mnetifi, nothing changes")?,
        changing: report("ours-changing.json", "mnetifi, the plan changes")?,
        memory: of_peer("peer-memory.json", "users in memory, records answered and thrown away")?,
        memory_at_half: of_peer("peer-memory-half.json", "users in memory")?,
        sql: of_peer("peer-sql.json", "users and records in PostgreSQL, logins not logged")?,
        sql_wide: of_peer("peer-sql-1024.json", "records in PostgreSQL")?,
        logged: of_peer("peer-logged.json", "users in PostgreSQL, each login logged there")?,
    })
}
