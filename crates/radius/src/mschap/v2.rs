//! MS-CHAP, second version: both sides prove that they know the password (RFC 2759, 2548 §2.3, 3079 §3).

use std::fmt;

use dictionaries::microsoft::{MS_CHAP2_SUCCESS, MS_MPPE_RECV_KEY, MS_MPPE_SEND_KEY};
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{NtHash, RESPONSE_LENGTH, UnusableMsChap, challenge_response};
use crate::secret::Secret;
use crate::writer::{WriteError, Writer};

/// What an MS-CHAPv2 login shows of its password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MsChapV2<'a> {
    /// The octet that joins request and answer.
    pub ident: u8,
    /// The NAS's challenge: MS-CHAP-Challenge.
    pub authenticator_challenge: &'a [u8; 16],
    /// The device's own challenge.
    pub peer_challenge: &'a [u8; 16],
    /// NT-Response.
    pub response: &'a [u8; 24],
    /// The name that the device hashed, realm and all. A `DOMAIN\` in front is left out of the hash.
    pub user_name: &'a [u8],
}

impl<'a> MsChapV2<'a> {
    /// Reads MS-CHAP-Challenge and MS-CHAP2-Response.
    pub(crate) fn read(challenge: &'a [u8], response: &'a [u8], user_name: &'a [u8]) -> Result<Self, UnusableMsChap> {
        let authenticator_challenge = challenge.try_into().map_err(|_| UnusableMsChap::Length)?;
        let response: &[u8; RESPONSE_LENGTH] = response.try_into().map_err(|_| UnusableMsChap::Length)?;
        let [ident, _flags, rest @ ..] = response;
        let (peer_challenge, rest) = rest.split_first_chunk::<16>().ok_or(UnusableMsChap::Length)?;
        let (_reserved, response) = rest.split_last_chunk::<24>().ok_or(UnusableMsChap::Length)?;
        Ok(Self { ident: *ident, authenticator_challenge, peer_challenge, response, user_name })
    }

    /// The proof, if the login was made with the password that has this hash.
    pub fn prove(&self, hash: &NtHash) -> Option<Proven> {
        let challenge = self.challenge();
        let right: bool = challenge_response(challenge, hash).ct_eq(self.response).into();
        right.then(|| Proven { ident: self.ident, challenge, response: *self.response, hash_hash: hash.hashed() })
    }

    /// Eight octets from both challenges and the name (RFC 2759 §8.2).
    fn challenge(&self) -> [u8; 8] {
        let name = self.user_name.iter().rposition(|octet| *octet == b'\\').map_or(0, |at| at + 1);
        let digest: [u8; 20] = Sha1::new()
            .chain_update(self.peer_challenge)
            .chain_update(self.authenticator_challenge)
            .chain_update(self.user_name.get(name..).unwrap_or_default())
            .finalize()
            .into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        [a, b, c, d, e, f, g, h]
    }
}

impl fmt::Debug for MsChapV2<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MsChapV2(***)")
    }
}

/// A login that was right: what the answer needs to say so. Only [`MsChapV2::prove`] makes one.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Proven {
    ident: u8,
    challenge: [u8; 8],
    response: [u8; 24],
    hash_hash: [u8; 16],
}

const SERVER_TO_CLIENT: &[u8] = b"Magic server to client signing constant";
const ONE_MORE_ITERATION: &[u8] = b"Pad to make it do more than one iteration";
const MASTER_KEY: &[u8] = b"This is the MPPE Master Key";
const SERVER_SENDS: &[u8] = b"On the client side, this is the receive key; on the server side, it is the send key.";
const SERVER_RECEIVES: &[u8] = b"On the client side, this is the send key; on the server side, it is the receive key.";

impl Proven {
    /// MS-CHAP2-Success: the identifier and `S=` with 40 hexadecimal digits (RFC 2759 §8.7, 2548 §2.3.3).
    ///
    /// Every Access-Accept to an MS-CHAPv2 login must carry it: without it the device drops the link.
    pub fn success(&self) -> [u8; 43] {
        let inner = Sha1::new().chain_update(self.hash_hash).chain_update(self.response).chain_update(SERVER_TO_CLIENT);
        let outer: [u8; 20] = Sha1::new()
            .chain_update(inner.finalize())
            .chain_update(self.challenge)
            .chain_update(ONE_MORE_ITERATION)
            .finalize()
            .into();
        let mut success = [0; 43];
        let [ident, s, equals, digits @ ..] = &mut success;
        (*ident, *s, *equals) = (self.ident, b'S', b'=');
        for (octet, place) in outer.iter().zip(digits.as_chunks_mut::<2>().0) {
            *place = [hexadecimal(octet >> 4), hexadecimal(octet & 0xF)];
        }
        success
    }

    /// The start keys of MPPE (RFC 3079 §3.3), named as the server sees them.
    pub fn keys(&self) -> Keys {
        let master = first_sixteen(
            Sha1::new().chain_update(self.hash_hash).chain_update(self.response).chain_update(MASTER_KEY),
        );
        let start_key = |direction| {
            let padded = Sha1::new().chain_update(master).chain_update([0; 40]);
            first_sixteen(padded.chain_update(direction).chain_update([0xF2; 40]))
        };
        Keys { send: start_key(SERVER_SENDS), receive: start_key(SERVER_RECEIVES) }
    }

    /// Writes MS-CHAP2-Success.
    pub fn put_success(&self, reply: &mut Writer<'_>) -> Result<(), WriteError> {
        reply.put_octets(MS_CHAP2_SUCCESS, &self.success())
    }

    /// Writes MS-MPPE-Send-Key and MS-MPPE-Recv-Key. The salts are random and differ from each other.
    pub fn put_keys(&self, reply: &mut Writer<'_>, salts: [[u8; 2]; 2], secret: &Secret) -> Result<(), WriteError> {
        let keys = self.keys();
        reply.put_salted(MS_MPPE_SEND_KEY, None, salts[0], &keys.send, secret)?;
        reply.put_salted(MS_MPPE_RECV_KEY, None, salts[1], &keys.receive, secret)
    }
}

impl fmt::Debug for Proven {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Proven(***)")
    }
}

/// The two keys that encrypt a PPP link.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Keys {
    /// MS-MPPE-Send-Key: what the NAS encrypts with.
    pub send: [u8; 16],
    /// MS-MPPE-Recv-Key: what the NAS decrypts with.
    pub receive: [u8; 16],
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Keys(***)")
    }
}

fn first_sixteen(hash: Sha1) -> [u8; 16] {
    let digest: [u8; 20] = hash.finalize().into();
    let mut front = [0; 16];
    front.copy_from_slice(&digest[..16]);
    front
}

pub(super) fn hexadecimal(digit: u8) -> u8 {
    match digit {
        0..=9 => b'0' + digit,
        _ => b'A' + digit - 10,
    }
}

#[cfg(test)]
mod tests {
    use super::{MsChapV2, NtHash};

    /// RFC 2759 §9.2.
    const LOGIN: MsChapV2<'_> = MsChapV2 {
        ident: 0x2A,
        authenticator_challenge: b"\x5b\x5d\x7c\x7d\x7b\x3f\x2f\x3e\x3c\x2c\x60\x21\x32\x26\x26\x28",
        peer_challenge: b"\x21\x40\x23\x24\x25\x5e\x26\x2a\x28\x29\x5f\x2b\x3a\x33\x7c\x7e",
        response: b"\x82\x30\x9e\xcd\x8d\x70\x8b\x5e\xa0\x8f\xaa\x39\x81\xcd\x83\x54\x42\x33\x11\x4a\x3d\x85\xd6\xdf",
        user_name: b"User",
    };

    #[test]
    fn the_example_of_rfc_2759_and_rfc_3079_comes_out() {
        let proven = LOGIN.prove(&NtHash::of("clientPass")).unwrap();

        assert_eq!(proven.success(), *b"\x2aS=407A5589115FD0D6209F510FE9C04566932CDA56");
        assert_eq!(hex::encode(proven.keys().send), "8b7cdc149b993a1ba118cb153f56dccb");
        assert_eq!(hex::encode(proven.keys().receive), "d5f0e9521e3ea9589645e86051c82226");
    }

    #[test]
    fn a_domain_before_the_name_changes_nothing() {
        let login = MsChapV2 { user_name: b"WORKGROUP\\User", ..LOGIN };

        assert!(login.prove(&NtHash::of("clientPass")).is_some());
    }

    #[test]
    fn another_name_or_password_proves_nothing() {
        assert!(LOGIN.prove(&NtHash::of("clientpass")).is_none());
        assert!(MsChapV2 { user_name: b"user", ..LOGIN }.prove(&NtHash::of("clientPass")).is_none());
    }
}
