//! Changes what is known of somebody, or what they may do.

use domain::email::Email;
use domain::id::StaffId;
use domain::people::role::{Preset, RoleName};
use domain::people::staff::{IdNumber, PersonName, Staff, StaffState, UserName, Zoned};
use domain::phone::Msisdn;
use domain::platform::audit::{Change, Thing, Verb};
use domain::platform::tier::Limit;
use store::people::staff;
use store::platform::audit;
use store::{Store, TenantScope, TenantTx};

use crate::context::Context;
use crate::people::by::{By, PeopleError};
use crate::people::invite::{check, room_for};
use crate::platform::entitle;

/// What is to be different; what is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct StaffChange {
    /// Their address.
    pub email: Option<Email>,
    /// Their name to sign in with.
    pub user_name: Option<UserName>,
    /// Their name.
    pub name: Option<PersonName>,
    /// Their number, or none.
    pub phone: Option<Option<Msisdn>>,
    /// The number of their identity card, or none.
    pub id_number: Option<Option<IdNumber>>,
    /// What they may do.
    pub role: Option<RoleName>,
    /// Where.
    pub zones: Option<Zoned>,
}

/// Changes it; in force with their next request. `seen` says whether the state that the caller saw is this one.
pub async fn change_staff(
    store: &Store,
    scope: &TenantScope,
    by: &By,
    id: StaffId,
    change: StaffChange,
    seen: impl FnOnce(&Staff) -> bool,
    context: Context<'_>,
) -> Result<Staff, PeopleError> {
    let mut tx = store.tenant(scope).await?;
    let owners = lock_owners(&mut tx, by).await?;
    let before = staff::lock(&mut tx, id).await?.ok_or(PeopleError::Nobody)?;
    if !seen(&before) {
        return Err(PeopleError::Changed);
    }
    by.may_give(&mut tx, before.role, &before.zones).await?;
    let mut after = before.clone();
    after.email = change.email.unwrap_or(after.email);
    after.user_name = change.user_name.unwrap_or(after.user_name);
    after.name = change.name.unwrap_or(after.name);
    after.phone = change.phone.unwrap_or(after.phone);
    after.id_number = change.id_number.unwrap_or(after.id_number);
    after.role = change.role.unwrap_or(after.role);
    after.zones = change.zones.unwrap_or(after.zones);
    if after == before {
        return Ok(before);
    }
    check(&after)?;
    let moves = after.role != before.role || after.zones != before.zones;
    if moves {
        if by.staff == Some(id) {
            return Err(PeopleError::Yourself);
        }
        by.may_give(&mut tx, after.role, &after.zones).await?;
    }
    if after.role != before.role && before.state == StaffState::Active {
        keep_an_owner(&owners, &before)?;
    }
    if before.state != StaffState::Deactivated {
        if after.role != before.role {
            room_for(&mut tx, after.role, context).await?;
        } else if before.role == RoleName::Preset(Preset::Technician) {
            entitle::may_change(&mut tx, Limit::Techs, id.uuid(), context).await?;
        }
    }
    staff::change(&mut tx, &after).await?;
    audit::note(&mut tx, &[context.audit(Verb::ChangeStaff, Thing::Staff(id), changes(&before, &after))]).await?;
    let after = staff::find(&mut tx, id).await?.ok_or(PeopleError::Nobody)?;
    tx.commit().await?;
    Ok(after)
}

/// Locks whoever can run the place, before anybody else is locked: two deeds that took them in another order would wait
/// for each other.
pub(crate) async fn lock_owners(tx: &mut TenantTx, by: &By) -> Result<Vec<StaffId>, PeopleError> {
    let preset = if by.is_platform { Preset::PlatformOwner } else { Preset::Owner };
    Ok(staff::lock_active_with(tx, preset).await?)
}

/// Sees to it that somebody is left who can run the place once this person cannot.
pub(crate) fn keep_an_owner(owners: &[StaffId], leaving: &Staff) -> Result<(), PeopleError> {
    match leaving.role {
        RoleName::Preset(Preset::Owner | Preset::PlatformOwner) => {}
        RoleName::Preset(_) | RoleName::Own(_) => return Ok(()),
    }
    if owners.iter().any(|owner| *owner != leaving.id) { Ok(()) } else { Err(PeopleError::LastOwner) }
}

/// What is different, without what nobody should read in the audit.
fn changes(before: &Staff, after: &Staff) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut note = |what: &str, before: String, after: String| {
        if before != after {
            changes.push(Change::of(what, Some(before), Some(after)));
        }
    };
    note("email", before.email.to_string(), after.email.to_string());
    note("user_name", before.user_name.to_string(), after.user_name.to_string());
    note("name", before.name.to_string(), after.name.to_string());
    note("role", before.role.to_string(), after.role.to_string());
    note("zones", zones(&before.zones), zones(&after.zones));
    let phone = |staff: &Staff| staff.phone.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
    note("phone", phone(before), phone(after));
    if before.id_number != after.id_number {
        changes.push(Change::of("id_number", Some("hidden"), Some("hidden")));
    }
    changes
}

fn zones(zoned: &Zoned) -> String {
    match zoned {
        Zoned::All => "everywhere".to_owned(),
        Zoned::Some(zones) => zones.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}
