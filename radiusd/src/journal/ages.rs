//! How old the records are that wait: a mark for each second in which some were taken.

use std::collections::VecDeque;

use domain::time::{Span, Timestamp};

/// The least time between two marks, until there are too many.
const EVERY: Span = Span::seconds(1);

/// Marks at most: a day of an outage. When there are more, every second one goes.
const MARKS_MAX: usize = 86_400;

/// Which record was taken when, roughly.
#[derive(Debug, Default)]
pub(super) struct Ages {
    marks: VecDeque<(u64, Timestamp)>,
}

impl Ages {
    /// Notes when a record was taken.
    pub(super) fn mark(&mut self, sequence: u64, at: Timestamp) {
        if self.marks.back().is_some_and(|(_, last)| at.since(*last) < EVERY) {
            return;
        }
        if self.marks.len() >= MARKS_MAX {
            let mut place = 0_usize;
            self.marks.retain(|_| {
                place += 1;
                place % 2 == 1
            });
        }
        self.marks.push_back((sequence, at));
    }

    /// When the oldest record was taken that is not before `drained`; never later than it was.
    pub(super) fn of_oldest(&mut self, drained: u64) -> Option<Timestamp> {
        while self.marks.get(1).is_some_and(|(sequence, _)| *sequence <= drained) {
            self.marks.pop_front();
        }
        self.marks.front().map(|(_, at)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn the_oldest_is_known_to_a_second_while_others_go() {
        let mut ages = Ages::default();
        for number in 0..100 {
            ages.mark(number, at(i64::try_from(number / 10).expect("small")));
        }

        assert_eq!(ages.of_oldest(0), Some(at(0)));
        assert_eq!(ages.of_oldest(0), Some(at(0)), "looking changes nothing");
        assert_eq!(ages.of_oldest(55), Some(at(5)));
        assert_eq!(ages.of_oldest(99), Some(at(9)));
    }

    #[test]
    fn an_outage_of_weeks_takes_no_more_room_than_one_of_a_day() {
        let mut ages = Ages::default();
        for second in 0..10 * 86_400 {
            ages.mark(second, at(i64::try_from(second).expect("small")));
        }

        assert!(ages.marks.len() <= MARKS_MAX);
        assert_eq!(ages.of_oldest(0), Some(at(0)));
        let late = ages.of_oldest(800_000).expect("known");
        assert!(late <= at(800_000) && late > at(799_900), "{late:?}");
    }
}
