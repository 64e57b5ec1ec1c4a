//! `mnetifi radsec …` on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::network::certificate::Serial;
use domain::text::Slug;

use crate::cli::Paging;

/// `radsec …`.
#[derive(Debug, Subcommand)]
pub enum Radsec {
    /// The authority that signs certificates
    #[command(subcommand)]
    Ca(RadsecCa),
    /// Issue a certificate to a router and write it, its key and the authority's certificate into files
    Issue(RadsecIssue),
    /// List the certificates
    List(Paging),
    /// Take certificates back; within a second they open nothing, and their connections are closed
    Revoke(RadsecRevoke),
}

/// `radsec ca …`.
#[derive(Debug, Subcommand)]
pub enum RadsecCa {
    /// Print the authority's certificate, which routers are to trust; the first time it founds the authority
    Show,
}

/// `radsec issue`.
#[derive(Debug, Args)]
pub struct RadsecIssue {
    /// The router's short name
    pub nas: Slug,
    /// Directory for the files, which hold a secret key [default: here]
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub out: PathBuf,
    /// Days that the certificate lasts
    #[arg(long, value_name = "DAYS", default_value_t = 1_825, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub days: u32,
}

/// `radsec revoke`.
#[derive(Debug, Args)]
pub struct RadsecRevoke {
    /// A router's short name: all of its certificates
    #[arg(required_unless_present = "serial")]
    pub nas: Option<Slug>,
    /// The one certificate with this serial number, as `radsec list` shows it
    #[arg(long, conflicts_with = "nas")]
    pub serial: Option<Serial>,
}
