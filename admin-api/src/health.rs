//! `GET /healthz`: whether the API answers at all. Measures beside it show what everything else costs.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use axum::response::Response;

use crate::body::json;
use crate::problem::Problem;
use crate::routes::Route;

/// How the API is.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`; whoever cannot say so does not answer.
    #[schema(example = "ok")]
    status: &'static str,
}

pub(crate) fn route() -> Route {
    Route::open(routes!(healthz))
}

/// Whether the API answers
///
/// Asks nobody else: the database may be away, and `/readyz` of the metrics' listener says so.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Health)))]
async fn healthz() -> Result<Response, Problem> {
    json(&Health { status: "ok" })
}
