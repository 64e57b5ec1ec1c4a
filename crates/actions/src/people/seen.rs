//! Whether a subscriber is still as somebody had seen it when they asked for a deed.

use domain::id::SubscriberId;
use store::people::subscribers::{self, Record};
use store::{StoreError, TenantTx};

/// Whether it is. Asked in the deed's own transaction, once the subscriber is locked. `None` is for whoever has seen
/// nothing.
pub(crate) async fn is_as_seen(
    tx: &mut TenantTx,
    subscriber: SubscriberId,
    seen: Option<&Record>,
) -> Result<bool, StoreError> {
    let Some(seen) = seen else { return Ok(true) };
    Ok(subscribers::find(tx, subscriber, None).await?.as_ref() == Some(seen))
}
