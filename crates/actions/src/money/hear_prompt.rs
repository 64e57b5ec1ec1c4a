//! Something is said of a payment's prompt, by a callback or by the gateway that we asked; and the payment is settled when
//! that is proof.

use domain::id::PaymentId;
use domain::money::arrival::Source;
use domain::money::claim::{Ended, Payer, Receipt};
use domain::money::payment::PaymentState;
use domain::support::exception::ExceptionKind;
use domain::time::Zone;
use policy::money::polling;
use policy::money::settlement::{self, Voice};
use store::money::{payments, prompt_locks};
use store::{Store, StoreError, TenantScope};

use crate::context::Context;
use crate::money::coming::{self, Coming};
use crate::money::desk::Desk;

/// What is known of the payment now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heard {
    /// How far it is.
    pub state: PaymentState,
    /// The gateway's number of its prompt.
    pub checkout: Option<String>,
    /// Whether the gateway is to be asked at once, because somebody says that it is paid.
    pub is_claimed: bool,
}

/// Hears it. Whatever was said before, and however often, a payment is served once. `None`: there is no such payment.
pub async fn hear_prompt(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    (id, checkout): (PaymentId, Option<&str>),
    (ended, voice): (&Ended, Voice),
    context: Context<'_>,
) -> Result<Option<Heard>, StoreError> {
    let mut desk = Desk::open(store, scope, zone, context).await?;
    let now = desk.now();
    let (receipt, told_amount) = match ended {
        Ended::Paid { receipt, amount, .. } => (receipt.clone(), *amount),
        Ended::Failed(_) | Ended::Open { .. } => (None, None),
    };
    coming::hold(&mut desk, receipt.as_ref()).await?;
    let Some(mut payment) = payments::lock(&mut desk.tx, id).await? else { return Ok(None) };
    let before = payment.clone();
    // An answer that was lost is made up for by its callback, whose address has named the payment.
    if payment.checkout.is_none() {
        payment.checkout = checkout.map(str::to_owned);
        if matches!(payment.state, PaymentState::Pushing | PaymentState::Unknown) {
            payment.state = PaymentState::Awaiting;
            payment.next_look_at = Some(now);
        }
    }
    let verdict = settlement::judge(payment.state, ended, voice);
    if let Some(next) = verdict.state {
        payment.state = next;
    }
    match ended {
        Ended::Failed(failure) if verdict.state.is_some() => {
            payment.said = Some(format!("{}: {}", failure.code, failure.words));
        }
        Ended::Open { said } if voice == Voice::Gateway => payment.said = Some(said.clone()),
        Ended::Failed(_) | Ended::Open { .. } | Ended::Paid { .. } => {}
    }
    if verdict.is_claimed {
        payment.claimed_at = payment.claimed_at.or(Some(now));
        payment.next_look_at = Some(now);
    }
    if !verdict.is_watched {
        payment.next_look_at = None;
    }
    if matches!((ended, voice), (Ended::Failed(_), Voice::Gateway)) && payment.claimed_at.take().is_some() {
        let how = "the gateway says that nothing was paid";
        desk.is_over(ExceptionKind::PaidNotServed, payment.id, how).await?;
    }
    if verdict.has_paid {
        let (receipt, is_proven) = (receipt.clone(), receipt.is_some());
        let money = of_prompt(&payment, receipt, is_proven, true, ended);
        coming::for_payment(&mut desk, &mut payment, &money).await?;
        payment.next_look_at = None;
        payment.claimed_at = None;
    } else if voice == Voice::Callback && payment.state.is_paid() && receipt.is_some() {
        if told_amount.is_some_and(|amount| amount != payment.price) {
            let told = told_amount.map_or_else(String::new, |amount| amount.to_string());
            let what = format!(
                "the callback of payment {} says {told}, but {} were asked for and the gateway says that they were \
                 paid. Look the receipt up at the gateway",
                payment.reference.expose(),
                payment.price
            );
            desk.tell(ExceptionKind::AmountDiffers, payment.id, None, what).await?;
        } else {
            let money = of_prompt(&payment, receipt, false, false, ended);
            coming::for_payment(&mut desk, &mut payment, &money).await?;
        }
    }
    if payment != before {
        payments::save(&mut desk.tx, &payment, now).await?;
    }
    let is_claimed = verdict.is_claimed && !payment.state.is_paid();
    let heard = Heard { state: payment.state, checkout: payment.checkout, is_claimed };
    let is_over = before.state.is_open() && !payment.state.is_open();
    desk.commit().await?;
    if is_over {
        // The telephone is free for another one. Whoever is killed here leaves it to the lock's own end.
        let mut system = store.system().await?;
        prompt_locks::release(&mut system, id).await?;
        system.commit().await?;
    }
    Ok(Some(heard))
}

/// What a payment's prompt has brought: what was asked for, for a prompt's amount is ours and not the payer's.
fn of_prompt(
    payment: &domain::money::payment::Payment,
    receipt: Option<Receipt>,
    is_receipt_proven: bool,
    is_proven: bool,
    ended: &Ended,
) -> Coming {
    let (paid_at, payer) = match ended {
        Ended::Paid { at, payer, .. } => (*at, payer.clone()),
        Ended::Failed(_) | Ended::Open { .. } => (None, Payer::default()),
    };
    Coming {
        gateway: payment.gateway,
        receipt,
        is_receipt_proven,
        is_proven,
        is_of_prompt: true,
        amount: payment.price,
        source: Source::Prompt,
        account: payment.reference.expose().to_owned(),
        payer,
        paid_at,
    }
}

/// Notes that the gateway was asked and has said nothing that ends it: when it is asked next, and what has become of a
/// payment of which nothing is heard.
pub async fn note_look(
    store: &Store,
    scope: &TenantScope,
    id: PaymentId,
    said: &str,
    context: Context<'_>,
) -> Result<(), StoreError> {
    let now = context.now();
    let mut tx = store.tenant(scope).await?;
    let Some(mut payment) = payments::lock(&mut tx, id).await? else { return Ok(()) };
    if payment.next_look_at.is_none() {
        return Ok(());
    }
    payment.looks = payment.looks.saturating_add(1);
    payment.next_look_at = polling::next_look(payment.created_at, now);
    payment.said = Some(said.to_owned());
    if let Some(next) = polling::aged(payment.state, payment.created_at, now) {
        payment.state = next;
    }
    payments::save(&mut tx, &payment, now).await?;
    tx.commit().await
}
