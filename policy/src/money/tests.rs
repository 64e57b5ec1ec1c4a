use std::collections::BTreeMap;

use domain::id::GatewayId;
use domain::money::claim::{Ended, Failure, FailureKind, Payer, Receipt};
use domain::money::payment::PaymentState;
use domain::money::posting::{Account, Postings};
use domain::money::wallet::WalletOf;
use domain::money::{Currency, Money};
use domain::phone::{CallingCode, Msisdn};
use proptest::prelude::*;

use crate::money::identity::{self, Known, Same, Told};
use crate::money::postings::{self, Owner};
use crate::money::settlement::{self, Sale, Voice};

const PRICE: i64 = 2_000;

fn ksh(minor: i64) -> Money {
    Money::from_minor(minor, Currency::KES)
}

fn receipt(number: u8) -> Receipt {
    format!("UAF000000{number}").parse().expect("good")
}

fn buyer() -> WalletOf {
    WalletOf::Phone(Msisdn::parse(b"0712345678", &CallingCode::kenya()).expect("good"))
}

/// What really happened: whether the prompt was paid (by receipt 0), and what was paid by hand to the same reference.
#[derive(Clone, Debug)]
struct Truth {
    prompt: bool,
    by_hand: Vec<i64>,
}

impl Truth {
    fn amount_of(&self, number: u8) -> Option<i64> {
        match number {
            0 => self.prompt.then_some(PRICE),
            _ => self.by_hand.get(usize::from(number) - 1).copied(),
        }
    }

    fn total(&self) -> i64 {
        self.by_hand.iter().sum::<i64>() + if self.prompt { PRICE } else { 0 }
    }

    fn receipts(&self) -> u8 {
        u8::try_from(self.by_hand.len()).expect("few") + 1
    }
}

/// What we are told, in any order, any number of times, or never.
#[derive(Clone, Debug)]
enum Event {
    /// We ask what became of the prompt.
    Look,
    /// The prompt's true callback.
    Callback,
    /// A callback that somebody made up: of money with that receipt and amount.
    Forged(u8, i64),
    /// A callback that somebody made up: that it failed.
    ForgedFailure,
    /// A message that money has come, which cannot be verified.
    Confirmation(u8),
    /// The gateway's own books.
    Books(u8),
}

/// The deeds of payments in memory, by the same rules.
struct Books {
    state: PaymentState,
    known: Vec<Known>,
    ledger: Vec<Postings>,
    activations: u32,
    claims: u32,
    exceptions: u32,
    /// Unverified money that stands aside, by its receipt.
    aside: BTreeMap<Receipt, i64>,
}

impl Books {
    fn new() -> Self {
        Self {
            state: PaymentState::Awaiting,
            known: Vec::new(),
            ledger: Vec::new(),
            activations: 0,
            claims: 0,
            exceptions: 0,
            aside: BTreeMap::new(),
        }
    }

    fn wallet(&self) -> Money {
        let given = |entry: &Postings| entry.given_to(&Account::Wallet(buyer()), Currency::KES);
        postings::in_wallet(self.ledger.iter().map(given).sum(), Currency::KES)
    }

    fn come(&self) -> i64 {
        let place = Account::Gateway(GatewayId::from_bytes([1; 16]));
        self.ledger.iter().map(|entry| entry.given_to(&place, Currency::KES)).sum()
    }

    fn hears(&mut self, ended: &Ended, voice: Voice) {
        let verdict = settlement::judge(self.state, ended, voice);
        if let Some(next) = verdict.state {
            assert!(self.state.may_become(next));
            self.state = next;
        }
        if verdict.is_claimed {
            self.claims += 1;
        }
        if verdict.has_paid {
            let told = Told { receipt: None, is_receipt_proven: false, amount: ksh(PRICE), is_of_prompt: true };
            self.is_told(&told, true);
        }
        // The receipt that a callback names is taken as a claim, once the money itself is proven.
        if let (Ended::Paid { receipt: Some(receipt), .. }, Voice::Callback, true) =
            (ended, voice, self.state.is_paid())
        {
            let told = Told {
                receipt: Some(receipt.clone()),
                is_receipt_proven: false,
                amount: ksh(PRICE),
                is_of_prompt: true,
            };
            if self.known.iter().any(|known| known.is_of_prompt) {
                self.is_told(&told, false);
            }
        }
    }

    /// Money is told; `is_money_proven`: by the gateway itself.
    fn is_told(&mut self, told: &Told, is_money_proven: bool) {
        let aside = told.receipt.as_ref().filter(|receipt| self.aside.contains_key(*receipt)).cloned();
        match identity::which(&self.known, told) {
            Same::Other | Same::OtherTakes { .. } if !is_money_proven => self.stands_aside(told),
            same @ (Same::Other | Same::OtherTakes { .. }) => {
                if let Same::OtherTakes { place } = same {
                    self.known[place].receipt = None;
                }
                if let Some(aside) = aside {
                    self.aside.remove(&aside);
                }
                self.comes(told);
            }
            Same::Is { place, takes_receipt } => {
                let known = &mut self.known[place];
                known.is_of_prompt |= told.is_of_prompt;
                if takes_receipt {
                    known.receipt = told.receipt.clone();
                    known.is_receipt_proven = told.is_receipt_proven;
                }
                if let Some(aside) = aside.filter(|_| is_money_proven) {
                    self.aside.remove(&aside);
                }
            }
            Same::Contradicts { .. } => {
                self.exceptions += 1;
                if !is_money_proven {
                    self.stands_aside(told);
                }
            }
        }
    }

    fn stands_aside(&mut self, told: &Told) {
        if let Some(receipt) = &told.receipt
            && !self.known.iter().any(|known| known.receipt.as_ref() == Some(receipt))
        {
            self.exceptions += 1;
            self.aside.insert(receipt.clone(), told.amount.minor());
        }
    }

    fn comes(&mut self, told: &Told) {
        self.known.push(Known {
            receipt: told.receipt.clone(),
            is_receipt_proven: told.is_receipt_proven,
            amount: told.amount,
            is_of_prompt: told.is_of_prompt,
        });
        let place = Account::Gateway(GatewayId::from_bytes([1; 16]));
        self.ledger.push(postings::arrival(place, &Owner::Wallet(buyer()), told.amount).expect("balanced"));
        match settlement::sale(ksh(PRICE), self.wallet(), self.activations > 0).expect("one currency") {
            Sale::Serve => {
                self.ledger.push(postings::sale(buyer(), ksh(PRICE)).expect("balanced"));
                self.activations += 1;
            }
            Sale::Served => {}
            Sale::Short(_) => return,
        }
        if let Some(next) = settlement::paid_state(self.state, told.receipt.is_some()) {
            self.state = next;
        }
    }

    fn happens(&mut self, truth: &Truth, event: &Event) {
        let paid = |receipt, amount| Ended::Paid { receipt, amount, at: None, payer: Payer::default() };
        let failure = Failure { kind: FailureKind::Cancelled, code: "1032".to_owned(), words: "cancelled".to_owned() };
        match event {
            Event::Look if truth.prompt => self.hears(&paid(None, None), Voice::Gateway),
            Event::Look => self.hears(&Ended::Failed(failure), Voice::Gateway),
            Event::Callback if truth.prompt => {
                self.hears(&paid(Some(receipt(0)), Some(ksh(PRICE))), Voice::Callback);
            }
            Event::Callback => self.hears(&Ended::Failed(failure), Voice::Callback),
            Event::Forged(number, amount) => {
                self.hears(&paid(Some(receipt(*number)), Some(ksh(*amount))), Voice::Callback);
            }
            Event::ForgedFailure => self.hears(&Ended::Failed(failure), Voice::Callback),
            Event::Confirmation(number) => self.is_paid_by_hand(truth, *number, false),
            Event::Books(number) => self.is_paid_by_hand(truth, *number, true),
        }
    }

    fn is_paid_by_hand(&mut self, truth: &Truth, number: u8, is_proof: bool) {
        let Some(amount) = truth.amount_of(number) else { return };
        let told = Told {
            receipt: Some(receipt(number)),
            is_receipt_proven: is_proof,
            amount: ksh(amount),
            is_of_prompt: false,
        };
        self.is_told(&told, is_proof);
    }
}

fn truth() -> impl Strategy<Value = Truth> {
    let by_hand = proptest::collection::vec(prop_oneof![Just(PRICE), Just(500), Just(5_000)], 0..3);
    (any::<bool>(), by_hand).prop_map(|(prompt, by_hand)| Truth { prompt, by_hand })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::Look),
        Just(Event::Callback),
        (0_u8..5, prop_oneof![Just(PRICE), Just(1), Just(90_000)])
            .prop_map(|(number, amount)| Event::Forged(number, amount)),
        Just(Event::ForgedFailure),
        (0_u8..3).prop_map(Event::Confirmation),
        (0_u8..3).prop_map(Event::Books),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_comes_in_whatever_order_no_shilling_is_made_and_none_is_lost(
        truth in truth(),
        events in proptest::collection::vec(event(), 0..24),
    ) {
        let mut books = Books::new();
        for event in &events {
            let was_paid = books.state.is_paid();
            books.happens(&truth, event);

            prop_assert!(books.activations <= 1, "served twice");
            prop_assert!(books.come() <= truth.total(), "money is counted that never came: {:?}", books.known);
            prop_assert!(books.activations == 0 || books.come() >= PRICE, "a free ride");
            prop_assert!(books.wallet().minor() >= 0);
            prop_assert!(!was_paid || books.state.is_paid(), "what was paid is forgotten");
            prop_assert_eq!(books.state.is_paid(), books.activations > 0);
        }
        // In the end the gateway is asked about the prompt, and its books are read: then all of it is known.
        books.happens(&truth, &Event::Look);
        for number in 0..truth.receipts() {
            books.happens(&truth, &Event::Books(number));
        }
        prop_assert_eq!(books.come(), truth.total(), "{:?} {:?}", books.known, truth);
        prop_assert_eq!(books.activations > 0, truth.total() >= PRICE);
        let aside_is_known = books.aside.keys().all(|receipt| !books.known.iter().any(|known| known.receipt.as_ref() == Some(receipt)));
        prop_assert!(aside_is_known, "{:?}", books.aside);
        let again = books.come();
        for number in 0..truth.receipts() {
            books.happens(&truth, &Event::Books(number));
        }
        prop_assert_eq!(books.come(), again, "the same books read twice count once");
    }

    #[test]
    fn a_forged_claim_alone_moves_nothing(
        events in proptest::collection::vec((0_u8..5, 1_i64..100_000).prop_map(|(number, amount)| Event::Forged(number, amount)), 0..10),
    ) {
        let nothing = Truth { prompt: false, by_hand: Vec::new() };
        let mut books = Books::new();
        for event in &events {
            books.happens(&nothing, event);
        }

        prop_assert_eq!((books.ledger.len(), books.activations), (0, 0));
        prop_assert_eq!(books.state, PaymentState::Awaiting);
        prop_assert_eq!(books.claims as usize, events.len());
    }

    #[test]
    fn every_entry_that_the_rules_make_sums_to_zero(amount in 1_i64..1_000_000, price in 1_i64..1_000_000, held in -5_i64..2_000_000) {
        let place = Account::Gateway(GatewayId::from_bytes([1; 16]));
        let owner = Owner::Wallet(buyer());
        let made = [
            postings::arrival(place.clone(), &owner, ksh(amount)),
            postings::arrival(Account::Cash, &Owner::Nobody, ksh(amount)),
            postings::matching(buyer(), ksh(amount)),
            postings::sale(buyer(), ksh(price)),
            postings::undoing(buyer(), ksh(price)),
            postings::set_aside(&owner, ksh(amount)),
            postings::put_back(&Owner::Nobody, ksh(amount)),
            postings::sent_back(place.clone(), ksh(amount)),
            postings::taken_back(place.clone(), &owner, ksh(amount), ksh(held)),
        ];
        let all: Vec<Postings> = made.into_iter().collect::<Result<_, _>>().expect("balanced");

        // What comes and is matched and sold is nowhere but with the gateway and in sales.
        prop_assert_eq!(all[0].given_to(&place, Currency::KES), amount);
        prop_assert_eq!(all[0].given_to(&Account::Wallet(buyer()), Currency::KES), -amount);
        prop_assert_eq!(all[2].given_to(&Account::Suspense, Currency::KES), amount);
        prop_assert_eq!(all[2].given_to(&Account::Wallet(buyer()), Currency::KES), -amount);
        prop_assert_eq!(all[3].given_to(&Account::Sales, Currency::KES), -price);
        prop_assert_eq!(all[3].given_to(&Account::Wallet(buyer()), Currency::KES), price);
        prop_assert_eq!(all[4].given_to(&Account::Sales, Currency::KES), price);
        prop_assert_eq!(all[5].given_to(&Account::Refunds, Currency::KES), -amount);
        prop_assert_eq!(all[7].given_to(&place, Currency::KES), -amount);
        prop_assert_eq!(all[8].given_to(&place, Currency::KES), -amount);
    }
}
