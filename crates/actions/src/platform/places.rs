//! Deeds about branches and zones.

pub mod add_branch;
pub mod add_zone;
pub mod change_zone;
pub mod remove_branch;
pub mod remove_zone;
pub mod rename_branch;

use store::StoreError;
use thiserror::Error;

/// Why nothing was done to a branch or zone.
#[derive(Debug, Error)]
pub enum PlaceError {
    /// There is no such thing.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// The name is taken, or the branch is not there.
    #[error("{0}")]
    Refused(&'static str),
    /// There are as many as fit.
    #[error("an ISP has at most {most} {what}: take one away first", most = domain::platform::place::PLACES_MAX)]
    Full {
        /// Of what.
        what: &'static str,
    },
    /// Something lies in it.
    #[error("{0}")]
    InUse(String),
    /// Somebody else has changed it meanwhile.
    #[error("somebody else has changed it meanwhile: read it again")]
    ChangedMeanwhile,
    /// The database.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for PlaceError {
    fn from(why: StoreError) -> Self {
        match why {
            StoreError::Conflict { what } => Self::Refused(what),
            StoreError::Missing { what } => Self::Unknown(what),
            other @ (StoreError::Unavailable { .. }
            | StoreError::Corrupt { .. }
            | StoreError::NewerDatabase { .. }
            | StoreError::NotMigrated
            | StoreError::ForeignMigration { .. }
            | StoreError::OldServer { .. }
            | StoreError::WrongMasterKey
            | StoreError::BadUrl
            | StoreError::Denied { .. }
            | StoreError::Bug { .. }) => Self::Store(other),
        }
    }
}
