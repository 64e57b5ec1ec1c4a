//! Africa's Talking: a form, and a verdict for each telephone.

use serde_json::json;

use super::{Asked, Reply, State, field, fields};

/// Where it takes messages.
pub(super) const PATH: &str = "/version1/messaging";

/// The words of a verdict.
fn words_of(code: u16) -> &'static str {
    match code {
        100 => "Processed",
        101 => "Success",
        102 => "Queued",
        401 => "RiskHold",
        402 => "InvalidSenderId",
        403 => "InvalidPhoneNumber",
        404 => "UnsupportedNumberType",
        405 => "InsufficientBalance",
        406 => "UserInBlacklist",
        407 => "CouldNotRoute",
        409 => "DoNotDisturbRejection",
        500 => "InternalServerError",
        501 => "GatewayError",
        502 => "RejectedByGateway",
        _ => "Unknown",
    }
}

/// Answers a request; with that verdict, if one is asked for.
pub(super) fn answer(state: &mut State, asked: &Asked, verdict: Option<u16>) -> Reply {
    let refused = |status, words: &str| Reply::Answer { status, body: words.to_owned() };
    if asked.method != "POST" {
        return refused(405, "Method not allowed");
    }
    if !asked.header("content-type").starts_with("application/x-www-form-urlencoded") {
        return refused(415, "The request's Content-Type is not supported");
    }
    let form = fields(&asked.body);
    let (username, to, text) = (field(&form, "username"), field(&form, "to"), field(&form, "message"));
    for (name, value) in [("username", username), ("to", to), ("message", text)] {
        if value.is_empty() {
            return refused(400, &format!("Must have {name} in your request"));
        }
    }
    let key = asked.header("apikey");
    let known = state.accounts.iter_mut().find(|one| one.username == username && one.key == key);
    let Some(account) = known else { return refused(401, "The supplied authentication is invalid") };
    let sender = field(&form, "from");
    if !sender.is_empty() && !account.senders.iter().any(|known| known == sender) {
        let body = json!({ "SMSMessageData": { "Message": "InvalidSenderId", "Recipients": [] } });
        return Reply::json(201, &body);
    }
    let is_number = to
        .strip_prefix('+')
        .is_some_and(|digits| (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()));
    let code = match verdict {
        Some(code) => code,
        None if !is_number => 403,
        None if account.messages_left == 0 => 405,
        None => 101,
    };
    let is_taken = (100..=102).contains(&code);
    if is_taken {
        account.messages_left = account.messages_left.saturating_sub(1);
    }
    let number = to.to_owned();
    let reference = if is_taken { state.take(to, text, sender, "") } else { "None".to_owned() };
    let cost = if is_taken { "KES 0.8000" } else { "0" };
    let message = format!("Sent to {}/1 Total Cost: {cost}", u8::from(is_taken));
    Reply::json(
        201,
        &json!({ "SMSMessageData": { "Message": message, "Recipients": [{
            "statusCode": code, "number": number, "status": words_of(code), "cost": cost, "messageId": reference
        }] } }),
    )
}
