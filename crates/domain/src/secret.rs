//! Values that must not be seen: passwords, shared secrets, keys.

use std::fmt;

use smallvec::SmallVec;
use zeroize::Zeroize;

/// A value that prints as `***`, cannot be cloned by accident and is overwritten when dropped.
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Hides a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Each use is a place to look at in review.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T: Zeroize> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Octets that must not be seen. Short ones stand in the value itself, so that a password is found where its owner is.
pub struct SecretBytes(SmallVec<[u8; SHORT]>);

/// Octets that stand in the value itself.
const SHORT: usize = 24;

impl SecretBytes {
    /// Hides octets, and overwrites those that were given.
    pub fn new(mut octets: Vec<u8>) -> Self {
        let hidden = Self(SmallVec::from_slice(&octets));
        octets.zeroize();
        hidden
    }

    /// The octets themselves. Each use is a place to look at in review.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for SecretBytes {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_what_it_holds() {
        let secret = Secret::new(String::from("testing123"));

        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
    }

    #[test]
    fn octets_of_any_length_are_hidden_whole() {
        for length in [0, 1, SHORT, SHORT + 1, 200] {
            let secret = SecretBytes::new(vec![7; length]);

            assert_eq!(secret.expose(), vec![7; length]);
            assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        }
    }
}
