//! `/v1/payments`: attempts to pay, with all that became of them.

pub(super) mod deeds;
pub(super) mod view;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::access::facts::Holder;
use domain::id::{GatewayId, PaymentId, PlanId, SubscriberId};
use domain::money::payment::{Payment, PaymentState, Purpose};
use domain::people::permission::{Act, Thing};
use domain::people::role::Services;
use domain::phone::Msisdn;
use domain::platform::tenant::Tenant;
use exports::table::Cell;
use serde::Deserialize;
use store::listing::{Direction, Key};
use store::money::payments::listing::{self as listed, Filter};
use store::money::{activations, arrivals, callbacks, ledger, payments};
use store::platform::tenants;
use store::{Page, Store, StoreError, TenantScope, TenantTx};
use utoipa::IntoParams;
use utoipa_axum::routes;

use self::view::{COLUMNS, PaymentView, Story, StoryView};
use crate::access::whose::Sight;
use crate::app::App;
use crate::door::Caller;
use crate::etag;
use crate::files::{self, Kind, Pages};
use crate::list::{List, Listing, Nothing, Paging, Query, listing, wrong};
use crate::money::{day_of, sees_all};
use crate::problem::Problem;
use crate::routes::Route;
use crate::shapes::{asked, id_in_path};

/// All routes about payments.
pub(super) fn routes() -> Vec<Route> {
    let mut all = vec![
        Route::needs(routes!(list), Thing::Payments, Act::See),
        Route::needs(routes!(export), Thing::Payments, Act::Export),
        Route::needs(routes!(get), Thing::Payments, Act::See),
    ];
    all.extend(deeds::routes());
    all
}

/// Which payments.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only those with this reference, of this telephone, with this receipt, or with this number of a prompt.
    #[param(max_length = 100)]
    q: Option<String>,
    /// Only those that prompted this telephone, or are for whoever has it.
    phone: Option<String>,
    /// Only those of this subscriber.
    #[param(format = Uuid)]
    subscriber: Option<String>,
    /// Only those that are so: paid, failed, awaiting, and so on.
    state: Option<String>,
    /// Only those for this plan.
    #[param(format = Uuid)]
    plan: Option<String>,
    /// Only those through this gateway.
    #[param(format = Uuid)]
    gateway: Option<String>,
    /// Only those that were begun on this day, as the provider's calendar has it.
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
    /// Only those that prompted this telephone, or are for whoever has it.
    phone: Option<String>,
    /// Only those of this subscriber.
    #[param(format = Uuid)]
    subscriber: Option<String>,
    /// Only those that are so: paid, failed, awaiting, and so on.
    state: Option<String>,
    /// Only those for this plan.
    #[param(format = Uuid)]
    plan: Option<String>,
    /// Only those through this gateway.
    #[param(format = Uuid)]
    gateway: Option<String>,
    /// Only those that were begun on this day, as the provider's calendar has it.
    #[param(example = "2026-11-22")]
    day: Option<String>,
}

impl From<ExportFilters> for Filters {
    fn from(filters: ExportFilters) -> Self {
        let ExportFilters { phone, subscriber, state, plan, gateway, day, .. } = filters;
        Self { q: None, phone, subscriber, state, plan, gateway, day }
    }
}

/// The names of all states.
const STATES: [&str; 10] = [
    PaymentState::Created.code(),
    PaymentState::Pushing.code(),
    PaymentState::Awaiting.code(),
    PaymentState::Unknown.code(),
    PaymentState::PaidUnreceipted.code(),
    PaymentState::Paid.code(),
    "failed",
    PaymentState::Expired.code(),
    PaymentState::Unresolved.code(),
    PaymentState::Reversed.code(),
];

impl Filters {
    async fn read(&self, tx: &mut TenantTx, tenant: &Tenant) -> Result<Filter, Problem> {
        let phone = self.phone.as_ref().map(|phone| Msisdn::parse(phone.trim().as_bytes(), &tenant.calling_code));
        if let Some(state) = self.state.as_deref().filter(|state| !STATES.contains(state)) {
            let state = domain::text::escaped(state.as_bytes());
            return Err(wrong("state", format!("there is no state `{state}`; there are {}", STATES.join(", "))));
        }
        let (since, until) = day_of(self.day.as_deref(), &tenant.zone)?;
        let mut filter = Filter {
            ids: None,
            phone: phone.transpose().map_err(|why| wrong("phone", why.to_string()))?,
            subscriber: asked::<SubscriberId>("subscriber", self.subscriber.as_ref())?,
            state: self.state.clone(),
            plan: asked::<PlanId>("plan", self.plan.as_ref())?,
            gateway: asked::<GatewayId>("gateway", self.gateway.as_ref())?,
            since,
            until,
        };
        if let Some(q) = self.q.as_deref().map(str::trim).filter(|q| !q.is_empty()) {
            let ids = listed::named(tx, q).await?;
            let phone = Msisdn::parse(q.as_bytes(), &tenant.calling_code).ok();
            match (ids.is_empty(), phone, &filter.phone) {
                (true, Some(phone), None) => filter.phone = Some(phone),
                (_, _, _) => filter.ids = Some(ids),
            }
        }
        Ok(filter)
    }
}

/// List the payments
///
/// The newest first. A page may have fewer rows than asked for, even none, although `next` says that more follow.
#[utoipa::path(get, path = "/v1/payments", tag = "payments", operation_id = "list_payments", params(Paging, Filters),
    responses((status = 200, description = "One page of payments.", body = Listing<PaymentView>)))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    List { page, filters }: List<Filters>,
) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    let filter = filters.read(&mut tx, &tenant).await?;
    let rows = listed::search(&mut tx, &filter, Direction::Down, page.page::<Key>("newest")?).await?;
    let holders: Vec<_> = rows.rows.iter().map(holder_of).collect();
    let sight = Sight::of(&mut tx, &caller, &holders).await?;
    let visible = rows.rows.iter().filter(|one| sees(&caller, &sight, one));
    listing(&page, "newest", visible.map(PaymentView::of).collect(), rows.next)
}

/// Of whose right a payment is, as far as zones are asked.
fn holder_of(payment: &Payment) -> Option<Holder> {
    match payment.purpose {
        Purpose::Voucher { .. } => None,
        Purpose::Renewal { subscriber } => Some(Holder::Subscriber(subscriber)),
    }
}

/// Whether a caller may see a payment: those of vouchers are for whoever may see vouchers.
fn sees(caller: &Caller, sight: &Sight<'_>, payment: &Payment) -> bool {
    match holder_of(payment) {
        None => caller.services() == Services::All,
        holder @ Some(_) => sight.sees_trouble(holder),
    }
}

async fn find(tx: &mut TenantTx, caller: &Caller, id: &str) -> Result<Payment, Problem> {
    let id: PaymentId = id_in_path(id, "payment")?;
    let payment = payments::find(tx, id).await?.ok_or_else(|| Problem::not_found("payment"))?;
    let sight = Sight::of(tx, caller, &[holder_of(&payment)]).await?;
    if sees(caller, &sight, &payment) { Ok(payment) } else { Err(Problem::not_found("payment")) }
}

/// Look at a payment and all that became of it
///
/// Each step, what was said to us, the money that has come, the entries of the ledger, and what was given.
#[utoipa::path(get, path = "/v1/payments/{id}", tag = "payments", operation_id = "get_payment",
    params(("id" = String, Path, format = Uuid, description = "Its id.")),
    responses((status = 200, description = "The payment's story.", body = StoryView)))]
async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let payment = find(&mut tx, &caller, &id).await?;
    etag::single(&story(&mut tx, payment).await?)
}

/// The story of a payment.
async fn story(tx: &mut TenantTx, payment: Payment) -> Result<StoryView, Problem> {
    let id = payment.id;
    let callbacks = match payments::token_of(tx, id).await? {
        Some(token) => callbacks::of_prompt(tx, &token).await?,
        None => Vec::new(),
    };
    let story = Story {
        steps: payments::history(tx, id).await?,
        callbacks,
        arrivals: arrivals::of_payment(tx, id).await?,
        entries: ledger::of_payment(tx, id).await?,
        activation: activations::find(tx, id).await?,
        payment,
    };
    Ok(StoryView::of(&story))
}

/// Take the payments home as a file
///
/// In the order in which they were begun, as CSV or as a workbook.
#[utoipa::path(get, path = "/v1/payments/export", tag = "payments", operation_id = "export_payments",
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
    files::table(kind, "payments", &COLUMNS, rows)
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
        Ok(Some(rows.rows.iter().map(|payment| PaymentView::of(payment).cells(payment)).collect()))
    }
}
