//! When a router is held to signing its Access-Requests (Message-Authenticator, CVE-2024-3596).
//!
//! A ratchet: what it was seen to do for a while it must do from then on. It never turns back by itself; an operator may
//! turn it.

use domain::network::nas::Signing;
use domain::network::sighting::{Seen, Sighting};
use domain::time::{Span, Timestamp};

/// So many signed requests in a row are enough.
pub const SIGNED_IN_ROW: u64 = 20;

/// For so long they must have come: a test of an afternoon's first minutes is not a habit.
pub const SIGNED_FOR: Span = Span::minutes(10);

/// What has been seen of a router after one more node has said what it saw.
///
/// An unsigned request ends the row, wherever among the signed ones it stood: nobody kept their order.
pub fn seen(before: Seen, sighting: &Sighting) -> Seen {
    let is_news = sighting.heard_at >= before.heard_at;
    let heard = Seen {
        heard_at: before.heard_at.max(sighting.heard_at),
        heard_from: if is_news { sighting.heard_from } else { before.heard_from },
        ..before
    };
    if sighting.unsigned > 0 {
        return Seen { signed_in_row: 0, signed_since: None, unsigned_at: Some(sighting.heard_at), ..heard };
    }
    if sighting.signed == 0 {
        return heard;
    }
    Seen {
        signed_in_row: heard.signed_in_row.saturating_add(u64::from(sighting.signed)),
        signed_since: Some(heard.signed_since.unwrap_or(sighting.heard_at)),
        ..heard
    }
}

/// Whether a router is to be held to signing from now on.
///
/// Only proven requests count as signed, so this holds for a router whose address is not known beforehand as well.
pub fn is_to_be_raised(signing: Signing, seen: &Seen, now: Timestamp) -> bool {
    signing.is_open()
        && seen.signed_in_row >= SIGNED_IN_ROW
        && seen.signed_since.is_some_and(|since| now.since(since) >= SIGNED_FOR)
}

#[cfg(test)]
mod tests {
    use domain::id::{NasId, TenantId};
    use domain::network::nas::SigningRule;

    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn nothing() -> Seen {
        Seen {
            heard_at: START,
            heard_from: [10, 0, 0, 1].into(),
            signed_in_row: 0,
            signed_since: None,
            unsigned_at: None,
        }
    }

    fn after(minutes: i64, signed: u32, unsigned: u32) -> Sighting {
        Sighting {
            tenant: TenantId::from_bytes([1; 16]),
            nas: NasId::from_bytes([1; 16]),
            heard_at: START.plus(Span::minutes(minutes)),
            heard_from: [10, 0, 0, 2].into(),
            signed,
            unsigned,
        }
    }

    fn raised_at(minutes: i64, seen: &Seen) -> bool {
        is_to_be_raised(Signing::default(), seen, START.plus(Span::minutes(minutes)))
    }

    #[test]
    fn a_habit_takes_twenty_requests_and_ten_minutes() {
        let few = seen(nothing(), &after(0, 19, 0));
        let enough = seen(few, &after(4, 1, 0));

        assert!(!raised_at(60, &few), "too few");
        assert!(!raised_at(9, &enough), "too soon");
        assert!(raised_at(10, &enough));
    }

    #[test]
    fn one_unsigned_request_begins_the_row_anew() {
        let habit = seen(nothing(), &after(0, 50, 0));
        let broken = seen(habit, &after(11, 50, 1));
        let again = seen(broken, &after(12, 50, 0));

        assert!(!raised_at(60, &broken));
        assert_eq!(broken.unsigned_at, Some(START.plus(Span::minutes(11))));
        assert!(!raised_at(21, &again) && raised_at(22, &again));
    }

    #[test]
    fn what_the_operator_says_goes_before_what_was_seen() {
        let habit = seen(nothing(), &after(0, 50, 0));
        let now = START.plus(Span::minutes(60));
        let raised = |rule, raised_at| is_to_be_raised(Signing { rule, raised_at }, &habit, now);

        assert!(raised(SigningRule::Observe, None));
        assert!(!raised(SigningRule::Allow, None) && !raised(SigningRule::Require, None));
        assert!(!raised(SigningRule::Observe, Some(START)), "it is held to it already");
    }

    #[test]
    fn a_node_that_speaks_late_does_not_move_the_last_sight_back() {
        let now = seen(nothing(), &after(5, 1, 0));
        let late = seen(now, &Sighting { heard_from: [10, 0, 0, 9].into(), ..after(3, 0, 0) });

        assert_eq!((late.heard_at, late.heard_from), (now.heard_at, now.heard_from));
    }
}
