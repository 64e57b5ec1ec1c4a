//! The Authenticator field: MD5 over a packet and the secret (RFC 2865 §3, 2866 §3, 5176 §2.3).
//!
//! A right one proves that the sender knows the secret, except in Access-Request and Status-Server, where the field is
//! random and proves nothing.

use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

use crate::code::Authenticated;
use crate::packet::{HEADER_LENGTH, Packet};
use crate::secret::Secret;

/// Whether an Accounting-, Disconnect- or CoA-Request was written by someone who knows the secret.
///
/// False for every other code: their Authenticator is no proof, or needs the request.
pub fn verify_request(request: &Packet<'_>, secret: &Secret) -> bool {
    request.code().authenticated() == Authenticated::AsRequest && verify(request, &[0; 16], secret)
}

/// Whether a reply was written by someone who knows the secret and saw the request with this Authenticator.
///
/// Which requests a code may answer is a question for [`crate::Code::answers`].
pub fn verify_reply(reply: &Packet<'_>, request_authenticator: &[u8; 16], secret: &Secret) -> bool {
    reply.code().authenticated() == Authenticated::AsReply && verify(reply, request_authenticator, secret)
}

fn verify(packet: &Packet<'_>, field: &[u8; 16], secret: &Secret) -> bool {
    digest(packet.as_bytes(), field, secret).ct_eq(packet.authenticator()).into()
}

/// The hash of a packet as it lies there.
pub(crate) fn digest_as_it_is(packet: &[u8], secret: &Secret) -> [u8; 16] {
    Md5::new().chain_update(packet).chain_update(secret.raw()).finalize().into()
}

/// The hash of a whole packet with `field` in the place of its Authenticator.
pub(crate) fn digest(packet: &[u8], field: &[u8; 16], secret: &Secret) -> [u8; 16] {
    Md5::new()
        .chain_update(&packet[..4])
        .chain_update(field)
        .chain_update(&packet[HEADER_LENGTH..])
        .chain_update(secret.raw())
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use crate::{Packet, Secret};

    /// RFC 2865 §7.1.
    const REQUEST: &str = "010000380f403f9473978057bd83d5cb98f4227a01066e656d6f02120dbe708d93d413ce3196e43f782a0aee\
                           0406c0a80110050600000003";
    const REPLY: &str = "0200002686fe220e7624ba2a1005f6bf9b55e0b20606000000010f06000000000e06c0a80103";

    #[test]
    fn a_reply_belongs_to_its_request_and_its_secret() {
        let (request, reply) = (hex::decode(REQUEST).unwrap(), hex::decode(REPLY).unwrap());
        let (request, reply) = (Packet::parse(&request).unwrap(), Packet::parse(&reply).unwrap());
        let secret = Secret::new(b"xyzzy5461");

        assert!(super::verify_reply(&reply, request.authenticator(), &secret));
        assert!(!super::verify_reply(&reply, &[0; 16], &secret));
        assert!(!super::verify_reply(&reply, request.authenticator(), &Secret::new(b"xyzzy5462")));
    }

    #[test]
    fn the_random_field_of_an_access_request_is_never_a_proof() {
        let request = hex::decode(REQUEST).unwrap();

        assert!(!super::verify_request(&Packet::parse(&request).unwrap(), &Secret::new(b"xyzzy5461")));
    }
}
