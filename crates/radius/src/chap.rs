//! CHAP: MD5 over an identifier, the password and a challenge (RFC 1994 §4.1, 2865 §2.2, §5.3, §5.40).
//!
//! Only a password kept in the clear can be checked. Anyone who sees the packet can try passwords at leisure.

use std::fmt;

use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

use crate::packet::Packet;

/// What a CHAP login shows of its password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Chap<'a> {
    /// The octet that the NAS chose with the challenge.
    pub id: u8,
    /// The hash.
    pub response: &'a [u8; 16],
    /// CHAP-Challenge of whatever length, or the Request Authenticator in its absence.
    pub challenge: &'a [u8],
}

impl<'a> Chap<'a> {
    /// Reads a CHAP-Password together with the packet's challenge. Nothing, if it is not 17 octets long.
    pub(crate) fn read(chap_password: &'a [u8], packet: &Packet<'a>) -> Option<Self> {
        let [id, response @ ..] = <&[u8; 17]>::try_from(chap_password).ok()?;
        let challenge = packet.raw(dictionaries::rfc2865::CHAP_CHALLENGE).next();
        Some(Self { id: *id, response, challenge: challenge.unwrap_or(packet.authenticator()) })
    }

    /// Whether the login was made with this password.
    pub fn matches(&self, password: &[u8]) -> bool {
        response(self.id, password, self.challenge).ct_eq(self.response).into()
    }
}

impl fmt::Debug for Chap<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Chap(***)")
    }
}

/// The hash that answers a challenge.
pub fn response(id: u8, password: &[u8], challenge: &[u8]) -> [u8; 16] {
    Md5::new().chain_update([id]).chain_update(password).chain_update(challenge).finalize().into()
}
