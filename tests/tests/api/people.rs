//! Those who work for an ISP, and those who buy from it.

mod customers;
mod impersonation;
mod keys;
mod passwords;
mod proofs;
mod roles;
mod sessions;
mod sign_in;
mod subscribers;
mod technicians_day;
