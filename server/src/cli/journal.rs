//! `mnetifi journal …` on the command line.

use clap::{Args, Subcommand};

/// `journal …`.
#[derive(Debug, Subcommand)]
pub enum Journal {
    /// List reports that the database refused and pieces of damaged files, with the reasons
    List {
        /// How many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=20_000))]
        limit: u32,
    },
    /// Have reports tried again: a running server takes them within seconds, else the next one does
    Requeue(Requeued),
    /// Throw away what is kept aside, for good
    Discard {
        /// Numbers, as `journal list` shows them
        #[arg(required = true, value_name = "NUMBER")]
        numbers: Vec<u64>,
    },
}

/// `journal requeue`.
#[derive(Debug, Args)]
pub struct Requeued {
    /// Numbers, as `journal list` shows them
    #[arg(required_unless_present = "all", value_name = "NUMBER")]
    pub numbers: Vec<u64>,
    /// All reports that can be read
    #[arg(long, conflicts_with = "numbers")]
    pub all: bool,
}
