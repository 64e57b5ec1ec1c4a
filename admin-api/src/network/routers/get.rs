//! `GET /v1/routers/{id}`.

use axum::extract::{Path, State};
use axum::response::Response;
use store::network::nas;

use crate::app::App;
use crate::door::Caller;
use crate::etag;
use crate::list::{Nothing, Query};
use crate::network::routers::id_of;
use crate::network::routers::view::RouterView;
use crate::problem::Problem;

/// Look at a router
#[utoipa::path(
    get, path = "/v1/routers/{id}", tag = "routers", operation_id = "get_router",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "The router.", body = RouterView)),
)]
pub(crate) async fn get_router(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let nas = nas::find(&mut tx, id).await?.ok_or_else(|| Problem::not_found("router"))?;
    let retired_at = nas::retired_at(&mut tx, id).await?;
    etag::single(&RouterView::of(&nas, retired_at))
}
