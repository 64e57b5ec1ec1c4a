//! MS-CHAP: DES keyed with the NT hash of a password (RFC 2433, 2548, 2759, 3079).
//!
//! Checked with the clear password or with its NT hash. Anyone who sees the packet can find the hash in hours; it is
//! here because PPPoE and router logins speak it. Password change is not supported.

use std::fmt;

use des::Des;
use des::cipher::{Block, BlockCipherEncrypt, KeyInit};
use md4::{Digest, Md4};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

mod failure;
mod v2;

pub use failure::{ErrorNumber, Failure};
pub use v2::{Keys, MsChapV2, Proven};

/// Octets of a response attribute: identifier, flags, and 48 that differ by version.
const RESPONSE_LENGTH: usize = 50;

/// MD4 of a password in UTF-16LE: as good as the password itself for MS-CHAP, and kept as secret.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct NtHash([u8; 16]);

impl NtHash {
    /// Hashes a password as people write it.
    pub fn of(password: &str) -> Self {
        let mut hash = Md4::new();
        for unit in password.encode_utf16() {
            hash.update(unit.to_le_bytes());
        }
        Self(hash.finalize().into())
    }

    /// Takes a hash that was stored instead of a password.
    pub fn from_bytes(hash: [u8; 16]) -> Self {
        Self(hash)
    }

    /// The sixteen octets, for storing.
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    /// Whether these are the same hash, compared in constant time.
    pub fn equals(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// The hash of the hash, from which success and keys are made (RFC 2759 §8.4).
    fn hashed(&self) -> [u8; 16] {
        Md4::digest(self.0).into()
    }
}

impl fmt::Debug for NtHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NtHash(***)")
    }
}

/// The 24 octets that answer a challenge of 8 (RFC 2433 §A.6, 2759 §8.5).
pub fn challenge_response(challenge: [u8; 8], hash: &NtHash) -> [u8; 24] {
    let mut keys = [0; 21];
    keys[..16].copy_from_slice(&hash.0);
    let mut response = [0; 24];
    let (thirds, _) = keys.as_chunks::<7>();
    for (key, place) in thirds.iter().zip(response.as_chunks_mut::<8>().0) {
        let mut block = Block::<Des>::from(challenge);
        Des::new(&spread(*key).into()).encrypt_block(&mut block);
        *place = block.into();
    }
    keys.zeroize();
    response
}

/// Spreads 56 bits over 8 octets; the lowest bit of each is parity, which DES ignores.
fn spread(key: [u8; 7]) -> [u8; 8] {
    let [a, b, c, d, e, f, g] = key;
    let bits = u64::from_be_bytes([0, a, b, c, d, e, f, g]);
    std::array::from_fn(|octet| {
        let [.., seven_bits] = (bits >> (49 - 7 * octet)).to_be_bytes();
        seven_bits << 1
    })
}

/// What an MS-CHAP login of the first version shows of its password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MsChapV1<'a> {
    /// The octet that joins request and answer.
    pub ident: u8,
    /// MS-CHAP-Challenge.
    pub challenge: &'a [u8; 8],
    /// NT-Response.
    pub response: &'a [u8; 24],
}

impl<'a> MsChapV1<'a> {
    /// Reads MS-CHAP-Challenge and MS-CHAP-Response (RFC 2548 §2.1.2, §2.1.3).
    pub(crate) fn read(challenge: &'a [u8], response: &'a [u8]) -> Result<Self, UnusableMsChap> {
        let challenge = challenge.try_into().map_err(|_| UnusableMsChap::Length)?;
        let response: &[u8; RESPONSE_LENGTH] = response.try_into().map_err(|_| UnusableMsChap::Length)?;
        let [ident, flags, responses @ ..] = response;
        let uses_nt_response = flags & 1 == 1;
        if !uses_nt_response {
            return Err(UnusableMsChap::LanManagerOnly);
        }
        let (_lan_manager, nt) = responses.split_last_chunk::<24>().ok_or(UnusableMsChap::Length)?;
        Ok(Self { ident: *ident, challenge, response: nt })
    }

    /// Whether the login was made with the password that has this hash.
    pub fn matches(&self, hash: &NtHash) -> bool {
        challenge_response(*self.challenge, hash).ct_eq(self.response).into()
    }
}

impl fmt::Debug for MsChapV1<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MsChapV1(***)")
    }
}

/// Why MS-CHAP attributes prove nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnusableMsChap {
    /// An attribute has the wrong length.
    Length,
    /// Only the LAN Manager response is there; its hash is too weak to be accepted.
    LanManagerOnly,
}

#[cfg(test)]
mod tests {
    use super::{MsChapV1, NtHash, UnusableMsChap, challenge_response};

    #[test]
    fn the_example_of_rfc_2433_comes_out() {
        let hash = NtHash::of("MyPw");

        assert_eq!(hex::encode(hash.expose()), "fc156af7edcd6c0edde3337d427f4eac");
        assert_eq!(
            hex::encode(challenge_response(*b"\x10\x2d\xb5\xdf\x08\x5d\x30\x41", &hash)),
            "4e9d3c8f9cfd385d5bf4d3246791956ca4c351ab409a3d61"
        );
    }

    #[test]
    fn letters_beyond_ascii_are_hashed_as_utf16() {
        assert_eq!(hex::encode(NtHash::of("").expose()), "31d6cfe0d16ae931b73c59d7e0c089c0");
        assert_ne!(NtHash::of("é").expose(), NtHash::of("e").expose());
        assert_ne!(NtHash::of("😀").expose(), NtHash::of("").expose());
    }

    #[test]
    fn a_response_for_lan_manager_only_is_refused() {
        let mut response = [0; 50];
        assert_eq!(MsChapV1::read(&[0; 8], &response), Err(UnusableMsChap::LanManagerOnly));

        response[1] = 1;
        assert!(MsChapV1::read(&[0; 8], &response).is_ok());
        assert_eq!(MsChapV1::read(&[0; 16], &response), Err(UnusableMsChap::Length));
        assert_eq!(MsChapV1::read(&[0; 8], &response[..49]), Err(UnusableMsChap::Length));
    }
}
