//! The outside world as traits, shaped by what we need: each has a twin in tests that can be held.
//!
//! Opens nothing and knows nobody: implementations are in `boot` and in the adapters.
#![forbid(unsafe_code)]

pub mod clock;
pub mod random;

pub use clock::Clock;
pub use random::Random;
