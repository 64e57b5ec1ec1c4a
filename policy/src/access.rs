//! Rules about who is online, on what terms.

pub mod admission;
pub mod convergence;
pub mod counting;
pub mod credentials;
pub mod devices;
pub mod leases;
pub mod metering;
pub mod places;
pub mod reboots;
pub mod restricted;
pub mod shaping;
pub mod speeds;
