//! Webhooks, and the telling of events to them.

use domain::id::{AuditId, DeliveryId, WebhookId};
use domain::platform::audit::{Entry, Verb};
use domain::platform::job::{ABOUT_MAX, Job, JobKind};
use domain::platform::webhook::{Call, Delivery, HookUrl, Webhook};
use domain::secret::SecretBytes;
use domain::time::Timestamp;
use sha2::{Digest as _, Sha256};
use sqlx::types::JsonValue;
use uuid::Uuid;

use crate::columns::{Instant, uncounter};
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::platform::jobs::JobRow;
use crate::sealing::Place;
use crate::tenant_tx::TenantTx;

/// Deliveries written by one statement.
const CHUNK: usize = 1_000;

/// Most octets of what is told.
const BODY_MAX: usize = 65_536;

/// Deliveries that are let go of at once.
const FORGOTTEN_AT_ONCE: i64 = 1_000;

const fn place(id: WebhookId) -> Place {
    Place::new("webhooks", "secret_sealed", id.uuid())
}

/// Adds a webhook with its secret.
pub async fn add(tx: &mut TenantTx, webhook: &Webhook, secret: &SecretBytes) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let sealed = tx.sealing_keys().await?.seal(&tx.keyring(), &place(webhook.id), secret)?;
    sqlx::query!(
        "insert into webhooks (tenant_id, id, url, secret_sealed, events, is_active, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        webhook.id.uuid(),
        webhook.url.as_str(),
        sealed,
        &codes(&webhook.events),
        webhook.is_active,
        Instant(webhook.created_at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

fn codes(events: &[Verb]) -> Vec<String> {
    events.iter().map(|verb| verb.code().to_owned()).collect()
}

/// The ISP's webhooks, oldest first. There are never many.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Webhook>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        WebhookRow,
        r#"select id, url, events, is_active, created_at as "created_at: Instant", revision
           from webhooks
           where tenant_id = $1
           order by id
           limit $2"#,
        tenant,
        i64::try_from(Webhook::COUNT_MAX).unwrap_or(i64::MAX),
    )
    .fetch_all(tx.connection())
    .await?
    .into_iter()
    .map(Webhook::try_from)
    .collect()
}

/// A page of them.
pub async fn page(tx: &mut TenantTx, page: Page<WebhookId>) -> Result<Listed<Webhook, WebhookId>, StoreError> {
    let mut rest = list(tx).await?;
    rest.retain(|webhook| page.key().is_none_or(|after| webhook.id > *after));
    Ok(page.cut(rest, |webhook| webhook.id))
}

/// The webhook with an id.
pub async fn find(tx: &mut TenantTx, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        WebhookRow,
        r#"select id, url, events, is_active, created_at as "created_at: Instant", revision
           from webhooks
           where tenant_id = $1 and id = $2"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Webhook::try_from)
    .transpose()
}

/// The same, which nobody else changes until the transaction ends.
pub async fn lock(tx: &mut TenantTx, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
    let tenant = tx.tenant_uuid();
    // Not `for update`: whoever tells of a deed points at this row while holding the audit, which we want next.
    sqlx::query!("select 1 as one from webhooks where tenant_id = $1 and id = $2 for no key update", tenant, id.uuid())
        .fetch_optional(tx.connection())
        .await?;
    find(tx, id).await
}

/// Changes where a webhook is, of what it is told, and whether.
pub async fn change(tx: &mut TenantTx, webhook: &Webhook) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update webhooks set url = $3, events = $4, is_active = $5, revision = revision + 1
         where tenant_id = $1 and id = $2",
        tenant,
        webhook.id.uuid(),
        webhook.url.as_str(),
        &codes(&webhook.events),
        webhook.is_active,
    )
    .execute(tx.connection())
    .await?;
    there(changed.rows_affected())
}

/// Gives a webhook another secret: what is told from now on is signed with it.
pub async fn set_secret(tx: &mut TenantTx, id: WebhookId, secret: &SecretBytes) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let sealed = tx.sealing_keys().await?.seal(&tx.keyring(), &place(id), secret)?;
    let changed = sqlx::query!(
        "update webhooks set secret_sealed = $3, revision = revision + 1 where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
        sealed,
    )
    .execute(tx.connection())
    .await?;
    there(changed.rows_affected())
}

/// What a webhook was still to be told is not told. Returns how much that was.
pub async fn drop_waiting(tx: &mut TenantTx, id: WebhookId) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let dropped = sqlx::query!(
        "delete from jobs
         using webhook_deliveries d
         where d.tenant_id = $1 and d.webhook_id = $2 and jobs.tenant_id = $1 and jobs.id = d.id
           and jobs.done_at is null",
        tenant,
        id.uuid(),
    )
    .execute(tx.connection())
    .await?;
    Ok(dropped.rows_affected())
}

/// Takes a webhook away, with what it was told and what it was still to be told.
pub async fn remove(tx: &mut TenantTx, id: WebhookId) -> Result<(), StoreError> {
    drop_waiting(tx, id).await?;
    let tenant = tx.tenant_uuid();
    let gone = sqlx::query!("delete from webhooks where tenant_id = $1 and id = $2", tenant, id.uuid())
        .execute(tx.connection())
        .await?;
    there(gone.rows_affected())
}

fn there(changed: u64) -> Result<(), StoreError> {
    match changed {
        0 => Err(StoreError::Missing { what: "webhook" }),
        _ => Ok(()),
    }
}

/// Writes down that these entries are to be told, to each webhook that wants to hear of them. In their transaction.
pub(super) async fn tell(tx: &mut TenantTx, entries: &[Entry]) -> Result<(), StoreError> {
    let listening: Vec<Webhook> = list(tx).await?.into_iter().filter(|webhook| webhook.is_active).collect();
    let mut deliveries = Vec::new();
    for entry in entries {
        for webhook in &listening {
            if webhook.events.is_empty() || webhook.events.contains(&entry.verb) {
                deliveries.push((webhook, entry));
            }
        }
    }
    deliver(tx, &deliveries).await
}

/// The same for one webhook, whatever it wants to hear of. Returns the delivery.
pub async fn tell_one(tx: &mut TenantTx, webhook: &Webhook, entry: &Entry) -> Result<DeliveryId, StoreError> {
    deliver(tx, &[(webhook, entry)]).await?;
    Ok(DeliveryId::from_uuid(id_of(webhook.id, entry.id)))
}

async fn deliver(tx: &mut TenantTx, deliveries: &[(&Webhook, &Entry)]) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    for some in deliveries.chunks(CHUNK) {
        let bodies: Vec<String> = some.iter().map(|(_, entry)| body(tenant, entry)).collect();
        let about = |webhook: &Webhook, entry: &Entry| -> String {
            format!("{} told to {}", entry.verb.code(), webhook.url.host()).chars().take(ABOUT_MAX).collect()
        };
        sqlx::query!(
            "with new as (
                 select *
                 from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
                     as new (id, webhook_id, event_id, verb, body, about, at)
             ), told as (
                 insert into webhook_deliveries (tenant_id, id, webhook_id, event_id, verb, body, created_at)
                 select $1, id, webhook_id, event_id, verb, body, at from new
                 on conflict (tenant_id, id) do nothing
             )
             insert into jobs (tenant_id, id, kind, about, created_at, due_at)
             select $1, id, $9, about, at, at from new
             on conflict (tenant_id, id) do nothing",
            tenant,
            &some.iter().map(|(webhook, entry)| id_of(webhook.id, entry.id)).collect::<Vec<_>>(),
            &some.iter().map(|(webhook, _)| webhook.id.uuid()).collect::<Vec<_>>(),
            &some.iter().map(|(_, entry)| entry.id.uuid()).collect::<Vec<_>>(),
            &some.iter().map(|(_, entry)| entry.verb.code()).collect::<Vec<_>>() as _,
            &bodies,
            &some.iter().map(|(webhook, entry)| about(webhook, entry)).collect::<Vec<_>>(),
            &some.iter().map(|(_, entry)| Instant(entry.at)).collect::<Vec<_>>() as _,
            JobKind::Webhook.code(),
        )
        .execute(tx.connection())
        .await?;
    }
    Ok(())
}

/// The id of a delivery: as old as its event, and one for each webhook.
fn id_of(webhook: WebhookId, event: AuditId) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(webhook.bytes());
    hash.update(event.bytes());
    let hash: [u8; 32] = hash.finalize().into();
    let mut bytes = event.bytes();
    bytes[9..].copy_from_slice(&hash[..7]);
    Uuid::from_bytes(bytes)
}

/// What a partner is told of an entry. Of one with more than fits, what changed is left out and can be asked for.
fn body(tenant: Uuid, entry: &Entry) -> String {
    let whole = told(tenant, entry, true);
    if whole.len() <= BODY_MAX { whole } else { told(tenant, entry, false) }
}

fn told(tenant: Uuid, entry: &Entry, with_changes: bool) -> String {
    let text = |text: &str| JsonValue::String(text.to_owned());
    let optional = |value: &Option<String>| value.as_deref().map_or(JsonValue::Null, text);
    let object = |fields: Vec<(&str, JsonValue)>| {
        JsonValue::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    let changes = entry.changes.iter().map(|change| {
        object(vec![
            ("what", text(&change.what)),
            ("before", optional(&change.before)),
            ("after", optional(&change.after)),
        ])
    });
    let thing = object(vec![("kind", text(entry.thing.kind())), ("id", text(&entry.thing.uuid().to_string()))]);
    object(vec![
        ("id", text(&entry.id.to_string())),
        ("type", text(entry.verb.code())),
        ("at", text(&entry.at.to_string())),
        ("provider", text(&tenant.to_string())),
        ("actor", text(&entry.actor.name)),
        ("thing", thing),
        ("changes", if with_changes { JsonValue::Array(changes.collect()) } else { JsonValue::Null }),
    ])
    .to_string()
}

/// A delivery, ready to be sent; `None` when its webhook is not told any more, or it is forgotten.
pub async fn call(tx: &mut TenantTx, id: DeliveryId) -> Result<Option<Call>, StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query!(
        "select w.id, w.url, w.secret_sealed, d.event_id, d.verb, d.body
         from webhook_deliveries d
         join webhooks w on w.tenant_id = d.tenant_id and w.id = d.webhook_id
         where d.tenant_id = $1 and d.id = $2 and w.is_active",
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let webhook = WebhookId::from_uuid(row.id);
    let corrupt = || StoreError::corrupt("webhook_deliveries", id.uuid());
    Ok(Some(Call {
        webhook,
        url: row.url.parse().map_err(|_| corrupt())?,
        secret: tx.unseal(&place(webhook), &row.secret_sealed).await?,
        event: AuditId::from_uuid(row.event_id),
        verb: Verb::from_code(&row.verb).ok_or_else(corrupt)?,
        body: row.body,
    }))
}

/// Notes what a partner answered.
pub async fn note_answer(tx: &mut TenantTx, id: DeliveryId, status: Option<u16>) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update webhook_deliveries set status = $3 where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
        status.map(i32::from),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// What a webhook was told, or is to be told, newest first.
pub async fn deliveries(
    tx: &mut TenantTx,
    webhook: WebhookId,
    page: Page<DeliveryId>,
) -> Result<Listed<Delivery, DeliveryId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_as!(
        DeliveryRow,
        r#"select d.id, d.webhook_id, d.event_id, d.verb, d.created_at as "created_at: Instant", d.status, d.body,
                  j.kind as "kind?", j.about as "about?", j.created_at as "job_created_at?: Instant",
                  j.due_at as "due_at?: Instant", j.tries as "tries?", j.fault, j.done_at as "done_at?: Instant",
                  j.parked_at as "parked_at?: Instant"
           from webhook_deliveries d
           left join jobs j on j.tenant_id = d.tenant_id and j.id = d.id
           where d.tenant_id = $1 and d.webhook_id = $2 and d.id < $3
           order by d.id desc
           limit $4"#,
        tenant,
        webhook.uuid(),
        page.key().map_or(Uuid::max(), |id| id.uuid()),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let deliveries = rows.into_iter().map(Delivery::try_from).collect::<Result<_, _>>()?;
    Ok(page.cut(deliveries, |one: &Delivery| one.id))
}

/// A delivery of a webhook.
pub async fn find_delivery(
    tx: &mut TenantTx,
    webhook: WebhookId,
    id: DeliveryId,
) -> Result<Option<Delivery>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        DeliveryRow,
        r#"select d.id, d.webhook_id, d.event_id, d.verb, d.created_at as "created_at: Instant", d.status, d.body,
                  j.kind as "kind?", j.about as "about?", j.created_at as "job_created_at?: Instant",
                  j.due_at as "due_at?: Instant", j.tries as "tries?", j.fault, j.done_at as "done_at?: Instant",
                  j.parked_at as "parked_at?: Instant"
           from webhook_deliveries d
           left join jobs j on j.tenant_id = d.tenant_id and j.id = d.id
           where d.tenant_id = $1 and d.webhook_id = $2 and d.id = $3"#,
        tenant,
        webhook.uuid(),
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Delivery::try_from)
    .transpose()
}

/// Whose delivery it is; `None` when it is forgotten.
pub async fn webhook_of(tx: &mut TenantTx, id: DeliveryId) -> Result<Option<WebhookId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let row =
        sqlx::query!("select webhook_id from webhook_deliveries where tenant_id = $1 and id = $2", tenant, id.uuid(),)
            .fetch_optional(tx.connection())
            .await?;
    Ok(row.map(|row| WebhookId::from_uuid(row.webhook_id)))
}

/// Tells a delivery of a webhook once more, whatever became of it. Returns whether there is one.
pub async fn replay(tx: &mut TenantTx, webhook: WebhookId, id: DeliveryId, now: Timestamp) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let there = sqlx::query!(
        "insert into jobs (tenant_id, id, kind, about, created_at, due_at)
         select d.tenant_id, d.id, $5, d.verb || ' told again', $4, $4
         from webhook_deliveries d
         where d.tenant_id = $1 and d.webhook_id = $2 and d.id = $3
         on conflict (tenant_id, id) do update set due_at = $4, done_at = null, parked_at = null, tries = 0",
        tenant,
        webhook.uuid(),
        id.uuid(),
        Instant(now) as _,
        JobKind::Webhook.code(),
    )
    .execute(tx.connection())
    .await?;
    Ok(there.rows_affected() == 1)
}

/// Lets go of what was told before then, some at a time. What still waits to be told stays. Returns how many.
pub async fn forget_deliveries(tx: &mut TenantTx, before: Timestamp) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let gone = sqlx::query!(
        "delete from webhook_deliveries
         where tenant_id = $1
           and id in (
               select d.id
               from webhook_deliveries d
               where d.tenant_id = $1
                 and d.created_at < $2
                 and not exists (
                     select from jobs j where j.tenant_id = d.tenant_id and j.id = d.id and j.due_at is not null
                 )
               limit $3
           )",
        tenant,
        Instant(before) as _,
        FORGOTTEN_AT_ONCE,
    )
    .execute(tx.connection())
    .await?;
    Ok(gone.rows_affected())
}

struct WebhookRow {
    id: Uuid,
    url: String,
    events: Vec<String>,
    is_active: bool,
    created_at: Instant,
    revision: i64,
}

impl TryFrom<WebhookRow> for Webhook {
    type Error = StoreError;
    fn try_from(row: WebhookRow) -> Result<Self, StoreError> {
        let url: HookUrl = row.url.parse().map_err(|_| StoreError::corrupt("webhooks", row.id))?;
        Ok(Self {
            id: WebhookId::from_uuid(row.id),
            url,
            events: row.events.iter().filter_map(|code| Verb::from_code(code)).collect(),
            is_active: row.is_active,
            created_at: row.created_at.0,
            revision: uncounter(row.revision),
        })
    }
}

struct DeliveryRow {
    id: Uuid,
    webhook_id: Uuid,
    event_id: Uuid,
    verb: String,
    created_at: Instant,
    status: Option<i32>,
    body: String,
    kind: Option<String>,
    about: Option<String>,
    job_created_at: Option<Instant>,
    due_at: Option<Instant>,
    tries: Option<i32>,
    fault: Option<String>,
    done_at: Option<Instant>,
    parked_at: Option<Instant>,
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StoreError;
    fn try_from(row: DeliveryRow) -> Result<Self, StoreError> {
        let corrupt = || StoreError::corrupt("webhook_deliveries", row.id);
        let verb = Verb::from_code(&row.verb).ok_or_else(corrupt)?;
        let status = row.status.map(u16::try_from).transpose().map_err(|_| corrupt())?;
        let job: Option<Job> = match (row.kind, row.about, row.job_created_at, row.tries) {
            (Some(kind), Some(about), Some(created_at), Some(tries)) => {
                let job = JobRow {
                    id: row.id,
                    kind,
                    about,
                    created_at,
                    due_at: row.due_at,
                    tries,
                    fault: row.fault,
                    done_at: row.done_at,
                    parked_at: row.parked_at,
                };
                Some(Job::try_from(job)?)
            }
            _ => None,
        };
        Ok(Self {
            id: DeliveryId::from_uuid(row.id),
            webhook: WebhookId::from_uuid(row.webhook_id),
            event: AuditId::from_uuid(row.event_id),
            verb,
            created_at: row.created_at.0,
            body: row.body,
            state: job.as_ref().map(|job| job.state),
            tries: job.as_ref().map_or(0, |job| job.tries),
            status,
            fault: job.and_then(|job| job.fault),
        })
    }
}
