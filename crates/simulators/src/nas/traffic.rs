//! Octets that move, counted exactly.

use domain::rate::UpDown;

/// Octets from a subscriber and to it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Moved {
    /// From the subscriber.
    pub up: u64,
    /// To the subscriber.
    pub down: u64,
}

impl Moved {
    /// That many each way.
    pub const fn new(up: u64, down: u64) -> Self {
        Self { up, down }
    }

    /// Both together.
    pub const fn total(self) -> u64 {
        self.up.saturating_add(self.down)
    }

    /// This and other octets.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { up: self.up.saturating_add(other.up), down: self.down.saturating_add(other.down) }
    }

    /// The greater of each way.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self { up: self.up.max(other.up), down: self.down.max(other.down) }
    }
}

/// Octets at which a session ends, counted from its beginning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Limits {
    pub(super) up: Option<u64>,
    pub(super) down: Option<u64>,
    pub(super) total: Option<u64>,
}

impl Limits {
    /// What is left of each.
    fn left(&self, moved: Moved) -> [Option<u64>; 3] {
        let left = |limit: Option<u64>, used: u64| limit.map(|limit| limit.saturating_sub(used));
        [left(self.up, moved.up), left(self.down, moved.down), left(self.total, moved.total())]
    }
}

/// What one session moves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meter {
    pub(super) moved: Moved,
    /// Octets a second that the subscriber would move.
    wish: Moved,
    /// Thousandths of an octet that are under way.
    rest: Moved,
    /// Up to when all this is counted.
    at_ms: u64,
    /// When something moved last.
    active_ms: u64,
}

impl Meter {
    pub(super) fn begin(wish: Moved, now_ms: u64) -> Self {
        let nothing = Moved::default();
        Self { moved: nothing, wish, rest: nothing, at_ms: now_ms, active_ms: now_ms }
    }

    /// Octets a second that move under a limit of bits a second; 0 is no limit.
    fn pace(&self, rate: UpDown<u64>) -> Moved {
        let under = |wish: u64, bits: u64| if bits == 0 { wish } else { wish.min(bits / 8) };
        Moved { up: under(self.wish.up, rate.up), down: under(self.wish.down, rate.down) }
    }

    /// Counts up to now.
    pub(super) fn advance(&mut self, now_ms: u64, rate: UpDown<u64>) {
        let passed_ms = now_ms.saturating_sub(self.at_ms);
        if passed_ms == 0 {
            return;
        }
        let pace = self.pace(rate);
        (self.moved.up, self.rest.up) = moved_on(self.moved.up, self.rest.up, pace.up, passed_ms);
        (self.moved.down, self.rest.down) = moved_on(self.moved.down, self.rest.down, pace.down, passed_ms);
        self.at_ms = now_ms;
        if pace.total() > 0 {
            self.active_ms = now_ms;
        }
    }

    /// From now on the subscriber would move so many octets a second.
    pub(super) fn wish(&mut self, wish: Moved) {
        self.wish = wish;
    }

    /// So many octets move at once, whatever the rate.
    pub(super) fn burst(&mut self, octets: Moved) {
        self.moved = self.moved.plus(octets);
        self.active_ms = self.at_ms;
    }

    /// When a limit will be reached; never, if nothing moves towards it.
    pub(super) fn reaches_ms(&self, limits: &Limits, rate: UpDown<u64>) -> Option<u64> {
        let pace = self.pace(rate);
        let rests = [self.rest.up, self.rest.down, self.rest.total()];
        let paces = [pace.up, pace.down, pace.total()];
        let due = limits.left(self.moved).into_iter().zip(rests).zip(paces).filter_map(|((left, rest), pace)| {
            let left = left?;
            if left == 0 {
                return Some(self.at_ms);
            }
            let thousandths = left.saturating_mul(1_000).saturating_sub(rest);
            (pace > 0).then(|| self.at_ms.saturating_add(thousandths.div_ceil(pace).max(1)))
        });
        due.min()
    }

    /// When nothing will have moved for so long; never, while something moves.
    pub(super) fn idle_ms(&self, idle_seconds: u32, rate: UpDown<u64>) -> Option<u64> {
        (self.pace(rate).total() == 0).then(|| self.active_ms.saturating_add(u64::from(idle_seconds) * 1_000))
    }
}

fn moved_on(moved: u64, rest: u64, pace: u64, passed_ms: u64) -> (u64, u64) {
    let thousandths = u128::from(pace) * u128::from(passed_ms) + u128::from(rest);
    let octets = u64::try_from(thousandths / 1_000).unwrap_or(u64::MAX);
    (moved.saturating_add(octets), u64::try_from(thousandths % 1_000).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_LIMIT: UpDown<u64> = UpDown::new(0, 0);

    #[test]
    fn octets_are_counted_exactly_however_often_one_looks() {
        let mut often = Meter::begin(Moved::new(333, 1_000_001), 0);
        let mut once = often;

        for ms in 1..=90_000 {
            often.advance(ms, NO_LIMIT);
        }
        once.advance(90_000, NO_LIMIT);

        assert_eq!(often.moved, once.moved);
        assert_eq!(once.moved, Moved::new(333 * 90, 1_000_001 * 90));
    }

    #[test]
    fn nobody_moves_more_than_the_rate_allows() {
        let mut meter = Meter::begin(Moved::new(1_000_000, 100), 0);

        meter.advance(10_000, UpDown::new(2_000_000, 5_000_000));

        assert_eq!(meter.moved, Moved::new(2_500_000, 1_000));
    }

    #[test]
    fn a_limit_is_reached_when_the_meter_says() {
        for limits in [
            Limits { up: Some(1_000_000), ..Limits::default() },
            Limits { down: Some(777), ..Limits::default() },
            Limits { total: Some(5_000_000_001), ..Limits::default() },
        ] {
            let reached = |meter: &Meter| limits.left(meter.moved).contains(&Some(0));
            let mut meter = Meter::begin(Moved::new(333, 777_777), 500);
            let mut due = meter.reaches_ms(&limits, NO_LIMIT).expect("something moves");
            meter.advance(due - 1, NO_LIMIT);
            assert!(!reached(&meter), "{limits:?}");

            // The sum of two whole numbers may come a thousandth later than the whole of the sum.
            meter.advance(due, NO_LIMIT);
            if !reached(&meter) {
                due = meter.reaches_ms(&limits, NO_LIMIT).expect("something moves");
                meter.advance(due, NO_LIMIT);
            }

            assert!(reached(&meter), "{limits:?} {:?}", meter.moved);
        }
    }

    #[test]
    fn a_quiet_session_is_idle_and_one_that_moves_is_not() {
        let mut meter = Meter::begin(Moved::default(), 1_000);

        assert_eq!(meter.idle_ms(60, NO_LIMIT), Some(61_000));
        meter.advance(30_000, NO_LIMIT);
        meter.burst(Moved::new(1, 0));
        assert_eq!(meter.idle_ms(60, NO_LIMIT), Some(90_000));
        meter.wish(Moved::new(0, 1));
        assert_eq!(meter.idle_ms(60, NO_LIMIT), None);
    }
}
