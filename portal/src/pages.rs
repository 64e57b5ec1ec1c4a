//! The pages: one file each, with its template beside it in `templates/`.

pub(crate) mod bare;
mod buy;
mod check;
mod home;
mod lost;
mod other;
mod pay;
mod purchases;
mod status;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use domain::phone::Msisdn;
use domain::sales::plan::Plan;
use domain::time::Span;
use store::StoreError;
use store::network::nas;
use tracing::error;
use web::request::Trace;

use crate::app::App;
use crate::callbacks;
use crate::door::{self, Asked};
use crate::guesses::Whose;
use crate::telling::{Teller, data, price};
use crate::visit::Visit;
use crate::watch;

/// All pages.
pub(crate) fn service(app: &App) -> Router {
    Router::new()
        .route("/", get(home::show).post(home::enter))
        .route("/hs/{router}", get(home::arrive).post(home::enter))
        .route("/on/{router}", get(status::arrive))
        .route("/status", get(status::show))
        .route("/use", get(home::go_on).post(home::enter))
        .route("/buy", get(buy::show).post(buy::buy))
        .route("/pay", get(pay::show))
        .route("/check", get(check::show).post(check::look))
        .route("/lost", get(lost::show).post(lost::send))
        .route("/purchases", get(purchases::show).post(purchases::look))
        .route("/terms", get(other::terms))
        .fallback(other::nothing_here)
        .method_not_allowed_fallback(other::nothing_here)
        .layer(from_fn_with_state(app.clone(), door::enter))
        .route("/cb/{token}/{letter}", post(callbacks::of_gateway))
        .route("/cb/{token}/{prompt}/{letter}", post(callbacks::of_prompt))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
        .layer(from_fn_with_state(app.clone(), watch::watch))
        .with_state(app.clone())
}

/// What stands around every page.
pub(crate) struct Shell<'a> {
    teller: Teller<'a>,
    /// The language, as browsers want it said.
    pub language: &'a str,
    /// The provider.
    pub isp: &'a str,
    /// The visit, sealed, for addresses and forms.
    pub ticket: String,
    /// What marks our own styles.
    pub nonce: String,
    /// Other languages: code, and name in its own language.
    pub languages: Vec<(String, String)>,
    /// The path of this page, for a change of language.
    pub path: &'static str,
}

impl<'a> Shell<'a> {
    fn new(app: &'a App, asked: &'a Asked, path: &'static str) -> Result<Self, StoreError> {
        let teller = Teller::new(app.words(), &asked.language);
        let others = app.words().codes().filter(|code| *code != asked.language);
        let name = |code: &str| Teller::new(app.words(), code).say("language-name");
        let languages = others.map(|code| (code.to_owned(), name(code))).collect();
        let visit = Visit { language: Some(asked.language.clone()), ..asked.visit.clone() };
        let ticket = visit.seal(app.store(), asked.tenant.id, app.now())?;
        let Trace(nonce) = Trace::new(app.random());
        Ok(Self { teller, language: &asked.language, isp: &asked.tenant.name, ticket, nonce, languages, path })
    }

    /// A sentence.
    pub(crate) fn say(&self, key: &str) -> String {
        self.teller.say(key)
    }

    /// A sentence with something in it.
    pub(crate) fn fill(&self, key: &str, name: &str, value: &str) -> String {
        self.teller.fill(key, name, value)
    }

    /// A sentence with the provider's name in it.
    pub(crate) fn of_isp(&self, key: &str) -> String {
        self.teller.fill(key, "isp", self.isp)
    }
}

/// Writes a page out, with the policy that its browser is to keep.
fn render(asked: &Asked, status: StatusCode, nonce: &str, page: &impl Template) -> Response {
    let text = match page.render() {
        Ok(text) => text,
        Err(why) => {
            error!("a page of the portal cannot be written: {why}");
            return bare::page(StatusCode::INTERNAL_SERVER_ERROR, bare::BROKEN);
        }
    };
    let router = asked.visit.login.as_ref().map(|login| format!(" {}", login.origin())).unwrap_or_default();
    let frames = asked.frames.iter().map(|origin| format!(" {origin}")).collect::<String>();
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; img-src 'self'; form-action 'self'{router}; base-uri 'none'; \
         frame-ancestors 'self'{frames}"
    );
    let mut response = (status, text).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if let Ok(language) = HeaderValue::from_str(&asked.language) {
        headers.insert(header::CONTENT_LANGUAGE, language);
    }
    response
}

/// A plan as it is shown.
pub(crate) struct OnSale {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) price: String,
    pub(crate) lasts: String,
    pub(crate) details: String,
    /// Whether it costs something, so that it can be paid for.
    pub(crate) costs: bool,
}

fn shown(plan: &Plan, teller: Teller<'_>) -> OnSale {
    let terms = &plan.terms;
    let data = terms.data_cap.map(|cap| teller.fill("data-of", "data", &data(cap)));
    let devices = teller.count("devices", u64::from(terms.device_cap.get()));
    let details = [Some(teller.speed(terms.rate.as_ref())), data, Some(devices)];
    OnSale {
        id: plan.id.to_string(),
        name: plan.name.as_str().to_owned(),
        price: price(terms.price),
        lasts: teller.duration(terms.duration),
        details: details.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        costs: terms.price.is_positive(),
    }
}

/// Sends a browser elsewhere, with a navigation of its own.
fn send_to(address: &str) -> Response {
    match HeaderValue::from_str(address) {
        Ok(address) => (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response(),
        Err(_) => bare::page(StatusCode::INTERNAL_SERVER_ERROR, bare::BROKEN),
    }
}

/// Those who are counted when a code is wrong.
fn counted(asked: &Asked) -> Vec<Whose> {
    let tenant = asked.tenant.id;
    let device = asked.visit.mac.map(|mac| Whose::Device(tenant, mac));
    let router = asked.visit.router.map(|router| Whose::Router(tenant, router));
    let address = Whose::Address(web::pace::one_place(asked.from.address));
    device.into_iter().chain(router).chain([address]).collect()
}

/// A telephone's number as people type it. Spaces are their own.
fn number_in(asked: &Asked, typed: &str) -> Option<Msisdn> {
    let bare: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    Msisdn::parse(bare.as_bytes(), &asked.tenant.calling_code).ok()
}

/// That messages were asked for too often, in words.
fn asked_too_often(teller: Teller<'_>, wait: Span) -> String {
    let minutes = u64::try_from(wait.as_seconds()).unwrap_or_default().div_ceil(60).max(1);
    teller.fill("lost-too-often", "wait", &teller.count("minutes", minutes))
}

/// How long somebody must wait before the next try, in words.
fn must_wait(app: &App, asked: &Asked, teller: Teller<'_>) -> Option<String> {
    let seconds = app.guesses().wait(&counted(asked), app.now())?;
    Some(teller.fill("too-many-tries", "wait", &teller.count("minutes", seconds.div_ceil(60))))
}

/// The router of that name, if the tenant has one; and the one address that it is registered with.
async fn router_named(
    app: &App,
    asked: &Asked,
    name: &str,
) -> Result<Option<(domain::id::NasId, Option<std::net::IpAddr>)>, StoreError> {
    let Ok(name) = name.parse() else { return Ok(None) };
    let mut tx = app.store().tenant(&asked.scope).await?;
    let found = nas::find_by_name(&mut tx, &name).await?;
    Ok(found.map(|nas| (nas.id, (!nas.is_wide()).then(|| nas.address.addr()))))
}

/// The request, shared.
type Sent = axum::Extension<Arc<Asked>>;
