//! `mnetifi import …`: what another system exported.
//!
//! Nothing is written before every row has been read and checked; the rows are written in one transaction.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use actions::people::add_subscribers::{self, Listed, Wanted};
use anyhow::{Context, bail};
use domain::platform::tenant::Tenant;
use domain::sales::plan::Plan;
use imports::subscribers_csv::SubscribersCsv;
use serde::Serialize;
use store::people::subscribers;
use store::sales::plans;

use crate::cli;
use crate::open::Opened;
use crate::print::{self, Style};
use crate::progress::Progress;

/// Faulty rows that are shown; a file that is wrong throughout would bury the first line.
const FAULTS_SHOWN: usize = 20;

#[derive(Serialize)]
struct Fault {
    row: u64,
    column: Option<String>,
    problem: String,
}

#[derive(Serialize)]
struct Report {
    dry_run: bool,
    rows: usize,
    faulty: usize,
    added: usize,
    existing: Vec<String>,
    faults: Vec<Fault>,
}

/// Runs the command. Faulty rows are told with their numbers; without `--skip-faulty` they stop everything.
pub async fn run(opened: &Opened, command: cli::Import) -> anyhow::Result<()> {
    let cli::Import::Subscribers(import) = command;
    let tenant = opened.tenant().await?;
    let scope = opened.scope(&tenant);
    let mut tx = opened.store.tenant(&scope).await?;
    let plans = plans::list(&mut tx).await?;
    drop(tx);
    let (wanted, mut faults) = read(&import.file, &tenant, &plans)?;
    let faulty: HashSet<u64> = faults.iter().map(|fault| fault.row).collect();
    let rows = wanted.len() + faulty.len();
    let stopped = !faults.is_empty() && !import.skip_faulty;
    let (added, existing) = if import.dry_run || stopped {
        let existing = existing(opened, &scope, &wanted).await?;
        (if stopped { 0 } else { wanted.len() - existing.len() }, existing)
    } else {
        let progress = Progress::over(wanted.len() as u64, "subscribers added");
        let added = add_subscribers::add_subscribers(
            &opened.store,
            &scope,
            &tenant.zone,
            &used(&plans, &wanted),
            wanted,
            opened.context(),
            &mut |done| progress.at(done as u64),
        )
        .await?;
        progress.done();
        opened.rows_were_added(added.added).await?;
        (added.added, added.existing.iter().map(ToString::to_string).collect())
    };
    faults.sort_by_key(|fault| fault.row);
    let report = Report { dry_run: import.dry_run, rows, faulty: faulty.len(), added, existing, faults };
    tell(opened.style, &report)?;
    if stopped {
        bail!(
            "{} of {} rows are faulty, nothing was written: mend them, or add the others with --skip-faulty",
            faulty.len(),
            report.rows
        );
    }
    Ok(())
}

fn read(path: &Path, tenant: &Tenant, plans: &[Plan]) -> anyhow::Result<(Vec<Wanted>, Vec<Fault>)> {
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).with_context(|| format!("{} cannot be read", path.display()))?)
    };
    let by_name: HashMap<&str, &Plan> = plans.iter().map(|plan| (plan.name.as_str(), plan)).collect();
    let (mut wanted, mut faults) = (Vec::new(), Vec::new());
    for row in SubscribersCsv::open(source, &tenant.zone)? {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                faults.push(Fault {
                    row: error.row,
                    column: error.column.map(|column| column.to_string()),
                    problem: error.problem.to_string(),
                });
                continue;
            }
        };
        let number = row.row;
        let listed = Listed {
            username: row.username,
            password: row.password,
            plan: row.plan,
            until: row.until,
            framed_ip: row.address,
            phone: row.phone,
        };
        match listed.wanted(&by_name, &tenant.calling_code) {
            Ok(one) => wanted.push(one),
            Err(fault) => {
                faults.push(Fault { row: number, column: Some(fault.column.to_owned()), problem: fault.problem });
            }
        }
    }
    Ok((wanted, faults))
}

/// The plans that the rows name, and no others.
fn used(plans: &[Plan], wanted: &[Wanted]) -> Vec<Plan> {
    let named: HashSet<_> = wanted.iter().map(|one| one.plan).collect();
    plans.iter().filter(|plan| named.contains(&plan.id)).cloned().collect()
}

async fn existing(opened: &Opened, scope: &store::TenantScope, wanted: &[Wanted]) -> anyhow::Result<Vec<String>> {
    let names: Vec<_> = wanted.iter().map(|one| one.username.clone()).collect();
    let mut tx = opened.store.tenant(scope).await?;
    Ok(subscribers::existing_usernames(&mut tx, &names).await?.iter().map(ToString::to_string).collect())
}

fn tell(style: Style, report: &Report) -> anyhow::Result<()> {
    if style == Style::Json {
        return Ok(print::line(&serde_json::to_string_pretty(report)?)?);
    }
    for fault in report.faults.iter().take(FAULTS_SHOWN) {
        let column = fault.column.as_deref().map(|column| format!(", column {column}")).unwrap_or_default();
        print::aside(&format!("row {}{column}: {}", fault.row, fault.problem));
    }
    if report.faults.len() > FAULTS_SHOWN {
        print::aside(&format!("and {} more faulty rows", report.faults.len() - FAULTS_SHOWN));
    }
    if !report.existing.is_empty() {
        let shown: Vec<_> = report.existing.iter().take(5).map(String::as_str).collect();
        let more = report.existing.len() - shown.len();
        let and = if more > 0 { format!(" and {more} more") } else { String::new() };
        print::aside(&format!("there already, left as they were: {}{and}", shown.join(", ")));
    }
    let verb = if report.dry_run { "would be added" } else { "added" };
    Ok(print::line(&format!(
        "{} rows read: {} {verb}, {} there already, {} faulty",
        report.rows,
        report.added,
        report.existing.len(),
        report.faulty
    ))?)
}
