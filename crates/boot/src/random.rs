//! The operating system's randomness, as the port.

use std::cell::RefCell;

use ports::Random;

/// Octets that a thread asks the kernel for at once: an id costs a system call no more than once in 64 times.
const POOL: usize = 1_024;

/// The longest draw that is served from a thread's pool.
const DRAW_MAX: usize = 64;

/// Randomness of the operating system: unguessable, fit for keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

/// What a thread has of the kernel's randomness and has not given away. What was given is wiped, so that nobody finds
/// it here later.
struct Pool {
    octets: [u8; POOL],
    left: usize,
}

thread_local! {
    static DRAWN: RefCell<Pool> = const { RefCell::new(Pool { octets: [0; POOL], left: 0 }) };
}

impl Pool {
    fn give(&mut self, bytes: &mut [u8]) {
        if self.left < bytes.len() {
            ask_kernel(&mut self.octets);
            self.left = POOL;
        }
        let (rest, given) = self.octets[..self.left].split_at_mut(self.left - bytes.len());
        bytes.copy_from_slice(given);
        given.fill(0);
        self.left = rest.len();
    }
}

impl Random for OsRandom {
    /// Fills the octets with chance.
    ///
    /// # Panics
    /// When the kernel has no randomness to give: whatever we made of zeros instead would be guessable.
    fn fill(&self, bytes: &mut [u8]) {
        if bytes.len() > DRAW_MAX {
            return ask_kernel(bytes);
        }
        DRAWN.with_borrow_mut(|pool| pool.give(bytes));
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the source everybody else is to ask")]
fn ask_kernel(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("invariant: the kernel gives randomness");
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn two_draws_differ() {
        for length in [16, DRAW_MAX, DRAW_MAX + 1] {
            let (mut one, mut other) = (vec![0_u8; length], vec![0_u8; length]);

            OsRandom.fill(&mut one);
            OsRandom.fill(&mut other);

            assert_ne!(one, other);
        }
    }

    #[test]
    fn no_draw_is_given_twice_by_any_thread() {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                std::thread::spawn(|| {
                    let draw = |_| {
                        let mut octets = [0; 16];
                        OsRandom.fill(&mut octets);
                        octets
                    };
                    (0..1_000).map(draw).collect::<Vec<_>>()
                })
            })
            .collect();
        let drawn: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().expect("draws")).collect();

        assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), 4_000);
    }
}
