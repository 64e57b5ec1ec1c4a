//! Tries to sign in that failed. Kept by a hash of what was named and of where it came from; nobody's rows.

use domain::time::Timestamp;

use crate::columns::{Instant, at, integer};
use crate::error::StoreError;
use crate::system_tx::SystemTx;

/// Old rows that are let go of at once.
const FORGET_MAX: i64 = 20;

/// What is remembered under one key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Remembered {
    /// How many failed one after the other.
    pub failed: u32,
    /// When the last one was.
    pub last_at: Option<Timestamp>,
    /// Until when the next one waits.
    pub wait_until: Option<Timestamp>,
}

/// What is remembered under a key, locked until the transaction ends: two tries at once are one after the other.
pub async fn lock(tx: &mut SystemTx, counted_by: &str, key: &[u8; 32]) -> Result<Remembered, StoreError> {
    sqlx::query!(
        "insert into sign_in_tries (counted_by, key, failed) values ($1, $2, 0) on conflict do nothing",
        counted_by,
        &key[..],
    )
    .execute(tx.connection())
    .await?;
    let row = sqlx::query!(
        r#"select failed, last_at as "last_at: Instant", wait_until as "wait_until: Instant"
           from sign_in_tries
           where counted_by = $1 and key = $2
           for update"#,
        counted_by,
        &key[..],
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(Remembered {
        failed: u32::try_from(row.failed).unwrap_or(0),
        last_at: at(row.last_at),
        wait_until: at(row.wait_until),
    })
}

/// Remembers it.
pub async fn note(
    tx: &mut SystemTx,
    counted_by: &str,
    key: &[u8; 32],
    remembered: Remembered,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update sign_in_tries set failed = $3, last_at = $4, wait_until = $5 where counted_by = $1 and key = $2",
        counted_by,
        &key[..],
        integer(remembered.failed),
        Instant::of(remembered.last_at) as _,
        Instant::of(remembered.wait_until) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Lets go of some that nobody has added to since an instant. Rows that somebody holds are left.
pub async fn forget_old(tx: &mut SystemTx, before: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from sign_in_tries
         where (counted_by, key) in (
             select counted_by, key from sign_in_tries
             where last_at < $1
             order by last_at
             limit $2
             for update skip locked
         )",
        Instant(before) as _,
        FORGET_MAX,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
