//! Writes down what became of a try to do a job: it is done, it is tried again later, or a person must look at it.

use domain::id::{DeliveryId, ExceptionId};
use domain::platform::job::{JobKind, Outcome};
use domain::support::exception::{Exception, ExceptionKind};
use policy::platform::retrying;
use store::platform::jobs::{self, Claimed};
use store::platform::webhooks;
use store::support::exceptions;
use store::{Store, StoreError, TenantTx};

use crate::context::Context;

/// What a job has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Settled {
    /// It is done.
    Done,
    /// It is tried again.
    Later,
    /// It is parked, and an exception tells staff.
    Parked,
}

/// Writes it down.
pub async fn settle_job(
    store: &Store,
    job: Claimed,
    kind: JobKind,
    outcome: Outcome,
    context: Context<'_>,
) -> Result<Settled, StoreError> {
    let now = context.now();
    let mut tx = store.tenant(&job.scope).await?;
    let settled = match outcome {
        Outcome::Done => {
            jobs::finish(&mut tx, job.id, now).await?;
            let (about, how) = (about(&mut tx, job, kind).await?, "it was done");
            exceptions::resolve(&mut tx, ExceptionKind::JobParked, &[about], now, how).await?;
            Settled::Done
        }
        Outcome::Later(why) => match retrying::wait_after(kind, job.tries) {
            Some(wait) => {
                jobs::postpone(&mut tx, job.id, now.plus(wait), &why).await?;
                Settled::Later
            }
            None => park(&mut tx, job, kind, &why, context).await?,
        },
        Outcome::Never(why) => park(&mut tx, job, kind, &why, context).await?,
    };
    tx.commit().await?;
    Ok(settled)
}

/// What an exception about a job is about: the job itself; of tellings their webhook, so that one that is away for days is
/// one trouble and not thousands.
async fn about(tx: &mut TenantTx, job: Claimed, kind: JobKind) -> Result<String, StoreError> {
    match kind {
        JobKind::Mail | JobKind::Prompt | JobKind::Reversal | JobKind::Sms => Ok(job.id.to_string()),
        JobKind::Webhook => {
            let webhook = webhooks::webhook_of(tx, DeliveryId::from_uuid(job.id.uuid())).await?;
            Ok(webhook.map_or_else(|| job.id.to_string(), |webhook| webhook.to_string()))
        }
    }
}

async fn park(
    tx: &mut TenantTx,
    job: Claimed,
    kind: JobKind,
    why: &str,
    context: Context<'_>,
) -> Result<Settled, StoreError> {
    let now = context.now();
    let Some(parked) = jobs::park(tx, job.id, now, why).await? else { return Ok(Settled::Done) };
    let id: ExceptionId = context.new_id();
    let what = format!(
        "{}: tried {} times in vain, the last time: {why}. Mend that, then `mnetifi job retry {}`",
        parked.about, job.tries, job.id
    );
    let trouble = Exception {
        id,
        kind: ExceptionKind::JobParked,
        about: about(tx, job, kind).await?,
        nas: None,
        session: None,
        holder: None,
        what: what.chars().take(WHAT_MAX).collect(),
        opened_at: now,
        seen_at: now,
        times: 1,
        resolved: None,
    };
    exceptions::open(tx, &[trouble]).await?;
    Ok(Settled::Parked)
}

/// Most characters of what an exception says.
const WHAT_MAX: usize = 500;
