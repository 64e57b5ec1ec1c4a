//! Keys and tunnel passwords: hidden like a password, with a salt and a length (RFC 2548 §2.4.2, 2868 §3.5).

use std::fmt;

use zeroize::Zeroize;

use crate::password::{BLOCK, Revealed, conceal, unhide};
use crate::secret::Secret;

/// The longest key that fits an attribute, in octets.
pub const KEY_MAX: usize = 239;

/// A key in the clear.
pub type Key = Revealed<KEY_MAX>;

/// A salted value as it stands in a packet: perhaps a tag, a salt, whole blocks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salted<'a> {
    octets: &'a [u8],
    tag: Option<u8>,
}

impl<'a> Salted<'a> {
    /// Takes octets of a length that a salted value can have. The length tells whether a tag stands in front: one
    /// octet and whole blocks after the salt mean yes (Tunnel-Password), whole blocks mean no (MS-MPPE keys).
    pub fn read(octets: &'a [u8]) -> Option<Self> {
        let blocks_and_tag = octets.len().checked_sub(2)?;
        if !(BLOCK..=KEY_MAX + 2).contains(&blocks_and_tag) {
            return None;
        }
        match blocks_and_tag % BLOCK {
            0 => Some(Self { octets, tag: None }),
            1 => Some(Self { octets, tag: octets.first().copied() }),
            _ => None,
        }
    }

    /// The octets as they stand in the packet.
    pub fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// The tag, if the value has the place for one.
    pub fn tag(&self) -> Option<u8> {
        self.tag
    }

    /// Takes the hiding off. Nothing, if the length inside cannot be: the secret is wrong.
    pub fn reveal(&self, secret: &Secret, request_authenticator: &[u8; 16]) -> Option<Key> {
        let (salt, blocks) = self.octets.get(usize::from(self.tag.is_some())..)?.split_first_chunk::<2>()?;
        let mut clear = [0; KEY_MAX + 1];
        unhide(blocks, &first(request_authenticator, *salt), secret, &mut clear);
        let length = usize::from(clear[0]);
        let revealed = (length < blocks.len()).then(|| {
            let mut revealed = Revealed::empty();
            revealed.octets[..length].copy_from_slice(&clear[1..=length]);
            revealed.length = length;
            revealed
        });
        clear.zeroize();
        revealed
    }
}

impl fmt::Debug for Salted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Salted({} octets)", self.octets.len())
    }
}

/// Hides a key of 0–239 octets at the front of `into`, behind its salt, and tells how many octets it took.
///
/// The salt must differ between the salted attributes of one packet; its top bit is set here, as the RFCs ask. Gives
/// nothing if the key is longer or the place shorter.
pub fn hide(
    key: &[u8],
    salt: [u8; 2],
    secret: &Secret,
    request_authenticator: &[u8; 16],
    into: &mut [u8],
) -> Option<usize> {
    let key_length = u8::try_from(key.len()).ok().filter(|_| key.len() <= KEY_MAX)?;
    let blocks_length = (1 + key.len()).next_multiple_of(BLOCK);
    let salt = [salt[0] | 0x80, salt[1]];
    let (salt_place, place) = into.split_first_chunk_mut::<2>()?;
    let blocks = place.get_mut(..blocks_length)?;
    *salt_place = salt;
    blocks.fill(0);
    blocks[0] = key_length;
    blocks[1..=key.len()].copy_from_slice(key);
    conceal(blocks, &first(request_authenticator, salt), secret);
    Some(2 + blocks_length)
}

/// What is hashed before the first block.
fn first(request_authenticator: &[u8; 16], salt: [u8; 2]) -> [u8; 18] {
    let mut first = [0; 18];
    first[..16].copy_from_slice(request_authenticator);
    first[16..].copy_from_slice(&salt);
    first
}

#[cfg(test)]
mod tests {
    use super::{KEY_MAX, Salted, hide};
    use crate::Secret;

    #[test]
    fn a_key_of_any_allowed_length_survives_with_and_without_a_tag() {
        let secret = Secret::new(b"testing123");
        for length in 0..=KEY_MAX {
            let key = vec![0xA5; length];
            let mut place = [0; 253];

            let hidden = hide(&key, [1, 2], &secret, &[7; 16], &mut place[1..]).unwrap();

            for (octets, tag) in [(&place[1..=hidden], None), (&place[..=hidden], Some(0))] {
                let salted = Salted::read(octets).unwrap();
                assert_eq!(salted.tag(), tag);
                assert_eq!(salted.reveal(&secret, &[7; 16]).unwrap().as_bytes(), key);
            }
        }
    }

    #[test]
    fn what_cannot_be_hidden_or_revealed_is_refused() {
        let secret = Secret::new(b"testing123");

        assert_eq!(hide(&[0; 240], [1, 2], &secret, &[7; 16], &mut [0; 300]), None);
        assert_eq!(hide(&[0; 16], [1, 2], &secret, &[7; 16], &mut [0; 33]), None);
        for length in [0, 2, 3, 17, 20, 33] {
            assert_eq!(Salted::read(&vec![0; length]), None, "{length}");
        }
    }

    #[test]
    fn the_top_bit_of_the_salt_is_set() {
        let mut place = [0; 18];

        hide(b"key", [0, 1], &Secret::new(b"s"), &[7; 16], &mut place).unwrap();

        assert_eq!(place[..2], [0x80, 1]);
    }
}
