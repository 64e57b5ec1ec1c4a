//! What this node knows in memory: the routers that may ask it, what it sees of them, and what the names mean that
//! they ask about.

pub mod registry;

pub mod book;
pub(crate) mod first_uses;
pub(crate) mod freshness;
pub(crate) mod pager;
pub(crate) mod unmet;

pub(crate) mod feed;
pub mod refresh;
pub mod sightings;
pub mod snapshot;
