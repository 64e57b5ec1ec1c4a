//! A lost code: it is sent to the telephone that bought it, and shown to nobody.

use actions::context::Context;
use actions::messages::lost_codes::{LostCodes, send_lost_code};
use askama::Template;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::Response;
use store::StoreError;

use crate::app::App;
use crate::door::Asked;
use crate::pages::{Sent, Shell, asked_too_often, bare, number_in, render};
use crate::telling::Teller;

/// The most octets of what somebody types that are looked at.
const TYPED_MAX_BYTES: usize = 32;

#[derive(Template)]
#[template(path = "lost.html")]
struct Lost<'a> {
    shell: Shell<'a>,
    fault: Option<String>,
    done: Option<String>,
    typed: &'a str,
}

/// `GET /lost`.
pub(super) async fn show(State(app): State<App>, Extension(asked): Sent) -> Result<Response, Response> {
    page(&app, &asked, None, None, "").map_err(|why| bare::of_store(&why))
}

/// `POST /lost`.
pub(super) async fn send(State(app): State<App>, Extension(asked): Sent) -> Result<Response, Response> {
    answer(&app, &asked).await.map_err(|why| bare::of_store(&why))
}

async fn answer(app: &App, asked: &Asked) -> Result<Response, StoreError> {
    let teller = Teller::new(app.words(), &asked.language);
    let typed = asked.form.get("phone", TYPED_MAX_BYTES).unwrap_or_default();
    let fault = |words: String| page(app, asked, Some(words), None, typed);
    let Some(phone) = number_in(asked, typed) else { return fault(teller.say("pay-not-a-number")) };
    let context = Context::new(app.clock(), app.random());
    match send_lost_code(app.store(), &asked.scope, &phone, context).await? {
        // The same words for both: whether a number has bought anything is nobody else's business.
        LostCodes::Sent(_) | LostCodes::Nothing => page(app, asked, None, Some(teller.say("lost-done")), ""),
        LostCodes::TooOften(wait) => fault(asked_too_often(teller, wait)),
        LostCodes::NoMessages => fault(teller.fill("lost-no-messages", "isp", &asked.tenant.name)),
    }
}

fn page(
    app: &App,
    asked: &Asked,
    fault: Option<String>,
    done: Option<String>,
    typed: &str,
) -> Result<Response, StoreError> {
    let shell = Shell::new(app, asked, "/lost")?;
    let nonce = shell.nonce.clone();
    Ok(render(asked, StatusCode::OK, &nonce, &Lost { shell, fault, done, typed }))
}
