//! The memory: PostgreSQL, and all the SQL there is.
//!
//! Rows of one ISP are reached through a [`TenantTx`] alone, which a [`TenantScope`] opens; the few things that serve
//! all ISPs through a [`SystemTx`]. There is no third way: the pool is private, and the role it logs in with can read
//! nothing until a door has given it another. Row-level security stands behind that, for the day we make a mistake.
//!
//! Every query is a function that takes its transaction first. It loads or writes what it is told and never decides.
#![forbid(unsafe_code)]

mod columns;
mod error;
mod file_key;
mod loaded;
mod places;
mod pool;
mod scope;
mod system_tx;
mod tenant_tx;
mod tickets;

pub mod changes;
pub mod listing;
pub mod page;
pub mod schema;
pub mod sealing;

pub mod access;
pub mod messages;
pub mod money;
pub mod network;
pub mod people;
pub mod platform;
pub mod sales;
pub mod support;

pub use error::StoreError;
pub use file_key::{Chunk, FileKey};
pub use loaded::{Loaded, Unusable};
pub use page::{Listed, Page};
pub use pool::{OpenOptions, Store};
pub use schema::{Migrated, migrate};
pub use scope::TenantScope;
pub use sealing::{Keyring, MasterKey};
pub use system_tx::SystemTx;
pub use tenant_tx::TenantTx;
