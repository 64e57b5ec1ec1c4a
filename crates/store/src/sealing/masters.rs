//! The master keys of a process: the one in force, and those before it.

use std::sync::{Arc, PoisonError, RwLock};

use chacha20poly1305::XChaCha20Poly1305;
use zeroize::Zeroizing;

use crate::sealing::{MasterKey, cipher};

/// Reads them where they are kept.
type Read = dyn Fn() -> Option<Vec<MasterKey>> + Send + Sync;

/// The master keys.
pub(super) struct Masters {
    /// The one in force first; never empty.
    known: RwLock<Arc<[XChaCha20Poly1305]>>,
    read: Option<Box<Read>>,
}

/// Something that a master key opened.
pub(super) struct Opened {
    pub(super) value: Zeroizing<Vec<u8>>,
    /// Whether it need not be sealed anew.
    pub(super) by_the_one_in_force: bool,
}

impl Masters {
    /// Those keys, for good.
    pub(super) fn of(keys: &[MasterKey]) -> Self {
        Self { known: RwLock::new(ciphers(keys)), read: None }
    }

    /// Those keys until others are read.
    pub(super) fn reading(
        keys: &[MasterKey],
        read: impl Fn() -> Option<Vec<MasterKey>> + Send + Sync + 'static,
    ) -> Self {
        Self { known: RwLock::new(ciphers(keys)), read: Some(Box::new(read)) }
    }

    /// What seals now, read anew: whoever seals by a key that was given up would lock the value away.
    pub(super) fn in_force(&self) -> XChaCha20Poly1305 {
        self.read_again();
        self.known()[0].clone()
    }

    /// Opens something with the first key that does; with those that are kept now when none of the known does.
    pub(super) fn open(&self, open: impl Fn(&XChaCha20Poly1305) -> Option<Zeroizing<Vec<u8>>>) -> Option<Opened> {
        let try_all = || {
            let known = self.known();
            let opened = |(place, master): (usize, &XChaCha20Poly1305)| {
                open(master).map(|value| Opened { value, by_the_one_in_force: place == 0 })
            };
            known.iter().enumerate().find_map(opened)
        };
        try_all().or_else(|| {
            self.read_again();
            try_all()
        })
    }

    fn known(&self) -> Arc<[XChaCha20Poly1305]> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the keys that are kept now.
    pub(super) fn read_again(&self) {
        let read = self.read.as_ref().and_then(|read| read()).filter(|keys| !keys.is_empty());
        if let Some(keys) = read {
            *self.known.write().unwrap_or_else(PoisonError::into_inner) = ciphers(&keys);
        }
    }
}

fn ciphers(keys: &[MasterKey]) -> Arc<[XChaCha20Poly1305]> {
    keys.iter().map(|key| cipher(key.expose())).collect()
}
