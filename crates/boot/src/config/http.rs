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
}

/// An address that is never seen, for its fault is told.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

pub(super) fn read_api(reader: &mut Reader) -> Api {
    Api {
        listen: reader.address("api.listen").unwrap_or(NOWHERE),
        tls: read_tls(reader, "api.cert", "api.key"),
        domain: read_domain(reader, "api.domain"),
        trusted_proxies: read_proxies(reader, "api.trusted_proxies"),
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
        trusted_proxies: read_proxies(reader, "portal.trusted_proxies"),
    }
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

fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        let inside = label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
        (1..=63).contains(&label.len()) && inside
    };
    name.len() <= NAME_MAX && name.split('.').all(label)
}

fn read_proxies(reader: &mut Reader, key: &str) -> Vec<IpNet> {
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
