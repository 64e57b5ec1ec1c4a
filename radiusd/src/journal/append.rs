//! Takes records from the queue to the disk, and lets their answers go.
//!
//! No timer: whatever gathered during one sync is the next group, so an idle system answers after one sync and a busy
//! one shares each among many. What could not be written gets no answer, and the router repeats it.

use std::sync::Arc;

use boot::health::State;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::AppendError;
use crate::accounting::Job;
use crate::door::Dropped;
use crate::node::Node;

/// Records of one sync at most.
const GROUP_MAX: usize = 1_000;

/// The name of the check in `/readyz`.
const CHECK: &str = "journal";

/// How the last group fared; a change is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Condition {
    Well,
    Full,
    Failing,
}

/// Appends what is queued until the role stops, and then what is left, so that nothing taken in is lost.
pub(crate) async fn append_groups(node: Arc<Node>, mut jobs: mpsc::Receiver<Job>, stop: CancellationToken) {
    let mut condition = Condition::Well;
    loop {
        let mut group = Vec::new();
        let taken = tokio::select! {
            biased;
            taken = jobs.recv_many(&mut group, GROUP_MAX) => taken,
            () = stop.cancelled() => {
                jobs.close();
                jobs.recv_many(&mut group, GROUP_MAX).await
            }
        };
        if taken == 0 {
            return;
        }
        node.meters.accounting_waiting.dec_by(i64::try_from(taken).unwrap_or(i64::MAX));
        let (journal, now) = (Arc::clone(&node.journal), node.clock.now());
        let appending = tokio::task::spawn_blocking(move || {
            let payloads: Vec<&[u8]> = group.iter().map(Job::payload).collect();
            let appended = journal.append(&payloads, now);
            (group, appended)
        });
        match appending.await {
            Ok((group, appended)) => {
                tell(&node, &mut condition, &appended);
                finish(&node, group, &appended);
            }
            Err(panicked) => error!("a group of accounting records is not answered: {panicked}"),
        }
    }
}

fn finish(node: &Node, group: Vec<Job>, appended: &Result<(), AppendError>) {
    for job in group {
        match appended {
            Ok(()) => job.answer(node),
            Err(AppendError::Full) => job.give_up(node, Dropped::JournalFull),
            Err(AppendError::Disk(_)) => job.give_up(node, Dropped::JournalFailed),
        }
    }
}

fn tell(node: &Node, condition: &mut Condition, appended: &Result<(), AppendError>) {
    let now = match appended {
        Ok(()) => Condition::Well,
        Err(AppendError::Full) => Condition::Full,
        Err(AppendError::Disk(_)) => Condition::Failing,
    };
    if now == std::mem::replace(condition, now) {
        return;
    }
    match appended {
        Ok(()) => {
            info!("accounting records are taken again");
            node.health.set(CHECK, State::Ready);
        }
        Err(why) => {
            error!("accounting is not answered: {why}");
            node.health.set(CHECK, State::NotReady { reason: why.to_string() });
        }
    }
}
