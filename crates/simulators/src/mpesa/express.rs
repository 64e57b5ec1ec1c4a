//! Prompts on telephones, and what became of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::time::{Span, Timestamp};
use serde_json::json;

use super::books::digits_of;
use super::door::{Asked, Reply};
use super::settings::Manner;
use super::state::{Prompt, Shop, State};
use super::writing::words_of;

/// Words that no address may hold.
const FORBIDDEN: [&str; 7] = ["mpesa", "m-pesa", "safaricom", "exe", "cmd", "sql", "query"];

/// Whether callbacks may come there.
pub(super) fn is_address(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !FORBIDDEN.iter().any(|word| rest.contains(word)))
}

fn invalid(field: &str) -> Reply {
    Reply::error(400, "400.002.02", &format!("Bad Request - Invalid {field}"))
}

/// The business that a password proves.
fn proven<'s>(state: &'s State, app: &str, asked: &Asked) -> Result<&'s Shop, Reply> {
    let unknown = || Reply::error(500, "500.001.1001", "Merchant does not exist");
    let shop = state.shops.get(&asked.field("BusinessShortCode")).ok_or_else(unknown)?;
    let timestamp = asked.field("Timestamp");
    let password = STANDARD.encode(format!("{}{}{timestamp}", shop.business.shortcode, shop.business.passkey));
    let fits = shop.business.consumer_key == app && timestamp.len() == 14 && password == asked.field("Password");
    if fits { Ok(shop) } else { Err(Reply::error(500, "500.001.1001", "Wrong credentials")) }
}

/// The result of a prompt whose product or receiver does not fit the business.
fn misfit(shop: &Shop, asked: &Asked) -> Option<&'static str> {
    let (kind, receiver) = (asked.field("TransactionType"), asked.field("PartyB"));
    match &shop.business.till {
        None if kind != "CustomerPayBillOnline" => Some("2028"),
        Some(_) if kind != "CustomerBuyGoodsOnline" => Some("2028"),
        None if receiver != shop.business.shortcode => Some("SFC_IC0003"),
        Some(till) if receiver != *till => Some("SFC_IC0003"),
        None | Some(_) => None,
    }
}

/// Puts a prompt on a telephone.
pub(super) fn push(state: &mut State, app: &str, asked: &Asked, now: Timestamp) -> Reply {
    let (shortcode, fails_with) = match proven(state, app, asked) {
        Ok(shop) => (shop.business.shortcode.clone(), misfit(shop, asked)),
        Err(reply) => return reply,
    };
    let number = asked.field("PhoneNumber");
    let is_number = number.len() == 12 && (number.starts_with("2547") || number.starts_with("2541"));
    let shillings = asked.field("Amount").parse::<i64>().ok().filter(|count| (1..=250_000).contains(count));
    let (reference, description) = (asked.field("AccountReference"), asked.field("TransactionDesc"));
    let plain = |text: &str| text.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b' ');
    let Some(shillings) = shillings else { return invalid("Amount") };
    if !is_number || state.phone(&number).is_none() {
        return invalid("PhoneNumber");
    }
    if !is_address(&asked.field("CallBackURL")) {
        return invalid("CallBackURL");
    }
    if reference.is_empty() || reference.len() > 12 || !plain(&reference) {
        return invalid("AccountReference");
    }
    if description.len() > 13 || !plain(&description) {
        return invalid("TransactionDesc");
    }
    let (manner, is_open) =
        state.phone(&number).map_or((Manner::Decides, false), |phone| (phone.manner, phone.open.is_some()));
    if manner == Manner::IsTooMuch {
        return Reply::spike();
    }
    if manner == Manner::MeetsAPage {
        return Reply::page();
    }
    if manner == Manner::IsLocked || is_open {
        return locked();
    }
    let serial = state.next();
    let clock = digits_of(now);
    let part = |from: usize, to: usize| clock.get(from..to).unwrap_or_default();
    let prompt = Prompt {
        checkout: format!(
            "ws_CO_{}{}{}{}{serial:07}{}",
            part(6, 8),
            part(4, 6),
            part(0, 4),
            part(8, 14),
            number.get(3..).unwrap_or_default()
        ),
        merchant: format!("{:04x}-4a0b-9c77-{serial}", state.dice.up_to(0xffff)),
        shortcode,
        shillings,
        phone: number,
        callback: asked.field("CallBackURL"),
        reference,
        made_at: now,
        manner,
        fails_with,
        ending: None,
    };
    let accepted = json!({
        "MerchantRequestID": prompt.merchant,
        "CheckoutRequestID": prompt.checkout,
        "ResponseCode": "0",
        "ResponseDescription": "Success. Request accepted for processing",
        "CustomerMessage": "Success. Request accepted for processing",
    });
    state.show(prompt, now);
    let faults = state.settings.faults;
    if manner == Manner::PaysUnanswered || state.dice.happens(faults.answer_lost) {
        return Reply::HangsUp;
    }
    if state.dice.happens(faults.answer_spoiled) {
        return Reply::page();
    }
    Reply::good(&accepted)
}

fn locked() -> Reply {
    let words = "Unable to lock subscriber, a transaction is already in process for the current subscriber";
    Reply::error(500, "500.001.1001", words)
}

/// What became of a prompt: never a receipt, an amount or a number.
pub(super) fn look_up(state: &mut State, app: &str, asked: &Asked, now: Timestamp) -> Reply {
    if let Some(most) = state.settings.rules.looks_per_minute
        && let Some(known) = state.apps.get_mut(app)
    {
        known.looks.retain(|at| now.since(*at) < Span::minutes(1));
        if known.looks.len() >= usize::try_from(most).unwrap_or(usize::MAX) {
            return Reply::spike();
        }
        known.looks.push_back(now);
    }
    let shortcode = match proven(state, app, asked) {
        Ok(shop) => shop.business.shortcode.clone(),
        Err(reply) => return reply,
    };
    let checkout = asked.field("CheckoutRequestID");
    let Some(prompt) = state.prompts.get(&checkout).filter(|prompt| prompt.shortcode == shortcode) else {
        return invalid("CheckoutRequestID");
    };
    let code = match &prompt.ending {
        Some(ending) => ending.code,
        None if state.settings.rules.open_by_result => "4999",
        None => return Reply::error(500, "500.001.1001", "The transaction is being processed"),
    };
    Reply::good(&json!({
        "ResponseCode": "0",
        "ResponseDescription": "The service request has been accepted successfully",
        "MerchantRequestID": prompt.merchant,
        "CheckoutRequestID": checkout,
        "ResultCode": code,
        "ResultDesc": if code == "4999" { "The transaction is still under processing" } else { words_of(code) },
    }))
}
