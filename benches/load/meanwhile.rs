//! A command that is run again and again while there is load, such as the change of a plan.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;

use crate::clock;

/// How soon the thread looks whether it is to end.
const LOOK: Duration = Duration::from_millis(50);

/// How often it went well and how often not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) well: u64,
    pub(crate) badly: u64,
}

/// The thread that runs it.
#[derive(Debug)]
pub(crate) struct Meanwhile {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Done>,
}

impl Meanwhile {
    /// Runs the command now and then: each time that long after it was begun last, or when it has ended.
    /// It gets the number of the run as `$1`.
    pub(crate) fn start(command: String, every: Duration) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("meanwhile".to_owned())
            .spawn(move || repeat(&command, every, &told))
            .context("the thread of what happens meanwhile")?;
        Ok(Self { stop, thread })
    }

    /// Waits until the run that is under way has ended.
    pub(crate) fn end(self) -> Done {
        self.stop.store(true, Ordering::Relaxed);
        // It can only have panicked, and then it has said so.
        self.thread.join().unwrap_or(Done { well: 0, badly: 1 })
    }
}

fn repeat(command: &str, every: Duration, stop: &AtomicBool) -> Done {
    let mut done = Done::default();
    let mut next = clock::now() + every;
    while !stop.load(Ordering::Relaxed) {
        if clock::now() < next {
            clock::rest(LOOK.min(every));
            continue;
        }
        next = clock::now() + every;
        let number = (done.well + done.badly).to_string();
        let status = Command::new("sh").args(["-c", command, "meanwhile", &number]).stdout(Stdio::null()).status();
        match status {
            Ok(status) if status.success() => done.well += 1,
            _ => done.badly += 1,
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_counted_apart() {
        for (command, is_well) in [("true", true), ("exit 3", false)] {
            let meanwhile = Meanwhile::start(command.to_owned(), Duration::from_millis(1)).unwrap();
            clock::rest(Duration::from_millis(100));
            let done = meanwhile.end();

            assert_eq!((done.well > 0, done.badly > 0), (is_well, !is_well), "{done:?}");
        }
    }
}
