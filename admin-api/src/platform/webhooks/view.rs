//! What is shown of webhooks and of what they were told.

use actions::platform::webhooks::MadeWebhook;
use domain::platform::job::JobState;
use domain::platform::webhook::{Delivery, Webhook};
use serde::Serialize;
use utoipa::ToSchema;

use crate::uid::Uuid;

/// A partner's address that is told of what is done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(super) struct WebhookView {
    /// Its id.
    id: Uuid,
    /// Where it is.
    url: String,
    /// Of which events it is told; none is all.
    events: Vec<&'static str>,
    /// Whether it is told at the moment.
    is_active: bool,
    /// When it was added.
    #[schema(format = DateTime)]
    created_at: String,
    /// Goes up with every change, and when its secret is rotated.
    revision: u64,
}

impl WebhookView {
    pub(super) fn of(webhook: &Webhook) -> Self {
        Self {
            id: webhook.id.uuid().into(),
            url: webhook.url.to_string(),
            events: webhook.events.iter().map(|verb| verb.code()).collect(),
            is_active: webhook.is_active,
            created_at: webhook.created_at.to_string(),
            revision: webhook.revision,
        }
    }
}

/// A webhook with its secret, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MadeWebhook)]
pub(super) struct MadeWebhookView {
    /// The webhook.
    webhook: WebhookView,
    /// What signs whatever it is told: `whsec_…`.
    secret: String,
}

impl MadeWebhookView {
    pub(super) fn of(made: &MadeWebhook) -> Self {
        Self { webhook: WebhookView::of(&made.webhook), secret: made.secret.expose().clone() }
    }
}

/// The events that there are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEvents)]
pub(super) struct EventsView {
    /// Their names.
    pub(super) events: Vec<&'static str>,
}

/// A test that is on its way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TestedWebhook)]
pub(super) struct TestedView {
    /// The delivery that tells what became of it.
    pub(super) delivery: Uuid,
}

/// One telling of one event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(super) struct DeliveryView {
    /// Its id.
    id: Uuid,
    /// The event: the same for every webhook, and whenever it is told again.
    event: Uuid,
    /// What happened: `sell_voucher`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// When it was to be told.
    #[schema(format = DateTime)]
    created_at: String,
    /// How far it is: `waiting`, `done` or `parked`; null when it is not told any more.
    #[schema(required = true)]
    state: Option<&'static str>,
    /// When it was done or parked, or is tried next.
    #[schema(required = true, format = DateTime)]
    at: Option<String>,
    /// How often it was tried.
    tries: u32,
    /// The status of HTTP that was answered last.
    #[schema(required = true, minimum = 100, maximum = 999)]
    status: Option<u16>,
    /// Why the last try did not do it.
    #[schema(required = true)]
    fault: Option<String>,
    /// What is told: the body as it is sent, a text of JSON.
    body: String,
}

impl DeliveryView {
    pub(super) fn of(delivery: &Delivery) -> Self {
        let at = delivery.state.map(|state| match state {
            JobState::Waiting { due_at: at } | JobState::Done { at } | JobState::Parked { at } => at.to_string(),
        });
        Self {
            id: delivery.id.uuid().into(),
            event: delivery.event.uuid().into(),
            kind: delivery.verb.code(),
            created_at: delivery.created_at.to_string(),
            state: delivery.state.map(JobState::code),
            at,
            tries: delivery.tries,
            status: delivery.status,
            fault: delivery.fault.clone(),
            body: delivery.body.clone(),
        }
    }
}
