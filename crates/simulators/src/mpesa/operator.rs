//! What an operator of a business asks: the answer comes later, to the address for results.

use domain::money::claim::CallbackKind;
use domain::time::Timestamp;
use serde_json::{Value, json};

use super::books::{Taken, digits_of, receipt};
use super::door::{Asked, Reply};
use super::express::is_address;
use super::state::{Letter, State};
use super::transfers::shop_of;
use super::writing::{masked, words_of};

/// What an operator may ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Question {
    Status,
    Reversal,
    Balance,
}

/// What a question comes to.
struct Outcome {
    code: &'static str,
    parameters: Vec<Value>,
}

impl Outcome {
    const fn failed(code: &'static str) -> Self {
        Self { code, parameters: Vec::new() }
    }
}

fn parameter(key: &str, value: Value) -> Value {
    json!({ "Key": key, "Value": value })
}

pub(super) fn ask(
    state: &mut State,
    app: &str,
    question: Question,
    asked: &Asked,
    opens: &dyn Fn(&str) -> Option<String>,
    now: Timestamp,
) -> Reply {
    let invalid = |field: &str| Reply::error(400, "400.002.02", &format!("Bad Request - Invalid {field}"));
    let (party, command, identifier) = match question {
        Question::Reversal => ("ReceiverParty", "TransactionReversal", ("RecieverIdentifierType", "11")),
        Question::Balance => ("PartyA", "AccountBalance", ("IdentifierType", "4")),
        Question::Status => ("PartyA", "TransactionStatusQuery", ("IdentifierType", "4")),
    };
    let Some(business) = shop_of(state, app, &asked.field(party)).map(|shop| shop.business.clone()) else {
        return invalid(party);
    };
    if asked.field("CommandID") != command {
        return invalid("CommandID");
    }
    if asked.field(identifier.0) != identifier.1 {
        return invalid(identifier.0);
    }
    for field in ["ResultURL", "QueueTimeOutURL"] {
        if !is_address(&asked.field(field)) {
            return invalid(field);
        }
    }
    if !(2..=100).contains(&asked.field("Remarks").len()) {
        return invalid("Remarks");
    }
    let (serial, timed_out) = (state.next(), state.dice.happens(state.settings.faults.timed_out));
    let (conversation, originator) = (format!("AG_{}_{serial:020x}", day_of(now)), format!("10571-7910404-{serial}"));
    let soon = now.plus(state.settings.told_after);
    let accepted = Reply::good(&json!({
        "OriginatorConversationID": originator, "ConversationID": conversation, "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully."
    }));
    if timed_out {
        let result = json!({ "Result": {
            "ResultType": 1, "ResultCode": 1, "ResultDesc": "The request timed out in the queue",
            "OriginatorConversationID": originator, "ConversationID": conversation,
        } });
        let url = asked.field("QueueTimeOutURL");
        let letter = Letter { kind: CallbackKind::TimedOut, url, body: result.to_string(), is_forged: false };
        state.send(letter, soon);
        return accepted;
    }
    let password = opens(&asked.field("SecurityCredential"));
    let outcome = match &business.initiator {
        Some((name, _)) if *name != asked.field("Initiator") => Outcome::failed("20"),
        Some((_, known)) if password.as_deref() != Some(known) => Outcome::failed("2001"),
        None => Outcome::failed("20"),
        Some(_) => match question {
            Question::Reversal => reverse(state, &business.shortcode, asked, now),
            Question::Balance => balance(state, &business.shortcode, now),
            Question::Status => status(state, &business.shortcode, &business.name, asked),
        },
    };
    let result = json!({ "Result": {
        "ResultType": "0",
        "ResultCode": outcome.code.parse::<i64>().map_or_else(|_| json!(outcome.code), |code| json!(code)),
        "ResultDesc": words_of(outcome.code),
        "OriginatorConversationID": originator,
        "ConversationID": conversation,
        "TransactionID": receipt(now, serial),
        "ResultParameters": { "ResultParameter": outcome.parameters },
        "ReferenceData": { "ReferenceItem": { "Key": "Occasion" } },
    } });
    if let (Question::Reversal, "0") = (question, outcome.code)
        && let Some(place) = state.places.get(&asked.field("TransactionID")).copied()
        && let Some(taken) = state.books.taken.get_mut(place)
    {
        taken.reversed = Some(receipt(now, serial));
    }
    let url = asked.field("ResultURL");
    let letter = Letter { kind: CallbackKind::Result, url, body: result.to_string(), is_forged: false };
    state.send(letter, soon);
    accepted
}

fn day_of(now: Timestamp) -> String {
    digits_of(now).chars().take(8).collect()
}

fn of_business<'s>(state: &'s State, shortcode: &str, asked: &Asked) -> Option<&'s Taken> {
    let place = state.places.get(&asked.field("TransactionID"))?;
    state.books.taken.get(*place).filter(|taken| taken.shortcode == shortcode)
}

fn status(state: &State, shortcode: &str, name: &str, asked: &Asked) -> Outcome {
    let Some(taken) = of_business(state, shortcode, asked) else { return Outcome::failed("R000002") };
    let status = if taken.reversed.is_some() { "Reversed" } else { "Completed" };
    let parameters = vec![
        parameter("DebitPartyName", json!(format!("{} - JANE", masked(&taken.phone)))),
        parameter("CreditPartyName", json!(format!("{shortcode} - {name}"))),
        parameter("InitiatedTime", digits_of(taken.at).parse::<i64>().map_or(Value::Null, |digits| json!(digits))),
        parameter("FinalisedTime", digits_of(taken.at).parse::<i64>().map_or(Value::Null, |digits| json!(digits))),
        json!({ "Key": "DebitPartyCharges" }),
        parameter("TransactionStatus", json!(status)),
        parameter("ReasonType", json!("Pay Bill Online")),
        parameter("ReceiptNo", json!(taken.receipt)),
        parameter("Amount", json!(taken.amount.minor() / 100)),
    ];
    Outcome { code: "0", parameters }
}

fn reverse(state: &mut State, shortcode: &str, asked: &Asked, now: Timestamp) -> Outcome {
    let Some(taken) = of_business(state, shortcode, asked).cloned() else { return Outcome::failed("R000002") };
    let count = taken.amount.minor() / 100;
    if taken.reversed.is_some() {
        return Outcome::failed("R000001");
    }
    if asked.field("Amount") != count.to_string() {
        return Outcome::failed("R000002");
    }
    match state.shops.get_mut(shortcode) {
        Some(shop) if shop.shillings >= count => shop.shillings -= count,
        Some(_) | None => return Outcome::failed("1"),
    }
    if let Some(phone) = state.phones.get_mut(&taken.phone) {
        phone.shillings += count;
    }
    let parameters = vec![
        parameter("Amount", json!(format!("{count}.00"))),
        parameter("TransCompletedTime", json!(digits_of(now))),
        parameter("OriginalTransactionID", json!(taken.receipt)),
        parameter("Charge", json!("0.00")),
        parameter("CreditPartyPublicName", json!(format!("{} - JANE", masked(&taken.phone)))),
        parameter("DebitPartyPublicName", json!(shortcode)),
    ];
    Outcome { code: "0", parameters }
}

fn balance(state: &State, shortcode: &str, now: Timestamp) -> Outcome {
    let shillings = state.shops.get(shortcode).map_or(0, |shop| shop.shillings);
    let accounts = format!(
        "Working Account|KES|{shillings}.00|{shillings}.00|0.00|0.00&Float Account|KES|0.00|0.00|0.00|0.00&Utility \
         Account|KES|0.00|0.00|0.00|0.00"
    );
    let parameters =
        vec![parameter("AccountBalance", json!(accounts)), parameter("BOCompletedTime", json!(digits_of(now)))];
    Outcome { code: "0", parameters }
}
