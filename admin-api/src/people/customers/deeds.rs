//! Who looks after customers.

use actions::people::change_customer::assign_customers;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::{CustomerId, StaffId};
use domain::people::permission::{Act, Thing};
use serde::{Deserialize, Serialize};
use store::listing::ANY_MAX;
use store::people::customers;
use store::people::customers::listing::{Filter, list};
use store::{Page, StoreError};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::view::CustomerView;
use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::etag::single;
use crate::problem::{Code, FaultCode, Faults, Problem};
use crate::routes::Route;
use crate::shapes::id_in_path;

/// Customers that one of the staff can be asked to hand over at once.
const TRANSFER_MAX: u16 = 1_000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::needs(routes!(assign), Thing::Customers, Act::Change).told_as("assign_customer"),
        Route::needs(routes!(assign_many), Thing::Customers, Act::Change).told_as("assign_customer"),
        Route::needs(routes!(transfer), Thing::Customers, Act::Change).told_as("assign_customer"),
    ]
}

/// Only whoever sees all zones gives customers to others.
fn may_assign(caller: &Caller) -> Result<(), Problem> {
    match caller.zones().filter() {
        None => Ok(()),
        Some(_) => Err(Problem::new(
            Code::NotAllowed,
            "customers are given to others by those who see all zones; ask an administrator",
        )),
    }
}

/// Who is to look after a customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Assign {
    /// One of the staff; null is nobody.
    #[schema(format = Uuid, required = true)]
    staff_id: Option<String>,
}

/// Give a customer to one of the staff, or to nobody
#[utoipa::path(post, path = "/v1/customers/{id}/assign", tag = "customers", operation_id = "assign_customer",
    params(("id" = String, Path, format = Uuid)), request_body = Assign,
    responses((status = 200, body = CustomerView)))]
async fn assign(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Body(assign): Body<Assign>,
) -> Result<Response, Problem> {
    may_assign(&caller)?;
    let id: CustomerId = id_in_path(&id, "customer")?;
    let mut faults = Faults::new();
    let staff = faults.take("/staff_id", assign.staff_id.map(|id| id.parse::<StaffId>()).transpose());
    let staff = faults.unless(staff)?;
    let scope = caller.scope();
    assign_customers(app.store(), &scope, &[id], staff, caller.context(&app)).await.map_err(nobody)?;
    let mut tx = app.store().tenant(&scope).await?;
    let customer = customers::find(&mut tx, id, None).await?.ok_or_else(|| Problem::not_found("customer"))?;
    single(&CustomerView::from(&customer))
}

fn nobody(why: StoreError) -> Problem {
    if let StoreError::Conflict { what } = why {
        return Problem::of_field("/staff_id", FaultCode::Invalid, what);
    }
    why.into()
}

/// Who is to look after which customers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssignMany {
    /// The customers; at most 200.
    ids: Vec<String>,
    /// One of the staff; null is nobody.
    #[schema(format = Uuid, required = true)]
    staff_id: Option<String>,
    /// Only tell what would become of them.
    #[serde(default)]
    preview: bool,
}

/// What became of customers, or would.
#[derive(Debug, Serialize, ToSchema)]
struct AssignResult {
    /// Whether nothing was written.
    preview: bool,
    /// How many customers were meant.
    meant: usize,
    /// How many are with somebody else now, or would be.
    done: usize,
    /// What became of each.
    rows: Vec<AssignRow>,
}

/// What became of one customer.
#[derive(Debug, Serialize, ToSchema)]
struct AssignRow {
    /// The customer.
    #[schema(format = Uuid)]
    id: String,
    /// done, was_so or unknown.
    outcome: String,
}

/// Give many customers to one of the staff, or to nobody
#[utoipa::path(post, path = "/v1/customers/assign", tag = "customers", operation_id = "assign_customers",
    request_body = AssignMany, responses((status = 200, body = AssignResult)))]
async fn assign_many(
    State(app): State<App>,
    caller: Caller,
    Body(assign): Body<AssignMany>,
) -> Result<Response, Problem> {
    may_assign(&caller)?;
    let mut faults = Faults::new();
    if assign.ids.is_empty() || assign.ids.len() > ANY_MAX {
        faults.note("/ids", format!("give 1 to {ANY_MAX} ids"));
    }
    let ids: Option<Vec<CustomerId>> = assign
        .ids
        .iter()
        .take(ANY_MAX)
        .enumerate()
        .map(|(place, id)| faults.take(&format!("/ids/{place}"), id.parse()))
        .collect::<Vec<_>>()
        .into_iter()
        .collect();
    let staff = faults.take("/staff_id", assign.staff_id.map(|id| id.parse::<StaffId>()).transpose());
    let (ids, staff) = faults.unless(ids.zip(staff))?;
    json(&assigned(&app, &caller, &ids, staff, assign.preview).await?)
}

/// Gives customers to somebody, or tells what that would do.
async fn assigned(
    app: &App,
    caller: &Caller,
    ids: &[CustomerId],
    staff: Option<StaffId>,
    preview: bool,
) -> Result<AssignResult, Problem> {
    let scope = caller.scope();
    let filter = Filter { ids: Some(ids.to_vec()), ..Filter::default() };
    let mut tx = app.store().tenant(&scope).await?;
    let known = list(&mut tx, &filter, <_>::default(), Page::first(TRANSFER_MAX)).await?.rows;
    drop(tx);
    if !preview {
        assign_customers(app.store(), &scope, ids, staff, caller.context(app)).await.map_err(nobody)?;
    }
    let outcome = |id: &CustomerId| match known.iter().find(|record| record.id == *id) {
        None => "unknown",
        Some(record) if record.assigned_to == staff => "was_so",
        Some(_) => "done",
    };
    let rows: Vec<AssignRow> =
        ids.iter().map(|id| AssignRow { id: id.to_string(), outcome: outcome(id).to_owned() }).collect();
    let done = rows.iter().filter(|row| row.outcome == "done").count();
    Ok(AssignResult { preview, meant: ids.len(), done, rows })
}

/// From whom to whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Transfer {
    /// Who looks after them now.
    #[schema(format = Uuid)]
    from: String,
    /// Who is to; null is nobody.
    #[schema(format = Uuid, required = true)]
    to: Option<String>,
    /// Only tell what would become of them.
    #[serde(default)]
    preview: bool,
}

/// Give all customers of one of the staff to another
///
/// At most 1,000 at a time: ask again while `done` is that many.
#[utoipa::path(post, path = "/v1/customers/transfer", tag = "customers", operation_id = "transfer_customers",
    request_body = Transfer, responses((status = 200, body = AssignResult)))]
async fn transfer(State(app): State<App>, caller: Caller, Body(transfer): Body<Transfer>) -> Result<Response, Problem> {
    may_assign(&caller)?;
    let mut faults = Faults::new();
    let from = faults.take("/from", transfer.from.parse::<StaffId>());
    let to = faults.take("/to", transfer.to.map(|id| id.parse::<StaffId>()).transpose());
    let (from, to) = faults.unless(from.zip(to))?;
    let filter = Filter { assigned_to: Some(from), ..Filter::default() };
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let theirs = list(&mut tx, &filter, <_>::default(), Page::first(TRANSFER_MAX)).await?.rows;
    drop(tx);
    let ids: Vec<CustomerId> = theirs.iter().map(|record| record.id).collect();
    json(&assigned(&app, &caller, &ids, to, transfer.preview).await?)
}
