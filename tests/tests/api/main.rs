//! The API through real HTTP, always with two ISPs.

mod access;
mod audit;
mod billing;
mod desk;
mod door;
mod limits;
mod messages;
mod money;
mod mutation;
mod operations;
mod people;
mod places;
mod platform;
mod routers;
mod sales;
mod serving;
mod settings;
mod shop;
mod sign_up;
mod stories;
mod usage;
mod walk;
mod webhooks;
