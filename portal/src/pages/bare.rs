//! Pages that need nothing and belong to nobody: for hosts of no provider, and for when we are in trouble.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use store::StoreError;
use tracing::error;

/// Nobody's host.
pub(crate) const NOBODY: [&str; 2] = [
    "There is no Wi-Fi provider at this address. Join the Wi-Fi again and open its login page.",
    "Hakuna mtoa huduma wa Wi-Fi kwenye anwani hii. Jiunge na Wi-Fi tena na ufungue ukurasa wake wa kuingia.",
];

/// A mistake of ours.
pub(crate) const BROKEN: [&str; 2] = [
    "Something is wrong on our side. Please try again in a moment.",
    "Kuna hitilafu upande wetu. Tafadhali jaribu tena baada ya muda mfupi.",
];

/// Too much to do, or too much asked.
pub(crate) const BUSY: [&str; 2] = [
    "Too many people are asking at once. Please wait a moment, then try again.",
    "Watu wengi wanauliza kwa wakati mmoja. Tafadhali subiri kidogo, kisha jaribu tena.",
];

/// A form that nobody typed.
pub(crate) const TOO_LARGE: [&str; 2] =
    ["What was sent is too long. Go back and try again.", "Kilichotumwa ni kirefu mno. Rudi nyuma na ujaribu tena."];

/// A page with a sentence in English and one in Swahili.
pub(crate) fn page(status: StatusCode, [english, swahili]: [&str; 2]) -> Response {
    let text = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><title>Wi-Fi</title></head><body><h1>Wi-Fi</h1>\
         <p>{english}</p><p lang=\"sw\">{swahili}</p></body></html>"
    );
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    (status, [(header::CONTENT_TYPE, kind)], text).into_response()
}

/// What the database could not do.
pub(crate) fn of_store(why: &StoreError) -> Response {
    if let StoreError::Unavailable { .. } = why {
        return page(StatusCode::SERVICE_UNAVAILABLE, BROKEN);
    }
    error!("a page of the portal could not be made: {why}");
    page(StatusCode::INTERNAL_SERVER_ERROR, BROKEN)
}
