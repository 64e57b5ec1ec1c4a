//! What surrounds every request: its trace, a line in the log, metrics, headers that browsers heed, and a net for our
//! own mistakes.
//!
//! The log never has a query, a body, a cookie or a key: a query may hold a voucher's code.

use std::panic::AssertUnwindSafe;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use tracing::{Instrument as _, debug, error, info, info_span};
use web::address::{self, From, Line};
pub use web::request::Trace;
use web::request::{known_method, words_of};

use crate::app::App;
use crate::door::caller::Seen;
use crate::meters::{Answered, OfRoute};
use crate::problem::Problem;

/// Headers of every answer. The API has no pages but its handbook, which has neither scripts nor pictures.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// A year, for browsers that came over TLS.
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Surrounds a request.
pub(crate) async fn watch(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let began = app.clock().monotonic_ms();
    let from = whence(&app, &request);
    let Trace(trace) = Trace::new(app.random());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("other", |path| path.as_str()).to_owned();
    request.extensions_mut().insert(from);
    request.extensions_mut().insert(Trace(trace.clone()));
    let asked = request.headers().clone();
    let span = info_span!("http", trace = %trace);

    let allowed = app.limiter().of_address(from.address);
    let response = match allowed {
        Ok(()) => next.run(request).instrument(span).await,
        Err(problem) => problem.into_response(),
    };

    let mut response = finish(response, &trace, from);
    if crate::etag::is_known(&asked, response.headers()) && response.status() == 200 && is_read(&method) {
        response = not_modified(&response);
    }
    let took = app.clock().monotonic_ms().saturating_sub(began);
    note(&app, &Seen::of(&response), &method, &route, &response, took, from, &trace);
    response
}

fn is_read(method: &Method) -> bool {
    [Method::GET, Method::HEAD].contains(method)
}

/// Where a request comes from. One without a connection comes from a test of ours.
fn whence(app: &App, request: &Request) -> From {
    let nowhere = Line { peer: std::net::Ipv4Addr::LOCALHOST.into(), tls: false };
    let line = request.extensions().get::<Line>().copied().unwrap_or(nowhere);
    address::of(line, request.headers(), &app.settings().trusted_proxies)
}

/// Writes a problem out, and puts the headers on.
fn finish(mut response: Response, trace: &str, from: From) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let (before, _) = response.into_parts();
        response = problem.answer(trace);
        for (name, value) in &before.headers {
            if !response.headers().contains_key(name) && name != header::CONTENT_LENGTH {
                response.headers_mut().append(name, value.clone());
            }
        }
        *response.extensions_mut() = before.extensions;
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if from.secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Ok(trace) = HeaderValue::from_str(trace) {
        headers.insert("request-id", trace);
    }
    response
}

/// The same answer without its body.
fn not_modified(whole: &Response) -> Response {
    let mut response = axum::http::StatusCode::NOT_MODIFIED.into_response();
    let kept =
        whole.headers().iter().filter(|(name, _)| ![header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name));
    response.headers_mut().extend(kept.map(|(name, value)| (name.clone(), value.clone())));
    *response.extensions_mut() = whole.extensions().clone();
    response
}

#[expect(clippy::too_many_arguments, reason = "the columns of one line")]
fn note(app: &App, seen: &Seen, method: &Method, route: &str, response: &Response, took: u64, from: From, trace: &str) {
    let status = response.status().as_u16();
    let method_name = known_method(method);
    let meters = app.meters();
    let answered = Answered { route: route.to_owned(), method: method_name, status };
    meters.requests.get_or_create(&answered).inc();
    let seconds = std::time::Duration::from_millis(took).as_secs_f64();
    meters.seconds.get_or_create(&OfRoute { route: route.to_owned() }).observe(seconds);
    let (tenant, who) = (seen.tenant(), seen.who());
    // Strangers must not be able to fill a disk.
    if seen.is_somebody() {
        info!(
            trace = %trace, tenant.id = %tenant, caller = %who, peer = %from.address, status, duration_ms = took,
            "{method_name} {route}: {status}"
        );
    } else {
        debug!(trace = %trace, peer = %from.address, status, duration_ms = took, "{method_name} {route}: {status}");
    }
}

/// Turns a panic of a handler into an answer. The process goes on.
pub(crate) async fn catch_panics(State(app): State<App>, request: Request, next: Next) -> Response {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(cause) => {
            app.meters().panics.inc();
            error!("a request found a mistake of ours: {}", words_of(&*cause));
            Problem::internal().into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    #[test]
    fn a_problem_keeps_the_headers_of_its_answer_and_tells_its_trace() {
        let mut response = Problem::new(Code::MethodNotAllowed, "no").into_response();
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
        let from = From { address: std::net::Ipv4Addr::LOCALHOST.into(), secure: true };

        let response = finish(response, "0011223344556677", from);

        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!(header("allow"), Some("GET"));
        assert_eq!(header("content-type"), Some("application/problem+json"));
        assert_eq!(header("request-id"), Some("0011223344556677"));
        assert!(header("strict-transport-security").is_some() && header("content-security-policy").is_some());
    }
}
