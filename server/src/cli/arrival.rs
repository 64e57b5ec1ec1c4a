//! `mnetifi arrival …` on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::id::{ArrivalId, GatewayId, PaymentId};
use domain::money::Money;
use domain::money::claim::Receipt;
use domain::people::subscriber::Username;
use domain::text::Slug;

use super::Paging;
use super::account::money;

/// `arrival …`.
#[derive(Debug, Subcommand)]
pub enum Arrival {
    /// List money that has come, or is said to have come, newest first
    List(ArrivalList),
    /// Show what is known of money, and whose it may be
    Show(OneArrival),
    /// Say whose money it is; what it pays for is given
    Match(ArrivalMatch),
    /// Answer for it that money has come: you see it in the gateway's own statement
    Accept(OneArrival),
    /// Note that something is wrong with money
    Dispute(ArrivalDispute),
    /// Give money back to whoever paid, whole, by the gateway
    GiveBack(ArrivalGiveBack),
    /// Claim a receipt that somebody shows; the gateway is asked
    Claim(ArrivalClaim),
    /// Take cash; what it pays for is given
    Cash(ArrivalCash),
    /// Bring in a statement of a gateway, as CSV or as a workbook
    Import(ArrivalImport),
}

/// `arrival list`.
#[derive(Debug, Args)]
pub struct ArrivalList {
    /// Only what has this receipt
    #[arg(long)]
    pub search: Option<String>,
    /// Only what stands so: pending, for_payment, in_wallet, disputed, reversed or folded
    #[arg(long)]
    pub state: Option<String>,
    /// Only what is not proven to have come
    #[arg(long)]
    pub unverified: bool,
    /// How many to show, and where to go on
    #[command(flatten)]
    pub paging: Paging,
}

/// One sum.
#[derive(Debug, Args)]
pub struct OneArrival {
    /// Its id
    pub id: ArrivalId,
}

/// Whose money it is.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Whose {
    /// For this payment
    #[arg(long, value_name = "ID")]
    pub payment: Option<PaymentId>,
    /// Of this subscriber
    #[arg(long, value_name = "USER NAME", value_parser = username)]
    pub subscriber: Option<Username>,
    /// Of whoever has this telephone
    #[arg(long)]
    pub phone: Option<String>,
}

fn username(text: &str) -> Result<Username, String> {
    Username::parse(text.as_bytes()).map_err(|_| "write 1 to 64 characters without spaces".to_owned())
}

/// `arrival match`.
#[derive(Debug, Args)]
pub struct ArrivalMatch {
    /// Its id
    pub id: ArrivalId,
    /// Whose it is
    #[command(flatten)]
    pub whose: Whose,
    /// The hotspot plan whose voucher it buys for the telephone
    #[arg(long, requires = "phone", value_name = "NAME")]
    pub plan: Option<Slug>,
}

/// `arrival dispute`.
#[derive(Debug, Args)]
pub struct ArrivalDispute {
    /// Its id
    pub id: ArrivalId,
    /// What is wrong
    #[arg(long)]
    pub note: String,
}

/// `arrival give-back`.
#[derive(Debug, Args)]
pub struct ArrivalGiveBack {
    /// Its id
    pub id: ArrivalId,
    /// Why, in 2 to 100 characters
    #[arg(long)]
    pub why: String,
}

/// `arrival claim`.
#[derive(Debug, Args)]
pub struct ArrivalClaim {
    /// The number in the payer's message, as UAF3K7Q2ZD
    pub receipt: Receipt,
    /// To which gateway it was paid [default: the only one]
    #[arg(long, value_name = "ID")]
    pub gateway: Option<GatewayId>,
    /// Whose it is
    #[command(flatten)]
    pub whose: Whose,
}

/// `arrival cash`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("buys").required(true).args(["plan", "subscriber"]))]
pub struct ArrivalCash {
    /// How much was taken, as `KES 20.00`
    #[arg(value_parser = money)]
    pub amount: Money,
    /// The hotspot plan whose voucher is bought
    #[arg(long, requires = "phone", value_name = "NAME")]
    pub plan: Option<Slug>,
    /// Who buys the voucher
    #[arg(long)]
    pub phone: Option<String>,
    /// The subscriber whose next period is paid
    #[arg(long, value_name = "USER NAME", value_parser = username)]
    pub subscriber: Option<Username>,
    /// What stands on the paper
    #[arg(long, default_value = "")]
    pub note: String,
}

/// `arrival import`.
#[derive(Debug, Args)]
pub struct ArrivalImport {
    /// The statement (`-` reads standard input)
    pub file: PathBuf,
    /// Of which gateway [default: the only one]
    #[arg(long, value_name = "ID")]
    pub gateway: Option<GatewayId>,
    /// Only read and compare; write nothing
    #[arg(long)]
    pub dry_run: bool,
}
