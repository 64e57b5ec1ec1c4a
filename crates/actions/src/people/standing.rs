//! Lets somebody sign in no more, or again. Nobody is deleted.

use domain::id::StaffId;
use domain::people::staff::{Staff, StaffState};
use domain::platform::audit::{Change, Thing, Verb};
use store::people::{sign_ins, staff, tokens};
use store::platform::audit;
use store::{Store, TenantScope};

use crate::context::Context;
use crate::people::by::{By, PeopleError};
use crate::people::change_staff::{keep_an_owner, lock_owners};
use crate::people::invite::room_for;

/// Lets somebody sign in no more: their stays end now, and what was mailed to them is good for nothing.
pub async fn deactivate(
    store: &Store,
    scope: &TenantScope,
    by: &By,
    id: StaffId,
    context: Context<'_>,
) -> Result<Staff, PeopleError> {
    if by.staff == Some(id) {
        return Err(PeopleError::Yourself);
    }
    let mut tx = store.tenant(scope).await?;
    let owners = lock_owners(&mut tx, by).await?;
    let before = staff::lock(&mut tx, id).await?.ok_or(PeopleError::Nobody)?;
    by.may_give(&mut tx, before.role, &before.zones).await?;
    match before.state {
        StaffState::Deactivated => return Ok(before),
        StaffState::Active => keep_an_owner(&owners, &before)?,
        StaffState::Invited => {}
    }
    staff::set_state(&mut tx, id, StaffState::Deactivated).await?;
    tokens::drop_all(&mut tx, id).await?;
    sign_ins::end_all(&mut tx, id, None, context.now()).await?;
    let changes = vec![Change::of("state", Some(before.state), Some(StaffState::Deactivated))];
    audit::note(&mut tx, &[context.audit(Verb::DeactivateStaff, Thing::Staff(id), changes)]).await?;
    let after = staff::find(&mut tx, id).await?.ok_or(PeopleError::Nobody)?;
    tx.commit().await?;
    Ok(after)
}

/// Lets somebody sign in again, with the password they had; who never had one is invited again.
pub async fn reactivate(
    store: &Store,
    scope: &TenantScope,
    by: &By,
    id: StaffId,
    context: Context<'_>,
) -> Result<Staff, PeopleError> {
    let mut tx = store.tenant(scope).await?;
    let before = staff::lock(&mut tx, id).await?.ok_or(PeopleError::Nobody)?;
    by.may_give(&mut tx, before.role, &before.zones).await?;
    if before.state != StaffState::Deactivated {
        return Ok(before);
    }
    let has_password = staff::proofs(&mut tx, id).await?.is_some_and(|proofs| proofs.password_hash.is_some());
    room_for(&mut tx, before.role, context).await?;
    let state = if has_password { StaffState::Active } else { StaffState::Invited };
    staff::set_state(&mut tx, id, state).await?;
    let changes = vec![Change::of("state", Some(before.state), Some(state))];
    audit::note(&mut tx, &[context.audit(Verb::ReactivateStaff, Thing::Staff(id), changes)]).await?;
    let after = staff::find(&mut tx, id).await?.ok_or(PeopleError::Nobody)?;
    tx.commit().await?;
    Ok(after)
}
