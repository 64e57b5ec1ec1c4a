//! What PostgreSQL says: written to a file of bounded size, and its last lines kept for our own messages.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, PipeReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::warn;

/// A file that grows past this is put aside.
const FILE_MAX_BYTES: u64 = 8 * 1024 * 1024;
/// How many files that were put aside are kept.
const OLD_FILES_MAX: u32 = 3;
/// How much of a line is read at once; longer lines come in pieces.
const LINE_MAX_BYTES: u64 = 64 * 1024;
/// How many of the last lines are remembered.
const REMEMBERED_MAX: usize = 8;

/// The last lines a server said.
#[derive(Clone, Debug, Default)]
pub(super) struct LastWords(Arc<Mutex<VecDeque<String>>>);

impl LastWords {
    fn remember(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == REMEMBERED_MAX {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// The lines, oldest first, with line ends between them.
    pub(super) fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// Reads what a server says until all its processes are gone. Never stops reading, even when it cannot write: a server
/// whose pipe is full would stand still.
pub(super) fn follow(pipe: PipeReader, path: PathBuf, last_words: &LastWords) {
    let mut file = LogFile::new(path);
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    loop {
        line.clear();
        match reader.by_ref().take(LINE_MAX_BYTES).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        file.write(&line);
        let text = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
        if text.contains("PANIC:") {
            warn!("PostgreSQL says: {}", text.escape_debug());
        }
        last_words.remember(text);
    }
}

/// A file that is put aside when it has grown too large.
struct LogFile {
    path: PathBuf,
    open: Option<(File, u64)>,
}

impl LogFile {
    fn new(path: PathBuf) -> Self {
        Self { path, open: None }
    }

    fn write(&mut self, line: &[u8]) {
        if self.open.as_ref().is_some_and(|(_, size)| *size >= FILE_MAX_BYTES) {
            self.open = None;
            put_aside(&self.path);
        }
        if self.open.is_none() {
            self.open = open_for_append(&self.path).ok();
        }
        let Some((file, size)) = &mut self.open else { return };
        if file.write_all(line).is_ok() {
            *size += u64::try_from(line.len()).unwrap_or(u64::MAX);
        } else {
            self.open = None;
        }
    }
}

fn open_for_append(path: &Path) -> io::Result<(File, u64)> {
    let file = File::options().append(true).create(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

/// `postgres.log` becomes `postgres.log.1`, that becomes `.2`, and the oldest goes.
fn put_aside(path: &Path) {
    let numbered = |number: u32| path.with_extension(format!("log.{number}"));
    for number in (1..OLD_FILES_MAX).rev() {
        let _ = fs::rename(numbered(number), numbered(number + 1));
    }
    let _ = fs::rename(path, numbered(1));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_kept_and_the_file_has_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("postgres.log");
        let (reader, mut writer) = io::pipe().unwrap();
        for number in 0..20 {
            writeln!(writer, "line {number}").unwrap();
        }
        drop(writer);
        let last_words = LastWords::default();

        follow(reader, path.clone(), &last_words);

        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 20);
        assert!(last_words.text().starts_with("line 12\n"));
        assert!(last_words.text().ends_with("line 19"));
    }

    #[test]
    fn a_full_file_is_put_aside_and_the_oldest_goes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("postgres.log");
        let mut file = LogFile::new(path);
        let line = vec![b'x'; usize::try_from(FILE_MAX_BYTES).unwrap()];

        for _ in 0..6 {
            file.write(&line);
        }

        let mut names: Vec<_> =
            fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["postgres.log", "postgres.log.1", "postgres.log.2", "postgres.log.3"]);
    }
}
