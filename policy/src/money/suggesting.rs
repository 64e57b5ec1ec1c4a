//! Whose money it may be that nobody could be matched to: for a person to choose from, the likeliest first. Nothing is ever
//! given by a suggestion.

use domain::id::{PaymentId, SubscriberId};
use domain::money::Money;
use domain::money::arrival::Arrival;
use domain::phone::Msisdn;
use domain::time::{Span, Timestamp};

use super::matching::{fits_payer, is_near, normalised};

/// Most suggestions for one sum.
pub const SUGGESTIONS_MAX: usize = 10;

/// Payments that were begun so long before the money are looked at.
pub const LOOKS_BACK: Span = Span::seconds(48 * 3_600);

/// Those that were begun so long before it may be meant although nothing else fits.
const JUST_NOW: Span = Span::minutes(60);

/// Who may be meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Suggested {
    /// Whoever wanted to pay that.
    Payment(PaymentId),
    /// A subscriber.
    Subscriber(SubscriberId),
    /// Whoever has that telephone.
    Phone(Msisdn),
}

/// Somebody who may be meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suggestion {
    /// Who.
    pub whom: Suggested,
    /// Why, in words for staff.
    pub why: String,
}

/// A payment for which nothing has come yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unpaid {
    /// Its id.
    pub id: PaymentId,
    /// Its price.
    pub price: Money,
    /// What the payer was to type.
    pub reference: String,
    /// Whose telephone was prompted.
    pub phone: Option<Msisdn>,
    /// The SHA-256 of its number, in hex.
    pub phone_hash: String,
    /// When it was begun.
    pub since: Timestamp,
}

/// What the ISP knows that may be meant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Candidates {
    /// Payments of about that time.
    pub unpaid: Vec<Unpaid>,
    /// Subscribers whose user names begin like the account.
    pub named: Vec<(SubscriberId, String)>,
    /// The payer's number, where it is whole.
    pub payer: Option<Msisdn>,
    /// The account as a number, where it is one.
    pub account: Option<Msisdn>,
    /// Subscribers with one of these numbers.
    pub of_phone: Vec<SubscriberId>,
}

/// Who may be meant, the likeliest first, each once.
pub fn suggestions(arrival: &Arrival, candidates: &Candidates) -> Vec<Suggestion> {
    let account = normalised(&arrival.account);
    let at = arrival.paid_at.unwrap_or(arrival.arrived_at);
    let mut found: Vec<Suggestion> = Vec::new();
    let mut add = |whom: Suggested, why: String| {
        if found.len() < SUGGESTIONS_MAX && found.iter().all(|one| one.whom != whom) {
            found.push(Suggestion { whom, why });
        }
    };
    let is_of_account = |unpaid: &&Unpaid| !account.is_empty() && is_near(&normalised(&unpaid.reference), &account);
    for unpaid in candidates.unpaid.iter().filter(is_of_account) {
        let why = format!("its reference is `{}`, one letter from `{}`", unpaid.reference, arrival.account);
        add(Suggested::Payment(unpaid.id), why);
    }
    let is_same = |unpaid: &&Unpaid| unpaid.price == arrival.amount && age(unpaid, at).is_some();
    for unpaid in candidates.unpaid.iter().filter(is_same) {
        if unpaid.phone.as_ref().is_some_and(|phone| fits_payer(phone, &unpaid.phone_hash, &arrival.payer)) {
            let why = "it costs as much, and the number of who paid is that of who was prompted".to_owned();
            add(Suggested::Payment(unpaid.id), why);
        }
    }
    for (id, name) in &candidates.named {
        if !account.is_empty() && is_near(&normalised(name), &account) {
            let why = format!("the user name is `{name}`, one letter from `{}`", arrival.account);
            add(Suggested::Subscriber(*id), why);
        }
    }
    for id in &candidates.of_phone {
        add(Suggested::Subscriber(*id), "this subscriber has the number of who paid, or that was typed".to_owned());
    }
    for unpaid in candidates.unpaid.iter().filter(is_same) {
        if let Some(age) = age(unpaid, at).filter(|age| *age <= JUST_NOW) {
            let why = format!("it costs as much and was begun {} minutes before", age.as_seconds() / 60);
            add(Suggested::Payment(unpaid.id), why);
        }
    }
    if let Some(phone) = &candidates.account {
        add(Suggested::Phone(phone.clone()), "this number was typed as account".to_owned());
    }
    if let Some(phone) = &candidates.payer {
        add(Suggested::Phone(phone.clone()), "it was paid from this number".to_owned());
    }
    found
}

/// How long before the money a payment was begun; `None` for one that is too old, or younger than the money.
fn age(unpaid: &Unpaid, at: Timestamp) -> Option<Span> {
    let age = at.since(unpaid.since);
    (age.as_micros() >= 0 && age <= LOOKS_BACK).then_some(age)
}

#[cfg(test)]
mod tests {
    use domain::money::Currency;
    use domain::money::arrival::{ArrivalState, Source};
    use domain::money::claim::Payer;
    use domain::phone::CallingCode;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn ksh(minor: i64) -> Money {
        Money::from_minor(minor, Currency::KES)
    }

    fn phone(text: &str) -> Msisdn {
        Msisdn::parse(text.as_bytes(), &CallingCode::kenya()).expect("good")
    }

    fn arrival(account: &str, payer: &str) -> Arrival {
        Arrival {
            id: domain::id::ArrivalId::from_bytes([1; 16]),
            gateway: None,
            receipt: None,
            is_receipt_proven: false,
            is_of_prompt: false,
            amount: ksh(2_000),
            source: Source::Pull,
            is_verified: true,
            state: ArrivalState::Pending,
            account: account.to_owned(),
            payer: Payer { phone: Some(payer.to_owned()), name: None },
            paid_at: Some(NOW),
            arrived_at: NOW,
        }
    }

    fn unpaid(number: u8, minor: i64, from: &str, minutes_before: i64) -> Unpaid {
        Unpaid {
            id: PaymentId::from_bytes([number; 16]),
            price: ksh(minor),
            reference: format!("H7K2M9q{number}{number}"),
            phone: Some(phone(from)),
            phone_hash: String::new(),
            since: NOW.minus(Span::minutes(minutes_before)),
        }
    }

    fn payments(found: &[Suggestion]) -> Vec<u8> {
        let of = |one: &Suggestion| match &one.whom {
            Suggested::Payment(id) => Some(id.bytes()[0]),
            Suggested::Subscriber(_) | Suggested::Phone(_) => None,
        };
        found.iter().filter_map(of).collect()
    }

    #[test]
    fn a_reference_typed_wrongly_comes_before_who_paid_from_the_same_number() {
        let candidates = Candidates {
            unpaid: vec![
                unpaid(1, 2_000, "0712345126", 300),
                unpaid(2, 5_000, "0799999999", 9),
                unpaid(3, 2_000, "0799999999", 9),
            ],
            ..Candidates::default()
        };

        let found = suggestions(&arrival("h7k2m9z22", "254712***126"), &candidates);

        assert_eq!(payments(&found), [2, 1, 3]);
        assert!(found[2].why.contains("9 minutes before"), "{}", found[2].why);
    }

    #[test]
    fn what_costs_another_amount_or_is_too_old_or_too_young_is_not_suggested() {
        let candidates = Candidates {
            unpaid: vec![
                unpaid(1, 2_500, "0712345126", 5),
                unpaid(2, 2_000, "0712345126", 49 * 60),
                unpaid(3, 2_000, "0712345126", -5),
            ],
            ..Candidates::default()
        };

        assert_eq!(suggestions(&arrival("", "254712***126"), &candidates), Vec::new());
    }

    #[test]
    fn subscribers_are_suggested_by_name_and_number_and_numbers_last() {
        let (one, other) = (SubscriberId::from_bytes([4; 16]), SubscriberId::from_bytes([5; 16]));
        let candidates = Candidates {
            named: vec![(one, "ppp1042".to_owned()), (other, "ppp1099".to_owned())],
            payer: Some(phone("0712345126")),
            of_phone: vec![one, other],
            ..Candidates::default()
        };

        let found = suggestions(&arrival("PPP-1043", "254712345126"), &candidates);

        let whom: Vec<Suggested> = found.iter().map(|one| one.whom.clone()).collect();
        let expected =
            [Suggested::Subscriber(one), Suggested::Subscriber(other), Suggested::Phone(phone("0712345126"))];
        assert_eq!(whom, expected);
        assert!(found[0].why.contains("ppp1042"), "{}", found[0].why);
    }

    #[test]
    fn never_more_than_somebody_reads() {
        let many = (0..50).map(|number| unpaid(number, 2_000, "0799999999", 1)).collect();
        let candidates = Candidates { unpaid: many, ..Candidates::default() };

        assert_eq!(suggestions(&arrival("", ""), &candidates).len(), SUGGESTIONS_MAX);
    }
}
