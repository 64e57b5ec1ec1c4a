//! What a NAS is told: the terms of a grant.

use domain::access::facts::{Candidate, Right};
use domain::access::grant::Grant;
use domain::id::SessionId;
use domain::rate::Bytes;
use domain::time::Timestamp;

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
    let framed_ip = match candidate.right {
        Right::Subscriber { framed_ip, .. } => *framed_ip,
        Right::Voucher { .. } => None,
    };
    Grant {
        session,
        holder: candidate.right.holder(),
        service: candidate.plan.service,
        seconds_left: until.map(|end| now.whole_seconds_until(end).max(1)),
        interim_seconds,
        rate: terms.rate,
        device_cap: terms.device_cap,
        data_left: data_left(candidate),
        framed_ip,
        pool: terms.pool.clone(),
        address_list: terms.address_list.clone(),
    }
}

/// Data left of the plan's cap, over all sessions; `None` without a cap.
pub fn data_left(candidate: &Candidate<'_>) -> Option<Bytes> {
    candidate.plan.terms.data_cap.map(|cap| cap.minus(candidate.used))
}
