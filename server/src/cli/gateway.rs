//! `mnetifi gateway …` on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::id::GatewayId;
use domain::money::Money;
use domain::money::gateway::Shortcode;

use super::account::money;

/// `gateway …`.
#[derive(Debug, Subcommand)]
pub enum Gateway {
    /// Set up M-Pesa; its keys are tried first
    Add(GatewayAdd),
    /// List a tenant's gateways
    List,
    /// Change a gateway, or switch it on
    Set(GatewaySet),
    /// Switch a gateway off: nobody can pay through it, what was begun is seen to its end
    Off(OneGateway),
    /// Try a gateway's keys, and say what is not as it should be
    Test(OneGateway),
    /// Ask a gateway to tell of all money that comes
    Register(OneGateway),
    /// Ask a gateway to let its books be read
    RegisterPull(RegisterPull),
    /// Ask what is in the accounts with a gateway
    Balance(OneGateway),
    /// Have a gateway draw a picture to be scanned by its own app
    Qr(Qr),
}

/// `gateway add`.
#[derive(Debug, Args)]
pub struct GatewayAdd {
    /// The paybill; for a till, the store's or head office's number, to which the passkey belongs
    pub shortcode: Shortcode,
    /// File with a line for each key: consumer_key=…, consumer_secret=…, passkey=…, and if there is one initiator=… and
    /// initiator_password=… (`-` reads it from standard input)
    #[arg(long, value_name = "FILE")]
    pub keys_file: PathBuf,
    /// The till that customers see [default: they pay to the paybill]
    #[arg(long)]
    pub till: Option<Shortcode>,
    /// The gateway's place for trying things out: no money moves
    #[arg(long)]
    pub sandbox: bool,
    /// Believe confirmations that cannot be verified; whoever learns their address could make money up
    #[arg(long)]
    pub trust_confirmations: bool,
    /// How often a minute it may be asked [default: 60, or 5 in the sandbox]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=6_000))]
    pub looks_per_minute: Option<u32>,
    /// Save it without trying the keys
    #[arg(long)]
    pub no_check: bool,
}

/// `gateway set`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args([
    "keys_file", "till", "paybill", "trust_confirmations", "looks_per_minute", "on",
]))]
pub struct GatewaySet {
    /// Its id
    pub id: GatewayId,
    /// File with a line for each key that is to be another, as for `gateway add`
    #[arg(long, value_name = "FILE")]
    pub keys_file: Option<PathBuf>,
    /// The till that customers see
    #[arg(long, conflicts_with = "paybill")]
    pub till: Option<Shortcode>,
    /// Customers pay to the paybill
    #[arg(long)]
    pub paybill: bool,
    /// Whether to believe confirmations that cannot be verified
    #[arg(long, value_name = "YES")]
    pub trust_confirmations: Option<bool>,
    /// How often a minute it may be asked
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=6_000))]
    pub looks_per_minute: Option<u32>,
    /// Switch it on
    #[arg(long)]
    pub on: bool,
}

/// One gateway.
#[derive(Debug, Args)]
pub struct OneGateway {
    /// Its id
    pub id: GatewayId,
}

/// `gateway register-pull`.
#[derive(Debug, Args)]
pub struct RegisterPull {
    /// Its id
    pub id: GatewayId,
    /// The Safaricom number that the shortcode is tied to
    #[arg(long)]
    pub phone: String,
}

/// `gateway qr`.
#[derive(Debug, Args)]
pub struct Qr {
    /// Its id
    pub id: GatewayId,
    /// How much, as `KES 20.00`
    #[arg(long, value_parser = money)]
    pub amount: Money,
    /// What the payer sees as account: letters and digits
    #[arg(long)]
    pub reference: String,
    /// Where the picture (PNG) is written
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}
