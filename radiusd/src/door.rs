//! The door: bytes to a verified request of a known router, or a counted drop.
//!
//! Nothing behind it is reached by a packet whose sender is not known. A drop is silent: the sender may be anybody, and
//! silence makes a router try its second server.

use std::fmt;
use std::sync::Arc;

use dictionaries::rfc2865;
use radius::{Code, Malformed, Packet, authenticator, message_authenticator};

use crate::directory::registry::{KnownNas, Registry};
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
    pub nas: Arc<KnownNas>,
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

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Lets a datagram in, or says why not.
pub fn open<'a>(registry: &Registry, datagram: &Datagram<'a>, port: Port) -> Result<Verified<'a>, Dropped> {
    if datagram.truncated {
        return Err(Dropped::TooLong);
    }
    let packet = Packet::parse(datagram.bytes).map_err(Dropped::Malformed)?;
    let candidates = registry.candidates(datagram.path.peer.ip());
    if candidates.is_empty() {
        return Err(Dropped::UnknownNas);
    }
    let nas = match (port, packet.code()) {
        (Port::Auth, Code::AccessRequest) => by_message_authenticator(candidates, &packet)?,
        (Port::Auth | Port::Acct, Code::StatusServer) if packet.has_message_authenticator() => {
            by_message_authenticator(candidates, &packet)?
        }
        (Port::Auth | Port::Acct, Code::StatusServer) => return Err(Dropped::UnsignedStatus),
        (Port::Acct, Code::AccountingRequest) => by_request_authenticator(candidates, &packet)?,
        (Port::Auth | Port::Acct, _) => return Err(Dropped::WrongCode),
    };
    Ok(Verified { packet, nas: Arc::clone(nas) })
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

fn by_message_authenticator<'r>(
    candidates: &'r [Arc<KnownNas>],
    packet: &Packet<'_>,
) -> Result<&'r Arc<KnownNas>, Dropped> {
    if packet.has_message_authenticator() {
        return named_first(candidates, packet)
            .find(|known| {
                message_authenticator::verify_request(packet, &known.secret) == message_authenticator::Verdict::Valid
            })
            .ok_or(Dropped::BadMessageAuthenticator);
    }
    if packet.count(rfc2865::PROXY_STATE) > 0 {
        return Err(Dropped::UnsignedProxyState);
    }
    match candidates {
        [only] => Ok(only),
        several => match several.iter().filter(|known| has_name_of(known, packet)).collect::<Vec<_>>().as_slice() {
            [named] => Ok(named),
            _ => Err(Dropped::AmbiguousNas),
        },
    }
}

fn by_request_authenticator<'r>(
    candidates: &'r [Arc<KnownNas>],
    packet: &Packet<'_>,
) -> Result<&'r Arc<KnownNas>, Dropped> {
    let proved = named_first(candidates, packet)
        .find(|known| authenticator::verify_request(packet, &known.secret))
        .ok_or(Dropped::BadAuthenticator)?;
    match message_authenticator::verify_request(packet, &proved.secret) {
        message_authenticator::Verdict::Absent | message_authenticator::Verdict::Valid => Ok(proved),
        message_authenticator::Verdict::Invalid => Err(Dropped::BadMessageAuthenticator),
    }
}

/// The candidates, those first whose NAS-Identifier the packet carries: routers behind one address may share a secret.
fn named_first<'r, 'p>(
    candidates: &'r [Arc<KnownNas>],
    packet: &'p Packet<'_>,
) -> impl Iterator<Item = &'r Arc<KnownNas>> + use<'r, 'p> {
    let named = candidates.iter().filter(move |known| has_name_of(known, packet));
    named.chain(candidates.iter().filter(move |known| !has_name_of(known, packet)))
}

fn has_name_of(known: &KnownNas, packet: &Packet<'_>) -> bool {
    match (&known.nas.identifier, packet.get(rfc2865::NAS_IDENTIFIER)) {
        (Some(name), Some(sent)) => name.as_bytes() == sent.as_bytes(),
        (Some(_), None) | (None, Some(_)) | (None, None) => false,
    }
}
