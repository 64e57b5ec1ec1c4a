//! `mnetifi exception …` on the command line.

use clap::{Args, Subcommand};

use super::Paging;

/// `exception …`.
#[derive(Debug, Subcommand)]
pub enum Exception {
    /// List exceptions, newest first
    List(ExceptionList),
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
