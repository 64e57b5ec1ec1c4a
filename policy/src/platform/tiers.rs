//! What a tier allows, and what becomes of paid time when an ISP moves to another one.

use domain::money::Money;
use domain::platform::account::Account;
use domain::platform::life::TenantState;
use domain::platform::tier::{Entitlements, Feature, Limit, Tier};
use domain::sales::plan::PlanService;
use domain::time::{Span, Timestamp};
use thiserror::Error;

/// The length of a month that is paid for: of 30 days, so that a day costs the same in each.
pub const MONTH: Span = Span::seconds(30 * 24 * 3_600);

/// Why something is not allowed, in words for staff.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum OverLimit {
    /// The tier gives no such thing.
    #[error("your tier does not include {} (`{}`)", .0.words(), .0.key())]
    NotIncluded(Feature),
    /// There would be more than the tier allows.
    #[error("your tier allows {most} {}, and there are {count}: there is no room for {more} more", .limit.words())]
    Full {
        /// Which limit.
        limit: Limit,
        /// How many it allows.
        most: u32,
        /// How many there are.
        count: u64,
        /// How many were to be added.
        more: u64,
    },
    /// It is one of those beyond what the tier allows: it stays and works, and is not changed.
    #[error(
        "your tier allows {most} {}, and this is number {place}: it goes on working and can be looked at, and be \
         changed again once the tier allows it",
        .limit.words()
    )]
    Excess {
        /// Which limit.
        limit: Limit,
        /// How many it allows.
        most: u32,
        /// The how manieth of its kind it is, from the oldest on.
        place: u64,
    },
}

/// What an ISP may use: in a trial everything, and so when nobody bills it.
pub fn entitlements(state: &TenantState, tier: Option<&Tier>) -> Entitlements {
    match (state, tier) {
        (TenantState::Trial { .. }, _) | (_, None) => Entitlements::everything(),
        (_, Some(tier)) => tier.entitlements.clone(),
    }
}

/// The tier that counts at `now`: the next one from the end of paid time on.
pub fn tier_in_force(account: &Account, now: Timestamp) -> Option<&Tier> {
    let is_over = account.life.paid_until.is_none_or(|paid| paid <= now);
    account.next_tier.as_ref().filter(|_| is_over).or(account.tier.as_ref())
}

/// Whether `more` may be added where there are `count`.
pub fn may_add(entitlements: &Entitlements, limit: Limit, count: u64, more: u64) -> Result<(), OverLimit> {
    match entitlements.limits.get(&limit) {
        Some(most) if count.saturating_add(more) > u64::from(*most) => {
            Err(OverLimit::Full { limit, most: *most, count, more })
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether something may be changed that has `earlier` older ones of its kind beside it. Those beyond the limit stay as
/// they are.
pub fn may_change(entitlements: &Entitlements, limit: Limit, earlier: u64) -> Result<(), OverLimit> {
    match entitlements.limits.get(&limit) {
        Some(most) if earlier >= u64::from(*most) => {
            Err(OverLimit::Excess { limit, most: *most, place: earlier.saturating_add(1) })
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether a feature may be used.
pub fn may_use(entitlements: &Entitlements, feature: Feature) -> Result<(), OverLimit> {
    if entitlements.features.contains(&feature) { Ok(()) } else { Err(OverLimit::NotIncluded(feature)) }
}

/// The cheapest of these tiers, as the price book has them from the cheapest on, that has room for what `why` refused
/// and takes nothing away of what there is now.
pub fn with_room<'a>(tiers: &'a [Tier], now: &Entitlements, why: &OverLimit) -> Option<&'a Tier> {
    tiers.iter().find(|tier| {
        let entitled = &tier.entitlements;
        let has_all = now.features.iter().all(|feature| entitled.features.contains(feature));
        let is_no_smaller =
            entitled.limits.iter().all(|(limit, most)| now.limits.get(limit).is_some_and(|now| now <= most));
        let has_room = match why {
            OverLimit::NotIncluded(feature) => entitled.features.contains(feature),
            OverLimit::Full { limit, count, more, .. } => may_add(entitled, *limit, *count, *more).is_ok(),
            OverLimit::Excess { limit, place, .. } => may_add(entitled, *limit, place.saturating_sub(1), 1).is_ok(),
        };
        has_all && is_no_smaller && has_room
    })
}

/// The feature that a plan's service needs.
pub const fn feature_of(service: PlanService) -> Feature {
    match service {
        PlanService::Hotspot => Feature::Hotspot,
        PlanService::Pppoe | PlanService::Static => Feature::PppoeStatic,
    }
}

/// What becomes of paid time when the tier changes at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Turned {
    /// What the time that is left was worth.
    pub credit: Money,
    /// Until when that pays for the new tier.
    pub until: Timestamp,
    /// What it costs to have the new tier until the end that was paid for before; nothing when it is the cheaper one.
    pub to_keep_end: Money,
}

/// Turns what is left of paid time into time of another tier: money for money, so nothing is lost and nothing given.
/// `None` when the two are priced in different currencies.
pub fn turn(from: &Tier, to: &Tier, paid_until: Timestamp, now: Timestamp) -> Option<Turned> {
    let currency = from.month.currency();
    if currency != to.month.currency() || to.month.minor() <= 0 {
        return None;
    }
    let left = i128::from(paid_until.since(now).as_micros().max(0));
    let month = i128::from(MONTH.as_micros());
    let worth_of = |price: Money| i128::from(price.minor()) * left;
    // The time is turned before the money is rounded, so that a minor unit is lost to nobody.
    let time = worth_of(from.month) / i128::from(to.month.minor());
    let until = now.plus(Span::micros(i64::try_from(time).ok()?));
    let credit = i64::try_from(worth_of(from.month) / month).ok()?;
    // Rounded up: the platform is owed whole minor units.
    let dearer = (worth_of(to.month) - worth_of(from.month)).max(0);
    let to_keep_end = i64::try_from((dearer + month - 1) / month).ok()?;
    let money = |minor| Money::from_minor(minor, currency);
    Some(Turned { credit: money(credit), until, to_keep_end: money(to_keep_end) })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::money::Currency;
    use domain::platform::life::LockedWhy;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn tier(code: &str, minor: i64, limits: &[(Limit, u32)]) -> Tier {
        Tier {
            code: code.parse().expect("good"),
            name: code.to_owned(),
            month: Money::from_minor(minor, Currency::KES),
            year: None,
            entitlements: Entitlements {
                features: [Feature::Hotspot].into(),
                limits: limits.iter().copied().collect::<BTreeMap<_, _>>(),
            },
            is_on_sale: true,
        }
    }

    fn days(days: i64) -> Timestamp {
        NOW.plus(Span::seconds(days * 24 * 3_600))
    }

    #[test]
    fn a_limit_counts_what_there_is() {
        let basic = tier("basic", 50_000, &[(Limit::Techs, 1)]).entitlements;

        assert_eq!(may_add(&basic, Limit::Techs, 0, 1), Ok(()));
        let full = may_add(&basic, Limit::Techs, 1, 1).expect_err("full");
        assert_eq!(full, OverLimit::Full { limit: Limit::Techs, most: 1, count: 1, more: 1 });
        assert!(full.to_string().contains("allows 1 technicians, and there are 1"), "{full}");
        assert!(may_add(&basic, Limit::Techs, 0, 2).is_err());
        assert_eq!(may_add(&basic, Limit::Routers, 9_999, 1), Ok(()), "what is not named is unlimited");
    }

    #[test]
    fn the_cheapest_tier_that_has_room_and_takes_nothing_away_is_told() {
        let tiers = [
            tier("other", 10_000, &[(Limit::Routers, 1), (Limit::Techs, 9)]),
            tier("more", 20_000, &[(Limit::Routers, 2), (Limit::Techs, 3)]),
            tier("most", 30_000, &[(Limit::Routers, 2)]),
        ];
        let basic = tier("basic", 5_000, &[(Limit::Routers, 2), (Limit::Techs, 1)]).entitlements;
        let cheapest = |why: &OverLimit| with_room(&tiers, &basic, why).map(|tier| tier.code.to_string());
        let full = |count, more| OverLimit::Full { limit: Limit::Techs, most: 1, count, more };

        assert_eq!(cheapest(&full(1, 1)).as_deref(), Some("more"), "not the one with fewer routers");
        assert_eq!(cheapest(&full(1, 3)).as_deref(), Some("most"));
        assert_eq!(cheapest(&OverLimit::Excess { limit: Limit::Techs, most: 1, place: 4 }).as_deref(), Some("most"));
        assert_eq!(cheapest(&OverLimit::Full { limit: Limit::Routers, most: 2, count: 2, more: 1 }), None);
        assert_eq!(cheapest(&OverLimit::NotIncluded(Feature::CustomApi)), None);
    }

    #[test]
    fn the_oldest_may_be_changed_and_the_excess_stays_as_it_is() {
        let basic = tier("basic", 50_000, &[(Limit::Routers, 2)]).entitlements;

        let verdicts: Vec<bool> = (0..4).map(|earlier| may_change(&basic, Limit::Routers, earlier).is_ok()).collect();

        assert_eq!(verdicts, [true, true, false, false]);
    }

    #[test]
    fn a_trial_has_everything_and_afterwards_the_tier_counts() {
        let basic = tier("basic", 50_000, &[]);
        let locked = TenantState::Locked { since: NOW, why: LockedWhy::TrialOver };

        let on_trial = entitlements(&TenantState::Trial { until: NOW }, Some(&basic));
        let after = entitlements(&locked, Some(&basic));

        assert_eq!(may_use(&on_trial, feature_of(PlanService::Pppoe)), Ok(()));
        assert_eq!(may_use(&after, feature_of(PlanService::Static)), Err(OverLimit::NotIncluded(Feature::PppoeStatic)));
        assert_eq!(may_use(&after, feature_of(PlanService::Hotspot)), Ok(()));
        assert_eq!(may_use(&entitlements(&locked, None), Feature::WhiteLabel), Ok(()), "nobody bills it");
    }

    #[test]
    fn fifteen_days_of_basic_are_five_days_of_premium() {
        let (basic, premium) = (tier("basic", 50_000, &[]), tier("premium", 150_000, &[]));

        let up = turn(&basic, &premium, days(15), NOW).expect("one currency");
        let down = turn(&premium, &basic, days(5), NOW).expect("one currency");

        let kes = |minor| Money::from_minor(minor, Currency::KES);
        assert_eq!(up, Turned { credit: kes(25_000), until: days(5), to_keep_end: kes(50_000) });
        assert_eq!(down, Turned { credit: kes(25_000), until: days(15), to_keep_end: kes(0) });
    }

    #[test]
    fn nothing_is_left_of_time_that_is_over() {
        let (basic, premium) = (tier("basic", 50_000, &[]), tier("premium", 150_000, &[]));

        let turned = turn(&basic, &premium, days(-4), NOW).expect("one currency");

        assert_eq!((turned.until, turned.credit.minor(), turned.to_keep_end.minor()), (NOW, 0, 0));
    }

    #[test]
    fn turning_there_and_back_loses_less_than_a_moment() {
        let (one, other) = (tier("one", 33_333, &[]), tier("other", 70_001, &[]));

        let there = turn(&one, &other, days(17), NOW).expect("one currency");
        let back = turn(&other, &one, there.until, NOW).expect("one currency");

        assert!(days(17).since(back.until) < Span::micros(5), "{:?}", days(17).since(back.until));
    }

    #[test]
    fn two_currencies_are_not_turned() {
        let dollars =
            Tier { month: Money::from_minor(500, Currency::from_code("USD").expect("good")), ..tier("usd", 1, &[]) };

        assert_eq!(turn(&tier("kes", 50_000, &[]), &dollars, days(3), NOW), None);
    }
}
