//! May it come online? From what is known about a name to a verdict.
//!
//! Checks run from "who are you" to "what is left", so the reason given is the first that applies. A name can have
//! several meanings (a phone number with three vouchers); the best of them is used, and when none is usable the reason
//! is that of the one which came furthest.

use domain::access::attempt::{AskedService, Attempt, Method};
use domain::access::facts::{Candidate, Facts, FoundBy, Holder, Right};
use domain::people::subscriber::Standing;
use domain::platform::house::HouseRules;
use domain::refusal::Refusal;
use domain::sales::plan::{PlanService, WhenFull};
use domain::sales::voucher::FirstUse;
use domain::time::{Period, Timestamp, Zone};

use crate::access::credentials::Shown;
use crate::access::{devices, restricted, shaping};
use crate::trail::{Detail, Meaning, Rule, Trail};

/// The answer, with the rules that led to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Yes or no.
    pub outcome: Outcome,
    /// The rules that were asked.
    pub trail: Trail,
}

/// Yes or no.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It may come online, if it gets a place among those who ask at the same moment.
    Admit(Admit),
    /// It may not.
    Refuse {
        /// Why.
        refusal: Refusal,
        /// Whose right was refused; `None` when the name is not known.
        holder: Option<Holder>,
    },
}

/// A yes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Admit {
    /// Which of the facts' candidates.
    pub candidate: usize,
    /// Whose right it is and whose device cap counts.
    pub holder: Holder,
    /// The end of the time; `None` has no end.
    pub until: Option<Timestamp>,
    /// What the first use makes of a voucher.
    pub first_use: Option<FirstUse>,
    /// Whether the device has a place already.
    pub own_place: bool,
    /// Whether it is let in only to be told how to pay.
    pub is_restricted: bool,
}

/// Whether this device may come online, and on whose right.
///
/// `proves` says whether the request's proof was made with a password.
pub fn admit(facts: &Facts<'_>, attempt: &Attempt<'_>, proves: &dyn Fn(&[u8]) -> bool, now: Timestamp) -> Verdict {
    let mut best: Option<(Rank, Verdict)> = None;
    let shown = Shown::new(attempt.user_name, proves);
    for (index, candidate) in facts.candidates.iter().enumerate() {
        // Somebody else's address is a name that nobody has.
        if candidate.found_by == FoundBy::Device && !devices::comes_back(attempt) {
            continue;
        }
        let mut trail = Trail::default();
        let examined = examine(candidate, facts, attempt, &shown, now, &mut trail);
        let (rank, outcome) = match examined {
            Ok(usable) => {
                (Rank::usable(candidate.found_by, &usable), Outcome::Admit(Admit { candidate: index, ..usable }))
            }
            Err(refusal) => (
                Rank::Refused { rules_passed: trail.steps().len() },
                Outcome::Refuse { refusal, holder: Some(candidate.right.holder()) },
            ),
        };
        if best.as_ref().is_none_or(|(highest, _)| rank > *highest) {
            best = Some((rank, Verdict { outcome, trail }));
        }
    }
    best.map_or_else(|| unknown(facts), |(_, verdict)| verdict)
}

/// How long somebody who is online may stay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stay {
    /// Until then; `None` has no end.
    Until(Option<Timestamp>),
    /// It was used for the first time a moment ago, and its end is not written yet.
    JustBegun,
    /// Only to be told how to pay.
    Restricted,
}

/// Whether a right on which somebody is online is still alive: the rules of [`admit`] that time, staff and use can
/// change.
pub fn stays(candidate: &Candidate<'_>, zone: &Zone, house: &HouseRules, now: Timestamp) -> Result<Stay, Refusal> {
    if restricted::applies(candidate, house, now).is_some() {
        return Ok(Stay::Restricted);
    }
    let mut trail = Trail::default();
    let (until, first_use) = ask_time(candidate, zone, now, &mut trail)?;
    ask_data(candidate, &mut trail)?;
    Ok(if first_use.is_some() { Stay::JustBegun } else { Stay::Until(until) })
}

/// The verdict when every place was taken by others between the look and the grasp.
pub fn lost_the_race(verdict: Verdict, holder: Holder) -> Verdict {
    let Verdict { mut trail, .. } = verdict;
    trail.refused(Rule::SlotTaken, Detail::Nothing);
    Verdict { outcome: Outcome::Refuse { refusal: Refusal::AlreadyInUse, holder: Some(holder) }, trail }
}

/// Which verdict is preferred: a usable right before a refused one, a right on which the device has its place already
/// before others, then the one that ends first; of refused ones the one that came furthest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Refused { rules_passed: usize },
    Usable { own_place: bool, ends: std::cmp::Reverse<Option<Timestamp>> },
}

impl Rank {
    /// A device that comes back has nothing to choose: it goes on with what it used last, which comes first.
    fn usable(found_by: FoundBy, admit: &Admit) -> Self {
        let ends = match found_by {
            FoundBy::Code | FoundBy::Phone | FoundBy::Username => admit.until,
            FoundBy::Device => None,
        };
        Self::Usable { own_place: admit.own_place, ends: std::cmp::Reverse(ends) }
    }
}

fn unknown(facts: &Facts<'_>) -> Verdict {
    let mut trail = Trail::default();
    let refusal = if facts.differs_only_in_case {
        trail.refused(Rule::Name, Detail::Meaning(Meaning::OtherCase));
        Refusal::WrongCase
    } else {
        trail.refused(Rule::Name, Detail::Nothing);
        Refusal::Unknown
    };
    Verdict { outcome: Outcome::Refuse { refusal, holder: None }, trail }
}

fn examine(
    candidate: &Candidate<'_>,
    facts: &Facts<'_>,
    attempt: &Attempt<'_>,
    shown: &Shown<'_>,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<Admit, Refusal> {
    trail.passed(Rule::Name, Detail::Meaning(meaning(candidate.found_by)));
    ask_service(candidate.plan.service, attempt.service, trail)?;
    ask_password(candidate, attempt, shown, trail)?;
    ask_device(candidate, trail)?;
    let restricted = restricted::applies(candidate, facts.house, now);
    let (until, first_use) = match restricted {
        Some(why) => {
            note_restricted(why, trail);
            (None, None)
        }
        None => {
            let time = ask_time(candidate, facts.zone, now, trail)?;
            ask_data(candidate, trail)?;
            time
        }
    };
    let own_place = ask_place(candidate, trail)?;
    let (holder, is_restricted) = (candidate.right.holder(), restricted.is_some());
    Ok(Admit { candidate: 0, holder, until, first_use, own_place, is_restricted })
}

const fn meaning(found_by: FoundBy) -> Meaning {
    match found_by {
        FoundBy::Code => Meaning::Code,
        FoundBy::Phone => Meaning::Phone,
        FoundBy::Username => Meaning::Subscriber,
        FoundBy::Device => Meaning::Device,
    }
}

fn ask_service(plan: PlanService, asked: AskedService, trail: &mut Trail) -> Result<(), Refusal> {
    let fits = match (plan, asked) {
        (PlanService::Hotspot, AskedService::Ppp) => false,
        (PlanService::Pppoe | PlanService::Static, AskedService::Hotspot) => false,
        (PlanService::Hotspot, AskedService::Hotspot | AskedService::Unsaid) => true,
        (PlanService::Pppoe | PlanService::Static, AskedService::Ppp | AskedService::Unsaid) => true,
    };
    decide(trail, Rule::Service, Detail::Meaning(Meaning::Line(plan)), fits, Refusal::WrongService)
}

fn ask_password(
    candidate: &Candidate<'_>,
    attempt: &Attempt<'_>,
    shown: &Shown<'_>,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let refusal = match attempt.method {
        Method::Nothing => Refusal::NoProof,
        Method::Pap | Method::Chap | Method::MsChapV1 | Method::MsChapV2 => Refusal::WrongPassword,
    };
    let proved = shown.opens(candidate);
    let how = match (attempt.method, proved) {
        (Method::Nothing, true) => Meaning::NeedsNone,
        (Method::Nothing, false) => Meaning::NotShown,
        (Method::Pap | Method::Chap | Method::MsChapV1 | Method::MsChapV2, _) => Meaning::Shown(attempt.method),
    };
    decide(trail, Rule::Password, Detail::Meaning(how), proved, refusal)
}

/// What would have refused others, and does not.
fn note_restricted(why: restricted::Why, trail: &mut Trail) {
    match why {
        restricted::Why::Suspended => trail.passed(Rule::Standing, Detail::Meaning(Meaning::Restricted)),
        restricted::Why::Expired => {
            trail.passed(Rule::Standing, Detail::Nothing);
            trail.passed(Rule::Time, Detail::Meaning(Meaning::Restricted));
        }
    }
}

/// Asked aloud of a blocked device alone.
fn ask_device(candidate: &Candidate<'_>, trail: &mut Trail) -> Result<(), Refusal> {
    if !candidate.places.is_blocked {
        return Ok(());
    }
    decide(trail, Rule::Device, Detail::Nothing, false, Refusal::DeviceBlocked)
}

fn ask_time(
    candidate: &Candidate<'_>,
    zone: &Zone,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<(Option<Timestamp>, Option<FirstUse>), Refusal> {
    let terms = &candidate.plan.terms;
    let found = match candidate.right {
        Right::Subscriber { standing: Standing::Suspended { .. }, .. } => Err(Refusal::Suspended),
        Right::Subscriber { until: Some(end), .. } if now >= *end => Err(Refusal::Expired),
        Right::Subscriber { until, .. } => Ok((*until, None)),
        Right::Voucher { state, .. } => {
            state.usable(terms.anchor, terms.duration, zone, now).map(|(until, first)| (Some(until), first))
        }
    };
    let standing = found != Err(Refusal::Suspended) && found != Err(Refusal::Revoked);
    match found {
        Err(refusal) if !standing => decide(trail, Rule::Standing, Detail::Nothing, false, refusal)?,
        Ok(_) | Err(_) => trail.passed(Rule::Standing, Detail::Nothing),
    }
    match found {
        Ok((until, first_use)) => {
            trail.passed(Rule::Time, until.map_or(Detail::Meaning(Meaning::Endless), Detail::Until));
            Ok((until, first_use))
        }
        Err(refusal) => {
            trail.refused(Rule::Time, ended_at(candidate.right).map_or(Detail::Nothing, Detail::Until));
            Err(refusal)
        }
    }
}

fn ended_at(right: &Right) -> Option<Timestamp> {
    use domain::sales::voucher::VoucherState;
    match right {
        Right::Subscriber { until, .. } => *until,
        Right::Voucher { state, .. } => match state {
            VoucherState::Active { until, .. } => Some(*until),
            VoucherState::Sold { until, sell_by, .. } => until.or(*sell_by),
            VoucherState::Printed { sell_by } => *sell_by,
            VoucherState::Revoked { at } => Some(*at),
        },
    }
}

fn ask_data(candidate: &Candidate<'_>, trail: &mut Trail) -> Result<(), Refusal> {
    match shaping::data_left(candidate) {
        None => Ok(()),
        Some(left) => {
            let refusal = match candidate.plan.terms.data_window {
                None => Refusal::DataUsedUp,
                Some(Period::Day) => Refusal::DataUsedUpToday,
                Some(Period::Week) => Refusal::DataUsedUpThisWeek,
                Some(Period::Month) => Refusal::DataUsedUpThisMonth,
            };
            decide(trail, Rule::Data, Detail::Left(left), left.get() > 0, refusal)
        }
    }
}

/// What becomes of one device more. Whoever comes back without typing takes nobody's place: two phones that a hotspot
/// asks about by itself would push each other out for ever.
pub const fn when_full(candidate: &Candidate<'_>) -> WhenFull {
    match candidate.found_by {
        FoundBy::Code | FoundBy::Phone | FoundBy::Username => candidate.plan.terms.when_full,
        FoundBy::Device => WhenFull::Refuse,
    }
}

/// Whether the device has its own place already. Refuses when others have them all: its own counts while its lease runs,
/// or while there is room for it again.
fn ask_place(candidate: &Candidate<'_>, trail: &mut Trail) -> Result<bool, Refusal> {
    let taken = candidate.places.others;
    let wins = when_full(candidate) == WhenFull::NewestWins;
    let cap = candidate.plan.terms.device_cap.get();
    if candidate.places.own.is_some_and(|held| held || taken < cap) {
        trail.passed(Rule::DeviceCap, Detail::OwnPlace);
        return Ok(true);
    }
    if taken >= cap && wins {
        trail.passed(Rule::DeviceCap, Detail::Meaning(Meaning::NewestWins));
        return Ok(false);
    }
    decide(trail, Rule::DeviceCap, Detail::Places { taken, cap }, taken < cap, Refusal::AlreadyInUse)?;
    Ok(false)
}

fn decide(trail: &mut Trail, rule: Rule, detail: Detail, passed: bool, refusal: Refusal) -> Result<(), Refusal> {
    if passed {
        trail.passed(rule, detail);
        Ok(())
    } else {
        trail.refused(rule, detail);
        Err(refusal)
    }
}

#[cfg(test)]
mod tests;
