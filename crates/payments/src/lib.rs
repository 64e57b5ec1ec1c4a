//! Gateways that take money, as adapters: one folder for each company.
//!
//! [`mpesa`] is Safaricom's M-Pesa by its Daraja API. An adapter turns our words into the gateway's and its answers into
//! ours, and keeps nothing but the token that opens the gateway's door. A status that nobody has explained is *open*,
//! never a success and never a failure.
//!
//! Never decides what a payment buys or whether it is believed, never sends a prompt twice, never follows a redirect.
//! How another company is added: `docs/adding-a-gateway.md`.
#![forbid(unsafe_code)]

pub mod mpesa;
