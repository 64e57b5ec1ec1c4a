//! A plan with its terms.

use std::str::FromStr;

use domain::money::{Currency, Money};
use domain::rate::{Bps, Burst, BurstSeconds, Bytes, Priority, RateLimit, UpDown};
use domain::sales::plan::{DeviceCap, Plan, PlanTerms};
use domain::text::RouterName;
use domain::time::{Duration, Period};

use super::octets::{Octets, Out};

const MINUTES: u8 = 0;
const DAYS: u8 = 1;
const MONTHS: u8 = 2;

const ABSENT: u8 = 0;
const PRESENT: u8 = 1;

pub(super) fn put(out: &mut Vec<u8>, plan: &Plan) -> Option<()> {
    let Plan { id, revision, name, service, terms } = plan;
    let PlanTerms { rate, speed_windows, fair_use, device_cap, when_full, duration, anchor, .. } = terms;
    let PlanTerms { data_cap, data_window, pool, address_list, price, .. } = terms;
    out.id(*id);
    out.u32(*revision);
    out.text(name.as_str().as_bytes())?;
    out.text(service.code().as_bytes())?;
    put_rate(out, rate.as_ref());
    out.u16(device_cap.get());
    let (unit, count) = match duration {
        Duration::Minutes(count) => (MINUTES, count),
        Duration::Days(count) => (DAYS, count),
        Duration::Months(count) => (MONTHS, count),
    };
    out.push(unit);
    out.u32(*count);
    out.text(anchor.code().as_bytes())?;
    out.option(data_cap.map(|cap| cap.get().to_le_bytes()));
    for name in [pool, address_list] {
        out.text(name.as_ref().map_or("", RouterName::as_str).as_bytes())?;
    }
    put_texts(out, speed_windows)?;
    put_texts(out, fair_use)?;
    out.text(data_window.map_or("", Period::code).as_bytes())?;
    out.text(when_full.code().as_bytes())?;
    out.i64(price.minor());
    out.text(price.currency().code().as_bytes())
}

/// Windows and steps, each in its own words.
fn put_texts<Part: ToString>(out: &mut Vec<u8>, parts: &[Part]) -> Option<()> {
    out.push(u8::try_from(parts.len()).ok()?);
    parts.iter().try_for_each(|part| out.text(part.to_string().as_bytes()))
}

fn read_texts<Part: FromStr>(octets: &mut Octets<'_>) -> Option<Vec<Part>> {
    (0..octets.u8()?).map(|_| octets.utf8()?.parse().ok()).collect()
}

pub(super) fn put_rate(out: &mut Vec<u8>, rate: Option<&RateLimit>) {
    let Some(RateLimit { rate, burst, priority, minimum }) = rate else {
        return out.push(ABSENT);
    };
    out.push(PRESENT);
    put_speed(out, *rate);
    match burst {
        None => out.push(ABSENT),
        Some(Burst { rate, threshold, seconds }) => {
            out.push(PRESENT);
            put_speed(out, *rate);
            put_speed(out, *threshold);
            out.u16(seconds.up.get());
            out.u16(seconds.down.get());
        }
    }
    out.option(priority.map(|priority| [priority.get()]));
    match minimum {
        None => out.push(ABSENT),
        Some(minimum) => {
            out.push(PRESENT);
            put_speed(out, *minimum);
        }
    }
}

fn put_speed(out: &mut Vec<u8>, speed: UpDown<Bps>) {
    out.u64(speed.up.get());
    out.u64(speed.down.get());
}

pub(super) fn read(octets: &mut Octets<'_>) -> Option<Plan> {
    Some(Plan {
        id: octets.id()?,
        revision: octets.u32()?,
        name: octets.utf8()?.parse().ok()?,
        service: octets.utf8()?.parse().ok()?,
        terms: PlanTerms {
            rate: read_rate(octets)?,
            device_cap: DeviceCap::new(octets.u16()?)?,
            duration: read_duration(octets)?,
            anchor: octets.utf8()?.parse().ok()?,
            data_cap: octets.option()?.map(|cap| Bytes::new(u64::from_le_bytes(cap))),
            pool: read_router_name(octets)?,
            address_list: read_router_name(octets)?,
            speed_windows: read_texts(octets)?,
            fair_use: read_texts(octets)?,
            data_window: match octets.utf8()? {
                "" => None,
                period => Some(period.parse().ok()?),
            },
            when_full: octets.utf8()?.parse().ok()?,
            price: Money::from_minor(octets.i64()?, Currency::from_code(octets.utf8()?).ok()?),
        },
    })
}

fn read_duration(octets: &mut Octets<'_>) -> Option<Duration> {
    let (unit, count) = (octets.u8()?, octets.u32()?);
    match unit {
        MINUTES => Some(Duration::Minutes(count)),
        DAYS => Some(Duration::Days(count)),
        MONTHS => Some(Duration::Months(count)),
        _ => None,
    }
}

pub(super) fn read_router_name(octets: &mut Octets<'_>) -> Option<Option<RouterName>> {
    match octets.utf8()? {
        "" => Some(None),
        name => name.parse().ok().map(Some),
    }
}

pub(super) fn read_rate(octets: &mut Octets<'_>) -> Option<Option<RateLimit>> {
    if !is_present(octets)? {
        return Some(None);
    }
    let rate = read_speed(octets)?;
    let burst = match is_present(octets)? {
        false => None,
        true => Some(Burst {
            rate: read_speed(octets)?,
            threshold: read_speed(octets)?,
            seconds: UpDown::new(BurstSeconds::new(octets.u16()?)?, BurstSeconds::new(octets.u16()?)?),
        }),
    };
    let priority = match octets.option()? {
        None => None,
        Some([priority]) => Some(Priority::new(priority)?),
    };
    let minimum = if is_present(octets)? { Some(read_speed(octets)?) } else { None };
    Some(Some(RateLimit { rate, burst, priority, minimum }))
}

fn is_present(octets: &mut Octets<'_>) -> Option<bool> {
    match octets.u8()? {
        ABSENT => Some(false),
        PRESENT => Some(true),
        _ => None,
    }
}

fn read_speed(octets: &mut Octets<'_>) -> Option<UpDown<Bps>> {
    Some(UpDown::new(Bps::new(octets.u64()?), Bps::new(octets.u64()?)))
}
