//! The platform: how ISPs come to it and what they have with it, their settings and places, their audit; and what the
//! platform's own people see of all of them.

mod audit;
pub(crate) mod billing;
mod branches;
mod isps;
mod jobs;
mod own_settings;
mod price_book;
mod settings;
mod sign_up;
mod tiers;
mod webhooks;
mod zones;

use actions::platform::places::PlaceError;

use crate::problem::{Code, Problem};
use crate::routes::Route;

/// All routes about the platform.
pub(crate) fn routes() -> Vec<Route> {
    [
        sign_up::routes(),
        settings::routes(),
        branches::routes(),
        zones::routes(),
        audit::routes(),
        tiers::routes(),
        billing::routes(),
        isps::routes(),
        own_settings::routes(),
        price_book::routes(),
        jobs::routes(),
        webhooks::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Why nothing was done to a branch or zone, as it is answered.
fn refused_place(why: PlaceError) -> Problem {
    let said = why.to_string();
    match why {
        PlaceError::Unknown(_) => Problem::new(Code::NotFound, said),
        PlaceError::Refused(_) | PlaceError::Full { .. } | PlaceError::InUse(_) => Problem::new(Code::Conflict, said),
        PlaceError::ChangedMeanwhile => Problem::changed_meanwhile(),
        PlaceError::Store(why) => why.into(),
    }
}
