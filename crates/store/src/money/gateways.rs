//! Gateways of ISPs. What proves that it is the ISP who asks is sealed, and given to whoever speaks to the gateway alone.

pub mod seen;

use domain::id::{GatewayId, TenantId};
use domain::money::gateway::{Environment, GatewayAccount, GatewayKeys, GatewayKind, Initiator, IspGateway, PayTo};
use domain::secret::{Secret, SecretBytes};
use domain::time::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::columns::{Instant, at, integer, uncounter};
use crate::error::StoreError;
use crate::scope::TenantScope;
use crate::sealing::Place;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// Gateways of one ISP, at most.
pub const COUNT_MAX: i64 = 20;

/// What its callbacks' addresses begin with.
pub type Token = [u8; 16];

/// What opens a gateway: its keys and the token of its callbacks.
#[derive(Debug)]
pub struct Opened {
    /// The keys.
    pub keys: GatewayKeys,
    /// The token.
    pub token: Token,
}

impl Opened {
    /// The gateway as its adapter needs it. `base` is where callbacks come in, without a slash at the end.
    pub fn account(self, gateway: &IspGateway, base: &str) -> GatewayAccount {
        GatewayAccount {
            kind: gateway.kind,
            environment: gateway.environment,
            shortcode: gateway.shortcode.clone(),
            pay_to: gateway.pay_to.clone(),
            keys: self.keys,
            callback_base: format!("{base}/cb/{}", hex(&self.token)),
        }
    }
}

const fn place(id: GatewayId) -> Place {
    Place::new("gateways", "keys_sealed", id.uuid())
}

/// Adds a gateway. A shortcode that the ISP has already is a `Conflict`.
pub async fn add(tx: &mut TenantTx, gateway: &IspGateway, keys: &GatewayKeys, token: &Token) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let sealed = tx.sealing_keys().await?.seal(&tx.keyring(), &place(gateway.id), &packed(keys, token))?;
    sqlx::query!(
        "insert into gateways (
             tenant_id, id, kind, environment, shortcode, till, keys_sealed, token_hash, trusts_confirmations,
             looks_per_minute, is_active, created_at, pull_at, has_initiator
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13)",
        tenant,
        gateway.id.uuid(),
        gateway.kind.code(),
        gateway.environment.code(),
        gateway.shortcode.as_str(),
        till(&gateway.pay_to),
        sealed,
        &hash(token)[..],
        gateway.trusts_confirmations,
        integer(gateway.looks_per_minute),
        gateway.is_active,
        Instant(gateway.created_at) as _,
        keys.initiator.is_some(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Changes a gateway; its shortcode and its environment stay as they are.
pub async fn change(tx: &mut TenantTx, gateway: &IspGateway) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update gateways
         set till = $3, trusts_confirmations = $4, looks_per_minute = $5, is_active = $6, revision = revision + 1
         where tenant_id = $1 and id = $2",
        tenant,
        gateway.id.uuid(),
        till(&gateway.pay_to),
        gateway.trusts_confirmations,
        integer(gateway.looks_per_minute),
        gateway.is_active,
    )
    .execute(tx.connection())
    .await?;
    there(changed.rows_affected())
}

/// Gives a gateway other keys. The token of its callbacks stays.
pub async fn set_keys(tx: &mut TenantTx, id: GatewayId, keys: &GatewayKeys) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let before = open(tx, id).await?.ok_or(StoreError::Missing { what: "gateway" })?;
    let sealed = tx.sealing_keys().await?.seal(&tx.keyring(), &place(id), &packed(keys, &before.token))?;
    let changed = sqlx::query!(
        "update gateways
         set keys_sealed = $3, has_initiator = $4, revision = revision + 1, pull_at = coalesce(pull_at, created_at)
         where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
        sealed,
        keys.initiator.is_some(),
    )
    .execute(tx.connection())
    .await?;
    there(changed.rows_affected())
}

/// The gateway with an id.
pub async fn find(tx: &mut TenantTx, id: GatewayId) -> Result<Option<IspGateway>, StoreError> {
    Ok(list(tx).await?.into_iter().find(|gateway| gateway.id == id))
}

/// The same, which nobody else changes until the transaction ends.
pub async fn lock(tx: &mut TenantTx, id: GatewayId) -> Result<Option<IspGateway>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("select 1 as one from gateways where tenant_id = $1 and id = $2 for no key update", tenant, id.uuid())
        .fetch_optional(tx.connection())
        .await?;
    find(tx, id).await
}

/// The ISP's gateways, oldest first. There are never many.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<IspGateway>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        GatewayRow,
        r#"select id, kind, environment, shortcode, till, has_initiator, trusts_confirmations, looks_per_minute, is_active,
                  created_at as "created_at: Instant", pulled_until as "pulled_until: Instant",
                  pull_at as "pull_at: Instant", revision
           from gateways
           where tenant_id = $1
           order by id
           limit $2"#,
        tenant,
        COUNT_MAX,
    )
    .fetch_all(tx.connection())
    .await?
    .into_iter()
    .map(IspGateway::try_from)
    .collect()
}

/// What opens it, for whoever speaks to it.
pub async fn open(tx: &mut TenantTx, id: GatewayId) -> Result<Option<Opened>, StoreError> {
    let tenant = tx.tenant_uuid();
    let sealed =
        sqlx::query_scalar!("select keys_sealed from gateways where tenant_id = $1 and id = $2", tenant, id.uuid())
            .fetch_optional(tx.connection())
            .await?;
    let Some(sealed) = sealed else { return Ok(None) };
    let clear = tx.unseal(&place(id), &sealed).await?;
    unpacked(clear.expose()).map(Some).ok_or_else(|| StoreError::corrupt("gateways", id.uuid()))
}

/// Whose gateway's token that is; `None` when it is nobody's. The door of callbacks.
pub async fn of_token(tx: &mut SystemTx, token: &Token) -> Result<Option<(TenantScope, GatewayId)>, StoreError> {
    let row = sqlx::query!("select tenant_id, id from gateways where token_hash = $1", &hash(token)[..])
        .fetch_optional(tx.connection())
        .await?;
    Ok(row.map(|row| (TenantScope::of_callback(TenantId::from_uuid(row.tenant_id)), GatewayId::from_uuid(row.id))))
}

/// Notes up to when its books were read, and when they are read next; never, for one that has none to be read.
pub async fn note_pull(
    tx: &mut TenantTx,
    id: GatewayId,
    until: Option<Timestamp>,
    next: Option<Timestamp>,
) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update gateways set pulled_until = coalesce($3, pulled_until), pull_at = $4
         where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
        Instant::of(until) as _,
        Instant::of(next) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

fn there(changed: u64) -> Result<(), StoreError> {
    match changed {
        0 => Err(StoreError::Missing { what: "gateway" }),
        _ => Ok(()),
    }
}

fn hash(token: &Token) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// As an address has it.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn till(pay_to: &PayTo) -> Option<&str> {
    match pay_to {
        PayTo::Paybill => None,
        PayTo::Till(till) => Some(till.as_str()),
    }
}

/// The token, then fields one after the other, each with its length before it.
fn packed(keys: &GatewayKeys, token: &Token) -> SecretBytes {
    let mut octets = token.to_vec();
    let initiator = keys.initiator.as_ref();
    let mut fields = vec![keys.consumer_key.expose(), keys.consumer_secret.expose(), keys.passkey.expose()];
    fields.extend(initiator.map(|one| &one.name));
    fields.extend(initiator.map(|one| one.password.expose()));
    for field in fields {
        octets.extend_from_slice(&u16::try_from(field.len()).unwrap_or(u16::MAX).to_be_bytes());
        octets.extend_from_slice(field.as_bytes());
    }
    SecretBytes::new(octets)
}

fn unpacked(octets: &[u8]) -> Option<Opened> {
    let (token, mut rest) = octets.split_first_chunk::<16>()?;
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (text, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        fields.push(String::from_utf8(text.to_vec()).ok()?);
        rest = after;
    }
    let mut fields = fields.into_iter();
    let (consumer_key, consumer_secret, passkey) = (fields.next()?, fields.next()?, fields.next()?);
    let initiator = match (fields.next(), fields.next()) {
        (Some(name), Some(password)) => Some(Initiator { name, password: Secret::new(password) }),
        (None, _) => None,
        (Some(_), None) => return None,
    };
    let keys = GatewayKeys {
        consumer_key: Secret::new(consumer_key),
        consumer_secret: Secret::new(consumer_secret),
        passkey: Secret::new(passkey),
        initiator,
    };
    Some(Opened { keys, token: *token })
}

struct GatewayRow {
    id: Uuid,
    kind: String,
    environment: String,
    shortcode: String,
    till: Option<String>,
    has_initiator: bool,
    trusts_confirmations: bool,
    looks_per_minute: i32,
    is_active: bool,
    created_at: Instant,
    pulled_until: Option<Instant>,
    pull_at: Option<Instant>,
    revision: i64,
}

impl TryFrom<GatewayRow> for IspGateway {
    type Error = StoreError;
    fn try_from(row: GatewayRow) -> Result<Self, StoreError> {
        let corrupt = || StoreError::corrupt("gateways", row.id);
        let till = row.till.map(|till| till.parse()).transpose().map_err(|_| corrupt())?;
        Ok(Self {
            id: GatewayId::from_uuid(row.id),
            kind: GatewayKind::from_code(&row.kind).ok_or_else(corrupt)?,
            environment: Environment::from_code(&row.environment).ok_or_else(corrupt)?,
            shortcode: row.shortcode.parse().map_err(|_| corrupt())?,
            pay_to: till.map_or(PayTo::Paybill, PayTo::Till),
            has_initiator: row.has_initiator,
            trusts_confirmations: row.trusts_confirmations,
            looks_per_minute: u32::try_from(row.looks_per_minute).map_err(|_| corrupt())?,
            is_active: row.is_active,
            created_at: row.created_at.0,
            pulled_until: at(row.pulled_until),
            pull_at: at(row.pull_at),
            revision: uncounter(row.revision),
        })
    }
}
