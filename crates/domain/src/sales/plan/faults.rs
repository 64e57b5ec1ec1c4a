//! What is wrong with terms.

use thiserror::Error;

use super::{PlanService, PlanTerms, ValidityAnchor};
use crate::rate::{RateFault, RateLimit};
use crate::sales::speeds::{MANY_MAX, SpeedWindow};
use crate::time::Period;

impl PlanTerms {
    /// Everything that is wrong with these terms for that service; empty when they can be sold.
    pub fn faults(&self, service: PlanService) -> Vec<PlanFault> {
        let mut faults: Vec<PlanFault> = self.rate.iter().flat_map(RateLimit::faults).map(PlanFault::Rate).collect();
        if self.price.minor() < 0 {
            faults.push(PlanFault::NegativePrice);
        }
        if self.data_cap.is_some_and(|cap| cap.get() == 0) {
            faults.push(PlanFault::NoData);
        }
        if service != PlanService::Hotspot && self.anchor != ValidityAnchor::Purchase {
            faults.push(PlanFault::AnchorNeedsVouchers);
        }
        if self.data_window.is_some() && self.data_cap.is_none() {
            faults.push(PlanFault::WindowWithoutCap);
        }
        self.ask_windows(&mut faults);
        self.ask_steps(&mut faults);
        faults
    }

    fn ask_windows(&self, faults: &mut Vec<PlanFault>) {
        if self.speed_windows.len() > MANY_MAX {
            faults.push(PlanFault::TooManyWindows);
            return;
        }
        for (number, window) in (1..).zip(&self.speed_windows) {
            if window.is_empty() {
                faults.push(PlanFault::EmptyWindow { number });
            }
            let rate = window.rate.iter().flat_map(RateLimit::faults);
            faults.extend(rate.map(|fault| PlanFault::WindowRate { number, fault }));
            let later = (number + 1..).zip(self.speed_windows.iter().skip(usize::from(number)));
            let overlaps = later.filter(|(_, other): &(u8, &SpeedWindow)| window.overlaps(other));
            faults.extend(overlaps.map(|(other, _)| PlanFault::WindowsOverlap { number, other }));
        }
    }

    fn ask_steps(&self, faults: &mut Vec<PlanFault>) {
        if self.fair_use.len() > MANY_MAX {
            faults.push(PlanFault::TooManySteps);
            return;
        }
        for (number, step) in (1..).zip(&self.fair_use) {
            let rate = step.rate.faults().into_iter();
            faults.extend(rate.map(|fault| PlanFault::StepRate { number, fault }));
            if step.after.get() == 0 {
                faults.push(PlanFault::EmptyStep { number });
            }
        }
        for period in Period::ALL {
            let of_period: Vec<_> = (1..).zip(&self.fair_use).filter(|(_, step)| step.per == period).collect();
            for pair in of_period.windows(2) {
                let [(_, before), (number, step)] = pair else { continue };
                if step.after <= before.after {
                    faults.push(PlanFault::StepNotLater { number: *number, period });
                }
                let (was, is) = (before.rate.rate, step.rate.rate);
                if is.up > was.up || is.down > was.down {
                    faults.push(PlanFault::StepFaster { number: *number, period });
                }
            }
        }
    }
}

/// A term that cannot be sold. Windows and steps count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PlanFault {
    /// Speeds that contradict each other.
    #[error(transparent)]
    Rate(RateFault),
    /// A price below zero.
    #[error("the price is below zero")]
    NegativePrice,
    /// A cap of zero bytes, which a router would read as "no cap".
    #[error("the data cap is 0: leave it out for a plan without a cap")]
    NoData,
    /// `first_use` and `sale` are about printed vouchers.
    #[error("the validity anchor must be `purchase` for pppoe and static plans: only vouchers are printed")]
    AnchorNeedsVouchers,
    /// Nothing is capped that could begin anew.
    #[error("the data window is about a data cap, and there is none")]
    WindowWithoutCap,
    /// More than can be looked through.
    #[error("there are more than {MANY_MAX} speed windows")]
    TooManyWindows,
    /// It ends when it begins.
    #[error("speed window {number} ends when it begins: for a whole day write 00:00-24:00")]
    EmptyWindow {
        /// Which.
        number: u8,
    },
    /// Its speeds contradict each other.
    #[error("speed window {number}: {fault}")]
    WindowRate {
        /// Which.
        number: u8,
        /// How.
        fault: RateFault,
    },
    /// Both hold at some time.
    #[error("speed windows {number} and {other} overlap: at each moment only one may hold")]
    WindowsOverlap {
        /// One of them.
        number: u8,
        /// The other.
        other: u8,
    },
    /// More than can be looked through.
    #[error("there are more than {MANY_MAX} fair-use steps")]
    TooManySteps,
    /// It would always hold.
    #[error("fair-use step {number} begins at 0 bytes: make that the speed of the plan itself")]
    EmptyStep {
        /// Which.
        number: u8,
    },
    /// Its speeds contradict each other.
    #[error("fair-use step {number}: {fault}")]
    StepRate {
        /// Which.
        number: u8,
        /// How.
        fault: RateFault,
    },
    /// It is never reached, or at once.
    #[error("fair-use step {number} must begin after more data than the step per {period} before it")]
    StepNotLater {
        /// Which.
        number: u8,
        /// Of which period.
        period: Period,
    },
    /// Whoever uses more would go faster.
    #[error("fair-use step {number} is faster than the step per {period} before it")]
    StepFaster {
        /// Which.
        number: u8,
        /// Of which period.
        period: Period,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Currency, Money};
    use crate::sales::plan::{DeviceCap, WhenFull};
    use crate::time::Duration;

    fn terms(windows: &[&str], steps: &[&str]) -> PlanTerms {
        PlanTerms {
            rate: Some("10M/20M".parse().expect("good")),
            speed_windows: windows.iter().map(|text| text.parse().expect("good")).collect(),
            fair_use: steps.iter().map(|text| text.parse().expect("good")).collect(),
            device_cap: DeviceCap::ONE,
            when_full: WhenFull::Refuse,
            duration: Duration::Months(1),
            anchor: ValidityAnchor::Purchase,
            data_cap: None,
            data_window: None,
            pool: None,
            address_list: None,
            price: Money::from_minor(0, Currency::KES),
        }
    }

    fn faults(windows: &[&str], steps: &[&str]) -> Vec<PlanFault> {
        terms(windows, steps).faults(PlanService::Pppoe)
    }

    #[test]
    fn a_night_a_weekend_and_steps_for_day_and_month_can_be_sold() {
        let windows = ["mon-fri 22:00-06:00 unlimited", "sat,sun 06:00-24:00 30M/40M"];
        let steps = ["10GB/day 5M/10M", "20GB/day 1M/2M", "200GB/month 1M/1M"];

        assert_eq!(faults(&windows, &steps), []);
    }

    #[test]
    fn of_two_windows_at_one_time_nobody_knows_which_holds() {
        let windows = ["mon-fri 22:00-06:00 30M/40M", "daily 12:00-13:00 30M/40M", "sat 05:00-07:00 1M/2M"];

        assert_eq!(faults(&windows, &[]), [PlanFault::WindowsOverlap { number: 1, other: 3 }]);
        assert_eq!(faults(&["mon 08:00-08:00 1M"], &[]), [PlanFault::EmptyWindow { number: 1 }]);
    }

    #[test]
    fn steps_go_up_in_data_and_down_in_speed() {
        let same = PlanFault::StepNotLater { number: 2, period: Period::Day };
        let faster = PlanFault::StepFaster { number: 3, period: Period::Week };

        assert_eq!(faults(&[], &["10GB/day 5M/10M", "10GB/day 1M/2M"]), [same]);
        assert_eq!(faults(&[], &["5GB/week 1M/2M", "1GB/day 5M/10M", "9GB/week 1M/3M"]), [faster]);
        assert_eq!(faults(&[], &["0B/day 1M/2M"]), [PlanFault::EmptyStep { number: 1 }]);
    }

    #[test]
    fn there_may_be_sixteen_of_each_and_no_more() {
        let windows: Vec<String> = (0..17).map(|hour| format!("daily {hour:02}:00-{hour:02}:30 1M/2M")).collect();
        let windows: Vec<&str> = windows.iter().map(String::as_str).collect();

        assert_eq!(faults(&windows[..16], &[]), []);
        assert_eq!(faults(&windows, &[]), [PlanFault::TooManyWindows]);
    }

    #[test]
    fn a_data_window_needs_a_cap() {
        let terms = PlanTerms { data_window: Some(Period::Day), ..terms(&[], &[]) };

        assert_eq!(terms.faults(PlanService::Pppoe), [PlanFault::WindowWithoutCap]);
    }
}
