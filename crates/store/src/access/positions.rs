//! How far each journal of accounting records is in the database, tenant by tenant.
//!
//! Noted in the same transaction as what the records changed, so that a record which is read again after a crash
//! changes nothing twice.

use domain::id::JournalId;
use uuid::Uuid;

use crate::columns::{counter, uncounter};
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// A place in a journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    /// Which journal.
    pub journal: JournalId,
    /// All records before this one are in the database.
    pub position: u64,
    /// The transaction that notes it.
    pub batch: Uuid,
}

/// How far a journal's records of this tenant are in the database; `None` when none of them is.
pub async fn find(tx: &mut TenantTx, journal: JournalId) -> Result<Option<Mark>, StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query!(
        "select position, batch_id from journal_positions where tenant_id = $1 and journal_id = $2",
        tenant,
        journal.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| Mark { journal, position: uncounter(row.position), batch: row.batch_id }))
}

/// Notes how far they are.
pub async fn note(tx: &mut TenantTx, mark: Mark) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into journal_positions (tenant_id, journal_id, position, batch_id)
         values ($1, $2, $3, $4)
         on conflict (tenant_id, journal_id) do update
         set position = excluded.position, batch_id = excluded.batch_id, noted_at = clock_timestamp()",
        tenant,
        mark.journal.uuid(),
        counter(mark.position),
        mark.batch,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
