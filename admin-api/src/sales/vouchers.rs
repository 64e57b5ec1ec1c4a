//! Vouchers: `/v1/vouchers`.

mod bulk;
mod deeds;
mod view;

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::{BatchId, CustomerId, PlanId};
use domain::people::permission::{Act, Thing};
use domain::phone::Msisdn;
use domain::platform::tenant::Tenant;
use domain::sales::plan::Plan;
use exports::table::Cell;
use serde::Deserialize;
use store::listing::{Direction, Key};
use store::platform::tenants;
use store::sales::vouchers;
use store::sales::vouchers::listing::{self, Filter, Sort, State as VoucherIs};
use store::{Page, Store, StoreError, TenantScope};
use utoipa::IntoParams;
use utoipa_axum::routes;

pub(super) use self::view::VoucherView;
use crate::app::App;
use crate::door::Caller;
use crate::etag::single;
use crate::files::{self, Kind, Pages};
use crate::list::{List, Listing, Paging, Query, wrong};
use crate::problem::Problem;
use crate::routes::Route;
use crate::shapes::{asked, id_in_path, order, plans_by_id, search};

/// The orders that vouchers can be listed in.
const ORDERS: [(&str, Sort); 3] = [("created_at", Sort::Made), ("ends_at", Sort::Ends), ("code", Sort::Code)];

pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::needs(routes!(list), Thing::Vouchers, Act::See),
        Route::needs(routes!(export), Thing::Vouchers, Act::Export),
        Route::needs(routes!(get), Thing::Vouchers, Act::See),
    ];
    routes.extend(deeds::routes());
    routes.extend(bulk::routes());
    routes
}

/// Which vouchers.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only those of this batch.
    #[param(format = Uuid)]
    batch: Option<String>,
    /// Only those of this plan.
    #[param(format = Uuid)]
    plan: Option<String>,
    /// Only those of this customer.
    #[param(format = Uuid)]
    customer: Option<String>,
    /// Only those that this number has bought.
    phone: Option<String>,
    /// Only those that are so now: printed, unused, active, expired or revoked.
    state: Option<String>,
    /// Only those whose code, in whatever case, or whose buyer's number begins so; they come in that order.
    #[param(max_length = 100)]
    q: Option<String>,
    /// `created_at`, `ends_at` or `code`, with a dash before it for the other way; without, the newest come first.
    #[param(example = "-created_at")]
    sort: Option<String>,
}

/// The same of a whole file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportFilters {
    /// The kind of file.
    #[serde(default)]
    #[param(inline)]
    format: Option<Kind>,
    /// Only those of this batch.
    #[param(format = Uuid)]
    batch: Option<String>,
    /// Only those of this plan.
    #[param(format = Uuid)]
    plan: Option<String>,
    /// Only those of this customer.
    #[param(format = Uuid)]
    customer: Option<String>,
    /// Only those that this number has bought.
    phone: Option<String>,
    /// Only those that are so now: printed, unused, active, expired or revoked.
    state: Option<String>,
    /// Only those whose code, in whatever case, or whose buyer's number begins so.
    #[param(max_length = 100)]
    q: Option<String>,
}

impl From<ExportFilters> for Filters {
    fn from(filters: ExportFilters) -> Self {
        let ExportFilters { batch, plan, customer, phone, state, q, .. } = filters;
        Self { batch, plan, customer, phone, state, q, sort: None }
    }
}

impl Filters {
    fn read(&self, app: &App, tenant: &Tenant) -> Result<Filter, Problem> {
        let state = match self.state.as_deref() {
            None => None,
            Some(name) => Some((state(name).ok_or_else(no_such_state)?, app.now())),
        };
        let phone = self.phone.as_ref().map(|phone| Msisdn::parse(phone.as_bytes(), &tenant.calling_code));
        Ok(Filter {
            ids: None,
            batch: asked::<BatchId>("batch", self.batch.as_ref())?,
            plan: asked::<PlanId>("plan", self.plan.as_ref())?,
            customer: asked::<CustomerId>("customer", self.customer.as_ref())?,
            phone: phone.transpose().map_err(|why| wrong("phone", why.to_string()))?,
            state,
            search: search(self.q.as_ref(), tenant)?,
        })
    }
}

/// The state with that name.
fn state(name: &str) -> Option<VoucherIs> {
    VoucherIs::ALL.into_iter().find(|state| state.code() == name)
}

fn no_such_state() -> Problem {
    wrong("state", "is one of printed, unused, active, expired and revoked")
}

/// List the vouchers
///
/// A page may have fewer rows than asked for, even none, although `next` says that more follow: where filters leave
/// few of many, each page looks at a part of them.
#[utoipa::path(get, path = "/v1/vouchers", tag = "vouchers", operation_id = "list_vouchers", params(Paging, Filters),
    responses((status = 200, body = Listing<VoucherView>)))]
async fn list(State(app): State<App>, caller: Caller, asked: List<Filters>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    let filter = asked.filters.read(&app, &tenant)?;
    let (sorted, order) = order(asked.filters.sort.as_deref(), &ORDERS, filter.search.as_ref())?;
    let listed = listing::list(&mut tx, &filter, sorted, asked.page.page::<Key>(&order)?).await?;
    let plans = plans_by_id(&mut tx, listed.rows.iter().map(|voucher| voucher.plan)).await?;
    let now = app.now();
    let items = listed.rows.iter().map(|voucher| VoucherView::new(voucher, plans.get(&voucher.plan), now)).collect();
    crate::list::listing(&asked.page, &order, items, listed.next)
}

/// Show a voucher
#[utoipa::path(get, path = "/v1/vouchers/{id}", tag = "vouchers", operation_id = "get_voucher",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = VoucherView)))]
async fn get(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let voucher = vouchers::find(&mut tx, id_in_path(&id, "voucher")?).await?;
    let voucher = voucher.ok_or_else(|| Problem::not_found("voucher"))?;
    let plans = plans_by_id(&mut tx, [voucher.plan]).await?;
    single(&VoucherView::new(&voucher, plans.get(&voucher.plan), app.now()))
}

/// Take the vouchers home as a file
///
/// In the order in which they were made, as CSV or as a workbook.
#[utoipa::path(get, path = "/v1/vouchers/export", tag = "vouchers", operation_id = "export_vouchers",
    params(ExportFilters), responses((status = 200, description = "The file.", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn export(
    State(app): State<App>,
    caller: Caller,
    Query(filters): Query<ExportFilters>,
) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    drop(tx);
    let kind = filters.format.unwrap_or_default();
    let filter = Filters::from(filters).read(&app, &tenant)?;
    files::table(kind, "vouchers", &COLUMNS, Rows::new(&app, &caller, filter))
}

/// The columns of a file.
pub(super) const COLUMNS: [&str; 10] =
    ["code", "plan", "price", "currency", "state", "first_used_at", "ends_at", "phone", "created_at", "id"];

/// The rows of a file, page by page.
pub(super) struct Rows {
    store: Store,
    scope: TenantScope,
    filter: Filter,
    now: domain::time::Timestamp,
    /// Where to go on; nothing at the end.
    page: Option<Page<Key>>,
    plans: HashMap<PlanId, Plan>,
}

impl Rows {
    pub(super) fn new(app: &App, caller: &Caller, filter: Filter) -> Self {
        let (store, scope, now) = (app.store().clone(), caller.scope(), app.now());
        Self { store, scope, filter, now, page: Some(Page::first(files::PAGE)), plans: HashMap::new() }
    }
}

impl Pages for Rows {
    async fn next(&mut self) -> Result<Option<Vec<Vec<Cell>>>, StoreError> {
        let Some(page) = self.page.take() else { return Ok(None) };
        let mut tx = self.store.tenant(&self.scope).await?;
        let listed = listing::list(&mut tx, &self.filter, (Sort::Made, Direction::Up), page).await?;
        let unknown: Vec<PlanId> =
            listed.rows.iter().map(|voucher| voucher.plan).filter(|plan| !self.plans.contains_key(plan)).collect();
        if !unknown.is_empty() {
            self.plans.extend(plans_by_id(&mut tx, unknown).await?);
        }
        self.page = listed.next.map(|next| Page::after(next, files::PAGE));
        let row = |voucher: &vouchers::Voucher| {
            VoucherView::new(voucher, self.plans.get(&voucher.plan), self.now).cells(voucher)
        };
        Ok(Some(listed.rows.iter().map(row).collect()))
    }
}
