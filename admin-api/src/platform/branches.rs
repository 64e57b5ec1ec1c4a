//! Branches: `/v1/branches`, the offices of an ISP.

use actions::platform::places::{add_branch, remove_branch, rename_branch};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use domain::id::BranchId;
use domain::people::permission::{Act, Thing};
use domain::platform::place::{Branch, PlaceName};
use serde::{Deserialize, Serialize};
use store::platform::places;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::refused_place;
use crate::app::App;
use crate::body::Body;
use crate::door::Caller;
use crate::etag::{IfMatch, created, single};
use crate::list::{List, Listing, Nothing, Paging, Query, listing};
use crate::problem::{Faults, Problem};
use crate::routes::Route;
use crate::shapes::id_in_path;
use crate::uid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let may = |handler, act| Route::needs(handler, Thing::Branches, act);
    vec![
        may(routes!(list), Act::See),
        may(routes!(make), Act::Make).told_as("add_branch"),
        may(routes!(get), Act::See),
        may(routes!(change), Act::Change).told_as("rename_branch").checks_state(),
        may(routes!(remove), Act::Remove).told_as("remove_branch").checks_state(),
    ]
}

/// An office of the ISP, with zones of its own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Branch)]
pub(super) struct BranchView {
    /// Its id.
    id: Uuid,
    /// Its name, unique in the ISP whatever its capitals.
    #[schema(example = "Kitale")]
    name: String,
    /// When it was added.
    #[schema(format = DateTime)]
    created_at: String,
}

impl BranchView {
    fn of(branch: &Branch) -> Self {
        let Branch { id, name, created_at, .. } = branch;
        Self { id: id.uuid().into(), name: name.to_string(), created_at: created_at.to_string() }
    }
}

/// Which branches.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only those with this in their name.
    #[param(max_length = 60)]
    q: Option<String>,
}

/// List branches, in the order in which they were added
#[utoipa::path(get, path = "/v1/branches", tag = "branches", operation_id = "list_branches", params(Paging, Filters),
    responses((status = 200, body = Listing<BranchView>)))]
async fn list(State(app): State<App>, caller: Caller, asked: List<Filters>) -> Result<Response, Problem> {
    let page = asked.page.page("created_at")?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let listed = places::list_branches(&mut tx, asked.filters.q.as_deref(), page).await?;
    listing(&asked.page, "created_at", listed.rows.iter().map(BranchView::of).collect(), listed.next)
}

/// A branch, by its name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BranchBody {
    /// Its name: 1 to 60 characters of plain text.
    #[schema(example = "Kitale", min_length = 1, max_length = 60)]
    name: String,
}

impl BranchBody {
    fn read(self) -> Result<PlaceName, Problem> {
        let mut faults = Faults::new();
        let name = faults.take("/name", self.name.parse());
        faults.unless(name)
    }
}

/// Add a branch
#[utoipa::path(post, path = "/v1/branches", tag = "branches", operation_id = "add_branch", request_body = BranchBody,
    responses((status = 201, description = "The branch; `Location` says where it is.", body = BranchView)))]
async fn make(
    State(app): State<App>,
    caller: Caller,
    _: Query<Nothing>,
    Body(new): Body<BranchBody>,
) -> Result<Response, Problem> {
    let name = new.read()?;
    let added = add_branch::add_branch(app.store(), &caller.scope(), name, caller.context(&app)).await;
    let branch = added.map_err(refused_place)?;
    created(&BranchView::of(&branch), &format!("/v1/branches/{}", branch.id))
}

/// Show a branch
#[utoipa::path(get, path = "/v1/branches/{id}", tag = "branches", operation_id = "show_branch",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = BranchView)))]
async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let found = places::find_branch(&mut tx, id_of(&id)?).await?;
    single(&BranchView::of(&found.ok_or_else(|| Problem::not_found("branch"))?))
}

/// Give a branch another name
#[utoipa::path(patch, path = "/v1/branches/{id}", tag = "branches", operation_id = "rename_branch",
    params(("id" = String, Path, format = Uuid)), request_body = BranchBody,
    responses((status = 200, body = BranchView)))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    meant: IfMatch,
    _: Query<Nothing>,
    Body(body): Body<BranchBody>,
) -> Result<Response, Problem> {
    let (id, name) = (id_of(&id)?, body.read()?);
    let seen = |branch: &Branch| meant.allows(&BranchView::of(branch));
    let context = caller.context(&app);
    let renamed = rename_branch::rename_branch(app.store(), &caller.scope(), id, &seen, name, context).await;
    single(&BranchView::of(&renamed.map_err(refused_place)?))
}

/// Take a branch away
///
/// Only one without zones: move them to another branch first.
#[utoipa::path(delete, path = "/v1/branches/{id}", tag = "branches", operation_id = "remove_branch",
    params(("id" = String, Path, format = Uuid)), responses((status = 204)))]
async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    meant: IfMatch,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let (id, context) = (id_of(&id)?, caller.context(&app));
    let seen = |branch: &Branch| meant.allows(&BranchView::of(branch));
    let removed = remove_branch::remove_branch(app.store(), &caller.scope(), id, &seen, context).await;
    removed.map_err(refused_place)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn id_of(text: &str) -> Result<BranchId, Problem> {
    id_in_path(text, "branch")
}
