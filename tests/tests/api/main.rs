//! The API through real HTTP, always with two ISPs.

mod access;
mod desk;
mod door;
mod people;
mod routers;
mod sales;
mod serving;
mod shop;
