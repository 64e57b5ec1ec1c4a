//! Deeds about what is sold.

pub mod change_plan;
pub mod extend_voucher;
pub mod give_voucher;
pub mod print_batch;
pub mod publish_plan;
pub mod revoke_voucher;
pub mod sell_voucher;
pub mod vouchers_in_bulk;
