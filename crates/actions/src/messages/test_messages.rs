//! Sends a text message to see whether they arrive.

use domain::id::MessageId;
use domain::messages::template::MessageKind;
use domain::phone::Msisdn;
use domain::platform::audit::{Change, Thing, Verb};
use policy::messages::one_time;
use store::messages::{outbox, settings};
use store::platform::audit;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::messages::say::Voice;

/// Why nothing is sent.
#[derive(Debug, Error)]
pub enum TestMessagesError {
    /// Nothing is set up.
    #[error("no provider is set up, or sending is switched off: set it up first")]
    NoProvider,
    /// Too often.
    #[error("so many tests to one telephone cost money: wait {0} minutes")]
    TooOften(u64),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sends one. Returns the message, in which is to be seen what becomes of it.
pub async fn test_messages(
    store: &Store,
    scope: &TenantScope,
    to: &Msisdn,
    context: Context<'_>,
) -> Result<MessageId, TestMessagesError> {
    let now = context.now();
    let mut tx = store.tenant(scope).await?;
    let settled = settings::lock(&mut tx).await?;
    let voice = Voice::to(&mut tx, settled, to).await?.ok_or(TestMessagesError::NoProvider)?;
    let since = now.minus(one_time::WINDOW);
    let to_phone = outbox::asked_since(&mut tx, MessageKind::Test, Some(to), since).await?;
    let of_tenant = outbox::asked_since(&mut tx, MessageKind::Test, None, since).await?;
    if let Err(wait) = one_time::may_ask(&to_phone, &of_tenant, now) {
        let minutes = u64::try_from(wait.as_seconds()).unwrap_or(0).div_ceil(60).max(1);
        return Err(TestMessagesError::TooOften(minutes));
    }
    let said = voice.say(&mut tx, MessageKind::Test, Vec::new(), (None, None), context).await?;
    let id = said.ok_or(StoreError::Bug { reason: "a fresh message was there before".to_owned() })?;
    let changes = vec![Change::of("to", None, Some(to))];
    audit::note(&mut tx, &[context.audit(Verb::TestMessages, Thing::Message(id), changes)]).await?;
    tx.commit().await?;
    Ok(id)
}
