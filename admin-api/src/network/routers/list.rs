//! `GET /v1/routers`.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use store::network::nas::{self, NasFilter};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::door::Caller;
use crate::list::{List, Listing, Paging, listing};
use crate::network::routers::view::RouterView;
use crate::problem::Problem;

/// Which routers, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RouterFilters {
    /// Only those with this in their name.
    q: Option<String>,
    /// Those that are out of use, too.
    with_retired: Option<bool>,
    /// The order; `created_at` when it is left out.
    #[param(inline)]
    sort: Option<RouterOrder>,
}

impl RouterFilters {
    pub(crate) fn filter(&self) -> NasFilter {
        NasFilter { text: self.q.clone(), with_retired: self.with_retired.unwrap_or(false) }
    }
}

/// The order of a list of routers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RouterOrder {
    /// As they were added.
    #[default]
    CreatedAt,
    /// By name.
    Name,
}

/// List routers
#[utoipa::path(
    get, path = "/v1/routers", tag = "routers", operation_id = "list_routers",
    params(Paging, RouterFilters),
    responses((status = 200, description = "One page of routers.", body = Listing<RouterView>)),
)]
pub(crate) async fn list_routers(
    State(app): State<App>,
    caller: Caller,
    List { page, filters }: List<RouterFilters>,
) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let filter = filters.filter();
    match filters.sort.unwrap_or_default() {
        RouterOrder::CreatedAt => {
            let listed = nas::search(&mut tx, &filter, page.page("created_at")?).await?;
            listing(&page, "created_at", listed.rows.iter().map(RouterView::from).collect(), listed.next)
        }
        RouterOrder::Name => {
            let listed = nas::search_by_name(&mut tx, &filter, page.page("name")?).await?;
            listing(&page, "name", listed.rows.iter().map(RouterView::from).collect(), listed.next)
        }
    }
}
