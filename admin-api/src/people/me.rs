//! Who one is, and one's own sessions.

use actions::people::end_stays;
use actions::people::sign_in::IDLE;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use domain::id::kind;
use serde::Serialize;
use store::people::{sign_ins, staff, tokens};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{PathId, oneself, refused, written, zones_of};
use crate::app::App;
use crate::body::json;
use crate::door::{Caller, Who};
use crate::problem::Problem;
use crate::routes::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::signed_in(routes!(me)),
        Route::signed_in(routes!(sessions)),
        Route::signed_in(routes!(end)).told_as("end_sign_ins"),
        Route::signed_in(routes!(end_others)).told_as("end_sign_ins"),
    ]
}

/// Whoever asks.
#[derive(Serialize, ToSchema)]
struct Me {
    /// The person's or key's id.
    id: String,
    /// `staff` or `key`.
    kind: &'static str,
    /// Their name.
    name: String,
    /// Their address, where they are a person.
    email: Option<String>,
    /// The provider whose rows they see.
    tenant: String,
    /// What they may do at this moment.
    permissions: Vec<String>,
    /// With which kinds of service: `all` or `pppoe_and_static`.
    services: &'static str,
    /// In which zones; null is everywhere.
    zones: Option<Vec<String>>,
    /// Whether they belong to the platform itself.
    is_platform: bool,
    /// Whether a code is asked for when they sign in.
    has_totp: bool,
    /// How many recovery codes are left.
    recovery_codes_left: u64,
    /// Whether they must set up, or give, a code before they may do anything else.
    lacks_second_proof: bool,
    /// In a provider's place: show this on every page.
    impersonation: Option<ImpersonationFlag>,
}

/// Whoever asks acts in a provider's place.
#[derive(Serialize, ToSchema)]
struct ImpersonationFlag {
    /// The record of it.
    id: String,
    /// When it ends at the latest.
    until: String,
}

/// Tell who is asking, and what they may do
#[utoipa::path(get, operation_id = "show_me", path = "/v1/me", tag = "me", responses((status = 200, body = Me)))]
async fn me(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let mut me = Me {
        id: String::new(),
        kind: "key",
        name: caller.name().to_owned(),
        email: None,
        tenant: caller.tenant().to_string(),
        permissions: written(caller.permissions()),
        services: caller.services().code(),
        zones: zones_of(caller.zones()),
        is_platform: caller.is_platform(),
        has_totp: false,
        recovery_codes_left: 0,
        lacks_second_proof: caller.lacks_second_proof(),
        impersonation: caller
            .acting()
            .map(|acting| ImpersonationFlag { id: acting.impersonation.to_string(), until: acting.until.to_string() }),
    };
    match caller.who() {
        Who::Key(id) => me.id = id.to_string(),
        Who::Staff { id, .. } => {
            let (home, _, _) = oneself(&caller)?;
            let mut tx = app.store().tenant(&home).await?;
            let person = staff::find(&mut tx, id).await?.ok_or_else(|| Problem::not_found("person"))?;
            me.recovery_codes_left = tokens::recovery_left(&mut tx, id).await?;
            tx.commit().await?;
            (me.id, me.kind) = (id.to_string(), "staff");
            (me.email, me.has_totp) = (Some(person.email.to_string()), person.has_totp);
        }
    }
    json(&me)
}

/// A session of one's own.
#[derive(Serialize, ToSchema)]
struct SessionView {
    /// Its id.
    id: String,
    /// When it began.
    begun_at: String,
    /// When it was heard of last.
    last_seen_at: String,
    /// From where it began.
    address: Option<String>,
    /// What the browser calls itself.
    agent: Option<String>,
    /// Whether a code was given beside the password.
    proved_twice: bool,
    /// Whether it is the one that asks.
    is_this: bool,
}

/// Sessions of one's own.
#[derive(Serialize, ToSchema)]
struct Sessions {
    /// Those that last, newest first.
    items: Vec<SessionView>,
}

/// List one's own sessions
#[utoipa::path(get, operation_id = "list_my_sessions", path = "/v1/me/sessions", tag = "me", responses((status = 200, body = Sessions)))]
async fn sessions(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let (home, id, this) = oneself(&caller)?;
    let mut tx = app.store().tenant(&home).await?;
    let stays = sign_ins::live(&mut tx, id, app.now(), IDLE).await?;
    tx.commit().await?;
    let items = stays.into_iter().map(|stay| SessionView {
        id: stay.id.to_string(),
        begun_at: stay.begun_at.to_string(),
        last_seen_at: stay.last_seen_at.to_string(),
        address: stay.address.map(|address| address.to_string()),
        agent: stay.agent,
        proved_twice: stay.proved_twice,
        is_this: stay.id == this,
    });
    json(&Sessions { items: items.collect() })
}

/// End one of one's own sessions
#[utoipa::path(delete, operation_id = "end_my_session", path = "/v1/me/sessions/{id}", tag = "me", params(("id" = String, Path, format = Uuid)),
    responses((status = 204)))]
async fn end(State(app): State<App>, caller: Caller, PathId(stay): PathId<kind::SignIn>) -> Result<Response, Problem> {
    let (home, id, _) = oneself(&caller)?;
    let ended = end_stays::end_one(app.store(), &home, (id, stay), caller.context(&app)).await;
    if ended.map_err(|why| refused(why, ""))? {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(Problem::not_found("session of yours"))
    }
}

/// How many were ended.
#[derive(Serialize, ToSchema)]
struct Ended {
    /// Sessions.
    ended: u64,
}

/// End all of one's own sessions but the one that asks
#[utoipa::path(post, operation_id = "end_my_other_sessions", path = "/v1/me/sessions/end-others", tag = "me", responses((status = 200, body = Ended)))]
async fn end_others(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let (home, id, this) = oneself(&caller)?;
    let ended = end_stays::end_others(app.store(), &home, (id, this), caller.context(&app)).await;
    json(&Ended { ended: ended.map_err(|why| refused(why, ""))? })
}
