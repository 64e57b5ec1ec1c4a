//! Sends text messages to telephones.

use std::future::Future;
use std::pin::Pin;

use domain::messages::message::{RefusalKind, Sms};
use domain::messages::provider::Provider;

/// What became of a try to send a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Posted {
    /// The provider has taken it. Whether it reaches the telephone is the provider's business.
    Taken {
        /// The provider's number of it.
        reference: Option<String>,
        /// What it costs, in the provider's words.
        cost: Option<String>,
    },
    /// The provider says no.
    Refused {
        /// Why.
        kind: RefusalKind,
        /// In its words, without what was to be sent and without keys.
        said: String,
    },
    /// Nobody knows: the line broke after it was sent, or the answer cannot be read.
    Unknown {
        /// What happened.
        why: String,
    },
    /// It was certainly not taken, and may be later: the provider could not be reached, or asks us to wait.
    NotNow {
        /// What happened.
        why: String,
    },
}

/// A try that is under way.
pub type Posting<'a> = Pin<Box<dyn Future<Output = Posted> + Send + 'a>>;

/// Somebody who can send text messages through ISPs' providers.
pub trait Messenger: Send + Sync + 'static {
    /// Sends a message once: never again by itself. May take seconds, never a minute.
    fn send<'a>(&'a self, provider: &'a Provider, message: &'a Sms) -> Posting<'a>;
}
