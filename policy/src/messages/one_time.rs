//! Codes that prove that somebody holds a telephone, and how often messages are sent for the asking.

use domain::messages::template::MessageKind;
use domain::time::{Span, Timestamp};

/// Digits of a code.
pub const DIGITS: usize = 6;

/// How long a code is good.
pub const GOOD_FOR: Span = Span::minutes(10);

/// How often a code may be tried.
pub const TRIES_MAX: u32 = 5;

/// The time over which messages that strangers ask for are counted.
pub const WINDOW: Span = Span::minutes(60);

/// Messages of a kind to one telephone in that time.
pub const TO_PHONE_MAX: u32 = 3;

/// Messages of a kind to all telephones of an ISP in that time: what a crowd of strangers can make it pay.
pub const OF_TENANT_MAX: u32 = 200;

/// Codes in one message.
pub const CODES_A_MESSAGE: usize = 8;

/// Whether strangers may have one more message sent. `to_phone` and `of_tenant`: when those of the window were asked for,
/// in any order. Else how long to wait.
pub fn may_ask(to_phone: &[Timestamp], of_tenant: &[Timestamp], now: Timestamp) -> Result<(), Span> {
    let wait = |asked: &[Timestamp], most: u32| {
        let mut lately: Vec<Timestamp> = asked.iter().copied().filter(|at| now.since(*at) < WINDOW).collect();
        lately.sort_unstable();
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        // Room is made when the one goes out of the window that leaves fewer than the most.
        let leaving = lately.len().checked_sub(most)?;
        lately.get(leaving).map(|at| at.plus(WINDOW).since(now))
    };
    match wait(to_phone, TO_PHONE_MAX).max(wait(of_tenant, OF_TENANT_MAX)) {
        Some(wait) => Err(wait),
        None => Ok(()),
    }
}

/// How long somebody wants a message: later, nobody waits for it any more.
pub const fn wanted_for(kind: MessageKind) -> Span {
    match kind {
        MessageKind::VoucherSold => Span::minutes(24 * 60),
        MessageKind::LostCodes => Span::minutes(60),
        MessageKind::OneTimeCode => GOOD_FOR,
        MessageKind::Test => Span::minutes(10),
    }
}

/// What became of a try of a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checked {
    /// It is right; it is good no more.
    Right,
    /// It is wrong; so many tries are left.
    Wrong {
        /// How many.
        left: u32,
    },
    /// There is no code that is good any more: it is over, used, or was tried too often.
    Gone,
}

/// What a try comes to, with the tries before it.
pub fn checked(is_same: bool, tries: u32, expires_at: Timestamp, now: Timestamp) -> Checked {
    if now >= expires_at || tries >= TRIES_MAX {
        return Checked::Gone;
    }
    if is_same { Checked::Right } else { Checked::Wrong { left: TRIES_MAX - tries - 1 } }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn ago(minutes: &[i64]) -> Vec<Timestamp> {
        minutes.iter().map(|minutes| NOW.minus(Span::minutes(*minutes))).collect()
    }

    #[test]
    fn a_telephone_is_sent_so_many_and_then_waits_until_the_first_is_an_hour_old() {
        assert_eq!(may_ask(&[], &[], NOW), Ok(()));
        assert_eq!(may_ask(&ago(&[1, 2]), &[], NOW), Ok(()));
        assert_eq!(may_ask(&ago(&[1, 50, 2]), &[], NOW), Err(Span::minutes(10)));
        assert_eq!(may_ask(&ago(&[60, 1, 2]), &[], NOW), Ok(()));
        // More than the most: the third youngest has to go.
        assert_eq!(may_ask(&ago(&[50, 40, 30, 20]), &[], NOW), Err(Span::minutes(20)));
    }

    #[test]
    fn strangers_cannot_make_an_isp_pay_without_end() {
        let crowd = vec![NOW.minus(Span::minutes(59)); usize::try_from(OF_TENANT_MAX).expect("fits")];

        assert_eq!(may_ask(&[], &crowd, NOW), Err(Span::minutes(1)));
        assert_eq!(may_ask(&[], &crowd[1..], NOW), Ok(()));
    }

    #[test]
    fn a_code_is_good_for_some_minutes_and_some_tries() {
        let until = NOW.plus(GOOD_FOR);

        assert_eq!(checked(true, 0, until, NOW), Checked::Right);
        assert_eq!(checked(false, 0, until, NOW), Checked::Wrong { left: 4 });
        assert_eq!(checked(true, 4, until, NOW), Checked::Right);
        assert_eq!(checked(false, 4, until, NOW), Checked::Wrong { left: 0 });
        assert_eq!(checked(true, 5, until, NOW), Checked::Gone);
        assert_eq!(checked(true, 0, until, until), Checked::Gone);
    }
}
