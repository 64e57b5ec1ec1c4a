//! One file per command.

pub mod account;
pub mod audit;
pub mod demo;
pub mod device;
pub mod doctor;
pub mod exception;
pub mod explain;
pub mod import;
pub mod job;
pub mod journal;
pub mod migrate;
pub mod nas;
pub mod node;
pub mod operation;
pub mod plan;
pub mod radsec;
pub mod replay;
pub mod serve;
pub mod session;
pub mod simulate;
pub mod subscriber;
pub mod suspend;
pub mod tenant;
pub mod usage;
pub mod voucher;
