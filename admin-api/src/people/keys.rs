//! Keys of programs. What proves one is told once, when it is made or rotated.

use actions::people::keys::{MadeKey, NewKey, make_key, revoke_key, rotate_key};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::id::kind;
use domain::people::key::Key;
use domain::people::permission::{Act, Thing};
use domain::people::role::Services;
use domain::time::Span;
use serde::{Deserialize, Serialize};
use store::people::keys;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{NoFilters, PathId, by, permissions, refused, word, written, zoned, zones_of};
use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::etag::single;
use crate::list::{List, Listing, listing};
use crate::problem::{FaultCode, Problem};
use crate::routes::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::needs(routes!(list), Thing::Keys, Act::See),
        Route::needs(routes!(make), Thing::Keys, Act::Make).told_as("make_key"),
        Route::needs(routes!(get), Thing::Keys, Act::See),
        Route::needs(routes!(rotate), Thing::Keys, Act::Change).told_as("rotate_key"),
        Route::needs(routes!(revoke), Thing::Keys, Act::Remove).told_as("revoke_key").also_when_locked(),
    ]
}

/// A key of a program.
#[derive(Serialize, ToSchema)]
struct KeyView {
    /// Its id.
    id: String,
    /// How people call it.
    name: String,
    /// What it may do.
    permissions: Vec<String>,
    /// With which kinds of service: `all` or `pppoe_and_static`.
    services: &'static str,
    /// In which zones; null is everywhere.
    zones: Option<Vec<String>>,
    /// Who made it.
    made_by: String,
    /// When.
    made_at: String,
    /// When it was rotated last.
    rotated_at: Option<String>,
    /// Until when the secret before that one goes on.
    earlier_until: Option<String>,
    /// When it ends by itself.
    expires_at: Option<String>,
    /// When it was used last, to the minute.
    last_used_at: Option<String>,
    /// When it was taken back.
    revoked_at: Option<String>,
}

impl KeyView {
    fn of(key: &Key) -> Self {
        let text = |at: Option<domain::time::Timestamp>| at.map(|at| at.to_string());
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            permissions: written(key.permissions),
            services: key.services.code(),
            zones: zones_of(&key.zones),
            made_by: key.made_by.clone(),
            made_at: key.made_at.to_string(),
            rotated_at: text(key.rotated_at),
            earlier_until: text(key.earlier_until),
            expires_at: text(key.expires_at),
            last_used_at: text(key.last_used_at),
            revoked_at: text(key.revoked_at),
        }
    }
}

/// A key with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
struct MadeKeyView {
    /// The key.
    key: KeyView,
    /// What the program sends: `Authorization: Bearer mnk_…`.
    secret: String,
}

impl MadeKeyView {
    fn of(made: &MadeKey) -> Self {
        Self { key: KeyView::of(&made.key), secret: made.secret.expose().clone() }
    }
}

/// List the keys, in the order in which they were made
#[utoipa::path(get, operation_id = "list_keys", path = "/v1/keys", tag = "keys", params(crate::list::Paging),
    responses((status = 200, body = Listing<KeyView>)))]
async fn list(State(app): State<App>, caller: Caller, asked: List<NoFilters>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let page = keys::list(&mut tx, asked.page.page("made_at")?).await?;
    tx.commit().await?;
    listing(&asked.page, "made_at", page.rows.iter().map(KeyView::of).collect(), page.next)
}

/// What a key is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyBody {
    /// How people call it.
    #[schema(example = "Billing system", max_length = 60)]
    name: String,
    /// What it may do; no more than you may.
    #[schema(example = json!(["vouchers:see", "vouchers:make"]))]
    permissions: Vec<String>,
    /// With which kinds of service: `all` or `pppoe_and_static`; as you have them when it is not there.
    services: Option<String>,
    /// In which zones; null, or nothing, is everywhere.
    zones: Option<Vec<String>>,
    /// When it ends by itself; null, or nothing, is never.
    #[schema(example = "2027-12-31T00:00:00Z", format = DateTime)]
    expires_at: Option<String>,
}

/// Make a key
///
/// Its secret is in this answer and nowhere else.
#[utoipa::path(post, operation_id = "make_key", path = "/v1/keys", tag = "keys", request_body = KeyBody,
    responses((status = 201, body = MadeKeyView)))]
async fn make(State(app): State<App>, caller: Caller, body: Body<KeyBody>) -> Result<Response, Problem> {
    let Body(body) = body;
    let unknown = || Problem::of_field("/services", FaultCode::Invalid, "write all or pppoe_and_static");
    let new = NewKey {
        name: body.name,
        permissions: permissions(&body.permissions, "/permissions")?,
        services: match body.services.as_deref() {
            None => caller.services(),
            Some(text) => Services::from_code(text).ok_or_else(unknown)?,
        },
        zones: zoned(body.zones)?,
        expires_at: body.expires_at.as_deref().map(|text| word("/expires_at", text)).transpose()?,
    };
    let made = make_key(app.store(), &caller.scope(), &by(&caller), new, caller.context(&app)).await;
    let made = made.map_err(|why| refused(why, ""))?;
    let mut response = json(&MadeKeyView::of(&made))?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// Show a key
#[utoipa::path(get, operation_id = "show_key", path = "/v1/keys/{id}", tag = "keys", params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = KeyView)))]
async fn get(State(app): State<App>, caller: Caller, PathId(id): PathId<kind::Key>) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    let found = keys::find(&mut tx, id).await?;
    tx.commit().await?;
    single(&KeyView::of(&found.ok_or_else(|| Problem::not_found("key"))?))
}

/// For how long the earlier secret goes on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RotateBody {
    /// Seconds, at most seven days; a day when it is not there, none with 0.
    #[schema(minimum = 0, maximum = 604_800)]
    grace_seconds: Option<u32>,
}

/// The grace of a rotation that names none.
const GRACE_SECONDS: u32 = 24 * 60 * 60;

/// Give a key another secret
///
/// The earlier one goes on for a while, so that no program stops meanwhile.
#[utoipa::path(post, operation_id = "rotate_key", path = "/v1/keys/{id}/rotate", tag = "keys", params(("id" = String, Path, format = Uuid)),
    request_body = RotateBody, responses((status = 200, body = MadeKeyView)))]
async fn rotate(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<kind::Key>,
    body: Body<RotateBody>,
) -> Result<Response, Problem> {
    let grace = Span::seconds(i64::from(body.0.grace_seconds.unwrap_or(GRACE_SECONDS)));
    if grace > actions::people::keys::GRACE_MAX {
        return Err(Problem::of_field("/grace_seconds", FaultCode::Invalid, "at most seven days: 604800"));
    }
    let made = rotate_key(app.store(), &caller.scope(), &by(&caller), (id, grace), caller.context(&app)).await;
    json(&MadeKeyView::of(&made.map_err(|why| refused(why, ""))?))
}

/// Take a key back, at once and for ever
#[utoipa::path(post, operation_id = "revoke_key", path = "/v1/keys/{id}/revoke", tag = "keys", params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = KeyView)))]
async fn revoke(State(app): State<App>, caller: Caller, PathId(id): PathId<kind::Key>) -> Result<Response, Problem> {
    let done = revoke_key(app.store(), &caller.scope(), &by(&caller), id, caller.context(&app)).await;
    single(&KeyView::of(&done.map_err(|why| refused(why, ""))?))
}
