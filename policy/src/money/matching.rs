//! Whose money it is: by what was typed as account, or, at a till, by who waits for a prompt of that amount.

use domain::id::{PaymentId, SubscriberId};
use domain::money::Money;
use domain::money::claim::Payer;
use domain::phone::Msisdn;
use domain::time::{Span, Timestamp};

/// How long somebody waits at a till.
pub const WAITS_FOR: Span = Span::minutes(10);

/// An account as people type it, made alike: capitals, without spaces and what they put between.
pub fn normalised(typed: &str) -> String {
    let letters = typed.chars().filter(|letter| !letter.is_whitespace() && !"-_#./".contains(*letter));
    letters.flat_map(char::to_uppercase).take(domain::money::arrival::Arrival::ACCOUNT_MAX).collect()
}

/// Somebody who waits for what they pay at a till.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// The payment.
    pub payment: PaymentId,
    /// Its price.
    pub price: Money,
    /// Since when.
    pub since: Timestamp,
    /// Whose telephone.
    pub phone: Msisdn,
    /// The SHA-256 of its number, in hex.
    pub phone_hash: String,
}

/// What the ISP knows that may be meant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// Payments whose reference was typed.
    pub payments: Vec<PaymentId>,
    /// Subscribers whose user name was typed.
    pub subscribers: Vec<SubscriberId>,
    /// The telephone number that was typed, where the ISP knows it.
    pub phone: Option<Msisdn>,
    /// Subscribers with that number.
    pub of_phone: Vec<SubscriberId>,
    /// Those who wait at this till.
    pub waiting: Vec<Waiting>,
}

/// Who is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Meant {
    /// That payment.
    Payment(PaymentId),
    /// That subscriber.
    Subscriber(SubscriberId),
    /// Whoever has that telephone.
    Phone(Msisdn),
    /// Nobody that we could be sure of.
    Nobody,
}

/// Who is meant. Two that fit alike are nobody: a person decides.
pub fn whose(known: &Known, account: &str, amount: Money, payer: &Payer, now: Timestamp) -> Meant {
    if normalised(account).is_empty() {
        return at_the_till(&known.waiting, amount, payer, now);
    }
    if let [payment] = known.payments[..] {
        return Meant::Payment(payment);
    }
    if let [subscriber] = known.subscribers[..] {
        return Meant::Subscriber(subscriber);
    }
    if !known.payments.is_empty() || !known.subscribers.is_empty() {
        return Meant::Nobody;
    }
    match (&known.of_phone[..], &known.phone) {
        ([subscriber], _) => Meant::Subscriber(*subscriber),
        ([], Some(phone)) => Meant::Phone(phone.clone()),
        (_, _) => Meant::Nobody,
    }
}

fn at_the_till(waiting: &[Waiting], amount: Money, payer: &Payer, now: Timestamp) -> Meant {
    let fits = |one: &&Waiting| {
        let age = now.since(one.since);
        one.price == amount
            && age.as_micros() >= 0
            && age <= WAITS_FOR
            && fits_payer(&one.phone, &one.phone_hash, payer)
    };
    let mut fitting = waiting.iter().filter(fits);
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Meant::Payment(one.payment),
        (Some(_), Some(_)) | (None, _) => Meant::Nobody,
    }
}

/// Whether a gateway's word for the payer (a number, a masked one, a hash) is of that telephone.
pub(super) fn fits_payer(phone: &Msisdn, phone_hash: &str, payer: &Payer) -> bool {
    let Some(told) = payer.phone.as_deref() else { return false };
    told.trim().eq_ignore_ascii_case(phone_hash)
        || digits_shown(told).is_some_and(|(head, tail)| shows(phone.expose(), &head, tail.as_deref()))
}

/// Whether two words for a payer may be of one: a number and the same with its middle left out. What cannot be compared
/// (a hash, or nothing) does not speak against it.
pub fn may_be_one(one: &Payer, other: &Payer) -> bool {
    let shown = |payer: &Payer| payer.phone.as_deref().and_then(digits_shown);
    match (shown(one), shown(other)) {
        (Some((number, None)), Some((head, tail))) | (Some((head, tail)), Some((number, None))) => {
            shows(&number, &head, tail.as_deref())
        }
        (Some(one), Some(other)) => one == other,
        (None, _) | (_, None) => true,
    }
}

/// The digits of a number before what is left out, and those after it; `None` for a hash, or too few to tell.
fn digits_shown(told: &str) -> Option<(String, Option<String>)> {
    let is_hash = told.trim().len() == 64 && told.trim().bytes().all(|octet| octet.is_ascii_hexdigit());
    let shown: String = told.chars().filter(|letter| letter.is_ascii_digit() || *letter == '*').collect();
    let parts = match shown.split_once('*') {
        None => (shown, None),
        Some((head, tail)) => (head.to_owned(), Some(tail.trim_start_matches('*').to_owned())),
    };
    // With less than six digits to see, too many would fit.
    let seen = parts.0.len() + parts.1.as_ref().map_or(0, String::len);
    (!is_hash && seen >= 6).then_some(parts)
}

fn shows(number: &str, head: &str, tail: Option<&str>) -> bool {
    tail.map_or_else(|| number == head, |tail| number.starts_with(head) && number.ends_with(tail))
}

/// Whether two accounts differ by one character at most: typed wrongly, left out, put in, or two that changed places.
/// Good enough to suggest, never to give.
pub fn is_near(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let head = short.iter().zip(&long).take_while(|(one, other)| one == other).count();
    let (short, long) = (&short[head..], &long[head..]);
    match long.len() - short.len() {
        0 if short.len() < 2 => true,
        0 => short[1..] == long[1..] || (short[0] == long[1] && short[1] == long[0] && short[2..] == long[2..]),
        1 => short == &long[1..],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use domain::money::Currency;
    use domain::phone::CallingCode;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn ksh(minor: i64) -> Money {
        Money::from_minor(minor, Currency::KES)
    }

    fn waiting(number: u8, phone: &str) -> Waiting {
        Waiting {
            payment: PaymentId::from_bytes([number; 16]),
            price: ksh(2_000),
            since: NOW.minus(Span::minutes(2)),
            phone: Msisdn::parse(phone.as_bytes(), &CallingCode::kenya()).expect("good"),
            phone_hash: format!("{number:064x}"),
        }
    }

    fn payer(phone: &str) -> Payer {
        Payer { phone: Some(phone.to_owned()), name: None }
    }

    #[test]
    fn an_account_is_read_as_people_type_it() {
        for typed in ["H7K2-m9qx", " h7k2 m9qx ", "h7k2_M9QX.", "#H7K2/M9QX"] {
            assert_eq!(normalised(typed), "H7K2M9QX", "{typed}");
        }
        assert_eq!(normalised(&"x".repeat(500)).len(), 40);
    }

    #[test]
    fn a_reference_goes_before_a_user_name_and_that_before_a_number() {
        let (payment, house) = (PaymentId::from_bytes([1; 16]), SubscriberId::from_bytes([2; 16]));
        let phone = waiting(3, "0712345678").phone;
        let mut known = Known {
            payments: vec![payment],
            subscribers: vec![house],
            phone: Some(phone.clone()),
            of_phone: Vec::new(),
            waiting: Vec::new(),
        };
        let meant = |known: &Known| whose(known, "x1", ksh(1), &Payer::default(), NOW);

        assert_eq!(meant(&known), Meant::Payment(payment));
        known.payments.clear();
        assert_eq!(meant(&known), Meant::Subscriber(house));
        known.subscribers.push(SubscriberId::from_bytes([9; 16]));
        assert_eq!(meant(&known), Meant::Nobody, "two are meant alike");
        known.subscribers.clear();
        assert_eq!(meant(&known), Meant::Phone(phone));
        known.of_phone = vec![house];
        assert_eq!(meant(&known), Meant::Subscriber(house));
        known.of_phone.push(SubscriberId::from_bytes([9; 16]));
        assert_eq!(meant(&known), Meant::Nobody);
    }

    #[test]
    fn at_a_till_it_is_whoever_waits_with_that_telephone() {
        let known = Known { waiting: vec![waiting(1, "0712345678"), waiting(2, "0700111222")], ..Known::default() };
        let meant = |known: &Known, payer: &Payer, amount| whose(known, "", ksh(amount), payer, NOW);
        let first = Meant::Payment(known.waiting[0].payment);

        for told in ["254712345678", "2547 ***** 678", &format!("{:064x}", 1)] {
            assert_eq!(meant(&known, &payer(told), 2_000), first, "{told}");
        }
        for told in ["254799999999", "25*8", "2547 ***** 999", ""] {
            assert_eq!(meant(&known, &payer(told), 2_000), Meant::Nobody, "{told}");
        }
        assert_eq!(meant(&known, &payer("254712345678"), 1_999), Meant::Nobody);
        assert_eq!(meant(&known, &Payer::default(), 2_000), Meant::Nobody);
        let late = Known {
            waiting: vec![Waiting { since: NOW.minus(Span::minutes(11)), ..known.waiting[0].clone() }],
            ..Known::default()
        };
        assert_eq!(meant(&late, &payer("254712345678"), 2_000), Meant::Nobody);
        let twice = Known { waiting: vec![waiting(1, "0712345678"), waiting(3, "0712345678")], ..Known::default() };
        assert_eq!(meant(&twice, &payer("254712345678"), 2_000), Meant::Nobody);
    }

    #[test]
    fn two_words_for_a_payer_are_of_one_unless_their_digits_differ() {
        let hash = "a".repeat(64);
        for (one, other) in [
            ("254712345678", "2547 ***** 678"),
            ("254712345678", "254712345678"),
            ("2547 ***** 678", "2547*****678"),
            ("254712345678", &hash),
            ("254712345678", "25*8"),
            ("", "254712345678"),
        ] {
            assert!(may_be_one(&payer(one), &payer(other)) && may_be_one(&payer(other), &payer(one)), "{one} {other}");
        }
        for (one, other) in
            [("254712345678", "2547 ***** 679"), ("254712345678", "254712345679"), ("2547 ***** 678", "2547 ***** 679")]
        {
            assert!(
                !may_be_one(&payer(one), &payer(other)) && !may_be_one(&payer(other), &payer(one)),
                "{one} {other}"
            );
        }
        assert!(may_be_one(&Payer::default(), &payer("254712345678")));
    }

    #[test]
    fn one_slip_of_the_finger_is_near() {
        for (one, other) in [("HOUSE1", "HOUSE1"), ("HOUSE1", "HOUS1"), ("HOUSE1", "HOUSE12"), ("HOUSE1", "HUOSE1")] {
            assert!(is_near(one, other) && is_near(other, one), "{one} {other}");
        }
        for (one, other) in [("HOUSE1", "HORSE2"), ("HOUSE1", "HOUS"), ("", "AB"), ("ABCD", "BADC")] {
            assert!(!is_near(one, other) && !is_near(other, one), "{one} {other}");
        }
        assert!(is_near("", "A"));
    }
}
