//! Asks addresses that ISPs have written down, and never one that is not of the open network: they could otherwise have
//! us ask what only we can reach.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use domain::platform::webhook::{HookUrl, is_public};
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use rustls::{ClientConfig, RootCertStore};

/// How long somebody may take to be reached.
const REACHED_WITHIN: Duration = Duration::from_secs(5);

/// Connections to one place that are kept for the next time.
const KEPT_MAX: usize = 2;

/// How long they are kept: less than others do, so that none ends under a request and leaves us without knowing.
const KEPT_FOR: Duration = Duration::from_secs(15);

/// What may be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Addresses of the open network, over TLS.
    Public,
    /// Any address, also in the clear: for an installation that is not on the open network.
    Any,
}

/// A client that asks what may be asked. It follows no redirect, takes no proxy from the environment and tries nothing
/// again by itself.
pub(crate) fn client(reach: Reach, patience: Duration) -> Result<reqwest::Client, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|why| why.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .timeout(patience)
        .connect_timeout(REACHED_WITHIN)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(KEPT_MAX)
        .pool_idle_timeout(KEPT_FOR)
        .no_proxy()
        .user_agent("mnetifi")
        .dns_resolver(Arc::new(Resolver { reach }))
        .build()
        .map_err(|why| why.to_string())
}

/// Whether an address may be asked. A literal one is asked for no name, so it is looked at here.
pub(crate) fn allowed(reach: Reach, url: &HookUrl) -> Result<(), String> {
    if reach == Reach::Any {
        return Ok(());
    }
    if url.is_in_the_clear() {
        return Err("the address begins with http://, and others are asked over https:// alone".to_owned());
    }
    // As whoever connects reads it: `https://127.1/` and `https://0x7f000001/` are this machine as well.
    let read = Url::parse(url.as_str()).map_err(|why| format!("the address cannot be read: {why}"))?;
    let host = read.host_str().unwrap_or_default();
    match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(address) if !is_public(address) => Err(NOT_PUBLIC.to_owned()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// What is said of what may not be asked.
pub(crate) const NOT_PUBLIC: &str =
    "the address is not one of the open network; the operator can allow those with `webhooks.allow_private`";

/// Looks names up, and gives only those addresses that may be asked.
struct Resolver {
    reach: Reach,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> =
                found.filter(|address| reach == Reach::Any || is_public(address.ip())).collect();
            if allowed.is_empty() {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, NOT_PUBLIC).into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}
