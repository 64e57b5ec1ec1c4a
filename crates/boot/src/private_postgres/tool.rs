//! Runs one of PostgreSQL's programs to its end, as the cluster's owner.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::private_postgres::death_signal::{DeathSignal, tie_to_us};
use crate::private_postgres::error::PrivatePostgresError;
use crate::private_postgres::identity::Identity;
use crate::private_postgres::orders::Inbox;

/// The most that is kept of what a program says.
const OUTPUT_MAX_BYTES: u64 = 64 * 1024;

/// How a program ended and everything it said, both streams in order.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) status: ExitStatus,
    pub(super) said: String,
}

/// A command in a clean environment, in the root directory, as the cluster's owner.
pub(super) fn command(program: &Path, identity: &Identity) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C.UTF-8").env("TZ", "UTC").env("PATH", "/usr/bin:/bin").current_dir("/");
    // Its own process group: Ctrl-C on our terminal is for us, and we stop the server when nobody needs it any more.
    command.process_group(0).stdin(Stdio::null());
    if identity.drops_root() {
        command.uid(identity.uid()).gid(identity.gid());
    }
    command
}

/// Runs the command and gives it `input` to read. Being asked to stop kills it.
pub(super) fn run(mut command: Command, input: &str, inbox: &Inbox) -> Result<Finished, PrivatePostgresError> {
    let program = Path::new(command.get_program()).display().to_string();
    let failed = |source| PrivatePostgresError::io(format!("run `{program}`"), source);
    let (output, writer) = io::pipe().map_err(failed)?;
    command.stdin(Stdio::piped()).stdout(writer.try_clone().map_err(failed)?).stderr(writer);
    tie_to_us(&mut command, DeathSignal::Kill);
    let mut child = command.spawn().map_err(failed)?;
    // The command holds writing ends of the pipe; while it lives, reading would never end.
    drop(command);
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = output.take(OUTPUT_MAX_BYTES).read_to_end(&mut bytes);
        bytes
    });
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends without reading says why itself.
        let _ = stdin.write_all(input.as_bytes());
    }
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        if inbox.pause(Duration::from_millis(5)).is_err() {
            let _ = child.kill();
            let _ = child.wait();
            return Err(PrivatePostgresError::Interrupted);
        }
    };
    let bytes = reader.join().unwrap_or_default();
    Ok(Finished { status, said: String::from_utf8_lossy(&bytes).into_owned() })
}

/// Writes a file anew under its owner's name, all of it or nothing.
///
/// Goes through a new file and a rename: a link that the owner planted is replaced, never followed.
pub(super) fn write_file(path: &Path, text: &str, identity: &Identity) -> Result<(), PrivatePostgresError> {
    let fresh = path.with_extension("new");
    let write = || -> io::Result<()> {
        match std::fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = File::options();
        std::os::unix::fs::OpenOptionsExt::mode(options.write(true).create_new(true), 0o600);
        let mut file = options.open(&fresh)?;
        file.write_all(text.as_bytes())?;
        if identity.drops_root() {
            std::os::unix::fs::fchown(&file, Some(identity.uid()), Some(identity.gid()))?;
        }
        file.sync_all()?;
        std::fs::rename(&fresh, path)
    };
    write().map_err(|source| PrivatePostgresError::io(format!("write `{}`", path.display()), source))
}

/// The last lines of what a program said, on one line.
pub(super) fn last_lines(said: &str) -> String {
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let end = lines.len().saturating_sub(4);
    if lines.is_empty() { String::from("it said nothing") } else { lines[end..].join("; ") }
}
