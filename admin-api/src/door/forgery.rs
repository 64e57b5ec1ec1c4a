//! Requests that a browser sends with our cookie because another site's page told it to.
//!
//! A browser says where a request comes from: `Sec-Fetch-Site`, or `Origin` in older ones. What neither says comes from
//! no browser's page. Reading needs no such check: what other sites' pages ask for they cannot read, as CORS is off.

use axum::http::{HeaderMap, Method, Uri, header};

use crate::problem::{Code, Problem};

/// Refuses what changes something and comes from another site's page. For requests with a cookie only.
pub fn refuse(method: &Method, headers: &HeaderMap, host: &str) -> Result<(), Problem> {
    if [Method::GET, Method::HEAD].contains(method) {
        return Ok(());
    }
    let said = |name| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let from_here = match (said("sec-fetch-site"), said(header::ORIGIN.as_str())) {
        (Some("same-origin" | "none"), _) => true,
        (Some(_), _) => false,
        (None, Some(origin)) => is_ours(origin, host),
        (None, None) => true,
    };
    if from_here {
        return Ok(());
    }
    Err(Problem::new(Code::OtherSite, "your browser says that another site's page sent this; nothing was done"))
}

/// Whether an origin is the host that was asked.
fn is_ours(origin: &str, host: &str) -> bool {
    let authority = origin.parse::<Uri>().ok().and_then(|uri| uri.into_parts().authority);
    authority.is_some_and(|authority| authority.as_str().eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(method: &Method, headers: &[(&'static str, &str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (axum::http::HeaderName::from_static(name), value.parse().expect("a header value")));
        refuse(method, &headers.collect(), "savanna.isp.example:8443").is_err()
    }

    #[test]
    fn what_another_site_sends_with_our_cookie_is_refused() {
        for site in ["cross-site", "same-site", "anything"] {
            assert!(refused(&Method::POST, &[("sec-fetch-site", site)]), "{site}");
        }
        for origin in ["https://evil.example", "null", "https://isp.example:8443", "", "https://savanna.isp.example"] {
            assert!(refused(&Method::DELETE, &[("origin", origin)]), "{origin}");
        }
        // Both: what the browser itself says counts.
        let lies = [("sec-fetch-site", "cross-site"), ("origin", "https://savanna.isp.example:8443")];
        assert!(refused(&Method::PATCH, &lies));
    }

    #[test]
    fn our_own_page_and_programs_are_not_refused() {
        assert!(!refused(&Method::POST, &[("sec-fetch-site", "same-origin")]));
        assert!(!refused(&Method::POST, &[("sec-fetch-site", "none")]));
        assert!(!refused(&Method::POST, &[("origin", "https://Savanna.isp.example:8443")]));
        assert!(!refused(&Method::POST, &[]));
        assert!(!refused(&Method::GET, &[("sec-fetch-site", "cross-site")]));
    }
}
