//! `mnetifi ledger …`: whether the books are whole.

use std::io::Write as _;

use anyhow::{Context as _, bail};
use serde::Serialize;
use store::money::{ledger, proof};
use store::platform::tenants;

use crate::cli;
use crate::open::Opened;
use crate::print;

/// Runs the command.
pub async fn run(opened: &Opened, command: cli::Ledger) -> anyhow::Result<()> {
    match command {
        cli::Ledger::Verify => verify(opened).await,
        cli::Ledger::Export => export(opened).await,
    }
}

#[derive(Serialize)]
struct Verified {
    entries: u64,
    unbalanced: u64,
    wallets_astray: u64,
    arrivals_astray: u64,
    days: u32,
    head: String,
    fault: Option<String>,
}

/// Goes over everything. A fault is an error, so that a script hears of it.
async fn verify(opened: &Opened) -> anyhow::Result<()> {
    let mut tx = opened.store.tenant(&super::platform::place(opened).await?.scope).await?;
    let tenant = tenants::own(&mut tx).await?;
    let whole = ledger::audit(&mut tx).await?;
    let days = proof::verify(&mut tx).await?;
    let verified = Verified {
        entries: whole.entries,
        unbalanced: whole.unbalanced,
        wallets_astray: whole.wallets_astray,
        arrivals_astray: whole.arrivals_astray,
        days: days.days,
        head: hex(&days.head),
        fault: days.fault.as_ref().map(ToString::to_string),
    };
    let sentence = format!(
        "{} entries sum to zero, and {} closed days are as they were closed; the last one has the hash {}",
        whole.entries, days.days, verified.head
    );
    if whole.is_whole() && days.fault.is_none() {
        return print::result(opened.style, &verified, &sentence);
    }
    print::result(opened.style, &verified, &format!("the first {} closed days are as they were closed", days.days))?;
    if let Some(fault) = days.fault {
        bail!(
            "the ledger of `{}` was tampered with: {fault}. Keep the database as it is, and compare with a backup",
            tenant.slug
        );
    }
    bail!(
        "the ledger of `{}` is not whole: {} entries do not sum to zero, {} wallets and {} arrivals do not fit it. Keep \
         the database as it is, and compare with a backup",
        tenant.slug,
        whole.unbalanced,
        whole.wallets_astray,
        whole.arrivals_astray
    )
}

#[derive(Serialize)]
struct Day {
    day: u32,
    begins_at: String,
    ends_at: String,
    entries: u64,
    messages: u64,
    digest: String,
    hash: String,
    closed_at: String,
}

/// Writes the chain. Whoever keeps it elsewhere can hold it against a later one.
async fn export(opened: &Opened) -> anyhow::Result<()> {
    let mut tx = opened.store.tenant(&super::platform::place(opened).await?.scope).await?;
    let mut rows: Vec<Day> = Vec::new();
    loop {
        let days = proof::days(&mut tx, rows.last().map_or(0, |day| day.day)).await?;
        if days.is_empty() {
            break;
        }
        rows.extend(days.into_iter().map(|day| Day {
            day: day.place,
            begins_at: day.begins_at.to_string(),
            ends_at: day.ends_at.to_string(),
            entries: day.entries,
            messages: day.notes,
            digest: hex(&day.digest),
            hash: hex(&day.hash),
            closed_at: day.closed_at.to_string(),
        }));
    }
    drop(tx);
    let mut out = std::io::stdout().lock();
    if opened.style == print::Style::Json {
        return writeln!(out, "{}", serde_json::to_string_pretty(&rows)?).context(WRITING);
    }
    writeln!(out, "day,begins_at,ends_at,entries,messages,digest,hash,closed_at").context(WRITING)?;
    for Day { day, begins_at, ends_at, entries, messages, digest, hash, closed_at } in rows {
        writeln!(out, "{day},{begins_at},{ends_at},{entries},{messages},{digest},{hash},{closed_at}")
            .context(WRITING)?;
    }
    Ok(())
}

const WRITING: &str = "the proof cannot be written";

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
