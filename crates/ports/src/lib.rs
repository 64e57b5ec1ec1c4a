//! The outside world, as small traits in our own words: what time it is, chance, and routers that are asked.
//!
//! Nothing here does anything: `boot` implements the traits for the running process, tests implement them so that time
//! stands still and chance repeats itself.
#![forbid(unsafe_code)]

pub mod clock;
pub mod gateway;
pub mod mailer;
pub mod messenger;
pub mod random;
pub mod router_control;
pub mod webhooks;

pub use clock::Clock;
pub use gateway::Gateway;
pub use mailer::Mailer;
pub use messenger::Messenger;
pub use random::Random;
pub use router_control::RouterControl;
pub use webhooks::Teller;
