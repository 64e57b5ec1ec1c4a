//! Money that people send by themselves: where it is told, how it comes, and the books of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::time::{Span, Timestamp};
use serde_json::{Value, json};

use super::books::Taken;
use super::door::{Asked, Reply};
use super::express::is_address;
use super::state::{Shop, State, Urls};

/// Rows of one page of the books.
const PAGE: usize = 100;

/// How far the books go back.
const BACK_HOURS: i64 = 48;

/// A picture of one pixel.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8,
    0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 10, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0xf8, 0x0f, 0, 1, 1, 1,
    0, 0x1b, 0xb6, 0xee, 0x56, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

/// The business of an app that has a paybill, store or till.
pub(super) fn shop_of<'s>(state: &'s mut State, app: &str, number: &str) -> Option<&'s mut Shop> {
    let theirs = |shop: &&mut Shop| shop.business.consumer_key == app;
    let has = |shop: &&mut Shop| shop.business.shortcode == number || shop.business.till.as_deref() == Some(number);
    state.shops.values_mut().filter(theirs).find(has)
}

pub(super) fn register(state: &mut State, app: &str, asked: &Asked) -> Reply {
    let once = state.settings.rules.registers_once;
    let invalid = |field: &str| Reply::error(400, "400.002.02", &format!("Bad Request - Invalid {field}"));
    let Some(shop) = shop_of(state, app, &asked.field("ShortCode")) else { return invalid("ShortCode") };
    if !matches!(asked.field("ResponseType").as_str(), "Completed" | "Cancelled") {
        return invalid("ResponseType");
    }
    let (confirmation, validation) = (asked.field("ConfirmationURL"), asked.field("ValidationURL"));
    if !is_address(&confirmation) {
        return invalid("ConfirmationURL");
    }
    if !is_address(&validation) {
        return invalid("ValidationURL");
    }
    if once && shop.urls.is_some() {
        return Reply::error(500, "500.003.1001", "Urls are already registered");
    }
    shop.urls = Some(Urls { confirmation, validation, hashes: asked.path.contains("/v1/") });
    Reply::good(&json!({
        "OriginatorCoversationID": "7619-37765134-1", "ResponseCode": "0", "ResponseDescription": "success"
    }))
}

/// A transfer as the sandbox allows it. Nobody is asked whether it may come.
pub(super) fn simulate(state: &mut State, app: &str, asked: &Asked, now: Timestamp) -> Reply {
    let invalid = |field: &str| Reply::error(400, "400.002.02", &format!("Bad Request - Invalid {field}"));
    let Some(shortcode) = shop_of(state, app, &asked.field("ShortCode")).map(|shop| shop.business.shortcode.clone())
    else {
        return invalid("ShortCode");
    };
    let Some(count) = asked.field("Amount").parse::<i64>().ok().filter(|count| *count > 0) else {
        return invalid("Amount");
    };
    let number = asked.field("Msisdn");
    if state.phone(&number).is_none() {
        return invalid("Msisdn");
    }
    let receipt = state.take(&number, &shortcode, count, &asked.field("BillRefNumber"), None, now);
    state.confirm(&receipt, now.plus(state.settings.told_after));
    Reply::good(&json!({
        "OriginatorCoversationID": "53e3-4aa8-9fe0", "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully."
    }))
}

/// The books of the last 48 hours, page by page.
pub(super) fn pull(state: &mut State, app: &str, asked: &Asked, now: Timestamp) -> Reply {
    let Some(shop) = shop_of(state, app, &asked.field("ShortCode")).filter(|shop| shop.business.pulls) else {
        return Reply::error(400, "400.001", "Bad Request - Invalid ShortCode");
    };
    let (shortcode, name) = (shop.business.shortcode.clone(), shop.business.name.clone());
    let moment = |field: &str| format!("{}+03:00", asked.field(field).replace(' ', "T")).parse::<Timestamp>();
    let (Ok(from), Ok(until)) = (moment("StartDate"), moment("EndDate")) else {
        return Reply::error(400, "400.001", "Bad Request - Invalid Date");
    };
    let skip = asked.field("OffSetValue").parse::<usize>().unwrap_or(0);
    let oldest = now.minus(Span::minutes(BACK_HOURS * 60));
    let (from, until) = (from.max(oldest), until.plus(Span::seconds(1)));
    let within = |taken: &&Taken| taken.shortcode == shortcode && (from..until).contains(&taken.at);
    let rows: Vec<Value> = state
        .books
        .taken
        .iter()
        .filter(within)
        .skip(skip)
        .take(PAGE)
        .map(|taken| {
            json!({
                "transactionId": taken.receipt,
                "trxDate": taken.at.to_string(),
                "msisdn": taken.phone.parse::<i64>().unwrap_or(0),
                "sender": "MPESA",
                "transactiontype": "c2b-pay-bill-debit",
                "billreference": taken.account,
                "amount": format!("{}.{:02}", taken.amount.minor() / 100, taken.amount.minor() % 100),
                "organizationname": name,
            })
        })
        .collect();
    let (code, words) = if rows.is_empty() { ("1001", "No transactions found") } else { ("1000", "Success") };
    Reply::good(&json!({
        "ResponseRefID": "26178-42530161-2", "ResponseCode": code, "ResponseMessage": words, "Response": [rows]
    }))
}

pub(super) fn picture(state: &mut State, app: &str, asked: &Asked) -> Reply {
    let invalid = |field: &str| Reply::error(400, "400.002.02", &format!("Bad Request - Invalid {field}"));
    let Some(shop) = shop_of(state, app, &asked.field("CPI")) else { return invalid("CPI") };
    let wanted = if shop.business.till.is_some() { "BG" } else { "PB" };
    if asked.field("TrxCode") != wanted {
        return invalid("TrxCode");
    }
    if asked.field("Amount").parse::<i64>().is_err() || asked.field("RefNo").is_empty() {
        return invalid("Amount");
    }
    Reply::good(&json!({
        "ResponseCode": "AG_20191219_000043fdf61864fe9ff5",
        "RequestID": "16738-27456357-1",
        "ResponseDescription": "QR Code Successfully Generated.",
        "QRCode": STANDARD.encode(PNG),
    }))
}
