//! Support: what needs a person, and deeds on many at once.

pub mod exceptions;
pub mod operations;
pub mod remedies;

use domain::people::permission::{Act, Thing};
use utoipa_axum::routes;

use crate::routes::Route;

/// The rows of the table that are about support.
pub(crate) fn routes() -> Vec<Route> {
    let may = |handler, act| Route::needs(handler, Thing::Exceptions, act);
    vec![
        may(routes!(exceptions::list_exceptions), Act::See),
        may(routes!(exceptions::get_exception), Act::See),
        may(routes!(exceptions::resolve_exception), Act::Change).told_as("resolve_exception"),
        Route::needs(routes!(operations::list_operations), Thing::Operations, Act::See),
        Route::needs(routes!(operations::get_operation), Thing::Operations, Act::See),
        Route::needs(routes!(operations::list_operation_rows), Thing::Operations, Act::See),
        Route::needs(routes!(operations::undo_operation), Thing::Operations, Act::Change).told_as("resume_subscriber"),
    ]
}
