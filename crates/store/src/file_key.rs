//! Sealing of files that hold secrets of the database's rows: a key for each file, wrapped by the master key.
//!
//! A file is sealed in chunks. What is authenticated beside each is the file's head, the chunk's number and whether it
//! is the last, so chunks cannot be left out, moved, cut off at the end or taken from another file.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::pool::Store;
use crate::sealing;

/// What seals one file.
pub struct FileKey {
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileKey(***)")
    }
}

/// Which part of a file a chunk is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chunk<'a> {
    /// The head of the file, which is not sealed.
    pub head: &'a [u8],
    /// Counts from 0.
    pub number: u64,
    /// Whether none follows.
    pub is_last: bool,
}

impl Chunk<'_> {
    /// A key seals one file, and a file has a number once: so the nonce never comes again.
    fn nonce(&self) -> XNonce {
        let mut nonce = [0; 24];
        nonce[..8].copy_from_slice(&self.number.to_be_bytes());
        nonce[8] = u8::from(self.is_last);
        XNonce::from(nonce)
    }
}

impl FileKey {
    /// Octets that sealing adds to a chunk.
    pub const OVERHEAD: usize = 16;

    /// Seals a chunk.
    pub fn seal(&self, chunk: Chunk<'_>, clear: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.cipher
            .encrypt(&chunk.nonce(), Payload { msg: clear, aad: chunk.head })
            .map_err(|_| StoreError::Bug { reason: "a chunk is too long to be sealed".to_owned() })
    }

    /// Opens a chunk; `None` when it is not that chunk of that file.
    pub fn open(&self, chunk: Chunk<'_>, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.cipher.decrypt(&chunk.nonce(), Payload { msg: sealed, aad: chunk.head }).ok().map(Zeroizing::new)
    }
}

impl Store {
    /// A new key for one file, and the same wrapped, to be kept in the file's head. `purpose` is the kind of file.
    pub fn new_file_key(&self, purpose: &'static str) -> Result<(FileKey, Vec<u8>), StoreError> {
        let (key, wrapped) = self.keyring().wrap_new_file_key(purpose)?;
        Ok((FileKey { cipher: sealing::cipher(&key) }, wrapped))
    }

    /// The key of a file of that kind.
    pub fn open_file_key(&self, purpose: &'static str, wrapped: &[u8]) -> Result<FileKey, StoreError> {
        let key = self.keyring().open_file_key(purpose, wrapped)?;
        Ok(FileKey { cipher: sealing::cipher(&key) })
    }
}
