//! What a NAS is told: the terms of a grant.

use domain::access::facts::{Candidate, Right};
use domain::access::grant::Grant;
use domain::access::told::{Speed, Told};
use domain::id::SessionId;
use domain::rate::{Bytes, RateLimit};
use domain::sales::plan::PlanTerms;
use domain::text::RouterName;
use domain::time::{Timestamp, Zone};

use crate::access::speeds::{self, Outlook};

/// What of a plan's terms a router is to make of the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape<'a> {
    /// The speed; `None` is unlimited.
    pub rate: Option<&'a RateLimit>,
    /// The router's address pool.
    pub pool: Option<&'a RouterName>,
    /// The router's firewall address list.
    pub address_list: Option<&'a RouterName>,
}

/// What a plan's terms make of the line at one of its speeds.
pub fn shape(terms: &PlanTerms, speed: Speed) -> Shape<'_> {
    Shape { rate: speeds::rate(terms, speed), pool: terms.pool.as_ref(), address_list: terms.address_list.as_ref() }
}

/// The grant of an admitted candidate.
///
/// `until` is the end that holds (a first use may have fixed it just now), `interim_seconds` the session's own
/// interval. The time left is counted from `now`, so it is what is really left, whoever bought it when.
pub fn grant(
    candidate: &Candidate<'_>,
    zone: &Zone,
    session: SessionId,
    until: Option<Timestamp>,
    interim_seconds: u32,
    now: Timestamp,
) -> Grant {
    let terms = &candidate.plan.terms;
    let told = told(candidate, zone, until, now);
    let shape = shape(terms, told.speed);
    Grant {
        session,
        holder: candidate.right.holder(),
        service: candidate.plan.service,
        seconds_left: until.map(|end| now.whole_seconds_until(end).max(1)),
        interim_seconds,
        rate: shape.rate.copied(),
        device_cap: terms.device_cap,
        data_left: data_left(candidate),
        framed_ip: told.framed_ip,
        pool: shape.pool.cloned(),
        address_list: shape.address_list.cloned(),
    }
}

/// What is remembered of a [`grant`], so that it can be made again.
pub fn told(candidate: &Candidate<'_>, zone: &Zone, until: Option<Timestamp>, now: Timestamp) -> Told {
    let (plan, terms) = (candidate.plan, &candidate.plan.terms);
    let framed_ip = match candidate.right {
        Right::Subscriber { framed_ip, .. } => *framed_ip,
        Right::Voucher { .. } => None,
    };
    Told {
        plan: plan.id,
        revision: plan.revision,
        speed: speeds::speed(terms, candidate.recent, zone, now),
        until,
        framed_ip,
        data_since: terms.data_window.map(|period| period.start(now, zone)),
    }
}

/// Data left of the plan's cap, over all sessions, or over those of the running period; `None` without a cap.
pub fn data_left(candidate: &Candidate<'_>) -> Option<Bytes> {
    let terms = &candidate.plan.terms;
    let used = terms.data_window.map_or(candidate.used, |period| candidate.recent.of(period));
    terms.data_cap.map(|cap| cap.minus(used))
}

/// When something of what a router was told may be different by time and use alone: the speed, or the data that is left.
pub fn outlook(candidate: &Candidate<'_>, zone: &Zone, now: Timestamp) -> Outlook {
    let terms = &candidate.plan.terms;
    let octets = data_left(candidate).filter(|left| left.get() > 0).map(|left| candidate.used.plus(left).get());
    speeds::outlook(terms, candidate.used, candidate.recent, zone, now).or_sooner(Outlook { at: None, octets })
}
