//! Who listens goes first, while there is little to do.
//!
//! A packet takes some microseconds, but the thread that takes it may wait milliseconds for a core on which records are
//! packed or PostgreSQL writes. While it has little to do it asks the kernel to let it go first: the lowest of the
//! real-time priorities (`SCHED_RR`). When it has much to do it takes its turn like everybody else, so no flood of
//! packets keeps PostgreSQL, the journal or an operator's shell from the cores. Where that is not allowed (it takes
//! root, `CAP_SYS_NICE` or a limit for real-time priority) nothing changes.
#![expect(
    unsafe_code,
    reason = "sched_setscheduler and the thread's clock have no safe interface; each block states its proof"
)]

use std::io;
use std::time::Duration;

use tracing::debug;

/// How long work is added up before it is judged.
const WINDOW_MS: u64 = 100;

/// What a thread has to do below which it goes first, and beyond which it does not.
const LITTLE: Load = Load { per_second: 15_000, share: 40 };
const MUCH: Load = Load { per_second: 20_000, share: 50 };

/// What a thread has to do. Who goes first takes each packet alone, so when there are many it does better to let them
/// gather; and when they take much of a core, others must have their turn.
#[derive(Clone, Copy, Debug)]
struct Load {
    /// Packets a second.
    per_second: u64,
    /// Hundredths of a core.
    share: u64,
}

/// One thread's right of way. Belongs to the thread that uses it.
#[derive(Debug, Default)]
pub(crate) struct Urgency {
    since: Option<Mark>,
    packets: u64,
    goes_first: bool,
    is_refused: bool,
}

/// A moment, and what the thread had worked until then.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at_ms: u64,
    worked: Duration,
}

impl Urgency {
    /// Judges the thread that calls this, which took so many packets at `now_ms` of the monotonic clock. Waiting for a
    /// core is no work: whoever waits is in no less of a hurry.
    pub(crate) fn took(&mut self, packets: usize, now_ms: u64) {
        self.packets = self.packets.saturating_add(u64::try_from(packets).unwrap_or(u64::MAX));
        self.judge(now_ms, cpu_time_of_this_thread);
    }

    /// `worked` is only asked at a window's end: it is a call into the kernel.
    fn judge(&mut self, now_ms: u64, worked: impl FnOnce() -> Duration) {
        if self.since.is_some_and(|since| now_ms.saturating_sub(since.at_ms) < WINDOW_MS) {
            return;
        }
        let now = Mark { at_ms: now_ms, worked: worked() };
        let packets = std::mem::take(&mut self.packets);
        let Some(since) = self.since.replace(now) else { return };
        let passed_ms = now_ms.saturating_sub(since.at_ms);
        let load = Load::of(packets, now.worked.saturating_sub(since.worked), passed_ms);
        let wants = wants_to_go_first(load, self.goes_first);
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

/// What the calling thread has had of the cores since it began; nothing where the kernel does not say.
fn cpu_time_of_this_thread() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel writes one timespec into `time`, which lives through the call.
    let done = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    match (done, seconds, nanos) {
        (0, Ok(seconds), Ok(nanos)) => Duration::new(seconds, nanos),
        _ => Duration::ZERO,
    }
}

impl Load {
    fn of(packets: u64, worked: Duration, passed_ms: u64) -> Self {
        let worked_ms = u64::try_from(worked.as_millis()).unwrap_or(u64::MAX);
        let passed_ms = passed_ms.max(1);
        Self { per_second: packets.saturating_mul(1_000) / passed_ms, share: worked_ms.saturating_mul(100) / passed_ms }
    }

    const fn is_within(self, limit: Self) -> bool {
        self.per_second <= limit.per_second && self.share <= limit.share
    }
}

const fn wants_to_go_first(load: Load, goes_first: bool) -> bool {
    load.is_within(if goes_first { MUCH } else { LITTLE })
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
        let at = |ms| move || Duration::from_millis(ms);

        urgency.judge(0, at(1_000));
        assert!(!is_real_time(), "nothing is known yet");
        urgency.judge(99, || panic!("the window is not over"));
        urgency.judge(100, at(1_005));
        assert_eq!((urgency.goes_first, is_real_time()), (may, may));
        urgency.judge(200, at(1_050));
        assert_eq!(is_real_time(), may, "neither little nor much: it stays");
        urgency.judge(300, at(1_140));
        assert!(!is_real_time() && !urgency.goes_first, "it works too much");
        urgency.judge(400, at(1_141));
        assert_eq!(is_real_time(), may);
        urgency.took(9_999, 450);
        urgency.judge(500, at(1_142));
        assert!(!is_real_time() && !urgency.goes_first, "too many packets come");
    }

    #[test]
    fn work_is_what_the_thread_had_of_a_core_and_waiting_is_none() {
        let began = cpu_time_of_this_thread();
        std::thread::park_timeout(Duration::from_millis(30));
        assert!(cpu_time_of_this_thread().saturating_sub(began) < Duration::from_millis(20), "it slept");
        let enough = began + Duration::from_millis(5);
        while cpu_time_of_this_thread() < enough {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn who_is_begun_by_an_urgent_thread_is_not_urgent() {
        let mut urgency = Urgency::default();
        urgency.judge(0, || Duration::ZERO);
        urgency.judge(100, || Duration::ZERO);

        assert!(!std::thread::spawn(is_real_time).join().expect("it does not panic"));
    }

    #[test]
    fn what_is_little_and_much_does_not_flicker() {
        let wants = |per_second, share, goes_first| wants_to_go_first(Load { per_second, share }, goes_first);

        assert!(wants(15_000, 40, false) && !wants(15_001, 0, false) && !wants(0, 41, false));
        assert!(wants(20_000, 50, true) && !wants(20_001, 0, true) && !wants(0, 51, true));
    }

    #[test]
    fn a_load_is_told_by_the_second_and_of_one_core() {
        let load = Load::of(3_000, Duration::from_millis(50), 200);

        assert_eq!((load.per_second, load.share), (15_000, 25));
    }
}
