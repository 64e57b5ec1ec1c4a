//! Sends whoever signs up another letter, with another code.

use domain::email::Email;
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::sign_up::SignUp;
use policy::messages::letters::{self, Sender};
use store::platform::{audit, settings, sign_ups};
use store::{Store, StoreError, TenantScope};

use crate::context::Context;
use crate::messages::post::post;
use crate::platform::code;
use crate::platform::open_platform::open_platform;

/// Sends it, where somebody waits for one, not more often than each minute and not more than five times. Whoever asks is
/// not told which it was.
pub async fn resend_confirmation(
    store: &Store,
    email: &Email,
    base: &str,
    context: Context<'_>,
) -> Result<(), StoreError> {
    let now = context.now();
    let platform = TenantScope::of_operator(open_platform(store, context).await?);
    let mut tx = store.tenant(&platform).await?;
    let Some(waiting) = sign_ups::waiting(&mut tx, email, now).await? else { return Ok(()) };
    if waiting.mails >= SignUp::MAILS_MAX || now < waiting.mailed_at.plus(SignUp::BETWEEN_MAILS) {
        return Ok(());
    }
    let ours = settings::of_platform(&mut tx).await?;
    let (code, hash) = code::fresh(context);
    sign_ups::mail_again(&mut tx, waiting.id, &hash, now).await?;
    let left = waiting.expires_at.since(now).as_seconds() / 3_600;
    let hours = u32::try_from(left).unwrap_or(SignUp::HOURS).max(1);
    let sender = Sender { name: ours.name.as_str(), base };
    post(&mut tx, letters::verify_email(sender, email, waiting.business.as_str(), &code, hours), context).await?;
    let changes = vec![Change::of("letters", Some(waiting.mails), Some(waiting.mails.saturating_add(1)))];
    audit::note(&mut tx, &[context.audit(Verb::ResendConfirmation, Thing::Tenant(waiting.opens), changes)]).await?;
    tx.commit().await
}
