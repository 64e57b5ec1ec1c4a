//! Deeds about money: what is bought, what has come, whose it is, and what is given back.
//!
//! Locks are taken in one order: a telephone or receipt, a payment, a wallet, and the audit last.

pub mod accept_arrival;
pub mod ask_reversal;
pub mod balance;
pub mod claim_receipt;
mod coming;
mod desk;
pub mod dispute_arrival;
pub mod gateways;
pub mod hear_prompt;
pub mod import_statement;
pub mod keep_callback;
pub mod look_up_payment;
pub mod match_arrival;
pub mod note_arrival;
pub mod note_standing;
pub mod prompt;
pub mod proof;
pub mod record_cash;
pub mod refund_to_payer;
pub mod refund_to_wallet;
pub mod register_gateway;
pub mod retry_payment;
mod serve;
pub mod serve_payment;
pub mod start_payment;
pub mod suggest;
pub mod watch;
