//! The command line: what can be said to `mnetifi`.

mod account;
mod arrival;
mod audit;
mod customer;
mod device;
mod exception;
mod gateway;
mod hotspot;
mod job;
mod journal;
mod keys;
mod ledger;
mod message;
mod nas;
mod operation;
mod payment;
mod place;
mod plan;
mod radsec;
pub mod simulate;
mod staff;
mod subscriber;
mod tenant;
mod usage;
mod voucher;
mod webhook;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::access::attempt::Device as Caller;
use domain::access::decision::TraceCode;
use domain::mac::Mac;
use domain::phone::CallingCode;
use domain::text::Slug;
use domain::time::{Duration, Span, Timestamp, Zone};
use ipnet::IpNet;

pub use crate::cli::account::{TenantAccount, Tier};
pub use crate::cli::arrival::{Arrival, ArrivalCash, ArrivalImport, ArrivalList, Whose};
pub use crate::cli::audit::{Audit, AuditList};
pub use crate::cli::customer::{Customer, CustomerAdd, CustomerAssign, CustomerChange, CustomerList, CustomerTerms};
pub use crate::cli::device::{Device, OfWhom, OneDevice};
pub use crate::cli::exception::{Exception, ExceptionList, ExceptionResolve};
pub use crate::cli::gateway::{Gateway, GatewayAdd};
pub use crate::cli::hotspot::HotspotPages;
pub use crate::cli::job::Job;
pub use crate::cli::journal::{Journal, Requeued};
pub use crate::cli::keys::{DataKey, MasterKey};
pub use crate::cli::ledger::Ledger;
pub use crate::cli::message::{Message, MessageList, MessageSet, MessageTemplate, TemplateText};
pub use crate::cli::nas::{Nas, NasAdd, NasSet, Secret};
pub use crate::cli::operation::Operation;
pub use crate::cli::payment::{BackTo, Payment, PaymentList};
pub use crate::cli::place::{Branch, Zone as PlaceZone};
pub use crate::cli::plan::{Plan, PlanAdd, PlanChange, To};
pub use crate::cli::radsec::{Radsec, RadsecCa, RadsecIssue, RadsecRevoke};
pub use crate::cli::simulate::{Line, Proof, Simulate, SimulateNas, SimulatePhone};
pub use crate::cli::staff::{Key, Lines, Platform, PlatformSet, Staff, StaffAdd, StaffChange, StaffRole};
pub use crate::cli::subscriber::{
    Subscriber, SubscriberAdd, SubscriberMove, SubscriberRenew, SubscriberResume, SubscriberSuspend,
};
pub use crate::cli::tenant::{Suspended, Switch, TenantSet};
pub use crate::cli::usage::{Usage, UsageBy};
pub use crate::cli::voucher::{Voucher, VoucherExtend, VoucherList, VoucherPrint, VoucherRevoke, VoucherSell};
pub use crate::cli::webhook::{Deliveries, Webhook};

/// Where `--help` shows the options that every command takes.
const EVERYWHERE: &str = "For every command";

/// RADIUS/AAA server for internet providers that run MikroTik routers.
///
/// Commands work on the data directory's own database, or on DATABASE_URL. They may run beside a running server, which
/// sees their changes within a second.
#[derive(Debug, Parser)]
#[command(name = "mnetifi", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// Settings that every command takes.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Settings that every command takes.
#[derive(Debug, Args)]
pub struct Global {
    /// Data directory [default: ./var; variable: MNETIFI_DATA]
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Configuration file [default: mnetifi.toml in the data directory, else /etc/mnetifi/mnetifi.toml]
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Tenant to work for, by its short name; may be left out while there is only one
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "NAME")]
    pub tenant: Option<Slug>,
    /// Print lists and results as JSON
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server in the foreground
    Serve(Serve),
    /// Bring the database to this version's form
    Migrate,
    /// Check the configuration, the machine and the database, and say what is wrong and what to do
    Doctor,
    /// Set up the tenant `demo` with plans, vouchers and subscribers, and run it in the foreground
    Demo(Demo),
    /// Tenants: the ISPs on this system
    #[command(subcommand)]
    Tenant(Tenant),
    /// Tiers: the price book of what tenants buy of the platform
    #[command(subcommand)]
    Tier(Tier),
    /// Staff: who works for a tenant, or, with --tenant platform, for the platform
    #[command(subcommand)]
    Staff(Staff),
    /// Roles: what staff may do
    #[command(subcommand)]
    Role(StaffRole),
    /// Keys: programs that may ask in a tenant's name
    #[command(subcommand)]
    Key(Key),
    /// The keys that tenants' secrets are sealed with in the database
    #[command(subcommand)]
    DataKey(DataKey),
    /// The key over all of those, in a file outside the database
    #[command(subcommand)]
    MasterKey(MasterKey),
    /// The platform itself, whose people look after all tenants
    #[command(subcommand)]
    Platform(Platform),
    /// Branches: a tenant's offices
    #[command(subcommand)]
    Branch(Branch),
    /// Zones: the parts of a tenant's area in which technicians work
    #[command(subcommand)]
    Zone(PlaceZone),
    /// Routers that may ask
    #[command(subcommand)]
    Nas(Nas),
    /// Write the pages that a hotspot's router shows itself, which send browsers to the portal
    HotspotPages(HotspotPages),
    /// RADIUS over TLS: certificates of routers, and the authority that signs them
    #[command(subcommand)]
    Radsec(Radsec),
    /// Nodes: the servers that share this database, and what they went through
    #[command(subcommand)]
    Node(Node),
    /// Routers' reports that the database refused: what they are, and have them tried again
    #[command(subcommand)]
    Journal(Journal),
    /// Plans: what is sold
    #[command(subcommand)]
    Plan(Plan),
    /// Vouchers: codes that buy access
    #[command(subcommand)]
    Voucher(Voucher),
    /// Customers: who uses and pays
    #[command(subcommand)]
    Customer(Customer),
    /// Subscribers: houses and businesses with a user name and password
    #[command(subcommand)]
    Subscriber(Subscriber),
    /// Operations: deeds on many subscribers at once
    #[command(subcommand)]
    Operation(Operation),
    /// Bring over what another system exported
    #[command(subcommand)]
    Import(Import),
    /// The audit: who changed what, and how it was before
    #[command(subcommand)]
    Audit(Audit),
    /// Gateways: who takes money for a tenant
    #[command(subcommand)]
    Gateway(Box<Gateway>),
    /// Payments: who wanted to pay for what, and all that became of it
    #[command(subcommand)]
    Payment(Payment),
    /// Arrivals: money that has come, whose it is, cash, and statements
    #[command(subcommand)]
    Arrival(Box<Arrival>),
    /// The ledger: whether a tenant's books are whole, and the proof of that for others to keep
    #[command(subcommand)]
    Ledger(Ledger),
    /// What was used, by the hour, the day or the month
    Usage(Usage),
    /// Sessions: who is online
    #[command(subcommand)]
    Session(Session),
    /// Devices that vouchers and subscribers were used with: name, release and block them
    #[command(subcommand)]
    Device(Device),
    /// Exceptions: what could not be made as it should be, and needs a person
    #[command(subcommand)]
    Exception(Exception),
    /// Webhooks: partners that are told of what is done in a tenant's name
    #[command(subcommand)]
    Webhook(Webhook),
    /// Text messages: how they are sent, what they say, and what became of them
    #[command(subcommand)]
    Message(Message),
    /// Jobs: letters and other things that are done outside, and again until they are done
    #[command(subcommand)]
    Job(Job),
    /// Tell why the last request of a user, or the one with a trace code, was accepted or refused; or list answers
    Explain(Explain),
    /// Ask the rules again about an answer with a trace code, and show what differs
    Replay(Replay),
    /// Simulate routers and the people behind them, to try a plan or a server
    #[command(subcommand)]
    Simulate(Simulate),
}

/// `node …`.
#[derive(Debug, Subcommand)]
pub enum Node {
    /// List the nodes: on what ground each answers, and when it was last seen
    List,
    /// List the times in which a node could not reach the database, newest first
    Outages {
        /// How many
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1_000))]
        limit: u16,
    },
}

/// The roles that one process can play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Answers routers on the RADIUS ports
    Radius,
    /// Keeps live sessions on their terms, on one node for all
    Worker,
    /// Answers staff and their programs over HTTP
    Api,
    /// Shows the pages that a phone sees before it is online
    Portal,
}

impl Role {
    /// All of them: what a server plays that is told nothing else.
    pub const ALL: [Self; 4] = [Self::Radius, Self::Worker, Self::Api, Self::Portal];
}

/// `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Roles to play, separated by commas [default: all]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "ROLE,…")]
    pub roles: Vec<Role>,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Only add this many subscribers user000000… with passwords pass000000… on plan home-10, and end
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub subscribers: Option<u32>,
    /// Where a browser sees a simulated phone in the demo's Wi-Fi
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8783")]
    pub phone: SocketAddr,
}

/// `tenant …`.
#[derive(Debug, Subcommand)]
pub enum Tenant {
    /// Open a tenant
    Add(TenantAdd),
    /// Settle how a tenant wants its people dealt with; what is left out stays as it is
    Set(Box<TenantSet>),
    /// List the tenants
    List,
    /// A tenant's account with the platform
    #[command(flatten)]
    Account(TenantAccount),
}

/// `tenant add`.
#[derive(Debug, Args)]
pub struct TenantAdd {
    /// Short name, unique on this system, as `savanna-net`
    pub slug: Slug,
    /// Name as people say it [default: the short name]
    #[arg(long)]
    pub name: Option<String>,
    /// Time zone of its calendar
    #[arg(long, default_value = "Africa/Nairobi", value_parser = Zone::named)]
    pub zone: Zone,
    /// Currency of its prices, by its three letters
    #[arg(long, default_value = "KES")]
    pub currency: String,
    /// Calling code of its people's phone numbers
    #[arg(long, default_value = "254", value_parser = CallingCode::parse)]
    pub calling_code: CallingCode,
}

/// `import …`.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// Add subscribers from a CSV file with the columns username,password,plan
    Subscribers(ImportSubscribers),
}

/// `import subscribers`.
#[derive(Debug, Args)]
pub struct ImportSubscribers {
    /// The file (`-` reads standard input)
    pub file: PathBuf,
    /// Only read and check; write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Add the good rows even when others are faulty; without it, one faulty row stops everything
    #[arg(long)]
    pub skip_faulty: bool,
}

/// `session …`.
#[derive(Debug, Subcommand)]
pub enum Session {
    /// List sessions, newest first
    List(SessionList),
}

/// `session list`.
#[derive(Debug, Args)]
pub struct SessionList {
    /// Also those that have ended or were never reported by their router
    #[arg(long)]
    pub all: bool,
    /// Only those of one user name or code
    #[arg(long)]
    pub user: Option<String>,
    /// How many to show, and where to go on
    #[command(flatten)]
    pub paging: Paging,
}

/// `explain`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["asked", "list"]))]
pub struct Explain {
    /// The six characters at the end of the message that a refused person saw, or a user name or code
    pub asked: Option<String>,
    /// List answers of one tenant instead, newest first
    #[arg(long)]
    pub list: bool,
    /// Only those to this user name or code
    #[arg(long, requires = "list", conflicts_with = "asked", value_name = "NAME")]
    pub user: Option<String>,
    /// Only those to the device with this MAC address; a caller without one has an IP address
    #[arg(long, requires = "list", conflicts_with = "asked", value_name = "MAC", value_parser = device)]
    pub device: Option<Caller>,
    /// Only those to this router
    #[arg(long, requires = "list", conflicts_with = "asked", value_name = "NAME")]
    pub nas: Option<Slug>,
    /// Only refusals
    #[arg(long, requires = "list", conflicts_with = "asked")]
    pub refused: bool,
    /// Only from this moment on, as 2027-01-31T23:59:00+03:00, or from so long ago, as 90m, 2h or 7d
    #[arg(long, requires = "list", conflicts_with = "asked", value_name = "INSTANT")]
    pub since: Option<When>,
    /// Only before this moment, or before so long ago
    #[arg(long, requires = "list", conflicts_with = "asked", value_name = "INSTANT")]
    pub until: Option<When>,
    /// How many rows [default: 100]
    #[arg(long, requires = "list", conflicts_with = "asked", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub limit: Option<u16>,
    /// Go on after this row: the key that the last page ended with
    #[arg(long, requires = "list", conflicts_with = "asked", value_name = "KEY")]
    pub after: Option<String>,
}

/// `replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// The six characters at the end of the message that a refused person saw
    pub trace: TraceCode,
    /// Ask the rules of this version [default: today's]
    #[arg(long, value_name = "VERSION")]
    pub policy: Option<u16>,
    /// Give them what was known then, or what is known today
    #[arg(long, value_enum, default_value = "then")]
    pub facts: ReplayFacts,
}

/// Which facts `replay` gives the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReplayFacts {
    /// Those of the record
    Then,
    /// Those of today
    Today,
}

/// A moment, as people say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// By the calendar.
    At(Timestamp),
    /// So long before now.
    Ago(Span),
}

impl When {
    /// The moment that is meant.
    pub const fn instant(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(instant) => instant,
            Self::Ago(span) => now.minus(span),
        }
    }
}

impl FromStr for When {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || "write a moment, as 2027-01-31T23:59:00+03:00, or how long ago, as 90m, 2h or 7d".to_owned();
        match text.parse::<Duration>() {
            Ok(Duration::Minutes(minutes)) => Ok(Self::Ago(Span::minutes(minutes.into()))),
            Ok(Duration::Days(days)) => Ok(Self::Ago(Span::minutes(i64::from(days) * 24 * 60))),
            Ok(Duration::Months(_)) => Err(bad()),
            Err(_) => text.parse().map(Self::At).map_err(|_| bad()),
        }
    }
}

/// How much of a list to show.
#[derive(Debug, Args)]
pub struct Paging {
    /// How many rows
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub limit: u16,
    /// Go on after this row: the key that the last page ended with
    #[arg(long, value_name = "KEY")]
    pub after: Option<String>,
}

fn address_or_network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "write an address or a network, as 10.8.0.12 or 10.8.0.0/24".to_owned())
}

fn device(text: &str) -> Result<Caller, String> {
    match (Mac::parse(text.as_bytes()), text.parse::<IpAddr>()) {
        (Some(mac), _) => Ok(Caller::Mac(mac)),
        (None, Ok(_)) => Ok(Caller::Caller(text.to_owned())),
        (None, Err(_)) => Err("write a MAC address, as AA:BB:CC:DD:EE:FF, or an IP address".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn one_answer_is_explained_or_many_are_listed() {
        let reads = |words: &str| Cli::try_parse_from(format!("mnetifi explain {words}").split_whitespace()).is_ok();

        assert!(reads("7KQ2MX") && reads("--list") && reads("--list --device aabbccddeeff --since 2h --refused"));
        assert!(reads("--list --until 2027-01-31T23:59:00+03:00 --user anna --nas tower --limit 5 --after x"));
        for bad in ["", "7KQ2MX --list", "7KQ2MX --refused", "7KQ2MX --limit 5", "--since 2h", "--list --since soon"] {
            assert!(!reads(bad), "{bad}");
        }
        assert!(!reads("--list --device aa:bb") && !reads("--list --since 1mo") && !reads("--list --limit 0"));
    }

    #[test]
    fn a_moment_is_said_by_the_calendar_or_as_so_long_ago() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().expect("good");
        let said = |text: &str| text.parse::<When>().map(|when| when.instant(now).to_string());

        assert_eq!(said("2h"), Ok("2026-11-21T10:00:00Z".to_owned()));
        assert_eq!(said("7d"), Ok("2026-11-14T12:00:00Z".to_owned()));
        assert_eq!(said("2026-11-21T09:00:00+03:00"), Ok("2026-11-21T06:00:00Z".to_owned()));
        assert!(said("yesterday").is_err());
    }

    #[test]
    fn one_address_is_a_network_of_one() {
        assert_eq!(address_or_network("10.8.0.12").map(|net| net.to_string()), Ok("10.8.0.12/32".to_owned()));
        assert!(address_or_network("tower").is_err());
    }
}
