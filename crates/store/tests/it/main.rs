//! The store against a real PostgreSQL. Two tenants always.

mod money_things;
mod scene;

mod access;
mod audit;
mod certificates;
mod changes;
mod door;
mod idempotency;
mod isolation;
mod lists;
mod messages;
mod money;
mod nodes;
mod people;
mod routers;
mod sales;
mod schema;
mod secrets;
mod tenants;
mod zones;
