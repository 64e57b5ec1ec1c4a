//! Sells a voucher: a printed card that waits for its sale, or a fresh code for a customer at the counter.

use domain::id::VoucherId;
use domain::phone::Msisdn;
use domain::platform::audit::{Change, Thing, Verb};
use domain::sales::batch::{Batch, Channel};
use domain::sales::plan::{Plan, PlanService, ValidityAnchor};
use domain::sales::voucher::{VoucherCode, VoucherState};
use domain::time::{Timestamp, Zone};
use policy::sales::codes;
use store::platform::audit;
use store::sales::vouchers::NewVouchers;
use store::sales::{batches, plans, vouchers};
use store::{Store, StoreError, TenantScope, TenantTx};
use thiserror::Error;

use crate::context::Context;

/// Codes tried before the source of randomness must be at fault.
const TRIES_MAX: usize = 5;

/// A voucher that was sold just now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sold {
    /// Its code.
    pub code: VoucherCode,
    /// Its end; `None` while it waits for its first use.
    pub until: Option<Timestamp>,
}

/// Why nothing was sold.
#[derive(Debug, Error)]
pub enum SellError {
    /// No such card.
    #[error("there is no voucher with that code: check capital and small letters")]
    Unknown,
    /// It cannot be sold any more.
    #[error("the voucher is {0}: it cannot be sold")]
    NotForSale(&'static str),
    /// Vouchers are for hotspots.
    #[error("plan `{0}` is for {1} lines: vouchers are sold for hotspot plans only")]
    NotHotspot(String, &'static str),
    /// No fresh code came.
    #[error("no unused code could be found")]
    Exhausted,
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Marks a printed card as sold; its time begins now where its plan counts from the sale.
pub async fn sell_printed(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    code: &VoucherCode,
    context: Context<'_>,
) -> Result<Sold, SellError> {
    let now = context.now();
    let mut tx = store.tenant(scope).await?;
    let voucher = vouchers::find_by_code(&mut tx, code).await?.ok_or(SellError::Unknown)?;
    let plan = plans::list(&mut tx).await?.into_iter().find(|plan| plan.id == voucher.plan);
    let terms = plan.ok_or(StoreError::Missing { what: "plan" })?.terms;
    let not_for_sale = || SellError::NotForSale(voucher.state.name(now));
    let Some(VoucherState::Sold { until, .. }) = voucher.state.sold(terms.anchor, terms.duration, zone, now) else {
        return Err(not_for_sale());
    };
    if !vouchers::mark_sold(&mut tx, voucher.id, now, until).await? {
        return Err(not_for_sale());
    }
    note_sale(&mut tx, voucher.id, until, context).await?;
    tx.commit().await?;
    Ok(Sold { code: voucher.code, until })
}

/// Makes one voucher and sells it at once, to a phone number where one is given: it may then log in by that number.
pub async fn sell_new(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    plan: &Plan,
    buyer: Option<Msisdn>,
    context: Context<'_>,
) -> Result<Sold, SellError> {
    let mut tx = store.tenant(scope).await?;
    let wanted = Wanted { buyer, channel: Channel::Printed, code: None };
    let (id, sold) = sell_in(&mut tx, zone, plan, wanted, context).await?;
    note_sale(&mut tx, id, sold.until, context).await?;
    tx.commit().await?;
    Ok(sold)
}

/// A voucher that is made and sold at once.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The phone number that may log in with it.
    pub(crate) buyer: Option<Msisdn>,
    /// Where it comes into the world.
    pub(crate) channel: Channel,
    /// Its code, where that is free.
    pub(crate) code: Option<VoucherCode>,
}

/// Makes one voucher and sells it at once, in a deed's own transaction. The deed notes it in the audit.
pub(crate) async fn sell_in(
    tx: &mut TenantTx,
    zone: &Zone,
    plan: &Plan,
    wanted: Wanted,
    context: Context<'_>,
) -> Result<(VoucherId, Sold), SellError> {
    if plan.service != PlanService::Hotspot {
        return Err(SellError::NotHotspot(plan.name.to_string(), plan.service.code()));
    }
    let now = context.now();
    let until = match plan.terms.anchor {
        ValidityAnchor::Purchase | ValidityAnchor::Sale => Some(plan.terms.duration.end_from(now, zone)),
        ValidityAnchor::FirstUse => None,
    };
    let batch = Batch {
        id: context.new_id(),
        plan: plan.id,
        channel: wanted.channel,
        size: 1,
        note: String::new(),
        sell_by: None,
        created_at: now,
    };
    let made = NewVouchers {
        batch: batch.id,
        plan: plan.id,
        bought_by: wanted.buyer,
        sell_by: None,
        sold_at: Some(now),
        expires_at: until,
        created_at: now,
    };
    batches::add(tx, &batch).await?;
    let mut wish = wanted.code;
    for _ in 0..TRIES_MAX {
        let code =
            wish.take().unwrap_or_else(|| codes::make(codes::LENGTH, &mut |end| context.random().index_below(end)));
        let id = context.new_id();
        let accepted = vouchers::insert_codes(tx, &[(id, code)], &made).await?;
        if let Some(code) = accepted.into_iter().next() {
            return Ok((id, Sold { code, until }));
        }
    }
    Err(SellError::Exhausted)
}

async fn note_sale(
    tx: &mut TenantTx,
    voucher: VoucherId,
    until: Option<Timestamp>,
    context: Context<'_>,
) -> Result<(), StoreError> {
    let changes = vec![Change::of("until", None, until)];
    audit::note(tx, &[context.audit(Verb::SellVoucher, Thing::Voucher(voucher), changes)]).await
}
