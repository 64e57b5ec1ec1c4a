//! How far the journal is drained, and which journal it is: a small file, replaced whole.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use domain::id::JournalId;
use tracing::warn;

const NAME: &str = "position";

/// What the file says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Position {
    /// Which journal this is. Another one after the file was lost, for then its numbers may begin anew.
    pub(super) journal: JournalId,
    /// All records before this one are in the database.
    pub(super) drained: u64,
}

/// Notes it.
pub(super) fn store(directory: &Path, position: Position) -> io::Result<()> {
    let mut octets = Vec::with_capacity(28);
    octets.extend(position.drained.to_le_bytes());
    octets.extend(position.journal.bytes());
    octets.extend(crc32fast::hash(&octets).to_le_bytes());
    super::write_durably(&directory.join(NAME), &octets)
}

/// What was noted last. When nothing was or it cannot be read, this is journal `fresh` from its beginning: then all
/// that is there is drained again, which changes nothing twice.
pub(super) fn load(directory: &Path, fresh: JournalId) -> io::Result<Position> {
    let octets = match fs::read(directory.join(NAME)) {
        Ok(octets) => octets,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Position { journal: fresh, drained: 0 }),
        Err(error) => return Err(error),
    };
    Ok(read(&octets, fresh).unwrap_or_else(|| {
        warn!("how far the journal was drained cannot be read: all its records are written to the database again");
        Position { journal: fresh, drained: 0 }
    }))
}

fn read(octets: &[u8], fresh: JournalId) -> Option<Position> {
    let (said, checksum) = octets.split_last_chunk()?;
    if crc32fast::hash(said).to_le_bytes() != *checksum {
        return None;
    }
    let (drained, journal) = said.split_first_chunk()?;
    let drained = u64::from_le_bytes(*drained);
    match journal {
        // A journal had no id before.
        [] => Some(Position { journal: fresh, drained }),
        id => Some(Position { journal: JournalId::from_bytes(id.try_into().ok()?), drained }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: JournalId = JournalId::from_bytes([9; 16]);

    #[test]
    fn what_was_noted_is_read_again() {
        let place = tempfile::tempdir().expect("a directory");
        let position = Position { journal: JournalId::from_bytes([1; 16]), drained: 77 };

        assert_eq!(load(place.path(), FRESH).expect("read"), Position { journal: FRESH, drained: 0 });
        store(place.path(), position).expect("written");
        assert_eq!(load(place.path(), FRESH).expect("read"), position);
    }

    #[test]
    fn a_note_from_before_journals_had_ids_keeps_its_number() {
        let number = 77_u64.to_le_bytes();
        let old = [&number[..], &crc32fast::hash(&number).to_le_bytes()].concat();

        assert_eq!(read(&old, FRESH), Some(Position { journal: FRESH, drained: 77 }));
    }

    #[test]
    fn a_damaged_note_is_not_believed() {
        let place = tempfile::tempdir().expect("a directory");
        store(place.path(), Position { journal: JournalId::from_bytes([1; 16]), drained: 77 }).expect("written");
        let mut octets = fs::read(place.path().join(NAME)).expect("read");
        octets[3] ^= 1;
        fs::write(place.path().join(NAME), octets).expect("written");

        assert_eq!(load(place.path(), FRESH).expect("read"), Position { journal: FRESH, drained: 0 });
    }
}
