//! `mnetifi voucher …` on the command line.

use clap::{Args, Subcommand};
use domain::sales::voucher::VoucherCode;
use domain::text::Slug;
use domain::time::{Duration, Timestamp};

use crate::cli::Paging;

/// `voucher …`.
#[derive(Debug, Subcommand)]
pub enum Voucher {
    /// Print a batch of vouchers: fresh codes, one to a line
    Print(VoucherPrint),
    /// Sell a printed card, or make and sell a fresh voucher
    Sell(VoucherSell),
    /// Move the end of a voucher, also of one that has ended; who is online with it follows
    Extend(VoucherExtend),
    /// Take a voucher back: its code opens nothing any more, and who is online with it is disconnected
    Revoke(VoucherRevoke),
    /// List vouchers in the order in which they were made
    List(VoucherList),
}

/// `voucher print`.
#[derive(Debug, Args)]
pub struct VoucherPrint {
    /// Hotspot plan that they buy; its validity anchor must be first_use or sale
    #[arg(long)]
    pub plan: Slug,
    /// How many
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub count: u32,
    /// Characters of a code
    #[arg(long, default_value_t = policy::sales::codes::LENGTH)]
    pub length: usize,
    /// A word about the batch, for the lists
    #[arg(long, default_value = "")]
    pub note: String,
    /// Last moment at which they may be sold or first used, as 2027-01-31T23:59:00+03:00
    #[arg(long, value_name = "INSTANT")]
    pub sell_by: Option<Timestamp>,
}

/// `voucher sell`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["code", "plan"]))]
pub struct VoucherSell {
    /// Code of a printed card whose plan counts from the sale
    pub code: Option<VoucherCode>,
    /// Make a fresh voucher of this hotspot plan instead
    #[arg(long)]
    pub plan: Option<Slug>,
    /// Phone number of the buyer, who may then log in with it
    #[arg(long, requires = "plan", conflicts_with = "code")]
    pub phone: Option<String>,
}

/// `voucher extend`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("to").required(true).args(["by", "until"]))]
pub struct VoucherExtend {
    /// Its code
    pub code: VoucherCode,
    /// By so much, as 1h or 2d: from its end, or from now where that has passed
    #[arg(long, value_name = "DURATION")]
    pub by: Option<Duration>,
    /// To this moment, as 2027-01-31T23:59:00+03:00
    #[arg(long, value_name = "INSTANT")]
    pub until: Option<Timestamp>,
}

/// `voucher revoke`.
#[derive(Debug, Args)]
pub struct VoucherRevoke {
    /// Its code
    pub code: VoucherCode,
}

/// `voucher list`.
#[derive(Debug, Args)]
pub struct VoucherList {
    /// Only those of one plan
    #[arg(long)]
    pub plan: Option<Slug>,
    /// How many to show, and where to go on
    #[command(flatten)]
    pub paging: Paging,
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::cli::Cli;

    #[test]
    fn a_fresh_voucher_is_sold_to_a_number_and_a_card_by_its_code() {
        let reads =
            |words: &str| Cli::try_parse_from(format!("mnetifi voucher sell {words}").split_whitespace()).is_ok();

        assert!(reads("--plan hour --phone 0712345678") && reads("--plan hour") && reads("Sunrise77"));
        assert!(!reads("") && !reads("Sunrise77 --plan hour") && !reads("Sunrise77 --phone 0712345678"));
    }
}
