//! Where an ISP stands with the platform, at any moment: nothing needs to happen for it to become true.
//!
//! Only its staff's requests ever ask. Logins, sales, payments and messages of its customers do not look here: whoever
//! has not paid the platform is not punished through people who have paid them.

use domain::platform::life::{Life, LockedWhy, TenantState};
use domain::time::Timestamp;

/// The state at `now`.
pub fn state(life: &Life, now: Timestamp) -> TenantState {
    if let Some((since, why)) = &life.locked
        && *since <= now
    {
        return TenantState::Locked { since: *since, why: LockedWhy::ByPlatform(why.clone()) };
    }
    // Whoever pays during a trial loses nothing of it: the later of the two counts.
    let on_trial = life.trial_until.filter(|until| now < *until);
    match (life.paid_until, on_trial) {
        (Some(paid), _) if now < paid => TenantState::Active { paid_until: Some(paid) },
        (_, Some(until)) => TenantState::Trial { until },
        (Some(paid), None) => {
            let until = paid.plus(life.grace);
            if now < until {
                TenantState::Grace { until }
            } else {
                TenantState::Locked { since: until, why: LockedWhy::Unpaid }
            }
        }
        (None, None) => match life.trial_until {
            Some(since) => TenantState::Locked { since, why: LockedWhy::TrialOver },
            None => TenantState::Active { paid_until: None },
        },
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Span;

    use super::*;

    const DAY: i64 = 24 * 3_600;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_000_000 + days * DAY)
    }

    fn life(trial: Option<i64>, paid: Option<i64>) -> Life {
        Life { trial_until: trial.map(at), paid_until: paid.map(at), grace: Span::seconds(3 * DAY), locked: None }
    }

    fn codes(life: &Life, days: std::ops::Range<i64>) -> String {
        days.map(|day| &state(life, at(day)).code()[..1]).collect()
    }

    #[test]
    fn a_trial_ends_in_a_lock() {
        assert_eq!(codes(&life(Some(2), None), 0..5), "ttlll");
        assert_eq!(state(&life(Some(2), None), at(2)), TenantState::Locked { since: at(2), why: LockedWhy::TrialOver });
    }

    #[test]
    fn paid_time_ends_in_grace_and_grace_in_a_lock() {
        assert_eq!(codes(&life(Some(1), Some(2)), 0..8), "aaggglll");
        assert_eq!(state(&life(None, Some(2)), at(5)), TenantState::Locked { since: at(5), why: LockedWhy::Unpaid });
    }

    #[test]
    fn whoever_paid_for_less_than_the_trial_still_has_the_trial() {
        assert_eq!(codes(&life(Some(4), Some(1)), 0..8), "attt".to_owned() + "llll");
    }

    #[test]
    fn an_isp_that_nobody_bills_is_active_for_good() {
        assert_eq!(state(&life(None, None), at(9_999)), TenantState::Active { paid_until: None });
    }

    #[test]
    fn the_platforms_own_lock_goes_before_everything_and_says_why() {
        let locked = Life { locked: Some((at(1), "the papers are missing".to_owned())), ..life(None, Some(9)) };

        assert_eq!(codes(&locked, 0..3), "all");
        let TenantState::Locked { why, .. } = state(&locked, at(2)) else { panic!("locked") };
        assert_eq!(why, LockedWhy::ByPlatform("the papers are missing".to_owned()));
    }
}
