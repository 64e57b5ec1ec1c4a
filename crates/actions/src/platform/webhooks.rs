//! Deeds about webhooks.

pub mod add_webhook;
pub mod change_webhook;
pub mod note_telling;
pub mod remove_webhook;
pub mod replay_delivery;
pub mod rotate_secret;
pub mod test_webhook;

use domain::platform::webhook::Webhook;
use domain::secret::{Secret, SecretBytes};
use store::StoreError;
use thiserror::Error;

use crate::context::Context;
use crate::platform::code;
use crate::platform::entitle::Unentitled;

/// Why nothing was done to a webhook.
#[derive(Debug, Error)]
pub enum WebhookError {
    /// No such webhook, or no such delivery of it.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// There are as many as fit.
    #[error("an ISP has at most {} webhooks: take one away first", Webhook::COUNT_MAX)]
    Full,
    /// It is switched off.
    #[error("this webhook is switched off, so it is told of nothing: switch it on first")]
    SwitchedOff,
    /// Somebody else has changed it meanwhile.
    #[error("somebody else has changed it meanwhile: read it again")]
    ChangedMeanwhile,
    /// The tier has none.
    #[error(transparent)]
    Unentitled(#[from] Unentitled),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A webhook with its secret, which is told this once.
#[derive(Debug)]
pub struct MadeWebhook {
    /// The webhook.
    pub webhook: Webhook,
    /// What signs whatever it is told.
    pub secret: Secret<String>,
}

/// A fresh secret: what the partner is told once, and the same to keep.
fn fresh_secret(context: Context<'_>) -> (Secret<String>, SecretBytes) {
    let (one, _) = code::fresh(context);
    let (two, _) = code::fresh(context);
    let text = format!("whsec_{}{}", one.expose(), two.expose());
    let octets = SecretBytes::new(text.clone().into_bytes());
    (Secret::new(text), octets)
}
