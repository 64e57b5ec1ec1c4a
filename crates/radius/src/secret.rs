//! The word that a NAS and this server share.

use std::fmt;

use digest::KeyInit;
use hmac::Hmac;
use md5::{Digest, Md5};
use zeroize::Zeroizing;

/// A shared secret with its hash states made ready, so that a packet pays only for its own octets.
///
/// Keep one per NAS. Prints as `***`, cannot be cloned, and is wiped when dropped.
pub struct Secret {
    raw: Zeroizing<Box<[u8]>>,
    md5: Md5,
    hmac: Hmac<Md5>,
}

impl Secret {
    /// Takes a secret of any length. An empty one protects nothing; whoever configures a NAS refuses it.
    pub fn new(raw: &[u8]) -> Self {
        Self {
            raw: Zeroizing::new(raw.into()),
            md5: Md5::new_with_prefix(raw),
            hmac: Hmac::new_from_slice(raw).expect("invariant: HMAC takes keys of any length"),
        }
    }

    /// The octets themselves, for hashes that end with the secret.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The octets themselves, for a sealed copy of what is known.
    pub fn expose(&self) -> &[u8] {
        &self.raw
    }

    /// An MD5 that has read the secret, for hashes that begin with it.
    pub(crate) fn md5(&self) -> Md5 {
        self.md5.clone()
    }

    /// An HMAC-MD5 keyed with the secret.
    pub(crate) fn hmac(&self) -> Hmac<Md5> {
        self.hmac.clone()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_prints_as_stars() {
        assert_eq!(format!("{:?}", Secret::new(b"testing123")), "Secret(***)");
    }
}
