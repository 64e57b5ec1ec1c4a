//! What is left of a voucher, asked without using it.

use askama::Template;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::refusal::Refusal;
use domain::sales::voucher::VoucherCode;
use store::StoreError;

use crate::app::App;
use crate::door::Asked;
use crate::holding::{self, Checked};
use crate::pages::home::{is_a_guess, name_in};
use crate::pages::{Sent, Shell, bare, counted, must_wait, render};
use crate::telling::{Teller, data};

/// The most octets of what somebody types that are looked at.
const TYPED_MAX_BYTES: usize = 64;

#[derive(Template)]
#[template(path = "check.html")]
struct Check<'a> {
    shell: Shell<'a>,
    fault: Option<String>,
    typed: &'a str,
    found: Vec<Table>,
}

/// A voucher as it is shown.
struct Table {
    title: String,
    state: String,
    rows: Vec<(String, String)>,
}

/// `GET /check`.
pub(super) async fn show(State(app): State<App>, Extension(asked): Sent) -> Result<Response, Response> {
    page(&app, &asked, None, "", Vec::new()).map_err(|why| bare::of_store(&why))
}

/// `POST /check`.
pub(super) async fn look(State(app): State<App>, Extension(asked): Sent) -> Result<Response, Response> {
    answer(&app, &asked).await.map_err(|why| bare::of_store(&why))
}

async fn answer(app: &App, asked: &Asked) -> Result<Response, StoreError> {
    let teller = Teller::new(app.words(), &asked.language);
    let typed = asked.form.get("code", TYPED_MAX_BYTES).unwrap_or_default();
    let fault = |words: String| page(app, asked, Some(words), typed, Vec::new());
    if typed.trim().is_empty() {
        return fault(teller.say("nothing-typed"));
    }
    let Some((name, is_number)) = name_in(asked, typed) else { return fault(teller.say("not-a-code")) };
    if let Some(wait) = must_wait(app, asked, teller) {
        return fault(wait);
    }
    // A code of digits alone reads as a number, too: as a code it is asked for first.
    let bare: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    let as_code = match VoucherCode::parse(bare.as_bytes()) {
        Ok(code) => holding::of_code(app, asked, code.expose().as_bytes()).await?,
        Err(_) => Err(Refusal::Unknown),
    };
    match (as_code, asked.visit.mac) {
        (Ok(found), _) => page(app, asked, None, typed, vec![table(&found, app, asked, teller)]),
        (Err(_), Some(mac)) if is_number => {
            let found = holding::of_number_and_device(app, asked, name.as_bytes(), mac).await?;
            if found.is_empty() {
                return fault(teller.say("check-number-none"));
            }
            let tables = found.iter().map(|one| table(one, app, asked, teller)).collect();
            page(app, asked, None, typed, tables)
        }
        (Err(_), None) if is_number => fault(teller.say("check-number-private")),
        (Err(refusal), _) => {
            if is_a_guess(refusal) {
                app.guesses().note(&counted(asked), app.now());
            }
            fault(teller.refusal(refusal))
        }
    }
}

/// What is said of a voucher.
fn table(checked: &Checked, app: &App, asked: &Asked, teller: Teller<'_>) -> Table {
    let (held, now) = (&checked.holding, app.now());
    let state = match checked.refusal {
        Some(refusal) => teller.refusal(refusal),
        None if held.waits => teller.say("state-waits"),
        None => teller.say("state-good"),
    };
    Table { title: teller.fill("row-voucher", "ending", &held.ending), state, rows: rows(held, asked, teller, now) }
}

/// What is told of something that somebody holds.
pub(super) fn rows(
    held: &holding::Holding,
    asked: &Asked,
    teller: Teller<'_>,
    now: domain::time::Timestamp,
) -> Vec<(String, String)> {
    let terms = &held.plan.terms;
    let cap = terms.device_cap.get();
    let mut rows = vec![
        (teller.say("row-plan"), teller.duration(terms.duration)),
        (teller.say("row-speed"), teller.speed(terms.rate.as_ref())),
    ];
    if let Some(until) = held.until {
        rows.push((teller.say("row-ends"), teller.moment(until, &asked.tenant.zone)));
        if until > now {
            rows.push((teller.say("row-left"), teller.left(now, until)));
        }
    }
    if let Some(left) = held.data_left {
        rows.push((teller.say("row-data"), data(left)));
    }
    rows.push((teller.say("row-devices"), teller.taken(held.places_taken, cap)));
    rows
}

fn page(
    app: &App,
    asked: &Asked,
    fault: Option<String>,
    typed: &str,
    found: Vec<Table>,
) -> Result<Response, StoreError> {
    let shell = Shell::new(app, asked, "/check")?;
    let nonce = shell.nonce.clone();
    Ok(render(asked, StatusCode::OK, &nonce, &Check { shell, fault, typed, found }))
}
