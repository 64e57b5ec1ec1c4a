//! Work that is dropped after so many of its steps, as a process is that is killed.

use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that is given up after so many polls.
pub(crate) struct Killed<F> {
    work: Option<Pin<Box<F>>>,
    polls_left: u64,
}

impl<F: Future> Killed<F> {
    pub(crate) fn after(polls: u64, work: F) -> Self {
        Self { work: Some(Box::pin(work)), polls_left: polls }
    }
}

impl<F: Future> Future for Killed<F> {
    /// `None`: it was killed.
    type Output = Option<F::Output>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls_left == 0 {
            // Dropped here: its transactions roll back, and what it has spawned ends.
            self.work = None;
            return Poll::Ready(None);
        }
        self.polls_left -= 1;
        let Some(work) = self.work.as_mut() else { return Poll::Ready(None) };
        work.as_mut().poll(context).map(Some)
    }
}
