//! `mnetifi branch …` and `mnetifi zone …` on the command line: where a tenant works.

use clap::{Args, Subcommand};
use domain::platform::place::PlaceName;

use super::Paging;

/// `branch …`.
#[derive(Debug, Subcommand)]
pub enum Branch {
    /// Add a branch: an office with zones of its own
    Add {
        /// Its name, as "Nakuru"
        name: PlaceName,
    },
    /// List the branches in the order in which they were added
    List(Paging),
    /// Give a branch another name
    Rename {
        /// Its name
        name: PlaceName,
        /// The name to be
        to: PlaceName,
    },
    /// Take away a branch that has no zones
    Remove {
        /// Its name
        name: PlaceName,
    },
}

/// `zone …`.
#[derive(Debug, Subcommand)]
pub enum Zone {
    /// Add a zone: a village or an estate in which technicians work
    Add(ZoneAdd),
    /// List the zones in the order in which they were added
    List(ZoneList),
    /// Give a zone another name or branch; what is left out stays as it is
    Change(ZoneChange),
    /// Take away a zone in which nobody works and nobody lives
    Remove {
        /// Its name
        name: PlaceName,
    },
}

/// `zone add`.
#[derive(Debug, Args)]
pub struct ZoneAdd {
    /// Its name, as "Hill estate"
    pub name: PlaceName,
    /// The branch that it belongs to, by its name
    #[arg(long, value_name = "NAME")]
    pub branch: Option<PlaceName>,
}

/// `zone list`.
#[derive(Debug, Args)]
pub struct ZoneList {
    /// Only those of this branch
    #[arg(long, value_name = "NAME")]
    pub branch: Option<PlaceName>,
    /// How many to show, and where to go on
    #[command(flatten)]
    pub paging: Paging,
}

/// `zone change`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["rename", "branch"]))]
pub struct ZoneChange {
    /// Its name
    pub name: PlaceName,
    /// The name to be
    #[arg(long, value_name = "NAME")]
    pub rename: Option<PlaceName>,
    /// The branch to be; `-` for none
    #[arg(long, value_name = "NAME")]
    pub branch: Option<PlaceName>,
}
