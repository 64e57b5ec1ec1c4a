//! What the journal asks of the disk when it writes, as a seam: a disk that fails is a test.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// A file that grows.
pub(super) trait Growing: Send + fmt::Debug {
    /// Writes all of it behind what is there.
    fn write_all(&mut self, octets: &[u8]) -> io::Result<()>;
    /// Returns when what was written survives a power cut.
    fn sync_data(&self) -> io::Result<()>;
    /// Cuts it.
    fn set_len(&self, octets: u64) -> io::Result<()>;
}

impl Growing for File {
    fn write_all(&mut self, octets: &[u8]) -> io::Result<()> {
        io::Write::write_all(self, octets)
    }

    fn sync_data(&self) -> io::Result<()> {
        Self::sync_data(self)
    }

    fn set_len(&self, octets: u64) -> io::Result<()> {
        Self::set_len(self, octets)
    }
}

/// Makes a file that grows.
pub(super) type Begins = fn(&Path) -> io::Result<Box<dyn Growing>>;

/// Makes it on the disk, durably, and for nobody else to read.
pub(super) fn begin(path: &Path) -> io::Result<Box<dyn Growing>> {
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    path.parent().map_or(Ok(()), super::sync_directory)?;
    Ok(Box::new(file))
}
