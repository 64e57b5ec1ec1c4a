//! User-Password: a password xored with a row of MD5 sums (RFC 2865 §5.2).
//!
//! Kept for PAP only. It hides a password from a passer-by and proves nothing: revealed with a wrong secret it becomes
//! garbage, which [`Revealed::looks_like_text`] tells from a mistyped password.

use std::fmt;

use md5::Digest;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use crate::secret::Secret;

/// The longest password that can be hidden, in octets.
pub const PASSWORD_MAX: usize = 128;

/// Octets hidden or revealed in one step.
pub(crate) const BLOCK: usize = 16;

/// A password in the clear.
pub type Password = Revealed<PASSWORD_MAX>;

/// A User-Password as it stands in a packet: 16–128 octets, a multiple of 16.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hidden<'a> {
    octets: &'a [u8],
}

impl<'a> Hidden<'a> {
    /// Takes octets of a length that a hidden password can have.
    pub fn read(octets: &'a [u8]) -> Option<Self> {
        let fits = !octets.is_empty() && octets.len() <= PASSWORD_MAX && octets.len().is_multiple_of(BLOCK);
        fits.then_some(Self { octets })
    }

    /// The octets as they stand in the packet.
    pub fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// Takes the hiding off. The NULs at the end are padding and fall away.
    pub fn reveal(&self, secret: &Secret, request_authenticator: &[u8; 16]) -> Password {
        let mut revealed = Revealed::empty();
        unhide(self.octets, request_authenticator, secret, &mut revealed.octets);
        let padding = revealed.octets[..self.octets.len()].iter().rev().take_while(|octet| **octet == 0).count();
        revealed.length = self.octets.len() - padding;
        revealed
    }
}

impl fmt::Debug for Hidden<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Hidden({} octets)", self.octets.len())
    }
}

/// Hides a password at the front of `into` and tells how many octets it took.
///
/// Takes 0–128 octets, gives 16–128, a multiple of 16. Padding is zeros, so a password ending in NUL cannot survive.
/// Gives nothing if the password is longer or the place shorter.
pub fn hide(password: &[u8], secret: &Secret, request_authenticator: &[u8; 16], into: &mut [u8]) -> Option<usize> {
    if password.len() > PASSWORD_MAX {
        return None;
    }
    let length = password.len().next_multiple_of(BLOCK).max(BLOCK);
    let place = into.get_mut(..length)?;
    place.fill(0);
    place[..password.len()].copy_from_slice(password);
    conceal(place, request_authenticator, secret);
    Some(length)
}

/// Hides whole blocks where they stand; `first` is hashed before the first block.
pub(crate) fn conceal(blocks: &mut [u8], first: &[u8], secret: &Secret) {
    let mut mask = mask_after(secret, first);
    let mut blocks = blocks.chunks_exact_mut(BLOCK).peekable();
    while let Some(block) = blocks.next() {
        xor(block, &mask);
        if blocks.peek().is_some() {
            mask = mask_after(secret, block);
        }
    }
    mask.zeroize();
}

/// Takes the hiding off whole blocks; as many of them as `into` has room for.
pub(crate) fn unhide(blocks: &[u8], first: &[u8], secret: &Secret, into: &mut [u8]) {
    let mut before = first;
    for (hidden, clear) in blocks.chunks_exact(BLOCK).zip(into.chunks_exact_mut(BLOCK)) {
        clear.copy_from_slice(hidden);
        xor(clear, &mask_after(secret, before));
        before = hidden;
    }
}

fn mask_after(secret: &Secret, before: &[u8]) -> [u8; BLOCK] {
    secret.md5().chain_update(before).finalize().into()
}

fn xor(block: &mut [u8], mask: &[u8; BLOCK]) {
    for (octet, mask) in block.iter_mut().zip(mask) {
        *octet ^= mask;
    }
}

/// Octets that were hidden, in a buffer of their own that is wiped when dropped.
pub struct Revealed<const MAX: usize> {
    pub(crate) octets: [u8; MAX],
    pub(crate) length: usize,
}

impl<const MAX: usize> Revealed<MAX> {
    pub(crate) fn empty() -> Self {
        Self { octets: [0; MAX], length: 0 }
    }

    /// The octets in the clear.
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }

    /// Whether these are the same octets, compared in constant time. Lengths are no secret.
    pub fn equals(&self, octets: &[u8]) -> bool {
        self.as_bytes().ct_eq(octets).into()
    }

    /// Whether a person can have typed this: UTF-8 without control characters, or nothing at all.
    ///
    /// A wrong secret gives random octets; the chance that sixteen of them pass is about one in seven million. So a
    /// password that does not pass speaks of a wrong secret, and the answer to that is silence, not a reject.
    pub fn looks_like_text(&self) -> bool {
        std::str::from_utf8(self.as_bytes()).is_ok_and(|text| !text.chars().any(char::is_control))
    }
}

impl<const MAX: usize> Drop for Revealed<MAX> {
    fn drop(&mut self) {
        self.octets.zeroize();
    }
}

impl<const MAX: usize> fmt::Debug for Revealed<MAX> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Revealed(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::{Hidden, PASSWORD_MAX, hide};
    use crate::Secret;

    const AUTHENTICATOR: [u8; 16] = [7; 16];

    #[test]
    fn a_password_of_any_allowed_length_survives() {
        let secret = Secret::new(b"testing123");
        for length in 0..=PASSWORD_MAX {
            let password = vec![b'p'; length];
            let mut place = [0; PASSWORD_MAX];

            let hidden = hide(&password, &secret, &AUTHENTICATOR, &mut place).unwrap();

            let revealed = Hidden::read(&place[..hidden]).unwrap().reveal(&secret, &AUTHENTICATOR);
            assert_eq!(revealed.as_bytes(), password);
            assert!(revealed.looks_like_text());
        }
    }

    #[test]
    fn what_cannot_be_hidden_or_revealed_is_refused() {
        let secret = Secret::new(b"testing123");

        assert_eq!(hide(&[b'p'; 129], &secret, &AUTHENTICATOR, &mut [0; 256]), None);
        assert_eq!(hide(b"p", &secret, &AUTHENTICATOR, &mut [0; 15]), None);
        for length in [0, 15, 17, 144] {
            assert_eq!(Hidden::read(&vec![0; length]), None);
        }
    }

    #[test]
    fn a_wrong_secret_gives_something_that_is_no_text() {
        let mut place = [0; 16];
        hide(b"voucher8", &Secret::new(b"right"), &AUTHENTICATOR, &mut place).unwrap();

        let revealed = Hidden::read(&place).unwrap().reveal(&Secret::new(b"wrong"), &AUTHENTICATOR);

        assert!(!revealed.looks_like_text());
    }
}
