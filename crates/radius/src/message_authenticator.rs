//! Message-Authenticator: HMAC-MD5 over a packet, keyed with the secret (RFC 3579 §3.2, 5176 §3.4).
//!
//! In an Access-Request it is the only proof that the sender knows the secret. In replies it stands first, so that no
//! forger can put octets of his own choice before it (CVE-2024-3596).

use digest::Mac;
use subtle::ConstantTimeEq;

use crate::code::Authenticated;
use crate::packet::{MESSAGE_AUTHENTICATOR_LENGTH, Packet};
use crate::secret::Secret;

/// What a packet's Message-Authenticator says. More than one in a packet is malformed and does not parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// There is none. Whether that is acceptable depends on the code and the NAS.
    Absent,
    /// The sender knows the secret.
    Valid,
    /// The sender does not know the secret, or someone touched the packet. Drop it.
    Invalid,
}

impl Verdict {
    fn of(valid: bool) -> Self {
        if valid { Self::Valid } else { Self::Invalid }
    }
}

/// Checks the Message-Authenticator of a request. One in a reply is `Invalid` here: it needs the request.
pub fn verify_request(request: &Packet<'_>, secret: &Secret) -> Verdict {
    match request.code().authenticated() {
        Authenticated::Random => verify(request, request.authenticator(), secret),
        Authenticated::AsRequest => verify(request, &[0; 16], secret),
        Authenticated::AsReply | Authenticated::Unknown if request.has_message_authenticator() => Verdict::Invalid,
        Authenticated::AsReply | Authenticated::Unknown => Verdict::Absent,
    }
}

/// Checks the Message-Authenticator of a reply to the request with this Authenticator.
pub fn verify_reply(reply: &Packet<'_>, request_authenticator: &[u8; 16], secret: &Secret) -> Verdict {
    verify(reply, request_authenticator, secret)
}

fn verify(packet: &Packet<'_>, field: &[u8; 16], secret: &Secret) -> Verdict {
    let Some(at) = packet.message_authenticator_at() else { return Verdict::Absent };
    let bytes = packet.as_bytes();
    let expected = digest(bytes, field, at, secret);
    Verdict::of(expected.ct_eq(&bytes[at + 2..at + MESSAGE_AUTHENTICATOR_LENGTH]).into())
}

/// The HMAC of a packet as it lies there, with zeros in the place of its own.
pub(crate) fn digest_as_it_is(packet: &[u8], secret: &Secret) -> [u8; 16] {
    secret.hmac().chain_update(packet).finalize().into_bytes().into()
}

/// The HMAC of a whole packet with `field` in the place of its Authenticator and zeros in the attribute at `at`.
pub(crate) fn digest(packet: &[u8], field: &[u8; 16], at: usize, secret: &Secret) -> [u8; 16] {
    secret
        .hmac()
        .chain_update(&packet[..4])
        .chain_update(field)
        .chain_update(&packet[crate::HEADER_LENGTH..at + 2])
        .chain_update([0; 16])
        .chain_update(&packet[at + MESSAGE_AUTHENTICATOR_LENGTH..])
        .finalize()
        .into_bytes()
        .into()
}

#[cfg(test)]
mod tests {
    use super::{Verdict, verify_request};
    use crate::{Packet, Secret};

    /// RFC 5997 §6.1.
    const STATUS: &str = "0cda00268a54f4686fb394c52866e302185d062350125a665e2e1e8411f3e243822097c84fa3";

    #[test]
    fn the_secret_decides_whether_it_is_valid() {
        let status = hex::decode(STATUS).unwrap();
        let status = Packet::parse(&status).unwrap();

        assert_eq!(verify_request(&status, &Secret::new(b"xyzzy5461")), Verdict::Valid);
        assert_eq!(verify_request(&status, &Secret::new(b"other")), Verdict::Invalid);
    }

    #[test]
    fn a_reply_is_never_valid_as_a_request() {
        let mut status = hex::decode(STATUS).unwrap();
        status[0] = 2;

        assert_eq!(verify_request(&Packet::parse(&status).unwrap(), &Secret::new(b"xyzzy5461")), Verdict::Invalid);
    }
}
