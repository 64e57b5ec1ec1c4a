//! Tells partners.

use std::future::Future;
use std::pin::Pin;

use domain::platform::job::Outcome;
use domain::platform::webhook::Call;
use domain::time::Timestamp;

/// What a partner said to a telling.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// What became of it.
    pub outcome: Outcome,
    /// The status of HTTP, where there was an answer.
    pub status: Option<u16>,
}

/// Somebody who can tell partners.
pub trait Teller: Send + Sync + 'static {
    /// Tells once, signed with the time it is. May take seconds, never a minute.
    fn tell<'a>(&'a self, call: &'a Call, now: Timestamp) -> Pin<Box<dyn Future<Output = Told> + Send + 'a>>;
}
