//! A payment under way: what to do now, and the way online once it is paid.
//!
//! The page asks again by itself, without a script. Whoever closes it loses nothing: the device is let in by its address,
//! and the first page leads back here.

use askama::Template;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::money::claim::FailureKind;
use domain::money::payment::{Payment, PaymentState, Purpose};
use domain::time::Span;
use store::StoreError;

use crate::app::App;
use crate::buying::{self, Bought, Followed, TICKET_MAX_BYTES};
use crate::door::Asked;
use crate::hand_off;
use crate::holding;
use crate::pages::{Sent, Shell, bare, other, render};
use crate::telling::{Teller, price};

/// While somebody has the telephone in their hand, it is looked this often.
const OFTEN_SECONDS: u32 = 3;

/// For so long.
const OFTEN_FOR: Span = Span::minutes(3);

/// Then it is looked less often.
const RARELY_SECONDS: u32 = 15;

/// And after that not by itself.
const RARELY_FOR: Span = Span::minutes(15);

/// How long a page that leads online is to be read.
const READ_SECONDS: u32 = 2;

#[derive(Template)]
#[template(path = "pay.html")]
struct Pay<'a> {
    shell: Shell<'a>,
    /// Where the browser goes by itself, and after how many seconds.
    onward: Option<(u32, String)>,
    title: String,
    says: Vec<String>,
    is_good: bool,
    is_bad: bool,
    /// The code, for whoever bought it.
    code: Option<String>,
    /// A button: its words and where it leads.
    button: Option<(String, String)>,
    rows: Vec<(String, String)>,
    /// This page, again.
    again: Option<String>,
}

/// `GET /pay`.
pub(super) async fn show(State(app): State<App>, Extension(asked): Sent) -> Result<Response, Response> {
    page(&app, &asked).await.map_err(|why| bare::of_store(&why))
}

async fn page(app: &App, asked: &Asked) -> Result<Response, StoreError> {
    let ticket = asked.query.get("p", TICKET_MAX_BYTES);
    let followed = ticket.and_then(|ticket| Followed::open(app.store(), asked, ticket));
    let (Some(ticket), Some(followed)) = (ticket, followed) else { return other::gone(app, asked) };
    let Some(bought) = buying::bought(app, asked, followed.payment).await? else { return other::gone(app, asked) };
    let shell = Shell::new(app, asked, "/")?;
    let nonce = shell.nonce.clone();
    let teller = Teller::new(app.words(), &asked.language);
    let here = format!("/pay?p={ticket}&c={}", shell.ticket);
    let rows = rows(&bought, teller);
    let blank = Pay {
        shell,
        onward: None,
        title: String::new(),
        says: Vec::new(),
        is_good: false,
        is_bad: false,
        code: None,
        button: None,
        rows,
        again: None,
    };
    let pay = told(app, asked, (followed, &bought), teller, &here, blank);
    Ok(render(asked, StatusCode::OK, &nonce, &pay))
}

fn told<'a>(
    app: &App,
    asked: &Asked,
    (followed, bought): (Followed, &Bought),
    teller: Teller<'_>,
    here: &str,
    blank: Pay<'a>,
) -> Pay<'a> {
    let payment = &bought.payment;
    let age = app.now().since(payment.created_at);
    let onward = match age {
        age if age < OFTEN_FOR => Some((OFTEN_SECONDS, here.to_owned())),
        age if age < RARELY_FOR => Some((RARELY_SECONDS, here.to_owned())),
        _ => None,
    };
    let again = Some(here.to_owned());
    let isp = &asked.tenant.name;
    match payment.state {
        PaymentState::Created | PaymentState::Pushing => {
            Pay { title: teller.say("pay-sending"), says: vec![asks(payment, teller)], onward, again, ..blank }
        }
        PaymentState::Awaiting => Pay {
            title: teller.say("pay-look"),
            says: vec![asks(payment, teller), teller.say("pay-stays")],
            onward,
            again,
            ..blank
        },
        PaymentState::Unknown => Pay {
            title: teller.say("pay-look"),
            says: vec![teller.say("pay-unknown"), teller.say("pay-stays")],
            onward,
            again,
            ..blank
        },
        PaymentState::Paid | PaymentState::PaidUnreceipted if bought.given.is_some() => {
            online(asked, followed, payment, teller, blank)
        }
        PaymentState::Paid | PaymentState::PaidUnreceipted => Pay {
            title: teller.say("pay-not-served"),
            says: vec![teller.fill("pay-not-served-text", "isp", isp)],
            is_bad: true,
            onward,
            again,
            ..blank
        },
        PaymentState::Failed(why) => Pay {
            title: teller.say("pay-failed"),
            says: vec![teller.say(&format!("pay-failed-{}", why.code().replace('_', "-"))), teller.say("pay-late")],
            is_bad: true,
            button: retry(payment, why, teller, &blank.shell.ticket),
            ..blank
        },
        PaymentState::Expired | PaymentState::Unresolved => Pay {
            title: teller.say("pay-silent"),
            says: vec![teller.say("pay-silent-text"), teller.fill("pay-silent-help", "isp", isp)],
            is_bad: true,
            button: retry(payment, FailureKind::Expired, teller, &blank.shell.ticket),
            again,
            ..blank
        },
        PaymentState::Reversed => Pay {
            title: teller.say("pay-reversed"),
            says: vec![teller.fill("pay-reversed-text", "isp", isp)],
            is_bad: true,
            ..blank
        },
    }
}

/// It is paid: on to the router.
fn online<'a>(asked: &Asked, followed: Followed, payment: &Payment, teller: Teller<'_>, blank: Pay<'a>) -> Pay<'a> {
    let code = payment.reference.expose();
    // Whoever only says that it is this device goes by its address: the router knows whether that is true.
    let name = match (followed.is_own, asked.visit.mac) {
        (true, _) => Some(code.to_owned()),
        (false, Some(mac)) => Some(holding::name_of(mac)),
        (false, None) => None,
    };
    let to = name.and_then(|name| hand_off::to_router(&asked.visit, &name)).filter(|_| !asked.is_old);
    let text = if to.is_some() { "pay-done-text" } else { "pay-done-join" };
    Pay {
        title: teller.say("pay-done"),
        says: vec![teller.say(text)],
        is_good: true,
        code: followed.is_own.then(|| code.to_owned()),
        button: to.clone().map(|to| (teller.say("pay-go"), to)),
        onward: to.map(|to| (READ_SECONDS, to)),
        ..blank
    }
}

fn asks(payment: &Payment, teller: Teller<'_>) -> String {
    teller.fill("pay-look-text", "price", &price(payment.price))
}

/// Another try, where that can help.
fn retry(payment: &Payment, why: FailureKind, teller: Teller<'_>, ticket: &str) -> Option<(String, String)> {
    let Purpose::Voucher { plan, .. } = &payment.purpose else { return None };
    if why == FailureKind::Misconfigured {
        return None;
    }
    // The number is not filled in: whoever follows a payment need not be who typed it.
    Some((teller.say("pay-again"), format!("/buy?plan={plan}&c={ticket}")))
}

fn rows(bought: &Bought, teller: Teller<'_>) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    if let Some(plan) = &bought.plan {
        rows.push((teller.say("row-plan"), teller.duration(plan.terms.duration)));
    }
    rows.push((teller.say("row-price"), price(bought.payment.price)));
    rows
}
