//! What was really paid: the truth that a story holds an ISP's ledger against.

use domain::money::{Currency, Money};
use domain::time::{Span, Timestamp, Zone};

/// Money that moved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Its number.
    pub receipt: String,
    /// To whom: the paybill, or the store of a till.
    pub shortcode: String,
    /// How much.
    pub amount: Money,
    /// By whose telephone.
    pub phone: String,
    /// What stood as account.
    pub account: String,
    /// When.
    pub at: Timestamp,
    /// By which prompt; `None` for money that was sent by hand.
    pub checkout: Option<String>,
    /// The number under which it was given back.
    pub reversed: Option<String>,
}

/// Every shilling that was taken, in the order in which it was.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Books {
    /// All of it.
    pub taken: Vec<Taken>,
}

impl Books {
    /// The money with a receipt.
    pub fn of(&self, receipt: &str) -> Option<&Taken> {
        self.taken.iter().find(|one| one.receipt == receipt)
    }

    /// The money of a prompt.
    pub fn of_prompt(&self, checkout: &str) -> Option<&Taken> {
        self.taken.iter().find(|one| one.checkout.as_deref() == Some(checkout))
    }

    /// What a business has of it: without what was given back.
    pub fn total(&self, shortcode: &str) -> Money {
        let kept = self.taken.iter().filter(|one| one.shortcode == shortcode && one.reversed.is_none());
        Money::from_minor(kept.map(|one| one.amount.minor()).sum(), Currency::KES)
    }
}

/// Whole shillings as money.
pub(super) const fn shillings(count: i64) -> Money {
    Money::from_minor(count.saturating_mul(100), Currency::KES)
}

/// A moment on the clock of Nairobi, as `2026-01-15 09:30:18`.
pub(super) fn clock_of(at: Timestamp) -> String {
    at.plus(Span::minutes(180)).in_zone(&Zone::utc())
}

/// The same as `20260115093018`.
pub(super) fn digits_of(at: Timestamp) -> String {
    clock_of(at).chars().filter(char::is_ascii_digit).collect()
}

/// The number of the so-manieth receipt: ten letters and digits, of which the first three tell the day. Each is another.
pub(super) fn receipt(at: Timestamp, serial: u64) -> String {
    const LETTERS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let letter = |index: u64| char::from(usize::try_from(index % 36).map_or(b'X', |index| LETTERS[index]));
    let clock = clock_of(at);
    let part = |from: usize, to: usize| clock.get(from..to).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    // A is 2006 and January; a day is 1 to 9, then A.
    let day = [10 + (part(0, 4).saturating_sub(2_006)) % 26, 9 + part(5, 7), part(8, 10)];
    // Multiplying by a number without common divisors visits each of the 36^7 once.
    let mut mixed = serial.wrapping_mul(2_654_435_761) % 36_u64.pow(7);
    let mut text: String = day.into_iter().map(letter).collect();
    for _ in 0..7 {
        text.push(letter(mixed));
        mixed /= 36;
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn receipts_tell_the_day_and_are_never_the_same() {
        let at = "2026-01-15T06:30:18Z".parse().expect("good");

        let receipts: BTreeSet<String> = (0..10_000).map(|serial| receipt(at, serial)).collect();

        assert_eq!(receipts.len(), 10_000);
        assert!(receipts.iter().all(|receipt| receipt.starts_with("UAF") && receipt.len() == 10));
        assert_eq!(digits_of(at), "20260115093018");
    }
}
