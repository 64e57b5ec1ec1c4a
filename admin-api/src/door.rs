//! The door: who is asking, whose rows may they see, and may they do this?
//!
//! The provider follows from what a request shows, a session or a key, and from nothing else. Where the host names a
//! provider's subdomain, what is shown must be that provider's. All of it is settled before a handler runs, by the rule
//! that the table of routes has for it.

pub mod caller;
pub mod credential;
pub mod forgery;
mod look_up;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use domain::text::Slug;
use tokio::time::timeout;

pub use crate::door::caller::{Caller, Who};

use crate::app::App;
use crate::door::caller::Seen;
use crate::idempotency;
use crate::platform::billing;
use crate::problem::{Code, Problem};
use crate::routes::Right;
use web::address::From;

/// What the table says of a route.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) right: Right,
    pub(crate) body_max: usize,
    pub(crate) is_activity: bool,
    pub(crate) is_shut_when_locked: bool,
}

/// Lets a request in to its handler, or says why not.
pub(crate) async fn guard(State((app, rule)): State<(App, Rule)>, request: Request, next: Next) -> Response {
    let passed = timeout(app.patience(), pass(&app, rule, request, next)).await;
    passed.unwrap_or_else(|_| {
        let said = "it took longer than a request may, and may have been done: read before you send it again";
        Problem::new(Code::TooSlow, said).after(5).into_response()
    })
}

async fn pass(app: &App, rule: Rule, mut request: Request, next: Next) -> Response {
    let asking = match Asking::of(&request) {
        Ok(asking) => asking,
        Err(problem) => return refused(problem, None),
    };
    let caller = match admit(app, rule, &asking).await {
        Ok(caller) => caller,
        Err((problem, caller)) => return refused(problem, caller.as_ref()),
    };
    request = match with_body(request, rule.body_max).await {
        Ok(request) => request,
        Err(problem) => return refused(problem, caller.as_ref()),
    };
    let Some(caller) = caller else { return next.run(request).await };
    request.extensions_mut().insert(caller.clone());
    match idempotency::once(app, &caller, request, next).await {
        Ok(mut response) => {
            Seen::put(&mut response, &caller);
            response
        }
        Err(problem) => refused(problem, Some(&caller)),
    }
}

fn refused(problem: Problem, caller: Option<&Caller>) -> Response {
    let mut response = problem.into_response();
    if let Some(caller) = caller {
        Seen::put(&mut response, caller);
    }
    response
}

/// What the door looks at of a request.
struct Asking {
    method: Method,
    headers: HeaderMap,
    host: String,
    from: From,
}

impl Asking {
    fn of(request: &Request) -> Result<Self, Problem> {
        let from = request.extensions().get::<From>().copied().ok_or_else(Problem::internal)?;
        let host = host_of(request.uri(), request.headers());
        Ok(Self { method: request.method().clone(), headers: request.headers().clone(), host, from })
    }

    fn refuse_forgery(&self) -> Result<(), Problem> {
        forgery::refuse(&self.method, &self.headers, &self.host)
    }
}

/// Who may pass: nobody in particular, or somebody with the right. Who was refused is told to the log.
async fn admit(app: &App, rule: Rule, asking: &Asking) -> Result<Option<Caller>, (Problem, Option<Caller>)> {
    let nobody = |problem| (problem, None);
    if rule.right == Right::Open {
        return asking.refuse_forgery().map(|()| None).map_err(nobody);
    }
    let caller = known(app, rule, asking).await.map_err(nobody)?;
    let allowed = match rule.right {
        Right::Open | Right::SignedIn => Ok(()),
        Right::Needs(permission) => caller.may(permission.thing, permission.act),
    };
    if let Err(problem) = app.limiter().of_caller(caller.key()).and(allowed) {
        return Err((problem, Some(caller)));
    }
    if rule.is_shut_when_locked && caller.is_locked() {
        let problem = billing::locked(app, &caller).await.unwrap_or_else(|problem| problem);
        return Err((problem, Some(caller)));
    }
    Ok(Some(caller))
}

/// Who shows what is in force here.
async fn known(app: &App, rule: Rule, asking: &Asking) -> Result<Caller, Problem> {
    let sign_in = || Problem::new(Code::SignIn, "sign in, or send a key: `Authorization: Bearer mnk_…`");
    let credential = credential::shown(&asking.headers, asking.from.secure)?.ok_or_else(sign_in)?;
    if credential.is_cookie() {
        asking.refuse_forgery()?;
    }
    let slug = named_by(&asking.host, app.settings().domain.as_deref());
    let ended = || Problem::new(Code::SignIn, "your session or key is not in force here (any more); sign in again");
    let here = look_up::Here { host: slug.as_ref(), address: asking.from.address, is_activity: rule.is_activity };
    look_up::look_up(app, credential, &here).await?.ok_or_else(ended)
}

/// Reads the body within its limit, so that whoever comes after need not fear it.
async fn with_body(request: Request, max: usize) -> Result<Request, Problem> {
    if [Method::GET, Method::HEAD].contains(request.method()) {
        let (parts, _) = request.into_parts();
        return Ok(Request::from_parts(parts, Body::empty()));
    }
    let too_large = || Problem::new(Code::TooLarge, format!("at most {max} octets are taken here"));
    let said = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|said| said > u64::try_from(max).unwrap_or(u64::MAX)) {
        return Err(too_large());
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, max).await.map_err(|_| too_large())?;
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// The host that was asked, with its port.
pub(crate) fn host_of(uri: &Uri, headers: &HeaderMap) -> String {
    let authority = uri.authority().map(|authority| authority.as_str().to_owned());
    let said = || headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
    authority.or_else(said).unwrap_or_default().to_ascii_lowercase()
}

/// The provider whose subdomain was asked.
pub(crate) fn named_by(host: &str, domain: Option<&str>) -> Option<Slug> {
    let bare = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_end_matches('.');
    let before = bare.strip_suffix(domain?)?.strip_suffix('.')?;
    before.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_names_a_provider_only_under_our_domain() {
        let named = |host: &str| named_by(host, Some("isp.example")).map(|slug| slug.to_string());

        assert_eq!(named("savanna.isp.example:8443").as_deref(), Some("savanna"));
        assert_eq!(named("savanna.isp.example.").as_deref(), Some("savanna"));
        for none in ["isp.example", "savannaisp.example", "a.b.isp.example", "savanna.evil.example", "", "127.0.0.1:80"]
        {
            assert_eq!(named(none), None, "{none}");
        }
        assert_eq!(named_by("savanna.isp.example", None), None);
    }
}
