//! `mnetifi job …` on the command line.

use clap::{Args, Subcommand};
use domain::id::JobId;

use crate::cli::Paging;

/// `job …`.
#[derive(Debug, Subcommand)]
pub enum Job {
    /// List what waits to be done outside, and what was tried too often; newest first
    List(JobList),
    /// Have a job that was tried too often tried again
    Retry {
        /// The job's id, as `job list` shows it
        id: JobId,
    },
}

/// `job list`.
#[derive(Debug, Args)]
pub struct JobList {
    /// Also those that are done
    #[arg(long)]
    pub all: bool,
    /// How many to show, and where to go on
    #[command(flatten)]
    pub paging: Paging,
}
