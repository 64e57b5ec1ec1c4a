//! `/v1/arrivals`: money that has come, or is said to have come. None is invisible.

mod deeds;
mod statement;
pub(super) mod view;

use actions::money::suggest::suggest;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::{ArrivalId, GatewayId};
use domain::money::arrival::{Arrival, ArrivalState, Source};
use domain::money::claim::Receipt;
use domain::people::permission::{Act, Thing};
use domain::platform::tenant::Tenant;
use exports::table::Cell;
use serde::Deserialize;
use store::listing::{Direction, Key};
use store::money::arrivals::listing::{self as listed, Filter};
use store::money::{arrivals, ledger, refunds};
use store::platform::tenants;
use store::{Page, Store, StoreError, TenantScope, TenantTx};
use utoipa::IntoParams;
use utoipa_axum::routes;

use self::view::{ArrivalView, COLUMNS, Story, StoryView};
use crate::app::App;
use crate::door::Caller;
use crate::etag;
use crate::files::{self, Kind, Pages};
use crate::list::{List, Listing, Nothing, Paging, Query, listing, wrong};
use crate::money::{day_of, sees_all};
use crate::problem::Problem;
use crate::routes::Route;
use crate::shapes::{asked, id_in_path};

/// All routes about money that has come.
pub(super) fn routes() -> Vec<Route> {
    let mut all = vec![
        Route::needs(routes!(list), Thing::Payments, Act::See),
        Route::needs(routes!(export), Thing::Payments, Act::Export),
        Route::needs(routes!(get), Thing::Payments, Act::See),
    ];
    all.extend(deeds::routes());
    all.extend(statement::routes());
    all
}

/// Which money.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only what has this receipt, in letters of any case.
    #[param(max_length = 100)]
    q: Option<String>,
    /// Only what stands so: pending, for_payment, in_wallet, disputed, reversed or folded.
    state: Option<String>,
    /// Only what somebody of this kind told of first: prompt, confirmation, pull, statement, status, counter or staff.
    source: Option<String>,
    /// Only what has come to this gateway.
    #[param(format = Uuid)]
    gateway: Option<String>,
    /// Only what is proven to have come, or only what is not.
    verified: Option<bool>,
    /// Only what was heard of on this day, as the provider's calendar has it.
    #[param(example = "2026-11-22")]
    day: Option<String>,
}

/// The same of a whole file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportFilters {
    /// The kind of file.
    #[serde(default)]
    #[param(inline)]
    format: Option<Kind>,
    /// Only what stands so: pending, for_payment, in_wallet, disputed, reversed or folded.
    state: Option<String>,
    /// Only what somebody of this kind told of first.
    source: Option<String>,
    /// Only what has come to this gateway.
    #[param(format = Uuid)]
    gateway: Option<String>,
    /// Only what is proven to have come, or only what is not.
    verified: Option<bool>,
    /// Only what was heard of on this day, as the provider's calendar has it.
    #[param(example = "2026-11-22")]
    day: Option<String>,
}

impl From<ExportFilters> for Filters {
    fn from(filters: ExportFilters) -> Self {
        let ExportFilters { state, source, gateway, verified, day, .. } = filters;
        Self { q: None, state, source, gateway, verified, day }
    }
}

/// The names of all states.
const STATES: [&str; 6] = [
    ArrivalState::Pending.code(),
    "for_payment",
    "in_wallet",
    ArrivalState::Disputed.code(),
    ArrivalState::Reversed.code(),
    ArrivalState::Folded.code(),
];

impl Filters {
    async fn read(&self, tx: &mut TenantTx, tenant: &Tenant) -> Result<Filter, Problem> {
        if let Some(state) = self.state.as_deref().filter(|state| !STATES.contains(state)) {
            let state = domain::text::escaped(state.as_bytes());
            return Err(wrong("state", format!("there is no state `{state}`; there are {}", STATES.join(", "))));
        }
        let source = match self.source.as_deref() {
            None => None,
            Some(code) => Some(Source::from_code(code).ok_or_else(|| {
                let known: Vec<&str> = Source::ALL.iter().map(|source| source.code()).collect();
                wrong("source", format!("is one of {}", known.join(", ")))
            })?),
        };
        let (since, until) = day_of(self.day.as_deref(), &tenant.zone)?;
        let mut filter = Filter {
            ids: None,
            state: self.state.clone(),
            source,
            gateway: asked::<GatewayId>("gateway", self.gateway.as_ref())?,
            is_verified: self.verified,
            since,
            until,
        };
        if let Some(q) = self.q.as_deref().map(str::trim).filter(|q| !q.is_empty()) {
            filter.ids = Some(match q.parse::<Receipt>() {
                Ok(receipt) => listed::named(tx, &receipt).await?,
                Err(_) => Vec::new(),
            });
        }
        Ok(filter)
    }
}

/// List the money that has come
///
/// The newest first. What is `pending` or `disputed` waits for a person.
#[utoipa::path(get, path = "/v1/arrivals", tag = "arrivals", operation_id = "list_arrivals", params(Paging, Filters),
    responses((status = 200, description = "One page.", body = Listing<ArrivalView>)))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    List { page, filters }: List<Filters>,
) -> Result<Response, Problem> {
    sees_all(&caller)?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    let filter = filters.read(&mut tx, &tenant).await?;
    let rows = listed::search(&mut tx, &filter, Direction::Down, page.page::<Key>("newest")?).await?;
    listing(&page, "newest", rows.rows.iter().map(ArrivalView::of).collect(), rows.next)
}

async fn find(tx: &mut TenantTx, caller: &Caller, id: &str) -> Result<Arrival, Problem> {
    sees_all(caller)?;
    let id: ArrivalId = id_in_path(id, "money")?;
    arrivals::find(tx, id).await?.ok_or_else(|| Problem::not_found("money"))
}

/// Look at money that has come
///
/// With what was told of it, and, while nobody knows whose it is, whose it may be.
#[utoipa::path(get, path = "/v1/arrivals/{id}", tag = "arrivals", operation_id = "get_arrival",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "The money's story.", body = StoryView)))]
async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let arrival = find(&mut tx, &caller, &id).await?;
    etag::single(&story(&mut tx, arrival).await?)
}

/// The story of money.
async fn story(tx: &mut TenantTx, arrival: Arrival) -> Result<StoryView, Problem> {
    let tenant = tenants::own(tx).await?;
    let story = Story {
        notes: arrivals::notes(tx, arrival.id).await?,
        suggestions: suggest(tx, &tenant.calling_code, &arrival).await?,
        refunds: refunds::of_arrival(tx, arrival.id).await?,
        entries: ledger::of_arrival(tx, arrival.id).await?,
        arrival,
    };
    Ok(StoryView::of(&story))
}

/// Take the money that has come home as a file
///
/// In the order in which it was heard of, as CSV or as a workbook.
#[utoipa::path(get, path = "/v1/arrivals/export", tag = "arrivals", operation_id = "export_arrivals",
    params(ExportFilters), responses((status = 200, description = "The file.", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn export(
    State(app): State<App>,
    caller: Caller,
    Query(filters): Query<ExportFilters>,
) -> Result<Response, Problem> {
    sees_all(&caller)?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    let kind = filters.format.unwrap_or_default();
    let filter = Filters::from(filters).read(&mut tx, &tenant).await?;
    drop(tx);
    let rows = Rows { store: app.store().clone(), scope: caller.scope(), filter, page: Some(Page::first(files::PAGE)) };
    files::table(kind, "arrivals", &COLUMNS, rows)
}

/// The rows of a file, page by page.
struct Rows {
    store: Store,
    scope: TenantScope,
    filter: Filter,
    /// Where to go on; nothing at the end.
    page: Option<Page<Key>>,
}

impl Pages for Rows {
    async fn next(&mut self) -> Result<Option<Vec<Vec<Cell>>>, StoreError> {
        let Some(page) = self.page.take() else { return Ok(None) };
        let mut tx = self.store.tenant(&self.scope).await?;
        let rows = listed::search(&mut tx, &self.filter, Direction::Up, page).await?;
        self.page = rows.next.map(|next| Page::after(next, files::PAGE));
        Ok(Some(rows.rows.iter().map(|arrival| ArrivalView::of(arrival).cells(arrival)).collect()))
    }
}
