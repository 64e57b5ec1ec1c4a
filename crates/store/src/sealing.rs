//! Secrets at rest: what must be read back in the clear is sealed before it becomes a column.
//!
//! One master key, outside the database, wraps a data key per tenant; the data key seals values with
//! XChaCha20-Poly1305 (24-octet nonces are long enough to be chance). What is authenticated beside the value is where
//! it stands, so a sealed value moved to another row, column or tenant does not open. The few values that belong to no
//! tenant are sealed with the master key itself.
//!
//! Both can be changed while servers run: earlier master keys open what they sealed until it is sealed anew
//! (`masters`), and a tenant's earlier data keys stay beside the newest until nothing is sealed by them
//! ([`crate::platform::data_keys`]).
//!
//! **Shape** of a sealed value: format 1, key version (two octets, big-endian), nonce, ciphertext with its tag. Of a
//! wrapped key: format 1, nonce, ciphertext with its tag.

mod masters;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use domain::id::TenantId;
use domain::secret::{Secret, SecretBytes};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::sealing::masters::Masters;

const FORMAT: u8 = 1;
const KEY_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 24;

/// A master key.
pub type MasterKey = Secret<[u8; KEY_LENGTH]>;

/// Fills octets with chance.
type Fill = dyn Fn(&mut [u8]) + Send + Sync;

/// The master keys and the data keys that they have opened.
pub struct Keyring {
    masters: Masters,
    fill: Box<Fill>,
    opened: RwLock<HashMap<TenantId, Arc<TenantKeys>>>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring(***)")
    }
}

impl Keyring {
    /// A keyring of that master key. `fill` throws the dice for nonces and new keys and must be unguessable.
    pub fn new(master: [u8; KEY_LENGTH], fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self { masters: Masters::of(&[Secret::new(master)]), fill: Box::new(fill), opened: RwLock::default() }
    }

    /// The same with the master keys that `read` gives: the one in force, and after it those that still open what they
    /// sealed. They are read again before something is sealed and when something does not open, so that a change of
    /// keys needs no restart; while nothing can be read, those that were read last are in force.
    pub fn reading(
        masters: &[MasterKey],
        read: impl Fn() -> Option<Vec<MasterKey>> + Send + Sync + 'static,
        fill: impl Fn(&mut [u8]) + Send + Sync + 'static,
    ) -> Self {
        Self { masters: Masters::reading(masters, read), fill: Box::new(fill), opened: RwLock::default() }
    }

    /// A new data key for a tenant, wrapped.
    pub(crate) fn wrap_new_key(&self, tenant: TenantId, version: u16) -> Result<Vec<u8>, StoreError> {
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        (self.fill)(&mut *key);
        self.seal_by_master(&wrapped_where(tenant, version), &*key)
    }

    /// Reads the master keys again: for whoever asks which of them is in force.
    pub(crate) fn read_masters_again(&self) {
        self.masters.read_again();
    }

    /// A wrapped data key, wrapped by the master key in force; `None` when it is so already.
    pub(crate) fn wrap_anew(
        &self,
        tenant: TenantId,
        version: u16,
        wrapped: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.seal_anew(&wrapped_where(tenant, version), wrapped, || StoreError::corrupt("tenant_keys", tenant.uuid()))
    }

    /// A value of no tenant, sealed by the master key in force; `None` when it is so already.
    pub(crate) fn seal_shared_anew(&self, place: &Place, sealed: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.seal_anew(&shared_where(place), sealed, || StoreError::corrupt(place.table, place.row))
    }

    fn seal_anew(
        &self,
        place: &[u8],
        sealed: &[u8],
        corrupt: impl FnOnce() -> StoreError,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let Some((&FORMAT, rest)) = sealed.split_first() else { return Err(corrupt()) };
        let opened = self.masters.open(|master| decrypt(master, place, rest)).ok_or(StoreError::WrongMasterKey)?;
        if opened.by_the_one_in_force {
            return Ok(None);
        }
        self.seal_by_master(place, &opened.value).map(Some)
    }

    fn seal_by_master(&self, place: &[u8], clear: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut sealed = vec![FORMAT];
        self.encrypt(&self.masters.in_force(), place, clear, &mut sealed)?;
        Ok(sealed)
    }

    /// The data keys of a tenant, when they were opened before.
    pub(crate) fn opened(&self, tenant: TenantId) -> Option<Arc<TenantKeys>> {
        self.opened.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).map(Arc::clone)
    }

    /// Opens the wrapped keys of a tenant and remembers them. A key that the master key does not open is an error.
    pub(crate) fn open_keys(
        &self,
        tenant: TenantId,
        wrapped: impl IntoIterator<Item = (i32, Vec<u8>)>,
    ) -> Result<Arc<TenantKeys>, StoreError> {
        let mut versions = Vec::new();
        for (version, wrapped) in wrapped {
            let corrupt = || StoreError::corrupt("tenant_keys", tenant.uuid());
            let version = u16::try_from(version).map_err(|_| corrupt())?;
            let Some((&FORMAT, sealed)) = wrapped.split_first() else { return Err(corrupt()) };
            let place = wrapped_where(tenant, version);
            let opened = self.masters.open(|master| decrypt(master, &place, sealed));
            let key = opened.ok_or(StoreError::WrongMasterKey)?.value;
            let key = Zeroizing::new(<[u8; KEY_LENGTH]>::try_from(key.as_slice()).map_err(|_| corrupt())?);
            versions.push((version, cipher(&key)));
        }
        versions.sort_by_key(|(version, _)| *version);
        if versions.is_empty() {
            return Err(StoreError::Missing { what: "tenant" });
        }
        let keys = Arc::new(TenantKeys { tenant, versions });
        self.opened.write().unwrap_or_else(PoisonError::into_inner).insert(tenant, Arc::clone(&keys));
        Ok(keys)
    }

    /// Seals a value that belongs to no tenant, with the master key itself.
    pub(crate) fn seal_shared(&self, place: &Place, clear: &SecretBytes) -> Result<Vec<u8>, StoreError> {
        self.seal_by_master(&shared_where(place), clear.expose())
    }

    /// Opens a value that belongs to no tenant.
    pub(crate) fn open_shared(&self, place: &Place, sealed: &[u8]) -> Result<SecretBytes, StoreError> {
        let Some((&FORMAT, sealed)) = sealed.split_first() else {
            return Err(StoreError::corrupt(place.table, place.row));
        };
        let opened = self.masters.open(|master| decrypt(master, &shared_where(place), sealed));
        opened.map(|opened| SecretBytes::new(opened.value.to_vec())).ok_or(StoreError::WrongMasterKey)
    }

    /// A new key for a file of that kind, and the same wrapped.
    pub(crate) fn wrap_new_file_key(
        &self,
        purpose: &'static str,
    ) -> Result<(Zeroizing<[u8; KEY_LENGTH]>, Vec<u8>), StoreError> {
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        (self.fill)(&mut *key);
        let wrapped = self.seal_shared(&file_place(purpose), &SecretBytes::new(key.to_vec()))?;
        Ok((key, wrapped))
    }

    /// Opens the wrapped key of a file of that kind.
    pub(crate) fn open_file_key(
        &self,
        purpose: &'static str,
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; KEY_LENGTH]>, StoreError> {
        let key = self.open_shared(&file_place(purpose), wrapped)?;
        let key = <[u8; KEY_LENGTH]>::try_from(key.expose());
        key.map(Zeroizing::new).map_err(|_| StoreError::corrupt("files", Uuid::nil()))
    }

    fn encrypt(
        &self,
        cipher: &XChaCha20Poly1305,
        place: &[u8],
        clear: &[u8],
        into: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        let mut nonce = [0; NONCE_LENGTH];
        (self.fill)(&mut nonce);
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: clear, aad: place })
            .map_err(|_| StoreError::Bug { reason: "a value is too long to be sealed".to_owned() })?;
        into.extend_from_slice(&nonce);
        into.extend_from_slice(&sealed);
        Ok(())
    }
}

/// The data keys of one tenant, oldest first.
pub(crate) struct TenantKeys {
    tenant: TenantId,
    versions: Vec<(u16, XChaCha20Poly1305)>,
}

impl TenantKeys {
    /// Seals a value with the newest key.
    pub(crate) fn seal(&self, keyring: &Keyring, place: &Place, clear: &SecretBytes) -> Result<Vec<u8>, StoreError> {
        let (version, cipher) = self.versions.last().ok_or(StoreError::Missing { what: "tenant" })?;
        let mut sealed = vec![FORMAT];
        sealed.extend_from_slice(&version.to_be_bytes());
        keyring.encrypt(cipher, &place.of(self.tenant, *version), clear.expose(), &mut sealed)?;
        Ok(sealed)
    }

    /// Opens a sealed value. One that does not open here is a corrupt row: it was changed or moved.
    pub(crate) fn open(&self, place: &Place, sealed: &[u8]) -> Result<SecretBytes, StoreError> {
        version_of(sealed)
            .and_then(|(version, rest)| {
                let (_, cipher) = self.versions.iter().find(|(known, _)| *known == version)?;
                decrypt(cipher, &place.of(self.tenant, version), rest)
            })
            .map(|value| SecretBytes::new(value.to_vec()))
            .ok_or_else(|| StoreError::corrupt(place.table, place.row))
    }

    /// The newest key's version.
    pub(crate) fn newest(&self) -> u16 {
        self.versions.last().map_or(0, |(version, _)| *version)
    }

    /// Whether the key that sealed a value is among these.
    pub(crate) fn knows_key_of(&self, sealed: &[u8]) -> bool {
        version_of(sealed).is_some_and(|(version, _)| self.versions.iter().any(|(known, _)| *known == version))
    }
}

/// Where a sealed value stands.
pub(crate) struct Place {
    table: &'static str,
    column: &'static str,
    row: Uuid,
}

impl Place {
    pub(crate) const fn new(table: &'static str, column: &'static str, row: Uuid) -> Self {
        Self { table, column, row }
    }

    /// What is authenticated beside the value. Names end with NUL, so no two places read alike.
    fn of(&self, tenant: TenantId, version: u16) -> Vec<u8> {
        let mut place = vec![FORMAT];
        place.extend_from_slice(&version.to_be_bytes());
        place.extend_from_slice(&tenant.bytes());
        for name in [self.table, self.column] {
            place.extend_from_slice(name.as_bytes());
            place.push(0);
        }
        place.extend_from_slice(self.row.as_bytes());
        place
    }
}

fn wrapped_where(tenant: TenantId, version: u16) -> Vec<u8> {
    Place::new("tenant_keys", "wrapped", tenant.uuid()).of(tenant, version)
}

/// Values of nobody stand under the tenant of all zeros, with the key version that no tenant's key has.
fn shared_where(place: &Place) -> Vec<u8> {
    place.of(TenantId::from_bytes([0; 16]), 0)
}

/// Where the key of a file stands: beside no row, for one kind of file.
const fn file_place(purpose: &'static str) -> Place {
    Place::new("files", purpose, Uuid::nil())
}

pub(crate) fn cipher(key: &[u8; KEY_LENGTH]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.into())
}

fn version_of(sealed: &[u8]) -> Option<(u16, &[u8])> {
    match sealed {
        [FORMAT, high, low, rest @ ..] => Some((u16::from_be_bytes([*high, *low]), rest)),
        _ => None,
    }
}

fn decrypt(cipher: &XChaCha20Poly1305, place: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LENGTH>()?;
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: place }).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    fn keyring(master: u8) -> Keyring {
        let next = AtomicU8::new(0);
        Keyring::new([master; 32], move |bytes| {
            bytes.fill_with(|| next.fetch_add(1, Ordering::Relaxed).wrapping_mul(37));
        })
    }

    fn keys(keyring: &Keyring, tenant: u8) -> Arc<TenantKeys> {
        let tenant = TenantId::from_bytes([tenant; 16]);
        let wrapped = keyring.wrap_new_key(tenant, 1).expect("wraps");
        keyring.open_keys(tenant, [(1, wrapped)]).expect("opens")
    }

    const PLACE: Place = Place::new("nas", "secret_sealed", Uuid::from_bytes([7; 16]));

    #[test]
    fn a_sealed_value_opens_where_it_stands() {
        let keyring = keyring(1);
        let keys = keys(&keyring, 1);

        let sealed = keys.seal(&keyring, &PLACE, &SecretBytes::new(b"testing123".to_vec())).expect("seals");

        assert_eq!(&sealed[..3], [1, 0, 1]);
        assert!(!sealed.windows(10).any(|part| part == b"testing123"));
        assert_eq!(keys.open(&PLACE, &sealed).expect("opens").expose(), b"testing123");
    }

    #[test]
    fn two_seals_of_one_value_differ() {
        let keyring = keyring(1);
        let keys = keys(&keyring, 1);
        let seal = || keys.seal(&keyring, &PLACE, &SecretBytes::new(b"same".to_vec())).expect("seals");

        assert_ne!(seal(), seal());
    }

    #[test]
    fn a_sealed_value_does_not_open_for_another_tenant_row_or_column_nor_when_changed() {
        let keyring = keyring(1);
        let (ours, theirs) = (keys(&keyring, 1), keys(&keyring, 2));
        let mut sealed = ours.seal(&keyring, &PLACE, &SecretBytes::new(b"testing123".to_vec())).expect("seals");
        // The same key under another tenant's name: only the authenticated place tells them apart.
        let renamed = TenantKeys { tenant: theirs.tenant, versions: ours.versions.clone() };

        assert!(theirs.open(&PLACE, &sealed).is_err());
        assert!(renamed.open(&PLACE, &sealed).is_err());
        assert!(ours.open(&Place { row: Uuid::nil(), ..PLACE }, &sealed).is_err());
        assert!(ours.open(&Place { column: "identifier", ..PLACE }, &sealed).is_err());
        *sealed.last_mut().expect("not empty") ^= 1;
        assert!(ours.open(&PLACE, &sealed).is_err());
        assert!(ours.open(&PLACE, b"").is_err());
    }

    #[test]
    fn a_value_of_no_tenant_opens_where_it_stands_and_nowhere_else() {
        let keyring = keyring(1);
        let sealed = keyring.seal_shared(&PLACE, &SecretBytes::new(b"an authority".to_vec())).expect("seals");

        let elsewhere = Place { row: Uuid::nil(), ..PLACE };

        assert_eq!(keyring.open_shared(&PLACE, &sealed).expect("opens").expose(), b"an authority");
        assert!(!sealed.windows(9).any(|part| part == b"authority"));
        assert!(keyring.open_shared(&elsewhere, &sealed).is_err());
        assert!(keyring.open_shared(&PLACE, b"").is_err());
        assert!(matches!(
            super::Keyring::new([2; 32], |_| {}).open_shared(&PLACE, &sealed),
            Err(StoreError::WrongMasterKey)
        ));
    }

    #[test]
    fn another_master_key_is_told_as_such() {
        let tenant = TenantId::from_bytes([1; 16]);
        let wrapped = keyring(1).wrap_new_key(tenant, 1).expect("wraps");

        let opened = keyring(2).open_keys(tenant, [(1, wrapped)]);

        assert!(matches!(opened, Err(StoreError::WrongMasterKey)));
    }
}
