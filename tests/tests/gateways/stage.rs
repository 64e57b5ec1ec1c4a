//! The stage: the adapter, its twin, a clock that the story moves, and somebody who hears callbacks.

use std::sync::Arc;
use std::time::Duration;

use domain::money::claim::{CallbackKind, Claim, Ended, FailureKind, ResultSaid};
use domain::money::gateway::{Environment, GatewayAccount, GatewayKeys, GatewayKind, Initiator, PayTo};
use domain::money::{Currency, Money};
use domain::phone::{CallingCode, Msisdn};
use domain::secret::Secret;
use domain::time::{Span, Timestamp};
use payments::mpesa::{BaseAddress, Certificate, MemoryShelf, Mpesa, MpesaSettings, Patience, TokenShelf};
use ports::gateway::{Answer, Prompt, Prompted};
use ports::{Clock, Gateway as _};
use simulators::mpesa::{Business, Mpesa as Twin, Settings};
use tests::world::StoryClock;

use crate::ear::Ear;

/// The paybill of the stage.
pub(crate) const PAYBILL: &str = "174379";

/// So many shillings.
pub(crate) fn ksh(shillings: i64) -> Money {
    Money::from_minor(shillings * 100, Currency::KES)
}

pub(crate) struct Stage {
    pub(crate) clock: Arc<StoryClock>,
    pub(crate) twin: Twin,
    pub(crate) adapter: Arc<Mpesa>,
    pub(crate) ear: Ear,
    /// The paybill's.
    pub(crate) account: GatewayAccount,
}

/// Waits that a test can bear.
pub(crate) fn patience() -> Patience {
    let short = Duration::from_millis(300);
    Patience { connection: short, token: short, answer: short, whole: Duration::from_secs(2) }
}

/// An adapter that asks a twin.
pub(crate) fn adapter(twin: &Twin, clock: &Arc<StoryClock>, shelf: Arc<dyn TokenShelf>, patience: Patience) -> Mpesa {
    let base: BaseAddress = twin.base().parse().expect("loopback");
    let certificate: Certificate = twin.public_key().parse().expect("a key");
    let settings = MpesaSettings { patience, ..MpesaSettings::at(&base, Some(&certificate)) };
    let clock: Arc<dyn Clock> = Arc::<StoryClock>::clone(clock);
    Mpesa::new(settings, shelf, clock).expect("ready")
}

/// What an ISP has set of a business.
pub(crate) fn account_of(business: &Business, callback_base: &str) -> GatewayAccount {
    let initiator = business.initiator.as_ref();
    GatewayAccount {
        kind: GatewayKind::Mpesa,
        environment: Environment::Sandbox,
        shortcode: business.shortcode.parse().expect("digits"),
        pay_to: match &business.till {
            Some(till) => PayTo::Till(till.parse().expect("digits")),
            None => PayTo::Paybill,
        },
        keys: GatewayKeys {
            consumer_key: Secret::new(business.consumer_key.clone()),
            consumer_secret: Secret::new(business.consumer_secret.clone()),
            passkey: Secret::new(business.passkey.clone()),
            initiator: initiator
                .map(|(name, password)| Initiator { name: name.clone(), password: Secret::new(password.clone()) }),
        },
        callback_base: callback_base.to_owned(),
    }
}

impl Stage {
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub(crate) async fn open_with(change: impl FnOnce(&mut Settings)) -> Self {
        let clock = Arc::new(StoryClock::standing());
        let mut settings = Settings::default();
        change(&mut settings);
        let twin_clock: Arc<dyn Clock> = Arc::<StoryClock>::clone(&clock);
        let twin = Twin::listen(settings, twin_clock).await.expect("a free port");
        let business = Business::paybill("Sunrise Net", PAYBILL);
        twin.opens(business.clone());
        let adapter = Arc::new(adapter(&twin, &clock, Arc::new(MemoryShelf::default()), Patience::default()));
        let ear = Ear::listens(Arc::clone(&adapter)).await;
        let account = account_of(&business, &ear.base);
        Self { clock, twin, adapter, ear, account }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets time pass, and everything happen that is due then.
    pub(crate) async fn passes(&self, seconds: i64) {
        let end = self.now().plus(Span::seconds(seconds));
        // Each thing at its own time, as the adapter and the twin would see it.
        while let Some(due) = self.twin.next_due().filter(|due| *due <= end) {
            if due > self.now() {
                self.clock.passes(due.since(self.now()));
            }
            self.twin.step().await;
        }
        self.clock.passes(end.since(self.now()));
    }

    /// Asks for KES 20.
    pub(crate) async fn prompt(&self, number: &str, reference: &str) -> Prompted {
        self.prompt_with(&self.adapter, &self.account, number, ksh(20), reference).await
    }

    pub(crate) async fn prompt_with(
        &self,
        adapter: &Mpesa,
        account: &GatewayAccount,
        number: &str,
        amount: Money,
        reference: &str,
    ) -> Prompted {
        let phone = Msisdn::parse(number.as_bytes(), &CallingCode::kenya()).expect("a number");
        let token = token_of(reference);
        let prompt =
            Prompt { phone: &phone, amount, reference, description: "WiFi 1 hour", token: &token, now: self.now() };
        adapter.prompt(account, &prompt).await
    }

    /// Asks for KES 20, and gives the number of the prompt that is sent.
    pub(crate) async fn sent(&self, number: &str, reference: &str) -> String {
        let prompted = self.prompt(number, reference).await;
        let checkout = match &prompted {
            Prompted::Sent { checkout, .. } => Some(checkout.clone()),
            Prompted::Refused(_) | Prompted::Unknown { .. } | Prompted::NotNow { .. } => None,
        };
        assert!(checkout.is_some(), "not sent: {prompted:?}");
        checkout.unwrap_or_default()
    }

    pub(crate) async fn look_up(&self, checkout: &str) -> Answer<Ended> {
        self.adapter.look_up_prompt(&self.account, checkout, self.now()).await
    }

    /// How prompts ended, as callbacks say.
    pub(crate) fn endings(&self) -> Vec<Ended> {
        let ended = |claim| match claim {
            Claim::Prompt { ended, .. } => Some(ended),
            Claim::Transfer(_) | Claim::Result { .. } => None,
        };
        self.ear.claims(CallbackKind::Prompt).into_iter().filter_map(ended).collect()
    }

    /// What a result says that was promised under a number.
    pub(crate) fn result(&self, conversation: &str) -> Option<ResultSaid> {
        self.ear.claims(CallbackKind::Result).into_iter().find_map(|claim| match claim {
            Claim::Result { conversation: known, said } if known == conversation => Some(said),
            Claim::Result { .. } | Claim::Prompt { .. } | Claim::Transfer(_) => None,
        })
    }
}

/// 32 hex digits that follow from a reference.
pub(crate) fn token_of(reference: &str) -> String {
    let hex: String = reference.bytes().map(|octet| format!("{octet:02x}")).collect();
    format!("{hex:0<32}").chars().take(32).collect()
}

/// Why a prompt failed, if it did.
pub(crate) fn failure(ended: &Ended) -> Option<FailureKind> {
    match ended {
        Ended::Failed(failure) => Some(failure.kind),
        Ended::Paid { .. } | Ended::Open { .. } => None,
    }
}

/// Whether it is said that a prompt is paid.
pub(crate) fn is_paid(answer: &Answer<Ended>) -> bool {
    matches!(answer, Answer::Said(Ended::Paid { .. }))
}

/// Whether it is said that nobody knows yet.
pub(crate) fn is_open(answer: &Answer<Ended>) -> bool {
    matches!(answer, Answer::Said(Ended::Open { .. }))
}
