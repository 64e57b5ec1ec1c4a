//! Roles of an ISP's own: made, changed and removed.

use domain::id::RoleId;
use domain::people::permission::Permissions;
use domain::people::role::{Rights, Role, Services};
use domain::people::staff::Zoned;
use domain::platform::audit::{Change, Thing, Verb};
use store::people::roles::{self, ROLES_MAX};
use store::platform::audit;
use store::{Store, TenantScope};

use crate::context::Context;
use crate::people::by::{By, PeopleError};

/// What a role is to be.
#[derive(Clone, Debug)]
pub struct RoleTerms {
    /// How people call it.
    pub name: String,
    /// What it may do.
    pub permissions: Permissions,
    /// With which kinds of service.
    pub services: Services,
}

impl RoleTerms {
    fn check(&self, by: &By) -> Result<(), PeopleError> {
        named(&self.name, Role::NAME_MAX)?;
        by.may_give_rights(
            Rights::Own { permissions: self.permissions, services: self.services },
            &Zoned::Some(Vec::new()),
        )
    }
}

/// A name that fits: plain text of at most so many characters.
pub(crate) fn named(name: &str, max: usize) -> Result<(), PeopleError> {
    let fits = (1..=max).contains(&name.chars().count()) && name.trim() == name;
    if fits && !name.chars().any(char::is_control) { Ok(()) } else { Err(PeopleError::BadName) }
}

/// Makes a role. Nobody makes one that may do more than they may.
pub async fn make_role(
    store: &Store,
    scope: &TenantScope,
    by: &By,
    terms: RoleTerms,
    context: Context<'_>,
) -> Result<Role, PeopleError> {
    terms.check(by)?;
    let RoleTerms { name, permissions, services } = terms;
    let role = Role { id: context.new_id(), name, permissions, services, created_at: context.now(), revision: 1 };
    let mut tx = store.tenant(scope).await?;
    let there = roles::list(&mut tx).await?.len();
    if u32::try_from(there).is_ok_and(|there| there >= ROLES_MAX) {
        return Err(PeopleError::TooMany(u64::from(ROLES_MAX)));
    }
    roles::add(&mut tx, &role).await?;
    let changes = vec![
        Change::of("name", None, Some(&role.name)),
        Change::of("permissions", None, Some(&role.permissions.to_string())),
    ];
    audit::note(&mut tx, &[context.audit(Verb::MakeRole, Thing::Role(role.id), changes)]).await?;
    tx.commit().await?;
    Ok(role)
}

/// Changes a role: in force with the next request of whoever has it.
pub async fn change_role(
    store: &Store,
    scope: &TenantScope,
    by: &By,
    (id, terms): (RoleId, RoleTerms),
    seen: impl FnOnce(&Role) -> bool,
    context: Context<'_>,
) -> Result<Role, PeopleError> {
    terms.check(by)?;
    let mut tx = store.tenant(scope).await?;
    let before = roles::lock(&mut tx, id).await?.ok_or(PeopleError::NoSuchRole)?;
    if !seen(&before) {
        return Err(PeopleError::Changed);
    }
    let held = Rights::Own { permissions: before.permissions, services: before.services };
    by.may_give_rights(held, &Zoned::Some(Vec::new()))?;
    let RoleTerms { name, permissions, services } = terms;
    let after = Role { name, permissions, services, revision: before.revision + 1, ..before.clone() };
    roles::change(&mut tx, &after).await?;
    let changes = vec![
        Change::of("name", Some(&before.name), Some(&after.name)),
        Change::of("permissions", Some(&before.permissions.to_string()), Some(&after.permissions.to_string())),
        Change::of("services", Some(before.services.code()), Some(after.services.code())),
    ];
    let changes = changes.into_iter().filter(|change| change.before != change.after).collect();
    audit::note(&mut tx, &[context.audit(Verb::ChangeRole, Thing::Role(id), changes)]).await?;
    tx.commit().await?;
    Ok(after)
}

/// Removes a role that nobody has.
pub async fn remove_role(
    store: &Store,
    scope: &TenantScope,
    by: &By,
    id: RoleId,
    context: Context<'_>,
) -> Result<(), PeopleError> {
    let mut tx = store.tenant(scope).await?;
    let before = roles::lock(&mut tx, id).await?.ok_or(PeopleError::NoSuchRole)?;
    let held = Rights::Own { permissions: before.permissions, services: before.services };
    by.may_give_rights(held, &Zoned::Some(Vec::new()))?;
    roles::remove(&mut tx, id).await?;
    let changes = vec![Change::of("name", Some(&before.name), None)];
    audit::note(&mut tx, &[context.audit(Verb::RemoveRole, Thing::Role(id), changes)]).await?;
    Ok(tx.commit().await?)
}
