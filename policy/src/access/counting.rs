//! What somebody uses in the day, week and month that are running, kept up to date as it is heard of.
//!
//! For those whose plan counts it. The same sums as those of the hours in the database.

use domain::access::usage::Recent;
use domain::rate::Bytes;
use domain::time::{Period, Timestamp, Zone};

/// The sums of three periods that run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counting {
    zone: Zone,
    used: Recent,
    running: [Running; 3],
}

/// From when to when a period runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Running {
    since: Timestamp,
    until: Timestamp,
}

impl Running {
    fn at(period: Period, at: Timestamp, zone: &Zone) -> Self {
        Self { since: period.start(at, zone), until: period.end(at, zone) }
    }
}

impl Counting {
    /// What was used in the periods that run at `now`.
    pub fn new(zone: Zone, used: Recent, now: Timestamp) -> Self {
        let running = Period::ALL.map(|period| Running::at(period, now, &zone));
        Self { zone, used, running }
    }

    /// Counts octets that were heard of at a moment. Those of a period that is over count for nothing.
    pub fn count(&mut self, octets: u64, at: Timestamp) {
        for (period, running) in Period::ALL.into_iter().zip(&mut self.running) {
            let used = self.used.of_mut(period);
            if at >= running.until {
                *running = Running::at(period, at, &self.zone);
                *used = Bytes::default();
            }
            if at >= running.since {
                *used = used.plus(Bytes::new(octets));
            }
        }
    }

    /// Takes back octets that were counted twice.
    pub fn uncount(&mut self, octets: u64) {
        for period in Period::ALL {
            let used = self.used.of_mut(period);
            *used = used.minus(Bytes::new(octets));
        }
    }

    /// What was used in the periods that run at `now`.
    pub fn seen(&self, now: Timestamp) -> Recent {
        let mut seen = self.used;
        for (period, running) in Period::ALL.into_iter().zip(&self.running) {
            if now >= running.until {
                *seen.of_mut(period) = Bytes::default();
            }
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a good instant")
    }

    fn recent(day: u64, week: u64, month: u64) -> Recent {
        Recent { day: Bytes::new(day), week: Bytes::new(week), month: Bytes::new(month) }
    }

    #[test]
    fn a_day_that_is_over_begins_anew_and_the_others_go_on() {
        let nairobi = Zone::named("Africa/Nairobi").expect("known");
        // A Thursday.
        let mut counting = Counting::new(nairobi, recent(5, 6, 7), at("2026-11-26T23:00:00+03:00"));

        counting.count(10, at("2026-11-26T23:59:59+03:00"));
        assert_eq!(counting.seen(at("2026-11-26T23:59:59+03:00")), recent(15, 16, 17));
        assert_eq!(counting.seen(at("2026-11-27T00:00:00+03:00")), recent(0, 16, 17));
        counting.count(1, at("2026-11-27T00:00:00+03:00"));
        counting.count(100, at("2026-11-26T23:59:58+03:00"));
        assert_eq!(
            counting.seen(at("2026-11-27T00:00:01+03:00")),
            recent(1, 117, 118),
            "what comes late is yesterday's"
        );
        assert_eq!(counting.seen(at("2026-11-30T00:00:00+03:00")), recent(0, 0, 118), "a Monday");
        assert_eq!(counting.seen(at("2026-12-01T00:00:00+03:00")), recent(0, 0, 0));
    }

    #[test]
    fn what_was_counted_twice_is_taken_back() {
        let mut counting = Counting::new(Zone::utc(), recent(5, 6, 7), at("2026-11-26T23:00:00Z"));

        counting.uncount(6);

        assert_eq!(counting.seen(at("2026-11-26T23:00:00Z")), recent(0, 0, 1));
    }

    proptest! {
        #[test]
        fn the_sums_are_those_of_what_was_heard_since_the_periods_began(
            steps in proptest::collection::vec((0_i64..200_000, 0_u64..1_000), 1..60),
            berlin in any::<bool>(),
        ) {
            let zone = Zone::named(if berlin { "Europe/Berlin" } else { "Asia/Kathmandu" }).expect("known");
            let mut now = at("2026-10-20T12:00:00Z");
            let mut counting = Counting::new(zone.clone(), Recent::default(), now);
            let mut heard = Vec::new();
            for (seconds, octets) in steps {
                now = now.plus(domain::time::Span::seconds(seconds));
                counting.count(octets, now);
                heard.push((now, octets));
            }
            let sum = |period: Period| {
                let since = period.start(now, &zone);
                Bytes::new(heard.iter().filter(|(at, _)| *at >= since).map(|(_, octets)| octets).sum())
            };

            let seen = counting.seen(now);

            prop_assert_eq!([seen.day, seen.week, seen.month], Period::ALL.map(sum));
        }
    }
}
