//! `mnetifi subscriber …` on the command line.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::people::subscriber::Username;
use domain::text::Slug;
use domain::time::{Duration, Timestamp};

use crate::cli::Paging;

/// `subscriber …`.
#[derive(Debug, Subcommand)]
pub enum Subscriber {
    /// Add a subscriber
    Add(SubscriberAdd),
    /// Move the end of what a subscriber has paid for; who is online follows
    Renew(SubscriberRenew),
    /// Move a subscriber to another plan; who is online follows
    Move(SubscriberMove),
    /// Stop a subscriber's service: logins are refused, and who is online is disconnected
    Suspend(SubscriberName),
    /// Let a suspended subscriber's service run again
    Resume(SubscriberName),
    /// List subscribers in the order in which they were added
    List(Paging),
}

/// `subscriber suspend` and `subscriber resume`.
#[derive(Debug, Args)]
pub struct SubscriberName {
    /// User name of the PPPoE login
    pub username: Username,
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
