//! The price book, for the platform's own people: `/v1/platform/tiers`.

use actions::platform::put_tier::{PutTierError, put_tier};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::people::permission::{Act, Thing};
use domain::platform::tier::{Entitlements, Tier, TierFault};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::etag::single;
use crate::list::{Nothing, Query};
use crate::platform::tiers::{FeatureView, LimitView, PriceList, TierView, of_book};
use crate::problem::{Code, FaultCode, Faults, Problem};
use crate::routes::Route;
use crate::shapes::MoneyView;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::needs(routes!(list), Thing::Platform, Act::See),
        Route::needs(routes!(put), Thing::Platform, Act::Make).told_as("put_tier"),
    ]
}

/// Show the whole price book, with what is not sold any more
#[utoipa::path(get, path = "/v1/platform/tiers", tag = "platform", operation_id = "list_all_tiers",
    responses((status = 200, description = "The tiers, the cheapest first.", body = PriceList)))]
async fn list(State(app): State<App>, _caller: Caller, _: Query<Nothing>) -> Result<Response, Problem> {
    json(&PriceList { items: of_book(&app, false).await?.iter().map(TierView::of).collect() })
}

/// A tier as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TierBody {
    /// Its name: 1 to 60 characters of plain text.
    #[schema(example = "Premium: everything", min_length = 1, max_length = 60)]
    name: String,
    /// What a month costs.
    month: MoneyView,
    /// What a year costs; left out or null when it cannot be bought by the year.
    year: Option<MoneyView>,
    /// What it gives: PPPoE and static lines, hotspots, or both, and more.
    features: Vec<FeatureView>,
    /// How many at most; what is left out is unlimited.
    #[serde(default)]
    limits: Vec<LimitView>,
    /// Whether ISPs may choose it.
    on_sale: bool,
}

/// Put a tier into the price book, or change it
///
/// Who has it keeps it, on its new terms.
#[utoipa::path(put, path = "/v1/platform/tiers/{tier}", tag = "platform", operation_id = "put_tier",
    params(("tier" = String, Path, max_length = 63, description = "Its short name.")), request_body = TierBody,
    responses((status = 200, body = TierView)))]
async fn put(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    _: Query<Nothing>,
    Body(body): Body<TierBody>,
) -> Result<Response, Problem> {
    let code = code.parse().map_err(|_| Problem::not_found("tier that could have that name"))?;
    let mut faults = Faults::new();
    let month = faults.take("/month", body.month.price());
    let year = body.year.map(|year| faults.take("/year", year.price()));
    let month = faults.unless(month)?;
    let tier = Tier {
        code,
        name: body.name,
        month,
        year: year.flatten(),
        entitlements: Entitlements {
            features: body.features.into_iter().map(Into::into).collect(),
            limits: body.limits.into_iter().map(|limit| (limit.limit.into(), limit.most)).collect(),
        },
        is_on_sale: body.on_sale,
    };
    put_tier(app.store(), &tier, caller.context(&app)).await.map_err(refused)?;
    single(&TierView::of(&tier))
}

fn refused(why: PutTierError) -> Problem {
    let said = why.to_string();
    let field = match why {
        PutTierError::Fault(TierFault::Name) => "/name",
        PutTierError::Fault(TierFault::Price) => "/month",
        PutTierError::Fault(TierFault::Currency) => "/year",
        PutTierError::Fault(TierFault::NoService) => "/features",
        PutTierError::Full => return Problem::new(Code::Conflict, said),
        PutTierError::Store(why) => return why.into(),
    };
    Problem::of_field(field, FaultCode::Invalid, said)
}
