//! `mnetifi audit …` on the command line.

use clap::{Args, Subcommand};
use domain::people::subscriber::Username;
use domain::platform::audit::Verb;
use domain::sales::voucher::VoucherCode;
use domain::text::Slug;

use crate::cli::{Paging, When};

/// `audit …`.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// List who changed what, newest first
    List(AuditList),
    /// Walk over a tenant's whole audit and tell whether an entry was changed or taken out
    Verify,
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
    /// Only what somebody did, by the name that the list shows
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
    /// Only one kind of deed, as `change_plan`
    #[arg(long, value_name = "VERB", value_parser = verb)]
    pub verb: Option<Verb>,
    /// Only from this moment on, as 2027-01-31T23:59:00+03:00, or from so long ago, as 90m, 2h or 7d
    #[arg(long, value_name = "INSTANT")]
    pub since: Option<When>,
    /// Only before this moment, or before so long ago
    #[arg(long, value_name = "INSTANT")]
    pub until: Option<When>,
    /// How many to show, and where to go on
    #[command(flatten)]
    pub paging: Paging,
}

fn verb(text: &str) -> Result<Verb, String> {
    let known = || Verb::ALL.iter().map(|verb| verb.code()).collect::<Vec<_>>().join(", ");
    Verb::from_code(&text.trim().replace(' ', "_")).ok_or_else(|| format!("write one of {}", known()))
}
