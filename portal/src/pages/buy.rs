//! Somebody buys: types the number that M-Pesa is to ask.
//!
//! The plan stands in a field and not in the path: the first page then carries the visit once, not beside each plan.

use actions::context::Context;
use actions::messages::language::remember_language;
use actions::money::start_payment::{Request, StartError, Wish, start_payment};
use askama::Template;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::sales::plan::Plan;
use store::StoreError;
use tracing::{error, warn};

use crate::app::App;
use crate::buying::{self, Followed};
use crate::door::Asked;
use crate::holding::Holding;
use crate::pages::home::told;
use crate::pages::{OnSale, Sent, Shell, bare, number_in, other, render, send_to, shown};
use crate::telling::Teller;

/// The most octets of what somebody types that are looked at.
const TYPED_MAX_BYTES: usize = 32;

/// The most octets of a plan's id.
const PLAN_MAX_BYTES: usize = 40;

#[derive(Template)]
#[template(path = "buy.html")]
struct Buy<'a> {
    shell: Shell<'a>,
    plan: OnSale,
    fault: Option<String>,
    typed: &'a str,
    /// What the number has already.
    still: Option<String>,
}

/// `GET /buy`.
pub(super) async fn show(State(app): State<App>, Extension(asked): Sent) -> Result<Response, Response> {
    let plan = asked.query.get("plan", PLAN_MAX_BYTES).unwrap_or_default();
    let typed = asked.query.get("phone", TYPED_MAX_BYTES).unwrap_or_default();
    let shown = async {
        match on_sale(&app, &asked, plan).await? {
            Some(plan) => page(&app, &asked, &plan, None, typed, None),
            None => other::gone(&app, &asked),
        }
    };
    shown.await.map_err(|why| bare::of_store(&why))
}

/// `POST /buy`.
pub(super) async fn buy(State(app): State<App>, Extension(asked): Sent) -> Result<Response, Response> {
    let plan = asked.form.get("plan", PLAN_MAX_BYTES).unwrap_or_default();
    begin(&app, &asked, plan).await.map_err(|why| bare::of_store(&why))
}

/// The plan, if people can pay for it here.
async fn on_sale(app: &App, asked: &Asked, plan: &str) -> Result<Option<Plan>, StoreError> {
    let mut tx = app.store().tenant(&asked.scope).await?;
    if buying::gateway(app, &mut tx).await?.is_none() {
        return Ok(None);
    }
    buying::plan(&mut tx, plan).await
}

async fn begin(app: &App, asked: &Asked, plan: &str) -> Result<Response, StoreError> {
    let teller = Teller::new(app.words(), &asked.language);
    let mut tx = app.store().tenant(&asked.scope).await?;
    let gateway = buying::gateway(app, &mut tx).await?;
    let (Some(gateway), Some(plan)) = (gateway, buying::plan(&mut tx, plan).await?) else {
        return other::gone(app, asked);
    };
    drop(tx);
    let typed = asked.form.get("phone", TYPED_MAX_BYTES).unwrap_or_default();
    let fault = |words: String| page(app, asked, &plan, Some(words), typed, None);
    if typed.trim().is_empty() {
        return fault(teller.say("pay-no-number"));
    }
    let Some(phone) = number_in(asked, typed) else { return fault(teller.say("pay-not-a-number")) };
    if !asked.form.has("anyway")
        && let Some(held) = buying::still_has(app, asked, &phone).await?
    {
        return page(app, asked, &plan, None, typed, Some(&held));
    }
    let request = Request {
        wish: Wish::Voucher(plan.id),
        gateway: gateway.id,
        phone: phone.clone(),
        device: asked.visit.mac,
        nas: asked.visit.router,
    };
    let context = Context::new(app.clock(), app.random());
    match start_payment(app.store(), &asked.scope, request, context).await {
        Ok(started) => {
            if let Ok(language) = asked.language.parse() {
                // What is written to this telephone is written in the language that its owner reads. The payment goes on
                // without it.
                let noted = remember_language(app.store(), &asked.scope, &phone, &language, context).await;
                if let Err(why) = noted {
                    warn!(tenant.id = %asked.tenant.id, "a buyer's language could not be noted: {why}");
                }
            }
            let followed = Followed { payment: started.payment.id, is_own: !started.was_there };
            // Who taps twice has the first tap's page: the second follows it without the code.
            let payment = followed.seal(app.store(), asked)?;
            let ticket = Shell::new(app, asked, "/pay")?.ticket;
            Ok(send_to(&format!("/pay?p={payment}&c={ticket}")))
        }
        Err(StartError::Store(why)) => Err(why),
        Err(StartError::Busy(seconds)) => {
            let seconds = u64::try_from(seconds).unwrap_or_default();
            fault(teller.fill("pay-busy", "wait", &teller.count("seconds", seconds)))
        }
        Err(StartError::TooOften) => fault(teller.say("pay-too-often")),
        Err(StartError::NoGateway | StartError::NoSuchPlan | StartError::NoSuchSubscriber | StartError::Free) => {
            other::gone(app, asked)
        }
        Err(why @ StartError::Exhausted) => {
            error!(tenant.id = %asked.tenant.id, "a payment could not be begun: {why}");
            Ok(bare::page(StatusCode::INTERNAL_SERVER_ERROR, bare::BROKEN))
        }
    }
}

fn page(
    app: &App,
    asked: &Asked,
    plan: &Plan,
    fault: Option<String>,
    typed: &str,
    still: Option<&Holding>,
) -> Result<Response, StoreError> {
    let teller = Teller::new(app.words(), &asked.language);
    let shell = Shell::new(app, asked, "/")?;
    let nonce = shell.nonce.clone();
    let still = still.map(|held| told(held, asked, teller));
    let page = Buy { shell, plan: shown(plan, teller), fault, typed, still };
    Ok(render(asked, StatusCode::OK, &nonce, &page))
}
