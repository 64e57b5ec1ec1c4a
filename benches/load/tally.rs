//! What was counted in one run.

use std::time::Duration;

use benches::request::Event;
use hdrhistogram::Histogram;

/// Significant digits of a waiting time.
const DIGITS: u8 = 3;

/// Counts of one run. Every request that was sent ends as exactly one of `accepts`, `rejects`, `recorded`, `echoed`
/// and `lost`.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    /// Requests, each once however often it was repeated.
    pub(crate) sent: u64,
    /// Copies of requests that had no reply.
    pub(crate) repeated: u64,
    pub(crate) accepts: u64,
    pub(crate) rejects: u64,
    pub(crate) recorded: u64,
    pub(crate) echoed: u64,
    /// Replies to a waiting request that do not prove to be its answer.
    pub(crate) invalid: u64,
    /// Datagrams to which no request waited: late, or twice.
    pub(crate) stray: u64,
    /// Requests that got no reply in time.
    pub(crate) lost: u64,
    /// Requests that were due while every identifier waited.
    pub(crate) unsent: u64,
    /// From the request, or the moment it was due, to its reply, in nanoseconds.
    pub(crate) waited_ns: Histogram<u64>,
    /// From the first request to the last reply.
    pub(crate) took: Duration,
    pub(crate) reported: Reported,
}

/// What sessions have reported, as far as it was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reported {
    /// Each session's octets, up and down, counted from session 1.
    octets: Vec<Option<(u64, u64)>>,
}

impl Reported {
    /// A session's record was answered. Records of one session are answered in their order.
    pub(crate) fn note(&mut self, session: u32, event: Event) {
        let at = (session as usize).saturating_sub(1);
        if self.octets.len() <= at {
            self.octets.resize(at + 1, None);
        }
        self.octets[at] = Some(event.octets());
    }

    /// How many sessions have begun, and what all of them have used, up and down.
    pub(crate) fn sum(&self) -> (u64, u64, u64) {
        let begun = self.octets.iter().flatten();
        begun.fold((0, 0, 0), |(sessions, up, down), of| (sessions + 1, up + of.0, down + of.1))
    }
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            sent: 0,
            repeated: 0,
            accepts: 0,
            rejects: 0,
            recorded: 0,
            echoed: 0,
            invalid: 0,
            stray: 0,
            lost: 0,
            unsent: 0,
            waited_ns: Histogram::new(DIGITS).expect("invariant: three digits are allowed"),
            took: Duration::ZERO,
            reported: Reported::default(),
        }
    }

    pub(crate) fn answered(&self) -> u64 {
        self.accepts + self.rejects + self.recorded + self.echoed
    }

    pub(crate) fn note_wait(&mut self, waited: Duration) {
        let waited_ns = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX);
        self.waited_ns.record(waited_ns).expect("invariant: the histogram grows with its values");
    }

    /// Replies in a second.
    pub(crate) fn per_second(&self) -> f64 {
        let seconds = self.took.as_secs_f64();
        if seconds > 0.0 { count(self.answered()) / seconds } else { 0.0 }
    }

    /// The waiting time that this share of the replies stayed under, in milliseconds.
    pub(crate) fn waited_ms(&self, quantile: f64) -> f64 {
        count(self.waited_ns.value_at_quantile(quantile)) / 1e6
    }

    pub(crate) fn longest_ms(&self) -> f64 {
        count(self.waited_ns.max()) / 1e6
    }
}

/// A count as a number to divide.
#[expect(clippy::cast_precision_loss, reason = "counts here stay far below 2^52")]
pub(crate) fn count(of: u64) -> f64 {
    of as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_of_a_microsecond_and_of_a_minute_are_both_kept() {
        let mut tally = Tally::new();
        tally.note_wait(Duration::from_micros(1));
        tally.note_wait(Duration::from_secs(60));

        assert!((0.000_9..0.001_1).contains(&tally.waited_ms(0.5)));
        assert!((59_900.0..60_100.0).contains(&tally.longest_ms()));
    }

    #[test]
    fn a_session_has_used_what_its_last_answered_record_says() {
        let mut reported = Reported::default();
        reported.note(2, Event::Start);
        reported.note(1, Event::Interim(1));
        reported.note(1, Event::Interim(2));

        assert_eq!(reported.sum(), (2, 1_000_000, 8_000_000));
    }
}
