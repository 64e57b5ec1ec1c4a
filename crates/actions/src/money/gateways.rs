//! An ISP sets up who takes money for it.

use domain::id::GatewayId;
use domain::money::gateway::{Environment, GatewayKeys, GatewayKind, Initiator, IspGateway, PayTo, Shortcode};
use domain::platform::audit::{Change, Thing, Verb};
use domain::secret::Secret;
use store::money::gateways;
use store::platform::audit;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;

/// What an ISP sets.
#[derive(Debug)]
pub struct NewGateway {
    /// Which company.
    pub kind: GatewayKind,
    /// Whether money moves.
    pub environment: Environment,
    /// To whom the passkey belongs.
    pub shortcode: Shortcode,
    /// How people pay.
    pub pay_to: PayTo,
    /// What proves that it is the ISP who asks.
    pub keys: GatewayKeys,
    /// Whether a confirmation is believed that cannot be verified.
    pub trusts_confirmations: bool,
    /// How often a minute the gateway may be asked.
    pub looks_per_minute: u32,
}

/// Keys that are changed; what is `None` stays.
#[derive(Debug, Default)]
pub struct KeysChange {
    /// Of the app in the developers' portal.
    pub consumer_key: Option<Secret<String>>,
    /// Of the same.
    pub consumer_secret: Option<Secret<String>>,
    /// Of prompts on telephones.
    pub passkey: Option<Secret<String>>,
    /// Who may look up, reverse and see the balance; `Some(None)` is nobody from now on.
    pub initiator: Option<Option<Initiator>>,
}

impl KeysChange {
    /// Whether any is changed.
    pub const fn is_any(&self) -> bool {
        self.consumer_key.is_some()
            || self.consumer_secret.is_some()
            || self.passkey.is_some()
            || self.initiator.is_some()
    }

    /// The keys as they are with it.
    pub fn on(self, keys: GatewayKeys) -> GatewayKeys {
        GatewayKeys {
            consumer_key: self.consumer_key.unwrap_or(keys.consumer_key),
            consumer_secret: self.consumer_secret.unwrap_or(keys.consumer_secret),
            passkey: self.passkey.unwrap_or(keys.passkey),
            initiator: self.initiator.unwrap_or(keys.initiator),
        }
    }
}

/// What is changed; what is `None` stays.
#[derive(Debug, Default)]
pub struct GatewayChange {
    /// How people pay.
    pub pay_to: Option<PayTo>,
    /// The keys.
    pub keys: KeysChange,
    /// Whether a confirmation is believed that cannot be verified.
    pub trusts_confirmations: Option<bool>,
    /// How often a minute the gateway may be asked.
    pub looks_per_minute: Option<u32>,
    /// Whether anybody can pay through it.
    pub is_active: Option<bool>,
}

/// Why a gateway was not set up.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// Not a number of looks.
    #[error("the gateway may be asked 1 to {max} times a minute, not {0}", max = IspGateway::LOOKS_PER_MINUTE_MAX)]
    Looks(u32),
    /// A key that is none.
    #[error("`{0}` is empty or longer than {KEY_MAX} characters: copy it from the gateway's own page")]
    Key(&'static str),
    /// No such gateway.
    #[error("there is no gateway with that id")]
    Unknown,
    /// It is not as whoever changes it has seen it.
    #[error("it was changed meanwhile")]
    ChangedMeanwhile,
    /// Too many.
    #[error("there are {0} gateways already, more are not kept", gateways::COUNT_MAX)]
    TooMany,
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Most octets of a key: all of them sealed together fit into their column.
pub const KEY_MAX: usize = 500;

/// Sets up a gateway. Its keys are sealed, and its callbacks get an address that nobody can guess.
pub async fn add_gateway(
    store: &Store,
    scope: &TenantScope,
    new: NewGateway,
    context: Context<'_>,
) -> Result<IspGateway, GatewayError> {
    looks(new.looks_per_minute)?;
    fits(&new.keys)?;
    let gateway = IspGateway {
        id: context.new_id(),
        kind: new.kind,
        environment: new.environment,
        shortcode: new.shortcode,
        pay_to: new.pay_to,
        has_initiator: new.keys.initiator.is_some(),
        trusts_confirmations: new.trusts_confirmations,
        looks_per_minute: new.looks_per_minute,
        is_active: true,
        created_at: context.now(),
        pulled_until: None,
        pull_at: Some(context.now()),
        revision: 1,
    };
    let mut token = [0; 16];
    context.random().fill(&mut token);
    let mut tx = store.tenant(scope).await?;
    if gateways::list(&mut tx).await?.len() >= usize::try_from(gateways::COUNT_MAX).unwrap_or(usize::MAX) {
        return Err(GatewayError::TooMany);
    }
    gateways::add(&mut tx, &gateway, &new.keys, &token).await?;
    let changes = vec![
        Change::of("shortcode", None, Some(gateway.shortcode.to_string())),
        Change::of("environment", None, Some(gateway.environment.code().to_owned())),
    ];
    audit::note(&mut tx, &[context.audit(Verb::PutGateway, Thing::Gateway(gateway.id), changes)]).await?;
    tx.commit().await?;
    Ok(gateway)
}

/// Changes a gateway. `is_meant`: whether it is meant as it is at that moment.
pub async fn change_gateway(
    store: &Store,
    scope: &TenantScope,
    id: GatewayId,
    is_meant: &(dyn Fn(&IspGateway) -> bool + Send + Sync),
    change: GatewayChange,
    context: Context<'_>,
) -> Result<IspGateway, GatewayError> {
    let mut tx = store.tenant(scope).await?;
    let before = gateways::lock(&mut tx, id).await?.ok_or(GatewayError::Unknown)?;
    if !is_meant(&before) {
        return Err(GatewayError::ChangedMeanwhile);
    }
    let after = IspGateway {
        pay_to: change.pay_to.unwrap_or_else(|| before.pay_to.clone()),
        trusts_confirmations: change.trusts_confirmations.unwrap_or(before.trusts_confirmations),
        looks_per_minute: change.looks_per_minute.unwrap_or(before.looks_per_minute),
        is_active: change.is_active.unwrap_or(before.is_active),
        ..before.clone()
    };
    looks(after.looks_per_minute)?;
    let mut changes = Vec::new();
    let words = |gateway: &IspGateway| {
        [
            ("pay_to", gateway.pay_to.code().to_owned()),
            ("trusts_confirmations", gateway.trusts_confirmations.to_string()),
            ("looks_per_minute", gateway.looks_per_minute.to_string()),
            ("is_active", gateway.is_active.to_string()),
        ]
    };
    for ((what, was), (_, is)) in words(&before).into_iter().zip(words(&after)) {
        if was != is {
            changes.push(Change::of(what, Some(was), Some(is)));
        }
    }
    if change.keys.is_any() {
        let opened = gateways::open(&mut tx, id).await?.ok_or(GatewayError::Unknown)?;
        let keys = change.keys.on(opened.keys);
        fits(&keys)?;
        gateways::set_keys(&mut tx, id, &keys).await?;
        changes.push(Change::of("keys", None, Some("set anew")));
    }
    if after != before {
        gateways::change(&mut tx, &after).await?;
    }
    let after = gateways::find(&mut tx, id).await?.ok_or(GatewayError::Unknown)?;
    if !changes.is_empty() {
        audit::note(&mut tx, &[context.audit(Verb::PutGateway, Thing::Gateway(id), changes)]).await?;
        tx.commit().await?;
    }
    Ok(after)
}

const fn looks(count: u32) -> Result<(), GatewayError> {
    if count >= 1 && count <= IspGateway::LOOKS_PER_MINUTE_MAX { Ok(()) } else { Err(GatewayError::Looks(count)) }
}

fn fits(keys: &GatewayKeys) -> Result<(), GatewayError> {
    let mut all = vec![
        ("consumer key", keys.consumer_key.expose()),
        ("consumer secret", keys.consumer_secret.expose()),
        ("passkey", keys.passkey.expose()),
    ];
    if let Some(initiator) = &keys.initiator {
        all.push(("initiator name", &initiator.name));
        all.push(("initiator password", initiator.password.expose()));
    }
    match all.into_iter().find(|(_, key)| key.is_empty() || key.len() > KEY_MAX) {
        Some((name, _)) => Err(GatewayError::Key(name)),
        None => Ok(()),
    }
}
