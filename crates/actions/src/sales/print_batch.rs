//! Prints a batch of vouchers: fresh codes, unique over all tenants, in one transaction.

use domain::platform::audit::{Change, Thing, Verb};
use domain::sales::batch::{Batch, Channel};
use domain::sales::plan::{Plan, PlanService, ValidityAnchor};
use domain::sales::voucher::VoucherCode;
use domain::time::Timestamp;
use policy::sales::codes;
use store::platform::audit;
use store::sales::vouchers::NewVouchers;
use store::sales::{batches, vouchers};
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::platform::entitle::{self, Unentitled};

/// Codes written by one statement.
const CHUNK: usize = 1_000;

/// Rounds without a single fresh code after which something must be wrong with the source of randomness.
const FRUITLESS_MAX: usize = 5;

/// What to print.
#[derive(Clone, Debug)]
pub struct Order {
    /// How many, 1 to [`Batch::SIZE_MAX`].
    pub count: u32,
    /// Characters of a code.
    pub length: usize,
    /// A word of staff about the batch.
    pub note: String,
    /// The last moment at which a voucher of it may be sold or first used.
    pub sell_by: Option<Timestamp>,
}

/// Why nothing was printed.
#[derive(Debug, Error)]
pub enum PrintError {
    /// Vouchers are for hotspots.
    #[error("plan `{0}` is for {1} lines: vouchers can be printed for hotspot plans only")]
    NotHotspot(String, &'static str),
    /// The time of such a voucher runs from its payment, so a printed one could never be used.
    #[error(
        "plan `{0}` counts from the moment of payment: printed cards need a plan with the validity anchor first_use or sale"
    )]
    AnchoredAtPurchase(String),
    /// Too many or none.
    #[error("a batch has 1 to {max} vouchers, not {0}", max = Batch::SIZE_MAX)]
    Count(u32),
    /// The note is too long.
    #[error("the note has {0} characters: at most {max} fit", max = Batch::NOTE_MAX)]
    Note(usize),
    /// The ISP's tier has no hotspots.
    #[error(transparent)]
    Unentitled(#[from] Unentitled),
    /// No fresh codes came.
    #[error("no unused codes could be found: choose a greater length")]
    Exhausted,
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Prints a batch. `progress` hears how many of them are done.
///
/// All or nothing: a batch that fails half-way leaves no voucher behind.
pub async fn print_batch(
    store: &Store,
    scope: &TenantScope,
    plan: &Plan,
    order: Order,
    context: Context<'_>,
    progress: &mut (dyn FnMut(u32) + Send),
) -> Result<(Batch, Vec<VoucherCode>), PrintError> {
    check(plan, &order)?;
    let batch = Batch {
        id: context.new_id(),
        plan: plan.id,
        channel: Channel::Printed,
        size: order.count,
        note: order.note,
        sell_by: order.sell_by,
        created_at: context.now(),
    };
    let made = NewVouchers {
        batch: batch.id,
        plan: plan.id,
        bought_by: None,
        sell_by: order.sell_by,
        sold_at: None,
        expires_at: None,
        created_at: batch.created_at,
    };
    let wanted = order.count as usize;
    let mut printed: Vec<VoucherCode> = Vec::with_capacity(wanted);
    let mut fruitless = 0;
    let mut tx = store.tenant(scope).await?;
    entitle::may_offer(&mut tx, plan.service, context).await?;
    batches::add(&mut tx, &batch).await?;
    while printed.len() < wanted {
        let count = CHUNK.min(wanted - printed.len());
        let fresh: Vec<_> = (0..count)
            .map(|_| (context.new_id(), codes::make(order.length, &mut |end| context.random().index_below(end))))
            .collect();
        let accepted = vouchers::insert_codes(&mut tx, &fresh, &made).await?;
        fruitless = if accepted.is_empty() { fruitless + 1 } else { 0 };
        if fruitless == FRUITLESS_MAX {
            return Err(PrintError::Exhausted);
        }
        printed.extend(accepted);
        progress(u32::try_from(printed.len()).unwrap_or(order.count));
    }
    let changes = vec![
        Change::of("plan", None, Some(plan.name.to_string())),
        Change::of("count", None, Some(batch.size.to_string())),
    ];
    audit::note(&mut tx, &[context.audit(Verb::PrintBatch, Thing::Batch(batch.id), changes)]).await?;
    tx.commit().await?;
    Ok((batch, printed))
}

fn check(plan: &Plan, order: &Order) -> Result<(), PrintError> {
    if plan.service != PlanService::Hotspot {
        return Err(PrintError::NotHotspot(plan.name.to_string(), plan.service.code()));
    }
    if plan.terms.anchor == ValidityAnchor::Purchase {
        return Err(PrintError::AnchoredAtPurchase(plan.name.to_string()));
    }
    if !(1..=Batch::SIZE_MAX).contains(&order.count) {
        return Err(PrintError::Count(order.count));
    }
    let note = order.note.chars().count();
    if note > Batch::NOTE_MAX { Err(PrintError::Note(note)) } else { Ok(()) }
}
