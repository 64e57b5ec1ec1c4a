//! Subscribers: `/v1/subscribers`.

mod bulk;
mod deeds;
mod import;
mod view;

use actions::people::add_subscribers::{self, AddError, Wanted};
use actions::people::change_subscriber::{self, ChangeError};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::{CustomerId, PlanId, SubscriberId, ZoneId};
use domain::people::permission::{Act, Thing};
use domain::phone::Msisdn;
use domain::platform::tenant::Tenant;
use domain::time::Timestamp;
use exports::table::Cell;
use serde::Deserialize;
use store::listing::{Direction, Key};
use store::people::subscribers::listing::{self, Filter, Sort, State as SubscriberIs};
use store::people::subscribers::{self, Changes, Record};
use store::platform::tenants;
use store::{Page, Store, StoreError, TenantScope, TenantTx};
use utoipa::IntoParams;
use utoipa_axum::routes;

use self::view::{NewSubscriber, SubscriberChange, SubscriberView};
use crate::app::App;
use crate::body::Body;
use crate::door::Caller;
use crate::etag::{IfMatch, created, single};
use crate::files::{self, Kind, Pages};
use crate::list::{List, Listing, Paging, Query, wrong};
use crate::problem::{Code, FaultCode, Problem};
use crate::routes::Route;
use crate::shapes::{asked, id_in_path, order, plans_by_id, search, zones};

/// The orders that subscribers can be listed in.
const ORDERS: [(&str, Sort); 3] = [("created_at", Sort::Made), ("username", Sort::Username), ("ends_at", Sort::Ends)];

pub(crate) fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::needs(routes!(list), Thing::Subscribers, Act::See),
        Route::needs(routes!(export), Thing::Subscribers, Act::Export),
        Route::needs(routes!(create), Thing::Subscribers, Act::Make).told_as("add_subscriber"),
        Route::needs(routes!(get), Thing::Subscribers, Act::See),
        Route::needs(routes!(change), Thing::Subscribers, Act::Change).told_as("change_subscriber").checks_state(),
    ];
    routes.extend(deeds::routes());
    routes.extend(bulk::routes());
    routes.extend(import::routes());
    routes
}

/// Which subscribers.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only those in this zone.
    #[param(format = Uuid)]
    zone: Option<String>,
    /// Only those on this plan.
    #[param(format = Uuid)]
    plan: Option<String>,
    /// Only those of this customer.
    #[param(format = Uuid)]
    customer: Option<String>,
    /// Only those with this number.
    phone: Option<String>,
    /// Only those who are so now: active, suspended or expired.
    state: Option<String>,
    /// Only those whose time ends before that moment.
    #[param(format = DateTime)]
    ends_before: Option<String>,
    /// Only those whose user name or number begins so; they come in that order.
    #[param(max_length = 100)]
    q: Option<String>,
    /// `created_at`, `username` or `ends_at`, with a dash before it for the other way; without, the newest come first.
    #[param(example = "username")]
    sort: Option<String>,
    /// The kind of file, of an export alone: csv or xlsx.
    #[param(inline)]
    format: Option<Kind>,
}

impl Filters {
    fn read(&self, app: &App, caller: &Caller, tenant: &Tenant) -> Result<Filter, Problem> {
        let state = match self.state.as_deref() {
            None => None,
            Some(name) => {
                let state = SubscriberIs::ALL.into_iter().find(|state| state.code() == name);
                let state = state.ok_or_else(|| wrong("state", "is one of active, suspended and expired"))?;
                Some((state, app.now()))
            }
        };
        let phone = self.phone.as_ref().map(|phone| Msisdn::parse(phone.as_bytes(), &tenant.calling_code));
        Ok(Filter {
            ids: None,
            zones: zones(caller, asked::<ZoneId>("zone", self.zone.as_ref())?),
            plan: asked::<PlanId>("plan", self.plan.as_ref())?,
            customer: asked::<CustomerId>("customer", self.customer.as_ref())?,
            phone: phone.transpose().map_err(|why| wrong("phone", why.to_string()))?,
            state,
            ends_before: asked::<Timestamp>("ends_before", self.ends_before.as_ref())?,
            search: search(self.q.as_ref(), tenant)?,
        })
    }
}

/// List the subscribers
///
/// A page may have fewer rows than asked for, even none, although `next` says that more follow: where filters leave
/// few of many, each page looks at a part of them.
#[utoipa::path(get, path = "/v1/subscribers", tag = "subscribers", operation_id = "list_subscribers",
    params(Paging, Filters), responses((status = 200, body = Listing<SubscriberView>)))]
async fn list(State(app): State<App>, caller: Caller, asked: List<Filters>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    let filter = asked.filters.read(&app, &caller, &tenant)?;
    let (sorted, order) = order(asked.filters.sort.as_deref(), &ORDERS, filter.search.as_ref())?;
    let listed = listing::list(&mut tx, &filter, sorted, asked.page.page::<Key>(&order)?).await?;
    let plans = plans_by_id(&mut tx, listed.rows.iter().map(|record| record.subscriber.plan)).await?;
    let view = |record: &Record| SubscriberView::new(record, plans.get(&record.subscriber.plan), app.now());
    let items = listed.rows.iter().map(view).collect();
    crate::list::listing(&asked.page, &order, items, listed.next)
}

/// Show a subscriber
///
/// Its password is never shown.
#[utoipa::path(get, path = "/v1/subscribers/{id}", tag = "subscribers", operation_id = "get_subscriber",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = SubscriberView)))]
async fn get(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let record = find(&mut tx, &caller, &id).await?;
    shown(&mut tx, &app, &record).await
}

/// The subscriber with that id, as far as it is theirs to see.
async fn find(tx: &mut TenantTx, caller: &Caller, id: &str) -> Result<Record, Problem> {
    let id: SubscriberId = id_in_path(id, "subscriber")?;
    let record = subscribers::find(tx, id, caller.zones().filter()).await?;
    record.ok_or_else(|| Problem::not_found("subscriber"))
}

async fn shown(tx: &mut TenantTx, app: &App, record: &Record) -> Result<Response, Problem> {
    single(&view_of(tx, app, record).await?)
}

async fn view_of(tx: &mut TenantTx, app: &App, record: &Record) -> Result<SubscriberView, Problem> {
    let plans = plans_by_id(tx, [record.subscriber.plan]).await?;
    Ok(SubscriberView::new(record, plans.get(&record.subscriber.plan), app.now()))
}

/// Add a subscriber
///
/// Without an end, the plan's duration counts from now.
#[utoipa::path(post, path = "/v1/subscribers", tag = "subscribers", operation_id = "create_subscriber",
    request_body = NewSubscriber, responses((status = 201, body = SubscriberView)))]
async fn create(State(app): State<App>, caller: Caller, Body(new): Body<NewSubscriber>) -> Result<Response, Problem> {
    let (store, scope) = (app.store(), caller.scope());
    let mut tx = store.tenant(&scope).await?;
    let tenant = tenants::own(&mut tx).await?;
    let read = new.read(&tenant)?;
    let plan = plans_by_id(&mut tx, [read.plan]).await?.into_values().next();
    let plan =
        plan.ok_or_else(|| Problem::of_field("/plan_id", FaultCode::Invalid, "there is no plan with that id"))?;
    let zone = zone_of_new(&mut tx, &caller, read.customer, read.zone).await?;
    drop(tx);
    let username = read.username.clone();
    let wanted = Wanted {
        username: read.username,
        password: read.password,
        plan: plan.id,
        until: read.until,
        framed_ip: read.address,
        phone: read.phone,
        customer: read.customer,
        zone,
    };
    let plans = std::slice::from_ref(&plan);
    let context = caller.context(&app);
    let added =
        add_subscribers::add_subscribers(store, &scope, &tenant.zone, plans, vec![wanted], context, &mut |_| {}).await;
    let added = added.map_err(|why| match why {
        AddError::Hotspot(_) => Problem::of_field("/plan_id", FaultCode::Invalid, why.to_string()),
        AddError::NoSuchPlan => Problem::internal(),
        AddError::Store(StoreError::Conflict { what }) => Problem::new(Code::Conflict, what),
        AddError::Unentitled(why) => why.into(),
        AddError::Store(why) => why.into(),
    })?;
    if added.added == 0 {
        let taken = "a subscriber of that user name is there already; it was left as it is";
        return Err(Problem::new(Code::Conflict, taken));
    }
    let mut tx = store.tenant(&scope).await?;
    let subscriber = subscribers::find_by_username(&mut tx, &username).await?.ok_or_else(Problem::internal)?;
    let record = subscribers::find(&mut tx, subscriber.id, None).await?.ok_or_else(Problem::internal)?;
    created(&view_of(&mut tx, &app, &record).await?, &format!("/v1/subscribers/{}", subscriber.id))
}

/// The zone of a new subscriber: the one that is asked for, else its customer's, else the only one of whoever adds it.
async fn zone_of_new(
    tx: &mut TenantTx,
    caller: &Caller,
    customer: Option<CustomerId>,
    asked: Option<ZoneId>,
) -> Result<Option<ZoneId>, Problem> {
    let theirs = caller.zones().filter();
    let mut zone = asked;
    if let Some(customer) = customer {
        let found = store::people::customers::find(tx, customer, theirs).await?;
        let found = found.ok_or_else(|| {
            Problem::of_field("/customer_id", FaultCode::Invalid, "there is no customer with that id")
        })?;
        zone = zone.or(found.profile.zone);
    }
    match (zone, theirs) {
        (None, Some([only])) => Ok(Some(*only)),
        (zone, None) => Ok(zone),
        (Some(zone), Some(theirs)) if theirs.contains(&zone) => Ok(Some(zone)),
        (Some(_) | None, Some(_)) => {
            Err(Problem::of_field("/zone_id", FaultCode::Invalid, "give one of the zones that you work in"))
        }
    }
}

/// Change a subscriber's login, address, number, customer or zone
///
/// Fields that are not named stay; null takes one away. `move` changes its plan, `renew` its end.
#[utoipa::path(patch, path = "/v1/subscribers/{id}", tag = "subscribers", operation_id = "change_subscriber",
    params(("id" = String, Path, format = Uuid)), request_body = SubscriberChange,
    responses((status = 200, body = SubscriberView)))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    meant: IfMatch,
    Body(change): Body<SubscriberChange>,
) -> Result<Response, Problem> {
    let (store, scope) = (app.store(), caller.scope());
    let mut tx = store.tenant(&scope).await?;
    let tenant = tenants::own(&mut tx).await?;
    let before = find(&mut tx, &caller, &id).await?;
    let seen = view_of(&mut tx, &app, &before).await?;
    drop(tx);
    if !meant.allows(&seen) {
        return Err(Problem::changed_meanwhile());
    }
    let changes: Changes = change.read(&tenant)?;
    let expected = (meant != IfMatch::Any).then_some(&before);
    let only = (caller.zones().filter(), expected);
    let (id, context) = (before.subscriber.id, caller.context(&app));
    let after = change_subscriber::change_subscriber(store, &scope, id, only, changes, context).await;
    let after = after.map_err(|why| match why {
        ChangeError::Unknown => Problem::not_found("subscriber"),
        ChangeError::Changed => Problem::changed_meanwhile(),
        ChangeError::NoSuchCustomer => Problem::of_field("/customer_id", FaultCode::Invalid, why.to_string()),
        ChangeError::OtherZone => Problem::of_field("/zone_id", FaultCode::Invalid, why.to_string()),
        ChangeError::Unentitled(why) => why.into(),
        ChangeError::Store(why) => why.into(),
    })?;
    let mut tx = store.tenant(&scope).await?;
    shown(&mut tx, &app, &after).await
}

/// Take the subscribers home as a file
///
/// In the order in which they were added, as CSV or as a workbook. Without their passwords.
#[utoipa::path(get, path = "/v1/subscribers/export", tag = "subscribers", operation_id = "export_subscribers",
    params(Filters), responses((status = 200, description = "The file.", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn export(State(app): State<App>, caller: Caller, Query(asked): Query<Filters>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    drop(tx);
    let filter = asked.read(&app, &caller, &tenant)?;
    let (store, scope, now) = (app.store().clone(), caller.scope(), app.now());
    let rows = Rows { store, scope, filter, now, page: Some(Page::first(files::PAGE)) };
    files::table(asked.format.unwrap_or_default(), "subscribers", &COLUMNS, rows)
}

/// The columns of a file. Those that an import takes have its names.
const COLUMNS: [&str; 9] =
    ["username", "plan", "phone", "until", "address", "state", "customer_id", "created_at", "id"];

struct Rows {
    store: Store,
    scope: TenantScope,
    filter: Filter,
    now: Timestamp,
    /// Where to go on; nothing at the end.
    page: Option<Page<Key>>,
}

impl Pages for Rows {
    async fn next(&mut self) -> Result<Option<Vec<Vec<Cell>>>, StoreError> {
        let Some(page) = self.page.take() else { return Ok(None) };
        let mut tx = self.store.tenant(&self.scope).await?;
        let listed = listing::list(&mut tx, &self.filter, (Sort::Made, Direction::Up), page).await?;
        let plans = plans_by_id(&mut tx, listed.rows.iter().map(|record| record.subscriber.plan)).await?;
        self.page = listed.next.map(|next| Page::after(next, files::PAGE));
        let row =
            |record: &Record| SubscriberView::new(record, plans.get(&record.subscriber.plan), self.now).cells(record);
        Ok(Some(listed.rows.iter().map(row).collect()))
    }
}
