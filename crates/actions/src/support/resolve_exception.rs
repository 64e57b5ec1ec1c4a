//! Resolves an exception because a person has looked after it. The same trouble, met again, opens another one.

use domain::id::ExceptionId;
use domain::platform::audit::{Change, Thing, Verb};
use domain::support::exception::Exception;
use store::platform::audit;
use store::support::exceptions;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// Most characters of what a person says about it; what is longer is cut.
pub const NOTE_MAX: usize = 400;

/// Resolves it, with what was done about it in the person's own words. Returns what it was; `None` when no open one has
/// that id.
pub async fn resolve_exception(
    store: &Store,
    scope: &TenantScope,
    id: ExceptionId,
    note: &str,
    context: Context<'_>,
) -> Result<Option<Exception>, StoreError> {
    let said: String = note.trim().chars().filter(|character| !character.is_control()).take(NOTE_MAX).collect();
    let how = if said.is_empty() {
        format!("by hand, by {}", context.actor())
    } else {
        format!("{said} (by hand, by {})", context.actor())
    };
    let how: String = how.chars().take(500).collect();
    let mut tx = store.tenant(scope).await?;
    let resolved = exceptions::resolve_by_hand(&mut tx, id, context.now(), &how).await?;
    if let Some(exception) = &resolved {
        let changes = vec![Change::of("resolution", None, Some(how)), Change::of("what", None, Some(&exception.what))];
        audit::note(&mut tx, &[context.audit(Verb::ResolveException, Thing::Exception(id), changes)]).await?;
    }
    tx.commit().await?;
    Ok(resolved)
}
