//! After the login: what a phone is online on, and how long.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::mac::Mac;
use store::StoreError;

use crate::app::App;
use crate::door::Asked;
use crate::holding;
use crate::pages::check::rows;
use crate::pages::{Sent, Shell, bare, render, router_named};
use crate::telling::Teller;
use crate::visit::{RouterPage, Visit, wanted};

#[derive(Template)]
#[template(path = "status.html")]
struct Status<'a> {
    shell: Shell<'a>,
    rows: Vec<(String, String)>,
    /// Whether the router has said that the phone is online.
    is_online: bool,
    /// Where it wanted to go, and the host of it.
    wanted: Option<(&'a str, &'a str)>,
    log_out: Option<RouterPage>,
}

/// `GET /on/{router}`: the router's own page says that the login worked.
pub(super) async fn arrive(
    State(app): State<App>,
    Extension(asked): Sent,
    Path(router): Path<String>,
) -> Result<Response, Response> {
    let mut asked = Arc::unwrap_or_clone(asked);
    let made = introduce(&app, &mut asked, &router).await;
    let log_out = made.map_err(|why| bare::of_store(&why))?;
    page(&app, &asked, true, log_out).await.map_err(|why| bare::of_store(&why))
}

/// Takes what the router's page said. Gives the address that logs out.
async fn introduce(app: &App, asked: &mut Asked, router: &str) -> Result<Option<RouterPage>, StoreError> {
    let router = router_named(app, asked, router).await?;
    let registered = router.and_then(|(_, address)| address);
    let names = &app.settings().router_names;
    let page = |name| asked.query.get(name, 200).and_then(|page| RouterPage::parse(page, registered, names));
    let (login, log_out) = (page("lo"), page("out"));
    let before = asked.visit.clone();
    asked.visit = Visit {
        mac: asked.query.get("mac", 32).and_then(|mac| Mac::parse(mac.as_bytes())).or(before.mac),
        ip: asked.query.get("ip", 15).and_then(|ip| ip.parse().ok()).or(before.ip),
        router: router.map(|(id, _)| id).or(before.router),
        login: login.or(before.login),
        wanted: asked.query.get("orig", 300).and_then(wanted).or(before.wanted),
        ..before
    };
    Ok(log_out)
}

/// `GET /status`: the same, looked at again.
pub(super) async fn show(State(app): State<App>, Extension(asked): Sent) -> Result<Response, Response> {
    page(&app, &asked, false, None).await.map_err(|why| bare::of_store(&why))
}

async fn page(app: &App, asked: &Asked, is_online: bool, log_out: Option<RouterPage>) -> Result<Response, StoreError> {
    let teller = Teller::new(app.words(), &asked.language);
    let shell = Shell::new(app, asked, "/status")?;
    let held = match asked.visit.mac {
        Some(mac) => holding::of_device(app, asked, mac).await?,
        None => None,
    };
    let is_online = is_online || held.as_ref().is_some_and(|held| held.places_taken > 0);
    let rows = held.map(|held| rows(&held, asked, teller, app.now())).unwrap_or_default();
    let wanted = asked.visit.wanted.as_deref().and_then(|address| Some((address, host_in(address)?)));
    let nonce = shell.nonce.clone();
    Ok(render(asked, StatusCode::OK, &nonce, &Status { shell, rows, is_online, wanted, log_out }))
}

/// The host in an address of the web, so that people see where they go.
fn host_in(address: &str) -> Option<&str> {
    let rest = address.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    authority.rsplit('@').next().filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_that_is_shown_is_the_one_that_is_asked() {
        assert_eq!(host_in("http://bank.example@evil.example/a?b"), Some("evil.example"));
        assert_eq!(host_in("https://example.com:8443?x"), Some("example.com:8443"));
        assert_eq!(host_in("https:///x"), None);
    }
}
