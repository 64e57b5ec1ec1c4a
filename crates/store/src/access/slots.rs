//! Places in the device cap: one row, one device. Exact, however many ask at the same moment.
//!
//! The holder's own row is the lock over its places: whoever changes them locks that row first, holders in the order
//! of their ids. So a look at the places and the write that follows cannot be parted.
//!
//! The rules are those of `policy::access::places`, which this crate does not know; `crates/actions/tests/places.rs` holds
//! the two together.

use std::collections::{HashMap, HashSet};

use domain::access::attempt::Device;
use domain::access::facts::Holder;
use domain::access::slot::Place;
use domain::id::SessionId;
use domain::sales::plan::DeviceCap;
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::Instant;
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// What came of asking for a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// The device has the place with this number, counted from 1.
    Place(u16),
    /// Other devices have them all.
    Full,
}

/// Takes a place for a device until `lease_until`.
///
/// A device that has one gets its own again, whichever session had it, and its lease is not shortened; else the lowest
/// number that is free or whose lease is over. A voucher or subscriber that is not the tenant's is `Missing`.
pub async fn take(
    tx: &mut TenantTx,
    holder: Holder,
    device: &Device,
    cap: DeviceCap,
    session: SessionId,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Taken, StoreError> {
    if lock_holders(tx, &[holder.uuid()]).await?.is_empty() {
        return Err(StoreError::Missing { what: holder.kind() });
    }
    let mut places = read_places(tx, &[holder.uuid()]).await?;
    let places = places.entry(holder.uuid()).or_default();
    let device = device.key();
    let Some(number) = choose(places, &device, cap.get(), now) else { return Ok(Taken::Full) };
    // Another session of the device may be online: a login that comes to nothing must not shorten its lease.
    let lease =
        places.iter().find(|place| place.device == device).map_or(lease_until, |own| own.lease_until.max(lease_until));
    let taken = PlaceRow { number, device, session: session.uuid(), lease_until: lease };
    write_places(tx, &[(holder, taken)]).await?;
    Ok(Taken::Place(number))
}

/// Gives a newcomer the place of the device that was heard of longest ago, until `lease_until`. Its sessions are found to
/// be without a place, and end. [`Taken::Full`] when nobody holds any.
pub async fn take_from_oldest(
    tx: &mut TenantTx,
    holder: Holder,
    device: &Device,
    session: SessionId,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Taken, StoreError> {
    if lock_holders(tx, &[holder.uuid()]).await?.is_empty() {
        return Err(StoreError::Missing { what: holder.kind() });
    }
    let places = read_places(tx, &[holder.uuid()]).await?.remove(&holder.uuid()).unwrap_or_default();
    let key = device.key();
    let held: Vec<&PlaceRow> = places.iter().filter(|place| place.device != key && now < place.lease_until).collect();
    let tenant = tx.tenant_uuid();
    let heard: HashMap<Uuid, Timestamp> = sqlx::query!(
        r#"select id, last_heard_at as "last_heard_at: Instant" from sessions where tenant_id = $1 and id = any($2)"#,
        tenant,
        &held.iter().map(|place| place.session).collect::<Vec<_>>(),
    )
    .fetch_all(tx.connection())
    .await?
    .into_iter()
    .map(|row| (row.id, row.last_heard_at.0))
    .collect();
    let oldest = held.iter().min_by_key(|place| (heard.get(&place.session), place.number));
    let Some(oldest) = oldest else { return Ok(Taken::Full) };
    // A place of its own whose lease is over would be a second one.
    free(tx, holder, device).await?;
    let taken = PlaceRow { number: oldest.number, device: key, session: session.uuid(), lease_until };
    write_places(tx, &[(holder, taken)]).await?;
    Ok(Taken::Place(oldest.number))
}

/// News of a session that lives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Renewal {
    /// Whose right it uses.
    pub holder: Holder,
    /// The device.
    pub device: Device,
    /// The session.
    pub session: SessionId,
    /// Until when its place is believed.
    pub lease_until: Timestamp,
}

/// Renews the places of sessions that live. A session whose place was given away takes a free one, if there is one.
///
/// Returns the sessions that found none: they are online beyond their device cap. A lease is never shortened, and a
/// place that the device has taken for a newer session stays with that session.
pub async fn renew_many(tx: &mut TenantTx, renewals: &[Renewal], now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
    if renewals.is_empty() {
        return Ok(Vec::new());
    }
    let holders: Vec<Uuid> = renewals.iter().map(|renewal| renewal.holder.uuid()).collect();
    let locked = lock_holders(tx, &holders).await?;
    let mut places = read_places(tx, &holders).await?;
    let lacking: Vec<Uuid> = renewals
        .iter()
        .filter(|renewal| {
            let key = renewal.device.key();
            !places.get(&renewal.holder.uuid()).is_some_and(|known| known.iter().any(|place| place.device == key))
        })
        .map(|renewal| renewal.holder.uuid())
        .collect();
    let caps = if lacking.is_empty() { HashMap::new() } else { read_caps(tx, &lacking).await? };
    let mut written: HashMap<(Uuid, u16), (Holder, PlaceRow)> = HashMap::new();
    let mut placeless = Vec::new();
    for renewal in renewals {
        let holder = renewal.holder.uuid();
        let known = places.entry(holder).or_default();
        let Some(place) = renewed(known, renewal, caps.get(&holder).copied(), now).filter(|_| locked.contains(&holder))
        else {
            placeless.push(renewal.session);
            continue;
        };
        written.insert((holder, place.number), (renewal.holder, place));
    }
    let written: Vec<(Holder, PlaceRow)> = written.into_values().collect();
    write_places(tx, &written).await?;
    Ok(placeless)
}

/// Frees the places of sessions that have ended, unless another session of the device lives: then the place is that
/// one's, on its lease.
pub async fn release_many(tx: &mut TenantTx, sessions: &[SessionId]) -> Result<(), StoreError> {
    if sessions.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant_uuid();
    let sessions: Vec<Uuid> = sessions.iter().map(|id| id.uuid()).collect();
    // Also those whose place another session has at this moment: it may be about to leave it to one of these.
    let holders = sqlx::query_scalar!(
        r#"select holder_id as "holder_id!" from slots where tenant_id = $1 and session_id = any($2)
           union
           select holder_id from sessions where tenant_id = $1 and id = any($2) and holder_id is not null"#,
        tenant,
        &sessions,
    )
    .fetch_all(tx.connection())
    .await?;
    if holders.is_empty() {
        return Ok(());
    }
    lock_holders(tx, &holders).await?;
    sqlx::query_file!("sql/leave_places.sql", tenant, &sessions).execute(tx.connection()).await?;
    sqlx::query!("delete from slots where tenant_id = $1 and session_id = any($2)", tenant, &sessions)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Frees the place of a device, whichever session has it.
pub async fn free(tx: &mut TenantTx, holder: Holder, device: &Device) -> Result<(), StoreError> {
    lock_holders(tx, &[holder.uuid()]).await?;
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "delete from slots where tenant_id = $1 and holder_id = $2 and device = $3",
        tenant,
        holder.uuid(),
        device.key(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Writes all places of these holders; others that they had are gone.
pub async fn replace(tx: &mut TenantTx, places: &[(Holder, Vec<Place>)]) -> Result<(), StoreError> {
    if places.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant_uuid();
    let holders: Vec<Uuid> = places.iter().map(|(holder, _)| holder.uuid()).collect();
    sqlx::query!("delete from slots where tenant_id = $1 and holder_id = any($2)", tenant, &holders)
        .execute(tx.connection())
        .await?;
    let rows: Vec<(Holder, PlaceRow)> = places
        .iter()
        .flat_map(|(holder, places)| {
            places.iter().map(|place| {
                let row = PlaceRow {
                    number: place.number,
                    device: place.device.key(),
                    session: place.session.uuid(),
                    lease_until: place.lease_until,
                };
                (*holder, row)
            })
        })
        .collect();
    if rows.is_empty() { Ok(()) } else { write_places(tx, &rows).await }
}

/// All places of the tenant, by holder.
pub async fn all(tx: &mut TenantTx) -> Result<HashMap<Uuid, Vec<Place>>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select holder_id, slot_no, device, session_id, lease_until as "lease_until: Instant"
           from slots
           where tenant_id = $1"#,
        tenant,
    )
    .fetch_all(tx.connection())
    .await?;
    let mut places: HashMap<Uuid, Vec<Place>> = HashMap::new();
    for row in rows {
        places.entry(row.holder_id).or_default().push(Place {
            number: u16::try_from(row.slot_no).map_err(|_| StoreError::corrupt("slots", row.holder_id))?,
            device: Device::from_key(&row.device),
            session: SessionId::from_uuid(row.session_id),
            lease_until: row.lease_until.0,
        });
    }
    Ok(places)
}

#[derive(Clone)]
struct PlaceRow {
    number: u16,
    device: String,
    session: Uuid,
    lease_until: Timestamp,
}

/// The number that a device gets; `None` when others have them all.
///
/// Places are counted, not numbers: after a cap was lowered the devices that are online keep theirs, and nobody new
/// comes until fewer than the cap are left.
fn choose(places: &[PlaceRow], device: &str, cap: u16, now: Timestamp) -> Option<u16> {
    let own = places.iter().find(|place| place.device == device);
    let held: HashSet<u16> = places
        .iter()
        .filter(|place| place.device != device && now < place.lease_until)
        .map(|place| place.number)
        .collect();
    match own {
        Some(place) if now < place.lease_until || held.len() < usize::from(cap) => Some(place.number),
        None if held.len() < usize::from(cap) => (1..=cap).find(|number| !held.contains(number)),
        Some(_) | None => None,
    }
}

/// The place of a session that lives, as it is to be written; `known` is kept up to date for those that follow.
fn renewed(known: &mut Vec<PlaceRow>, renewal: &Renewal, cap: Option<u16>, now: Timestamp) -> Option<PlaceRow> {
    let device = renewal.device.key();
    if let Some(own) = known.iter_mut().find(|place| place.device == device) {
        let ours = own.session == renewal.session.uuid() || own.lease_until <= now;
        own.session = if ours { renewal.session.uuid() } else { own.session };
        own.lease_until = own.lease_until.max(renewal.lease_until);
        return Some(own.clone());
    }
    let number = choose(known, &device, cap?, now)?;
    known.retain(|place| place.number != number);
    let place = PlaceRow { number, device, session: renewal.session.uuid(), lease_until: renewal.lease_until };
    known.push(place.clone());
    Some(place)
}

/// Locks the rows of these holders in the order of their ids. Returns those that are there.
async fn lock_holders(tx: &mut TenantTx, holders: &[Uuid]) -> Result<HashSet<Uuid>, StoreError> {
    let tenant = tx.tenant_uuid();
    let locked = sqlx::query_scalar!(
        r#"with v as (
               select id from vouchers where tenant_id = $1 and id = any($2) order by id for no key update
           ), s as (
               select id from subscribers where tenant_id = $1 and id = any($2) order by id for no key update
           )
           select id as "id!" from v union all select id from s"#,
        tenant,
        holders,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(locked.into_iter().collect())
}

async fn read_places(tx: &mut TenantTx, holders: &[Uuid]) -> Result<HashMap<Uuid, Vec<PlaceRow>>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select holder_id, slot_no, device, session_id, lease_until as "lease_until: Instant"
           from slots
           where tenant_id = $1 and holder_id = any($2)"#,
        tenant,
        holders,
    )
    .fetch_all(tx.connection())
    .await?;
    let mut places: HashMap<Uuid, Vec<PlaceRow>> = HashMap::new();
    for row in rows {
        places.entry(row.holder_id).or_default().push(PlaceRow {
            number: u16::try_from(row.slot_no).map_err(|_| StoreError::corrupt("slots", row.holder_id))?,
            device: row.device,
            session: row.session_id,
            lease_until: row.lease_until.0,
        });
    }
    Ok(places)
}

/// The device caps of these holders' plans, at their current revisions.
async fn read_caps(tx: &mut TenantTx, holders: &[Uuid]) -> Result<HashMap<Uuid, u16>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select h.id as "id!", r.device_cap
           from (
               select id, plan_id from vouchers where tenant_id = $1 and id = any($2)
               union all
               select id, plan_id from subscribers where tenant_id = $1 and id = any($2)
           ) h
           join plans p on p.tenant_id = $1 and p.id = h.plan_id
           join plan_revisions r on r.tenant_id = $1 and r.plan_id = p.id and r.revision = p.current_revision"#,
        tenant,
        holders,
    )
    .fetch_all(tx.connection())
    .await?;
    rows.into_iter()
        .map(|row| {
            let cap = u16::try_from(row.device_cap).map_err(|_| StoreError::corrupt("plan_revisions", row.id))?;
            Ok((row.id, cap))
        })
        .collect()
}

async fn write_places(tx: &mut TenantTx, places: &[(Holder, PlaceRow)]) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let holders: Vec<Uuid> = places.iter().map(|(holder, _)| holder.uuid()).collect();
    let kinds: Vec<&str> = places.iter().map(|(holder, _)| holder.kind()).collect();
    let numbers: Vec<i32> = places.iter().map(|(_, place)| i32::from(place.number)).collect();
    let devices: Vec<&str> = places.iter().map(|(_, place)| place.device.as_str()).collect();
    let sessions: Vec<Uuid> = places.iter().map(|(_, place)| place.session).collect();
    let leases: Vec<Instant> = places.iter().map(|(_, place)| Instant(place.lease_until)).collect();
    // In the order of the numbers: a device whose old place was given away moves to a higher one, so its old row is
    // overwritten before its new one is written.
    sqlx::query!(
        "insert into slots (tenant_id, holder_id, holder_kind, slot_no, device, session_id, lease_until)
         select $1, new.*
         from unnest($2::uuid[], $3::text[], $4::integer[], $5::text[], $6::uuid[], $7::timestamptz[])
             as new (holder_id, holder_kind, slot_no, device, session_id, lease_until)
         order by new.holder_id, new.slot_no
         on conflict (tenant_id, holder_id, slot_no) do update
         set device = excluded.device, session_id = excluded.session_id, lease_until = excluded.lease_until",
        tenant,
        &holders,
        &kinds as _,
        &numbers,
        &devices as _,
        &sessions,
        &leases as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn place(number: u16, device: &str, lease_seconds: i64) -> PlaceRow {
        PlaceRow {
            number,
            device: device.to_owned(),
            session: Uuid::nil(),
            lease_until: Timestamp::from_seconds(lease_seconds),
        }
    }

    #[test]
    fn a_device_gets_its_own_place_again() {
        let places = [place(1, "a", 2_000), place(2, "b", 500)];

        assert_eq!(choose(&places, "a", 2, NOW), Some(1));
        assert_eq!(choose(&places, "b", 2, NOW), Some(2));
    }

    #[test]
    fn a_new_device_gets_the_lowest_place_whose_lease_is_over() {
        let places = [place(1, "a", 2_000), place(2, "b", 500), place(3, "c", 500)];

        assert_eq!(choose(&places, "d", 3, NOW), Some(2));
    }

    #[test]
    fn nobody_new_comes_while_the_cap_is_full_whatever_the_numbers_are() {
        let places = [place(2, "b", 2_000), place(3, "c", 2_000)];

        assert_eq!(choose(&places, "d", 2, NOW), None);
        assert_eq!(choose(&places, "d", 3, NOW), Some(1));
    }
}
