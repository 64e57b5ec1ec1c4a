//! Customers: `/v1/customers`.

mod deeds;
mod import;
mod view;

use actions::people::add_customers::add_customers;
use actions::people::change_customer::{self, ChangeError, Expected};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use domain::id::{CustomerId, StaffId, ZoneId};
use domain::people::customer::{IdentityState, Profile};
use domain::people::permission::{Act, Thing};
use domain::platform::tenant::Tenant;
use domain::text::Slug;
use exports::table::Cell;
use serde::Deserialize;
use store::listing::{Direction, Key};
use store::people::customers;
use store::people::customers::listing::{self, Filter, Sort};
use store::platform::tenants;
use store::{Page, Store, StoreError, TenantScope};
use utoipa::IntoParams;
use utoipa_axum::routes;

use self::view::{CustomerChange, CustomerRow, CustomerView, NewCustomer};
use crate::app::App;
use crate::body::Body;
use crate::door::{Caller, Who};
use crate::etag::{IfMatch, created, single};
use crate::files::{self, Kind, Pages};
use crate::list::{List, Listing, Paging, Query};
use crate::problem::{Code, FaultCode, Problem};
use crate::routes::Route;
use crate::shapes::{asked, id_in_path, order, search, zones};

/// The orders that customers can be listed in.
const ORDERS: [(&str, Sort); 2] = [("created_at", Sort::Made), ("name", Sort::Name)];

pub(crate) fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::needs(routes!(list), Thing::Customers, Act::See),
        Route::needs(routes!(export), Thing::Customers, Act::Export),
        Route::needs(routes!(create), Thing::Customers, Act::Make).told_as("add_customer"),
        Route::needs(routes!(get), Thing::Customers, Act::See),
        Route::needs(routes!(change), Thing::Customers, Act::Change).told_as("change_customer").checks_state(),
        Route::needs(routes!(remove), Thing::Customers, Act::Remove).told_as("remove_customer").checks_state(),
    ];
    routes.extend(deeds::routes());
    routes.extend(import::routes());
    routes
}

/// Which customers.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only those in this zone.
    #[param(format = Uuid)]
    zone: Option<String>,
    /// Only those whom this one of the staff looks after.
    #[param(format = Uuid)]
    assigned_to: Option<String>,
    /// Only those of this category.
    category: Option<String>,
    /// Only those whose identity has been looked at so far: none, pending, verified or rejected.
    identity: Option<String>,
    /// Only those whose name, or a part of it from its second or third word on, begins so, or whose number or e-mail
    /// address does; they come in that order.
    #[param(max_length = 100)]
    q: Option<String>,
    /// `created_at` or `name`, with a dash before it for the other way; without, the newest come first.
    #[param(example = "name")]
    sort: Option<String>,
    /// The kind of file, of an export alone: csv or xlsx.
    #[param(inline)]
    format: Option<Kind>,
}

impl Filters {
    fn read(&self, caller: &Caller, tenant: &Tenant) -> Result<Filter, Problem> {
        Ok(Filter {
            ids: None,
            zones: zones(caller, asked::<ZoneId>("zone", self.zone.as_ref())?),
            assigned_to: asked::<StaffId>("assigned_to", self.assigned_to.as_ref())?,
            category: asked::<Slug>("category", self.category.as_ref())?,
            identity: asked::<IdentityState>("identity", self.identity.as_ref())?,
            search: search(self.q.as_ref(), tenant)?,
        })
    }
}

/// List the customers
///
/// A page may have fewer rows than asked for, even none, although `next` says that more follow: where filters leave
/// few of many, each page looks at a part of them.
#[utoipa::path(get, path = "/v1/customers", tag = "customers", operation_id = "list_customers",
    params(Paging, Filters), responses((status = 200, body = Listing<CustomerRow>)))]
async fn list(State(app): State<App>, caller: Caller, asked: List<Filters>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    let filter = asked.filters.read(&caller, &tenant)?;
    let (sorted, order) = order(asked.filters.sort.as_deref(), &ORDERS, filter.search.as_ref())?;
    let listed = listing::list(&mut tx, &filter, sorted, asked.page.page::<Key>(&order)?).await?;
    let items = listed.rows.iter().map(CustomerRow::from).collect();
    crate::list::listing(&asked.page, &order, items, listed.next)
}

/// Show a customer
#[utoipa::path(get, path = "/v1/customers/{id}", tag = "customers", operation_id = "get_customer",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = CustomerView)))]
async fn get(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let id: CustomerId = id_in_path(&id, "customer")?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let customer = customers::find(&mut tx, id, caller.zones().filter()).await?;
    single(&CustomerView::from(&customer.ok_or_else(|| Problem::not_found("customer"))?))
}

/// Add a customer
///
/// Whom somebody of the field adds is in their zone, and theirs to look after.
#[utoipa::path(post, path = "/v1/customers", tag = "customers", operation_id = "create_customer",
    request_body = NewCustomer, responses((status = 201, body = CustomerView)))]
async fn create(State(app): State<App>, caller: Caller, Body(new): Body<NewCustomer>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    drop(tx);
    let mut profile = new.read(&tenant)?;
    place(&caller, &mut profile)?;
    let context = caller.context(&app);
    let added = add_customers(app.store(), &caller.scope(), vec![profile], whose(&caller), context).await;
    let customer = added.map_err(unknown_zone)?.into_iter().next().ok_or_else(Problem::internal)?;
    created(&CustomerView::from(&customer), &format!("/v1/customers/{}", customer.id))
}

/// Who looks after those whom somebody adds: they themselves, where they see some zones alone.
fn whose(caller: &Caller) -> Option<StaffId> {
    match (caller.zones().filter(), caller.who()) {
        (Some(_), Who::Staff { id, .. }) => Some(id),
        (Some(_) | None, _) => None,
    }
}

/// Puts a new customer into the zone of whoever sees one alone, and refuses zones that they do not see.
fn place(caller: &Caller, profile: &mut Profile) -> Result<(), Problem> {
    let Some(theirs) = caller.zones().filter() else { return Ok(()) };
    match (profile.zone, theirs) {
        (Some(zone), theirs) if theirs.contains(&zone) => Ok(()),
        (None, [only]) => {
            profile.zone = Some(*only);
            Ok(())
        }
        (Some(_) | None, _) => {
            Err(Problem::of_field("/zone_id", FaultCode::Invalid, "give one of the zones that you work in"))
        }
    }
}

fn unknown_zone(why: StoreError) -> Problem {
    if let StoreError::Conflict { what } = why {
        return Problem::of_field("/zone_id", FaultCode::Invalid, what);
    }
    why.into()
}

/// Change what is known of a customer
///
/// Fields that are not named stay; null takes one away.
#[utoipa::path(patch, path = "/v1/customers/{id}", tag = "customers", operation_id = "change_customer",
    params(("id" = String, Path, format = Uuid)), request_body = CustomerChange,
    responses((status = 200, body = CustomerView)))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    meant: IfMatch,
    Body(change): Body<CustomerChange>,
) -> Result<Response, Problem> {
    let id: CustomerId = id_in_path(&id, "customer")?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    drop(tx);
    let changes = change.read(&tenant)?;
    let allows = |customer: &_| meant.allows(&CustomerView::from(customer));
    let expected = Expected { zones: caller.zones().filter(), allows: &allows };
    let apply = |profile: &mut Profile| changes.apply(profile);
    let scope = caller.scope();
    let changed =
        change_customer::change_customer(app.store(), &scope, id, expected, &apply, caller.context(&app)).await;
    single(&CustomerView::from(&changed.map_err(problem)?))
}

/// Forget a customer
///
/// Only one to whom no subscriber and no voucher belongs any more.
#[utoipa::path(delete, path = "/v1/customers/{id}", tag = "customers", operation_id = "remove_customer",
    params(("id" = String, Path, format = Uuid)), responses((status = 204, description = "They are forgotten.")))]
async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    meant: IfMatch,
) -> Result<Response, Problem> {
    let id: CustomerId = id_in_path(&id, "customer")?;
    let allows = |customer: &_| meant.allows(&CustomerView::from(customer));
    let expected = Expected { zones: caller.zones().filter(), allows: &allows };
    let scope = caller.scope();
    let removed = change_customer::remove_customer(app.store(), &scope, id, expected, caller.context(&app)).await;
    removed.map_err(problem)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn problem(why: ChangeError) -> Problem {
    match why {
        ChangeError::Unknown => Problem::not_found("customer"),
        ChangeError::Changed => Problem::changed_meanwhile(),
        ChangeError::OtherZone => Problem::of_field("/zone_id", FaultCode::Invalid, why.to_string()),
        ChangeError::Store(StoreError::Conflict { what }) => Problem::new(Code::Conflict, what),
        ChangeError::Store(why) => why.into(),
    }
}

/// Take the customers home as a file
///
/// In the order in which they were added, as CSV or as a workbook.
#[utoipa::path(get, path = "/v1/customers/export", tag = "customers", operation_id = "export_customers",
    params(Filters), responses((status = 200, description = "The file.", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn export(State(app): State<App>, caller: Caller, Query(asked): Query<Filters>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    drop(tx);
    let filter = asked.read(&caller, &tenant)?;
    let page = Some(Page::first(files::PAGE));
    let rows = Rows { store: app.store().clone(), scope: caller.scope(), filter, page };
    files::table(asked.format.unwrap_or_default(), "customers", &COLUMNS, rows)
}

/// The columns of a file. All but the last three are those that an import takes.
const COLUMNS: [&str; 10] =
    ["name", "phone", "email", "category", "address", "latitude", "longitude", "identity_state", "created_at", "id"];

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
        let listed = listing::list(&mut tx, &self.filter, (Sort::Made, Direction::Up), page).await?;
        self.page = listed.next.map(|next| Page::after(next, files::PAGE));
        Ok(Some(listed.rows.iter().map(|row| CustomerRow::from(row).cells(row)).collect()))
    }
}
