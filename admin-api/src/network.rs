//! The network: routers.

pub mod routers;

use domain::people::permission::{Act, Thing};
use utoipa_axum::routes;

use crate::routes::Route;

/// The rows of the table that are about the network.
pub(crate) fn routes() -> Vec<Route> {
    let may = |handler, act| Route::needs(handler, Thing::Routers, act);
    vec![
        may(routes!(routers::list::list_routers), Act::See),
        may(routes!(routers::create::create_router), Act::Make).told_as("add_router"),
        may(routes!(routers::export::export_routers), Act::Export),
        may(routes!(routers::get::get_router), Act::See),
        may(routes!(routers::change::change_router), Act::Change).told_as("change_router").checks_state(),
        may(routes!(routers::retire::retire_router), Act::Remove).told_as("retire_router").checks_state(),
    ]
}
