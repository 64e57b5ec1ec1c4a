//! What a NAS is told: the terms of a grant.

use domain::access::facts::{Candidate, Right};
use domain::access::grant::Grant;
use domain::access::told::{Speed, Told};
use domain::id::SessionId;
use domain::rate::{Bytes, RateLimit};
use domain::sales::plan::PlanTerms;
use domain::text::RouterName;
use domain::time::Timestamp;

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
pub const fn shape(terms: &PlanTerms, speed: Speed) -> Shape<'_> {
    let rate = match speed {
        // Somebody who is restricted has none of them: his terms are the ISP's.
        Speed::Full | Speed::Restricted => terms.rate.as_ref(),
    };
    Shape { rate, pool: terms.pool.as_ref(), address_list: terms.address_list.as_ref() }
}

/// The grant of an admitted candidate.
///
/// `until` is the end that holds (a first use may have fixed it just now), `interim_seconds` the session's own
/// interval. The time left is counted from `now`, so it is what is really left, whoever bought it when.
pub fn grant(
    candidate: &Candidate<'_>,
    session: SessionId,
    until: Option<Timestamp>,
    interim_seconds: u32,
    now: Timestamp,
) -> Grant {
    let terms = &candidate.plan.terms;
    let told = told(candidate, until);
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
pub const fn told(candidate: &Candidate<'_>, until: Option<Timestamp>) -> Told {
    let framed_ip = match candidate.right {
        Right::Subscriber { framed_ip, .. } => *framed_ip,
        Right::Voucher { .. } => None,
    };
    Told { plan: candidate.plan.id, revision: candidate.plan.revision, speed: Speed::Full, until, framed_ip }
}

/// Data left of the plan's cap, over all sessions; `None` without a cap.
pub fn data_left(candidate: &Candidate<'_>) -> Option<Bytes> {
    candidate.plan.terms.data_cap.map(|cap| cap.minus(candidate.used))
}
