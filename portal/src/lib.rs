//! The captive portal: the pages that a phone sees before it is online, for each provider on a host of its own.
//!
//! A request passes [`serve`] (its socket), [`watch`] (trace, log, metrics, headers, gzip) and [`door`] (whose host was
//! asked, what was sent, what is known of the device), and then one of `pages`. Pages are written whole by the server:
//! no script is needed, nothing is kept in the browser, and what there is to know of a phone travels in [`visit`],
//! sealed. Whoever asks is a stranger, and so is every word that the router's page sends along, for it comes through
//! the browser.
//! `callbacks` is the other door: what gateways say is kept there, for the worker to read.
//! Never decides (that is `policy`), never shows a code but to the browser that typed or bought it, never takes the tenant
//! from anything but the host or a gateway's own token.
#![forbid(unsafe_code)]

pub mod app;
pub mod door;
pub mod fields;
pub mod guesses;
pub mod hand_off;
pub mod meters;
pub mod router_pages;
pub mod serve;
pub mod visit;
pub mod watch;
pub mod words;

mod buying;
mod callbacks;
mod holding;
mod pages;
mod said;
mod telling;

pub use crate::app::{Limits, Parts, Settings};
pub use crate::meters::Meters;
pub use crate::serve::Bound;
