//! Ends stays of somebody: one, or all but the one that asks.

use domain::id::{SignInId, StaffId};
use domain::platform::audit::{Change, Thing, Verb};
use store::people::{sign_ins, staff};
use store::platform::audit;
use store::{Store, TenantScope};

use crate::context::Context;
use crate::people::by::{By, PeopleError};

/// Ends one stay of somebody: on their own word, or on that of the machine's operator. Returns whether it lasted until now.
pub async fn end_one(
    store: &Store,
    scope: &TenantScope,
    (staff, stay): (StaffId, SignInId),
    context: Context<'_>,
) -> Result<bool, PeopleError> {
    let mut tx = store.tenant(scope).await?;
    let ended = sign_ins::end(&mut tx, staff, stay, context.now()).await?;
    if ended {
        let changes = vec![Change::of("stays", Some("1"), None)];
        audit::note(&mut tx, &[context.audit(Verb::EndSignIns, Thing::Staff(staff), changes)]).await?;
    }
    tx.commit().await?;
    Ok(ended)
}

/// Ends all stays of somebody's own but the one that asks. Returns how many.
pub async fn end_others(
    store: &Store,
    scope: &TenantScope,
    (staff, but): (StaffId, SignInId),
    context: Context<'_>,
) -> Result<u64, PeopleError> {
    end(store, scope, staff, Some(but), context).await
}

/// Ends all stays of somebody, on somebody else's word. Returns how many.
pub async fn end_all(
    store: &Store,
    scope: &TenantScope,
    by: &By,
    id: StaffId,
    context: Context<'_>,
) -> Result<u64, PeopleError> {
    let mut tx = store.tenant(scope).await?;
    let person = staff::find(&mut tx, id).await?.ok_or(PeopleError::Nobody)?;
    by.may_give(&mut tx, person.role, &person.zones).await?;
    tx.commit().await?;
    end(store, scope, id, None, context).await
}

async fn end(
    store: &Store,
    scope: &TenantScope,
    staff: StaffId,
    but: Option<SignInId>,
    context: Context<'_>,
) -> Result<u64, PeopleError> {
    let mut tx = store.tenant(scope).await?;
    let ended = sign_ins::end_all(&mut tx, staff, but, context.now()).await?;
    if ended > 0 {
        let changes = vec![Change::of("stays", Some(ended), None)];
        audit::note(&mut tx, &[context.audit(Verb::EndSignIns, Thing::Staff(staff), changes)]).await?;
    }
    tx.commit().await?;
    Ok(ended)
}
