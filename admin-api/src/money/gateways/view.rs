//! What is shown of gateways. Never what opens them.

use domain::money::gateway::{Balance, IspGateway, PayTo};
use policy::money::setup::Finding;
use serde::Serialize;
use store::money::gateways::seen::Seen;
use utoipa::ToSchema;

use crate::shapes::{MoneyView, moment};
use crate::uid::Uuid;

/// Who takes money for the provider.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Gateway)]
pub(crate) struct GatewayView {
    /// Its id.
    id: Uuid,
    /// Which company: `mpesa`.
    kind: &'static str,
    /// `production`, where money moves, or `sandbox`.
    environment: &'static str,
    /// The paybill; for a till, the store's or head office's number.
    shortcode: String,
    /// The till that customers see; null for a paybill.
    #[schema(required = true)]
    till: Option<String>,
    /// Which keys are set. What they are is never shown.
    keys_set: Vec<&'static str>,
    /// Whether a confirmation is believed that cannot be verified.
    trusts_confirmations: bool,
    /// How often a minute the gateway may be asked.
    looks_per_minute: u32,
    /// Whether anybody can pay through it now.
    is_active: bool,
    /// When it was set up.
    #[schema(format = DateTime)]
    created_at: String,
    /// Goes up with every change.
    revision: u64,
}

impl GatewayView {
    pub(crate) fn of(gateway: &IspGateway) -> Self {
        let mut keys_set = vec!["consumer_key", "consumer_secret", "passkey"];
        if gateway.has_initiator {
            keys_set.push("initiator");
        }
        Self {
            id: gateway.id.uuid().into(),
            kind: gateway.kind.code(),
            environment: gateway.environment.code(),
            shortcode: gateway.shortcode.to_string(),
            till: match &gateway.pay_to {
                PayTo::Paybill => None,
                PayTo::Till(till) => Some(till.to_string()),
            },
            keys_set,
            trusts_confirmations: gateway.trusts_confirmations,
            looks_per_minute: gateway.looks_per_minute,
            is_active: gateway.is_active,
            created_at: gateway.created_at.to_string(),
            revision: gateway.revision,
        }
    }
}

/// Something that is not as it should be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GatewayFinding)]
pub(super) struct FindingView {
    /// What it is about: `keys`, `callback`, `initiator`, `gateway`, `server`. The list may grow.
    about: &'static str,
    /// `wrong`: nobody can pay like this; or `warning`.
    weight: &'static str,
    /// What is wrong and what to do.
    say: String,
}

/// What came of a test.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GatewayTest)]
pub(super) struct TestView {
    /// Whether nothing is wrong; there may be warnings.
    is_good: bool,
    /// A sentence for each thing that is not as it should be, the worst first.
    findings: Vec<FindingView>,
}

impl TestView {
    pub(super) fn of(findings: &[Finding]) -> Self {
        let is_good = findings.iter().all(|one| one.weight == policy::money::setup::Weight::Warning);
        Self { is_good, findings: findings.iter().map(finding).collect() }
    }
}

fn finding(one: &Finding) -> FindingView {
    FindingView { about: one.about, weight: one.weight.code(), say: one.say.clone() }
}

/// A gateway that was set up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GatewaySetUp)]
pub(super) struct SetUpView {
    /// The gateway.
    gateway: GatewayView,
    /// What is not as it should be.
    findings: Vec<FindingView>,
}

impl SetUpView {
    pub(super) fn of(gateway: &IspGateway, findings: &[Finding]) -> Self {
        Self { gateway: GatewayView::of(gateway), findings: findings.iter().map(finding).collect() }
    }
}

/// What is in one account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GatewayAccountBalance)]
pub(super) struct AccountView {
    /// The gateway's name of it.
    name: String,
    /// What may be spent.
    amount: MoneyView,
}

/// What is in the provider's accounts with a gateway.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GatewayBalance)]
pub(super) struct BalanceView {
    /// Account by account.
    accounts: Vec<AccountView>,
    /// When it was told.
    #[schema(format = DateTime)]
    at: String,
}

impl BalanceView {
    pub(super) fn of(balance: &Balance) -> Self {
        let account = |(name, amount): &(String, domain::money::Money)| AccountView {
            name: name.clone(),
            amount: (*amount).into(),
        };
        Self { accounts: balance.accounts.iter().map(account).collect(), at: balance.at.to_string() }
    }
}

/// What was heard of a gateway.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GatewaySeen)]
pub(super) struct SeenView {
    /// When anything came to the address of its callbacks last; null: never. A gateway that people pay through and that
    /// never calls has another address set, or cannot reach this server.
    #[schema(required = true, format = DateTime)]
    called_at: Option<String>,
    /// Up to when its books were read; null: never.
    #[schema(required = true, format = DateTime)]
    books_read_until: Option<String>,
    /// When they are read next; null for one that has none to be read.
    #[schema(required = true, format = DateTime)]
    books_read_next_at: Option<String>,
    /// What is in the accounts there, as it was told last.
    #[schema(required = true)]
    balance: Option<BalanceView>,
    /// Whether the balance was asked for and is not told yet.
    is_balance_asked: bool,
}

impl SeenView {
    pub(super) fn of(gateway: &IspGateway, seen: &Seen) -> Self {
        Self {
            called_at: moment(seen.called_at),
            books_read_until: moment(gateway.pulled_until),
            books_read_next_at: moment(gateway.pull_at),
            balance: seen.balance.as_ref().map(BalanceView::of),
            is_balance_asked: seen.is_asked,
        }
    }
}
