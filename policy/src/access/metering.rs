//! What an accounting record changes about a session.
//!
//! Counters are cumulative since the session's start (RFC 2866 §5.3), so nothing is ever added twice: repeated, late
//! and reordered records end in the same state. A session whose end the router reported stays ended; an end that we
//! had only inferred gives way to news of a later moment.

use domain::access::session::{EndCause, Session, SessionState};
use domain::access::usage::{Counters, UsageKind, UsageRecord};
use domain::time::{Span, Timestamp};

/// What a record did to a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Metered {
    /// Octets from the subscriber that were not counted before.
    pub more_in: u64,
    /// Octets to the subscriber that were not counted before.
    pub more_out: u64,
    /// What becomes of the place in the device cap.
    pub place: Place,
}

/// What becomes of a session's place in the device cap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The session lives: its lease runs anew.
    Renew,
    /// The session has ended: the place is free.
    Release,
}

/// Applies a record. The result is the same whatever was repeated; see the tests for each order.
pub fn apply(session: &mut Session, record: &UsageRecord) -> Metered {
    let before = session.counted;
    if lives_after_all(session, record) {
        session.state = SessionState::Open;
        session.ended_at = None;
    }
    if record.has_counters {
        count(session, record.counters);
    }
    session.last_heard_at = session.last_heard_at.max(record.at);
    match (session.state, record.kind) {
        (SessionState::Closed(_), UsageKind::Stop(number)) if number != 0 => correct_end(session, number),
        (SessionState::Closed(_), UsageKind::Start | UsageKind::Interim | UsageKind::Stop(_)) => {}
        (SessionState::Granted | SessionState::Open, UsageKind::Start | UsageKind::Interim) => {
            session.state = SessionState::Open;
        }
        (SessionState::Granted | SessionState::Open, UsageKind::Stop(number)) => {
            close(session, EndCause::Reported(number), record.at);
        }
    }
    let place = match session.state {
        SessionState::Closed(_) => Place::Release,
        SessionState::Granted | SessionState::Open => Place::Renew,
    };
    Metered {
        more_in: session.counted.in_octets - before.in_octets,
        more_out: session.counted.out_octets - before.out_octets,
        place,
    }
}

/// Ends a session; one that has ended keeps its first end.
pub fn close(session: &mut Session, cause: EndCause, at: Timestamp) {
    match session.state {
        SessionState::Closed(_) => {}
        SessionState::Granted | SessionState::Open => {
            session.state = SessionState::Closed(cause);
            session.ended_at = Some(at.max(session.started_at));
        }
    }
}

/// How long after a Stop a Start under the same number is taken for the first one again: a router that got no answer
/// repeats it, and the Stop may have been quicker. A new session that is begun so soon under a used number shows itself
/// with its first interim.
pub const REPEATED_START: Span = Span::minutes(5);

/// When the session that a record is about began, by what it counts.
pub fn began_at(record: &UsageRecord) -> Timestamp {
    record.at.minus(Span::seconds(i64::try_from(record.counters.seconds).unwrap_or(i64::MAX)))
}

/// From when on a reported end may be that of the session that a record is about.
pub fn repeats_since(record: &UsageRecord) -> Timestamp {
    match record.kind {
        UsageKind::Start => record.at.minus(REPEATED_START),
        UsageKind::Interim | UsageKind::Stop(_) => began_at(record),
    }
}

/// Whether a record that gives the number of a session, but not our `Class`, can be about that session: it is open, or
/// it had not ended when the reported one began.
pub fn may_be_about(session: &Session, record: &UsageRecord) -> bool {
    let Some(ended_at) = session.ended_at else { return true };
    let was_reported = matches!(session.state, SessionState::Closed(EndCause::Reported(_)));
    ended_at >= began_at(record) || (was_reported && ended_at >= repeats_since(record))
}

/// Whether a record shows a session alive that we thought dead: silence may have been our own. A copy of what was known
/// before shows nothing.
fn lives_after_all(session: &Session, record: &UsageRecord) -> bool {
    let inferred = matches!(
        session.state,
        SessionState::Closed(EndCause::LeaseEnded | EndCause::NasRestarted | EndCause::Cut | EndCause::RouterGone)
    );
    let running = matches!(record.kind, UsageKind::Start | UsageKind::Interim);
    let last = session.last_reading.seconds;
    let is_news = record.counters.seconds > last || last == 0;
    inferred && running && is_news && session.ended_at.is_some_and(|end| record.at > end)
}

/// A Stop after an end that we had only inferred: the router's own word about the cause is better.
fn correct_end(session: &mut Session, number: u32) {
    if let SessionState::Closed(
        EndCause::LeaseEnded | EndCause::NasRestarted | EndCause::Cut | EndCause::RouterGone | EndCause::Reported(0),
    ) = session.state
    {
        session.state = SessionState::Closed(EndCause::Reported(number));
    }
}

/// Takes a reading of the router's counters.
///
/// Readings grow. A counter that is smaller while the session time has grown has begun again within the session (a
/// wrap without gigawords, or a router that restarted it): it counts from zero on top of what was counted. A reading
/// that is smaller with a session time that is not greater is an old one that came late. One whose session time is
/// smaller counts nothing: it may be from before the counters began again, and it may have been counted then. One without
/// a session time is taken as one of the same moment.
fn count(session: &mut Session, reading: Counters) {
    let last = session.last_reading;
    if reading.seconds > last.seconds {
        let growth = reading.zip(last, |now, before| if now < before { now } else { now - before });
        session.counted = session.counted.zip(growth, u64::saturating_add);
        session.last_reading = reading;
    } else if reading.seconds == last.seconds || reading.seconds == 0 {
        let growth = reading.zip(last, u64::saturating_sub);
        session.counted = session.counted.zip(growth, u64::saturating_add);
        session.last_reading = last.zip(reading, u64::max);
    }
}

#[cfg(test)]
mod tests {
    use domain::access::attempt::{AskedService, Device};
    use domain::id::{NasId, TenantId};
    use proptest::prelude::*;

    use super::*;

    fn record(kind: UsageKind, at: i64, octets: u64, seconds: u64) -> UsageRecord {
        UsageRecord {
            tenant: TenantId::from_bytes([1; 16]),
            nas: NasId::from_bytes([2; 16]),
            kind,
            session: None,
            holder: None,
            acct_session_id: "80100014".into(),
            user_name: "house-12".into(),
            device: Device::Unnamed,
            service: AskedService::Unsaid,
            framed_ip: None,
            from: None,
            counters: Counters { in_octets: octets, out_octets: octets * 10, seconds, ..Counters::ZERO },
            has_counters: true,
            at: Timestamp::from_seconds(at),
        }
    }

    fn begun() -> Session {
        Session::begun(Timestamp::from_seconds(0))
    }

    #[test]
    fn a_record_applied_twice_counts_once() {
        let mut session = begun();
        let interim = record(UsageKind::Interim, 300, 1_000, 300);

        let first = apply(&mut session, &interim);
        let second = apply(&mut session, &interim);

        assert_eq!((first.more_in, first.more_out), (1_000, 10_000));
        assert_eq!((second.more_in, second.more_out), (0, 0));
    }

    #[test]
    fn a_late_interim_does_not_reopen_a_session() {
        let mut session = begun();
        apply(&mut session, &record(UsageKind::Stop(1), 600, 2_000, 600));

        let late = apply(&mut session, &record(UsageKind::Interim, 601, 1_000, 300));

        assert_eq!(session.state, SessionState::Closed(EndCause::Reported(1)));
        assert_eq!((late.more_in, late.place), (0, Place::Release));
    }

    #[test]
    fn a_stop_without_counters_keeps_what_was_counted() {
        let mut session = begun();
        apply(&mut session, &record(UsageKind::Interim, 300, 5_000, 300));
        let stop = UsageRecord { has_counters: false, ..record(UsageKind::Stop(2), 400, 0, 0) };

        apply(&mut session, &stop);

        assert_eq!(session.counted.in_octets, 5_000);
    }

    #[test]
    fn counters_that_begin_again_are_added_to_what_was_counted() {
        let mut session = begun();
        apply(&mut session, &record(UsageKind::Interim, 300, 4_000_000_000, 300));

        let metered = apply(&mut session, &record(UsageKind::Interim, 600, 1_000, 600));

        assert_eq!(metered.more_in, 1_000);
        assert_eq!((session.counted.in_octets, session.counted.seconds), (4_000_001_000, 600));
    }

    #[test]
    fn a_wrap_in_one_direction_leaves_the_other_as_it_was() {
        let mut session = begun();
        let reading = |in_octets, out_octets, seconds| UsageRecord {
            counters: Counters { in_octets, out_octets, seconds, ..Counters::ZERO },
            ..record(UsageKind::Interim, 300, 0, 0)
        };
        apply(&mut session, &reading(500, 4_294_000_000, 300));

        let metered = apply(&mut session, &reading(900, 1_000, 600));

        assert_eq!((metered.more_in, metered.more_out), (400, 1_000));
    }

    #[test]
    fn a_router_that_names_the_cause_later_is_believed() {
        let mut session = begun();
        close(&mut session, EndCause::LeaseEnded, Timestamp::from_seconds(900));

        apply(&mut session, &record(UsageKind::Stop(4), 950, 10, 100));

        assert_eq!(session.state, SessionState::Closed(EndCause::Reported(4)));
        assert_eq!(session.ended_at, Some(Timestamp::from_seconds(900)));
    }

    #[test]
    fn a_session_that_was_thought_dead_lives_by_later_news_alone() {
        for cause in [EndCause::LeaseEnded, EndCause::NasRestarted, EndCause::Cut, EndCause::RouterGone] {
            let mut session = begun();
            apply(&mut session, &record(UsageKind::Interim, 300, 1_000, 300));
            close(&mut session, cause, Timestamp::from_seconds(900));

            apply(&mut session, &record(UsageKind::Interim, 1_500, 1_000, 300));
            assert_eq!(session.state, SessionState::Closed(cause), "a copy");
            apply(&mut session, &record(UsageKind::Interim, 800, 1_500, 800));
            assert_eq!(session.state, SessionState::Closed(cause), "from before the end");
            let metered = apply(&mut session, &record(UsageKind::Interim, 1_600, 2_000, 1_600));
            assert_eq!((session.state, session.ended_at), (SessionState::Open, None));
            assert_eq!((metered.more_in, metered.place), (500, Place::Renew));
        }
    }

    #[test]
    fn a_start_after_the_stop_leaves_the_session_closed() {
        let mut session = begun();
        apply(&mut session, &record(UsageKind::Stop(1), 10, 7, 9));

        let start = UsageRecord { has_counters: false, ..record(UsageKind::Start, 11, 0, 0) };
        let metered = apply(&mut session, &start);

        assert_eq!((metered.place, session.counted.in_octets), (Place::Release, 7));
    }

    #[test]
    fn a_start_right_after_the_stop_is_the_first_one_again() {
        let mut session = begun();
        apply(&mut session, &record(UsageKind::Stop(1), 600, 7, 600));
        let start = |at| UsageRecord { has_counters: false, ..record(UsageKind::Start, at, 0, 0) };

        assert!(may_be_about(&session, &start(601)));
        assert!(may_be_about(&session, &start(900)));
        assert!(!may_be_about(&session, &start(901)), "a new session under an old number");
        assert!(may_be_about(&session, &record(UsageKind::Stop(1), 700, 7, 600)), "the Stop again");
        assert!(!may_be_about(&session, &record(UsageKind::Interim, 700, 7, 60)), "began after the end");
    }

    #[test]
    fn a_start_after_a_restart_is_a_new_session() {
        let mut session = begun();
        close(&mut session, EndCause::NasRestarted, Timestamp::from_seconds(600));

        let start = UsageRecord { has_counters: false, ..record(UsageKind::Start, 620, 0, 0) };
        assert!(!may_be_about(&session, &start));
    }

    #[test]
    fn a_reading_without_a_session_time_counts_what_grew() {
        let mut session = begun();
        apply(&mut session, &record(UsageKind::Interim, 300, 1_000, 300));

        assert_eq!(apply(&mut session, &record(UsageKind::Stop(1), 400, 1_500, 0)).more_in, 500);
        assert_eq!(session.counted.seconds, 300);
    }

    #[test]
    fn an_old_reading_after_counters_began_again_counts_nothing_again() {
        let mut session = begun();
        let readings = [(300, 4_000_000_000), (600, 1_000), (900, 2_000)];
        let records = readings.map(|(seconds, octets)| {
            record(UsageKind::Interim, i64::try_from(seconds).expect("small"), octets, seconds)
        });
        for record in &records {
            apply(&mut session, record);
        }

        for again in &records {
            assert_eq!(apply(&mut session, again).more_in, 0);
        }
        assert_eq!(session.counted.in_octets, 4_000_002_000);
    }

    proptest! {
        #[test]
        fn any_order_and_any_repetition_end_in_the_same_count(
            growths in prop::collection::vec((1_u64..10_000_000_000, 1_u64..600), 1..12),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        ) {
            let (mut octets, mut seconds) = (0, 0);
            let mut records = vec![record(UsageKind::Start, 0, 0, 0)];
            for (more, longer) in &growths {
                octets += more;
                seconds += longer;
                records.push(record(UsageKind::Interim, i64::try_from(seconds).expect("small"), octets, seconds));
            }
            let shuffled: Vec<_> = order.iter().map(|index| index.get(&records).clone()).collect();
            let mut session = begun();

            let mut counted = 0;
            for record in shuffled.iter().chain(&records).chain(&shuffled) {
                counted += apply(&mut session, record).more_in;
            }

            prop_assert_eq!(session.counted.in_octets, octets);
            prop_assert_eq!(counted, octets);
            prop_assert_eq!(session.counted.seconds, seconds);
        }
    }
}
