//! Lists of customers: filtered, sorted and searched.

use domain::id::{CustomerId, StaffId, ZoneId};
use domain::people::customer::{IdentityState, folded};
use domain::text::Slug;
use uuid::Uuid;

use super::{Record, RecordRow};
use crate::error::StoreError;
use crate::listing::{Ask, By, Condition, Direction, Key, Search, Value, Walk, each};
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

const COLUMNS: &str = "id, name, phone, email, category, zone_id, assigned_to, address, latitude, longitude, \
                       identity_state, revision, created_at";

/// Which customers to list: those of whom all that is said is true.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Those with one of these ids.
    pub ids: Option<Vec<CustomerId>>,
    /// Those in one of these zones. Who may see some zones alone sees nobody who is in none.
    pub zones: Option<Vec<ZoneId>>,
    /// Those whom one of the staff looks after.
    pub assigned_to: Option<StaffId>,
    /// Those of one category.
    pub category: Option<Slug>,
    /// Those whose identity has been looked at so far.
    pub identity: Option<IdentityState>,
    /// Those whose name, or a part of it from its second or third word on, begins so, or whose number or e-mail
    /// address does. They come in the order of that.
    pub search: Option<Search>,
}

/// What a list of customers is sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Sort {
    /// When they were added.
    #[default]
    Made,
    /// Their names.
    Name,
}

/// The tenant's customers. A page may be short although another one follows.
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
        Sort::Name => Some(By::Text("name_folded")),
    };
    let mut walks: Option<Vec<Walk>> = filter.search.as_ref().map(searching);
    let direction = if walks.is_some() { Direction::Up } else { direction };
    let mut rest = Vec::new();
    if let Some(ids) = &filter.ids {
        let condition = Condition::of("id = any(?)", Value::Uuids(ids.iter().map(|id| id.uuid()).collect()));
        lead(&mut walks, &mut rest, condition, by);
    }
    if let Some(staff) = filter.assigned_to {
        lead(&mut walks, &mut rest, Condition::of("assigned_to = ?", Value::Uuid(staff.uuid())), by);
    }
    if let Some(zones) = &filter.zones {
        let zones: Vec<Uuid> = zones.iter().map(|id| id.uuid()).collect();
        if walks.is_none() {
            walks = Some(each("zone_id = ?", &zones, by));
        } else {
            rest.push(Condition::of("zone_id = any(?)", Value::Uuids(zones)));
        }
    }
    if let Some(category) = &filter.category {
        let condition = Condition::of("category = ?", Value::Text(category.as_str().to_owned()));
        lead(&mut walks, &mut rest, condition, by);
    }
    if let Some(state) = filter.identity {
        rest.push(Condition::of("identity_state = ?", Value::Text(state.code().to_owned())));
        // The index holds those alone of whom something was given.
        if state != IdentityState::None && walks.is_none() && sort == Sort::Made {
            let led = Condition::bare("identity_state <> 'none'");
            let same = Condition::of("identity_state = ?", Value::Text(state.code().to_owned()));
            walks = Some(vec![Walk { conditions: vec![led, same], by }]);
        }
    }
    let walks = walks.unwrap_or_else(|| vec![Walk { conditions: Vec::new(), by }]);
    Ask { table: "customers", columns: COLUMNS, walks, rest, direction }
}

/// Lets a condition lead the list, where nothing does yet.
fn lead(walks: &mut Option<Vec<Walk>>, rest: &mut Vec<Condition>, condition: Condition, by: Option<By>) {
    if walks.is_none() {
        *walks = Some(vec![Walk { conditions: vec![condition], by }]);
    } else {
        rest.push(condition);
    }
}

/// Walks over names from each word on, over e-mail addresses and over numbers.
fn searching(search: &Search) -> Vec<Walk> {
    const NAME: &str = "name_folded >= ? and name_folded < ?";
    const SECOND: &str = "name_second is not null and name_second >= ? and name_second < ?";
    const THIRD: &str = "name_third is not null and name_third >= ? and name_third < ?";
    const EMAIL: &str = "email is not null and email >= ? and email < ?";
    const PHONE: &str = "phone is not null and phone >= ? and phone < ?";
    // Whoever is on an earlier walk is left out of the later ones.
    const NOT_NAME: &str = "not (name_folded >= ? and name_folded < ?)";
    const NOT_SECOND: &str = "(name_second >= ? and name_second < ?) is not true";
    const NOT_THIRD: &str = "(name_third >= ? and name_third < ?) is not true";
    const NOT_EMAIL: &str = "(email >= ? and email < ?) is not true";
    let text = folded(&search.text);
    let walk = |column: &'static str, words: &'static str, prefix: &str, but: &[&'static str]| Walk {
        conditions: std::iter::once(Condition::prefix(words, prefix))
            .chain(but.iter().map(|but| Condition::prefix(but, &text)))
            .collect(),
        by: Some(By::Text(column)),
    };
    let mut walks = vec![
        walk("name_folded", NAME, &text, &[]),
        walk("name_second", SECOND, &text, &[NOT_NAME]),
        walk("name_third", THIRD, &text, &[NOT_NAME, NOT_SECOND]),
        walk("email", EMAIL, &text, &[NOT_NAME, NOT_SECOND, NOT_THIRD]),
    ];
    if let Some(digits) = &search.digits {
        walks.push(walk("phone", PHONE, digits, &[NOT_NAME, NOT_SECOND, NOT_THIRD, NOT_EMAIL]));
    }
    walks
}
