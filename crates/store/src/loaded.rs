//! Sets of rows of which one may be broken without spoiling the others.

use uuid::Uuid;

use crate::error::StoreError;

/// What was loaded, and what could not be.
#[derive(Debug)]
pub struct Loaded<T> {
    /// What was loaded.
    pub found: T,
    /// Rows that were left out, since they cannot be read.
    pub unusable: Vec<Unusable>,
}

/// A row that cannot be read. Someone must look at it.
#[derive(Debug)]
pub struct Unusable {
    /// Its id.
    pub id: Uuid,
    /// Why; names its table.
    pub reason: StoreError,
}

impl<Row> Loaded<Vec<Row>> {
    /// Parts the rows that can be read from those that cannot.
    pub(crate) fn parted(rows: impl IntoIterator<Item = (Uuid, Result<Row, StoreError>)>) -> Self {
        let mut loaded = Self { found: Vec::new(), unusable: Vec::new() };
        for (id, row) in rows {
            match row {
                Ok(row) => loaded.found.push(row),
                Err(reason) => loaded.unusable.push(Unusable { id, reason }),
            }
        }
        loaded
    }
}
