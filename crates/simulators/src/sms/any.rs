//! A provider like many: JSON with a bearer's key, a form, or all in the address.

use serde_json::{Value, json};

use super::{Asked, Reply, State, field, fields};

/// Where it takes messages.
pub(super) const PATH: &str = "/api/send";

/// What is good.
const GOOD: u16 = 200;

/// Answers a request; with that verdict, if one is asked for.
pub(super) fn answer(state: &mut State, asked: &Asked, verdict: Option<u16>) -> Reply {
    let is_json = asked.header("content-type").starts_with("application/json");
    let sent: Vec<(String, String)> = if asked.method == "GET" {
        fields(&asked.query)
    } else if is_json {
        match serde_json::from_str::<Value>(&asked.body) {
            Ok(Value::Object(object)) => {
                let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
                object.iter().map(|(name, value)| (name.clone(), text(value))).collect()
            }
            Ok(_) | Err(_) => return Reply::json(400, &json!({ "status": "error", "code": 1010 })),
        }
    } else {
        fields(&asked.body)
    };
    let bearer = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
    let key = if bearer.is_empty() { field(&sent, "apikey") } else { bearer };
    let Some(account) = state.accounts.iter_mut().find(|one| one.key == key) else {
        return Reply::json(401, &json!({ "status": "error", "code": 1006, "message": "unauthenticated" }));
    };
    let (to, text, sender) = (field(&sent, "mobile"), field(&sent, "message"), field(&sent, "sender"));
    let code = match verdict {
        Some(code) => code,
        None if !sender.is_empty() && !account.senders.iter().any(|known| known == sender) => 1001,
        None if to.len() < 8 || !to.bytes().all(|b| b.is_ascii_digit()) => 1003,
        None if account.messages_left == 0 => 1004,
        None if text.is_empty() => 1010,
        None => GOOD,
    };
    if code != GOOD {
        // It says good of the request, and no of the message: as the originals do.
        return Reply::json(200, &json!({ "status": "error", "code": code }));
    }
    account.messages_left = account.messages_left.saturating_sub(1);
    let reference = state.take(to, text, sender, field(&sent, "id"));
    Reply::json(200, &json!({ "status": "success", "code": GOOD, "id": reference }))
}
