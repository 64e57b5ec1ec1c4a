//! Telephones with a prompt on them: one at a time, whichever ISP asks.

use domain::id::PaymentId;
use domain::phone::Msisdn;
use domain::time::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::columns::Instant;
use crate::error::StoreError;
use crate::system_tx::SystemTx;

/// Takes a telephone for a payment until then. Returns whether it was free, or this payment's already.
pub async fn take(
    tx: &mut SystemTx,
    phone: &Msisdn,
    payment: PaymentId,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let hash: [u8; 32] = Sha256::digest(phone.expose()).into();
    let taken = sqlx::query!(
        "insert into prompt_locks as held (phone_hash, payment_id, until_at)
         values ($1, $2, $4)
         on conflict (phone_hash) do update
             set payment_id = excluded.payment_id, until_at = excluded.until_at
             where held.payment_id = excluded.payment_id or held.until_at <= $3",
        &hash[..],
        payment.uuid(),
        Instant(now) as _,
        Instant(until) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Lets go of telephones whose time was over by then.
pub async fn forget(tx: &mut SystemTx, before: Timestamp) -> Result<u64, StoreError> {
    let gone = sqlx::query!("delete from prompt_locks where until_at <= $1", Instant(before) as _)
        .execute(tx.connection())
        .await?;
    Ok(gone.rows_affected())
}

/// Lets go of a payment's telephone: its prompt is over.
pub async fn release(tx: &mut SystemTx, payment: PaymentId) -> Result<(), StoreError> {
    sqlx::query!("delete from prompt_locks where payment_id = $1", payment.uuid()).execute(tx.connection()).await?;
    Ok(())
}
