//! Writes a record. Numbers are little-endian and of fixed width: what compresses well need not be small.
//!
//! Layout of version 2, after a length of two octets: version, refusal (0 is an accept), service, method, where the
//! facts came from, whether only the case differs, rules' version (2), instant (8), trace (6), microseconds (4), id,
//! tenant, router (16 each); then device, User-Name, address, trail, grant, first use, what was proved, candidates, and
//! which of them is the holder. What may be absent begins with 0 or 1. What later versions have added stands at the end,
//! and begins with what it is. Version 1 knew no usage of periods.

use domain::access::attempt::Device;
use domain::access::decision::{DecisionRecord, RightSeen, Seen, USER_NAME_KEPT};
use domain::access::facts::{Facts, Holder};
use domain::access::grant::Grant;
use domain::access::trail::{Detail, Step};
use domain::access::usage::Recent;
use domain::people::subscriber::Standing;
use domain::platform::house::Restriction;
use domain::rate::{Bps, RateLimit, UpDown};
use domain::sales::voucher::VoucherState;
use domain::text::RouterName;
use domain::time::{Period, Timestamp};

use crate::code;

/// The version that is written.
pub(crate) const VERSION: u8 = 2;

/// Octets of a record at most, with its length: a buffer with so much room never grows.
pub const RECORD_MAX: usize = 4 * 1_024;

/// Which octet says that the name was not known.
pub(crate) const NO_HOLDER: u8 = 0xff;

/// What follows at the end: the terms of those who are let in only to be told how to pay.
pub(crate) const RESTRICTION: u8 = 1;

/// In the octet of a device's own place: it was blocked.
pub(crate) const BLOCKED: u8 = 0x80;

/// Steps of a trail at most; rules ask fewer.
pub(crate) const STEPS_MAX: usize = 32;

/// Writes a record behind what is there. Allocates nothing while the buffer has [`RECORD_MAX`] octets of room.
pub fn encode(record: &DecisionRecord<'_>, out: &mut Vec<u8>) {
    let began = out.len();
    let mut head = [0; 76];
    head[2] = VERSION;
    head[3] = record.refusal.map_or(0, code::of_refusal);
    head[4] = code::of_service(record.attempt.service);
    head[5] = code::of_method(record.attempt.method);
    head[6] = code::of_answered_from(record.answered_from);
    head[7] = u8::from(record.differs_only_in_case);
    head[8..10].copy_from_slice(&record.policy_version.to_le_bytes());
    head[10..18].copy_from_slice(&record.at.as_micros().to_le_bytes());
    head[18..24].copy_from_slice(record.trace.as_bytes());
    head[24..28].copy_from_slice(&record.took_micros.to_le_bytes());
    head[28..44].copy_from_slice(&record.id.bytes());
    head[44..60].copy_from_slice(&record.tenant.bytes());
    head[60..76].copy_from_slice(&record.nas.bytes());
    out.extend_from_slice(&head);
    put_device(&record.attempt.device, out);
    let name = record.attempt.user_name;
    put_text(name.get(..USER_NAME_KEPT).unwrap_or(name), out);
    put_option(record.attempt.framed_ip, out, |ip, out| out.extend_from_slice(&ip.octets()));
    put_trail(record.trail, out);
    put_option(record.granted, out, put_grant);
    put_option(record.first_use, out, |first, out| {
        put_instant(first.since, out);
        put_instant(first.until, out);
    });
    let proved = record.proved;
    out.push(u8::from(proved.empty) | (u8::from(proved.user_name) << 1));
    out.extend_from_slice(&proved.secrets.to_le_bytes());
    let candidates = record.candidates.get(..Facts::CANDIDATES_MAX).unwrap_or(record.candidates);
    out.push(short(candidates.len()));
    for candidate in candidates {
        put_seen(&Seen::from(candidate), out);
    }
    let place = record.holder.and_then(|holder| candidates.iter().position(|one| one.right.holder() == holder));
    out.push(place.map_or(NO_HOLDER, short));
    // What came later stands at the end, and only where there is something to say.
    if let Some(restriction) = record.restriction {
        out.push(RESTRICTION);
        put_restriction(restriction, out);
    }
    let length = u16::try_from(out.len() - began - 2).unwrap_or(u16::MAX);
    if let Some(place) = out.get_mut(began..began + 2) {
        place.copy_from_slice(&length.to_le_bytes());
    }
}

/// The device as searches compare it: its kind, and what tells it from others of that kind.
pub(crate) fn put_device(device: &Device, out: &mut Vec<u8>) {
    match device {
        Device::Unnamed => out.push(0),
        Device::Mac(mac) => {
            out.push(1);
            out.extend_from_slice(&mac.octets());
        }
        Device::Caller(text) => {
            out.push(2);
            put_text(text.as_bytes(), out);
        }
    }
}

fn put_trail(trail: &[Step], out: &mut Vec<u8>) {
    let trail = trail.get(..STEPS_MAX).unwrap_or(trail);
    out.push(short(trail.len()));
    for step in trail {
        out.push(code::of_rule(step.rule) << 1 | code::of_finding(step.finding));
        match step.detail {
            Detail::Nothing => out.push(0),
            Detail::Meaning(meaning) => {
                let [which, of] = code::of_meaning(meaning);
                out.extend_from_slice(&[1, which, of]);
            }
            Detail::Places { taken, cap } => {
                out.push(2);
                out.extend_from_slice(&taken.to_le_bytes());
                out.extend_from_slice(&cap.to_le_bytes());
            }
            Detail::OwnPlace => out.push(3),
            Detail::Until(until) => {
                out.push(4);
                put_instant(until, out);
            }
            Detail::Left(left) => {
                out.push(5);
                out.extend_from_slice(&left.get().to_le_bytes());
            }
        }
    }
}

fn put_grant(grant: &Grant, out: &mut Vec<u8>) {
    out.extend_from_slice(&grant.session.bytes());
    out.push(match grant.holder {
        Holder::Voucher(_) => 0,
        Holder::Subscriber(_) => 1,
    });
    out.extend_from_slice(grant.holder.uuid().as_bytes());
    out.push(code::of_line(grant.service));
    out.extend_from_slice(&grant.interim_seconds.to_le_bytes());
    out.extend_from_slice(&grant.device_cap.get().to_le_bytes());
    put_option(grant.seconds_left, out, |seconds, out| out.extend_from_slice(&seconds.to_le_bytes()));
    put_option(grant.data_left, out, |left, out| out.extend_from_slice(&left.get().to_le_bytes()));
    put_option(grant.framed_ip, out, |ip, out| out.extend_from_slice(&ip.octets()));
    put_option(grant.pool.as_ref(), out, put_name);
    put_option(grant.address_list.as_ref(), out, put_name);
    put_option(grant.rate.as_ref(), out, put_rate);
}

fn put_restriction(terms: &Restriction, out: &mut Vec<u8>) {
    put_option(terms.pool.as_ref(), out, put_name);
    put_option(terms.address_list.as_ref(), out, put_name);
    put_option(terms.rate.as_ref(), out, put_rate);
    out.extend_from_slice(&terms.seconds.get().to_le_bytes());
}

fn put_rate(rate: &RateLimit, out: &mut Vec<u8>) {
    put_speeds(rate.rate, out);
    put_option(rate.burst, out, |burst, out| {
        put_speeds(burst.rate, out);
        put_speeds(burst.threshold, out);
        out.extend_from_slice(&burst.seconds.up.get().to_le_bytes());
        out.extend_from_slice(&burst.seconds.down.get().to_le_bytes());
    });
    out.push(rate.priority.map_or(0, |priority| priority.get()));
    put_option(rate.minimum, out, put_speeds);
}

fn put_speeds(speeds: UpDown<Bps>, out: &mut Vec<u8>) {
    out.extend_from_slice(&speeds.up.get().to_le_bytes());
    out.extend_from_slice(&speeds.down.get().to_le_bytes());
}

fn put_seen(seen: &Seen, out: &mut Vec<u8>) {
    match seen.right {
        RightSeen::Voucher { id, state } => {
            out.push(0);
            out.extend_from_slice(&id.bytes());
            put_state(state, out);
        }
        RightSeen::Subscriber { id, standing, until, framed_ip } => {
            out.push(1);
            out.extend_from_slice(&id.bytes());
            put_option(suspended_at(standing), out, put_instant);
            put_option(until, out, put_instant);
            put_option(framed_ip, out, |ip, out| out.extend_from_slice(&ip.octets()));
        }
    }
    out.push(code::of_found_by(seen.found_by));
    out.extend_from_slice(&seen.plan.bytes());
    out.extend_from_slice(&seen.revision.to_le_bytes());
    out.extend_from_slice(&seen.used.get().to_le_bytes());
    let recent = (seen.recent != Recent::default()).then_some(seen.recent);
    put_option(recent, out, |recent, out| {
        for period in Period::ALL {
            out.extend_from_slice(&recent.of(period).get().to_le_bytes());
        }
    });
    let blocked = if seen.places.is_blocked { BLOCKED } else { 0 };
    out.push(seen.places.own.map_or(0, |held| 1 + u8::from(held)) | blocked);
    out.extend_from_slice(&seen.places.others.to_le_bytes());
}

const fn suspended_at(standing: Standing) -> Option<Timestamp> {
    match standing {
        Standing::Active => None,
        Standing::Suspended { at } => Some(at),
    }
}

fn put_state(state: VoucherState, out: &mut Vec<u8>) {
    match state {
        VoucherState::Printed { sell_by } => {
            out.push(0);
            put_option(sell_by, out, put_instant);
        }
        VoucherState::Sold { at, until, sell_by } => {
            out.push(1);
            put_instant(at, out);
            put_option(until, out, put_instant);
            put_option(sell_by, out, put_instant);
        }
        VoucherState::Active { since, until } => {
            out.push(2);
            put_instant(since, out);
            put_instant(until, out);
        }
        VoucherState::Revoked { at } => {
            out.push(3);
            put_instant(at, out);
        }
    }
}

fn put_instant(instant: Timestamp, out: &mut Vec<u8>) {
    out.extend_from_slice(&instant.as_micros().to_le_bytes());
}

fn put_name(name: &RouterName, out: &mut Vec<u8>) {
    put_text(name.as_str().as_bytes(), out);
}

fn put_option<T>(value: Option<T>, out: &mut Vec<u8>, put: impl FnOnce(T, &mut Vec<u8>)) {
    match value {
        None => out.push(0),
        Some(value) => {
            out.push(1);
            put(value, out);
        }
    }
}

/// A text of at most 255 octets; more is cut.
fn put_text(text: &[u8], out: &mut Vec<u8>) {
    let text = text.get(..255).unwrap_or(text);
    out.push(short(text.len()));
    out.extend_from_slice(text);
}

fn short(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}
