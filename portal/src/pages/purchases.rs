//! What a number has bought: shown to whoever can read a code that is sent to it.

use actions::context::Context;
use actions::messages::one_time_code::{OneTime, check_one_time_code, one_time_code};
use askama::Template;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::money::payment::{Payment, PaymentState, Purpose};
use domain::phone::Msisdn;
use policy::messages::one_time::Checked;
use store::StoreError;
use store::money::payments;
use store::sales::plans;

use crate::app::App;
use crate::door::Asked;
use crate::pages::{Sent, Shell, asked_too_often, bare, number_in, render};
use crate::telling::{Teller, price};

/// The most octets of what somebody types that are looked at.
const TYPED_MAX_BYTES: usize = 32;

/// Purchases on one page: the newest.
const SHOWN_MAX: u16 = 30;

#[derive(Template)]
#[template(path = "purchases.html")]
struct Purchases<'a> {
    shell: Shell<'a>,
    fault: Option<String>,
    /// The number that was typed.
    typed: &'a str,
    /// Whether a code is on its way, and is asked for.
    asks_code: bool,
    /// What was bought: when, what, for how much, and what became of it.
    bought: Option<Vec<(String, String, String)>>,
}

/// What the page shows.
enum Shows {
    Number(Option<String>),
    Code(Option<String>),
    Bought(Vec<(String, String, String)>),
}

/// `GET /purchases`.
pub(super) async fn show(State(app): State<App>, Extension(asked): Sent) -> Result<Response, Response> {
    page(&app, &asked, Shows::Number(None), "").map_err(|why| bare::of_store(&why))
}

/// `POST /purchases`: a number; and then a number with the code that was sent to it.
pub(super) async fn look(State(app): State<App>, Extension(asked): Sent) -> Result<Response, Response> {
    answer(&app, &asked).await.map_err(|why| bare::of_store(&why))
}

async fn answer(app: &App, asked: &Asked) -> Result<Response, StoreError> {
    let teller = Teller::new(app.words(), &asked.language);
    let typed = asked.form.get("phone", TYPED_MAX_BYTES).unwrap_or_default();
    let Some(phone) = number_in(asked, typed) else {
        return page(app, asked, Shows::Number(Some(teller.say("pay-not-a-number"))), typed);
    };
    let shows = match asked.form.get("code", TYPED_MAX_BYTES) {
        None => sends(app, asked, &phone, teller).await?,
        Some(code) => checks(app, asked, &phone, code, teller).await?,
    };
    page(app, asked, shows, typed)
}

async fn sends(app: &App, asked: &Asked, phone: &Msisdn, teller: Teller<'_>) -> Result<Shows, StoreError> {
    let context = Context::new(app.clock(), app.random());
    Ok(match one_time_code(app.store(), &asked.scope, phone, context).await? {
        // The same for both: whether a number has bought anything is nobody else's business.
        OneTime::Sent | OneTime::Nothing => Shows::Code(None),
        OneTime::TooOften(wait) => Shows::Number(Some(asked_too_often(teller, wait))),
        OneTime::NoMessages => Shows::Number(Some(teller.fill("purchases-no-messages", "isp", &asked.tenant.name))),
    })
}

async fn checks(app: &App, asked: &Asked, phone: &Msisdn, code: &str, teller: Teller<'_>) -> Result<Shows, StoreError> {
    let context = Context::new(app.clock(), app.random());
    Ok(match check_one_time_code(app.store(), &asked.scope, phone, code, context).await? {
        Checked::Right => Shows::Bought(bought(app, asked, phone, teller).await?),
        Checked::Wrong { left } => {
            Shows::Code(Some(teller.fill("purchases-wrong", "left", &teller.count("tries", u64::from(left)))))
        }
        Checked::Gone => Shows::Number(Some(teller.say("purchases-gone"))),
    })
}

async fn bought(
    app: &App,
    asked: &Asked,
    phone: &Msisdn,
    teller: Teller<'_>,
) -> Result<Vec<(String, String, String)>, StoreError> {
    let mut tx = app.store().tenant(&asked.scope).await?;
    let mut rows = Vec::new();
    for payment in payments::of_buyer(&mut tx, phone, SHOWN_MAX).await? {
        let plan = match &payment.purpose {
            Purpose::Voucher { plan, revision, .. } => plans::at_revision(&mut tx, *plan, *revision).await?,
            Purpose::Renewal { .. } => None,
        };
        let what = plan.map(|plan| teller.duration(plan.terms.duration)).unwrap_or_default();
        let when = teller.moment(payment.created_at, &asked.tenant.zone);
        rows.push((when, format!("{what} · {}", price(payment.price)), became(&payment, teller)));
    }
    Ok(rows)
}

/// What became of it; of what was bought the end of its code.
fn became(payment: &Payment, teller: Teller<'_>) -> String {
    match payment.state {
        PaymentState::Paid | PaymentState::PaidUnreceipted => {
            let code = payment.reference.expose();
            let ending = code.get(code.len().saturating_sub(2)..).unwrap_or_default();
            teller.fill("purchases-paid", "ending", ending)
        }
        PaymentState::Reversed => teller.say("pay-reversed"),
        PaymentState::Failed(_) => teller.say("pay-failed"),
        PaymentState::Created
        | PaymentState::Pushing
        | PaymentState::Awaiting
        | PaymentState::Unknown
        | PaymentState::Expired
        | PaymentState::Unresolved => teller.say("pay-silent"),
    }
}

fn page(app: &App, asked: &Asked, shows: Shows, typed: &str) -> Result<Response, StoreError> {
    let shell = Shell::new(app, asked, "/purchases")?;
    let nonce = shell.nonce.clone();
    let (fault, asks_code, bought) = match shows {
        Shows::Number(fault) => (fault, false, None),
        Shows::Code(fault) => (fault, true, None),
        Shows::Bought(rows) => (None, false, Some(rows)),
    };
    Ok(render(asked, StatusCode::OK, &nonce, &Purchases { shell, fault, typed, asks_code, bought }))
}
