//! Lists of subscribers: filtered, sorted and searched.

use domain::id::{CustomerId, PlanId, SubscriberId, ZoneId};
use domain::people::subscriber::Standing;
use domain::phone::Msisdn;
use domain::time::Timestamp;
use uuid::Uuid;

use super::{Record, RecordRow};
use crate::error::StoreError;
use crate::listing::{Ask, By, Condition, Direction, Key, Search, Value, Walk, each};
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

const COLUMNS: &str = "id, username, plan_id, suspended_at, expires_at, framed_ip, phone, customer_id, zone_id, \
                       created_at";

/// Where a subscriber's time ends; without an end, so far away that nothing ends after it. As its index has it; never
/// with `coalesce`, which row-level security keeps from indexes.
macro_rules! ends {
    ($than:literal) => {
        concat!(
            "case when expires_at is not null then expires_at else '9999-12-31 00:00:00+00'::timestamptz end",
            $than
        )
    };
}

/// What a subscriber is at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Its service runs.
    Active,
    /// Its service was stopped.
    Suspended,
    /// What was paid for is over.
    Expired,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Active, Self::Suspended, Self::Expired];

    /// Its name on lists.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
        }
    }

    /// What a subscriber is now. One who was stopped is that alone, whatever they have paid.
    pub fn of(record: &Record, now: Timestamp) -> Self {
        match record.subscriber.standing {
            Standing::Suspended { .. } => Self::Suspended,
            Standing::Active if record.subscriber.until.is_some_and(|end| end <= now) => Self::Expired,
            Standing::Active => Self::Active,
        }
    }
}

/// Which subscribers to list: those of whom all that is said is true.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Those with one of these ids.
    pub ids: Option<Vec<SubscriberId>>,
    /// Those in one of these zones. Who may see some zones alone sees nobody who is in none.
    pub zones: Option<Vec<ZoneId>>,
    /// Those on one plan.
    pub plan: Option<PlanId>,
    /// Those of one customer.
    pub customer: Option<CustomerId>,
    /// Those with this number.
    pub phone: Option<Msisdn>,
    /// Those who are so at this moment.
    pub state: Option<(State, Timestamp)>,
    /// Those whose time ends before that moment.
    pub ends_before: Option<Timestamp>,
    /// Those whose user name or number begins so. They come in the order of that.
    pub search: Option<Search>,
}

/// What a list of subscribers is sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Sort {
    /// When they were added.
    #[default]
    Made,
    /// Their user names.
    Username,
    /// The end of what is paid for; without an end is last.
    Ends,
}

/// The tenant's subscribers. A page may be short although another one follows.
pub async fn list(
    tx: &mut TenantTx,
    filter: &Filter,
    (sort, direction): (Sort, Direction),
    page: Page<Key>,
) -> Result<Listed<Record, Key>, StoreError> {
    ask(filter, sort, direction).page::<RecordRow>(tx, &page).await?.try_map(Record::try_from)
}

fn ask(filter: &Filter, sort: Sort, direction: Direction) -> Ask {
    let by = match sort {
        Sort::Made => None,
        Sort::Username => Some(By::Text("username")),
        Sort::Ends => Some(By::At(ends!(""))),
    };
    let mut rest = Vec::new();
    let mut driver: Option<Vec<Walk>> = None;
    let mut narrow = |condition: Condition, leads: bool| {
        if leads && driver.is_none() {
            driver = Some(vec![Walk { conditions: vec![condition], by }]);
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
        narrow(Condition::of("phone collate \"C\" = ?", Value::Text(phone.expose().to_owned())), true);
    }
    if let Some((State::Suspended, _)) = filter.state {
        narrow(Condition::bare("suspended_at is not null"), sort == Sort::Made);
    }
    let has_index = sort != Sort::Ends && filter.search.is_none();
    let zones: Option<Vec<Uuid>> = filter.zones.as_ref().map(|zones| zones.iter().map(|id| id.uuid()).collect());
    let led_by_zones = zones.as_deref().filter(|_| has_index && driver_is_free(filter, sort));
    if let (Some(zones), None) = (&zones, led_by_zones) {
        narrow(Condition::of("zone_id = any(?)", Value::Uuids(zones.clone())), false);
    }
    if let Some(plan) = filter.plan {
        narrow(Condition::of("plan_id = ?", Value::Uuid(plan.uuid())), has_index && led_by_zones.is_none());
    }
    match filter.state {
        Some((State::Active, now)) => {
            narrow(Condition::bare("suspended_at is null"), false);
            narrow(Condition::of(ends!(" > ?"), Value::At(now)), sort == Sort::Ends);
        }
        Some((State::Expired, now)) => {
            narrow(Condition::bare("suspended_at is null"), false);
            narrow(Condition::of(ends!(" <= ?"), Value::At(now)), sort == Sort::Ends);
        }
        Some((State::Suspended, _)) | None => {}
    }
    if let Some(end) = filter.ends_before {
        narrow(Condition::of(ends!(" < ?"), Value::At(end)), sort == Sort::Ends);
    }
    let everybody = || vec![Walk { conditions: Vec::new(), by }];
    let (walks, direction) = match &filter.search {
        Some(search) => {
            rest.extend(driver.into_iter().flatten().flat_map(|walk| walk.conditions));
            (searching(search), Direction::Up)
        }
        None => match led_by_zones {
            Some(zones) => (each("zone_id = ?", zones, by), direction),
            None => (driver.unwrap_or_else(everybody), direction),
        },
    };
    Ask { table: "subscribers", columns: COLUMNS, walks, rest, direction }
}

/// Whether nothing that fewer subscribers have in common than a zone leads the list.
fn driver_is_free(filter: &Filter, sort: Sort) -> bool {
    let suspended = matches!(filter.state, Some((State::Suspended, _))) && sort == Sort::Made;
    filter.ids.is_none() && filter.customer.is_none() && filter.phone.is_none() && !suspended
}

/// A walk over user names and one over numbers.
fn searching(search: &Search) -> Vec<Walk> {
    let names = Walk {
        conditions: vec![Condition::prefix("username >= ? and username < ?", &search.text)],
        by: Some(By::Text("username")),
    };
    let phones = search.digits.as_deref().map(|digits| Walk {
        conditions: vec![
            Condition::prefix("phone collate \"C\" >= ? and phone collate \"C\" < ?", digits),
            Condition::prefix("not (username >= ? and username < ?)", &search.text),
        ],
        by: Some(By::Text("phone collate \"C\"")),
    });
    std::iter::once(names).chain(phones).collect()
}
