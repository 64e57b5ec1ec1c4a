//! All that the twin remembers, and what happens when something is due.

use std::collections::{BTreeMap, HashMap, VecDeque};

use domain::money::claim::CallbackKind;
use domain::time::{Span, Timestamp};

use super::books::{Books, Taken, receipt, shillings};
use super::settings::{Business, Call, Manner, Mishap, Settings, Strangers};
use super::writing;
use crate::dice::Dice;

/// Telephones.
const PHONES_MAX: usize = 1_000_000;
/// Prompts that are remembered.
const PROMPTS_MAX: usize = 2_000_000;
/// What is remembered of callbacks that went out.
const TOLD_MAX: usize = 10_000;
/// What a telephone has that nobody has added.
const STRANGERS_SHILLINGS: i64 = 100_000;

/// A telephone with M-Pesa.
#[derive(Clone, Debug)]
pub(super) struct Phone {
    pub(super) shillings: i64,
    pub(super) pin: String,
    pub(super) manner: Manner,
    /// The prompt on it.
    pub(super) open: Option<String>,
    /// The last payment: to whom, how much, when.
    last: Option<(String, i64, Timestamp)>,
}

/// A business and what it has set up.
#[derive(Debug)]
pub(super) struct Shop {
    pub(super) business: Business,
    pub(super) shillings: i64,
    pub(super) urls: Option<Urls>,
}

/// Where a business wants to be told.
#[derive(Clone, Debug)]
pub(super) struct Urls {
    pub(super) confirmation: String,
    pub(super) validation: String,
    pub(super) hashes: bool,
}

/// An app and its token.
#[derive(Debug, Default)]
pub(super) struct App {
    pub(super) secret: String,
    pub(super) token: Option<(String, Timestamp)>,
    pub(super) looks: VecDeque<Timestamp>,
}

/// A prompt.
#[derive(Clone, Debug)]
pub(super) struct Prompt {
    pub(super) checkout: String,
    pub(super) merchant: String,
    pub(super) shortcode: String,
    pub(super) shillings: i64,
    pub(super) phone: String,
    pub(super) callback: String,
    pub(super) reference: String,
    pub(super) made_at: Timestamp,
    pub(super) manner: Manner,
    /// What makes it fail whatever its owner does.
    pub(super) fails_with: Option<&'static str>,
    pub(super) ending: Option<Ending>,
}

/// How a prompt ended.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    pub(super) code: &'static str,
    pub(super) receipt: Option<String>,
    pub(super) at: Timestamp,
}

/// Something to be sent.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) kind: CallbackKind,
    pub(super) url: String,
    pub(super) body: String,
    pub(super) is_forged: bool,
}

/// Something that will happen.
#[derive(Debug)]
pub(super) enum Due {
    /// The owner of a telephone answers.
    Decision { checkout: String, code: &'static str },
    /// A prompt leaves the telephone.
    Lapse { checkout: String },
    /// A letter leaves.
    Tell(Letter),
}

/// A callback that went out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// When it left.
    pub at: Timestamp,
    /// Of which kind.
    pub kind: CallbackKind,
    /// Where to.
    pub url: String,
    /// What it said.
    pub body: String,
    /// The HTTP status that came back; `None` when nobody was there.
    pub status: Option<u16>,
    /// Whether somebody else than M-Pesa wrote it.
    pub is_forged: bool,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) dice: Dice,
    pub(super) shops: HashMap<String, Shop>,
    pub(super) apps: HashMap<String, App>,
    pub(super) phones: HashMap<String, Phone>,
    pub(super) prompts: HashMap<String, Prompt>,
    pub(super) books: Books,
    pub(super) places: HashMap<String, usize>,
    pub(super) queue: BTreeMap<(Timestamp, u64), Due>,
    pub(super) mishaps: HashMap<Call, VecDeque<Mishap>>,
    pub(super) heard: HashMap<Call, u64>,
    pub(super) told: VecDeque<Told>,
    serial: u64,
}

impl State {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            dice: Dice::seeded(settings.seed),
            settings,
            shops: HashMap::new(),
            apps: HashMap::new(),
            phones: HashMap::new(),
            prompts: HashMap::new(),
            books: Books::default(),
            places: HashMap::new(),
            queue: BTreeMap::new(),
            mishaps: HashMap::new(),
            heard: HashMap::new(),
            told: VecDeque::new(),
            serial: 0,
        }
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    pub(super) fn open(&mut self, business: Business) {
        let app = self.apps.entry(business.consumer_key.clone()).or_default();
        app.secret.clone_from(&business.consumer_secret);
        let shop = Shop { shillings: 0, urls: None, business };
        self.shops.insert(shop.business.shortcode.clone(), shop);
    }

    pub(super) fn add(&mut self, number: &str, shillings: i64, pin: &str, manner: Manner) {
        if self.phones.len() < PHONES_MAX {
            let phone = Phone { shillings, pin: pin.to_owned(), manner, open: None, last: None };
            self.phones.insert(number.to_owned(), phone);
        }
    }

    /// A telephone, if M-Pesa knows it.
    pub(super) fn phone(&mut self, number: &str) -> Option<&mut Phone> {
        let manner = match self.settings.strangers {
            Strangers::Unknown => None,
            Strangers::AsTheirNumbersEnd => Some(Manner::of_number(number)),
            Strangers::Decide => Some(Manner::Decides),
        };
        if let Some(manner) = manner.filter(|_| !self.phones.contains_key(number)) {
            self.add(number, STRANGERS_SHILLINGS, "1234", manner);
        }
        self.phones.get_mut(number)
    }

    pub(super) fn later(&mut self, at: Timestamp, due: Due) {
        let serial = self.next();
        self.queue.insert((at, serial), due);
    }

    /// Puts a prompt on its telephone.
    pub(super) fn show(&mut self, prompt: Prompt, now: Timestamp) {
        let lasts = self.settings.prompt_lasts;
        let checkout = prompt.checkout.clone();
        if self.prompts.len() >= PROMPTS_MAX {
            self.prompts.retain(|_, known| known.ending.is_none());
        }
        if let Some(phone) = self.phones.get_mut(&prompt.phone) {
            phone.open = Some(checkout.clone());
        }
        let code = match (prompt.fails_with, prompt.manner) {
            (Some(code), _) => Some(code),
            (None, Manner::Decides | Manner::Ignores | Manner::IsLocked | Manner::IsTooMuch | Manner::MeetsAPage) => {
                None
            }
            (
                None,
                Manner::Pays
                | Manner::PaysUntold
                | Manner::PaysToldTwice
                | Manner::PaysConfirmedFirst
                | Manner::PaysToldLate
                | Manner::PaysToldWrong
                | Manner::PaysUnanswered,
            ) => Some("0"),
            (None, Manner::Cancels) => Some("1032"),
            (None, Manner::HasNoFunds) => Some("1"),
            (None, Manner::IsUnreachable) => Some("1037"),
            (None, Manner::TypesWrongPin) => Some("2001"),
            (None, Manner::HasNoOperator) => Some("SFC_IC0003"),
        };
        if let Some(code) = code {
            self.later(now.plus(self.settings.answers_after), Due::Decision { checkout: checkout.clone(), code });
        }
        self.later(now.plus(lasts), Due::Lapse { checkout: checkout.clone() });
        if self.dice.happens(self.settings.faults.forged) {
            let letter = writing::forged(&prompt, now, self.next());
            self.later(now, Due::Tell(letter));
        }
        self.prompts.insert(checkout, prompt);
    }

    /// What is due next at a moment, of which letters are left to the caller.
    pub(super) fn happen(&mut self, now: Timestamp) -> Option<Option<Letter>> {
        let first = self.queue.first_entry().filter(|first| first.key().0 <= now)?;
        let ((at, _), due) = first.remove_entry();
        match due {
            Due::Decision { checkout, code } => self.end(&checkout, code, at),
            Due::Lapse { checkout } => self.end(&checkout, "1037", at),
            Due::Tell(letter) => return Some(Some(letter)),
        }
        Some(None)
    }

    /// Ends a prompt that is open. `0` asks for the money, which may not be there.
    pub(super) fn end(&mut self, checkout: &str, code: &'static str, now: Timestamp) {
        let Some(prompt) = self.prompts.get(checkout).filter(|prompt| prompt.ending.is_none()).cloned() else { return };
        if let Some(phone) = self.phones.get_mut(&prompt.phone) {
            phone.open = None;
        }
        let code = if code == "0" { self.refusal(&prompt, now).unwrap_or("0") } else { code };
        let receipt = (code == "0").then(|| {
            let checkout = Some(checkout.to_owned());
            self.take(&prompt.phone, &prompt.shortcode, prompt.shillings, &prompt.reference, checkout, now)
        });
        let ending = Ending { code, receipt, at: now };
        if let Some(known) = self.prompts.get_mut(checkout) {
            known.ending = Some(ending.clone());
        }
        self.tell_of(&prompt, &ending, now);
    }

    fn refusal(&self, prompt: &Prompt, now: Timestamp) -> Option<&'static str> {
        if prompt.fails_with.is_some() {
            return prompt.fails_with;
        }
        let phone = self.phones.get(&prompt.phone)?;
        let again = phone.last.as_ref().is_some_and(|(shortcode, shillings, at)| {
            *shortcode == prompt.shortcode && *shillings == prompt.shillings && now.since(*at) < Span::minutes(2)
        });
        if again && self.settings.rules.two_minutes {
            return Some("17");
        }
        (phone.shillings < prompt.shillings).then_some("1")
    }

    /// Moves the money, and gives its number.
    pub(super) fn take(
        &mut self,
        number: &str,
        shortcode: &str,
        count: i64,
        account: &str,
        checkout: Option<String>,
        now: Timestamp,
    ) -> String {
        let number_of_it = receipt(now, self.next());
        if let Some(phone) = self.phones.get_mut(number) {
            phone.shillings -= count;
            phone.last = Some((shortcode.to_owned(), count, now));
        }
        if let Some(shop) = self.shops.get_mut(shortcode) {
            shop.shillings += count;
        }
        self.places.insert(number_of_it.clone(), self.books.taken.len());
        self.books.taken.push(Taken {
            receipt: number_of_it.clone(),
            shortcode: shortcode.to_owned(),
            amount: shillings(count),
            phone: number.to_owned(),
            account: account.to_owned(),
            at: now,
            checkout,
            reversed: None,
        });
        number_of_it
    }

    fn tell_of(&mut self, prompt: &Prompt, ending: &Ending, now: Timestamp) {
        let faults = self.settings.faults;
        let soon = now.plus(self.settings.told_after);
        let wrong = prompt.manner == Manner::PaysToldWrong || self.dice.happens(faults.wrong_amount);
        let told = if wrong { prompt.shillings.saturating_mul(2) } else { prompt.shillings };
        let letter = writing::ended(prompt, ending, told);
        let at = match prompt.manner {
            Manner::PaysUntold => None,
            Manner::PaysToldLate => Some(now.plus(Span::minutes(5))),
            Manner::PaysConfirmedFirst => Some(soon.plus(Span::seconds(5))),
            Manner::Decides
            | Manner::Pays
            | Manner::Cancels
            | Manner::HasNoFunds
            | Manner::IsUnreachable
            | Manner::Ignores
            | Manner::TypesWrongPin
            | Manner::PaysToldTwice
            | Manner::IsLocked
            | Manner::IsTooMuch
            | Manner::PaysToldWrong
            | Manner::HasNoOperator
            | Manner::MeetsAPage
            | Manner::PaysUnanswered => Some(soon),
        };
        if let Some(at) = at {
            if prompt.manner == Manner::PaysToldTwice {
                self.later(at, Due::Tell(letter.clone()));
            }
            self.send(letter, at);
        }
        if let Some(receipt) = &ending.receipt {
            self.confirm(receipt, soon.plus(Span::seconds(1)));
        }
    }

    /// Tells the business of money that came, when it wants to be told.
    pub(super) fn confirm(&mut self, receipt: &str, at: Timestamp) {
        let Some(taken) = self.places.get(receipt).and_then(|place| self.books.taken.get(*place)) else { return };
        let Some(shop) = self.shops.get(&taken.shortcode) else { return };
        let Some(urls) = shop.urls.clone() else { return };
        let letter = Letter {
            kind: CallbackKind::Confirmation,
            body: writing::transfer(taken, shop, &urls, CallbackKind::Confirmation),
            url: urls.confirmation,
            is_forged: false,
        };
        self.send(letter, at);
    }

    /// Sends a letter with whatever befalls letters.
    pub(super) fn send(&mut self, letter: Letter, at: Timestamp) {
        let faults = self.settings.faults;
        if self.dice.happens(faults.lost) {
            return;
        }
        let copies = if self.dice.happens(faults.twice) { 2 } else { 1 };
        for _ in 0..copies {
            let delay = if self.dice.happens(faults.late) {
                let most = u64::try_from(faults.late_max.as_micros()).unwrap_or(0);
                Span::micros(i64::try_from(self.dice.up_to(most)).unwrap_or(0))
            } else {
                Span::default()
            };
            self.later(at.plus(delay), Due::Tell(letter.clone()));
        }
    }

    pub(super) fn note(&mut self, told: Told) {
        if self.told.len() >= TOLD_MAX {
            self.told.pop_front();
        }
        self.told.push_back(told);
    }
}
