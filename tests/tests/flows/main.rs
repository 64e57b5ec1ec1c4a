//! Stories through a real RADIUS role and a real database, in the business's language.

mod abuse;
mod accounting;
mod as_seen;
mod book;
mod converge;
mod converge_many;
mod deeds;
mod devices;
mod ghosts;
mod gone;
mod identity;
mod jobs;
mod journal;
mod keys;
mod many_tenants;
mod outage;
mod people;
mod radsec;
mod replay;
mod returning;
mod simulated;
mod suspension;
mod tenants;
mod time_and_use;
mod usage;
mod vouchers;
