//! `GET /v1/routers/export`.

use axum::extract::State;
use axum::response::Response;
use domain::id::NasId;
use exports::table::Cell;
use serde::Deserialize;
use store::network::nas::{self, ListedNas, NasFilter};
use store::{Page, Store, StoreError, TenantScope};
use utoipa::IntoParams;

use crate::app::App;
use crate::door::Caller;
use crate::files::{self, Kind, Pages};
use crate::list::Query;
use crate::network::routers::view::RouterView;
use crate::problem::Problem;

/// Which routers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RoutersToExport {
    /// The kind of file: csv, which it is when it is left out, or xlsx.
    #[param(inline)]
    format: Option<Kind>,
    /// Only those with this in their name.
    q: Option<String>,
    /// Those that are out of use, too.
    with_retired: Option<bool>,
}

/// The columns.
const HEADER: [&str; 9] = ["id", "name", "address", "identifier", "realm", "ports", "vendor", "coa_port", "retired_at"];

fn cells(listed: &ListedNas) -> Vec<Cell> {
    let view = RouterView::from(listed);
    vec![
        Cell::text(view.id.to_string()),
        Cell::text(view.name),
        Cell::text(view.address),
        Cell::maybe(view.identifier),
        Cell::maybe(view.realm),
        Cell::maybe(view.ports),
        Cell::text(listed.nas.vendor.code()),
        Cell::Number(f64::from(view.coa_port)),
        Cell::at(listed.retired_at),
    ]
}

struct Rows {
    store: Store,
    scope: TenantScope,
    filter: NasFilter,
    /// Where to go on; nothing at the end.
    page: Option<Page<NasId>>,
}

impl Pages for Rows {
    async fn next(&mut self) -> Result<Option<Vec<Vec<Cell>>>, StoreError> {
        let Some(page) = self.page.take() else { return Ok(None) };
        let mut tx = self.store.tenant(&self.scope).await?;
        let listed = nas::search(&mut tx, &self.filter, page).await?;
        self.page = listed.next.map(|next| Page::after(next, files::PAGE));
        Ok(Some(listed.rows.iter().map(cells).collect()))
    }
}

/// Take all routers home as a file
///
/// As CSV or as a workbook.
#[utoipa::path(
    get, path = "/v1/routers/export", tag = "routers", operation_id = "export_routers",
    params(RoutersToExport),
    responses((status = 200, description = "The file.", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))),
)]
pub(crate) async fn export_routers(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<RoutersToExport>,
) -> Result<Response, Problem> {
    let filter = NasFilter { text: asked.q, with_retired: asked.with_retired.unwrap_or(false) };
    let page = Some(Page::first(files::PAGE));
    let rows = Rows { store: app.store().clone(), scope: caller.scope(), filter, page };
    files::table(asked.format.unwrap_or_default(), "routers", &HEADER, rows)
}
