//! `mnetifi subscriber …` on the command line.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::id::OperationId;
use domain::people::subscriber::Username;
use domain::text::Slug;
use domain::time::{Duration, Timestamp};

use crate::cli::{Paging, When};

/// `subscriber …`.
#[derive(Debug, Subcommand)]
pub enum Subscriber {
    /// Add a subscriber
    Add(SubscriberAdd),
    /// Move the end of what a subscriber has paid for; who is online follows
    Renew(SubscriberRenew),
    /// Move a subscriber to another plan; who is online follows
    Move(SubscriberMove),
    /// Stop the service of one subscriber, or of many at once; who is online follows
    Suspend(SubscriberSuspend),
    /// Let a suspended subscriber's service run again, or undo an operation on many
    Resume(SubscriberResume),
    /// List subscribers in the order in which they were added
    List(Paging),
}

/// `subscriber suspend`.
#[derive(Debug, Args)]
pub struct SubscriberSuspend {
    /// User name of one subscriber
    #[arg(conflicts_with_all = ["plan", "expired_since", "file", "operation"])]
    pub username: Option<Username>,
    /// All on this plan
    #[arg(long, value_name = "NAME")]
    pub plan: Option<Slug>,
    /// All whose time is over for so long, as 7d, or since before a moment
    #[arg(long, value_name = "WHEN")]
    pub expired_since: Option<When>,
    /// All whom a CSV file names in its column `username` (`-` reads standard input)
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Only show who is meant, and how many are online
    #[arg(long, conflicts_with = "yes")]
    pub preview: bool,
    /// Do it: without this, many are only shown
    #[arg(long)]
    pub yes: bool,
    /// Go on with an operation that stopped half-way
    #[arg(long, value_name = "ID", conflicts_with_all = ["plan", "expired_since", "file", "preview"])]
    pub operation: Option<OperationId>,
    /// Print what became of each as CSV
    #[arg(long)]
    pub csv: bool,
}

/// `subscriber resume`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("who").required(true).args(["username", "operation"]))]
pub struct SubscriberResume {
    /// User name of one subscriber
    pub username: Option<Username>,
    /// All whom an operation has suspended and nobody has touched since
    #[arg(long, value_name = "ID")]
    pub operation: Option<OperationId>,
    /// Print what became of each as CSV
    #[arg(long, requires = "operation")]
    pub csv: bool,
}

/// `subscriber renew`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("to").args(["by", "until"]))]
pub struct SubscriberRenew {
    /// User name of the PPPoE login
    pub username: Username,
    /// By so much, as 7d or 1mo: from its end, or from now where that has passed [default: the plan's duration]
    #[arg(long, value_name = "DURATION")]
    pub by: Option<Duration>,
    /// To this moment, as 2027-01-31T23:59:00+03:00
    #[arg(long, value_name = "INSTANT")]
    pub until: Option<Timestamp>,
}

/// `subscriber move`.
#[derive(Debug, Args)]
pub struct SubscriberMove {
    /// User name of the PPPoE login
    pub username: Username,
    /// The new plan, a pppoe or static one
    #[arg(long)]
    pub plan: Slug,
}

/// `subscriber add`.
#[derive(Debug, Args)]
pub struct SubscriberAdd {
    /// User name of the PPPoE login
    pub username: String,
    /// The plan, a pppoe or static one
    #[arg(long)]
    pub plan: Slug,
    /// File that holds the password (`-` reads it from standard input)
    #[arg(long, value_name = "FILE", required_unless_present = "password")]
    pub password_file: Option<PathBuf>,
    /// The password itself; others on this machine may see it while the command runs
    #[arg(long, conflicts_with = "password_file")]
    pub password: Option<String>,
    /// End of what is paid for [default: the plan's duration from now]
    #[arg(long, value_name = "INSTANT")]
    pub until: Option<Timestamp>,
    /// A fixed address
    #[arg(long, value_name = "IPV4")]
    pub address: Option<Ipv4Addr>,
    /// Phone number
    #[arg(long)]
    pub phone: Option<String>,
}
