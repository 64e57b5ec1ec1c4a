//! One's own password, and codes on one's telephone.

use actions::people::{change_password, totp};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use domain::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{letterhead, oneself, refused};
use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::problem::Problem;
use crate::routes::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::signed_in(routes!(password)).told_as("change_password"),
        Route::signed_in(routes!(enrol)).untold("counts for nothing until it is confirmed, which is told"),
        Route::signed_in(routes!(confirm)).told_as("confirm_totp"),
        Route::signed_in(routes!(remove)).told_as("remove_totp"),
        Route::signed_in(routes!(recovery)).told_as("renew_recovery_codes"),
    ]
}

/// The password one has, and the one to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    /// The one that is in force.
    #[schema(max_length = 256)]
    password: String,
    /// The one to be.
    #[schema(max_length = 256)]
    new_password: String,
}

/// Choose another password
///
/// All other sessions end, and a mail tells of it.
#[utoipa::path(post, operation_id = "change_my_password", path = "/v1/me/password", tag = "me", request_body = PasswordBody, responses((status = 204)))]
async fn password(State(app): State<App>, caller: Caller, body: Body<PasswordBody>) -> Result<Response, Problem> {
    let Body(PasswordBody { password, new_password }) = body;
    let (home, id, this) = oneself(&caller)?;
    let head = letterhead(&app, caller.home()).await.map_err(|why| refused(why, ""))?;
    let words = (Secret::new(password), Secret::new(new_password));
    let context = caller.context(&app);
    let done = change_password::change_password(app.store(), &home, (id, this), words, &head, context).await;
    done.map_err(|why| refused(why, "/new_password"))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The password, once more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProveBody {
    /// The password.
    #[schema(max_length = 256)]
    password: String,
}

/// What a telephone is to be told. It is shown this once.
#[derive(Serialize, ToSchema)]
struct EnrolmentView {
    /// The secret, to be typed.
    secret: String,
    /// The same for a QR code.
    uri: String,
}

/// Set up codes on one's telephone
///
/// They are asked for only once a first code has confirmed them.
#[utoipa::path(post, operation_id = "set_up_totp", path = "/v1/me/totp", tag = "me", request_body = ProveBody,
    responses((status = 200, body = EnrolmentView)))]
async fn enrol(State(app): State<App>, caller: Caller, body: Body<ProveBody>) -> Result<Response, Problem> {
    let Body(ProveBody { password }) = body;
    let (home, id, _) = oneself(&caller)?;
    let head = letterhead(&app, caller.home()).await.map_err(|why| refused(why, ""))?;
    let terms = (Secret::new(password), head.name.as_str());
    let made = totp::enrol(app.store(), &home, id, terms, caller.context(&app)).await;
    let made = made.map_err(|why| refused(why, "/password"))?;
    json(&EnrolmentView { secret: made.secret.expose().clone(), uri: made.uri.expose().clone() })
}

/// A code on one's telephone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CodeBody {
    /// The code.
    #[schema(example = "123456")]
    code: String,
}

/// Codes for the day the telephone is lost. They are shown this once; each is good once.
#[derive(Serialize, ToSchema)]
struct RecoveryCodes {
    /// The codes.
    recovery_codes: Vec<String>,
}

fn codes(codes: Vec<Secret<String>>) -> Result<Response, Problem> {
    json(&RecoveryCodes { recovery_codes: codes.iter().map(|code| code.expose().clone()).collect() })
}

/// Confirm codes by a first one
///
/// This session counts as proved twice; the others end.
#[utoipa::path(post, operation_id = "confirm_totp", path = "/v1/me/totp/confirm", tag = "me", request_body = CodeBody,
    responses((status = 200, body = RecoveryCodes)))]
async fn confirm(State(app): State<App>, caller: Caller, body: Body<CodeBody>) -> Result<Response, Problem> {
    let (home, id, this) = oneself(&caller)?;
    let done = totp::confirm(app.store(), &home, (id, this), &body.0.code, caller.context(&app)).await;
    codes(done.map_err(|why| refused(why, ""))?)
}

/// The password and a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RemoveBody {
    /// The password.
    #[schema(max_length = 256)]
    password: String,
    /// A code on the telephone, or a recovery code.
    code: String,
}

/// Sign in without a code from now on
#[utoipa::path(post, operation_id = "remove_my_totp", path = "/v1/me/totp/remove", tag = "me", request_body = RemoveBody, responses((status = 204)))]
async fn remove(State(app): State<App>, caller: Caller, body: Body<RemoveBody>) -> Result<Response, Problem> {
    let Body(RemoveBody { password, code }) = body;
    let (home, id, _) = oneself(&caller)?;
    let demanded = actions::people::demand_totp::is_demanded(app.store(), &home).await;
    let compulsory = caller.is_platform() || demanded.map_err(|why| refused(why, ""))?;
    let proofs = (Secret::new(password), code.as_str(), compulsory);
    let done = totp::remove(app.store(), &home, id, proofs, caller.context(&app)).await;
    done.map_err(|why| refused(why, "/password"))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Get new recovery codes; the earlier ones are good no more
#[utoipa::path(post, operation_id = "renew_recovery_codes", path = "/v1/me/totp/recovery-codes", tag = "me", request_body = CodeBody,
    responses((status = 200, body = RecoveryCodes)))]
async fn recovery(State(app): State<App>, caller: Caller, body: Body<CodeBody>) -> Result<Response, Problem> {
    let (home, id, _) = oneself(&caller)?;
    let done = totp::renew_recovery(app.store(), &home, id, &body.0.code, caller.context(&app)).await;
    codes(done.map_err(|why| refused(why, ""))?)
}
