//! How far the journal is drained: one number in a small file, replaced whole.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use tracing::warn;

const NAME: &str = "position";

/// Notes that all records before `sequence` are in the database.
pub(super) fn store(directory: &Path, sequence: u64) -> io::Result<()> {
    let number = sequence.to_le_bytes();
    let octets = [&number[..], &crc32fast::hash(&number).to_le_bytes()].concat();
    super::write_durably(&directory.join(NAME), &octets)
}

/// What was noted last; 0 when nothing was or when it cannot be read: then all that is there is drained again, which
/// changes nothing twice.
pub(super) fn load(directory: &Path) -> io::Result<u64> {
    let octets = match fs::read(directory.join(NAME)) {
        Ok(octets) => octets,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let sound = octets
        .split_first_chunk()
        .filter(|(number, checksum)| crc32fast::hash(&number[..]).to_le_bytes() == **checksum)
        .map(|(number, _)| u64::from_le_bytes(*number));
    if sound.is_none() {
        warn!("how far the journal was drained cannot be read: all its records are written to the database again");
    }
    Ok(sound.unwrap_or(0))
}
