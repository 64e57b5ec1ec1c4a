//! `/cb/…`: what gateways say. It is kept as it came and answered at once; the worker reads it and believes nothing of it
//! before it has asked the gateway itself.

use std::net::IpAddr;

use actions::context::Context;
use actions::money::keep_callback::{BODY_MAX, Came, keep_callback};
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use domain::money::claim::CallbackKind;
use store::StoreError;
use store::money::gateways;
use tracing::{error, warn};
use web::address::From;

use crate::app::App;
use crate::meters::Called;

/// `POST /cb/{token}/{letter}`: of a gateway.
pub(crate) async fn of_gateway(
    State(app): State<App>,
    Extension(from): Extension<From>,
    Path((token, letter)): Path<(String, String)>,
    body: Body,
) -> Response {
    take(&app, from.address, (&token, None, &letter), body).await
}

/// `POST /cb/{token}/{prompt}/{letter}`: of one prompt.
pub(crate) async fn of_prompt(
    State(app): State<App>,
    Extension(from): Extension<From>,
    Path((token, prompt, letter)): Path<(String, String, String)>,
    body: Body,
) -> Response {
    take(&app, from.address, (&token, Some(&prompt), &letter), body).await
}

async fn take(app: &App, source: IpAddr, address: (&str, Option<&str>, &str), body: Body) -> Response {
    let (status, outcome, body) = match heard(app, source, address, body).await {
        Ok(Heard::Kept(reply)) => (StatusCode::OK, "kept", reply),
        // Nobody learns here which addresses there are.
        Ok(Heard::Nobodys) => (StatusCode::NOT_FOUND, "nobodys", Vec::new()),
        Ok(Heard::Stranger) => {
            warn!(%source, "a callback was turned away: it comes from outside mpesa.sources");
            (StatusCode::FORBIDDEN, "stranger", Vec::new())
        }
        Ok(Heard::TooLarge) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", Vec::new()),
        Err(why) => {
            if !why.is_unavailable() {
                error!("a callback could not be kept: {why}");
            }
            (StatusCode::SERVICE_UNAVAILABLE, "not_kept", Vec::new())
        }
    };
    app.meters().callbacks.get_or_create(&Called { outcome }).inc();
    let kind = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
}

/// What became of a callback.
enum Heard {
    /// It was kept; this is answered.
    Kept(Vec<u8>),
    /// There is no such address.
    Nobodys,
    /// It comes from where gateways are not.
    Stranger,
    /// It is larger than any gateway's.
    TooLarge,
}

async fn heard(
    app: &App,
    source: IpAddr,
    (token, prompt, letter): (&str, Option<&str>, &str),
    body: Body,
) -> Result<Heard, StoreError> {
    let mut letters = letter.chars();
    let kind = match (letters.next(), letters.next()) {
        (Some(letter), None) => CallbackKind::from_letter(letter),
        (_, _) => None,
    };
    let prompt_token = match prompt.map(octets) {
        Some(None) => return Ok(Heard::Nobodys),
        Some(Some(token)) => Some(token),
        None => None,
    };
    let (Some(speaks), Some(kind), Some(token)) = (app.gateway(), kind, octets(token)) else {
        return Ok(Heard::Nobodys);
    };
    let sources = &app.settings().callback_sources;
    if !sources.is_empty() && !sources.iter().any(|network| network.contains(&source)) {
        return Ok(Heard::Stranger);
    }
    let mut tx = app.store().system().await?;
    let found = gateways::of_token(&mut tx, &token).await?;
    tx.commit().await?;
    let Some((scope, gateway)) = found else { return Ok(Heard::Nobodys) };
    let Ok(body) = to_bytes(body, BODY_MAX).await else { return Ok(Heard::TooLarge) };
    let came = Came { gateway, kind, prompt_token, body: &body, source: Some(source) };
    keep_callback(app.store(), &scope, came, Context::new(app.clock(), app.random())).await?;
    // Money is never refused: what fits nothing is kept for staff to see whose it is.
    Ok(Heard::Kept(speaks.reply(kind, true)))
}

/// 32 hex digits.
fn octets(text: &str) -> Option<[u8; 16]> {
    if text.len() != 32 || !text.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_32_hex_digits() {
        assert_eq!(octets("000102030405060708090a0b0c0d0e0f").map(|octets| octets[15]), Some(15));
        for bad in ["", "00", "+00102030405060708090a0b0c0d0e0f", "0001020304050607-8090a0b0c0d0e0f", "é"] {
            assert_eq!(octets(bad), None, "{bad}");
        }
    }
}
