//! Signing in, and out again.

use actions::people::impersonate::Visitor;
use actions::people::sign_in::{self, SignIn, SigningIn};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use domain::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Stranger, oneself, refused};
use crate::app::App;
use crate::body::{Body, json};
use crate::door::Caller;
use crate::door::credential::{COOKIE, COOKIE_IN_THE_CLEAR};
use crate::problem::{Code, FaultCode, Problem};
use crate::routes::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::open(routes!(sign_in)).told_as("sign_in"), Route::signed_in(routes!(sign_out)).told_as("end_sign_ins")]
}

/// Who signs in, and how they prove it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignInBody {
    /// An e-mail address; or a user name, on the provider's own host.
    #[schema(example = "anna@savanna.example", max_length = 254)]
    login: String,
    /// The password.
    #[schema(max_length = 256)]
    password: String,
    /// The code on the telephone, or a recovery code, where one is set up.
    #[schema(example = "123456")]
    code: Option<String>,
}

/// Somebody who signed in.
#[derive(Serialize, ToSchema)]
struct SignedInView {
    /// Their id.
    id: String,
    /// Their name.
    name: String,
    /// The session's id.
    session: String,
    /// After so many seconds of silence it ends.
    idle_seconds: i64,
}

/// Sign in
///
/// Sets the cookie of a session that ends after twenty minutes of silence. Where a code is set up and none was sent, the
/// answer is 422 and names `/code`. Who fails too often is told how long to wait.
#[utoipa::path(post, operation_id = "sign_in", path = "/v1/sign-in", tag = "sign-in", request_body = SignInBody,
    responses((status = 200, body = SignedInView), (status = 401)))]
async fn sign_in(State(app): State<App>, stranger: Stranger, body: Body<SignInBody>) -> Result<Response, Problem> {
    let Body(SignInBody { login, password, code }) = body;
    let bringing = SigningIn {
        login,
        password: Secret::new(password),
        code,
        host: stranger.host,
        address: Some(stranger.from.address),
        agent: stranger.agent,
    };
    let done = sign_in::sign_in(app.store(), bringing, app.context()).await.map_err(|why| refused(why, "/password"))?;
    let entered = match done {
        SignIn::In(entered) => entered,
        SignIn::Wrong => return Err(Problem::new(Code::SignIn, "no such login, or another password: check both")),
        SignIn::CodeNeeded => {
            let said = "send the code on your telephone, or a recovery code, with the login and password";
            return Err(Problem::of_field("/code", FaultCode::Missing, said));
        }
        SignIn::WrongCode => {
            let said = "the code is wrong or was used already: wait for the next one and try again";
            return Err(Problem::of_field("/code", FaultCode::Invalid, said));
        }
    };
    let mut response = json(&SignedInView {
        id: entered.staff.id.to_string(),
        name: entered.staff.name.to_string(),
        session: entered.id.to_string(),
        idle_seconds: sign_in::IDLE.as_seconds(),
    })?;
    response.headers_mut().insert(header::SET_COOKIE, cookie(entered.token.expose(), stranger.from.secure)?);
    Ok(response)
}

/// Sign out
///
/// Ends the session that asks, and whatever was done in a provider's place during it.
#[utoipa::path(post, operation_id = "sign_out", path = "/v1/sign-out", tag = "sign-in", responses((status = 204)))]
async fn sign_out(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let visitor = visitor(&caller)?;
    sign_in::sign_out(app.store(), &visitor, caller.context(&app)).await.map_err(|why| refused(why, ""))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The caller as one who acts in a provider's place, or may.
pub(super) fn visitor(caller: &Caller) -> Result<Visitor, Problem> {
    let (home, staff, stay) = oneself(caller)?;
    Ok(Visitor {
        home: home.tenant(),
        staff,
        stay,
        name: caller.name().to_owned(),
        is_platform: caller.is_platform(),
        // The platform's people may do nothing without it.
        proved_twice: caller.is_platform() && !caller.lacks_second_proof(),
        acting: caller.acting().map(|acting| (caller.tenant(), acting.impersonation)),
    })
}

/// A session's cookie: for this host alone, out of scripts' reach, and not sent along by other sites' forms.
fn cookie(token: &str, secure: bool) -> Result<HeaderValue, Problem> {
    let (name, only) = if secure { (COOKIE, "; Secure") } else { (COOKIE_IN_THE_CLEAR, "") };
    let text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{only}");
    let mut value = HeaderValue::from_str(&text).map_err(|_| Problem::internal())?;
    value.set_sensitive(true);
    Ok(value)
}
