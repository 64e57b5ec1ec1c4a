//! A prompt is sent once: that it is about to be is written down before the gateway is asked, and what came of it after.

use domain::id::PaymentId;
use domain::money::claim::FailureKind;
use domain::money::payment::{Payment, PaymentState};
use domain::platform::job::Outcome;
use policy::money::polling;
use ports::gateway::Prompted;
use store::money::payments::{self, PromptToken};
use store::money::prompt_locks;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// Whether a prompt may be sent now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Begun {
    /// It may, and nobody else sends it: that it is about to be is written down.
    Send(Box<Payment>, PromptToken),
    /// There is nothing to be sent, or not any more: what becomes of the job.
    Nothing(Outcome),
}

/// Begins to send a payment's prompt. Whoever was killed after this has perhaps sent it: then it is not sent again.
pub async fn begin_prompt(
    store: &Store,
    scope: &TenantScope,
    id: PaymentId,
    context: Context<'_>,
) -> Result<Begun, StoreError> {
    let now = context.now();
    let mut tx = store.tenant(scope).await?;
    let Some(mut payment) = payments::lock(&mut tx, id).await? else { return Ok(Begun::Nothing(Outcome::Done)) };
    match payment.state {
        PaymentState::Created => {}
        PaymentState::Pushing => {
            payment.state = PaymentState::Unknown;
            payment.said = Some("we were stopped while the prompt was being sent".to_owned());
            payment.next_look_at = polling::next_look(payment.created_at, now);
            payments::save(&mut tx, &payment, now).await?;
            tx.commit().await?;
            return Ok(Begun::Nothing(Outcome::Done));
        }
        PaymentState::Awaiting
        | PaymentState::Unknown
        | PaymentState::PaidUnreceipted
        | PaymentState::Paid
        | PaymentState::Failed(_)
        | PaymentState::Expired
        | PaymentState::Unresolved
        | PaymentState::Reversed => return Ok(Begun::Nothing(Outcome::Done)),
    }
    let (Some(phone), true) = (payment.phone.clone(), now.since(payment.created_at) <= polling::WANTED_FOR) else {
        payment.state = PaymentState::Failed(FailureKind::GatewayBusy);
        payment.said = Some("the prompt could not be sent in time; nothing was paid: try again".to_owned());
        payments::save(&mut tx, &payment, now).await?;
        tx.commit().await?;
        return Ok(Begun::Nothing(Outcome::Done));
    };
    let Some(token) = payments::token_of(&mut tx, id).await? else { return Ok(Begun::Nothing(Outcome::Done)) };
    let mut system = store.system().await?;
    let until = now.plus(polling::ONE_PROMPT_FOR);
    let is_free = prompt_locks::take(&mut system, &phone, id, now, until).await?;
    system.commit().await?;
    if !is_free {
        return Ok(Begun::Nothing(Outcome::Later("another prompt is on that telephone".to_owned())));
    }
    payment.state = PaymentState::Pushing;
    payments::save(&mut tx, &payment, now).await?;
    tx.commit().await?;
    Ok(Begun::Send(Box::new(payment), token))
}

/// Writes down what came of sending it. Returns what becomes of the job.
pub async fn note_prompt(
    store: &Store,
    scope: &TenantScope,
    id: PaymentId,
    prompted: &Prompted,
    context: Context<'_>,
) -> Result<Outcome, StoreError> {
    let now = context.now();
    let mut tx = store.tenant(scope).await?;
    let Some(mut payment) = payments::lock(&mut tx, id).await? else { return Ok(Outcome::Done) };
    // A callback may have been quicker, and told more.
    let is_ours = payment.state == PaymentState::Pushing;
    let mut outcome = Outcome::Done;
    let mut is_over = false;
    match prompted {
        Prompted::Sent { checkout, .. } => {
            payment.checkout = Some(checkout.clone());
            if payment.state.may_become(PaymentState::Awaiting) && is_ours {
                payment.state = PaymentState::Awaiting;
            }
            if !payment.state.is_paid() {
                payment.next_look_at = payment.next_look_at.or(polling::next_look(payment.created_at, now));
            }
        }
        Prompted::Refused(failure) if is_ours => {
            payment.state = PaymentState::Failed(failure.kind);
            payment.said = Some(format!("{}: {}", failure.code, failure.words));
            is_over = true;
        }
        Prompted::Unknown { why } if is_ours => {
            payment.state = PaymentState::Unknown;
            payment.said = Some(why.clone());
            payment.next_look_at = polling::next_look(payment.created_at, now);
        }
        Prompted::NotNow { why } if is_ours => {
            payment.state = PaymentState::Created;
            payment.said = Some(why.clone());
            outcome = Outcome::Later(why.clone());
            is_over = true;
        }
        Prompted::Refused(_) | Prompted::Unknown { .. } | Prompted::NotNow { .. } => {}
    }
    payments::save(&mut tx, &payment, now).await?;
    tx.commit().await?;
    if is_over {
        let mut system = store.system().await?;
        prompt_locks::release(&mut system, id).await?;
        system.commit().await?;
    }
    Ok(outcome)
}
