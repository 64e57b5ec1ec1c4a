//! First uses of vouchers that memory knows and the database does not yet. Written behind, within a second.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::access::facts::Holder;
use domain::id::{TenantId, VoucherId};
use domain::sales::voucher::FirstUse;
use store::sales::vouchers;
use store::{StoreError, TenantScope};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use crate::node::Node;

/// How often they are written.
const EVERY: Duration = Duration::from_millis(500);

/// Those that are written in one transaction.
const BATCH_MAX: usize = 500;

/// A voucher that was used for the first time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Noted {
    tenant: TenantId,
    voucher: VoucherId,
    first_use: FirstUse,
}

/// First uses that wait to be written: each voucher has one, so there are at most as many as vouchers in memory.
#[derive(Debug, Default)]
pub(crate) struct FirstUses(Mutex<Vec<Noted>>);

impl FirstUses {
    /// Notes one.
    pub(crate) fn note(&self, tenant: TenantId, holder: Holder, first_use: FirstUse) {
        if let Holder::Voucher(voucher) = holder {
            self.waiting().push(Noted { tenant, voucher, first_use });
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Noted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes all that wait. What could not be written goes on waiting.
    pub(crate) async fn save(&self, node: &Node) -> Result<(), StoreError> {
        loop {
            let mut some: Vec<Noted> = {
                let mut waiting = self.waiting();
                let Some(first) = waiting.first().copied() else { return Ok(()) };
                let (some, others): (Vec<_>, Vec<_>) =
                    std::mem::take(&mut *waiting).into_iter().partition(|noted| noted.tenant == first.tenant);
                *waiting = others;
                some
            };
            let rest = some.split_off(some.len().min(BATCH_MAX));
            self.waiting().extend(rest);
            if let Err(why) = write(node, &some).await {
                self.waiting().append(&mut some);
                return Err(why);
            }
        }
    }
}

async fn write(node: &Node, some: &[Noted]) -> Result<(), StoreError> {
    let Some(first) = some.first() else { return Ok(()) };
    let mut tx = node.store.tenant(&TenantScope::of_journal(first.tenant)).await?;
    for noted in some {
        match vouchers::note_first_use(&mut tx, noted.voucher, noted.first_use).await {
            Ok(_) => {}
            // It was deleted meanwhile: there is nothing to note it on.
            Err(StoreError::Missing { .. }) => debug!(voucher.id = %noted.voucher, "a used voucher is gone"),
            Err(why) => return Err(why),
        }
    }
    tx.commit().await
}

/// Writes first uses until the role stops, and then once more.
pub(crate) async fn keep_saving(node: Arc<Node>, shutdown: CancellationToken) {
    loop {
        let last = shutdown.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none();
        match node.first_uses.save(&node).await {
            Ok(()) => {}
            Err(why) if why.is_unavailable() => debug!("first uses wait for the database: {why}"),
            Err(why) => error!("first uses of vouchers cannot be written: {why}"),
        }
        if last {
            return;
        }
    }
}
