//! `mnetifi payment …` on the command line.

use clap::{Args, Subcommand, ValueEnum};
use domain::id::PaymentId;

use super::Paging;

/// `payment …`.
#[derive(Debug, Subcommand)]
pub enum Payment {
    /// List payments, newest first
    List(PaymentList),
    /// Show all that became of a payment
    Show(OnePayment),
    /// Ask the gateway at once what became of a payment
    LookUp(OnePayment),
    /// Send another prompt after a failure
    Retry(OnePayment),
    /// Give what was paid for after all
    Serve(OnePayment),
    /// Give a payment back
    Refund(PaymentRefund),
}

/// `payment list`.
#[derive(Debug, Args)]
pub struct PaymentList {
    /// Only those with this reference, of this telephone, with this receipt, or with this number of a prompt
    #[arg(long)]
    pub search: Option<String>,
    /// Only those that are so: paid, failed, awaiting, and so on
    #[arg(long)]
    pub state: Option<String>,
    /// Only those that were begun on this day, as 2026-11-22
    #[arg(long)]
    pub day: Option<String>,
    /// How many to show, and where to go on
    #[command(flatten)]
    pub paging: Paging,
}

/// One payment.
#[derive(Debug, Args)]
pub struct OnePayment {
    /// Its id
    pub id: PaymentId,
}

/// Where money is given back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BackTo {
    /// Into the wallet of who bought it
    Wallet,
    /// To whoever paid, by the gateway
    Payer,
}

/// `payment refund`.
#[derive(Debug, Args)]
pub struct PaymentRefund {
    /// Its id
    pub id: PaymentId,
    /// Where to
    #[arg(long, value_enum)]
    pub to: BackTo,
    /// Why, in 2 to 100 characters
    #[arg(long)]
    pub why: String,
}
