//! Accounting, from a verified packet to an answer.
//!
//! RFC 2866 §4.1: answer only what has been recorded. Records are written in groups, a tenant's in one transaction,
//! and the answers leave after the commit. What could not be written gets no answer, and the router repeats it.
//! Never decides anything: see `policy::access::metering`.

use std::collections::BTreeMap;
use std::sync::Arc;

use actions::access::record_usage;
use dictionaries::rfc2865;
use domain::access::usage::{NasRestart, UsageRecord};
use domain::id::TenantId;
use nas::usage::Reported;
use radius::{Code, PACKET_MAX, Packet, Writer};
use store::StoreError;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::directory::registry::KnownNas;
use crate::door::{Dropped, Port};
use crate::endpoint::Replier;
use crate::meters::Outcome;
use crate::node::{BUDGET, Node};

/// Records written in one transaction at most.
const BATCH_MAX: usize = 1_000;

/// A record that waits to be written, with the right to answer its packet.
#[derive(Debug)]
pub(crate) struct Job {
    what: What,
    nas: Arc<KnownNas>,
    /// The packet, for its answer.
    bytes: Box<[u8]>,
    replier: Replier,
    arrived: Instant,
}

#[derive(Debug)]
enum What {
    Usage(Box<UsageRecord>),
    Restart(NasRestart),
}

/// Reads a verified Accounting-Request and queues it.
pub(crate) fn take(node: &Arc<Node>, packet: &Packet<'_>, nas: Arc<KnownNas>, replier: Replier, arrived: Instant) {
    let what = match nas::usage::usage(packet, &nas.nas, node.clock.now()) {
        Reported::Usage(record) => What::Usage(Box::new(record)),
        Reported::Restart(restart) => What::Restart(restart),
        Reported::Ignored(why) => {
            debug!(nas.id = %nas.nas.id, "nothing to record from `{}`: {why}", nas.nas.name);
            return respond(node, packet, &nas, replier, arrived);
        }
    };
    let job = Job { what, nas, bytes: packet.as_bytes().into(), replier, arrived };
    match node.records.try_send(job) {
        Ok(()) => {
            node.meters.accounting_waiting.inc();
        }
        Err(_full) => node.meters.dropped(Port::Acct, packet.code().name(), Dropped::Overload),
    }
}

fn respond(node: &Node, packet: &Packet<'_>, nas: &KnownNas, replier: Replier, arrived: Instant) {
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::reply(&mut buffer, Code::AccountingResponse, packet);
    if writer.copy_all(rfc2865::PROXY_STATE, packet).is_err() {
        return node.meters.dropped(Port::Acct, packet.code().name(), Dropped::TooLong);
    }
    replier.send(writer.finish(&nas.secret));
    node.meters.answered(packet.code().name(), Outcome::Recorded);
    node.meters.accounting_seconds.observe(arrived.elapsed().as_secs_f64());
}

/// Writes what is queued until the role stops, and then what is left, so that nothing taken in is lost.
///
/// No timer: whatever gathered during one commit is the next batch, so an idle system answers after one commit and a
/// busy one batches by itself.
pub(crate) async fn write_records(node: Arc<Node>, mut jobs: mpsc::Receiver<Job>, stop: CancellationToken) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    loop {
        let taken = tokio::select! {
            biased;
            taken = jobs.recv_many(&mut batch, BATCH_MAX) => taken,
            () = stop.cancelled() => {
                jobs.close();
                jobs.recv_many(&mut batch, BATCH_MAX).await
            }
        };
        if taken == 0 {
            return;
        }
        node.meters.accounting_waiting.dec_by(i64::try_from(batch.len()).unwrap_or(i64::MAX));
        let mut by_tenant: BTreeMap<TenantId, Vec<Job>> = BTreeMap::new();
        for job in batch.drain(..) {
            by_tenant.entry(job.nas.nas.tenant).or_default().push(job);
        }
        for jobs in by_tenant.into_values() {
            write_tenant(&node, jobs).await;
        }
    }
}

/// Writes one tenant's records in order: runs of usage, and restarts between them.
async fn write_tenant(node: &Node, jobs: Vec<Job>) {
    let mut run: Vec<Job> = Vec::new();
    for job in jobs {
        match job.what {
            What::Usage(_) => run.push(job),
            What::Restart(restart) => {
                write_run(node, std::mem::take(&mut run)).await;
                write_restart(node, job, restart).await;
            }
        }
    }
    write_run(node, run).await;
}

/// Writes a run of usage records in one transaction, or, if one of them cannot be written, each in its own.
async fn write_run(node: &Node, run: Vec<Job>) {
    if run.is_empty() {
        return;
    }
    match record(node, &run).await {
        Ok(()) => run.into_iter().for_each(|job| done(node, job)),
        Err(why) if why.is_unavailable() || run.len() == 1 => run.into_iter().for_each(|job| lost(node, job, &why)),
        Err(why) => {
            warn!("a batch of {} accounting records could not be written, trying each alone: {why}", run.len());
            let mut away = None;
            for job in run {
                // Waiting for a database that is away once for each record would hold up all that come after them.
                if let Some(why) = &away {
                    lost(node, job, why);
                    continue;
                }
                match record(node, std::slice::from_ref(&job)).await {
                    Ok(()) => done(node, job),
                    Err(why) => {
                        lost(node, job, &why);
                        away = Some(why).filter(StoreError::is_unavailable);
                    }
                }
            }
        }
    }
}

async fn record(node: &Node, run: &[Job]) -> Result<(), StoreError> {
    let records: Vec<&UsageRecord> = run
        .iter()
        .filter_map(|job| match &job.what {
            What::Usage(record) => Some(&**record),
            What::Restart(_) => None,
        })
        .collect();
    let Some(scope) = run.first().map(|job| &job.nas.scope) else { return Ok(()) };
    let interim = node.settings.interim_seconds;
    let writing = record_usage::record_usage(&node.store, scope, &records, interim, node.context());
    let recorded = timeout(BUDGET, writing).await.map_err(|_elapsed| too_slow())??;
    #[expect(clippy::cast_precision_loss, reason = "a batch has at most a thousand records")]
    node.meters.accounting_batch.observe(records.len() as f64);
    node.meters.sessions_unannounced.inc_by(recorded.unannounced as u64);
    node.meters.sessions_placeless.inc_by(recorded.placeless as u64);
    Ok(())
}

async fn write_restart(node: &Node, job: Job, restart: NasRestart) {
    let writing = record_usage::record_restart(&node.store, &job.nas.scope, &restart);
    match timeout(BUDGET, writing).await.unwrap_or_else(|_elapsed| Err(too_slow())) {
        Ok(closed) => {
            info!(nas.id = %restart.nas, closed, "`{}` restarted: {closed} sessions ended", job.nas.nas.name);
            done(node, job);
        }
        Err(why) => lost(node, job, &why),
    }
}

fn too_slow() -> StoreError {
    StoreError::Unavailable { reason: "writing took too long".to_owned() }
}

fn done(node: &Node, job: Job) {
    let Job { nas, bytes, replier, arrived, .. } = job;
    if let Ok(packet) = Packet::parse(&bytes) {
        respond(node, &packet, &nas, replier, arrived);
    }
}

fn lost(node: &Node, job: Job, why: &StoreError) {
    let nas = &job.nas.nas;
    let code = Code::AccountingRequest.name();
    if why.is_unavailable() {
        node.complain(nas, job.replier.peer(), Dropped::Unavailable, why);
        node.meters.dropped(Port::Acct, code, Dropped::Unavailable);
    } else {
        error!(nas.id = %nas.id, "an accounting record of `{}` cannot be written: {why}", nas.name);
        node.meters.dropped(Port::Acct, code, Dropped::Unrecordable);
    }
}
