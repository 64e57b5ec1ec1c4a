//! What is sold: plans, vouchers and their batches.

mod batches;
mod plans;
mod vouchers;

use crate::routes::Route;

/// The routes of what is sold.
pub(crate) fn routes() -> Vec<Route> {
    [plans::routes(), vouchers::routes(), batches::routes()].into_iter().flatten().collect()
}
