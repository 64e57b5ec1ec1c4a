//! One deed on many vouchers at once: taken back, extended or marked as sold, with a preview and what became of each.

use std::collections::{HashMap, HashSet};

use domain::id::{PlanId, VoucherId};
use domain::platform::audit::{Change, Thing, Verb};
use domain::sales::extension::Extension;
use domain::sales::plan::Plan;
use domain::sales::voucher::VoucherState;
use domain::time::{Timestamp, Zone};
use store::listing::Direction;
use store::platform::audit;
use store::sales::plans;
use store::sales::vouchers::listing::{self, Filter, Sort};
use store::sales::vouchers::many;
use store::sales::vouchers::{self, Voucher};
use store::{Page, Store, StoreError, TenantScope, TenantTx};
use thiserror::Error;

use crate::context::Context;

/// The most vouchers of one deed: it is one transaction.
pub const VOUCHERS_MAX: usize = 10_000;

/// Vouchers that are read at a time.
const PAGE: u16 = 1_000;

/// What is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// They are taken back.
    Revoke,
    /// Their ends are moved.
    Extend(Extension),
    /// They are marked as sold.
    Sell,
}

/// What becomes of a voucher.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It is done; with the end that the voucher has then.
    Done(Option<Timestamp>),
    /// It was taken back before.
    WasRevoked,
    /// It is sold, used or past its day already.
    NotForSale,
    /// Its time has not begun, so it has no end that could be moved.
    NotBegun,
    /// Its end would lie in the past.
    InThePast,
    /// Somebody else changed it at this moment.
    Changed,
}

impl Fate {
    /// Its name in answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::WasRevoked => "was_revoked",
            Self::NotForSale => "not_for_sale",
            Self::NotBegun => "not_begun",
            Self::InThePast => "in_the_past",
            Self::Changed => "changed_meanwhile",
        }
    }

    /// Whether it is done.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// Why nothing was done.
#[derive(Debug, Error)]
pub enum BulkError {
    /// More than one deed takes.
    #[error("more than {VOUCHERS_MAX} vouchers are meant: choose fewer, as those of one batch")]
    TooMany,
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What would become of each voucher that fits. Nothing is written.
pub async fn preview(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    chosen: &Filter,
    deed: Deed,
    now: Timestamp,
) -> Result<Vec<(Voucher, Fate)>, BulkError> {
    let mut tx = store.tenant(scope).await?;
    fates(&mut tx, zone, chosen, deed, now).await
}

/// Does it to each voucher that fits, all in one transaction. Those to which it cannot be done are left as they are.
pub async fn vouchers_in_bulk(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    chosen: &Filter,
    deed: Deed,
    context: Context<'_>,
) -> Result<Vec<(Voucher, Fate)>, BulkError> {
    let tx = store.tenant(scope).await?;
    carry_out(tx, zone, chosen, deed, context).await
}

/// Does it to one voucher, only if that is still as it was seen.
pub async fn voucher_as_seen(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    seen: &Voucher,
    deed: Deed,
    context: Context<'_>,
) -> Result<Fate, BulkError> {
    let mut tx = store.tenant(scope).await?;
    if vouchers::lock(&mut tx, seen.id).await?.as_ref() != Some(seen) {
        return Ok(Fate::Changed);
    }
    let chosen = Filter { ids: Some(vec![seen.id]), ..Filter::default() };
    let fates = carry_out(tx, zone, &chosen, deed, context).await?;
    Ok(fates.first().map_or(Fate::Changed, |(_, fate)| *fate))
}

async fn carry_out(
    mut tx: TenantTx,
    zone: &Zone,
    chosen: &Filter,
    deed: Deed,
    context: Context<'_>,
) -> Result<Vec<(Voucher, Fate)>, BulkError> {
    let now = context.now();
    let mut fates = fates(&mut tx, zone, chosen, deed, now).await?;
    let meant = fates.iter().filter_map(|(voucher, fate)| match fate {
        Fate::Done(until) => Some((voucher.id, present_end(voucher.state), *until)),
        Fate::WasRevoked | Fate::NotForSale | Fate::NotBegun | Fate::InThePast | Fate::Changed => None,
    });
    let done: Vec<VoucherId> = match deed {
        Deed::Revoke => {
            let ids: Vec<VoucherId> = meant.map(|(id, ..)| id).collect();
            many::revoke_many(&mut tx, &ids, now).await?
        }
        Deed::Sell => {
            let sold: Vec<_> = meant.map(|(id, _, until)| (id, until)).collect();
            many::mark_many_sold(&mut tx, &sold, now).await?
        }
        Deed::Extend(_) => {
            let moved: Vec<_> = meant.filter_map(|(id, from, until)| Some((id, from?, until?))).collect();
            many::move_ends(&mut tx, &moved).await?
        }
    };
    let done: HashSet<VoucherId> = done.into_iter().collect();
    let mut entries = Vec::with_capacity(done.len());
    for (voucher, fate) in &mut fates {
        let Fate::Done(until) = *fate else { continue };
        if !done.contains(&voucher.id) {
            *fate = Fate::Changed;
            continue;
        }
        let (verb, changes) = match deed {
            Deed::Revoke => (Verb::RevokeVoucher, Vec::new()),
            Deed::Sell => (Verb::SellVoucher, vec![Change::of("until", None, until)]),
            Deed::Extend(_) => (Verb::ExtendVoucher, vec![Change::of("until", present_end(voucher.state), until)]),
        };
        entries.push(context.audit(verb, Thing::Voucher(voucher.id), changes));
    }
    audit::note(&mut tx, &entries).await?;
    tx.commit().await?;
    Ok(fates)
}

/// What becomes of each voucher that fits, as it is now.
async fn fates(
    tx: &mut TenantTx,
    zone: &Zone,
    chosen: &Filter,
    deed: Deed,
    now: Timestamp,
) -> Result<Vec<(Voucher, Fate)>, BulkError> {
    let plans: HashMap<PlanId, Plan> =
        plans::load(tx, None).await?.found.into_iter().map(|plan| (plan.id, plan)).collect();
    let mut fates = Vec::new();
    let mut page = Page::first(PAGE);
    loop {
        let listed = listing::list(tx, chosen, (Sort::Made, Direction::Up), page).await?;
        for voucher in listed.rows {
            let fate = fate(&voucher, plans.get(&voucher.plan), zone, deed, now)?;
            fates.push((voucher, fate));
        }
        if fates.len() > VOUCHERS_MAX {
            return Err(BulkError::TooMany);
        }
        match listed.next {
            Some(next) => page = Page::after(next, PAGE),
            None => return Ok(fates),
        }
    }
}

fn fate(voucher: &Voucher, plan: Option<&Plan>, zone: &Zone, deed: Deed, now: Timestamp) -> Result<Fate, StoreError> {
    let is_revoked = matches!(voucher.state, VoucherState::Revoked { .. });
    Ok(match deed {
        Deed::Revoke if is_revoked => Fate::WasRevoked,
        Deed::Revoke => Fate::Done(present_end(voucher.state)),
        Deed::Sell => {
            let terms = &plan.ok_or(StoreError::Missing { what: "plan" })?.terms;
            match voucher.state.sold(terms.anchor, terms.duration, zone, now) {
                Some(VoucherState::Sold { until, .. }) => Fate::Done(until),
                Some(VoucherState::Printed { .. } | VoucherState::Active { .. } | VoucherState::Revoked { .. })
                | None => Fate::NotForSale,
            }
        }
        Deed::Extend(_) if is_revoked => Fate::WasRevoked,
        Deed::Extend(extension) => match present_end(voucher.state) {
            None => Fate::NotBegun,
            Some(end) => match extension.end(end, zone, now) {
                Ok(until) => Fate::Done(Some(until)),
                Err(_) => Fate::InThePast,
            },
        },
    })
}

/// The end that a voucher has now; `None` while its time has not begun, and after it was taken back.
const fn present_end(state: VoucherState) -> Option<Timestamp> {
    match state {
        VoucherState::Active { until, .. } => Some(until),
        VoucherState::Sold { until, .. } => until,
        VoucherState::Printed { .. } | VoucherState::Revoked { .. } => None,
    }
}
