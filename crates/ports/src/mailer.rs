//! Sends letters.

use std::future::Future;
use std::pin::Pin;

use domain::id::JobId;
use domain::messages::letter::Letter;
use domain::platform::job::Outcome;

/// A try that is under way.
pub type Trying<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// Somebody who can send letters.
pub trait Mailer: Send + Sync + 'static {
    /// Sends a letter once. The job's id names it, so that whoever gets it twice can tell. May take seconds, never a
    /// minute.
    fn send<'a>(&'a self, job: JobId, letter: &'a Letter) -> Trying<'a>;
}
