//! What is said to be paid and has not been proven for a while is told to staff.

use domain::id::PaymentId;
use domain::support::exception::ExceptionKind;
use domain::time::Zone;
use policy::money::polling;
use store::money::payments;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;
use crate::money::desk::Desk;

/// Payments that are looked at in one transaction.
const AT_ONCE: u16 = 200;

/// Tells staff of them, and when to look next at those of whom nobody would have. Returns how many there are.
pub async fn tell_unproven(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    context: Context<'_>,
) -> Result<usize, StoreError> {
    let mut desk = Desk::open(store, scope, zone, context).await?;
    let now = desk.now();
    let ids: Vec<PaymentId> = payments::unproven(&mut desk.tx, now.minus(polling::PROVEN_WITHIN), AT_ONCE).await?;
    for id in &ids {
        let Some(payment) = payments::lock(&mut desk.tx, *id).await? else { continue };
        let said = payment.said.clone().unwrap_or_else(|| "nothing yet".to_owned());
        let what = format!(
            "a callback says that payment {} of {} was paid, and the gateway has not confirmed it: {said}. Look for it \
             in the gateway's own statement; we go on asking",
            payment.reference.expose(),
            payment.price
        );
        desk.tell(ExceptionKind::PaidNotServed, id, None, what).await?;
    }
    desk.commit().await?;
    Ok(ids.len())
}
