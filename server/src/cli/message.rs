//! `mnetifi message …` on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::id::MessageId;
use domain::messages::language::Language;
use domain::messages::message::MessageState;
use domain::messages::provider::SenderId;
use domain::messages::template::MessageKind;

use crate::cli::Paging;

/// `message …`.
#[derive(Debug, Subcommand)]
pub enum Message {
    /// Show how a tenant's text messages are sent
    Show,
    /// Settle how a tenant's text messages are sent; what is left out stays as it is
    Set(Box<MessageSet>),
    /// What text messages say
    #[command(subcommand)]
    Template(MessageTemplate),
    /// Send a text message to a telephone, to see whether it arrives
    Test(MessageTest),
    /// List a tenant's text messages, newest first, with stars for codes
    List(MessageList),
    /// Send a text message again that has failed, or of which nobody knows
    Retry(MessageRetry),
}

/// `message set`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args([
    "africas_talking", "http", "key_file", "sender", "no_sender", "brand", "contact", "language", "on", "off",
    "vouchers", "no_vouchers",
]))]
pub struct MessageSet {
    /// Through Africa's Talking, with the app's user name
    #[arg(long, value_name = "USERNAME", conflicts_with = "http")]
    pub africas_talking: Option<String>,
    /// In its sandbox, where nothing reaches a telephone
    #[arg(long, requires = "africas_talking")]
    pub sandbox: bool,
    /// Through another provider, as a JSON file says (docs/messages.md)
    #[arg(long, value_name = "FILE")]
    pub http: Option<PathBuf>,
    /// The file that holds the provider's key
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// The file that holds a second key, where the provider wants one
    #[arg(long, value_name = "FILE", requires = "key_file")]
    pub secret_file: Option<PathBuf>,
    /// Who messages come from, as the provider has registered it
    #[arg(long, conflicts_with = "no_sender")]
    pub sender: Option<SenderId>,
    /// Messages come from whomever the provider chooses
    #[arg(long)]
    pub no_sender: bool,
    /// The tenant as people know it [default: its name]
    #[arg(long)]
    pub brand: Option<String>,
    /// Whom people may call for help
    #[arg(long)]
    pub contact: Option<String>,
    /// The language of messages to telephones of which none is known, as en or sw
    #[arg(long)]
    pub language: Option<Language>,
    /// Messages are sent
    #[arg(long, conflicts_with = "off")]
    pub on: bool,
    /// Nothing is sent
    #[arg(long)]
    pub off: bool,
    /// Buyers are sent their voucher
    #[arg(long, conflicts_with = "no_vouchers")]
    pub vouchers: bool,
    /// Buyers are not sent their voucher
    #[arg(long)]
    pub no_vouchers: bool,
}

/// `message template …`.
#[derive(Debug, Subcommand)]
pub enum MessageTemplate {
    /// List what text messages say, in every language
    List,
    /// Write what messages of a kind say in a language, with places in braces
    Set(TemplateText),
    /// See how a message would look, and as how many it would be paid for
    Preview(TemplateText),
}

/// A text of a kind in a language.
#[derive(Debug, Args)]
pub struct TemplateText {
    /// For which messages: voucher_sold, lost_codes, one_time_code or test
    #[arg(value_parser = kind)]
    pub kind: MessageKind,
    /// In which language, as en or sw
    pub language: Language,
    /// What they say, as `{brand}: your code is {code} …`
    pub text: String,
}

/// `message test`.
#[derive(Debug, Args)]
pub struct MessageTest {
    /// The telephone's number
    pub phone: String,
}

/// `message list`.
#[derive(Debug, Args)]
pub struct MessageList {
    /// Only those to this telephone
    #[arg(long)]
    pub phone: Option<String>,
    /// Only those of this kind
    #[arg(long, value_parser = kind)]
    pub kind: Option<MessageKind>,
    /// Only those that are queued, sending, sent, unknown or failed
    #[arg(long, value_parser = state)]
    pub state: Option<MessageState>,
    /// How many to show, and where to go on
    #[command(flatten)]
    pub paging: Paging,
}

/// `message retry`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["id", "all"]))]
pub struct MessageRetry {
    /// The message's id, as `message list` shows it
    pub id: Option<MessageId>,
    /// All that have failed, the oldest 500
    #[arg(long)]
    pub all: bool,
}

fn kind(text: &str) -> Result<MessageKind, String> {
    let known: Vec<&str> = MessageKind::ALL.iter().map(|kind| kind.code()).collect();
    MessageKind::from_code(text).ok_or_else(|| format!("there is no such kind; there are {}", known.join(", ")))
}

fn state(text: &str) -> Result<MessageState, String> {
    let known: Vec<&str> = MessageState::ALL.iter().map(|state| state.code()).collect();
    MessageState::from_code(text).ok_or_else(|| format!("there is no such state; there are {}", known.join(", ")))
}
