//! The outbox: what is to be done outside, written down in the transaction of the deed that wants it.

use domain::id::{DeliveryId, Id, JobId, MessageId, PaymentId, RefundId, TenantId};
use domain::messages::letter::Letter;
use domain::platform::job::{ABOUT_MAX, FAULT_MAX, Job, JobKind, JobState, Work};
use domain::secret::{Secret, SecretBytes};
use domain::time::{Span, Timestamp};
use uuid::Uuid;

use crate::columns::{Instant, at, uncounter};
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::scope::TenantScope;
use crate::sealing::Place;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// Jobs of one tenant that are taken at once: so that one with much to do does not keep the others waiting.
const TENANT_AT_ONCE: i64 = 4;

/// Done jobs that are let go of at once.
const FORGOTTEN_AT_ONCE: i64 = 1_000;

/// A job to write down.
#[derive(Debug)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// What it is about, in one line without secrets: at most [`ABOUT_MAX`] characters are kept.
    pub about: String,
    /// What is to be done.
    pub work: Work,
    /// When it is asked for. It is due at once.
    pub now: Timestamp,
}

/// Jobs of one kind that are not done, over all tenants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pile {
    /// Of which kind.
    pub kind: JobKind,
    /// Whether they are parked; else they wait to be tried, or tried again.
    pub is_parked: bool,
    /// How many they are.
    pub count: u64,
    /// When the oldest of them was asked for.
    pub oldest: Timestamp,
}

/// A job that this worker has taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claimed {
    /// The door to it.
    pub scope: TenantScope,
    /// Its id.
    pub id: JobId,
    /// How often it was tried, this time included.
    pub tries: u32,
}

/// Writes a job down. It is done once the transaction has committed.
pub async fn enqueue(tx: &mut TenantTx, job: &NewJob) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let keys = tx.sealing_keys().await?;
    let sealed = keys.seal(&tx.keyring(), &place(job.id), &SecretBytes::new(payload(&job.work)))?;
    sqlx::query!(
        "insert into jobs (tenant_id, id, kind, about, payload_sealed, created_at, due_at)
         values ($1, $2, $3, $4, $5, $6, $6)",
        tenant,
        job.id.uuid(),
        job.work.kind().code(),
        job.about.chars().take(ABOUT_MAX).collect::<String>(),
        sealed,
        Instant(job.now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Takes jobs of a kind that are due, of all tenants. Each counts as tried, and is due again after `lease` unless
/// somebody says what became of it. What another worker is taking at this moment is left to it.
pub async fn claim(
    tx: &mut SystemTx,
    kind: JobKind,
    now: Timestamp,
    lease: Span,
    limit: u16,
) -> Result<Vec<Claimed>, StoreError> {
    let rows = sqlx::query!(
        r#"with waiting as (
               select distinct tenant_id from jobs where kind = $1 and due_at <= $2
           ), picked as (
               select job.tenant_id, job.id
               from waiting
               cross join lateral (
                   select j.tenant_id, j.id
                   from jobs j
                   where j.tenant_id = waiting.tenant_id and j.kind = $1 and j.due_at <= $2
                   order by j.due_at
                   limit $4
                   for update skip locked
               ) job
               limit $5
           )
           update jobs
           set due_at = $3, tries = tries + 1
           from picked
           where jobs.tenant_id = picked.tenant_id and jobs.id = picked.id
           returning jobs.tenant_id, jobs.id, jobs.tries"#,
        kind.code(),
        Instant(now) as _,
        Instant(now.plus(lease)) as _,
        TENANT_AT_ONCE,
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    let claimed = rows.into_iter().map(|row| Claimed {
        scope: TenantScope::of_job(TenantId::from_uuid(row.tenant_id)),
        id: JobId::from_uuid(row.id),
        tries: u32::try_from(row.tries).unwrap_or(u32::MAX),
    });
    Ok(claimed.collect())
}

/// What lies there of all tenants. A kind of which nothing waits, or nothing is parked, is left out.
pub async fn piles(tx: &mut SystemTx) -> Result<Vec<Pile>, StoreError> {
    let rows = sqlx::query!(
        r#"select kind as "kind!", false as "is_parked!", count(*) as "count!", min(created_at) as "oldest!: Instant"
           from jobs
           where due_at is not null
           group by kind
           union all
           select kind, true, count(*), min(created_at)
           from jobs
           where parked_at is not null
           group by kind"#,
    )
    .fetch_all(tx.connection())
    .await?;
    let pile = rows.into_iter().map(|row| {
        Ok(Pile {
            kind: JobKind::from_code(&row.kind).ok_or_else(|| StoreError::corrupt("jobs", Uuid::nil()))?,
            is_parked: row.is_parked,
            count: uncounter(row.count),
            oldest: row.oldest.0,
        })
    });
    pile.collect()
}

/// What is to be done for a job; `None` when there is no such job, or when it is done.
pub async fn work(tx: &mut TenantTx, id: JobId) -> Result<Option<Work>, StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query!(
        "select kind, payload_sealed from jobs where tenant_id = $1 and id = $2 and done_at is null",
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let corrupt = || StoreError::corrupt("jobs", id.uuid());
    match JobKind::from_code(&row.kind).ok_or_else(corrupt)? {
        JobKind::Webhook => Ok(Some(Work::Webhook(DeliveryId::from_uuid(id.uuid())))),
        JobKind::Prompt => Ok(Some(Work::Prompt(PaymentId::from_uuid(id.uuid())))),
        JobKind::Reversal => Ok(Some(Work::Reversal(RefundId::from_uuid(id.uuid())))),
        JobKind::Sms => Ok(Some(Work::Sms(MessageId::from_uuid(id.uuid())))),
        JobKind::Mail => {
            let sealed = row.payload_sealed.ok_or_else(corrupt)?;
            let clear = tx.unseal(&place(id), &sealed).await?;
            letter_of(clear.expose()).map(|letter| Some(Work::Mail(letter))).ok_or_else(corrupt)
        }
    }
}

/// A job is done; what it held is forgotten.
pub async fn finish(tx: &mut TenantTx, id: JobId, now: Timestamp) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update jobs
         set done_at = $3, due_at = null, parked_at = null, fault = null, payload_sealed = null
         where tenant_id = $1 and id = $2 and done_at is null",
        tenant,
        id.uuid(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A job was tried in vain and is tried again then.
pub async fn postpone(tx: &mut TenantTx, id: JobId, due_at: Timestamp, fault: &str) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update jobs set due_at = $3, fault = $4
         where tenant_id = $1 and id = $2 and done_at is null and parked_at is null",
        tenant,
        id.uuid(),
        Instant(due_at) as _,
        shortened(fault),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A job is not tried any more until somebody says so. Returns it as staff sees it.
pub async fn park(tx: &mut TenantTx, id: JobId, now: Timestamp, fault: &str) -> Result<Option<Job>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update jobs set parked_at = $3, due_at = null, fault = $4
         where tenant_id = $1 and id = $2 and done_at is null",
        tenant,
        id.uuid(),
        Instant(now) as _,
        shortened(fault),
    )
    .execute(tx.connection())
    .await?;
    find(tx, id).await
}

/// A parked job is tried again, as often as a new one. Returns whether it was parked.
pub async fn retry(tx: &mut TenantTx, id: JobId, now: Timestamp) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update jobs set due_at = $3, parked_at = null, tries = 0
         where tenant_id = $1 and id = $2 and parked_at is not null",
        tenant,
        id.uuid(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// The job with an id.
pub async fn find(tx: &mut TenantTx, id: JobId) -> Result<Option<Job>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        JobRow,
        r#"select id, kind, about, created_at as "created_at: Instant", due_at as "due_at: Instant", tries, fault,
                  done_at as "done_at: Instant", parked_at as "parked_at: Instant"
           from jobs
           where tenant_id = $1 and id = $2"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Job::try_from)
    .transpose()
}

/// Whose job it is; `None` when there is none with that id.
pub async fn tenant_of(tx: &mut SystemTx, id: JobId) -> Result<Option<TenantId>, StoreError> {
    let tenant = sqlx::query_scalar!("select tenant_id from jobs where id = $1 limit 1", id.uuid())
        .fetch_optional(tx.connection())
        .await?;
    Ok(tenant.map(TenantId::from_uuid))
}

/// The tenant's jobs, newest first: all, or only those that wait and those that are parked.
pub async fn list(tx: &mut TenantTx, with_done: bool, page: Page<JobId>) -> Result<Listed<Job, JobId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let before = page.key().map_or(Uuid::max(), |id| id.uuid());
    let rows = sqlx::query_as!(
        JobRow,
        r#"select id, kind, about, created_at as "created_at: Instant", due_at as "due_at: Instant", tries, fault,
                  done_at as "done_at: Instant", parked_at as "parked_at: Instant"
           from jobs
           where tenant_id = $1 and id < $2 and ($3 or done_at is null)
           order by id desc
           limit $4"#,
        tenant,
        before,
        with_done,
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let jobs = rows.into_iter().map(Job::try_from).collect::<Result<_, _>>()?;
    Ok(page.cut(jobs, |job: &Job| job.id))
}

/// Lets go of jobs that were done before then, some at a time. Returns how many.
pub async fn forget_done(tx: &mut TenantTx, before: Timestamp) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let gone = sqlx::query!(
        "delete from jobs
         where tenant_id = $1
           and id in (select id from jobs where tenant_id = $1 and done_at < $2 limit $3)",
        tenant,
        Instant(before) as _,
        FORGOTTEN_AT_ONCE,
    )
    .execute(tx.connection())
    .await?;
    Ok(gone.rows_affected())
}

const fn place(id: JobId) -> Place {
    Place::new("jobs", "payload_sealed", id.uuid())
}

fn shortened(fault: &str) -> String {
    fault.chars().take(FAULT_MAX).collect()
}

/// Fields one after the other, each with its length before it. What is told, prompted, given back or said in few words stands elsewhere.
fn payload(work: &Work) -> Vec<u8> {
    let fields: &[&[u8]] = match work {
        Work::Mail(letter) => &[
            letter.to.as_str().as_bytes(),
            letter.from_name.as_bytes(),
            letter.subject.as_bytes(),
            letter.text.expose().as_bytes(),
        ],
        Work::Webhook(_) | Work::Prompt(_) | Work::Reversal(_) | Work::Sms(_) => &[],
    };
    let mut octets = Vec::with_capacity(fields.iter().map(|field| field.len() + 4).sum());
    for field in fields {
        octets.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        octets.extend_from_slice(field);
    }
    octets
}

/// The letter of a payload; `None` when it is none.
fn letter_of(mut octets: &[u8]) -> Option<Letter> {
    let mut field = || {
        let (length, rest) = octets.split_first_chunk::<4>()?;
        let (text, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        octets = rest;
        String::from_utf8(text.to_vec()).ok()
    };
    let to = field()?.parse().ok()?;
    let (from_name, subject) = (field()?, field()?);
    Some(Letter { to, from_name, subject, text: Secret::new(field()?) })
}

/// A job as its row has it.
pub(super) struct JobRow {
    pub(super) id: Uuid,
    pub(super) kind: String,
    pub(super) about: String,
    pub(super) created_at: Instant,
    pub(super) due_at: Option<Instant>,
    pub(super) tries: i32,
    pub(super) fault: Option<String>,
    pub(super) done_at: Option<Instant>,
    pub(super) parked_at: Option<Instant>,
}

impl TryFrom<JobRow> for Job {
    type Error = StoreError;
    fn try_from(row: JobRow) -> Result<Self, StoreError> {
        let corrupt = || StoreError::corrupt("jobs", row.id);
        let state = match (at(row.due_at), at(row.done_at), at(row.parked_at)) {
            (Some(due_at), None, None) => JobState::Waiting { due_at },
            (None, Some(at), None) => JobState::Done { at },
            (None, None, Some(at)) => JobState::Parked { at },
            _ => return Err(corrupt()),
        };
        Ok(Self {
            id: Id::from_uuid(row.id),
            kind: JobKind::from_code(&row.kind).ok_or_else(corrupt)?,
            about: row.about,
            created_at: row.created_at.0,
            state,
            tries: u32::try_from(row.tries).map_err(|_| corrupt())?,
            fault: row.fault,
        })
    }
}
