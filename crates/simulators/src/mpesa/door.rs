//! The API's door: who may ask, what is asked, and what goes wrong with it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::time::{Span, Timestamp};
use serde_json::{Value, json};

use super::express;
use super::operator::{self, Question};
use super::settings::{Call, Mishap, PullsBy};
use super::state::State;
use super::transfers;

/// How long a token lives.
const LIFE_SECONDS: i64 = 3_599;

/// A request.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) authorization: String,
    pub(super) is_json: bool,
    pub(super) body: Value,
}

impl Asked {
    /// A field as text, whether it is written as text or as number; empty when it is not there.
    pub(super) fn field(&self, name: &str) -> String {
        match self.body.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => String::new(),
        }
    }
}

/// What comes of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Reply {
    /// An answer.
    Answer { status: u16, body: String },
    /// The connection ends.
    HangsUp,
    /// Nothing, for ever.
    Silence,
}

impl Reply {
    pub(super) fn good(body: &Value) -> Self {
        Self::Answer { status: 200, body: body.to_string() }
    }

    pub(super) fn error(status: u16, code: &str, words: &str) -> Self {
        Self::Answer { status, body: error_body(code, words) }
    }

    pub(super) fn page() -> Self {
        Self::Answer { status: 503, body: "<html><body><h1>503 Service Unavailable</h1></body></html>".to_owned() }
    }

    pub(super) fn spike() -> Self {
        let body = json!({ "fault": {
            "faultstring": "Spike arrest violation. Allowed rate : MessageRate{messagesPerPeriod=5, periodInMicroseconds=60000000}",
            "detail": { "errorcode": "policies.ratelimit.SpikeArrestViolation" } } });
        Self::Answer { status: 429, body: body.to_string() }
    }
}

/// An error as M-Pesa writes it.
pub(super) fn error_body(code: &str, words: &str) -> String {
    json!({ "requestId": "11728-2929992-1", "errorCode": code, "errorMessage": words }).to_string()
}

/// What is asked at a path, and whether by the right method.
fn call_of(state: &State, asked: &Asked) -> Option<(Call, bool)> {
    let posted = asked.method == "POST";
    let pulled = match state.settings.rules.pulls_by {
        PullsBy::Post => posted,
        PullsBy::Get => asked.method == "GET",
    };
    Some(match asked.path.as_str() {
        "/oauth/v1/generate" => (Call::Token, asked.method == "GET"),
        "/mpesa/stkpush/v1/processrequest" => (Call::Prompt, posted),
        "/mpesa/stkpushquery/v1/query" => (Call::LookUp, posted),
        "/mpesa/c2b/v1/registerurl" | "/mpesa/c2b/v2/registerurl" => (Call::Register, posted),
        "/mpesa/c2b/v1/simulate" | "/mpesa/c2b/v2/simulate" => (Call::Simulate, posted),
        "/mpesa/transactionstatus/v1/query" => (Call::Status, posted),
        "/mpesa/reversal/v1/request" => (Call::Reversal, posted),
        "/mpesa/accountbalance/v1/query" => (Call::Balance, posted),
        "/pulltransactions/v1/query" => (Call::Pull, pulled),
        "/mpesa/qrcode/v1/generate" => (Call::Picture, posted),
        _ => return None,
    })
}

/// Answers a request. `opens` reads an initiator's password.
pub(super) fn answer(
    state: &mut State,
    asked: &Asked,
    opens: &dyn Fn(&str) -> Option<String>,
    now: Timestamp,
) -> Reply {
    let Some((call, is_right)) = call_of(state, asked) else {
        return Reply::error(404, "404.001.01", "Resource not found");
    };
    *state.heard.entry(call).or_default() += 1;
    match state.mishaps.get_mut(&call).and_then(std::collections::VecDeque::pop_front) {
        None => heard(state, call, is_right, asked, opens, now),
        Some(Mishap::HangsUp) => Reply::HangsUp,
        Some(Mishap::Answers { status, body }) => Reply::Answer { status, body },
        Some(Mishap::LosesAnswer) => {
            heard(state, call, is_right, asked, opens, now);
            Reply::HangsUp
        }
        Some(Mishap::FallsSilent) => {
            heard(state, call, is_right, asked, opens, now);
            Reply::Silence
        }
        Some(Mishap::DoesAndAnswers { status, body }) => {
            heard(state, call, is_right, asked, opens, now);
            Reply::Answer { status, body }
        }
    }
}

fn heard(
    state: &mut State,
    call: Call,
    is_right: bool,
    asked: &Asked,
    opens: &dyn Fn(&str) -> Option<String>,
    now: Timestamp,
) -> Reply {
    if !is_right {
        return Reply::error(405, "405.001", "Method Not Allowed");
    }
    if call == Call::Token {
        return token(state, asked, now);
    }
    let faults = state.settings.faults;
    if state.dice.happens(faults.spike) {
        return Reply::spike();
    }
    if state.dice.happens(faults.page) {
        return Reply::page();
    }
    let token = asked.authorization.strip_prefix("Bearer ").unwrap_or_default();
    let good =
        |app: &super::state::App| app.token.as_ref().is_some_and(|(known, until)| known == token && *until > now);
    let app = state.apps.iter().find(|(_, app)| good(app)).map(|(key, _)| key.clone());
    let stolen = state.dice.happens(faults.token_stolen);
    let Some(app) = app.filter(|_| !stolen) else {
        if let Some(app) = state.apps.values_mut().find(|app| good(app)) {
            app.token = None;
        }
        return Reply::error(404, "404.001.03", "Invalid Access Token");
    };
    // A form is read as if it had no fields.
    if !asked.is_json {
        return Reply::error(400, "400.002.02", "Bad Request - Invalid BusinessShortCode");
    }
    match call {
        Call::Token => Reply::page(),
        Call::Prompt => express::push(state, &app, asked, now),
        Call::LookUp => express::look_up(state, &app, asked, now),
        Call::Register => transfers::register(state, &app, asked),
        Call::Simulate => transfers::simulate(state, &app, asked, now),
        Call::Status => operator::ask(state, &app, Question::Status, asked, opens, now),
        Call::Reversal => operator::ask(state, &app, Question::Reversal, asked, opens, now),
        Call::Balance => operator::ask(state, &app, Question::Balance, asked, opens, now),
        Call::Pull => transfers::pull(state, &app, asked, now),
        Call::Picture => transfers::picture(state, &app, asked),
    }
}

/// A new token, which ends the one before.
fn token(state: &mut State, asked: &Asked, now: Timestamp) -> Reply {
    if !asked.query.split('&').any(|part| part == "grant_type=client_credentials") {
        return Reply::error(400, "400.008.02", "Invalid grant type passed");
    }
    let Some(basic) = asked.authorization.strip_prefix("Basic ") else {
        return Reply::error(400, "400.008.01", "Invalid Authentication passed");
    };
    let pair = STANDARD.decode(basic).ok().and_then(|octets| String::from_utf8(octets).ok()).unwrap_or_default();
    let (key, secret) = pair.split_once(':').unwrap_or_default();
    let text = hex::encode(state.dice.octets());
    match state.apps.get_mut(key).filter(|app| app.secret == secret) {
        Some(app) => {
            app.token = Some((text.clone(), now.plus(Span::seconds(LIFE_SECONDS))));
            Reply::good(&json!({ "access_token": text, "expires_in": LIFE_SECONDS.to_string() }))
        }
        None => Reply::Answer { status: 400, body: String::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mpesa::settings::{Business, Manner, Settings};

    fn asked(method: &str, path: &str, authorization: &str, body: Value) -> Asked {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Asked {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            authorization: authorization.to_owned(),
            is_json: true,
            body,
        }
    }

    fn ask(state: &mut State, asked: &Asked) -> (u16, Value) {
        match answer(state, asked, &|_| None, Timestamp::from_seconds(1_800_000_000)) {
            Reply::Answer { status, body } => (status, serde_json::from_str(&body).unwrap_or_default()),
            other @ (Reply::HangsUp | Reply::Silence) => panic!("{other:?}"),
        }
    }

    fn opened() -> (State, String) {
        let mut state = State::new(Settings::default());
        state.open(Business::paybill("Sunrise", "174379"));
        state.add("254708374149", 100, "1234", Manner::Decides);
        let basic = format!("Basic {}", STANDARD.encode("key-of-174379:secret-of-174379"));
        let path = "/oauth/v1/generate?grant_type=client_credentials";
        let (status, body) = ask(&mut state, &asked("GET", path, &basic, Value::Null));
        assert_eq!((status, &body["expires_in"]), (200, &json!("3599")));
        let bearer = format!("Bearer {}", body["access_token"].as_str().unwrap_or_default());
        (state, bearer)
    }

    #[test]
    fn a_token_needs_both_keys_and_the_right_words() {
        let (mut state, bearer) = opened();
        let path = "/oauth/v1/generate?grant_type=client_credentials";
        let wrong = format!("Basic {}", STANDARD.encode("key-of-174379:guessed"));
        let right = format!("Basic {}", STANDARD.encode("key-of-174379:secret-of-174379"));

        assert_eq!(ask(&mut state, &asked("GET", path, &wrong, Value::Null)), (400, Value::Null), "without a word");
        assert_eq!(ask(&mut state, &asked("GET", path, "", Value::Null)).1["errorCode"], "400.008.01");
        assert_eq!(
            ask(&mut state, &asked("GET", "/oauth/v1/generate", &right, Value::Null)).1["errorCode"],
            "400.008.02"
        );
        assert_eq!(ask(&mut state, &asked("POST", path, &right, Value::Null)).1["errorCode"], "405.001");
        // A new token ends the one before.
        ask(&mut state, &asked("GET", path, &right, Value::Null));
        let look_up = asked("POST", "/mpesa/stkpushquery/v1/query", &bearer, json!({}));
        assert_eq!(ask(&mut state, &look_up).1["errorCode"], "404.001.03");
    }

    #[test]
    fn a_form_is_read_as_if_it_had_no_fields_and_a_wrong_path_is_not_there() {
        let (mut state, bearer) = opened();
        let form = Asked { is_json: false, ..asked("POST", "/mpesa/stkpush/v1/processrequest", &bearer, json!({})) };

        let (status, body) = ask(&mut state, &form);

        assert_eq!((status, &body["errorMessage"]), (400, &json!("Bad Request - Invalid BusinessShortCode")));
        assert_eq!(ask(&mut state, &asked("POST", "/mpesa/other", &bearer, json!({}))).1["errorCode"], "404.001.01");
    }

    #[test]
    fn the_sandbox_simulates_transfers() {
        let (mut state, bearer) = opened();
        let body = |amount: i64, number: &str| {
            json!({ "ShortCode": 174_379, "CommandID": "CustomerPayBillOnline", "Amount": amount, "Msisdn": number,
                "BillRefNumber": "ppp1042" })
        };
        let path = "/mpesa/c2b/v2/simulate";

        let good = ask(&mut state, &asked("POST", path, &bearer, body(20, "254708374149")));
        let bad = ask(&mut state, &asked("POST", path, &bearer, body(0, "254708374149")));

        assert_eq!((good.0, bad.0), (200, 400));
        let taken = &state.books.taken;
        assert_eq!((taken.len(), taken[0].amount.minor(), taken[0].account.as_str()), (1, 2_000, "ppp1042"));
        assert_eq!(state.phones["254708374149"].shillings, 80);
    }
}
