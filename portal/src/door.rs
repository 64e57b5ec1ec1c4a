//! Whose pages are asked for, and what was sent: settled before a page is made.

use std::sync::Arc;

use actions::platform::open_platform;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use domain::platform::tenant::Tenant;
use domain::text::Slug;
use store::platform::tenants;
use store::{StoreError, TenantScope};
use web::address::From;

use crate::app::App;
use crate::fields::{FORM_MAX_BYTES, Fields};
use crate::pages::bare;
use crate::visit::{self, Brought, Visit};

/// One request for a page of a tenant.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Whose pages.
    pub tenant: Tenant,
    /// The door to their rows.
    pub scope: TenantScope,
    /// What is known of the device.
    pub visit: Visit,
    /// Whether that is too old to act on.
    pub is_old: bool,
    /// The language of the answer.
    pub language: String,
    /// What stood in the address.
    pub query: Fields,
    /// What stood in the form.
    pub form: Fields,
    /// Where it comes from.
    pub from: From,
    /// The host that was asked, with its port.
    pub host: String,
    /// Other pages that may show these in a frame.
    pub frames: Arc<[String]>,
}

/// Finds the tenant by the host, reads the form, and opens the visit. A host of nobody gets a plain page that says so.
pub(crate) async fn enter(State(app): State<App>, request: Request, next: Next) -> Response {
    let host = host_of(request.uri(), request.headers());
    let from = request.extensions().get::<From>().copied();
    let (Some(from), tenant) = (from, whose(&app, &host).await) else {
        return bare::page(StatusCode::INTERNAL_SERVER_ERROR, bare::BROKEN);
    };
    let tenant = match tenant {
        Ok(Some(tenant)) => tenant,
        Ok(None) => return bare::page(StatusCode::NOT_FOUND, bare::NOBODY),
        Err(error) => return bare::of_store(&error),
    };
    let query = Fields::read(request.uri().query().unwrap_or_default().as_bytes());
    let accepted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let accepted = accepted.unwrap_or_default().to_owned();
    let (parts, body) = request.into_parts();
    let form = if parts.method == Method::POST {
        match to_bytes(body, FORM_MAX_BYTES).await {
            Ok(octets) => Fields::read(&octets),
            Err(_) => return bare::page(StatusCode::PAYLOAD_TOO_LARGE, bare::TOO_LARGE),
        }
    } else {
        Fields::default()
    };
    let carried = form.get("c", visit::TEXT_MAX_BYTES).or_else(|| query.get("c", visit::TEXT_MAX_BYTES));
    let (mut visit, is_old) = match Visit::open(app.store(), tenant.id, carried, app.now()) {
        Brought::Good(visit) => (visit, false),
        Brought::Old(visit) => (visit, true),
        Brought::Nothing => (Visit::default(), false),
    };
    let words = app.words();
    let chosen = query.get("lang", 16).and_then(|code| words.known(code)).map(ToOwned::to_owned);
    if chosen.is_some() {
        visit.language = chosen;
    }
    let language = visit.language.as_deref().and_then(|code| words.known(code));
    let language = language.unwrap_or_else(|| words.first_of(&accepted)).to_owned();
    let scope = TenantScope::of_portal(tenant.id);
    let asked = Asked { tenant, scope, visit, is_old, language, query, form, from, host, frames: app.frames() };
    let mut request = Request::from_parts(parts, axum::body::Body::empty());
    request.extensions_mut().insert(Arc::new(asked));
    next.run(request).await
}

/// Whose host it is.
async fn whose(app: &App, host: &str) -> Result<Option<Tenant>, StoreError> {
    let settings = app.settings();
    let named = named_by(host, settings.domain.as_deref());
    let Some(slug) = named.as_ref().or(settings.tenant.as_ref()) else { return Ok(None) };
    if slug.as_str() == open_platform::SLUG {
        return Ok(None);
    }
    let mut tx = app.store().system().await?;
    tenants::find(&mut tx, slug.as_str()).await
}

/// The host that was asked, with its port.
fn host_of(uri: &Uri, headers: &HeaderMap) -> String {
    let authority = uri.authority().map(|authority| authority.as_str().to_owned());
    let said = || headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
    authority.or_else(said).unwrap_or_default().to_ascii_lowercase()
}

/// The provider whose subdomain was asked.
fn named_by(host: &str, domain: Option<&str>) -> Option<Slug> {
    let bare = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_end_matches('.');
    let before = bare.strip_suffix(domain?)?.strip_suffix('.')?;
    before.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_names_a_provider_only_under_our_domain() {
        let named = |host: &str| named_by(host, Some("wifi.example")).map(|slug| slug.to_string());

        assert_eq!(named("savanna.wifi.example:8443").as_deref(), Some("savanna"));
        for none in ["wifi.example", "savannawifi.example", "a.b.wifi.example", "savanna.evil.example", "", "10.0.0.1"]
        {
            assert_eq!(named(none), None, "{none}");
        }
        assert_eq!(named_by("savanna.wifi.example", None), None);
    }
}
