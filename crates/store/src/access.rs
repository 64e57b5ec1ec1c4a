//! Who is online, on what terms.

pub mod boots;
pub mod convergence;
pub mod days;
pub mod decisions;
pub mod devices;
pub mod facts;
pub mod history;
pub mod holders;
pub mod hours;
pub mod known;
pub mod online;
pub mod positions;
pub mod sessions;
pub mod slots;
pub mod usage;

use domain::access::facts::Holder;
use uuid::Uuid;

use crate::error::StoreError;

/// The holder of a row whose two columns are filled or empty together.
pub(crate) fn holder_of(
    table: &'static str,
    row: Uuid,
    kind: Option<&str>,
    id: Option<Uuid>,
) -> Result<Option<Holder>, StoreError> {
    match (kind, id) {
        (None, None) => Ok(None),
        (Some(kind), Some(id)) => Holder::from_row(kind, id).map(Some).ok_or_else(|| StoreError::corrupt(table, row)),
        (Some(_), None) | (None, Some(_)) => Err(StoreError::corrupt(table, row)),
    }
}
