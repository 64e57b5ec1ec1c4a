//! The same request twice is one request: `Idempotency-Key`.
//!
//! A POST with a word of its own is done once a day. Sent again, it gets the first answer; with another body it is
//! refused. The answer is kept sealed, for some answers hold a secret that is shown once.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use domain::secret::SecretBytes;
use domain::time::Span;
use sha2::{Digest as _, Sha256};
use store::platform::idempotency::{self as kept, ANSWER_MAX_BYTES, Asked, Begun};
use uuid::Uuid;

use crate::app::App;
use crate::door::Caller;
use crate::list::wrong;
use crate::problem::{Code, Problem};

/// Most characters of a key.
pub const KEY_MAX: usize = 64;

/// The header.
const NAME: &str = "idempotency-key";

/// Headers of an answer that are kept with it.
const KEPT_HEADERS: [header::HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

/// Runs a request, or answers as the same one was answered before.
pub(crate) async fn once(app: &App, caller: &Caller, request: Request, next: Next) -> Result<Response, Problem> {
    let Some(key) = key_of(request.headers())? else { return Ok(next.run(request).await) };
    if request.method() != Method::POST {
        return Ok(next.run(request).await);
    }
    let (parts, body) = request.into_parts();
    // The door has read the body already, within its limit.
    let body = to_bytes(body, usize::MAX).await.map_err(|_| Problem::internal())?;
    let mut hash = Sha256::new();
    hash.update(parts.method.as_str());
    hash.update([0]);
    hash.update(parts.uri.to_string());
    hash.update([0]);
    hash.update(&body);
    let asked = Asked { caller: *caller.key(), key: &key, asked: hash.finalize().into() };
    let id: Uuid = Uuid::from_bytes(app.random().uuid_v7(app.now()));
    let scope = caller.scope();
    let mut tx = app.store().tenant(&scope).await?;
    let begun = kept::begin(&mut tx, id, &asked, app.now()).await?;
    tx.commit().await?;
    match begun {
        Begun::Fresh(id) => {
            let response = next.run(Request::from_parts(parts, Body::from(body))).await;
            keep(app, caller, id, response).await
        }
        Begun::Unfinished { since } => Err(unfinished(app, since)),
        Begun::Another => {
            let said = "this idempotency key came before with another request; take a new one for each request";
            Err(Problem::new(Code::KeyReused, said))
        }
        Begun::Done { status, answer } => replayed(status, &answer),
    }
}

fn unfinished(app: &App, since: domain::time::Timestamp) -> Problem {
    let patience = Span::seconds(i64::try_from(app.patience().as_secs()).unwrap_or(i64::MAX));
    if app.now() < since.plus(patience) {
        return Problem::new(Code::InProgress, "it is being worked on; ask again").after(1);
    }
    let said = "it was interrupted, and may have been done: look, and take a new idempotency key if it was not";
    Problem::new(Code::InProgress, said)
}

/// The key of a request, if it has one.
fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(NAME) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let fits = (1..=KEY_MAX).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_graphic());
    if fits && headers.get_all(NAME).iter().count() == 1 {
        return Ok(Some(text.to_owned()));
    }
    Err(wrong("Idempotency-Key", format!("write one word of 1 to {KEY_MAX} letters, digits and signs")))
}

/// Keeps what was answered, and answers it. What was not done may be sent again.
async fn keep(app: &App, caller: &Caller, id: Uuid, response: Response) -> Result<Response, Problem> {
    let mut tx = app.store().tenant(&caller.scope()).await?;
    if !is_final(response.status()) || response.extensions().get::<Problem>().is_some() {
        kept::forget(&mut tx, id).await?;
        tx.commit().await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, ANSWER_MAX_BYTES / 2).await.map_err(|_| {
        tracing::error!("an answer to a POST is too long to be kept");
        Problem::internal()
    })?;
    kept::finish(&mut tx, id, parts.status.as_u16(), &written(&parts.headers, &body)).await?;
    tx.commit().await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// Whether the same request would be answered the same again. A problem has changed nothing, so it may be sent again.
fn is_final(status: StatusCode) -> bool {
    status.is_success()
}

/// Headers and body as one: each header as a line, an empty line, the body.
fn written(headers: &HeaderMap, body: &Bytes) -> SecretBytes {
    let mut octets = Vec::with_capacity(body.len() + 128);
    for name in KEPT_HEADERS {
        if let Some(value) = headers.get(&name) {
            octets.extend_from_slice(name.as_str().as_bytes());
            octets.push(b':');
            octets.extend_from_slice(value.as_bytes());
            octets.push(b'\n');
        }
    }
    octets.push(b'\n');
    octets.extend_from_slice(body);
    SecretBytes::new(octets)
}

fn replayed(status: u16, answer: &SecretBytes) -> Result<Response, Problem> {
    let mut rest = answer.expose();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(status).map_err(|_| Problem::internal())?;
    loop {
        let end = rest.iter().position(|octet| *octet == b'\n').ok_or_else(Problem::internal)?;
        let (line, after) = rest.split_at(end);
        rest = &after[1..];
        if line.is_empty() {
            break;
        }
        let colon = line.iter().position(|octet| *octet == b':').ok_or_else(Problem::internal)?;
        let name = KEPT_HEADERS.into_iter().find(|name| name.as_str().as_bytes() == &line[..colon]);
        if let (Some(name), Ok(value)) = (name, HeaderValue::from_bytes(&line[colon + 1..])) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    *response.body_mut() = Body::from(rest.to_vec());
    Ok(response.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_comes_back_as_it_was_kept() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::LOCATION, HeaderValue::from_static("/v1/routers/1"));
        headers.insert(header::SET_COOKIE, HeaderValue::from_static("a=b"));
        let body = Bytes::from_static(b"{\n\n\"a\": 1}");

        let response = replayed(201, &written(&headers, &body)).expect("read");

        assert_eq!(response.status(), 201);
        assert_eq!(response.headers()["location"], "/v1/routers/1");
        assert_eq!(response.headers()["idempotency-replayed"], "true");
        assert!(!response.headers().contains_key("set-cookie"));
        assert_eq!(to_bytes(response.into_body(), 100).await.expect("a body"), body);
    }

    #[test]
    fn a_key_is_one_word() {
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(NAME, value.parse().expect("a header"));
            key_of(&headers)
        };

        assert_eq!(read("order-4711"), Ok(Some("order-4711".to_owned())));
        for bad in ["", "two words", &"x".repeat(65)] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert_eq!(key_of(&HeaderMap::new()), Ok(None));
    }
}
