//! Access: who is and was online, what they used, why they were let in or refused, and with which devices.

pub mod decisions;
pub mod devices;
pub mod sessions;
pub mod usage;
pub mod whose;

use domain::people::permission::{Act, Thing};
use utoipa_axum::routes;

use crate::routes::Route;

/// The rows of the table that are about access.
pub(crate) fn routes() -> Vec<Route> {
    let needs = Route::needs;
    vec![
        needs(routes!(sessions::list_sessions), Thing::Sessions, Act::See),
        needs(routes!(sessions::get_session), Thing::Sessions, Act::See),
        needs(routes!(sessions::disconnect_session), Thing::Sessions, Act::Change).told_as("release_device"),
        needs(routes!(usage::list_usage), Thing::Usage, Act::See),
        needs(routes!(decisions::list_decisions), Thing::Decisions, Act::See),
        needs(routes!(decisions::explain_decision), Thing::Decisions, Act::See),
        needs(routes!(devices::list_subscriber_devices), Thing::Devices, Act::See),
        needs(routes!(devices::list_voucher_devices), Thing::Devices, Act::See),
        needs(routes!(devices::name_device), Thing::Devices, Act::Change).told_as("name_device"),
        needs(routes!(devices::release_device), Thing::Devices, Act::Change).told_as("release_device"),
        needs(routes!(devices::block_device), Thing::Devices, Act::Change).told_as("block_device"),
        needs(routes!(devices::unblock_device), Thing::Devices, Act::Change).told_as("unblock_device"),
    ]
}
