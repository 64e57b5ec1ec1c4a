//! `operation …`: deeds on many subscribers at once.

use clap::{Args, Subcommand};
use domain::id::OperationId;

use super::Paging;

/// `operation …`.
#[derive(Debug, Subcommand)]
pub enum Operation {
    /// List the operations, newest first
    List(Paging),
    /// Show what became of each subscriber of one
    Show(OperationShow),
}

/// `operation show`.
#[derive(Debug, Args)]
pub struct OperationShow {
    /// Its id
    pub id: OperationId,
    /// As CSV
    #[arg(long)]
    pub csv: bool,
}
