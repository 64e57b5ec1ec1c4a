//! The API through real HTTP, always with two ISPs.

mod access;
mod door;
mod routers;
mod serving;
