//! `/v1/usage`: what was used, by the hour, the day or the month.

use axum::extract::State;
use axum::response::Response;
use domain::access::facts::Holder;
use domain::id::{NasId, PlanId, SubscriberId, VoucherId};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use store::access::days::{self, By, Of, Used};
use store::network::nas;
use store::platform::tenants;
use store::sales::plans;
use store::{Page, TenantTx};
use utoipa::{IntoParams, ToSchema};

use crate::access::whose;
use crate::app::App;
use crate::door::Caller;
use crate::list::{List, Listing, Paging, listing, wrong};
use crate::problem::Problem;
use crate::uid::Uuid;

/// What was used in a stretch of time on the provider's calendar.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = Usage)]
pub struct UsageView {
    /// The month, the day, or the hour: `2026-11`, `2026-11-21`, `2026-11-21 14:00`.
    #[schema(example = "2026-11-21")]
    pub when: String,
    /// Octets from the subscribers.
    pub in_octets: u64,
    /// Octets to the subscribers.
    pub out_octets: u64,
}

impl From<Used> for UsageView {
    fn from(Used { when, in_octets, out_octets }: Used) -> Self {
        Self { when, in_octets, out_octets }
    }
}

/// Whose usage, and by what; the whole provider's when nobody is named.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UsageFilters {
    /// By what; `day` when it is left out.
    #[param(inline)]
    by: Option<Stretch>,
    /// Only this subscriber's.
    subscriber: Option<Uuid>,
    /// Only this voucher's.
    voucher: Option<Uuid>,
    /// Only that of those who were on this plan.
    plan: Option<Uuid>,
    /// Only that on this router.
    router: Option<Uuid>,
}

/// By what usage is listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stretch {
    /// Hours: for one subscriber or voucher.
    Hour,
    /// Days.
    #[default]
    Day,
    /// Months.
    Month,
}

/// List what was used
///
/// Newest first. Hours are kept for some weeks, days and months for good.
#[utoipa::path(
    get, path = "/v1/usage", tag = "usage", operation_id = "list_usage",
    params(Paging, UsageFilters),
    responses((status = 200, description = "One page.", body = Listing<UsageView>)),
)]
pub(crate) async fn list_usage(
    State(app): State<App>,
    caller: Caller,
    List { page, filters }: List<UsageFilters>,
) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let of = of(&mut tx, &caller, &filters).await?;
    let zone = tenants::own(&mut tx).await?.zone;
    let by = match filters.by.unwrap_or_default() {
        Stretch::Day => By::Day,
        Stretch::Month => By::Month,
        Stretch::Hour => {
            let Of::Holder(holder) = of else {
                return Err(wrong("by", "hours are listed for one subscriber or voucher: name it"));
            };
            let asked: Page<Micros> = page.page("hour")?;
            let listed = days::hours(&mut tx, holder, &zone, asked.by_key(|key| key.0)).await?;
            let rows = listed.rows.into_iter().map(|(_, used)| UsageView::from(used)).collect();
            return listing(&page, "hour", rows, listed.next.map(|at| at.as_micros()));
        }
    };
    let order = if by == By::Day { "day" } else { "month" };
    let listed = days::list(&mut tx, of, by, &zone, page.page(order)?).await?;
    listing(&page, order, listed.rows.into_iter().map(UsageView::from).collect(), listed.next)
}

/// An hour, as a cursor writes it.
struct Micros(Timestamp);

impl std::str::FromStr for Micros {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(|micros| Self(Timestamp::from_micros(micros)))
    }
}

/// Whose usage was asked for. What is another provider's is not there.
async fn of(tx: &mut TenantTx, caller: &Caller, filters: &UsageFilters) -> Result<Of, Problem> {
    let UsageFilters { subscriber, voucher, plan, router, .. } = *filters;
    if caller.zones().filter().is_some() && subscriber.is_none() && voucher.is_none() {
        return Err(wrong("subscriber", "you work in some zones alone: name one of the subscribers there"));
    }
    match (subscriber, voucher, plan, router) {
        (None, None, None, None) => Ok(Of::Tenant),
        (Some(id), None, None, None) => {
            let holder = Holder::Subscriber(SubscriberId::from_uuid(id.get()));
            Ok(Of::Holder(whose::known(tx, caller, holder).await?))
        }
        (None, Some(id), None, None) => {
            let holder = Holder::Voucher(VoucherId::from_uuid(id.get()));
            Ok(Of::Holder(whose::known(tx, caller, holder).await?))
        }
        (None, None, Some(id), None) => {
            let id = PlanId::from_uuid(id.get());
            let known = plans::at_revision(tx, id, 1).await?;
            known.map(|_| Of::Plan(id)).ok_or_else(|| Problem::not_found("plan"))
        }
        (None, None, None, Some(id)) => {
            let id = NasId::from_uuid(id.get());
            let known = nas::find(tx, id).await?;
            known.map(|_| Of::Router(id)).ok_or_else(|| Problem::not_found("router"))
        }
        _ => Err(wrong("subscriber", "name one of subscriber, voucher, plan and router, or none")),
    }
}
