//! How long a place and a session are believed without news.

use domain::time::{Span, Timestamp};

/// The end of a session's lease after news at `now`: two and a half interim intervals and half a minute.
///
/// One interim may be lost (RouterOS gives up after three tries) and the next may be late, without a paying customer
/// losing the place; a dead session frees its place in minutes, not days.
pub fn renewed(now: Timestamp, interim_seconds: u32) -> Timestamp {
    now.plus(Span::seconds(i64::from(interim_seconds) * 5 / 2 + 30))
}

/// The end of a reservation: how long an accepted device keeps its place before the NAS has reported it.
pub fn reserved(now: Timestamp, reserve_seconds: u32) -> Timestamp {
    now.plus(Span::seconds(i64::from(reserve_seconds)))
}

/// The interim interval of one session: the configured one, moved by up to a tenth either way.
///
/// Ten thousand users who came online together after a power cut would otherwise report together for ever.
/// Never under 60 s (RFC 2869 §2.1). `spread` is any octet of the session's random key.
pub fn interim_seconds(configured: u32, spread: u8) -> u32 {
    let tenth = i64::from(configured / 10);
    let moved = i64::from(configured) - tenth + 2 * tenth * i64::from(spread) / 255;
    u32::try_from(moved.max(60)).unwrap_or(configured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_spread_by_a_tenth_either_way() {
        assert_eq!((interim_seconds(300, 0), interim_seconds(300, 255)), (270, 330));
    }

    #[test]
    fn an_interval_is_never_under_a_minute() {
        assert_eq!(interim_seconds(60, 0), 60);
    }

    #[test]
    fn one_lost_interim_does_not_end_a_lease() {
        let start = Timestamp::from_seconds(0);

        assert!(renewed(start, 330) > Timestamp::from_seconds(2 * 330));
    }
}
