//! Who listens goes first, while there is little to do.
//!
//! A packet takes some microseconds, but the thread that takes it may wait milliseconds for a core on which records are
//! packed or PostgreSQL writes. While it has little to do it asks the kernel to let it go first: the lowest of the
//! real-time priorities (`SCHED_RR`). When it has much to do it takes its turn like everybody else, so no flood of
//! packets keeps PostgreSQL, the journal or an operator's shell from the cores. Where that is not allowed (it takes
//! root, `CAP_SYS_NICE` or a limit for real-time priority) nothing changes.
#![expect(unsafe_code, reason = "sched_setscheduler has no safe interface; the block states its proof")]

use std::io;
use std::time::Duration;

use tracing::debug;

/// How long work is added up before it is judged.
const WINDOW_MS: u64 = 100;

/// Work of a window, in hundredths, below which a thread goes first, and beyond which it does not.
///
/// Who goes first takes each packet alone; past a fifth of a core it does better to let them gather.
const LITTLE_AND_MUCH: (u64, u64) = (15, 20);

/// One thread's right of way. Belongs to the thread that uses it.
#[derive(Debug, Default)]
pub(crate) struct Urgency {
    since_ms: Option<u64>,
    worked: Duration,
    goes_first: bool,
    is_refused: bool,
}

impl Urgency {
    /// Hears how long the thread worked on what came at `now_ms` of the monotonic clock, waiting for a core included.
    pub(crate) fn worked(&mut self, now_ms: u64, worked: Duration) {
        self.worked = self.worked.saturating_add(worked);
        let since_ms = *self.since_ms.get_or_insert(now_ms);
        let passed_ms = now_ms.saturating_sub(since_ms);
        if passed_ms < WINDOW_MS {
            return;
        }
        let wants = wants_to_go_first(share(self.worked, passed_ms), self.goes_first);
        (self.since_ms, self.worked) = (Some(now_ms), Duration::ZERO);
        if wants != self.goes_first && !self.is_refused {
            self.turn(wants);
        }
    }

    fn turn(&mut self, first: bool) {
        match go_first(first) {
            Ok(()) => self.goes_first = first,
            Err(why) => {
                self.is_refused = true;
                debug!("packets take their turn with everything else on this machine: {why}");
            }
        }
    }
}

/// Work in hundredths of the time that passed.
fn share(worked: Duration, passed_ms: u64) -> u64 {
    let worked_ms = u64::try_from(worked.as_millis()).unwrap_or(u64::MAX);
    worked_ms.saturating_mul(100) / passed_ms.max(1)
}

const fn wants_to_go_first(share: u64, goes_first: bool) -> bool {
    let (little, much) = LITTLE_AND_MUCH;
    if goes_first { share <= much } else { share < little }
}

/// Asks the kernel to let this thread go before others, or no more.
fn go_first(first: bool) -> io::Result<()> {
    let (policy, priority) = if first { (libc::SCHED_RR, 1) } else { (libc::SCHED_OTHER, 0) };
    let asked = libc::sched_param { sched_priority: priority };
    // SAFETY: 0 is the calling thread; the kernel only reads `asked`, which lives through the call. Threads that are begun
    // from here start without the priority.
    let done = unsafe { libc::sched_setscheduler(0, policy | libc::SCHED_RESET_ON_FORK, &raw const asked) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The policy of this thread, as the kernel tells it.
    fn is_real_time() -> bool {
        let said = std::fs::read_to_string("/proc/thread-self/stat").expect("Linux");
        let mut fields = said.rsplit_once(')').expect("a name").1.split_whitespace();
        // The policy is the 41st field; two of them end with the bracket.
        fields.nth(38).expect("a policy") == "2"
    }

    #[test]
    fn a_thread_with_little_to_do_goes_first_and_one_with_much_does_not() {
        let may = go_first(true).and_then(|()| go_first(false)).is_ok();
        let mut urgency = Urgency::default();

        urgency.worked(0, Duration::from_millis(5));
        assert!(!is_real_time(), "nothing is known yet");
        urgency.worked(100, Duration::from_millis(5));
        assert_eq!((urgency.goes_first, is_real_time()), (may, may));
        urgency.worked(200, Duration::from_millis(18));
        assert_eq!(is_real_time(), may, "neither little nor much: it stays");
        urgency.worked(300, Duration::from_millis(90));
        assert!(!is_real_time() && !urgency.goes_first);
    }

    #[test]
    fn who_is_begun_by_an_urgent_thread_is_not_urgent() {
        let mut urgency = Urgency::default();
        urgency.worked(0, Duration::ZERO);
        urgency.worked(100, Duration::ZERO);

        assert!(!std::thread::spawn(is_real_time).join().expect("it does not panic"));
    }

    #[test]
    fn what_is_little_and_much_does_not_flicker() {
        assert!(wants_to_go_first(14, false) && !wants_to_go_first(15, false));
        assert!(wants_to_go_first(20, true) && !wants_to_go_first(21, true));
        assert_eq!((share(Duration::from_millis(35), 100), share(Duration::from_secs(9), 100)), (35, 9_000));
    }
}
