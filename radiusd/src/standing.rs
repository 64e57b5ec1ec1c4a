//! On what ground this node answers: alone from memory, with others in transactions, or cut off from the database.
//!
//! [`machine`] holds the rules, [`keeper`] carries them out, [`gate`] is what a request passes. A request that may
//! decide something holds its pass until it has decided; a change of ground waits for the passes of the old one.

pub(crate) mod duty;
pub(crate) mod keeper;

mod gate;
mod machine;
mod memory;

pub(crate) use gate::{Gate, Pass};
