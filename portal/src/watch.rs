//! What surrounds every request: its trace, a line in the log, metrics, a limit for each address and on time, headers
//! that browsers heed, gzip, and a net for our own mistakes.
//!
//! The log never has a query or a form: they hold codes.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt as _;
use tracing::{Instrument as _, debug, error, info_span};
use web::address::{self, Line};
use web::pace::one_place;
use web::request::{Trace, known_method, words_of};
use web::shrink;

use crate::app::App;
use crate::meters::Answered;
use crate::pages::bare;

/// The largest page.
const PAGE_MAX_BYTES: usize = 512 * 1024;

/// Headers of every answer; a page brings its own policy of contents.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::VARY, "accept-encoding, accept-language"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// Surrounds a request.
pub(crate) async fn watch(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let began = app.clock().monotonic_ms();
    let nowhere = Line { peer: std::net::Ipv4Addr::LOCALHOST.into(), tls: false };
    let line = request.extensions().get::<Line>().copied().unwrap_or(nowhere);
    let from = address::of(line, request.headers(), &app.settings().trusted_proxies);
    let trace = Trace::new(app.random());
    let method = known_method(request.method());
    let page = request.extensions().get::<MatchedPath>().map_or("other", |path| path.as_str()).to_owned();
    request.extensions_mut().insert(from);
    request.extensions_mut().insert(trace.clone());
    let takes_gzip = shrink::takes_gzip(request.headers());
    let span = info_span!("portal", trace = %trace.0);

    let mut response = match app.addresses().count(&one_place(from.address)) {
        Ok(()) => answered(&app, next.run(request).instrument(span)).await,
        Err(seconds) => too_often(seconds),
    };

    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(trace) = HeaderValue::from_str(&trace.0) {
        response.headers_mut().insert("request-id", trace);
    }
    if takes_gzip {
        response = smaller(response).await;
    }
    let took = app.clock().monotonic_ms().saturating_sub(began);
    let status = response.status().as_u16();
    app.meters().requests.get_or_create(&Answered { page: page.clone(), status }).inc();
    app.meters().seconds.observe(Duration::from_millis(took).as_secs_f64());
    debug!(trace = %trace.0, peer = %from.address, status, duration_ms = took, "{method} {page}: {status}");
    response
}

/// The answer, or that it took too long or that we have made a mistake.
async fn answered(app: &App, answer: impl Future<Output = Response>) -> Response {
    let patience = app.settings().limits.request;
    match tokio::time::timeout(patience, AssertUnwindSafe(answer).catch_unwind()).await {
        Ok(Ok(response)) => response,
        Ok(Err(cause)) => {
            app.meters().panics.inc();
            error!("a request of the portal found a mistake of ours: {}", words_of(&*cause));
            bare::page(StatusCode::INTERNAL_SERVER_ERROR, bare::BROKEN)
        }
        Err(_elapsed) => bare::page(StatusCode::SERVICE_UNAVAILABLE, bare::BUSY),
    }
}

fn too_often(seconds: u32) -> Response {
    let mut response = bare::page(StatusCode::TOO_MANY_REQUESTS, bare::BUSY);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// The same in gzip, where that is smaller.
async fn smaller(response: Response) -> Response {
    let is_page = |headers: &HeaderMap| {
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/"))
    };
    if !is_page(response.headers()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(whole) = to_bytes(body, PAGE_MAX_BYTES).await else {
        return bare::page(StatusCode::INTERNAL_SERVER_ERROR, bare::BROKEN);
    };
    match shrink::gzip(&whole) {
        Some(small) => {
            parts.headers.remove(header::CONTENT_LENGTH);
            parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            Response::from_parts(parts, Body::from(small))
        }
        None => Response::from_parts(parts, Body::from(whole)),
    }
}
