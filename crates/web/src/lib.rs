//! What every role that speaks HTTP needs: connections and TLS, who is at the other end, how often they may ask, and
//! the few things that are said of a request in the log.
//!
//! Knows no route, no tenant and no rule of ours: those are with the roles.
#![forbid(unsafe_code)]

pub mod address;
pub mod pace;
pub mod request;
pub mod serve;
pub mod shrink;
pub mod tls;

mod places;

pub use crate::serve::{BindError, Bound, Connections, Limits, Listening};
pub use crate::tls::TlsFiles;
