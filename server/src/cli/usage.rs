//! `mnetifi usage …` on the command line.

use clap::{Args, ValueEnum};
use domain::people::subscriber::Username;
use domain::sales::voucher::VoucherCode;
use domain::text::Slug;

use crate::cli::Paging;

/// `usage`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("of").args(["subscriber", "voucher", "plan", "nas"]))]
pub struct Usage {
    /// What this subscriber has used
    #[arg(long, value_name = "NAME")]
    pub subscriber: Option<Username>,
    /// What this voucher has used
    #[arg(long, value_name = "CODE")]
    pub voucher: Option<VoucherCode>,
    /// What all who were on this plan have used
    #[arg(long, value_name = "NAME")]
    pub plan: Option<Slug>,
    /// What was used on this router
    #[arg(long, value_name = "NAME")]
    pub nas: Option<Slug>,
    /// By the hour (of a subscriber or a voucher alone), the day or the month
    #[arg(long, value_enum, default_value = "day")]
    pub by: UsageBy,
    /// Print comma-separated values
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// How many to show, and where to go on
    #[command(flatten)]
    pub paging: Paging,
}

/// By what usage is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UsageBy {
    /// Hours, as far as they are kept: some weeks
    Hour,
    /// Days
    Day,
    /// Months
    Month,
}
