//! `GET /v1/routers/export`.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use store::Page;
use store::network::nas::{self, ListedNas};
use utoipa::IntoParams;

use crate::app::App;
use crate::door::Caller;
use crate::export::{self, Format};
use crate::list::Query;
use crate::network::routers::view::RouterView;
use crate::problem::Problem;

/// Which routers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RoutersToExport {
    /// Which kind of file; `csv` when it is left out.
    #[param(inline)]
    format: Option<Format>,
    /// Only those with this in their name.
    q: Option<String>,
    /// Those that are out of use, too.
    with_retired: Option<bool>,
}

/// The columns.
const HEADER: [&str; 9] = ["id", "name", "address", "identifier", "realm", "ports", "vendor", "coa_port", "retired_at"];

fn cells(listed: &ListedNas) -> export::Row {
    let view = RouterView::from(listed);
    vec![
        view.id.to_string(),
        view.name,
        view.address,
        view.identifier.unwrap_or_default(),
        view.realm.unwrap_or_default(),
        view.ports.unwrap_or_default(),
        listed.nas.vendor.code().to_owned(),
        view.coa_port.to_string(),
        view.retired_at.unwrap_or_default(),
    ]
}

/// Take all routers home as a file
#[utoipa::path(
    get, path = "/v1/routers/export", tag = "routers", operation_id = "export_routers",
    params(RoutersToExport),
    responses((status = 200, description = "The file.", content_type = "text/csv", body = String)),
)]
pub(crate) async fn export_routers(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<RoutersToExport>,
) -> Result<Response, Problem> {
    let Format::Csv = asked.format.unwrap_or_default();
    let filter = nas::NasFilter { text: asked.q, with_retired: asked.with_retired.unwrap_or(false) };
    let scope = caller.scope();
    export::csv("routers", &HEADER, Page::first(export::PAGE), move |page| {
        let (app, filter) = (app.clone(), filter.clone());
        async move {
            let mut tx = app.store().tenant(&scope).await?;
            let listed = nas::search(&mut tx, &filter, page).await?;
            let next = listed.next.map(|key| Page::after(key, export::PAGE));
            Ok((listed.rows.iter().map(cells).collect(), next))
        }
    })
    .await
}
