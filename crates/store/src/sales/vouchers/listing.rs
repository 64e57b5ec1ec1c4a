//! Lists of vouchers: filtered, sorted and searched.

use domain::id::{BatchId, CustomerId, PlanId, VoucherId};
use domain::phone::Msisdn;
use domain::time::Timestamp;

use super::{Voucher, VoucherRow};
use crate::error::StoreError;
use crate::listing::{Ask, By, Condition, Direction, Key, Search, Value, Walk};
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

const COLUMNS: &str = "id, batch_id, plan_id, customer_id, code, bought_by, sell_by, sold_at, first_used_at, \
                       expires_at, revoked_at, created_at";

/// Where a voucher ends; where it has no end, so far away that nothing ends after it. As its index has it; never with
/// `coalesce`, which row-level security keeps from indexes.
macro_rules! ends {
    ($than:literal) => {
        concat!(
            "case when expires_at is not null then expires_at when sell_by is not null then sell_by ",
            "else '9999-12-31 00:00:00+00'::timestamptz end",
            $than
        )
    };
}

/// What a voucher is at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Not sold, as far as we know.
    Printed,
    /// Sold, and not used yet.
    Unused,
    /// In use.
    Active,
    /// Past its end.
    Expired,
    /// Taken back.
    Revoked,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Printed, Self::Unused, Self::Active, Self::Expired, Self::Revoked];

    /// Its name, as [`VoucherState::name`](domain::sales::voucher::VoucherState::name) gives it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Printed => "printed",
            Self::Unused => "unused",
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    /// What is true of it whatever the time is.
    const fn always(self) -> &'static str {
        match self {
            Self::Printed => "sold_at is null and first_used_at is null and revoked_at is null",
            Self::Unused => "sold_at is not null and first_used_at is null and revoked_at is null",
            Self::Active => "first_used_at is not null and revoked_at is null",
            Self::Expired => "revoked_at is null",
            Self::Revoked => "revoked_at is not null",
        }
    }

    /// What the time must be.
    fn at(self, now: Timestamp) -> Option<Condition> {
        match self {
            Self::Printed | Self::Unused | Self::Active => Some(Condition::of(ends!(" > ?"), Value::At(now))),
            Self::Expired => Some(Condition::of(ends!(" <= ?"), Value::At(now))),
            Self::Revoked => None,
        }
    }
}

/// Which vouchers to list: those of which all that is said is true.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Those with one of these ids.
    pub ids: Option<Vec<VoucherId>>,
    /// Those of one batch.
    pub batch: Option<BatchId>,
    /// Those of one plan.
    pub plan: Option<PlanId>,
    /// Those of one customer.
    pub customer: Option<CustomerId>,
    /// Those that one number has bought.
    pub phone: Option<Msisdn>,
    /// Those that are so at this moment.
    pub state: Option<(State, Timestamp)>,
    /// Those whose code, in whatever case, or whose buyer's number begins so. They come in the order of that.
    pub search: Option<Search>,
}

/// What a list of vouchers is sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Sort {
    /// When they were made.
    #[default]
    Made,
    /// When they end; what has no end is last.
    Ends,
    /// Their codes.
    Code,
}

/// The tenant's vouchers. A page may be short although another one follows.
pub async fn list(
    tx: &mut TenantTx,
    filter: &Filter,
    (sort, direction): (Sort, Direction),
    page: Page<Key>,
) -> Result<Listed<Voucher, Key>, StoreError> {
    ask(filter, sort, direction).page::<VoucherRow>(tx, &page).await?.try_map(Voucher::try_from)
}

fn ask(filter: &Filter, sort: Sort, direction: Direction) -> Ask {
    let mut rest = Vec::new();
    let mut driver = None;
    // From what few vouchers have in common to what many have: the first one leads, where an index has it in the order
    // of the list, and the others are looked at.
    let mut narrow = |condition: Condition, leads: bool| {
        if leads && driver.is_none() {
            driver = Some(condition);
        } else {
            rest.push(condition);
        }
    };
    if let Some(ids) = &filter.ids {
        let ids = ids.iter().map(|id| id.uuid()).collect();
        narrow(Condition::of("id = any(?)", Value::Uuids(ids)), true);
    }
    if let Some(customer) = filter.customer {
        narrow(Condition::of("customer_id = ?", Value::Uuid(customer.uuid())), true);
    }
    if let Some(phone) = &filter.phone {
        narrow(Condition::of("bought_by collate \"C\" = ?", Value::Text(phone.expose().to_owned())), true);
    }
    if let Some(batch) = filter.batch {
        narrow(Condition::of("batch_id = ?", Value::Uuid(batch.uuid())), true);
    }
    let state = filter.state.map(|(state, now)| (state, Condition::bare(state.always()), state.at(now)));
    if let Some((State::Revoked | State::Unused, always, _)) = &state {
        narrow(always.clone(), true);
    }
    if let Some(plan) = filter.plan {
        narrow(Condition::of("plan_id = ?", Value::Uuid(plan.uuid())), sort == Sort::Made);
    }
    if let Some((state, always, at)) = state {
        match state {
            State::Printed | State::Active => narrow(always, sort == Sort::Made),
            State::Expired => narrow(always, false),
            State::Revoked | State::Unused => {}
        }
        if let Some(at) = at {
            narrow(at, sort == Sort::Ends);
        }
    }
    let (walks, direction) = match &filter.search {
        Some(search) => {
            rest.extend(driver);
            (searching(search), Direction::Up)
        }
        None => {
            // A batch is few vouchers, and sorted: by the index of all codes, it would be looked for among millions. What
            // no index has, none is walked for.
            let by = match (sort, filter.batch) {
                (Sort::Made, _) => None,
                (Sort::Ends, None) => Some(By::At(ends!(""))),
                (Sort::Ends, Some(_)) => Some(By::At(ends!(" + interval '0 seconds'"))),
                (Sort::Code, None) => Some(By::Text("code_folded")),
                (Sort::Code, Some(_)) => Some(By::Text("code_folded || ''")),
            };
            (vec![Walk { conditions: driver.into_iter().collect(), by }], direction)
        }
    };
    Ask { table: "vouchers", columns: COLUMNS, walks, rest, direction }
}

/// A walk over codes and one over numbers.
fn searching(search: &Search) -> Vec<Walk> {
    let folded = search.text.to_ascii_lowercase();
    let codes = Walk {
        conditions: vec![Condition::prefix("code_folded >= ? and code_folded < ?", &folded)],
        by: Some(By::Text("code_folded")),
    };
    let phones = search.digits.as_deref().map(|digits| Walk {
        conditions: vec![
            Condition::prefix("bought_by collate \"C\" >= ? and bought_by collate \"C\" < ?", digits),
            Condition::prefix("not (code_folded >= ? and code_folded < ?)", &folded),
        ],
        by: Some(By::Text("bought_by collate \"C\"")),
    });
    std::iter::once(codes).chain(phones).collect()
}
