//! Webhooks: partners' addresses that are told of what is done in an ISP's name.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use thiserror::Error;

use crate::id::{AuditId, DeliveryId, WebhookId};
use crate::platform::audit::Verb;
use crate::platform::job::JobState;
use crate::secret::SecretBytes;
use crate::time::Timestamp;

/// Where a partner is told: an address that begins with `https://`, or `http://` where the operator allows it. At most 500
/// characters, without a user name or a fragment.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct HookUrl(String);

impl HookUrl {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is spoken to in the clear.
    pub fn is_in_the_clear(&self) -> bool {
        self.0.starts_with("http://")
    }

    /// The address without its query, which may hold what lets somebody in.
    pub fn without_query(&self) -> &str {
        self.0.split('?').next().unwrap_or_default()
    }

    /// The host, without a port, and an address without its brackets.
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        let place = rest.split(['/', '?']).next().unwrap_or_default();
        match place.strip_prefix('[') {
            Some(six) => six.split(']').next().unwrap_or_default(),
            None => place.split(':').next().unwrap_or_default(),
        }
    }
}

impl fmt::Display for HookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for HookUrl {
    type Err = NotAHookUrl;
    fn from_str(text: &str) -> Result<Self, NotAHookUrl> {
        let text = text.trim();
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(NotAHookUrl)?;
        let place = rest.split(['/', '?']).next().unwrap_or_default();
        let inside = text.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&b));
        let url = Self(text.to_owned());
        if text.len() <= 500 && inside && !place.contains('@') && !url.host().is_empty() {
            Ok(url)
        } else {
            Err(NotAHookUrl)
        }
    }
}

/// The text is no address for a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not an address for a webhook: write it as https://partner.example/hook, without a user name or a `#`")]
pub struct NotAHookUrl;

/// Whether an address is one of the open network: not this machine, not a private network, not one that means something
/// else. A partner could otherwise have us ask what only we can reach.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => is_public_v4(four),
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => is_public_v4(four),
            None => is_public_v6(six),
        },
    }
}

fn is_public_v4(four: Ipv4Addr) -> bool {
    let [a, b, c, _] = four.octets();
    let is_special = four.is_private()
        || four.is_loopback()
        || four.is_link_local()
        || four.is_broadcast()
        || four.is_documentation()
        || four.is_multicast()
        || a == 0
        || a >= 240
        // Carriers' own (RFC 6598), protocol assignments, benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19));
    !is_special
}

fn is_public_v6(six: Ipv6Addr) -> bool {
    let [first, second, ..] = six.segments();
    // Only global unicast, 2000::/3; and of that not what stands for IPv4 (6to4, Teredo) nor what is for books.
    (first & 0xe000) == 0x2000 && first != 0x2002 && !(first == 0x2001 && (second == 0 || second == 0xdb8))
}

/// A webhook as it is known. Its secret is told once, when it is made or rotated, and never again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where it is.
    pub url: HookUrl,
    /// Of which deeds it is told; none named is all.
    pub events: Vec<Verb>,
    /// Whether it is told at the moment.
    pub is_active: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// Goes up with every change.
    pub revision: u64,
}

impl Webhook {
    /// Most webhooks of an ISP.
    pub const COUNT_MAX: u64 = 20;
}

/// One telling of one event to one webhook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// To whom.
    pub webhook: WebhookId,
    /// Of which entry of the audit: the event's id, the same for every webhook and each time it is told.
    pub event: AuditId,
    /// Of which deed.
    pub verb: Verb,
    /// When it was to be told.
    pub created_at: Timestamp,
    /// What it says: JSON.
    pub body: String,
    /// How far it is; `None` when it is not told any more: because the webhook was switched off, or it is long ago.
    pub state: Option<JobState>,
    /// How often it was tried.
    pub tries: u32,
    /// What the partner answered last: a status of HTTP.
    pub status: Option<u16>,
    /// Why the last try did not do it.
    pub fault: Option<String>,
}

/// A telling, ready to be sent.
#[derive(Debug)]
pub struct Call {
    /// To whom.
    pub webhook: WebhookId,
    /// Where to.
    pub url: HookUrl,
    /// What signs it.
    pub secret: SecretBytes,
    /// The event's id.
    pub event: AuditId,
    /// Of which deed.
    pub verb: Verb,
    /// What it says: JSON.
    pub body: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_whole_and_holds_no_login() {
        let host = |text: &str| text.parse::<HookUrl>().map(|url| url.host().to_owned());

        assert_eq!(host("https://partner.example/hook?x=1"), Ok("partner.example".to_owned()));
        assert_eq!(host("http://10.0.0.1:8080/hook"), Ok("10.0.0.1".to_owned()));
        assert_eq!(host("https://[2001:db8::1]:443/"), Ok("2001:db8::1".to_owned()));
        for bad in ["", "ftp://a.b/", "https://", "https://u:p@a.b/", "https://a.b/#x", "https://a b/", "//a.b"] {
            assert_eq!(host(bad), Err(NotAHookUrl), "{bad}");
        }
    }

    #[test]
    fn only_addresses_of_the_open_network_are_public() {
        for public in ["41.90.1.1", "8.8.8.8", "2a00:1450::1"] {
            assert!(is_public(public.parse().expect("good")), "{public}");
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().expect("good")), "{private}");
        }
    }
}
