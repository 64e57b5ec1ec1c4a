//! Which router a packet is from.
//!
//! A signed packet is from whoever's secret made its signature, looked for in every network that its address is in, the
//! longest first. A login that proves no secret is believed only of a router with one address, and only while that
//! router is not known to sign.

use std::cell::LazyCell;
use std::net::IpAddr;
use std::sync::Arc;

use dictionaries::{microsoft, mikrotik, rfc2865};
use domain::network::nas::{PortPair, SigningRule};
use radius::value::Text;
use radius::{Code, Packet, authenticator, message_authenticator};

use crate::directory::registry::{CANDIDATES_MAX, KnownNas, Names, Registry};
use crate::door::{Dropped, Turned};
use crate::guard::proofs::Proofs;

/// Where a packet came from, and what is known of those who come from there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker<'r, 'p> {
    pub(super) registry: &'r Registry,
    pub(super) proofs: &'p Proofs,
    pub(super) address: IpAddr,
    pub(super) pair: Option<PortPair>,
    pub(super) now_ms: u64,
}

impl<'r> Asker<'r, '_> {
    /// The router whose secret made the Message-Authenticator.
    pub(super) fn by_message_authenticator(&self, packet: &Packet<'_>) -> Result<&'r Arc<KnownNas>, Turned> {
        self.proved(packet, Dropped::BadMessageAuthenticator, |known| {
            message_authenticator::verify_request(packet, &known.secret) == message_authenticator::Verdict::Valid
        })
    }

    /// The router whose secret made the Request Authenticator; a Message-Authenticator beside it must be right as well.
    pub(super) fn by_request_authenticator(&self, packet: &Packet<'_>) -> Result<&'r Arc<KnownNas>, Turned> {
        let known = self
            .proved(packet, Dropped::BadAuthenticator, |known| authenticator::verify_request(packet, &known.secret))?;
        match message_authenticator::verify_request(packet, &known.secret) {
            message_authenticator::Verdict::Absent | message_authenticator::Verdict::Valid => Ok(known),
            message_authenticator::Verdict::Invalid => Err(Dropped::BadMessageAuthenticator.into()),
        }
    }

    /// The router of a login without a Message-Authenticator. Only the longest network is asked: a secret would be the
    /// only thing that could speak for another one.
    pub(super) fn unsigned(&self, packet: &Packet<'_>) -> Result<&'r Arc<KnownNas>, Turned> {
        let network = self.registry.networks(self.address, self.pair).next().ok_or(Dropped::UnknownNas)?;
        let known = match network.only() {
            Some(only) => only,
            None => network.named(names_of(packet)).ok_or(Dropped::AmbiguousNas)?,
        };
        let turned = |why| Turned { why, nas: Some(Arc::clone(known)) };
        known.state.watch.unsigned();
        if packet.count(rfc2865::PROXY_STATE) > 0 {
            return Err(turned(Dropped::UnsignedProxyState));
        }
        if known.nas.signing.demands() {
            return Err(turned(Dropped::UnsignedRequired));
        }
        if network.is_wide() && known.nas.signing.rule != SigningRule::Allow {
            return Err(turned(Dropped::UnsignedWide));
        }
        Ok(known)
    }

    fn proved(
        &self,
        packet: &Packet<'_>,
        wrong: Dropped,
        proves: impl Fn(&KnownNas) -> bool,
    ) -> Result<&'r Arc<KnownNas>, Turned> {
        let names = LazyCell::new(|| names_of(packet));
        let source = LazyCell::new(|| self.proofs.source(self.address));
        let (mut tries_left, mut is_known, mut was_tired, mut was_wide) = (CANDIDATES_MAX, false, false, false);
        for network in self.registry.networks(self.address, self.pair) {
            is_known = true;
            // Whoever is alone at its address is tried whatever happened before: forgers must not silence it.
            if let (Some(only), false) = (network.only(), network.is_wide()) {
                if proves(only) {
                    return Ok(only);
                }
                tries_left -= 1;
                continue;
            }
            let last = if network.is_wide() { self.proofs.proved_last(*source) } else { None };
            let is_tired = network.is_wide() && self.proofs.is_tired(*source, self.now_ms);
            (was_wide, was_tired) = (was_wide || network.is_wide(), was_tired || is_tired);
            let proved = if is_tired {
                last.and_then(|mark| network.marked(mark)).filter(|known| proves(known))
            } else {
                let mut tried = network.likeliest_first(*names, last).take(tries_left);
                tried.find(|known| {
                    tries_left -= 1;
                    proves(known)
                })
            };
            if let Some(proved) = proved {
                let known = network.meant(proved, *names).ok_or(Dropped::AmbiguousNas)?;
                if network.is_wide() {
                    self.proofs.proved(*source, known.mark);
                }
                return Ok(known);
            }
            if tries_left == 0 {
                break;
            }
        }
        if !is_known {
            return Err(Dropped::UnknownNas.into());
        }
        if was_wide && !was_tired {
            self.proofs.failed(*source, self.now_ms);
        }
        Err(if was_tired { Dropped::Tired.into() } else { wrong.into() })
    }
}

/// What a packet calls its router, as far as no subscriber can have said it.
///
/// RouterOS sends its NAS-Identifier with every request, so one that a browser added stands beside it, and two are
/// none. A realm it sends only where its operator wrote one, else whatever stands for a domain in the login. So a realm
/// counts neither in a hotspot's login, where a browser may add it, nor where the user's own name says the same.
fn names_of<'p>(packet: &Packet<'p>) -> Names<'p> {
    let identifier = match packet.count(rfc2865::NAS_IDENTIFIER) {
        1 => packet.get(rfc2865::NAS_IDENTIFIER).map(|text: Text<'p>| text.as_bytes()),
        _ => None,
    };
    let realm = match packet.count(mikrotik::REALM) {
        1 if may_name_a_realm(packet) => packet.get(mikrotik::REALM).map(|text: Text<'p>| text.as_bytes()),
        _ => None,
    };
    Names { identifier, realm: realm.filter(|realm| !user_names_domain(packet, realm)) }
}

/// Accounting, and the logins of PPP: nothing in them comes from a web page. A browser can add what PPP sends, and
/// cannot take away what a hotspot sends.
fn may_name_a_realm(packet: &Packet<'_>) -> bool {
    if packet.code() == Code::AccountingRequest {
        return true;
    }
    packet.count(rfc2865::FRAMED_PROTOCOL) == 1
        && packet.get(rfc2865::FRAMED_PROTOCOL) == Some(rfc2865::framed_protocol::PPP)
        && packet.count(rfc2865::SERVICE_TYPE) == 1
        && packet.get(rfc2865::SERVICE_TYPE) == Some(rfc2865::service_type::FRAMED_USER)
        && packet.count(mikrotik::HOST_IP) == 0
}

/// Whether the user typed this domain: `domain\user`, `user@domain`, or as MS-CHAP says it.
fn user_names_domain(packet: &Packet<'_>, domain: &[u8]) -> bool {
    let user = packet.get(rfc2865::USER_NAME).map(|text| text.as_bytes()).unwrap_or_default();
    let before = user.iter().position(|octet| *octet == b'\\').map(|at| &user[..at]);
    let after = user.iter().rposition(|octet| *octet == b'@').map(|at| &user[at + 1..]);
    let said = packet.get(microsoft::MS_CHAP_DOMAIN);
    [before, after, said].into_iter().flatten().any(|said| said.eq_ignore_ascii_case(domain))
}
