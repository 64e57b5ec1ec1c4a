//! `mnetifi exception …` on the command line.

use clap::{Args, Subcommand};

use super::Paging;

/// `exception …`.
#[derive(Debug, Subcommand)]
pub enum Exception {
    /// List exceptions, newest first
    List(ExceptionList),
    /// Resolve an exception that somebody has looked after
    Resolve(ExceptionResolve),
}

/// `exception resolve`.
#[derive(Debug, Args)]
pub struct ExceptionResolve {
    /// Its id, as `exception list` shows it
    pub id: String,
    /// What was done about it
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub note: String,
}

/// `exception list`.
#[derive(Debug, Args)]
pub struct ExceptionList {
    /// Also those that are resolved
    #[arg(long)]
    pub all: bool,
    /// How many to show, and where to go on
    #[command(flatten)]
    pub paging: Paging,
}
