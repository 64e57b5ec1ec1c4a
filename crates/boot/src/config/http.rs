//! `[api]` and `[portal]`: roles that speak HTTP.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use domain::text::Slug;
use ipnet::IpNet;

use crate::config::reader::Reader;

/// The most characters of a name of DNS, with room for a provider's before it.
const NAME_MAX: usize = 190;

/// Settings of the API for staff and their programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The files of its certificate and of the certificate's key, in PEM; without, it speaks plain HTTP.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The domain whose subdomains are providers, as `isp.example`.
    pub domain: Option<String>,
    /// Machines that forward requests of others and say truly from where.
    pub trusted_proxies: Vec<IpNet>,
}

/// Settings of the captive portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portal {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The files of its certificate and of the certificate's key, in PEM; without, it speaks plain HTTP.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The domain whose subdomains are providers, as `wifi.example`.
    pub domain: Option<String>,
    /// The provider whose pages every other host shows.
    pub tenant: Option<Slug>,
    /// Names under which routers' own login pages are asked, beside private addresses.
    pub router_names: Vec<String>,
    /// Machines that forward requests of others and say truly from where.
    pub trusted_proxies: Vec<IpNet>,
    /// Other pages that may show the portal in a frame: `http://127.0.0.1:8783`.
    pub framed_by: Vec<String>,
}

/// An address that is never seen, for its fault is told.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

pub(super) fn read_api(reader: &mut Reader) -> Api {
    Api {
        listen: reader.address("api.listen").unwrap_or(NOWHERE),
        tls: read_tls(reader, "api.cert", "api.key"),
        domain: read_domain(reader, "api.domain"),
        trusted_proxies: read_networks(reader, "api.trusted_proxies"),
    }
}

pub(super) fn read_portal(reader: &mut Reader) -> Portal {
    let tenant = reader.text("portal.tenant").and_then(|text| {
        let slug = text.parse();
        if slug.is_err() {
            reader.fault("portal.tenant", format!("`{}` is no short name of a tenant", text.escape_debug()));
        }
        slug.ok()
    });
    let mut router_names = Vec::new();
    for name in reader.texts("portal.router_names") {
        let name = name.trim().trim_matches('.').to_ascii_lowercase();
        if is_name(&name) {
            router_names.push(name);
        } else {
            reader.fault("portal.router_names", format!("`{}` is no name of DNS", name.escape_debug()));
        }
    }
    Portal {
        listen: reader.address("portal.listen").unwrap_or(NOWHERE),
        tls: read_tls(reader, "portal.cert", "portal.key"),
        domain: read_domain(reader, "portal.domain"),
        tenant,
        router_names,
        trusted_proxies: read_networks(reader, "portal.trusted_proxies"),
        framed_by: read_framed_by(reader),
    }
}

fn read_framed_by(reader: &mut Reader) -> Vec<String> {
    const KEY: &str = "portal.framed_by";
    let mut origins = Vec::new();
    for text in reader.texts(KEY) {
        match origin(&text) {
            Some(origin) => origins.push(origin),
            None => reader.fault(KEY, format!("`{}` is not {ORIGIN_SAID}", text.escape_debug())),
        }
    }
    origins
}

/// What [`origin`] takes, in words.
pub(super) const ORIGIN_SAID: &str =
    "where a server can be: write https:// and a name, without a path; on this machine http:// and localhost, too";

/// `https://` and a host, or `http://` and this machine (a loopback address or `localhost`), each with or without a port, and nothing after it.
pub(super) fn origin(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('/').to_ascii_lowercase();
    let (scheme, authority) = text.split_once("://")?;
    let local = authority.parse::<SocketAddr>().map(|address| address.ip()).or_else(|_| authority.parse::<IpAddr>());
    let host = match authority.split_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok_and(|port| port > 0) => host,
        Some(_) => "",
        None => authority,
    };
    let is_good = match (scheme, local) {
        ("https", Ok(_)) => true,
        ("http", Ok(address)) => address.is_loopback(),
        ("http", Err(_)) => host == "localhost",
        ("https", Err(_)) => is_name(host),
        (_, _) => false,
    };
    is_good.then_some(text)
}

fn read_tls(reader: &mut Reader, certificate: &str, key: &str) -> Option<(PathBuf, PathBuf)> {
    match (reader.path(certificate), reader.path(key)) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (Some(_), None) => {
            reader.fault(key, format!("is missing: the certificate of `{certificate}` is of no use without its key"));
            None
        }
        (None, Some(_)) => {
            reader.fault(certificate, format!("is missing: name the certificate that the key of `{key}` belongs to"));
            None
        }
        (None, None) => None,
    }
}

fn read_domain(reader: &mut Reader, key: &str) -> Option<String> {
    let domain = reader.text(key).map(|domain| domain.trim_matches('.').to_ascii_lowercase())?;
    if !is_name(&domain) {
        reader.fault(key, format!("`{}` is no name of DNS", domain.escape_debug()));
    }
    Some(domain)
}

pub(super) fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        let inside = label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
        (1..=63).contains(&label.len()) && inside
    };
    name.len() <= NAME_MAX && name.split('.').all(label)
}

pub(super) fn read_networks(reader: &mut Reader, key: &str) -> Vec<IpNet> {
    let mut proxies = Vec::new();
    for text in reader.texts(key) {
        let text = text.trim();
        match text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
            Ok(network) => proxies.push(network),
            Err(_) => {
                reader.fault(key, format!("`{}` is neither an address nor a network", text.escape_debug()));
            }
        }
    }
    proxies
}
