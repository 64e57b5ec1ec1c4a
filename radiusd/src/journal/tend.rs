//! What is done for the journal every second: its age is told, and records that a person has put back are taken in.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::AppendError;
use super::drain::{Stalled, with_disk};
use crate::node::Node;

/// How often.
const EVERY: Duration = Duration::from_secs(1);

/// Records that are taken in again at once.
const REQUEUED_MAX: usize = 500;

/// Tends the journal until the role stops.
pub(crate) async fn keep_tended(node: Arc<Node>, stop: CancellationToken) {
    let mut failing = false;
    while timeout(EVERY, stop.cancelled()).await.is_err() {
        note_age(&node);
        match take_requeued(&node).await {
            Ok(taken) => {
                failing = false;
                if taken > 0 {
                    info!(taken, "{taken} records that were kept aside are tried again");
                }
            }
            Err(why) if !std::mem::replace(&mut failing, true) => {
                warn!("records that were kept aside cannot be tried again now: {why}");
            }
            Err(_told) => {}
        }
    }
}

/// Tells how old the oldest record is that is not in the database. It grows while the database is away.
pub(crate) fn note_age(node: &Node) {
    let now = node.clock.now();
    let age = node.journal.oldest_at().map_or(0, |at| now.since(at).as_seconds().max(0));
    node.meters.journal_oldest_seconds.set(age);
}

/// Takes records into the journal that a person has put back. Returns how many.
pub(crate) async fn take_requeued(node: &Arc<Node>) -> Result<usize, Stalled> {
    let now = node.clock.now();
    with_disk(node, move |journal| {
        let quarantine = journal.quarantine();
        quarantine.count()?;
        let requeued = quarantine.requeued(REQUEUED_MAX)?;
        if requeued.is_empty() {
            return Ok(0);
        }
        let payloads: Vec<&[u8]> = requeued.iter().map(|(_, payload)| payload.as_slice()).collect();
        journal.append(&payloads, now).map_err(|why| match why {
            AppendError::Full => std::io::Error::other("the journal is full"),
            AppendError::Disk(why) => why,
        })?;
        // One that is not forgotten now is taken in again, and changes nothing the second time.
        for (path, _) in &requeued {
            quarantine.was_requeued(path)?;
        }
        Ok(requeued.len())
    })
    .await
}
