//! Adapters of gateways against their twins: every call, every documented error, and whatever can befall a message.

mod by_itself;
mod chance;
mod ear;
mod look_ups;
mod mishaps;
mod operators;
mod prompts;
mod stage;
mod tokens;
mod transfers;
