//! Has a parked job tried again, as often as a new one.

use domain::id::JobId;
use domain::platform::audit::{Change, Thing, Verb};
use domain::support::exception::ExceptionKind;
use store::platform::jobs;
use store::support::exceptions;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::platform::told::{Side, tell};

/// Why nothing is tried again.
#[derive(Debug, Error)]
pub enum RetryError {
    /// No such job.
    #[error("there is no job `{0}`: `mnetifi job list` shows those that wait and those that are parked")]
    Unknown(JobId),
    /// It is not parked.
    #[error("job `{0}` is not parked: it is {1}, so there is nothing to try again")]
    NotParked(JobId, &'static str),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Has it tried again.
pub async fn retry_job(
    store: &Store,
    scope: &TenantScope,
    id: JobId,
    side: Side,
    context: Context<'_>,
) -> Result<(), RetryError> {
    let now = context.now();
    let platform = side.platform(store, context).await?;
    let mut tx = store.tenant(scope).await?;
    if !jobs::retry(&mut tx, id, now).await? {
        let job = jobs::find(&mut tx, id).await?.ok_or(RetryError::Unknown(id))?;
        return Err(RetryError::NotParked(id, job.state.code()));
    }
    exceptions::resolve(&mut tx, ExceptionKind::JobParked, &[id.to_string()], now, "it is tried again").await?;
    let changes = vec![Change::of("state", Some("parked"), Some("waiting"))];
    Ok(tell(tx, (Verb::RetryJob, Thing::Job(id)), changes, platform, context).await?)
}
