//! Moving the end of something that was bought.

use thiserror::Error;

use crate::time::{Duration, Timestamp, Zone};

/// To where an end is moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extension {
    /// By so much: from the end that it has, or from now where that has passed.
    By(Duration),
    /// To a moment, later or earlier than the end that it has.
    To(Timestamp),
}

impl Extension {
    /// The new end.
    pub fn end(self, present: Timestamp, zone: &Zone, now: Timestamp) -> Result<Timestamp, EndIsPast> {
        match self {
            Self::By(duration) => Ok(duration.end_from(present.max(now), zone)),
            Self::To(end) if end > now => Ok(end),
            Self::To(_) => Err(EndIsPast),
        }
    }
}

/// A new end that has passed already.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("that moment has passed: give one to come")]
pub struct EndIsPast;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);
    const HOUR: Duration = Duration::Minutes(60);

    #[test]
    fn an_end_to_come_moves_by_the_duration_and_a_past_one_from_now() {
        let by = Extension::By(HOUR);

        let later = by.end(NOW.plus(Span::minutes(10)), &Zone::utc(), NOW);
        let again = by.end(NOW.minus(Span::minutes(10)), &Zone::utc(), NOW);

        assert_eq!(later, Ok(NOW.plus(Span::minutes(70))));
        assert_eq!(again, Ok(NOW.plus(Span::minutes(60))));
    }

    #[test]
    fn an_end_may_be_moved_forward_but_not_into_the_past() {
        let sooner = NOW.plus(Span::minutes(5));

        assert_eq!(Extension::To(sooner).end(NOW.plus(Span::minutes(60)), &Zone::utc(), NOW), Ok(sooner));
        assert_eq!(Extension::To(NOW).end(NOW.plus(Span::minutes(60)), &Zone::utc(), NOW), Err(EndIsPast));
    }

    #[test]
    fn a_month_is_counted_by_the_calendar_of_the_zone() {
        let berlin = Zone::named("Europe/Berlin").expect("known");
        let end: Timestamp = "2026-03-15T12:00:00+01:00".parse().expect("good");

        let moved = Extension::By(Duration::Months(1)).end(end, &berlin, end.minus(Span::minutes(1)));

        assert_eq!(moved, Ok("2026-04-15T12:00:00+02:00".parse().expect("good")));
    }
}
