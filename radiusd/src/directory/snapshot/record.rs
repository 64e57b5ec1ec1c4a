//! What stands in a snapshot, in octets: written by hand, so that the words of `domain` need not know of any disk.
//!
//! Numbers are little-endian. Texts have their length in two octets before them; what may be missing has an octet that
//! says whether it is there.

mod house;
mod octets;
mod plan;
mod router;
mod session;

use std::net::Ipv4Addr;

use domain::access::attempt::Device;
use domain::access::device::Mark;
use domain::access::facts::{FoundBy, Right};
use domain::access::slot::Place;
use domain::access::usage::Recent;
use domain::id::{JournalId, PlanId, TenantId};
use domain::network::nas::Nas;
use domain::people::subscriber::{Standing, Username};
use domain::phone::{CallingCode, Msisdn};
use domain::rate::Bytes;
use domain::sales::voucher::VoucherState;
use domain::secret::SecretBytes;
use domain::time::{Period, Timestamp, Zone};
use smallvec::SmallVec;
use store::access::known::{KnownRight, Name};
use store::access::sessions::StoredSession;
use uuid::Uuid;

use self::octets::{Octets, Out};
use super::Item;
use crate::directory::book::Habits;

const TENANT: u8 = 1;
const PLAN: u8 = 2;
const RIGHT: u8 = 3;
const NAME: u8 = 4;
const ROUTER: u8 = 5;
const HEARD: u8 = 6;
const SESSION: u8 = 7;

const PRINTED: u8 = 0;
const SOLD: u8 = 1;
const ACTIVE: u8 = 2;
const REVOKED: u8 = 3;
const SUBSCRIBER: u8 = 4;

const BY_CODE: u8 = 0;
const BY_PHONE: u8 = 1;
const BY_USERNAME: u8 = 2;
const BY_DEVICE: u8 = 3;

/// A right as a node knows it, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct RightSeen<'a> {
    /// What it is.
    pub right: &'a Right,
    /// Under which name people know it.
    pub name: &'a Name,
    /// What was bought.
    pub plan: PlanId,
    /// Octets from the subscriber over all its sessions.
    pub used_in: u64,
    /// Octets to the subscriber over all its sessions.
    pub used_out: u64,
    /// What it used in the periods that run, for those whose plan counts it.
    pub recent: Option<Recent>,
    /// The places of its device cap.
    pub places: &'a [Place],
    /// Devices that are blocked or were let go of.
    pub marks: &'a [Mark],
}

pub(super) fn put_router(out: &mut Vec<u8>, nas: &Nas, secret: &[u8]) -> Option<()> {
    out.push(ROUTER);
    router::put(out, nas, secret)
}

pub(super) fn put_heard(out: &mut Vec<u8>, journal: JournalId, next: u64) -> Option<()> {
    out.push(HEARD);
    out.id(journal);
    out.u64(next);
    Some(())
}

pub(super) fn put_session(out: &mut Vec<u8>, tenant: TenantId, session: &StoredSession) -> Option<()> {
    out.push(SESSION);
    out.id(tenant);
    session::put(out, session)
}

pub(super) fn put_tenant(out: &mut Vec<u8>, id: TenantId, habits: &Habits) -> Option<()> {
    out.push(TENANT);
    out.id(id);
    out.text(habits.zone.name().as_bytes())?;
    out.text(habits.country.as_str().as_bytes())?;
    house::put(out, &habits.house)
}

pub(super) fn put_plan(out: &mut Vec<u8>, plan: &domain::sales::plan::Plan) -> Option<()> {
    out.push(PLAN);
    plan::put(out, plan)
}

pub(super) fn put_right(out: &mut Vec<u8>, tenant: TenantId, seen: RightSeen<'_>) -> Option<()> {
    out.push(RIGHT);
    out.id(tenant);
    out.id(seen.plan);
    out.u64(seen.used_in);
    out.u64(seen.used_out);
    out.option(seen.recent.map(octets_of));
    match seen.right {
        Right::Voucher { id, state, code } => {
            put_state(out, *state);
            out.id(*id);
            out.text(code.expose())?;
        }
        Right::Subscriber { id, standing, until, password, framed_ip } => {
            out.push(SUBSCRIBER);
            out.id(*id);
            out.option(match standing {
                Standing::Active => None,
                Standing::Suspended { at } => Some(at.as_micros().to_le_bytes()),
            });
            out.instant(*until);
            out.text(password.expose())?;
            out.option(framed_ip.map(|address| address.octets()));
        }
    }
    match seen.name {
        Name::Code { bought_by } => out.text(bought_by.as_ref().map_or("", Msisdn::expose).as_bytes())?,
        Name::Username(name) => out.text(name.as_str().as_bytes())?,
    }
    out.u16(u16::try_from(seen.places.len()).ok()?);
    for place in seen.places {
        out.u16(place.number);
        out.id(place.session);
        out.i64(place.lease_until.as_micros());
        out.text(place.device.key().as_bytes())?;
    }
    out.u16(u16::try_from(seen.marks.len()).ok()?);
    for mark in seen.marks {
        out.text(mark.device.key().as_bytes())?;
        out.push(u8::from(mark.is_blocked));
        out.instant(mark.released_at);
    }
    Some(())
}

fn octets_of(recent: Recent) -> [u8; 24] {
    let mut octets = [0; 24];
    for (octets, period) in octets.chunks_exact_mut(8).zip(Period::ALL) {
        octets.copy_from_slice(&recent.of(period).get().to_le_bytes());
    }
    octets
}

fn recent_of(octets: [u8; 24]) -> Recent {
    let mut recent = Recent::default();
    for (octets, period) in octets.chunks_exact(8).zip(Period::ALL) {
        let octets = octets.first_chunk().copied().unwrap_or_default();
        *recent.of_mut(period) = Bytes::new(u64::from_le_bytes(octets));
    }
    recent
}

fn put_state(out: &mut Vec<u8>, state: VoucherState) {
    match state {
        VoucherState::Printed { sell_by } => {
            out.push(PRINTED);
            out.instant(sell_by);
        }
        VoucherState::Sold { at, until, sell_by } => {
            out.push(SOLD);
            out.i64(at.as_micros());
            out.instant(until);
            out.instant(sell_by);
        }
        VoucherState::Active { since, until } => {
            out.push(ACTIVE);
            out.i64(since.as_micros());
            out.i64(until.as_micros());
        }
        VoucherState::Revoked { at } => {
            out.push(REVOKED);
            out.i64(at.as_micros());
        }
    }
}

pub(super) fn put_name(
    out: &mut Vec<u8>,
    tenant: TenantId,
    name: &[u8],
    phone: Option<&Msisdn>,
    meanings: &[(Uuid, FoundBy)],
) -> Option<()> {
    out.push(NAME);
    out.id(tenant);
    out.text(name)?;
    out.text(phone.map_or("", Msisdn::expose).as_bytes())?;
    out.push(u8::try_from(meanings.len()).ok()?);
    for (holder, found_by) in meanings {
        out.extend_from_slice(holder.as_bytes());
        out.push(match found_by {
            FoundBy::Code => BY_CODE,
            FoundBy::Phone => BY_PHONE,
            FoundBy::Username => BY_USERNAME,
            FoundBy::Device => BY_DEVICE,
        });
    }
    Some(())
}

/// The item in these octets; `None` when they are none, or more than one.
pub(super) fn read(record: &[u8]) -> Option<Item> {
    let mut octets = Octets(record);
    let item = match octets.u8()? {
        TENANT => Item::Tenant {
            id: octets.id()?,
            habits: Box::new(Habits {
                zone: Zone::named(octets.utf8()?).ok()?,
                country: CallingCode::parse(octets.utf8()?).ok()?,
                house: house::read(&mut octets)?,
            }),
        },
        ROUTER => {
            let (nas, secret) = router::read(&mut octets)?;
            Item::Router(Box::new(nas), secret)
        }
        HEARD => Item::Heard { journal: octets.id()?, next: octets.u64()? },
        SESSION => Item::Session { tenant: octets.id()?, session: Box::new(session::read(&mut octets)?) },
        PLAN => Item::Plan(Box::new(plan::read(&mut octets)?)),
        RIGHT => {
            let tenant = octets.id()?;
            let (right, recent) = read_right(&mut octets)?;
            Item::Right { tenant, right: Box::new(right), recent: recent.map(Box::new) }
        }
        NAME => Item::Name {
            tenant: octets.id()?,
            name: octets.text()?.into(),
            phone: phone(octets.utf8()?)?,
            meanings: read_meanings(&mut octets)?,
        },
        _ => return None,
    };
    octets.0.is_empty().then_some(item)
}

fn read_right(octets: &mut Octets<'_>) -> Option<(KnownRight, Option<Recent>)> {
    let (plan, used_in, used_out) = (octets.id()?, octets.u64()?, octets.u64()?);
    let recent = octets.option()?.map(recent_of);
    let kind = octets.u8()?;
    let right = if kind == SUBSCRIBER {
        Right::Subscriber {
            id: octets.id()?,
            standing: octets.instant()?.map_or(Standing::Active, |at| Standing::Suspended { at }),
            until: octets.instant()?,
            password: SecretBytes::new(octets.text()?.to_vec()),
            framed_ip: octets.option()?.map(Ipv4Addr::from_octets),
        }
    } else {
        let state = read_state(kind, octets)?;
        Right::Voucher { id: octets.id()?, state, code: SecretBytes::new(octets.text()?.to_vec()) }
    };
    let name = match right {
        Right::Voucher { .. } => Name::Code { bought_by: phone(octets.utf8()?)? },
        Right::Subscriber { .. } => Name::Username(Username::parse(octets.text()?).ok()?),
    };
    let (places, marks) = (read_places(octets)?, read_marks(octets)?);
    Some((KnownRight { right, name, plan, used_in, used_out, places, marks }, recent))
}

fn read_state(kind: u8, octets: &mut Octets<'_>) -> Option<VoucherState> {
    let instant = |octets: &mut Octets<'_>| octets.i64().map(Timestamp::from_micros);
    Some(match kind {
        PRINTED => VoucherState::Printed { sell_by: octets.instant()? },
        SOLD => VoucherState::Sold { at: instant(octets)?, until: octets.instant()?, sell_by: octets.instant()? },
        ACTIVE => VoucherState::Active { since: instant(octets)?, until: instant(octets)? },
        REVOKED => VoucherState::Revoked { at: instant(octets)? },
        _ => return None,
    })
}

fn read_places(octets: &mut Octets<'_>) -> Option<Vec<Place>> {
    (0..octets.u16()?)
        .map(|_| {
            Some(Place {
                number: octets.u16()?,
                session: octets.id()?,
                lease_until: Timestamp::from_micros(octets.i64()?),
                device: Device::from_key(octets.utf8()?),
            })
        })
        .collect()
}

fn read_marks(octets: &mut Octets<'_>) -> Option<Vec<Mark>> {
    (0..octets.u16()?)
        .map(|_| {
            let device = Device::from_key(octets.utf8()?);
            let is_blocked = match octets.u8()? {
                0 => false,
                1 => true,
                _ => return None,
            };
            Some(Mark { device, is_blocked, released_at: octets.instant()? })
        })
        .collect()
}

fn read_meanings(octets: &mut Octets<'_>) -> Option<SmallVec<[(Uuid, FoundBy); 1]>> {
    (0..octets.u8()?)
        .map(|_| {
            let holder = octets.id::<()>()?.uuid();
            let found_by = match octets.u8()? {
                BY_CODE => FoundBy::Code,
                BY_PHONE => FoundBy::Phone,
                BY_USERNAME => FoundBy::Username,
                BY_DEVICE => FoundBy::Device,
                _ => return None,
            };
            Some((holder, found_by))
        })
        .collect()
}

/// A number in full: with a plus it reads the same in every country.
fn phone(digits: &str) -> Option<Option<Msisdn>> {
    if digits.is_empty() {
        return Some(None);
    }
    Msisdn::parse(format!("+{digits}").as_bytes(), &CallingCode::kenya()).ok().map(Some)
}
