//! Messages: `/v1/messages`. Text messages to people's telephones: how they are sent, what they say, what became of them.

mod sent;
mod settings;
mod templates;

use crate::routes::Route;

/// The rows of the table that are about messages.
pub(crate) fn routes() -> Vec<Route> {
    let mut all = settings::routes();
    all.extend(templates::routes());
    all.extend(sent::routes());
    all
}
