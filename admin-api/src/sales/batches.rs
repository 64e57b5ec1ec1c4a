//! Batches of vouchers: `/v1/batches`.

mod cards;

use actions::sales::print_batch::{self, Order, PrintError};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::{BatchId, PlanId};
use domain::people::permission::{Act, Thing};
use domain::sales::batch::{Batch, Channel};
use domain::sales::plan::Plan;
use domain::time::Timestamp;
use policy::sales::codes;
use serde::{Deserialize, Serialize};
use store::TenantTx;
use store::listing::Key;
use store::platform::tenants;
use store::sales::batches;
use store::sales::batches::listing::{self, Filter};
use store::sales::vouchers::listing::Filter as VoucherFilter;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::vouchers::{COLUMNS, Rows};
use crate::app::App;
use crate::body::Body;
use crate::door::Caller;
use crate::etag::{created, single};
use crate::files::{self, Kind};
use crate::list::{List, Listing, Paging, Query};
use crate::problem::{Code, FaultCode, Faults, Problem};
use crate::routes::Route;
use crate::shapes::{asked, id_in_path, moment, order, plans_by_id, search};

/// Vouchers that one request makes: more would take longer than a request may.
const COUNT_MAX: u32 = 20_000;

pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::needs(routes!(list), Thing::Vouchers, Act::See),
        Route::needs(routes!(create), Thing::Vouchers, Act::Make).told_as("print_batch"),
        Route::needs(routes!(get), Thing::Vouchers, Act::See),
        Route::needs(routes!(export), Thing::Vouchers, Act::Export),
    ];
    routes.extend(cards::routes());
    routes
}

/// Vouchers that were made together.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[schema(as = Batch)]
struct BatchView {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// The plan that its vouchers buy.
    #[schema(format = Uuid)]
    plan_id: String,
    /// That plan's short name.
    plan: String,
    /// Where it came from: printed, portal or imported.
    channel: String,
    /// How many vouchers.
    size: u32,
    /// A word of staff about it.
    note: String,
    /// The last moment at which a voucher of it may be sold or first used.
    #[schema(format = DateTime)]
    sell_by: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

impl BatchView {
    fn new(batch: &Batch, plan: Option<&Plan>) -> Self {
        Self {
            id: batch.id.to_string(),
            plan_id: batch.plan.to_string(),
            plan: plan.map(|plan| plan.name.to_string()).unwrap_or_default(),
            channel: batch.channel.code().to_owned(),
            size: batch.size,
            note: batch.note.clone(),
            sell_by: moment(batch.sell_by),
            created_at: batch.created_at.to_string(),
        }
    }
}

/// Which batches.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only those of this plan.
    #[param(format = Uuid)]
    plan: Option<String>,
    /// Only those that came from there: printed, portal or imported.
    channel: Option<String>,
    /// Only those whose note begins so; they come in that order.
    #[param(max_length = 100)]
    q: Option<String>,
    /// `created_at` or `-created_at`; without, the newest come first.
    sort: Option<String>,
}

/// List the batches
#[utoipa::path(get, path = "/v1/batches", tag = "batches", operation_id = "list_batches", params(Paging, Filters),
    responses((status = 200, body = Listing<BatchView>)))]
async fn list(State(app): State<App>, caller: Caller, query: List<Filters>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let tenant = tenants::own(&mut tx).await?;
    let filter = Filter {
        plan: asked::<PlanId>("plan", query.filters.plan.as_ref())?,
        channel: asked::<Channel>("channel", query.filters.channel.as_ref())?,
        search: search(query.filters.q.as_ref(), &tenant)?,
    };
    let orders = [("created_at", ())];
    let (((), direction), order) = order(query.filters.sort.as_deref(), &orders, filter.search.as_ref())?;
    let listed = listing::list(&mut tx, &filter, direction, query.page.page::<Key>(&order)?).await?;
    let plans = plans_by_id(&mut tx, listed.rows.iter().map(|batch| batch.plan)).await?;
    let items = listed.rows.iter().map(|batch| BatchView::new(batch, plans.get(&batch.plan))).collect();
    crate::list::listing(&query.page, &order, items, listed.next)
}

/// Show a batch
#[utoipa::path(get, path = "/v1/batches/{id}", tag = "batches", operation_id = "get_batch",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = BatchView)))]
async fn get(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let (batch, plan) = find(&mut tx, &id).await?;
    single(&BatchView::new(&batch, Some(&plan)))
}

async fn find(tx: &mut TenantTx, id: &str) -> Result<(Batch, Plan), Problem> {
    let id: BatchId = id_in_path(id, "batch")?;
    let batch = batches::find(tx, id).await?.ok_or_else(|| Problem::not_found("batch"))?;
    let plan = plans_by_id(tx, [batch.plan]).await?.into_values().next().ok_or_else(Problem::internal)?;
    Ok((batch, plan))
}

/// Vouchers to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewBatch {
    /// The hotspot plan that they buy; it counts from the first use or from the sale.
    #[schema(format = Uuid)]
    plan_id: String,
    /// How many.
    #[schema(minimum = 1, maximum = 20_000)]
    count: u32,
    /// Characters of a code.
    #[schema(minimum = 8, maximum = 16)]
    length: Option<usize>,
    /// A word about the batch.
    #[serde(default)]
    #[schema(max_length = 200)]
    note: String,
    /// The last moment at which one of them may be sold or first used.
    #[schema(format = DateTime)]
    sell_by: Option<String>,
}

/// Make a batch of vouchers
///
/// All of them or none. `/export` and `/print` of the batch have their codes.
#[utoipa::path(post, path = "/v1/batches", tag = "batches", operation_id = "create_batch", request_body = NewBatch,
    responses((status = 201, body = BatchView)))]
async fn create(State(app): State<App>, caller: Caller, Body(new): Body<NewBatch>) -> Result<Response, Problem> {
    let mut faults = Faults::new();
    let plan = faults.take("/plan_id", new.plan_id.parse::<PlanId>());
    let sell_by = faults.take("/sell_by", new.sell_by.as_ref().map(|at| at.parse::<Timestamp>()).transpose());
    let length = new.length.unwrap_or(codes::LENGTH);
    if !(codes::LENGTH_MIN..=codes::LENGTH_MAX).contains(&length) {
        faults.note("/length", format!("write {} to {}", codes::LENGTH_MIN, codes::LENGTH_MAX));
    }
    if !(1..=COUNT_MAX).contains(&new.count) {
        faults.note("/count", format!("write 1 to {COUNT_MAX}"));
    }
    if sell_by.flatten().is_some_and(|last| last <= app.now()) {
        faults.note("/sell_by", "that moment has passed: give one to come");
    }
    let (plan, sell_by) = faults.unless(plan.zip(sell_by))?;
    let (store, scope) = (app.store(), caller.scope());
    let mut tx = store.tenant(&scope).await?;
    let plan = plans_by_id(&mut tx, [plan]).await?.into_values().next();
    let plan =
        plan.ok_or_else(|| Problem::of_field("/plan_id", FaultCode::Invalid, "there is no plan with that id"))?;
    drop(tx);
    let order = Order { count: new.count, length, note: new.note, sell_by };
    let printed = print_batch::print_batch(store, &scope, &plan, order, caller.context(&app), &mut |_| {}).await;
    let (batch, _) = printed.map_err(|why| {
        let said = why.to_string();
        match why {
            PrintError::NotHotspot(..) | PrintError::AnchoredAtPurchase(_) => {
                Problem::of_field("/plan_id", FaultCode::Invalid, said)
            }
            PrintError::Count(_) => Problem::of_field("/count", FaultCode::Invalid, said),
            PrintError::Note(_) => Problem::of_field("/note", FaultCode::Invalid, said),
            PrintError::Unentitled(why) => why.into(),
            PrintError::Exhausted => Problem::new(Code::Conflict, said),
            PrintError::Store(why) => why.into(),
        }
    })?;
    created(&BatchView::new(&batch, Some(&plan)), &format!("/v1/batches/{}", batch.id))
}

/// The kind of file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportAs {
    /// The kind of file.
    #[param(inline)]
    format: Option<Kind>,
}

/// Take a batch's vouchers home as a file
#[utoipa::path(get, path = "/v1/batches/{id}/export", tag = "batches", operation_id = "export_batch",
    params(("id" = String, Path, format = Uuid), ExportAs),
    responses((status = 200, description = "The file.", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
async fn export(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(asked): Query<ExportAs>,
) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let (batch, _) = find(&mut tx, &id).await?;
    drop(tx);
    let filter = VoucherFilter { batch: Some(batch.id), ..VoucherFilter::default() };
    files::table(asked.format.unwrap_or_default(), "vouchers", &COLUMNS, Rows::new(&app, &caller, filter))
}
