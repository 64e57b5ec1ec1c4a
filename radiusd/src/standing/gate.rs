//! What each request passes: the node's standing as one word that all workers read, and a count of those inside.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use domain::platform::node::Standing;
use ports::Clock;
use tokio::sync::Notify;
use tokio::time::timeout;

/// Counts of those inside, so that workers do not share one; a power of two.
const SHARDS: usize = 64;

/// How often the count is looked at while somebody waits for it.
const LOOK: Duration = Duration::from_millis(1);

/// The last moment that fits beside a standing.
const FOREVER: u64 = u64::MAX >> 2;

/// A count that has a cache line to itself.
#[derive(Default)]
#[repr(align(128))]
struct Shard(AtomicU64);

/// The standing, and the way through it.
pub(crate) struct Gate {
    clock: Arc<dyn Clock>,
    /// The standing in the two lowest bits, above them the monotonic millisecond until which it is believed.
    word: AtomicU64,
    inside: Box<[Shard]>,
    changed: Notify,
}

/// Leave to decide something on a ground that does not change until this is dropped.
pub(crate) struct Pass<'g> {
    gate: &'g Gate,
    shard: usize,
    standing: Standing,
}

impl Gate {
    /// A gate through which nobody passes yet.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let word = AtomicU64::new(word_of(Standing::Settling, FOREVER));
        let inside = (0..SHARDS).map(|_| Shard::default()).collect();
        Self { clock, word, inside, changed: Notify::new() }
    }

    /// The standing at this moment. To decide something, [`enter`](Self::enter).
    pub(crate) fn now(&self) -> Standing {
        self.at(self.clock.monotonic_ms())
    }

    /// The standing at a monotonic moment that is not long gone. A few nanoseconds.
    pub(crate) fn at(&self, now_ms: u64) -> Standing {
        let word = self.word.load(Ordering::SeqCst);
        // A process that was frozen must not go on believing what it believed.
        if now_ms > word >> 2 { Standing::Away } else { standing_of(word) }
    }

    /// Enters. `None` while nothing may be decided.
    pub(crate) fn enter(&self) -> Option<Pass<'_>> {
        let shard = shard();
        // First the count, then the word, both in one order for all: whoever changes the word and then finds nobody
        // inside knows that all who come later see the change.
        self.inside[shard].0.fetch_add(1, Ordering::SeqCst);
        let pass = Pass { gate: self, shard, standing: self.now() };
        (pass.standing != Standing::Settling).then_some(pass)
    }

    /// Enters as soon as something may be decided; `None` when that is not within `patience`.
    pub(crate) async fn enter_within(&self, patience: Duration) -> Option<Pass<'_>> {
        match self.enter() {
            Some(pass) => Some(pass),
            None => timeout(patience, self.enter_later()).await.ok(),
        }
    }

    async fn enter_later(&self) -> Pass<'_> {
        loop {
            let changed = self.changed.notified();
            if let Some(pass) = self.enter() {
                return pass;
            }
            // A standing that is no longer believed tells nobody.
            _ = timeout(Duration::from_millis(100), changed).await;
        }
    }

    /// Changes the standing.
    pub(crate) fn set(&self, standing: Standing, until_ms: u64) {
        let word = word_of(standing, until_ms);
        if self.word.swap(word, Ordering::SeqCst) & 3 != word & 3 {
            self.changed.notify_waiters();
        }
    }

    /// Waits until nobody is inside.
    pub(crate) async fn is_empty(&self) {
        while self.inside.iter().any(|shard| shard.0.load(Ordering::SeqCst) > 0) {
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Pass<'_> {
    /// The ground on which to decide.
    pub(crate) const fn standing(&self) -> Standing {
        self.standing
    }

    /// Whether decisions are made from memory on that ground.
    pub(crate) const fn is_for_memory(&self) -> bool {
        matches!(self.standing, Standing::Alone | Standing::Away)
    }

    /// Whether that ground still holds: to be asked after every wait and before what cannot be undone.
    ///
    /// It is lost only when the node was not heard of for too long: every other change waits for this pass.
    pub(crate) fn holds(&self) -> bool {
        let word = self.gate.word.load(Ordering::SeqCst);
        let now = standing_of(word);
        self.standing == Standing::Away
            || (self.gate.clock.monotonic_ms() <= word >> 2 && (now == self.standing || now == Standing::Settling))
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.gate.inside[self.shard].0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// This thread's count. A pass that moves to another thread is given back to the count it was taken from.
fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static SHARD: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
    }
    SHARD.with(|shard| *shard)
}

const fn word_of(standing: Standing, until_ms: u64) -> u64 {
    let until_ms = if until_ms > FOREVER { FOREVER } else { until_ms };
    until_ms << 2
        | match standing {
            Standing::Settling => 0,
            Standing::Alone => 1,
            Standing::Shared => 2,
            Standing::Away => 3,
        }
}

const fn standing_of(word: u64) -> Standing {
    match word & 3 {
        0 => Standing::Settling,
        1 => Standing::Alone,
        2 => Standing::Shared,
        _ => Standing::Away,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use domain::time::Timestamp;

    use super::*;

    #[derive(Default)]
    struct Hand(AtomicU64);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(0)
        }
        fn monotonic_ms(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }
    }

    fn gate() -> (Arc<Gate>, Arc<Hand>) {
        let hand = Arc::new(Hand::default());
        (Arc::new(Gate::new(Arc::clone(&hand) as Arc<dyn Clock>)), hand)
    }

    #[test]
    fn a_standing_is_believed_until_its_moment_and_no_longer() {
        let (gate, hand) = gate();
        assert!(gate.enter().is_none());

        for standing in [Standing::Alone, Standing::Shared] {
            gate.set(standing, 100);
            hand.0.store(100, Ordering::SeqCst);
            let pass = gate.enter().expect("open");
            assert_eq!((gate.now(), pass.standing(), pass.holds()), (standing, standing, true));
            hand.0.store(101, Ordering::SeqCst);
            assert_eq!((gate.now(), pass.holds()), (Standing::Away, false));
        }
        gate.set(Standing::Away, u64::MAX);
        assert_eq!(gate.now(), Standing::Away);
    }

    #[tokio::test]
    async fn a_change_waits_for_those_inside_and_lets_nobody_new_in() {
        let (gate, _) = gate();
        gate.set(Standing::Alone, 100);
        let pass = gate.enter().expect("open");
        gate.set(Standing::Settling, 100);
        let (empty, waiting) = (Arc::clone(&gate), Arc::clone(&gate));
        let is_empty = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_empty);
        let empty = tokio::spawn(async move {
            empty.is_empty().await;
            told.store(true, Ordering::SeqCst);
        });
        let waiting =
            tokio::spawn(async move { waiting.enter_within(Duration::from_secs(5)).await.map(|p| p.standing()) });
        tokio::time::sleep(Duration::from_millis(30)).await;

        assert!(pass.holds() && gate.enter().is_none() && !is_empty.load(Ordering::SeqCst) && !waiting.is_finished());
        drop(pass);
        empty.await.expect("empty");
        gate.set(Standing::Shared, 100);

        assert_eq!(waiting.await.expect("no panic"), Some(Standing::Shared));
    }

    #[test]
    fn whoever_finds_nobody_inside_has_been_seen_by_all_who_come_later() {
        let (gate, _) = gate();
        gate.set(Standing::Alone, 100);
        let ground = Arc::new(AtomicBool::new(true));
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let (gate, ground) = (Arc::clone(&gate), Arc::clone(&ground));
                std::thread::spawn(move || {
                    for _ in 0..20_000 {
                        if let Some(pass) = gate.enter()
                            && pass.standing() == Standing::Alone
                        {
                            assert!(ground.load(Ordering::SeqCst), "decided alone on shared ground");
                        }
                    }
                })
            })
            .collect();

        for _ in 0..200 {
            gate.set(Standing::Settling, 100);
            while gate.inside.iter().any(|shard| shard.0.load(Ordering::SeqCst) > 0) {
                std::hint::spin_loop();
            }
            ground.store(false, Ordering::SeqCst);
            gate.set(Standing::Shared, 100);
            ground.store(true, Ordering::SeqCst);
            gate.set(Standing::Alone, 100);
        }

        for worker in workers {
            worker.join().expect("never decided on the wrong ground");
        }
    }
}
