//! Zones: `/v1/zones`, the parts of the area that technicians work in. Whoever works in some sees no others.

use actions::platform::places::change_zone::{self, ZoneChange};
use actions::platform::places::{add_zone, remove_zone};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use domain::id::{BranchId, ZoneId};
use domain::people::permission::{Act, Thing};
use domain::platform::place::Area;
use serde::{Deserialize, Serialize};
use store::platform::places::{self, ZoneFilter};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::refused_place;
use crate::app::App;
use crate::body::{Body, nullable};
use crate::door::Caller;
use crate::etag::{IfMatch, created, single};
use crate::list::{List, Listing, Nothing, Paging, Query, listing};
use crate::problem::{Faults, Problem};
use crate::routes::Route;
use crate::shapes::{asked, id_in_path};
use crate::uid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let may = |handler, act| Route::needs(handler, Thing::Zones, act);
    vec![
        may(routes!(list), Act::See),
        may(routes!(make), Act::Make).told_as("add_zone"),
        may(routes!(get), Act::See),
        may(routes!(change), Act::Change).told_as("change_zone").checks_state(),
        may(routes!(remove), Act::Remove).told_as("remove_zone").checks_state(),
    ]
}

/// A part of the area, as a village or an estate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Zone)]
struct ZoneView {
    /// Its id.
    id: Uuid,
    /// Its name, unique in the ISP whatever its capitals.
    #[schema(example = "Kitale East")]
    name: String,
    /// The branch that it belongs to, if any.
    #[schema(required = true)]
    branch: Option<Uuid>,
    /// When it was added.
    #[schema(format = DateTime)]
    created_at: String,
}

impl ZoneView {
    fn of(zone: &Area) -> Self {
        Self {
            id: zone.id.uuid().into(),
            name: zone.name.to_string(),
            branch: zone.branch.map(|branch| branch.uuid().into()),
            created_at: zone.created_at.to_string(),
        }
    }
}

/// Which zones.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only those with this in their name.
    #[param(max_length = 60)]
    q: Option<String>,
    /// Only those of this branch.
    #[param(format = Uuid)]
    branch: Option<String>,
}

/// List zones, in the order in which they were added
///
/// Whoever works in some zones sees those alone.
#[utoipa::path(get, path = "/v1/zones", tag = "zones", operation_id = "list_zones", params(Paging, Filters),
    responses((status = 200, body = Listing<ZoneView>)))]
async fn list(State(app): State<App>, caller: Caller, list: List<Filters>) -> Result<Response, Problem> {
    let filter = ZoneFilter {
        text: list.filters.q.clone(),
        branch: asked::<BranchId>("branch", list.filters.branch.as_ref())?,
        among: caller.zones().filter().map(<[ZoneId]>::to_vec),
    };
    let page = list.page.page("created_at")?;
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let listed = places::list_zones(&mut tx, &filter, page).await?;
    listing(&list.page, "created_at", listed.rows.iter().map(ZoneView::of).collect(), listed.next)
}

/// A zone to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewZone {
    /// Its name: 1 to 60 characters of plain text.
    #[schema(example = "Kitale East", min_length = 1, max_length = 60)]
    name: String,
    /// The branch that it belongs to; none when it is left out.
    branch: Option<Uuid>,
}

/// Add a zone
#[utoipa::path(post, path = "/v1/zones", tag = "zones", operation_id = "add_zone", request_body = NewZone,
    responses((status = 201, description = "The zone; `Location` says where it is.", body = ZoneView)))]
async fn make(
    State(app): State<App>,
    caller: Caller,
    _: Query<Nothing>,
    Body(new): Body<NewZone>,
) -> Result<Response, Problem> {
    let mut faults = Faults::new();
    let name = faults.take("/name", new.name.parse());
    let name = faults.unless(name)?;
    let branch = new.branch.map(|branch| BranchId::from_uuid(branch.get()));
    let added = add_zone::add_zone(app.store(), &caller.scope(), name, branch, caller.context(&app)).await;
    let zone = added.map_err(refused_place)?;
    created(&ZoneView::of(&zone), &format!("/v1/zones/{}", zone.id))
}

/// Show a zone
#[utoipa::path(get, path = "/v1/zones/{id}", tag = "zones", operation_id = "show_zone",
    params(("id" = String, Path, format = Uuid)), responses((status = 200, body = ZoneView)))]
async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let found = places::find_zone(&mut tx, id_of(&caller, &id)?).await?;
    single(&ZoneView::of(&found.ok_or_else(|| Problem::not_found("zone"))?))
}

/// What is to be different; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ZoneChanges {
    /// Its name.
    #[schema(min_length = 1, max_length = 60)]
    name: Option<String>,
    /// The branch that it belongs to; null for none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    branch: Option<Option<Uuid>>,
}

/// Give a zone another name, or another branch
#[utoipa::path(patch, path = "/v1/zones/{id}", tag = "zones", operation_id = "change_zone",
    params(("id" = String, Path, format = Uuid)), request_body = ZoneChanges,
    responses((status = 200, body = ZoneView)))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    meant: IfMatch,
    _: Query<Nothing>,
    Body(changes): Body<ZoneChanges>,
) -> Result<Response, Problem> {
    let id = id_of(&caller, &id)?;
    let mut faults = Faults::new();
    let name = changes.name.and_then(|name| faults.take("/name", name.parse()));
    faults.none()?;
    let branch = changes.branch.map(|some| some.map(|branch| BranchId::from_uuid(branch.get())));
    let (change, context) = (ZoneChange { name, branch }, caller.context(&app));
    let seen = |zone: &Area| meant.allows(&ZoneView::of(zone));
    let changed = change_zone::change_zone(app.store(), &caller.scope(), id, &seen, change, context).await;
    single(&ZoneView::of(&changed.map_err(refused_place)?))
}

/// Take a zone away
///
/// Only one that nobody works in and no customer lives in.
#[utoipa::path(delete, path = "/v1/zones/{id}", tag = "zones", operation_id = "remove_zone",
    params(("id" = String, Path, format = Uuid)), responses((status = 204)))]
async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    meant: IfMatch,
    _: Query<Nothing>,
) -> Result<Response, Problem> {
    let (id, context) = (id_of(&caller, &id)?, caller.context(&app));
    let seen = |zone: &Area| meant.allows(&ZoneView::of(zone));
    let removed = remove_zone::remove_zone(app.store(), &caller.scope(), id, &seen, context).await;
    removed.map_err(refused_place)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The zone of a path, if it is one that they may see.
fn id_of(caller: &Caller, text: &str) -> Result<ZoneId, Problem> {
    let id = id_in_path(text, "zone")?;
    let theirs = caller.zones().filter().is_none_or(|zones| zones.contains(&id));
    if theirs { Ok(id) } else { Err(Problem::not_found("zone")) }
}
