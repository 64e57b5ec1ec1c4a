//! Sends text messages again that were not sent, or perhaps: a person has said so.

use domain::id::MessageId;
use domain::messages::message::{Message, MessageState};
use domain::platform::audit::{Change, Thing, Verb};
use domain::support::exception::ExceptionKind;
use policy::messages::one_time;
use store::messages::outbox::{self, Text};
use store::platform::audit;
use store::support::exceptions;
use store::{Store, StoreError, TenantScope, TenantTx};
use thiserror::Error;

use crate::context::Context;

/// Messages that are sent again at once, at most.
pub const AT_ONCE_MAX: u32 = 500;

/// Why nothing is sent again.
#[derive(Debug, Error)]
pub enum RetryMessageError {
    /// No such message.
    #[error("there is no text message `{0}`: `mnetifi message list` shows them")]
    Unknown(MessageId),
    /// It is not over, or was sent.
    #[error("the message is {0}: only what has failed, or what nobody knows of, is sent again")]
    NotOver(&'static str),
    /// What it said is not kept any more.
    #[error("what the message said is not kept any more: nobody waits for it")]
    Forgotten,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sends one again.
pub async fn retry_message(
    store: &Store,
    scope: &TenantScope,
    id: MessageId,
    context: Context<'_>,
) -> Result<Message, RetryMessageError> {
    let mut tx = store.tenant(scope).await?;
    let mut message = outbox::lock(&mut tx, id).await?.ok_or(RetryMessageError::Unknown(id))?;
    let before = message.state;
    match before {
        MessageState::Failed | MessageState::Unknown => {}
        MessageState::Queued | MessageState::Sending | MessageState::Sent => {
            return Err(RetryMessageError::NotOver(before.code()));
        }
    }
    if outbox::text(&mut tx, id).await?.is_none() {
        return Err(RetryMessageError::Forgotten);
    }
    again(&mut tx, &mut message, context).await?;
    let changes = vec![Change::of("state", Some(before.code()), Some(message.state.code()))];
    audit::note(&mut tx, &[context.audit(Verb::RetryMessage, Thing::Message(id), changes)]).await?;
    tx.commit().await?;
    Ok(message)
}

/// Sends all again that have failed; the oldest, where there are more than [`AT_ONCE_MAX`]. Returns how many.
pub async fn retry_failed(store: &Store, scope: &TenantScope, context: Context<'_>) -> Result<u32, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let mut count = 0;
    for id in outbox::failed(&mut tx, AT_ONCE_MAX).await? {
        let Some(mut message) = outbox::lock(&mut tx, id).await? else { continue };
        if message.state == MessageState::Failed {
            again(&mut tx, &mut message, context).await?;
            count += 1;
        }
    }
    if count > 0 {
        let thing = Thing::Tenant(tx.tenant());
        let changes = vec![Change::of("messages", None, Some(count))];
        audit::note(&mut tx, &[context.audit(Verb::RetryMessage, thing, changes)]).await?;
        tx.commit().await?;
    }
    Ok(count)
}

async fn again(tx: &mut TenantTx, message: &mut Message, context: Context<'_>) -> Result<(), StoreError> {
    let now = context.now();
    message.state = MessageState::Queued;
    message.tries = 0;
    message.unsure = 0;
    message.changed_at = now;
    message.wanted_until = now.plus(one_time::wanted_for(message.kind));
    outbox::save(tx, message, Text::Kept).await?;
    outbox::wake(tx, message.id, message.kind, &message.to, now).await?;
    let about = [message.id.to_string()];
    exceptions::resolve(tx, ExceptionKind::MessageNotSent, &about, now, "it is sent again").await.map(drop)
}
