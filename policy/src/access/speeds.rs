//! Which of a plan's speeds holds now, and when to look again.
//!
//! **The rule.** The plan's own speed holds, unless one of its windows does: then the window's. Of each period the last
//! fair-use step that was reached is looked at too, and of these the slowest; it holds where it is slower than what would
//! hold without it. So a fast night does not give back what somebody has used up, and a slow window stays slow.
//!
//! Which of two speeds is slower is said by the way down, and by the way up where that is the same. Unlimited is the
//! fastest.

use domain::access::told::Speed;
use domain::access::usage::Recent;
use domain::rate::{Bytes, RateLimit};
use domain::sales::plan::PlanTerms;
use domain::time::{DAY_MINUTES, Period, Timestamp, Zone};

/// So many days ahead a window's border is looked for: all windows have been met in a week.
const DAYS_AHEAD: u8 = 8;

/// When something may be different that depends on time and use alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Outlook {
    /// The next moment: a window begins or ends, or a period begins anew.
    pub at: Option<Timestamp>,
    /// The total of octets over its whole life at which a step or a cap is reached.
    pub octets: Option<u64>,
}

impl Outlook {
    /// Whichever comes first of both.
    #[must_use]
    pub fn or_sooner(self, other: Self) -> Self {
        let sooner = |one: Option<_>, two: Option<_>| one.into_iter().chain(two).min();
        Self { at: sooner(self.at, other.at), octets: self.octets.into_iter().chain(other.octets).min() }
    }
}

/// The speed that holds at `now`, of somebody who has used that much in the periods that are running.
pub fn speed(terms: &PlanTerms, recent: Recent, zone: &Zone, now: Timestamp) -> Speed {
    let timed = match window(terms, zone, now) {
        None => Speed::Full,
        Some(number) => Speed::Window(number),
    };
    if terms.fair_use.is_empty() {
        return timed;
    }
    let reached = Period::ALL.into_iter().filter_map(|period| step(terms, recent, period));
    match reached.min_by_key(|step| slowness(rate(terms, *step))) {
        Some(step) if slowness(rate(terms, step)) < slowness(rate(terms, timed)) => step,
        Some(_) | None => timed,
    }
}

/// What a speed of these terms is; `None` is unlimited. A number that the terms do not have is the plan's own speed.
pub fn rate(terms: &PlanTerms, speed: Speed) -> Option<&RateLimit> {
    match speed {
        // Somebody who is restricted has none of them: the terms are the ISP's.
        Speed::Full | Speed::Restricted => terms.rate.as_ref(),
        Speed::Window(number) => {
            let window = terms.speed_windows.get(usize::from(number));
            window.map_or(terms.rate.as_ref(), |window| window.rate.as_ref())
        }
        Speed::Step(number) => {
            let step = terms.fair_use.get(usize::from(number));
            step.map_or(terms.rate.as_ref(), |step| Some(&step.rate))
        }
    }
}

/// When the speed of somebody may change, who has used `used` over all and `recent` in the periods that are running.
pub fn outlook(terms: &PlanTerms, used: Bytes, recent: Recent, zone: &Zone, now: Timestamp) -> Outlook {
    if terms.speed_windows.is_empty() && !terms.counts_any() {
        return Outlook::default();
    }
    let periods = Period::ALL.into_iter().filter(|period| terms.counts(*period));
    let at = border(terms, zone, now).into_iter().chain(periods.map(|period| period.end(now, zone))).min();
    let steps = terms.fair_use.iter().filter(|step| step.after > recent.of(step.per));
    let more = steps.map(|step| step.after.minus(recent.of(step.per)));
    Outlook { at, octets: more.min().map(|more| used.plus(more).get()) }
}

/// The window that holds at `now`.
fn window(terms: &PlanTerms, zone: &Zone, now: Timestamp) -> Option<u8> {
    if terms.speed_windows.is_empty() {
        return None;
    }
    let clock = now.wall_clock(zone);
    let holds = terms.speed_windows.iter().position(|window| window.holds(clock));
    holds.and_then(|place| u8::try_from(place).ok())
}

/// The last step of a period that was reached.
fn step(terms: &PlanTerms, recent: Recent, period: Period) -> Option<Speed> {
    let reached =
        |(_, step): &(u8, &domain::sales::speeds::FairUseStep)| step.per == period && recent.of(period) >= step.after;
    (0..).zip(&terms.fair_use).filter(reached).last().map(|(number, _)| Speed::Step(number))
}

/// By what speeds are compared: the slowest first.
fn slowness(rate: Option<&RateLimit>) -> (u64, u64) {
    rate.map_or((u64::MAX, u64::MAX), |limit| (limit.rate.down.get(), limit.rate.up.get()))
}

/// The next moment at which another window holds, or none any more.
///
/// Windows are about what the clock on the wall shows. So it is looked at wherever it shows one of their borders, and
/// wherever it is set forward or back.
fn border(terms: &PlanTerms, zone: &Zone, now: Timestamp) -> Option<Timestamp> {
    let present = window(terms, zone, now);
    let mut moments: Vec<Timestamp> = Vec::new();
    for window in &terms.speed_windows {
        for minute in [window.from.get(), window.to.get().min(DAY_MINUTES)] {
            moments.extend((0..=DAYS_AHEAD).flat_map(|days| zone.moments(now, days, minute)));
        }
    }
    let mut shift = now;
    let last = moments.iter().max().copied().unwrap_or(now);
    while let Some(next) = zone.next_shift(shift).filter(|next| *next <= last) {
        moments.push(next);
        shift = next;
    }
    moments.sort_unstable();
    moments.into_iter().find(|moment| *moment > now && window(terms, zone, *moment) != present)
}

#[cfg(test)]
mod tests;
