//! Plans: `/v1/plans`.

mod view;

use actions::sales::change_plan::{self, ChangeError};
use actions::sales::publish_plan::{self, PublishError};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::id::PlanId;
use domain::people::permission::{Act, Thing};
use domain::people::role::Services;
use domain::sales::plan::{Plan, PlanFault, PlanService};
use domain::text::Slug;
use serde::Deserialize;
use store::access::online;
use store::{Page, TenantTx};
use utoipa::IntoParams;
use utoipa_axum::routes;

use self::view::{NewPlan, PlanChange, PlanPreview, PlanView, TermDifference};
use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::etag::{IfMatch, created, single};
use crate::list::{List, Listing, Paging, listing, wrong};
use crate::problem::{Code, FaultCode, Faults, FieldFault, Problem};
use crate::routes::Route;
use crate::shapes::id_in_path;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::needs(routes!(list), Thing::Plans, Act::See),
        Route::needs(routes!(create), Thing::Plans, Act::Make).told_as("publish_plan"),
        Route::needs(routes!(get), Thing::Plans, Act::See),
        Route::needs(routes!(change), Thing::Plans, Act::Change).told_as("change_plan").checks_state(),
        Route::needs(routes!(preview), Thing::Plans, Act::Change).untold("it only tells what a change would do"),
    ]
}

/// Which plans.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only those of this kind of line: hotspot, pppoe or static.
    service: Option<String>,
    /// Only those whose name holds this text.
    #[param(max_length = 63)]
    q: Option<String>,
    /// `name` (as without), `-name`, `price` or `-price`.
    #[param(example = "-price")]
    sort: Option<String>,
}

/// List the plans
#[utoipa::path(get, path = "/v1/plans", tag = "plans", operation_id = "list_plans", params(Paging, Filters),
    responses((status = 200, body = Listing<PlanView>)))]
async fn list(State(app): State<App>, caller: Caller, asked: List<Filters>) -> Result<Response, Problem> {
    let order = asked.filters.sort.as_deref().unwrap_or("name");
    let page: Page<usize> = asked.page.page(order)?;
    let service: Option<PlanService> = crate::shapes::asked("service", asked.filters.service.as_ref())?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    // At most a thousand: see `store::sales::plans::PLANS_MAX`.
    let mut plans = store::sales::plans::list(&mut tx).await?;
    plans.retain(|plan| may_see(&caller, plan));
    plans.retain(|plan| service.is_none_or(|service| service == plan.service));
    if let Some(part) = asked.filters.q.as_deref().map(str::to_lowercase) {
        plans.retain(|plan| plan.name.as_str().contains(&part));
    }
    match order {
        "name" => {}
        "-name" => plans.reverse(),
        "price" => plans.sort_by_key(|plan| plan.terms.price.minor()),
        "-price" => plans.sort_by_key(|plan| std::cmp::Reverse(plan.terms.price.minor())),
        _ => return Err(wrong("sort", "is one of name, price, with a dash before it for the other way")),
    }
    let begin = page.key().copied().unwrap_or(0);
    let end = begin.saturating_add(page.size());
    let next = (plans.len() > end).then_some(end);
    let items: Vec<PlanView> = plans.iter().skip(begin).take(page.size()).map(PlanView::from).collect();
    listing(&asked.page, order, items, next)
}

/// Show a plan
#[utoipa::path(get, path = "/v1/plans/{id}", tag = "plans", operation_id = "get_plan",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = PlanView)))]
async fn get(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    single(&PlanView::from(&find(&mut tx, &caller, id_in_path(&id, "plan")?).await?))
}

/// Publish a plan
///
/// What it gives can be changed later; its name and its service cannot.
#[utoipa::path(post, path = "/v1/plans", tag = "plans", operation_id = "create_plan", request_body = NewPlan,
    responses((status = 201, body = PlanView)))]
async fn create(State(app): State<App>, caller: Caller, Body(new): Body<NewPlan>) -> Result<Response, Problem> {
    let mut faults = Faults::new();
    let name: Option<Slug> = faults.take("/name", new.name.parse());
    let service: Option<PlanService> = faults.take("/service", new.service.parse());
    let terms = new.terms.read(&mut faults);
    let whole = name.zip(service).zip(terms);
    let ((name, service), terms) = faults.unless(whole)?;
    if !covers(&caller, service) {
        return Err(Problem::new(Code::NotAllowed, "you may have to do with PPPoE and static plans alone"));
    }
    let made =
        publish_plan::publish_plan(app.store(), &caller.scope(), name, service, terms, caller.context(&app)).await;
    let plan = made.map_err(|why| match why {
        PublishError::Faults(faults) => of_terms(&faults),
        PublishError::Unentitled(why) => why.into(),
        PublishError::Store(why) => why.into(),
    })?;
    created(&PlanView::from(&plan), &format!("/v1/plans/{}", plan.id))
}

/// Change what a plan gives
///
/// It becomes the plan's next revision. Who is on it, also who is online, follows within seconds; an end that somebody
/// has bought stays as it is. Fields that are not named stay; null takes a term away.
#[utoipa::path(patch, path = "/v1/plans/{id}", tag = "plans", operation_id = "change_plan",
    params(("id" = String, Path, format = Uuid)), request_body = PlanChange,
    responses((status = 200, body = PlanView)))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    meant: IfMatch,
    Body(change): Body<PlanChange>,
) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let before = find(&mut tx, &caller, id_in_path(&id, "plan")?).await?;
    drop(tx);
    let expected = match &meant {
        IfMatch::Any => None,
        IfMatch::OneOf(_) if meant.allows(&PlanView::from(&before)) => Some(before.revision),
        IfMatch::OneOf(_) => return Err(Problem::changed_meanwhile()),
    };
    let change = change.read()?;
    let (store, scope) = (app.store(), caller.scope());
    let apply = move |terms: &mut domain::sales::plan::PlanTerms| change.apply(terms);
    match change_plan::change_plan_at(store, &scope, (&before.name, expected), &apply, caller.context(&app)).await {
        Ok(changed) => single(&PlanView::from(&changed.plan)),
        Err(ChangeError::Same(_)) => single(&PlanView::from(&before)),
        Err(ChangeError::Unknown(_)) => Err(Problem::not_found("plan")),
        Err(ChangeError::Meanwhile) => Err(Problem::changed_meanwhile()),
        Err(ChangeError::Faults(faults)) => Err(of_terms(&faults)),
        Err(ChangeError::Unentitled(why)) => Err(why.into()),
        Err(ChangeError::Store(why)) => Err(why.into()),
    }
}

/// See what a change of a plan would do
///
/// Nothing is changed: it tells what would be different, and how many live sessions would follow.
#[utoipa::path(post, path = "/v1/plans/{id}/preview", tag = "plans", operation_id = "preview_plan",
    params(("id" = String, Path, format = Uuid)), request_body = PlanChange,
    responses((status = 200, body = PlanPreview)))]
async fn preview(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Body(change): Body<PlanChange>,
) -> Result<Response, Problem> {
    let change = change.read()?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let plan = find(&mut tx, &caller, id_in_path(&id, "plan")?).await?;
    let mut terms = plan.terms.clone();
    change.apply(&mut terms);
    let faults = terms.faults(plan.service);
    if !faults.is_empty() {
        return Err(of_terms(&faults));
    }
    let differences = change_plan::differences(&plan.terms, &terms);
    json(&PlanPreview {
        live_sessions: online::on_plan(&mut tx, plan.id).await?,
        changes: differences.into_iter().map(TermDifference::from).collect(),
    })
}

async fn find(tx: &mut TenantTx, caller: &Caller, id: PlanId) -> Result<Plan, Problem> {
    let plan = store::sales::plans::load(tx, Some(&[id])).await?.found.into_iter().next();
    plan.filter(|plan| may_see(caller, plan)).ok_or_else(|| Problem::not_found("plan"))
}

fn may_see(caller: &Caller, plan: &Plan) -> bool {
    covers(caller, plan.service)
}

/// Whether somebody has to do with that kind of line.
fn covers(caller: &Caller, service: PlanService) -> bool {
    match caller.services() {
        Services::All => true,
        Services::PppoeAndStatic => service != PlanService::Hotspot,
    }
}

/// Terms that contradict each other: each is a sentence of its own.
fn of_terms(faults: &[PlanFault]) -> Problem {
    let fault = |fault: &PlanFault| FieldFault {
        field: "/terms".to_owned(),
        code: FaultCode::Invalid,
        detail: fault.to_string(),
    };
    Problem::of_fields(faults.iter().map(fault).collect())
}
