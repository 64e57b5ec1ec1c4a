//! When it is asked what became of a prompt: often while somebody waits, then rarely, for two days.

use domain::money::payment::PaymentState;
use domain::time::{Span, Timestamp};

/// Seconds after the prompt.
const OFTEN: [i64; 8] = [20, 35, 60, 90, 180, 300, 600, 1_200];

/// Then so far apart.
const RARELY_SECONDS: i64 = 3_600;

/// How long it is looked for money at all.
pub const WATCHED: Span = Span::seconds(48 * 3_600);

/// After that long without a word a prompt is over: none lives longer on a telephone.
pub const EXPIRES_AFTER: Span = Span::minutes(5);

/// How long a telephone is left alone after a prompt: a second one would kill the first.
pub const ONE_PROMPT_FOR: Span = Span::seconds(75);

/// A prompt that could not be sent for that long is not sent any more: whoever wanted it has gone away.
pub const WANTED_FOR: Span = Span::seconds(120);

/// What is said to be paid and has not been proven for that long is told to staff.
pub const PROVEN_WITHIN: Span = Span::seconds(60);

/// When it is looked next; `None` once it has been looked for long enough.
pub fn next_look(created_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let passed = now.since(created_at).as_seconds().max(0);
    if passed >= WATCHED.as_seconds() {
        return None;
    }
    let rarely = (passed / RARELY_SECONDS + 1) * RARELY_SECONDS;
    let next = OFTEN.into_iter().find(|offset| *offset > passed).unwrap_or(rarely);
    Some(created_at.plus(Span::seconds(next.min(WATCHED.as_seconds()))))
}

/// What a payment becomes of which nothing is heard.
pub fn aged(state: PaymentState, created_at: Timestamp, now: Timestamp) -> Option<PaymentState> {
    let age = now.since(created_at);
    let next = if age >= WATCHED { PaymentState::Unresolved } else { PaymentState::Expired };
    (age >= EXPIRES_AFTER && state.may_become(next)).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_795_000_000);

    #[test]
    fn looks_come_soon_then_rarely_and_end_after_two_days() {
        let mut now = START;
        let mut looks = Vec::new();
        while let Some(next) = next_look(START, now) {
            assert!(next > now);
            looks.push(next.since(START).as_seconds());
            now = next;
        }

        assert_eq!(&looks[..9], [20, 35, 60, 90, 180, 300, 600, 1_200, 3_600]);
        assert_eq!((looks.len(), looks.last()), (8 + 48, Some(&(48 * 3_600))));
    }

    #[test]
    fn looks_that_were_missed_are_not_made_up_for() {
        assert_eq!(next_look(START, START.plus(Span::seconds(95))), Some(START.plus(Span::seconds(180))));
        assert_eq!(next_look(START, START.minus(Span::seconds(95))), Some(START.plus(Span::seconds(20))));
    }

    #[test]
    fn silence_makes_a_payment_expire_and_then_unresolved_but_never_what_is_paid() {
        let (soon, later, much_later) = (Span::minutes(4), Span::minutes(5), WATCHED);

        assert_eq!(aged(PaymentState::Awaiting, START, START.plus(soon)), None);
        assert_eq!(aged(PaymentState::Awaiting, START, START.plus(later)), Some(PaymentState::Expired));
        assert_eq!(aged(PaymentState::Expired, START, START.plus(later)), None);
        assert_eq!(aged(PaymentState::Expired, START, START.plus(much_later)), Some(PaymentState::Unresolved));
        assert_eq!(aged(PaymentState::Paid, START, START.plus(much_later)), None);
        assert_eq!(aged(PaymentState::PaidUnreceipted, START, START.plus(much_later)), None);
    }
}
