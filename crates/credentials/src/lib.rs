//! What proves who somebody is: passwords, codes on a telephone, and the secrets of browsers, programs and mails.
//!
//! Makes and checks them. Never keeps one (that is `store`), never decides what a proof is good for, and never throws
//! dice itself: whoever calls gives the chance.
#![forbid(unsafe_code)]

pub mod common;
pub mod passwords;
pub mod recovery;
pub mod token;
pub mod totp;
