//! A simulated router, the way RouterOS is one, with the people behind it.
//!
//! Read [`SimulatedRouter`] first: a story lets phones log in, houses dial, octets move and time pass, and then looks at
//! [`SimulatedRouter::online`]. What a router is like is in [`Settings`]; what it does with what it was told follows
//! `docs/simulator.md`, which says of each habit whether RouterOS is known to have it.
//!
//! Inside, `machine` holds all that happens as plain values that are stepped with a time; `router` gives them sockets
//! and a clock. One task serves a router with all its sessions.

mod asking;
mod control;
mod draft;
mod fleet;
mod line;
mod machine;
mod people;
mod router;
mod session;
mod settings;
mod told;
mod traffic;
mod view;

pub use fleet::{Fleet, FleetSettings, FleetView, Subscriber};
pub use machine::LoginResult;
pub use people::By;
pub use router::SimulatedRouter;
pub use session::{Service, SessionKey};
pub use settings::{Quirks, Server, Settings, Since};
pub use told::Told;
pub use traffic::Moved;
pub use view::{Control, Event, Happened, Online, Outcome, Past, Tally};
