//! Roles: those that are always there, and those of an ISP's own.

use actions::people::by::PeopleError;
use actions::people::roles::{RoleTerms, change_role, make_role, remove_role};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use domain::id::kind;
use domain::people::permission::{Act, Thing};
use domain::people::role::{Preset, Role, Services};
use policy::people::rights;
use serde::{Deserialize, Serialize};
use store::people::roles;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{PathId, by, permissions, refused, written};
use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::etag::{IfMatch, created, single};
use crate::problem::{FaultCode, Problem};
use crate::routes::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::needs(routes!(list), Thing::Roles, Act::See),
        Route::needs(routes!(make), Thing::Roles, Act::Make).told_as("make_role"),
        Route::needs(routes!(change), Thing::Roles, Act::Change).told_as("change_role").checks_state(),
        Route::needs(routes!(remove), Thing::Roles, Act::Remove).told_as("remove_role"),
    ]
}

/// A role.
#[derive(Serialize, ToSchema)]
struct RoleView {
    /// What staff's `role` names: a preset's name, or an id.
    id: String,
    /// How people call it.
    name: String,
    /// Whether it is always there, and cannot be changed.
    is_preset: bool,
    /// What it may do.
    permissions: Vec<String>,
    /// With which kinds of service: `all` or `pppoe_and_static`.
    services: &'static str,
}

impl RoleView {
    fn of(role: &Role) -> Self {
        Self {
            id: role.id.to_string(),
            name: role.name.clone(),
            is_preset: false,
            permissions: written(role.permissions),
            services: role.services.code(),
        }
    }

    fn of_preset(preset: Preset) -> Self {
        let given = rights::of_preset(preset);
        Self {
            id: preset.to_string(),
            name: preset.to_string(),
            is_preset: true,
            permissions: written(given.permissions),
            services: given.services.code(),
        }
    }
}

/// Roles.
#[derive(Serialize, ToSchema)]
struct Roles {
    /// Those that are always there first, then those of your own by name.
    items: Vec<RoleView>,
}

/// List the roles
#[utoipa::path(get, operation_id = "list_roles", path = "/v1/roles", tag = "roles", responses((status = 200, body = Roles)))]
async fn list(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let own = roles::list(&mut tx).await?;
    tx.commit().await?;
    let is_platform = by(&caller).is_platform;
    let presets = Preset::ALL.into_iter().filter(|preset| preset.is_of_platform() == is_platform);
    let items = presets.map(RoleView::of_preset).chain(own.iter().map(RoleView::of)).collect();
    json(&Roles { items })
}

/// What a role is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleBody {
    /// How people call it, unique in the provider.
    #[schema(example = "Shop", max_length = 60)]
    name: String,
    /// What it may do.
    #[schema(example = json!(["vouchers:see", "vouchers:change"]))]
    permissions: Vec<String>,
    /// With which kinds of service: `all` (when it is not there) or `pppoe_and_static`.
    services: Option<String>,
}

impl RoleBody {
    fn terms(self) -> Result<RoleTerms, Problem> {
        let services = match self.services.as_deref() {
            None => Services::All,
            Some(text) => Services::from_code(text)
                .ok_or_else(|| Problem::of_field("/services", FaultCode::Invalid, "write all or pppoe_and_static"))?,
        };
        Ok(RoleTerms { permissions: permissions(&self.permissions, "/permissions")?, name: self.name, services })
    }
}

/// Make a role; it may do no more than you may
#[utoipa::path(post, operation_id = "make_role", path = "/v1/roles", tag = "roles", request_body = RoleBody,
    responses((status = 201, body = RoleView)))]
async fn make(State(app): State<App>, caller: Caller, body: Body<RoleBody>) -> Result<Response, Problem> {
    let terms = body.0.terms()?;
    let made = make_role(app.store(), &caller.scope(), &by(&caller), terms, caller.context(&app)).await;
    let role = made.map_err(missing)?;
    created(&RoleView::of(&role), &format!("/v1/roles/{}", role.id))
}

/// Change a role: in force with the next request of whoever has it
#[utoipa::path(put, operation_id = "change_role", path = "/v1/roles/{id}", tag = "roles", params(("id" = String, Path, format = Uuid)),
    request_body = RoleBody, responses((status = 200, body = RoleView)))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<kind::Role>,
    meant: IfMatch,
    body: Body<RoleBody>,
) -> Result<Response, Problem> {
    let terms = body.0.terms()?;
    let seen = |role: &Role| meant.allows(&RoleView::of(role));
    let context = caller.context(&app);
    let changed = change_role(app.store(), &caller.scope(), &by(&caller), (id, terms), seen, context).await;
    single(&RoleView::of(&changed.map_err(missing)?))
}

/// Remove a role that nobody has
#[utoipa::path(delete, operation_id = "remove_role", path = "/v1/roles/{id}", tag = "roles", params(("id" = String, Path, format = Uuid)),
    responses((status = 204)))]
async fn remove(State(app): State<App>, caller: Caller, PathId(id): PathId<kind::Role>) -> Result<Response, Problem> {
    let removed = remove_role(app.store(), &caller.scope(), &by(&caller), id, caller.context(&app)).await;
    removed.map_err(missing)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A role that is not there is named by the path here.
fn missing(why: PeopleError) -> Problem {
    if matches!(why, PeopleError::NoSuchRole) { Problem::not_found("role") } else { refused(why, "") }
}
