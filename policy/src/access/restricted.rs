//! PPPoE users who are suspended, or whose time is over, where the ISP lets them in to be told how to pay.
//!
//! Everything else about them is asked as of others: the password, the device, its place. Only time and data are not,
//! for they have none.

use domain::access::facts::{Candidate, Right};
use domain::access::grant::Grant;
use domain::access::told::{Speed, Told};
use domain::id::SessionId;
use domain::people::subscriber::Standing;
use domain::platform::house::{HouseRules, Restriction};
use domain::sales::plan::PlanService;
use domain::time::Timestamp;

use crate::access::admission::{Admit, Verdict};
use crate::trail::{Detail, Meaning};

/// Why somebody is let in on these terms alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// The service is suspended.
    Suspended,
    /// The time is over.
    Expired,
}

/// Whether a right is good for nothing but to be told how to pay, and why.
pub fn applies(candidate: &Candidate<'_>, house: &HouseRules, now: Timestamp) -> Option<Why> {
    house.unpaid.restriction()?;
    if candidate.plan.service == PlanService::Hotspot {
        return None;
    }
    match candidate.right {
        Right::Subscriber { standing: Standing::Suspended { .. }, .. } => Some(Why::Suspended),
        Right::Subscriber { until: Some(end), .. } if now >= *end => Some(Why::Expired),
        Right::Subscriber { .. } | Right::Voucher { .. } => None,
    }
}

/// The terms of somebody who was admitted so; `None` for others.
pub fn of<'a>(admit: &Admit, house: &'a HouseRules) -> Option<&'a Restriction> {
    if admit.is_restricted { house.unpaid.restriction() } else { None }
}

/// The terms that a verdict has come to, to be recorded with it: also where it refused for another reason since.
pub fn asked_for<'a>(verdict: &Verdict, house: &'a HouseRules) -> Option<&'a Restriction> {
    let came_to_them = verdict.trail.steps().iter().any(|step| step.detail == Detail::Meaning(Meaning::Restricted));
    if came_to_them { house.unpaid.restriction() } else { None }
}

/// The grant on these terms. It has no end of its own: the router lets the user log in anew now and then.
pub fn grant(candidate: &Candidate<'_>, terms: &Restriction, session: SessionId, interim_seconds: u32) -> Grant {
    Grant {
        session,
        holder: candidate.right.holder(),
        service: candidate.plan.service,
        seconds_left: Some(u64::from(terms.seconds.get())),
        interim_seconds,
        rate: terms.rate,
        device_cap: candidate.plan.terms.device_cap,
        data_left: None,
        framed_ip: told(candidate, terms).framed_ip,
        pool: terms.pool.clone(),
        address_list: terms.address_list.clone(),
    }
}

/// What is remembered of such a grant. A fixed address would go before the pool that leads to the page.
pub fn told(candidate: &Candidate<'_>, terms: &Restriction) -> Told {
    let framed_ip = match candidate.right {
        Right::Subscriber { framed_ip, .. } if terms.pool.is_none() => *framed_ip,
        Right::Subscriber { .. } | Right::Voucher { .. } => None,
    };
    let plainly = Told::plainly(candidate.plan.id, candidate.plan.revision);
    Told { speed: Speed::Restricted, framed_ip, ..plainly }
}
