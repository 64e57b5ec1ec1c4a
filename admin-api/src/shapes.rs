//! What the shapes of several nouns have in common.

use std::collections::HashMap;
use std::str::FromStr;

use domain::id::{Id, PlanId};
use domain::money::{Currency, Money};
use domain::platform::tenant::Tenant;
use domain::sales::plan::Plan;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::listing::{Direction, Search};
use store::sales::plans;
use store::{StoreError, TenantTx};
use utoipa::ToSchema;

use crate::door::Caller;
use crate::list::wrong;
use crate::problem::Problem;

/// An amount in the smallest unit of its currency: Ksh 20 is `{"minor": 2000, "currency": "KES"}`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Money)]
pub(crate) struct MoneyView {
    /// Units of the smallest kind.
    #[schema(minimum = 0, maximum = 9_000_000_000_000_000_i64, example = 2000)]
    pub(crate) minor: i64,
    /// Three letters (ISO 4217).
    #[schema(pattern = "^[A-Z]{3}$", example = "KES")]
    pub(crate) currency: String,
}

impl From<Money> for MoneyView {
    fn from(money: Money) -> Self {
        Self { minor: money.minor(), currency: money.currency().code().to_owned() }
    }
}

impl MoneyView {
    /// The most that something can cost: programs keep it exactly (2⁵³).
    const MINOR_MAX: i64 = 9_000_000_000_000_000;

    /// The amount, when it can be a price.
    pub(crate) fn price(&self) -> Result<Money, String> {
        if !(0..=Self::MINOR_MAX).contains(&self.minor) {
            return Err(format!("not a price: write 0 to {} units", Self::MINOR_MAX));
        }
        let currency = Currency::from_code(&self.currency).map_err(|why| why.to_string())?;
        Ok(Money::from_minor(self.minor, currency))
    }
}

/// Hundredths as a number for a spreadsheet.
#[expect(clippy::cast_precision_loss, reason = "a price is far below 2^53 hundredths")]
pub(crate) fn units(minor: i64) -> f64 {
    minor as f64 / 100.0
}

/// The id that a path names. What is no id is not there.
pub(crate) fn id_in_path<Of>(text: &str, what: &str) -> Result<Id<Of>, Problem> {
    text.parse().map_err(|_| Problem::not_found(what))
}

/// A value of a query.
pub(crate) fn asked<T: FromStr<Err: std::fmt::Display>>(
    field: &str,
    text: Option<&String>,
) -> Result<Option<T>, Problem> {
    text.map(|text| text.parse().map_err(|why: T::Err| wrong(field, why.to_string()))).transpose()
}

/// A moment as it is answered: RFC 3339 in UTC.
pub(crate) fn moment(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

/// The order that is asked for: a name, with a dash before it for the other way. And its name, for the key of a page.
pub(crate) fn order<Sort: Copy>(
    asked: Option<&str>,
    known: &[(&'static str, Sort)],
    search: Option<&Search>,
) -> Result<((Sort, Direction), String), Problem> {
    let first = known.first().ok_or_else(Problem::internal)?;
    if search.is_some() {
        if asked.is_some() {
            return Err(wrong(
                "sort",
                "what is searched with `q` comes in the order of what fits; leave one of them out",
            ));
        }
        return Ok(((first.1, Direction::Up), "q".to_owned()));
    }
    let asked = asked.unwrap_or("-created_at");
    let (name, direction) = match asked.strip_prefix('-') {
        Some(name) => (name, Direction::Down),
        None => (asked, Direction::Up),
    };
    match known.iter().find(|(known, _)| *known == name) {
        Some((_, sort)) => Ok(((*sort, direction), asked.to_owned())),
        None => {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            Err(wrong("sort", format!("is one of {}, with a dash before it for the other way", names.join(", "))))
        }
    }
}

/// What is searched for. An empty text searches nothing.
pub(crate) fn search(q: Option<&String>, tenant: &Tenant) -> Result<Option<Search>, Problem> {
    let Some(q) = q.map(|q| q.trim()).filter(|q| !q.is_empty()) else { return Ok(None) };
    if q.chars().count() > Search::LENGTH_MAX {
        return Err(wrong("q", format!("has more than {} characters", Search::LENGTH_MAX)));
    }
    Ok(Some(Search::new(q, &tenant.calling_code)))
}

/// These plans by their ids.
pub(crate) async fn plans_by_id(
    tx: &mut TenantTx,
    ids: impl IntoIterator<Item = PlanId>,
) -> Result<HashMap<PlanId, Plan>, StoreError> {
    let mut ids: Vec<PlanId> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    let plans = plans::load(tx, Some(&ids)).await?.found;
    Ok(plans.into_iter().map(|plan| (plan.id, plan)).collect())
}

/// The zones that somebody's lists are cut to, and those they ask for of them.
pub(crate) fn zones(caller: &Caller, asked: Option<domain::id::ZoneId>) -> Option<Vec<domain::id::ZoneId>> {
    match (caller.zones().filter(), asked) {
        (None, None) => None,
        (None, Some(asked)) => Some(vec![asked]),
        (Some(theirs), None) => Some(theirs.to_vec()),
        (Some(theirs), Some(asked)) => Some(theirs.iter().copied().filter(|zone| *zone == asked).collect()),
    }
}
