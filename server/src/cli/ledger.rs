//! `mnetifi ledger …` on the command line.

use clap::Subcommand;

/// `ledger …`.
#[derive(Debug, Subcommand)]
pub enum Ledger {
    /// Go over a tenant's whole ledger and all its closed days, and tell whether anything was changed or taken out
    Verify,
    /// Write the proof of all closed days as CSV, to be kept elsewhere: each day with its digest and its hash
    Export,
}
