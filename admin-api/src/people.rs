//! Who uses and who pays.

mod customers;
mod subscribers;

use crate::routes::Route;

/// The routes of people.
pub(crate) fn routes() -> Vec<Route> {
    [subscribers::routes(), customers::routes()].into_iter().flatten().collect()
}
