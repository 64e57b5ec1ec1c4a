//! `DELETE /v1/routers/{id}`.

use actions::network::change_nas::Which;
use actions::network::retire_nas;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::network::nas::Nas;

use crate::app::App;
use crate::door::Caller;
use crate::etag::IfMatch;
use crate::list::{Nothing, Query};
use crate::network::routers::view::RouterView;
use crate::network::routers::{id_of, refused};
use crate::problem::Problem;

/// Take a router out of use
///
/// From the next second on it may not ask. Its sessions and decisions stay, and its name is free.
#[utoipa::path(
    delete, path = "/v1/routers/{id}", tag = "routers", operation_id = "retire_router",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 204, description = "It is out of use.")),
)]
pub(crate) async fn retire_router(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    if_match: IfMatch,
    _: Query<Nothing>,
) -> Result<StatusCode, Problem> {
    let which = Which::Id(id_of(&id)?);
    let as_seen = |nas: &Nas| if_match.allows(&RouterView::in_use(nas));
    let context = caller.context(&app);
    retire_nas::retire_nas(app.store(), &caller.scope(), which, &as_seen, context).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}
