//! What was paid for is taken back, and the money goes into the wallet: for something else, or to be sent back.

use domain::access::facts::Holder;
use domain::id::PaymentId;
use domain::money::payment::PaymentState;
use domain::money::posting::EntryKind;
use domain::platform::audit::{Change, Thing, Verb};
use domain::support::exception::ExceptionKind;
use domain::time::Zone;
use policy::money::postings;
use store::money::{activations, payments};
use store::sales::vouchers;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::money::desk::{About, Desk, amount};

/// Why nothing was given back.
#[derive(Debug, Error)]
pub enum RefundError {
    /// No such payment.
    #[error("there is no payment with that id")]
    Unknown,
    /// Nothing was given for it.
    #[error("nothing was given for that payment: what has come for it is in the wallet already")]
    NotServed,
    /// It went back.
    #[error("that payment was given back already")]
    Reversed,
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes a voucher back, and puts its price into the wallet of who bought it. What a subscriber was given is not cut short
/// by this: move the end of what they have paid for.
pub async fn refund_to_wallet(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    (id, why): (PaymentId, &str),
    context: Context<'_>,
) -> Result<(), RefundError> {
    let mut desk = Desk::open(store, scope, zone, context).await?;
    refund_in(&mut desk, id, why).await?;
    Ok(desk.commit().await?)
}

/// The same, in a deed's own transaction.
pub(crate) async fn refund_in(desk: &mut Desk<'_>, id: PaymentId, why: &str) -> Result<(), RefundError> {
    let mut payment = payments::lock(&mut desk.tx, id).await?.ok_or(RefundError::Unknown)?;
    if payment.state == PaymentState::Reversed {
        return Err(RefundError::Reversed);
    }
    let given = activations::find(&mut desk.tx, id).await?.ok_or(RefundError::NotServed)?;
    let now = desk.now();
    if let Holder::Voucher(voucher) = given.holder
        && vouchers::revoke(&mut desk.tx, voucher, now).await?
    {
        desk.note(Verb::RevokeVoucher, Thing::Voucher(voucher), Vec::new());
    }
    let about = About { payment: Some(id), ..About::default() };
    desk.post(EntryKind::Undoing, postings::undoing(payment.purpose.wallet(), payment.price), about).await?;
    payment.state = PaymentState::Reversed;
    payment.next_look_at = None;
    payments::save(&mut desk.tx, &payment, now).await?;
    desk.is_over(ExceptionKind::PaidNotServed, id, "it was given back").await?;
    let why: String = why.trim().chars().filter(|letter| !letter.is_control()).take(300).collect();
    desk.note(
        Verb::RefundToWallet,
        Thing::Payment(id),
        vec![amount(payment.price), Change::of("why", None, Some(why))],
    );
    Ok(())
}
