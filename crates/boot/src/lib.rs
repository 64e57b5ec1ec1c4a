//! What every process of mnetifi needs before its work begins: settings, clock, logs, numbers, health, an orderly end.
//!
//! Knows no business and no SQL. The only crate that reads the machine's clock, environment and randomness.

pub mod config;
pub mod data_dir;
pub mod identity;
pub mod lock;
pub mod master_key;
pub mod operator;
pub mod private_postgres;

pub mod clock;
pub mod random;

pub mod health;
pub mod heap;
pub mod metrics;
pub mod open_files;
pub mod shutdown;
pub mod telemetry;
