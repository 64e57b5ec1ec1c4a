//! `mnetifi audit …` on the command line.

use clap::{Args, Subcommand};
use domain::people::subscriber::Username;
use domain::sales::voucher::VoucherCode;
use domain::text::Slug;

use crate::cli::Paging;

/// `audit …`.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// List who changed what, newest first
    List(AuditList),
}

/// `audit list`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("thing").args(["plan", "voucher", "subscriber"]))]
pub struct AuditList {
    /// Only what was done to this plan
    #[arg(long, value_name = "NAME")]
    pub plan: Option<Slug>,
    /// Only what was done to this voucher
    #[arg(long, value_name = "CODE")]
    pub voucher: Option<VoucherCode>,
    /// Only what was done to this subscriber
    #[arg(long, value_name = "NAME")]
    pub subscriber: Option<Username>,
    /// How many to show, and where to go on
    #[command(flatten)]
    pub paging: Paging,
}
