//! The admin API: `/v1` over HTTP, for a provider's staff, for their programs, and for the platform's own people.
//!
//! A request passes [`serve`] (its socket; connections and TLS are `web`'s), [`watch`] (its trace, the log, metrics, headers), [`door`] (who is
//! asking, and may they), [`idempotency`] and its handler, which parses, calls **one** deed or reads one list, and
//! renders. [`routes`] is the table of all routes with the right that each needs: nothing is reachable beside it.
//! Never decides (that is `policy`), never asks the world outside, never believes a header that a caller can choose to
//! say whose rows they see.
#![forbid(unsafe_code)]

pub mod app;
pub mod body;
pub mod door;
pub mod etag;
pub mod handbook;
pub mod health;
pub mod idempotency;
pub mod limits;
pub mod list;
pub mod live;
pub mod meters;
pub mod openapi;
pub mod problem;
pub mod rights;
pub mod routes;
pub mod serve;
pub mod uid;
pub mod watch;

pub mod access;
pub mod network;
pub mod support;

mod files;
mod messages;
mod money;
mod people;
mod platform;
mod sales;
mod shapes;
mod tables;

pub use crate::app::{Parts, Settings};
pub use crate::meters::Meters;
pub use crate::serve::Bound;
