//! How ISPs want text messages sent. What opens their providers is sealed, and given to whoever sends alone.

use domain::messages::provider::{BodyKind, HttpMethod, HttpTerms, PhoneForm, ProviderKeys, Success, Terms, World};
use domain::messages::settings::MessageSettings;
use domain::secret::{Secret, SecretBytes};
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::{Instant, uncounter};
use crate::error::StoreError;
use crate::sealing::Place;
use crate::tenant_tx::TenantTx;

const fn place(tenant: Uuid) -> Place {
    Place::new("message_settings", "keys_sealed", tenant)
}

/// What the ISP has settled; `None`: nothing yet.
pub async fn find(tx: &mut TenantTx) -> Result<Option<MessageSettings>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        SettingsRow,
        "select id, provider, username, world, method, url, headers, body_kind, body, phone_form, good_statuses,
                verdict_at, good_verdicts, hopeless_verdicts, good_text, reference_at, sender, brand, contact, language,
                is_active, sends_vouchers, revision
         from message_settings
         where tenant_id = $1",
        tenant,
    )
    .fetch_optional(tx.connection())
    .await?
    .map(MessageSettings::try_from)
    .transpose()
}

/// The same, which nobody else changes or locks until the transaction ends.
pub async fn lock(tx: &mut TenantTx) -> Result<Option<MessageSettings>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("select 1 as one from message_settings where tenant_id = $1 for no key update", tenant)
        .fetch_optional(tx.connection())
        .await?;
    find(tx).await
}

/// Writes them down. Keys that are not given stay. The first ones without keys are `Missing`.
pub async fn put(
    tx: &mut TenantTx,
    settings: &MessageSettings,
    keys: Option<&ProviderKeys>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let sealed = match keys {
        Some(keys) => tx.sealing_keys().await?.seal(&tx.keyring(), &place(tenant), &packed(keys))?,
        None => sqlx::query_scalar!("select keys_sealed from message_settings where tenant_id = $1", tenant)
            .fetch_optional(tx.connection())
            .await?
            .ok_or(StoreError::Missing { what: "key of the provider" })?,
    };
    let (username, world) = match &settings.terms {
        Terms::AfricasTalking { username, world } => (Some(username.as_str()), Some(world.code())),
        Terms::Http(_) => (None, None),
    };
    let http = match &settings.terms {
        Terms::Http(http) => Some(http),
        Terms::AfricasTalking { .. } => None,
    };
    let headers: Vec<String> = http
        .map(|http| http.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect())
        .unwrap_or_default();
    let body = http.and_then(|http| http.body.as_ref());
    let success = http.map(|http| http.success.clone()).unwrap_or_default();
    let statuses: Vec<i32> = success.statuses.iter().map(|status| i32::from(*status)).collect();
    sqlx::query!(
        "insert into message_settings (
             tenant_id, id, provider, username, world, method, url, headers, body_kind, body, phone_form, good_statuses,
             verdict_at, good_verdicts, hopeless_verdicts, good_text, reference_at, keys_sealed, sender, brand, contact,
             language, is_active, sends_vouchers, changed_at
         )
         values (
             $1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
             $23, $24
         )
         on conflict (tenant_id, id) do update
         set provider = excluded.provider, username = excluded.username, world = excluded.world,
             method = excluded.method, url = excluded.url, headers = excluded.headers, body_kind = excluded.body_kind,
             body = excluded.body, phone_form = excluded.phone_form, good_statuses = excluded.good_statuses,
             verdict_at = excluded.verdict_at, good_verdicts = excluded.good_verdicts,
             hopeless_verdicts = excluded.hopeless_verdicts, good_text = excluded.good_text,
             reference_at = excluded.reference_at, keys_sealed = excluded.keys_sealed, sender = excluded.sender,
             brand = excluded.brand, contact = excluded.contact, language = excluded.language,
             is_active = excluded.is_active, sends_vouchers = excluded.sends_vouchers,
             changed_at = excluded.changed_at, revision = message_settings.revision + 1",
        tenant,
        settings.terms.code(),
        username,
        world,
        http.map(|http| http.method.code()),
        http.map(|http| http.url.as_str()),
        &headers,
        body.map(|(kind, _)| kind.code()),
        body.map(|(_, text)| text.as_str()),
        http.map(|http| http.phone_form.code()),
        &statuses,
        &success.verdict_at,
        &success.good,
        &success.hopeless,
        success.text,
        success.reference_at,
        sealed,
        settings.sender.as_ref().map(|sender| sender.as_str()),
        settings.brand,
        settings.contact,
        settings.language.as_str(),
        settings.is_active,
        settings.sends_vouchers,
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// What opens the provider, for whoever sends.
pub async fn keys(tx: &mut TenantTx) -> Result<Option<ProviderKeys>, StoreError> {
    let tenant = tx.tenant_uuid();
    let sealed = sqlx::query_scalar!("select keys_sealed from message_settings where tenant_id = $1", tenant)
        .fetch_optional(tx.connection())
        .await?;
    let Some(sealed) = sealed else { return Ok(None) };
    let clear = tx.unseal(&place(tenant), &sealed).await?;
    unpacked(clear.expose()).map(Some).ok_or_else(|| StoreError::corrupt("message_settings", tenant))
}

/// Fields one after the other, each with its length before it.
fn packed(keys: &ProviderKeys) -> SecretBytes {
    let mut octets = Vec::new();
    for field in [Some(keys.key.expose()), keys.secret.as_ref().map(Secret::expose)].into_iter().flatten() {
        octets.extend_from_slice(&u16::try_from(field.len()).unwrap_or(u16::MAX).to_be_bytes());
        octets.extend_from_slice(field.as_bytes());
    }
    SecretBytes::new(octets)
}

fn unpacked(octets: &[u8]) -> Option<ProviderKeys> {
    let mut rest = octets;
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (text, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        fields.push(Secret::new(String::from_utf8(text.to_vec()).ok()?));
        rest = after;
    }
    let mut fields = fields.into_iter();
    Some(ProviderKeys { key: fields.next()?, secret: fields.next() })
}

struct SettingsRow {
    id: Uuid,
    provider: String,
    username: Option<String>,
    world: Option<String>,
    method: Option<String>,
    url: Option<String>,
    headers: Vec<String>,
    body_kind: Option<String>,
    body: Option<String>,
    phone_form: Option<String>,
    good_statuses: Vec<i32>,
    verdict_at: Vec<String>,
    good_verdicts: Vec<String>,
    hopeless_verdicts: Vec<String>,
    good_text: Option<String>,
    reference_at: Option<String>,
    sender: Option<String>,
    brand: Option<String>,
    contact: String,
    language: String,
    is_active: bool,
    sends_vouchers: bool,
    revision: i64,
}

impl SettingsRow {
    fn terms(&self) -> Option<Terms> {
        if self.provider == "africas_talking" {
            let world = World::from_code(self.world.as_deref()?)?;
            return Some(Terms::AfricasTalking { username: self.username.clone()?, world });
        }
        let body = match (&self.body_kind, &self.body) {
            (Some(kind), Some(body)) => Some((BodyKind::from_code(kind)?, body.clone())),
            (None, _) | (_, None) => None,
        };
        let header = |text: &String| text.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
        let status = |status: &i32| u16::try_from(*status).ok();
        Some(Terms::Http(Box::new(HttpTerms {
            method: HttpMethod::from_code(self.method.as_deref()?)?,
            url: self.url.clone()?,
            headers: self.headers.iter().map(header).collect::<Option<_>>()?,
            body,
            phone_form: PhoneForm::from_code(self.phone_form.as_deref()?)?,
            success: Success {
                statuses: self.good_statuses.iter().map(status).collect::<Option<_>>()?,
                verdict_at: self.verdict_at.clone(),
                good: self.good_verdicts.clone(),
                hopeless: self.hopeless_verdicts.clone(),
                text: self.good_text.clone(),
                reference_at: self.reference_at.clone(),
            },
        })))
    }
}

impl TryFrom<SettingsRow> for MessageSettings {
    type Error = StoreError;
    fn try_from(row: SettingsRow) -> Result<Self, StoreError> {
        let corrupt = || StoreError::corrupt("message_settings", row.id);
        Ok(Self {
            terms: row.terms().ok_or_else(corrupt)?,
            sender: row.sender.as_ref().map(|sender| sender.parse()).transpose().map_err(|_| corrupt())?,
            language: row.language.parse().map_err(|_| corrupt())?,
            is_active: row.is_active,
            sends_vouchers: row.sends_vouchers,
            revision: uncounter(row.revision),
            brand: row.brand,
            contact: row.contact,
        })
    }
}
