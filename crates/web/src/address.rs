//! Where a request comes from: the peer, or what a proxy of ours says of it.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The connection that a request came over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    /// Who is at the other end.
    pub peer: IpAddr,
    /// Whether it is encrypted.
    pub tls: bool,
}

/// Where a request comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct From {
    /// The address of whoever asks.
    pub address: IpAddr,
    /// Whether their browser came over TLS: to us, or to a proxy of ours.
    pub secure: bool,
}

/// Hops of `X-Forwarded-For` that are looked at.
const HOPS_MAX: usize = 16;

/// Who is asking over that line. Only what proxies of ours say is believed: the last hop that is none of them.
pub fn of(line: Line, headers: &HeaderMap, trusted: &[IpNet]) -> From {
    let peer = line.peer.to_canonical();
    let ours = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if !ours(&peer) {
        return From { address: peer, secure: line.tls };
    }
    let hops = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = hops.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut address = peer;
    for hop in hops.iter().rev().take(HOPS_MAX) {
        let Some(before) = read(hop) else { break };
        address = before;
        if !ours(&address) {
            break;
        }
    }
    let proto = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
    From { address, secure: line.tls || proto.is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https")) }
}

/// An address, perhaps in brackets, perhaps with a port.
fn read(hop: &str) -> Option<IpAddr> {
    let bare = hop.parse::<IpAddr>().or_else(|_| hop.parse::<std::net::SocketAddr>().map(|address| address.ip()));
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    bare.ok().or_else(bracketed).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(peer: &str, forwarded: &[&str], proto: Option<&'static str>) -> From {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("a header"));
        }
        if let Some(proto) = proto {
            headers.insert("x-forwarded-proto", proto.parse().expect("a header"));
        }
        let trusted = ["10.0.0.0/24".parse().expect("a network")];
        of(Line { peer: peer.parse().expect("an address"), tls: false }, &headers, &trusted)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_stranger_is_not_believed_about_the_address() {
        let from = asked("192.0.2.7", &["203.0.113.1"], Some("https"));

        assert_eq!(from, From { address: address("192.0.2.7"), secure: false });
    }

    #[test]
    fn our_proxy_says_who_asked_it_and_no_more() {
        let from = asked("10.0.0.2", &["198.51.100.1, 203.0.113.1"], Some("https"));

        assert_eq!(from, From { address: address("203.0.113.1"), secure: true });
    }

    #[test]
    fn proxies_behind_each_other_are_all_passed() {
        assert_eq!(asked("10.0.0.2", &["203.0.113.1, 10.0.0.9"], None).address, address("203.0.113.1"));
        assert_eq!(asked("10.0.0.2", &["203.0.113.1", "10.0.0.9"], None).address, address("203.0.113.1"));
        assert_eq!(asked("10.0.0.2", &["203.0.113.1:4711"], None).address, address("203.0.113.1"));
        assert_eq!(asked("10.0.0.2", &["[2001:db8::1]:4711"], None).address, address("2001:db8::1"));
    }

    #[test]
    fn a_hop_that_is_no_address_hides_what_is_before_it() {
        assert_eq!(asked("10.0.0.2", &["203.0.113.1, unknown"], None).address, address("10.0.0.2"));
        assert_eq!(asked("10.0.0.2", &[], None).address, address("10.0.0.2"));
    }
}
