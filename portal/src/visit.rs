//! What is known of the device that asks: what its router's page sent along, checked, and carried from page to page in
//! the address and in forms, sealed. Nothing is kept in the browser, for a phone's little browser forgets all of it.
//!
//! The router's page sends it through the browser, so it is a stranger's word: good for finding the way back to the
//! router and for counting tries, never for showing what belongs to a person.

use std::net::{IpAddr, Ipv4Addr};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{NasId, TenantId};
use domain::mac::Mac;
use domain::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Store, StoreError};

/// How long a visit holds. Each page makes it anew.
pub const HOLDS: Span = Span::minutes(15);

/// The longest address of a router's page.
const LOGIN_MAX_BYTES: usize = 200;

/// The longest address that somebody wanted to see; a longer one is forgotten.
const WANTED_MAX_BYTES: usize = 300;

/// The most octets of a sealed visit, as text.
pub const TEXT_MAX_BYTES: usize = 2_700;

/// For what the ticket is good.
const PURPOSE: &str = "portal visit";

/// What is known of the device that asks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Visit {
    /// The device.
    pub mac: Option<Mac>,
    /// Its address behind the router.
    pub ip: Option<Ipv4Addr>,
    /// The router, by its registered name and of this tenant.
    pub router: Option<NasId>,
    /// Where the router takes logins.
    pub login: Option<RouterPage>,
    /// Whether the router wants CHAP, which its own page speaks.
    pub chap: bool,
    /// What somebody wanted to see.
    pub wanted: Option<String>,
    /// The language that was chosen.
    pub language: Option<String>,
}

/// An address of a router's own page that a code may be sent to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RouterPage(String);

/// What a visit is as octets.
#[derive(Serialize, Deserialize)]
struct Carried {
    t: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    m: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    i: Option<Ipv4Addr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    r: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    l: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    c: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    w: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    g: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives it so")]
const fn is_false(said: &bool) -> bool {
    !*said
}

/// What a browser brought back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Brought {
    /// A visit that holds.
    Good(Visit),
    /// One of ours that is too old: what it says of the way back is still true.
    Old(Visit),
    /// Nothing, or nothing of ours.
    Nothing,
}

impl Visit {
    /// As text that a browser carries.
    pub fn seal(&self, store: &Store, tenant: TenantId, now: Timestamp) -> Result<String, StoreError> {
        let carried = Carried {
            t: now.as_micros() / 1_000_000,
            m: self.mac.map(|mac| mac.to_string()),
            i: self.ip,
            r: self.router.map(|router| router.to_string()),
            l: self.login.as_ref().map(|page| page.0.clone()),
            c: self.chap,
            w: self.wanted.clone(),
            g: self.language.clone(),
        };
        let clear = serde_json::to_vec(&carried).map_err(|error| StoreError::Bug { reason: error.to_string() })?;
        Ok(URL_SAFE_NO_PAD.encode(store.seal_ticket(tenant, PURPOSE, &clear)?))
    }

    /// Reads what a browser brought back.
    pub fn open(store: &Store, tenant: TenantId, text: Option<&str>, now: Timestamp) -> Brought {
        let read = |text: &str| {
            let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
            let clear = store.open_ticket(tenant, PURPOSE, &sealed)?;
            serde_json::from_slice::<Carried>(clear.expose()).ok()
        };
        let Some(carried) = text.filter(|text| text.len() <= TEXT_MAX_BYTES).and_then(read) else {
            return Brought::Nothing;
        };
        let made_at = Timestamp::from_seconds(carried.t);
        let visit = Self {
            mac: carried.m.and_then(|mac| Mac::parse(mac.as_bytes())),
            ip: carried.i,
            router: carried.r.and_then(|router| router.parse().ok()),
            login: carried.l.map(RouterPage),
            chap: carried.c,
            wanted: carried.w,
            language: carried.g,
        };
        if now.since(made_at) < HOLDS { Brought::Good(visit) } else { Brought::Old(visit) }
    }
}

impl RouterPage {
    /// Takes an address of a router's login page: `http` or `https`, to a private address, to an address that the
    /// router is registered with, or to a name that the operator has listed. Anything else could be a stranger who
    /// collects codes.
    pub fn parse(text: &str, registered: Option<IpAddr>, names: &[String]) -> Option<Self> {
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"))?;
        let authority = rest.split('/').next()?;
        let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"/.-_~:%".contains(&octet);
        if text.len() > LOGIN_MAX_BYTES || !rest.bytes().all(plain) || authority.contains(['%', '~', '_']) {
            return None;
        }
        let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
        if port.parse::<u16>().is_err() {
            return None;
        }
        let good = match host.parse::<Ipv4Addr>() {
            Ok(address) => is_private(address) || registered == Some(IpAddr::V4(address)),
            Err(_) => names.iter().any(|name| name.eq_ignore_ascii_case(host)),
        };
        good.then(|| Self(text.to_owned()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port: what a browser may be sent on to.
    pub fn origin(&self) -> &str {
        let after = self.0.find("://").map_or(0, |place| place + 3);
        let end = self.0.get(after..).and_then(|rest| rest.find('/')).map_or(self.0.len(), |length| after + length);
        self.0.get(..end).unwrap_or_default()
    }
}

/// RFC 1918, and RFC 6598 between a carrier and its customers.
const fn is_private(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    address.is_private() || (a == 100 && b & 0b1100_0000 == 64)
}

/// An address of the open web that somebody wanted to see before the hotspot stepped in.
pub fn wanted(text: &str) -> Option<String> {
    let is_web = text.starts_with("http://") || text.starts_with("https://");
    let plain = text.bytes().all(|octet| octet.is_ascii_graphic() && !b"\"'<>\\`".contains(&octet));
    (is_web && plain && text.len() <= WANTED_MAX_BYTES).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(text: &str) -> bool {
        let names = ["login.savanna.example".to_owned()];
        RouterPage::parse(text, Some([192, 0, 2, 10].into()), &names).is_some()
    }

    #[test]
    fn codes_are_sent_to_routers_alone() {
        for text in [
            "http://10.5.50.1/login",
            "https://192.168.88.1/login",
            "http://172.31.0.1:8080/login",
            "http://100.64.0.1/login",
            "http://192.0.2.10/login",
            "http://login.savanna.example/login",
            "http://LOGIN.savanna.example/lv/login",
        ] {
            assert!(good(text), "{text}");
        }
        for text in [
            "http://203.0.113.9/login",
            "http://8.8.8.8/login",
            "http://evil.example/login",
            "http://10.5.50.1@evil.example/login",
            "http://10.5.50.1.evil.example/login",
            "http://evil.example#login.savanna.example/login",
            "http://login.savanna.example.evil.example/",
            "javascript:alert(1)",
            "//10.5.50.1/login",
            "ftp://10.5.50.1/login",
            "http://10.5.50.1:99999/login",
            "http://10.5.50.1/login?x=\"><script>",
            "http://010.5.50.1/login",
            "http://167838209/login",
            "http://100.128.0.1/login",
            "http:///login",
            "",
        ] {
            assert!(!good(text), "{text}");
        }
        assert!(!good(&format!("http://10.5.50.1/{}", "a".repeat(200))));
    }

    #[test]
    fn the_origin_is_what_a_browser_may_be_sent_to() {
        let page = |text| RouterPage::parse(text, None, &[]).expect("a router");

        assert_eq!(page("http://10.5.50.1:81/lv/login").origin(), "http://10.5.50.1:81");
        assert_eq!(page("https://10.5.50.1").origin(), "https://10.5.50.1");
    }

    #[test]
    fn only_addresses_of_the_web_are_wanted() {
        assert!(wanted("http://captive.apple.com/hotspot-detect.html?a=b&c").is_some());
        for text in ["javascript:alert(1)", "http://a/\"onload=", "http://a/ b", "mailto:x@y", "http://a/<script>"] {
            assert_eq!(wanted(text), None, "{text}");
        }
    }
}
