//! The line between a router and its servers: it may lose, repeat and delay what passes, both ways, or be cut.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::Semaphore;

use crate::dice::Dice;

/// Datagrams that are delayed at once; one more goes without delay.
const DELAYED_MAX: usize = 1_024;

/// A line; copies are the same line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    state: Arc<Mutex<State>>,
    delayed: Arc<Semaphore>,
}

#[derive(Debug)]
struct State {
    dice: Dice,
    is_cut: bool,
    loss: f64,
    repeats: f64,
    delay_max: Duration,
}

/// What becomes of a datagram: each copy comes after its wait. None is lost.
pub(super) type Copies = [Option<Duration>; 2];

impl Line {
    pub(super) fn new(seed: u64) -> Self {
        let nothing = Duration::ZERO;
        let state = State { dice: Dice::seeded(seed), is_cut: false, loss: 0.0, repeats: 0.0, delay_max: nothing };
        Self { state: Arc::new(Mutex::new(state)), delayed: Arc::new(Semaphore::new(DELAYED_MAX)) }
    }

    /// Loses that share of the datagrams, 0 to 1.
    pub(super) fn loses(&self, share: f64) {
        self.state().loss = share;
    }

    /// Brings that share of the datagrams twice.
    pub(super) fn repeats(&self, share: f64) {
        self.state().repeats = share;
    }

    /// Lets each datagram wait up to so long, so that they overtake each other.
    pub(super) fn delays(&self, most: Duration) {
        self.state().delay_max = most;
    }

    /// Cuts the line, or mends it.
    pub(super) fn cut(&self, is_cut: bool) {
        self.state().is_cut = is_cut;
    }

    /// Throws what becomes of the next datagram.
    pub(super) fn fate(&self) -> Copies {
        let mut state = self.state();
        let loss = state.loss;
        if state.is_cut || state.dice.happens(loss) {
            return [None, None];
        }
        let repeats = state.repeats;
        let twice = state.dice.happens(repeats);
        let most_us = u64::try_from(state.delay_max.as_micros()).unwrap_or(u64::MAX);
        let mut wait = || Duration::from_micros(if most_us == 0 { 0 } else { state.dice.up_to(most_us) });
        [Some(wait()), twice.then(wait)]
    }

    /// Sends a datagram over the line.
    pub(super) async fn send(&self, socket: &Arc<UdpSocket>, octets: &[u8], to: SocketAddr) {
        for wait in self.fate().into_iter().flatten() {
            let permit = Arc::clone(&self.delayed).try_acquire_owned().ok().filter(|_| !wait.is_zero());
            let Some(permit) = permit else {
                // A datagram that the machine does not take is lost like any other.
                let _ = socket.send_to(octets, to).await;
                continue;
            };
            let (socket, octets) = (Arc::clone(socket), octets.to_vec());
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                let _ = socket.send_to(&octets, to).await;
                drop(permit);
            });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_loses_repeats_and_delays_as_often_as_it_is_told() {
        let line = Line::new(3);
        let throw = |line: &Line| -> Vec<Copies> { (0..10_000).map(|_| line.fate()).collect() };
        assert!(throw(&line).iter().all(|fate| *fate == [Some(Duration::ZERO), None]), "a good line");

        line.loses(0.2);
        line.repeats(0.1);
        line.delays(Duration::from_millis(50));
        let thrown = throw(&line);
        line.cut(true);
        let cut = throw(&line);

        let lost = thrown.iter().filter(|fate| fate[0].is_none()).count();
        let twice = thrown.iter().filter(|fate| fate[1].is_some()).count();
        assert!((1_800..2_200).contains(&lost) && (650..950).contains(&twice), "{lost} {twice}");
        let longest = thrown.iter().flatten().flatten().max().expect("some come");
        assert!((40..=50).contains(&longest.as_millis()), "{longest:?}");
        assert!(cut.iter().all(|fate| *fate == [None, None]));
    }
}
