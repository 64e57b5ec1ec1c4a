//! Twins of the outside world that can be slow, wrong, silent, or say things twice.
//!
//! [`nas`] is a router the way RouterOS does it, with the phones and houses behind it, and [`hotspot`] the pages of such a
//! router with the phones' screens; [`browser`] is the little browser of a phone; [`mail`] is a mail server that keeps what
//! it is sent; [`mpesa`] is M-Pesa's API with the telephones behind it; [`sms`] are providers of text
//! messages. Stories and operators use them; no role does.
//!
//! Chance comes from a seed and time can be made to run or to stand still, so that what happened can happen again.
//! Never decides anything for the server: a twin does what its original does, and lets itself be looked at.
#![forbid(unsafe_code)]

pub mod browser;
mod dice;
pub mod hotspot;
mod listening;
pub mod mail;
pub mod mpesa;
pub mod nas;
pub mod sms;
