//! The first page: the box for a code or a number, what a phone still has, and the prices. And the way to the router.

use std::net::Ipv4Addr;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::access::attempt::Device;
use domain::mac::Mac;
use domain::refusal::Refusal;
use domain::sales::plan::{Plan, PlanService};
use domain::sales::voucher::VoucherCode;
use store::StoreError;
use store::sales::plans;

use crate::app::App;
use crate::buying;
use crate::door::Asked;
use crate::fields::Fields;
use crate::hand_off;
use crate::holding::{self, Holding};
use crate::meters::Typed;
use crate::pages::{OnSale, Sent, Shell, bare, counted, must_wait, number_in, render, router_named, send_to, shown};
use crate::said;
use crate::telling::Teller;
use crate::visit::{RouterPage, Visit, wanted};

/// The most octets of what somebody types that are looked at.
const TYPED_MAX_BYTES: usize = 64;

/// Plans on one page.
const SHOWN_MAX: usize = 24;

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    shell: Shell<'a>,
    /// What is wrong, and the way out of it.
    fault: Option<(String, Option<String>)>,
    /// What was typed, kept for the next try.
    typed: &'a str,
    /// The login page of the router, for a visit that is too old.
    again: Option<&'a str>,
    /// What the phone still has.
    still: Option<String>,
    plans: Vec<OnSale>,
    /// Whether people can pay for them here.
    can_buy: bool,
    /// The way to a payment that this device has begun.
    under_way: Option<String>,
}

/// Something to say above the box.
enum Fault {
    Nothing,
    Old,
    Says(String),
    Refused(Refusal),
}

/// `GET /hs/{router}`: a browser that the router's own page has sent.
pub(super) async fn arrive(
    State(app): State<App>,
    Extension(asked): Sent,
    Path(router): Path<String>,
) -> Result<Response, Response> {
    let mut asked = Arc::unwrap_or_clone(asked);
    let sent = asked.query.clone();
    if let Some(visit) = introduced(&app, &asked, &router, &sent).await.map_err(|why| bare::of_store(&why))? {
        asked.visit = visit;
        asked.is_old = false;
    }
    let said = sent.get("err", 240).map(said::at_router);
    let fault = match said {
        Some(said::AtRouter::Refused(refusal)) => Fault::Refused(refusal),
        Some(other) => Fault::Says(Teller::new(app.words(), &asked.language).at_router(other)),
        None => Fault::Nothing,
    };
    page(&app, &asked, fault, "").await.map_err(|why| bare::of_store(&why))
}

/// What the router's page said of the device. `None` when it said nothing: the visit that was carried goes on.
async fn introduced(app: &App, asked: &Asked, router: &str, sent: &Fields) -> Result<Option<Visit>, StoreError> {
    if !sent.has("mac") && !sent.has("lo") {
        return Ok(None);
    }
    let router = router_named(app, asked, router).await?;
    let registered = router.and_then(|(_, address)| address);
    let names = &app.settings().router_names;
    Ok(Some(Visit {
        mac: sent.get("mac", 32).and_then(|mac| Mac::parse(mac.as_bytes())),
        ip: sent.get("ip", 15).and_then(|ip| ip.parse::<Ipv4Addr>().ok()),
        router: router.map(|(id, _)| id),
        login: sent.get("lo", 200).and_then(|page| RouterPage::parse(page, registered, names)),
        chap: sent.has("ci"),
        wanted: sent.get("orig", 300).and_then(wanted),
        language: asked.visit.language.clone(),
    }))
}

/// `GET /`: the same without news of the device.
pub(super) async fn show(State(app): State<App>, Extension(asked): Sent) -> Result<Response, Response> {
    let fault = if asked.is_old && asked.query.has("late") { Fault::Old } else { Fault::Nothing };
    page(&app, &asked, fault, "").await.map_err(|why| bare::of_store(&why))
}

/// `POST /`: somebody has typed a code or a number.
pub(super) async fn enter(State(app): State<App>, Extension(asked): Sent) -> Result<Response, Response> {
    log_in(&app, &asked).await.map_err(|why| bare::of_store(&why))
}

async fn log_in(app: &App, asked: &Asked) -> Result<Response, StoreError> {
    let teller = Teller::new(app.words(), &asked.language);
    let typed = asked.form.get("code", TYPED_MAX_BYTES).unwrap_or_default();
    let said = |fault: Fault| page(app, asked, fault, typed);
    if typed.trim().is_empty() {
        return said(Fault::Says(teller.say("nothing-typed"))).await;
    }
    let Some((name, _)) = name_in(asked, typed) else {
        return said(Fault::Says(teller.say("not-a-code"))).await;
    };
    let note = |outcome| {
        app.meters().logins.get_or_create(&Typed { outcome }).inc();
    };
    if let Some(wait) = must_wait(app, asked, teller) {
        note("too_many_tries");
        return said(Fault::Says(wait)).await;
    }
    let device = asked.visit.mac.map_or(Device::Unnamed, Device::Mac);
    match holding::admitted(app, asked, name.as_bytes(), device).await? {
        Ok(_) => match hand_off::to_router(&asked.visit, &name) {
            Some(address) => {
                note("sent_on");
                Ok(send_to(&address))
            }
            None => {
                note("no_router");
                said(Fault::Says(teller.say("no-router"))).await
            }
        },
        Err(refusal) => {
            note(refusal.code());
            if is_a_guess(refusal) {
                app.guesses().note(&counted(asked), app.now());
            }
            said(Fault::Refused(refusal)).await
        }
    }
}

/// `GET /use`: the phone goes on with what it has. Only its own address is sent: the router knows whether it is true.
pub(super) async fn go_on(State(app): State<App>, Extension(asked): Sent) -> Result<Response, Response> {
    let teller = Teller::new(app.words(), &asked.language);
    let to = asked.visit.mac.and_then(|mac| hand_off::to_router(&asked.visit, &holding::name_of(mac)));
    match to {
        Some(address) if !asked.is_old => Ok(send_to(&address)),
        Some(_) => page(&app, &asked, Fault::Old, "").await.map_err(|why| bare::of_store(&why)),
        None => {
            let fault = Fault::Says(teller.say("device-has-none"));
            page(&app, &asked, fault, "").await.map_err(|why| bare::of_store(&why))
        }
    }
}

/// Whether a refusal says that nothing was hit.
pub(super) const fn is_a_guess(refusal: Refusal) -> bool {
    matches!(refusal, Refusal::Unknown | Refusal::WrongCase | Refusal::NotSold)
}

/// A code as it is written, or a number as routers know it, and whether it is a number. Spaces are people's own.
pub(super) fn name_in(asked: &Asked, typed: &str) -> Option<(String, bool)> {
    if let Some(phone) = number_in(asked, typed) {
        return Some((phone.expose().to_owned(), true));
    }
    let bare: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    let code = VoucherCode::parse(bare.as_bytes()).ok()?;
    Some((code.expose().to_owned(), false))
}

async fn page(app: &App, asked: &Asked, fault: Fault, typed: &str) -> Result<Response, StoreError> {
    let teller = Teller::new(app.words(), &asked.language);
    let shell = Shell::new(app, asked, "/")?;
    let way_out = |refusal| (refusal == Refusal::AlreadyInUse).then(|| teller.say("in-use-way-out"));
    let fault = match fault {
        Fault::Nothing => None,
        Fault::Old => Some((teller.say("old-page"), None)),
        Fault::Says(words) => Some((words, None)),
        Fault::Refused(refusal) => Some((teller.refusal(refusal), way_out(refusal))),
    };
    let still = match asked.visit.mac {
        Some(mac) if asked.visit.login.is_some() && !asked.is_old => holding::of_device(app, asked, mac).await?,
        Some(_) | None => None,
    };
    let still = still.map(|held| told(&held, asked, teller));
    let again = asked.visit.login.as_ref().filter(|_| asked.is_old).map(RouterPage::as_str);
    let (plans, can_buy) = on_sale(app, asked, teller).await?;
    let under_way = match asked.visit.mac {
        Some(mac) if !asked.is_old => buying::under_way(app, asked, mac).await?,
        Some(_) | None => None,
    };
    let under_way = under_way.map(|followed| followed.seal(app.store(), asked)).transpose()?;
    let nonce = shell.nonce.clone();
    let home = Home { shell, fault, typed, again, still, plans, can_buy, under_way };
    Ok(render(asked, StatusCode::OK, &nonce, &home))
}

pub(super) fn told(held: &Holding, asked: &Asked, teller: Teller<'_>) -> String {
    held.until.map_or_else(
        || teller.say("still-endless"),
        |until| teller.fill("still-text", "until", &teller.moment(until, &asked.tenant.zone)),
    )
}

/// The hotspot's plans, the cheapest first, and whether people can pay for them here.
async fn on_sale(app: &App, asked: &Asked, teller: Teller<'_>) -> Result<(Vec<OnSale>, bool), StoreError> {
    let mut tx = app.store().tenant(&asked.scope).await?;
    let can_buy = buying::gateway(app, &mut tx).await?.is_some();
    let mut plans = plans::list(&mut tx).await?;
    drop(tx);
    plans.retain(|plan| plan.service == PlanService::Hotspot);
    plans.sort_by(|one, other| {
        let order = |plan: &Plan| (plan.terms.price.minor(), plan.name.as_str().to_owned());
        order(one).cmp(&order(other))
    });
    plans.truncate(SHOWN_MAX);
    Ok((plans.iter().map(|plan| shown(plan, teller)).collect(), can_buy))
}
