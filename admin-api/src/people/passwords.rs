//! Passwords by mail: for whoever was invited, and for whoever has forgotten theirs.

use actions::people::{invite, reset_password};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use domain::secret::Secret;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Stranger, letterhead, refused};
use crate::app::App;
use crate::body::Body;
use crate::problem::Problem;
use crate::routes::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::open(routes!(ask)).told_as("ask_reset"),
        Route::open(routes!(reset)).told_as("reset_password"),
        Route::open(routes!(accept)).told_as("accept_invitation"),
    ]
}

/// Who has forgotten their password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskBody {
    /// An e-mail address; or a user name, on the provider's own host.
    #[schema(max_length = 254)]
    login: String,
}

/// A mail's code, and the password to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChosenPassword {
    /// The code that the mail holds.
    code: String,
    /// The password: at least ten characters, none that is on lists of stolen ones.
    #[schema(max_length = 256)]
    password: String,
}

/// Ask for a mail by which to choose another password
///
/// The answer is the same whether there is such a login or not. The mail is good for thirty minutes and works once.
#[utoipa::path(post, operation_id = "ask_password_reset", path = "/v1/password-reset", tag = "sign-in", request_body = AskBody,
    responses((status = 202)))]
async fn ask(State(app): State<App>, stranger: Stranger, body: Body<AskBody>) -> Result<Response, Problem> {
    let Body(AskBody { login }) = body;
    let actor = stranger.actor();
    let head = async |tenant| letterhead(&app, tenant).await;
    let context = app.context().by(&actor);
    let asked = reset_password::ask_reset(app.store(), (&login, stranger.host), head, context).await;
    asked.map_err(|why| refused(why, ""))?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// Choose another password by a mail
///
/// Ends all sessions of that person. A code on the telephone is still asked for when they sign in.
#[utoipa::path(post, operation_id = "reset_password", path = "/v1/password-resets", tag = "sign-in", request_body = ChosenPassword,
    responses((status = 204)))]
async fn reset(State(app): State<App>, stranger: Stranger, body: Body<ChosenPassword>) -> Result<Response, Problem> {
    let Body(ChosenPassword { code, password }) = body;
    let actor = stranger.actor();
    let head = async |tenant| letterhead(&app, tenant).await;
    let (password, context) = (Secret::new(password), app.context().by(&actor));
    let done = reset_password::reset_password(app.store(), &code, password, head, context).await;
    done.map_err(|why| refused(why, "/password"))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Accept an invitation by choosing a password
#[utoipa::path(post, operation_id = "accept_invitation", path = "/v1/invitations", tag = "sign-in", request_body = ChosenPassword,
    responses((status = 204)))]
async fn accept(State(app): State<App>, stranger: Stranger, body: Body<ChosenPassword>) -> Result<Response, Problem> {
    let Body(ChosenPassword { code, password }) = body;
    let actor = stranger.actor();
    let context = app.context().by(&actor);
    let done = invite::accept_invitation(app.store(), &code, Secret::new(password), context).await;
    done.map_err(|why| refused(why, "/password"))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
