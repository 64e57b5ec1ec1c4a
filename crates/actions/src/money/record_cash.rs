//! Somebody has paid at the counter.

use domain::id::{PlanId, SubscriberId};
use domain::money::Money;
use domain::money::arrival::Source;
use domain::money::claim::Payer;
use domain::money::payment::Payment;
use domain::phone::Msisdn;
use domain::platform::audit::{Change, Thing, Verb};
use domain::time::Zone;
use store::money::payments;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;
use crate::money::coming::{self, Coming};
use crate::money::desk::{Desk, amount};
use crate::money::start_payment::{StartError, by_hand, renewal, voucher};

/// What cash is taken for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CashFor {
    /// A voucher of that plan, for whoever has that telephone: may log in by that number.
    Voucher(PlanId, Msisdn),
    /// The next period of that subscriber.
    Renewal(SubscriberId),
}

/// Cash that was taken.
#[derive(Clone, Debug)]
pub struct Cash<'a> {
    /// What for.
    pub buys: CashFor,
    /// How much was taken. What is too much stays in the wallet; what is too little buys nothing yet.
    pub amount: Money,
    /// What stands on the paper, in staff's words.
    pub note: &'a str,
}

/// Writes it down, and gives what it pays for.
pub async fn record_cash(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    cash: Cash<'_>,
    context: Context<'_>,
) -> Result<Payment, StartError> {
    let mut desk = Desk::open(store, scope, zone, context).await?;
    let wanted = match cash.buys {
        CashFor::Voucher(plan, buyer) => voucher(&mut desk.tx, plan, buyer).await?,
        CashFor::Renewal(id) => renewal(&mut desk.tx, id).await?,
    };
    if !cash.amount.is_positive() || cash.amount.currency() != wanted.1.currency() {
        return Err(StartError::Free);
    }
    let id = by_hand(&mut desk.tx, None, wanted, context).await?;
    let gone = || StoreError::Missing { what: "payment" };
    let mut payment = payments::lock(&mut desk.tx, id).await?.ok_or_else(gone)?;
    let coming = Coming {
        gateway: None,
        receipt: None,
        is_receipt_proven: false,
        is_proven: true,
        is_of_prompt: false,
        amount: cash.amount,
        source: Source::Counter,
        account: cash.note.chars().filter(|letter| !letter.is_control()).take(40).collect(),
        payer: Payer::default(),
        paid_at: Some(desk.now()),
    };
    coming::for_payment(&mut desk, &mut payment, &coming).await?;
    // Nobody waits for the receipt of cash.
    if payment.state == domain::money::payment::PaymentState::PaidUnreceipted {
        payment.state = domain::money::payment::PaymentState::Paid;
    }
    let now = desk.now();
    payments::save(&mut desk.tx, &payment, now).await?;
    let changes = vec![amount(cash.amount), Change::of("note", None, Some(coming.account.clone()))];
    desk.note(Verb::RecordCash, Thing::Payment(id), changes);
    desk.commit().await?;
    Ok(payment)
}
