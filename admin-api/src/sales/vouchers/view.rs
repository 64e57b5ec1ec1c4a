//! Vouchers as JSON, and as rows of a file.

use domain::phone::Msisdn;
use domain::sales::plan::Plan;
use domain::sales::voucher::VoucherState;
use domain::time::Timestamp;
use exports::table::Cell;
use serde::Serialize;
use store::sales::vouchers::Voucher;
use utoipa::ToSchema;

use crate::shapes::{MoneyView, moment, units};

/// A code that buys access.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = Voucher)]
pub(in crate::sales) struct VoucherView {
    /// Its id.
    #[schema(format = Uuid)]
    pub(in crate::sales) id: String,
    /// Its code.
    pub(in crate::sales) code: String,
    /// What it is now: printed, unused, active, expired or revoked.
    pub(in crate::sales) state: String,
    /// The plan that it buys.
    #[schema(format = Uuid)]
    plan_id: String,
    /// That plan's short name.
    plan: String,
    /// What it costs.
    price: Option<MoneyView>,
    /// The batch it belongs to.
    #[schema(format = Uuid)]
    batch_id: String,
    /// The customer it belongs to.
    #[schema(format = Uuid)]
    customer_id: Option<String>,
    /// The number that bought it.
    phone: Option<String>,
    /// When it was sold, while it waits for its first use.
    #[schema(format = DateTime)]
    sold_at: Option<String>,
    /// When it was first used.
    #[schema(format = DateTime)]
    first_used_at: Option<String>,
    /// When it ends; null while its time has not begun.
    #[schema(format = DateTime)]
    ends_at: Option<String>,
    /// The last moment at which it may be sold or first used.
    #[schema(format = DateTime)]
    sell_by: Option<String>,
    /// When it was taken back.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

/// The dates of a voucher's life, as far as its state keeps them.
#[derive(Default)]
struct Dates {
    sold: Option<Timestamp>,
    first_used: Option<Timestamp>,
    ends: Option<Timestamp>,
    sell_by: Option<Timestamp>,
    revoked: Option<Timestamp>,
}

impl Dates {
    fn of(state: VoucherState) -> Self {
        match state {
            VoucherState::Printed { sell_by } => Self { sell_by, ..Self::default() },
            VoucherState::Sold { at, until, sell_by } => {
                Self { sold: Some(at), ends: until, sell_by, ..Self::default() }
            }
            VoucherState::Active { since, until } => {
                Self { first_used: Some(since), ends: Some(until), ..Self::default() }
            }
            VoucherState::Revoked { at } => Self { revoked: Some(at), ..Self::default() },
        }
    }
}

impl VoucherView {
    pub(in crate::sales) fn new(voucher: &Voucher, plan: Option<&Plan>, now: Timestamp) -> Self {
        let dates = Dates::of(voucher.state);
        Self {
            id: voucher.id.to_string(),
            code: voucher.code.expose().to_owned(),
            state: voucher.state.name(now).to_owned(),
            plan_id: voucher.plan.to_string(),
            plan: plan.map(|plan| plan.name.to_string()).unwrap_or_default(),
            price: plan.map(|plan| plan.terms.price.into()),
            batch_id: voucher.batch.to_string(),
            customer_id: voucher.customer.map(|id| id.to_string()),
            phone: voucher.bought_by.as_ref().map(|phone| phone.expose().to_owned()),
            sold_at: moment(dates.sold),
            first_used_at: moment(dates.first_used),
            ends_at: moment(dates.ends),
            sell_by: moment(dates.sell_by),
            revoked_at: moment(dates.revoked),
            created_at: voucher.created_at.to_string(),
        }
    }

    /// The row of a file, in the order of [`super::COLUMNS`].
    pub(super) fn cells(&self, voucher: &Voucher) -> Vec<Cell> {
        let dates = Dates::of(voucher.state);
        let price = self.price.as_ref();
        vec![
            Cell::text(&self.code),
            Cell::text(&self.plan),
            price.map_or(Cell::Empty, |price| Cell::Number(units(price.minor))),
            price.map_or(Cell::Empty, |price| Cell::text(&price.currency)),
            Cell::text(&self.state),
            Cell::at(dates.first_used),
            Cell::at(dates.ends),
            Cell::maybe(voucher.bought_by.as_ref().map(Msisdn::expose)),
            Cell::At(voucher.created_at),
            Cell::text(&self.id),
        ]
    }
}
