//! `mnetifi data-key …` and `mnetifi master-key …` on the command line.

use clap::Subcommand;

/// `data-key …`.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum DataKey {
    /// List each tenant's key: since when it seals, and whether something is sealed by an earlier one
    List,
    /// Give the tenant (--tenant), or everybody, a new key, and seal everything of theirs anew; nothing stops meanwhile
    Rotate,
}

/// `master-key …`.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum MasterKey {
    /// Tell which keys the file holds, and whether something is sealed by an earlier one
    Status,
    /// Change the key, where one server alone runs: a new one in the file, and everything sealed anew; nothing stops
    Rotate,
    /// Several servers, first step: put a new key into the file, which seals nothing yet; copy the file to each machine
    Add,
    /// Several servers, second step: put that key in force and seal everything anew; copy the file to each machine again
    Use,
    /// Last step, once every machine has the file: seal what is left anew and take the earlier keys out of the file
    Forget,
}
