//! Text messages: what is to be sent, what was, and what became of it.

use domain::id::{MessageId, PaymentId};
use domain::messages::language::Language;
use domain::messages::message::{Message, MessageState, SAID_MAX, TEXT_MAX};
use domain::messages::template::MessageKind;
use domain::phone::Msisdn;
use domain::platform::job::{ABOUT_MAX, JobKind};
use domain::secret::{Secret, SecretBytes};
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::{Instant, integer};
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::sales::vouchers::stored_phone;
use crate::sealing::Place;
use crate::tenant_tx::TenantTx;

/// Messages that are let go of at once.
const FORGOTTEN_AT_ONCE: i64 = 1_000;

/// Messages that are looked at to count what strangers have asked for, at most.
const COUNTED_MAX: i64 = 1_000;

/// Most characters of a provider's number of a message, and of what it cost.
const WORD_MAX: usize = 100;

/// A message to write down.
#[derive(Debug)]
pub struct NewMessage {
    /// Its id.
    pub id: MessageId,
    /// What it is for.
    pub kind: MessageKind,
    /// The reason that it is sent for, once: `voucher:` and the payment.
    pub dedupe_key: String,
    /// To whose telephone.
    pub to: Msisdn,
    /// In which language.
    pub language: Language,
    /// What it says.
    pub text: Secret<String>,
    /// The same with stars for codes.
    pub shown: String,
    /// As how many messages it goes out.
    pub parts: u16,
    /// What was paid for.
    pub payment: Option<PaymentId>,
    /// Now.
    pub now: Timestamp,
    /// After that, nobody wants it any more.
    pub wanted_until: Timestamp,
}

const fn place(id: MessageId) -> Place {
    Place::new("messages", "text_sealed", id.uuid())
}

/// Writes a message down, and the job that sends it once the transaction has committed. Returns whether it is new: one for
/// the same reason is left as it is.
pub async fn enqueue(tx: &mut TenantTx, new: &NewMessage) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let clear = SecretBytes::new(new.text.expose().as_bytes().to_vec());
    let sealed = tx.sealing_keys().await?.seal(&tx.keyring(), &place(new.id), &clear)?;
    let added = sqlx::query!(
        "insert into messages (
             tenant_id, id, kind, dedupe_key, phone, language, text_sealed, shown, parts, state, payment_id, created_at,
             changed_at, wanted_until
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'queued', $10, $11, $11, $12)
         on conflict (tenant_id, dedupe_key) do nothing",
        tenant,
        new.id.uuid(),
        new.kind.code(),
        new.dedupe_key,
        new.to.expose(),
        new.language.as_str(),
        sealed,
        clipped(&new.shown, TEXT_MAX),
        i32::from(new.parts.clamp(1, 255)),
        new.payment.map(|id| id.uuid()),
        Instant(new.now) as _,
        Instant(new.wanted_until) as _,
    )
    .execute(tx.connection())
    .await?;
    let is_new = added.rows_affected() == 1;
    if is_new {
        wake(tx, new.id, new.kind, &new.to, new.now).await?;
    }
    Ok(is_new)
}

/// Has a message sent as soon as the transaction has committed, as a new one or once more.
pub async fn wake(
    tx: &mut TenantTx,
    id: MessageId,
    kind: MessageKind,
    to: &Msisdn,
    now: Timestamp,
) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let about = format!("text message {} to {to}", kind.code());
    sqlx::query!(
        "insert into jobs (tenant_id, id, kind, about, created_at, due_at)
         select tenant_id, id, $3, $4, $5, $5
         from messages
         where tenant_id = $1 and id = $2
         on conflict (tenant_id, id) do update
         set due_at = excluded.due_at, done_at = null, parked_at = null, tries = 0, fault = null",
        tenant,
        id.uuid(),
        JobKind::Sms.code(),
        clipped(&about, ABOUT_MAX),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The message with an id.
pub async fn find(tx: &mut TenantTx, id: MessageId) -> Result<Option<Message>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        MessageRow,
        r#"select id, kind, phone, language, shown, parts, state, tries, unsure, reference, cost, said, payment_id,
                  created_at as "created_at: Instant", changed_at as "changed_at: Instant",
                  wanted_until as "wanted_until: Instant"
           from messages
           where tenant_id = $1 and id = $2"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Message::try_from)
    .transpose()
}

/// The same, which nobody else changes until the transaction ends.
pub async fn lock(tx: &mut TenantTx, id: MessageId) -> Result<Option<Message>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("select 1 as one from messages where tenant_id = $1 and id = $2 for no key update", tenant, id.uuid())
        .fetch_optional(tx.connection())
        .await?;
    find(tx, id).await
}

/// What a message says; `None` once it was taken, or forgotten.
pub async fn text(tx: &mut TenantTx, id: MessageId) -> Result<Option<Secret<String>>, StoreError> {
    let tenant = tx.tenant_uuid();
    let sealed =
        sqlx::query_scalar!("select text_sealed from messages where tenant_id = $1 and id = $2", tenant, id.uuid())
            .fetch_optional(tx.connection())
            .await?
            .flatten();
    let Some(sealed) = sealed else { return Ok(None) };
    let clear = tx.unseal(&place(id), &sealed).await?;
    let text = String::from_utf8(clear.expose().to_vec()).map_err(|_| StoreError::corrupt("messages", id.uuid()))?;
    Ok(Some(Secret::new(text)))
}

/// Whether what a message says is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Text {
    /// It is: it may be sent again.
    Kept,
    /// It is forgotten.
    Forgotten,
}

/// Writes down how far a message is.
pub async fn save(tx: &mut TenantTx, message: &Message, text: Text) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update messages
         set state = $3, tries = $4, unsure = $5, reference = $6, cost = $7, said = $8, changed_at = $9,
             wanted_until = $10, text_sealed = case when $11 then text_sealed end
         where tenant_id = $1 and id = $2",
        tenant,
        message.id.uuid(),
        message.state.code(),
        integer(message.tries),
        integer(message.unsure),
        message.reference.as_deref().map(|text| clipped(text, WORD_MAX)),
        message.cost.as_deref().map(|text| clipped(text, WORD_MAX)),
        message.said.as_deref().map(|text| clipped(text, SAID_MAX)),
        Instant(message.changed_at) as _,
        Instant(message.wanted_until) as _,
        text == Text::Kept,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Which messages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// To this telephone.
    pub to: Option<Msisdn>,
    /// Of this kind.
    pub kind: Option<MessageKind>,
    /// That are so far.
    pub state: Option<MessageState>,
}

/// The ISP's messages, newest first.
pub async fn list(
    tx: &mut TenantTx,
    filter: &Filter,
    page: Page<MessageId>,
) -> Result<Listed<Message, MessageId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_as!(
        MessageRow,
        r#"select id, kind, phone, language, shown, parts, state, tries, unsure, reference, cost, said, payment_id,
                  created_at as "created_at: Instant", changed_at as "changed_at: Instant",
                  wanted_until as "wanted_until: Instant"
           from messages
           where tenant_id = $1
             and id < $2
             and ($3::text is null or phone = $3)
             and ($4::text is null or kind = $4)
             and ($5::text is null or state = $5)
           order by id desc
           limit $6"#,
        tenant,
        page.key().map_or(Uuid::max(), |id| id.uuid()),
        filter.to.as_ref().map(Msisdn::expose),
        filter.kind.map(MessageKind::code),
        filter.state.map(MessageState::code),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let messages = rows.into_iter().map(Message::try_from).collect::<Result<_, _>>()?;
    Ok(page.cut(messages, |message: &Message| message.id))
}

/// Messages that failed and may be sent once more, oldest first, at most `limit`.
pub async fn failed(tx: &mut TenantTx, limit: u32) -> Result<Vec<MessageId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        "select id from messages
         where tenant_id = $1 and state = 'failed' and text_sealed is not null
         order by id
         limit $2",
        tenant,
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(ids.into_iter().map(MessageId::from_uuid).collect())
}

/// When messages of a kind were asked for since then, the newest first: those to a telephone, or all.
pub async fn asked_since(
    tx: &mut TenantTx,
    kind: MessageKind,
    to: Option<&Msisdn>,
    since: Timestamp,
) -> Result<Vec<Timestamp>, StoreError> {
    let tenant = tx.tenant_uuid();
    let moments = sqlx::query_scalar!(
        r#"select created_at as "created_at: Instant"
           from messages
           where tenant_id = $1 and kind = $2 and created_at > $3 and ($4::text is null or phone = $4)
           order by created_at desc
           limit $5"#,
        tenant,
        kind.code(),
        Instant(since) as _,
        to.map(Msisdn::expose),
        COUNTED_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(moments.into_iter().map(|at| at.0).collect())
}

/// Forgets what messages said that are over since then, and lets go of those that were asked for before `gone`, some at a
/// time. Returns how many went.
pub async fn forget(tx: &mut TenantTx, texts: Timestamp, gone: Timestamp) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update messages set text_sealed = null
         where tenant_id = $1
           and id in (
               select id from messages
               where tenant_id = $1 and state in ('failed', 'unknown') and text_sealed is not null and changed_at < $2
               limit $3
           )",
        tenant,
        Instant(texts) as _,
        FORGOTTEN_AT_ONCE,
    )
    .execute(tx.connection())
    .await?;
    let went = sqlx::query!(
        "delete from messages
         where tenant_id = $1
           and id in (
               select id from messages
               where tenant_id = $1 and created_at < $2 and state in ('sent', 'failed', 'unknown')
               order by created_at
               limit $3
           )",
        tenant,
        Instant(gone) as _,
        FORGOTTEN_AT_ONCE,
    )
    .execute(tx.connection())
    .await?;
    Ok(went.rows_affected())
}

fn clipped(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

struct MessageRow {
    id: Uuid,
    kind: String,
    phone: String,
    language: String,
    shown: String,
    parts: i32,
    state: String,
    tries: i32,
    unsure: i32,
    reference: Option<String>,
    cost: Option<String>,
    said: Option<String>,
    payment_id: Option<Uuid>,
    created_at: Instant,
    changed_at: Instant,
    wanted_until: Instant,
}

impl TryFrom<MessageRow> for Message {
    type Error = StoreError;
    fn try_from(row: MessageRow) -> Result<Self, StoreError> {
        let corrupt = || StoreError::corrupt("messages", row.id);
        Ok(Self {
            id: MessageId::from_uuid(row.id),
            kind: MessageKind::from_code(&row.kind).ok_or_else(corrupt)?,
            to: stored_phone(&row.phone).ok_or_else(corrupt)?,
            language: row.language.parse().map_err(|_| corrupt())?,
            parts: u16::try_from(row.parts).map_err(|_| corrupt())?,
            state: MessageState::from_code(&row.state).ok_or_else(corrupt)?,
            tries: u32::try_from(row.tries).map_err(|_| corrupt())?,
            unsure: u32::try_from(row.unsure).map_err(|_| corrupt())?,
            payment: row.payment_id.map(PaymentId::from_uuid),
            created_at: row.created_at.0,
            changed_at: row.changed_at.0,
            wanted_until: row.wanted_until.0,
            shown: row.shown,
            reference: row.reference,
            cost: row.cost,
            said: row.said,
        })
    }
}
