//! The door: bytes to a verified request of a known router, or a counted drop.
//!
//! Nothing behind it is reached by a packet whose sender is not known. A drop is silent: the sender may be anybody, and
//! silence makes a router try its second server.

mod identity;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use domain::network::nas::PortPair;
use radius::{Code, Malformed, Packet, authenticator, message_authenticator};

use crate::directory::registry::{KnownNas, Registry};
use crate::door::identity::Asker;
use crate::guard::proofs::Proofs;
use crate::listen::datagram::Datagram;

/// Which port a packet came in on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Port {
    /// Authentication, 1812.
    Auth,
    /// Accounting, 1813.
    Acct,
}

/// A packet of a router that is who it says.
#[derive(Debug)]
pub struct Verified<'a> {
    /// The packet.
    pub packet: Packet<'a>,
    /// The router.
    pub nas: &'a Arc<KnownNas>,
}

/// Why a packet was dropped without an answer. Each is counted under its [`name`](Self::name).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Dropped {
    /// Longer than a RADIUS packet can be.
    TooLong,
    /// Not a RADIUS packet.
    Malformed(Malformed),
    /// A packet of a kind that is not served on this port.
    WrongCode,
    /// No router with that address.
    UnknownNas,
    /// Several routers with that address, and nothing that tells them apart.
    AmbiguousNas,
    /// A Message-Authenticator that no secret for that address makes.
    BadMessageAuthenticator,
    /// A Request Authenticator that no secret for that address makes.
    BadAuthenticator,
    /// Status-Server without a Message-Authenticator (RFC 5997 §3).
    UnsignedStatus,
    /// Proxy-State without a Message-Authenticator: the shape of CVE-2024-3596.
    UnsignedProxyState,
    /// No Message-Authenticator from a router that must send one.
    UnsignedRequired,
    /// No Message-Authenticator from a router that may ask from more than one address.
    UnsignedWide,
    /// Too many proofs of a secret failed from there.
    Tired,
    /// More Status-Servers than are answered.
    StatusLimit,
    /// The router or its tenant waits for more answers than its share is.
    OverShare,
    /// Too many names of that router or tenant were nobody's.
    Guessing,
    /// This node is behind, and this packet matters least.
    Shed,
    /// An attribute twice that a subscriber's browser could have added.
    Injected,
    /// No User-Name in a request that needs one.
    NoUserName,
    /// The first copy of this request is still being answered.
    Duplicate,
    /// The password came out as garbage: the router has another secret.
    WrongSecret,
    /// More requests than can be waited for.
    Overload,
    /// The database did not answer in time.
    Unavailable,
    /// A record that cannot be kept.
    Unrecordable,
    /// The journal of accounting has no room left.
    JournalFull,
    /// The journal of accounting cannot be written.
    JournalFailed,
}

impl Dropped {
    /// A fixed word for metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Malformed(_) => "malformed",
            Self::WrongCode => "wrong_code",
            Self::UnknownNas => "unknown_nas",
            Self::AmbiguousNas => "ambiguous_nas",
            Self::BadMessageAuthenticator => "bad_message_authenticator",
            Self::BadAuthenticator => "bad_authenticator",
            Self::UnsignedStatus => "unsigned_status",
            Self::UnsignedProxyState => "unsigned_proxy_state",
            Self::UnsignedRequired => "unsigned_required",
            Self::UnsignedWide => "unsigned_wide",
            Self::Tired => "failed_proofs",
            Self::StatusLimit => "status_limit",
            Self::OverShare => "over_share",
            Self::Guessing => "guessing",
            Self::Shed => "shed",
            Self::Injected => "injected_attribute",
            Self::NoUserName => "no_user_name",
            Self::Duplicate => "duplicate",
            Self::WrongSecret => "wrong_secret",
            Self::Overload => "overload",
            Self::Unavailable => "unavailable",
            Self::Unrecordable => "unrecordable",
            Self::JournalFull => "journal_full",
            Self::JournalFailed => "journal_failed",
        }
    }
}

impl Dropped {
    /// What the router's operator can do about it, where only that helps.
    pub fn advice(self) -> Option<&'static str> {
        ADVICE.iter().find(|(why, _)| *why == self).map(|(_, advice)| *advice)
    }
}

const ADVICE: [(Dropped, &str); 3] = [
    (
        Dropped::UnsignedRequired,
        "it must sign its logins (Message-Authenticator) and this one is not; is it another router now? `mnetifi nas \
         set NAME --message-authenticator observe` begins to watch it anew",
    ),
    (
        Dropped::UnsignedWide,
        "it may ask from more than one address, so it must sign its logins, and this one is not: update RouterOS to \
         7.15 or newer, or give each router its own address",
    ),
    (
        Dropped::UnsignedProxyState,
        "its login carries Proxy-State and is not signed, the shape of an attack (CVE-2024-3596): switch \
         Message-Authenticator on at the proxy",
    ),
];

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a socket of ours listens, as routers know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entrance {
    /// What it is for.
    pub port: Port,
    /// The pair that it belongs to; `None` for the ports of all.
    pub pair: Option<PortPair>,
}

/// A packet that was not let in.
#[derive(Debug)]
pub struct Turned {
    /// Why.
    pub why: Dropped,
    /// The router it is from or claims to be from, where only one can be meant.
    pub nas: Option<Arc<KnownNas>>,
}

impl From<Dropped> for Turned {
    fn from(why: Dropped) -> Self {
        Self { why, nas: None }
    }
}

/// Lets a datagram in, or says why not.
pub fn open<'a>(
    registry: &'a Registry,
    proofs: &Proofs,
    datagram: &Datagram<'a>,
    entrance: Entrance,
    now_ms: u64,
) -> Result<Verified<'a>, Turned> {
    if datagram.truncated {
        return Err(Dropped::TooLong.into());
    }
    let packet = Packet::parse(datagram.bytes).map_err(Dropped::Malformed)?;
    let address = datagram.path.peer.ip();
    let asker = Asker { registry, proofs, address, pair: entrance.pair, now_ms };
    let nas = match (entrance.port, packet.code()) {
        (Port::Auth, Code::AccessRequest) if packet.has_message_authenticator() => {
            let nas = asker.by_message_authenticator(&packet)?;
            nas.state.watch.signed(nas.nas.signing);
            nas
        }
        (Port::Auth, Code::AccessRequest) => asker.unsigned(&packet)?,
        (Port::Auth | Port::Acct, Code::StatusServer) if packet.has_message_authenticator() => {
            asker.by_message_authenticator(&packet)?
        }
        (Port::Auth | Port::Acct, Code::StatusServer) => return Err(Dropped::UnsignedStatus.into()),
        (Port::Acct, Code::AccountingRequest) => asker.by_request_authenticator(&packet)?,
        (Port::Auth | Port::Acct, _) => return Err(Dropped::WrongCode.into()),
    };
    nas.state.watch.heard(address, now_ms);
    Ok(Verified { packet, nas })
}

/// Lets a packet in that came over TLS, or says why not. Its certificate has named the router; TLS has kept it whole,
/// so a Message-Authenticator is verified where there is one and not asked for (RFC 6614 §2.3).
pub(crate) fn open_tls<'a>(bytes: &'a [u8], nas: &KnownNas) -> Result<(Packet<'a>, Port), Dropped> {
    let packet = Packet::parse(bytes).map_err(Dropped::Malformed)?;
    let code = packet.code();
    let port = if code == Code::AccountingRequest { Port::Acct } else { Port::Auth };
    if port == Port::Acct && !authenticator::verify_request(&packet, &nas.secret) {
        return Err(Dropped::BadAuthenticator);
    }
    if port == Port::Auth && !matches!(code, Code::AccessRequest | Code::StatusServer) {
        return Err(Dropped::WrongCode);
    }
    match message_authenticator::verify_request(&packet, &nas.secret) {
        message_authenticator::Verdict::Absent | message_authenticator::Verdict::Valid => Ok((packet, port)),
        message_authenticator::Verdict::Invalid => Err(Dropped::BadMessageAuthenticator),
    }
}
