//! `mnetifi webhook …` on the command line.

use clap::{Args, Subcommand};
use domain::id::{DeliveryId, WebhookId};
use domain::platform::audit::Verb;
use domain::platform::webhook::HookUrl;

use crate::cli::Paging;

/// `webhook …`.
#[derive(Debug, Subcommand)]
pub enum Webhook {
    /// Add a webhook; its secret is printed this once
    Add(WebhookAdd),
    /// List a tenant's webhooks
    List,
    /// Change where a webhook is, of what it is told, and whether
    Set(WebhookSet),
    /// Give a webhook another secret; the earlier one signs nothing any more
    RotateSecret(OneWebhook),
    /// Take a webhook away, with what it was still to be told
    Remove(OneWebhook),
    /// Tell a webhook that it is being tested
    Test(OneWebhook),
    /// List what a webhook was told, newest first
    Deliveries(Deliveries),
    /// Tell a webhook of an event once more
    Replay(Replay),
}

/// `webhook add`.
#[derive(Debug, Args)]
pub struct WebhookAdd {
    /// Where it is, as `https://partner.example/mnetifi`
    pub url: HookUrl,
    /// Of which events it is told, separated by commas, as sell_voucher,add_router [default: all]
    #[arg(long, value_delimiter = ',', value_name = "EVENT,…", value_parser = event)]
    pub events: Vec<Verb>,
}

/// `webhook set`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true).args(["url", "events", "all", "on", "off"]))]
pub struct WebhookSet {
    /// Its id
    pub id: WebhookId,
    /// Where it is from now on
    #[arg(long)]
    pub url: Option<HookUrl>,
    /// Of which events it is told from now on, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "EVENT,…", value_parser = event, conflicts_with = "all")]
    pub events: Option<Vec<Verb>>,
    /// It is told of all events
    #[arg(long)]
    pub all: bool,
    /// It is told from now on
    #[arg(long, conflicts_with = "off")]
    pub on: bool,
    /// It is told of nothing, nor of what it was still to be told
    #[arg(long)]
    pub off: bool,
}

/// One webhook.
#[derive(Debug, Args)]
pub struct OneWebhook {
    /// Its id
    pub id: WebhookId,
}

/// `webhook deliveries`.
#[derive(Debug, Args)]
pub struct Deliveries {
    /// The webhook's id
    pub id: WebhookId,
    /// How many to show, and where to go on
    #[command(flatten)]
    pub paging: Paging,
}

/// `webhook replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// The webhook's id
    pub id: WebhookId,
    /// The delivery's id, as `webhook deliveries` shows it
    pub delivery: DeliveryId,
}

fn event(text: &str) -> Result<Verb, String> {
    Verb::from_code(text).ok_or_else(|| {
        let known: Vec<&str> = Verb::ALL.iter().map(|verb| verb.code()).collect();
        format!("there is no such event; there are {}", known.join(", "))
    })
}
