//! Stories through a real RADIUS role and a real database, in the business's language.

mod accounting;
mod devices;
mod outage;
mod radsec;
mod vouchers;
