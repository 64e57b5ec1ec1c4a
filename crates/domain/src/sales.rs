//! What is sold: plans, vouchers and the batches they are printed in.

pub mod extension;
pub mod plan;
pub mod speeds;
pub mod voucher;

pub mod batch;
