//! Whether what was answered is in the database.
//!
//! A command looks there, as often as it takes: only whoever knows the server's tables can ask.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use crate::clock;
use crate::story::Run;
use crate::tally::Reported;

/// How long it is looked for.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long to wait before looking again.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proof {
    /// How long after the last reply it was all there; nothing, if it never was.
    pub(crate) after: Option<Duration>,
    /// Sessions, octets up and octets down that were answered.
    pub(crate) answered: (u64, u64, u64),
    /// The same in the database, when last looked at.
    pub(crate) found: (u64, u64, u64),
}

/// Looks until the database holds what was answered, or holds more because answers were lost.
///
/// The command gets the prefix of the sessions' Acct-Session-Id as `$1` and prints three numbers: sessions, octets up
/// and octets down.
pub(crate) fn look(command: &str, run: Run, reported: &Reported, lost: u64, since: Instant) -> anyhow::Result<Proof> {
    let answered = reported.sum();
    loop {
        let found = ask(command, run)?;
        let now = clock::now();
        let waited = now.saturating_duration_since(since);
        if is_all(answered, found, lost) {
            return Ok(Proof { after: Some(waited), answered, found });
        }
        if waited >= PATIENCE {
            return Ok(Proof { after: None, answered, found });
        }
        clock::rest(LOOK_EVERY);
    }
}

fn is_all(answered: (u64, u64, u64), found: (u64, u64, u64), lost: u64) -> bool {
    let is_more = found.0 >= answered.0 && found.1 >= answered.1 && found.2 >= answered.2;
    if lost == 0 { found == answered } else { is_more }
}

fn ask(command: &str, run: Run) -> anyhow::Result<(u64, u64, u64)> {
    let output = Command::new("sh").args(["-c", command, "proof", &run.text()]).output().context("sh")?;
    ensure!(
        output.status.success(),
        "`{command}` failed: {}",
        String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default()
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<u64> = text.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [sessions, up, down] = numbers[..] else {
        bail!("`{command}` printed `{}` instead of three numbers", text.trim())
    };
    Ok((sessions, up, down))
}

#[cfg(test)]
mod tests {
    use benches::request::Event;

    use super::*;
    use crate::random::Random;

    #[test]
    fn the_database_must_hold_exactly_what_was_answered() {
        let mut reported = Reported::default();
        reported.note(1, Event::Interim(2));
        let run = Run::new(&mut Random::new(1));
        let right = format!("test \"$1\" = {} && echo 1 1000000 8000000", &*run.text());

        let proof = look(&right, run, &reported, 0, clock::now()).unwrap();

        assert!(proof.after.is_some(), "{proof:?}");
        assert!(!is_all(proof.answered, (1, 1_000_000, 8_000_001), 0), "more than was answered is wrong too");
        assert!(is_all(proof.answered, (1, 1_000_000, 8_000_001), 1), "unless an answer was lost on its way");
        assert!(!is_all(proof.answered, (0, 0, 0), 1));
    }

    #[test]
    fn a_look_that_fails_says_so() {
        let run = Run::new(&mut Random::new(1));

        for command in ["echo no database >&2; false", "echo nothing"] {
            assert!(ask(command, run).is_err(), "{command}");
        }
    }
}
