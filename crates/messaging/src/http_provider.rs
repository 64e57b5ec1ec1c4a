//! Any provider that takes a message as one request, as the ISP has written it down.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::messages::message::{RefusalKind, Sms};
use domain::messages::provider::{BodyKind, HttpMethod, HttpTerms, Provider, Slot, Success};
use domain::platform::webhook::HookUrl;
use ports::messenger::Posted;
use reqwest::Method;
use serde_json::Value;

use crate::asking::{Heard, ask, clip};
use crate::guard::{self, NOT_PUBLIC, Reach};

pub(crate) async fn send(
    client: &reqwest::Client,
    reach: Reach,
    terms: &HttpTerms,
    provider: &Provider,
    message: &Sms,
) -> Posted {
    let slots = Slots::of(terms, provider, message);
    let refused = |said: String| Posted::Refused { kind: RefusalKind::SetUp, said };
    let url: HookUrl = match fill(&terms.url, |slot| percent(slots.value(slot))).parse() {
        Ok(url) => url,
        Err(why) => return refused(format!("the provider's address cannot be used: {why}")),
    };
    if let Err(why) = guard::allowed(reach, &url) {
        return refused(why);
    }
    let method = match terms.method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
    };
    let mut request = client.request(method, url.as_str()).header("accept", "application/json");
    for (name, value) in &terms.headers {
        request = request.header(name.as_str(), fill(value, |slot| slots.value(slot).to_owned()));
    }
    let names_type = terms.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some((kind, body)) = &terms.body {
        let (content_type, octets) = match kind {
            BodyKind::Form => ("application/x-www-form-urlencoded", fill(body, |slot| percent(slots.value(slot)))),
            BodyKind::Json => match serde_json::from_str::<Value>(body) {
                Ok(mut value) => {
                    fill_json(&mut value, &slots);
                    ("application/json", value.to_string())
                }
                Err(_) => return refused("what is to be sent to the provider is not JSON".to_owned()),
            },
        };
        if !names_type {
            request = request.header("content-type", content_type);
        }
        request = request.body(octets);
    }
    match ask(request).await {
        Heard::NotReached(why) if why.contains(NOT_PUBLIC) => refused(why),
        Heard::NotReached(why) => Posted::NotNow { why },
        Heard::Broken(why) => Posted::Unknown { why },
        Heard::Answer { status, octets } => read(&terms.success, status, &octets, &slots),
    }
}

/// What is filled in.
struct Slots(Vec<(Slot, String)>);

impl Slots {
    fn of(terms: &HttpTerms, provider: &Provider, message: &Sms) -> Self {
        let key = provider.keys.key.expose().clone();
        let secret = provider.keys.secret.as_ref().map(|secret| secret.expose().clone()).unwrap_or_default();
        let value = |slot| match slot {
            Slot::To => terms.phone_form.write(&message.to, &provider.country),
            Slot::Message => message.text.expose().clone(),
            Slot::Sender => provider.sender.as_ref().map(|sender| sender.as_str().to_owned()).unwrap_or_default(),
            Slot::Id => message.id.to_string(),
            Slot::Key => key.clone(),
            Slot::Secret => secret.clone(),
            Slot::Basic => STANDARD.encode(format!("{key}:{secret}")),
        };
        Self(Slot::ALL.into_iter().map(|slot| (slot, value(slot))).collect())
    }

    fn value(&self, slot: Slot) -> &str {
        self.0.iter().find(|(one, _)| *one == slot).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// What a provider says, without what it was sent: neither keys nor codes are kept because it repeats them.
    fn without(&self, said: &str) -> String {
        let hidden = self.0.iter().filter(|(slot, value)| match slot {
            Slot::To | Slot::Message | Slot::Key | Slot::Secret | Slot::Basic => value.len() >= 3,
            Slot::Sender | Slot::Id => false,
        });
        let mut said = said.to_owned();
        for (_, value) in hidden {
            said = said.replace(value.as_str(), "***");
            // As JSON writes it.
            let quoted = Value::String(value.clone()).to_string();
            said = said.replace(quoted.trim_matches('"'), "***");
        }
        clip(&said)
    }
}

fn fill(text: &str, value: impl Fn(Slot) -> String) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut parts = text.split('{');
    filled.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let slot = part.split_once('}').and_then(|(name, after)| Some((Slot::named(name)?, after)));
        match slot {
            Some((slot, after)) => {
                filled.push_str(&value(slot));
                filled.push_str(after);
            }
            None => {
                filled.push('{');
                filled.push_str(part);
            }
        }
    }
    filled
}

/// Fills the texts of a value, so that whatever is filled in stays text.
fn fill_json(value: &mut Value, slots: &Slots) {
    match value {
        Value::String(text) => *text = fill(text, |slot| slots.value(slot).to_owned()),
        Value::Array(values) => values.iter_mut().for_each(|value| fill_json(value, slots)),
        Value::Object(fields) => fields.values_mut().for_each(|value| fill_json(value, slots)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// As addresses and forms have it: all but letters, digits and `-._~` as `%` and two digits.
pub(crate) fn percent(text: &str) -> String {
    let mut coded = String::with_capacity(text.len());
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            coded.push(char::from(octet));
        } else {
            coded.push_str(&format!("%{octet:02X}"));
        }
    }
    coded
}

fn read(success: &Success, status: u16, octets: &[u8], slots: &Slots) -> Posted {
    let said = || {
        let words: String = String::from_utf8_lossy(octets).trim().chars().take(4_000).collect();
        let words: String = slots.without(&words).chars().take(120).collect();
        format!("the provider answered {status}: {words}")
    };
    let answer = serde_json::from_slice::<Value>(octets).ok();
    let at = |pointer: &str| answer.as_ref().and_then(|answer| text_of(answer.pointer(pointer)?));
    let verdict = success.verdict_at.iter().find_map(|pointer| at(pointer));
    if verdict.as_ref().is_some_and(|verdict| success.hopeless.contains(verdict)) {
        return Posted::Refused { kind: RefusalKind::Number, said: said() };
    }
    let is_good =
        if success.statuses.is_empty() { (200..=299).contains(&status) } else { success.statuses.contains(&status) };
    if !is_good {
        return match status {
            401 | 403 => Posted::Refused { kind: RefusalKind::Keys, said: said() },
            402 => Posted::Refused { kind: RefusalKind::Balance, said: said() },
            429 | 503 => Posted::NotNow { why: said() },
            408 | 500..=599 => Posted::Unknown { why: said() },
            _ => Posted::Refused { kind: RefusalKind::SetUp, said: said() },
        };
    }
    if !success.verdict_at.is_empty() {
        match verdict {
            Some(verdict) if success.good.contains(&verdict) => {}
            Some(_) => return Posted::Refused { kind: RefusalKind::SetUp, said: said() },
            None => return Posted::Unknown { why: said() },
        }
    }
    if let Some(text) = &success.text
        && !String::from_utf8_lossy(octets).contains(text.as_str())
    {
        return Posted::Refused { kind: RefusalKind::SetUp, said: said() };
    }
    let reference = success.reference_at.as_deref().and_then(at).map(|text| clip(&text).chars().take(100).collect());
    Posted::Taken { reference, cost: None }
}

/// Texts, numbers and yes or no, as text.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use domain::id::MessageId;
    use domain::messages::provider::{PhoneForm, ProviderKeys, Terms};
    use domain::phone::{CallingCode, Msisdn};
    use domain::secret::Secret;

    use super::*;

    fn terms(success: Success) -> HttpTerms {
        HttpTerms {
            method: HttpMethod::Post,
            url: "https://sms.example/send".to_owned(),
            headers: Vec::new(),
            body: None,
            phone_form: PhoneForm::International,
            success,
        }
    }

    fn slots() -> Slots {
        let terms = terms(Success::default());
        let keys =
            ProviderKeys { key: Secret::new("the-key".to_owned()), secret: Some(Secret::new("pass word".to_owned())) };
        let country = CallingCode::kenya();
        let provider = Provider { terms: Terms::Http(Box::new(terms.clone())), keys, sender: None, country };
        let to = Msisdn::parse(b"0712345678", &CallingCode::kenya()).expect("good");
        let text = Secret::new("code \"7KQ2MXAB\"".to_owned());
        Slots::of(&terms, &provider, &Sms { id: MessageId::from_bytes([1; 16]), to, text })
    }

    #[test]
    fn each_place_is_written_as_where_it_stands_wants_it() {
        let slots = slots();

        assert_eq!(fill("Basic {basic}", |slot| slots.value(slot).to_owned()), "Basic dGhlLWtleTpwYXNzIHdvcmQ=");
        assert_eq!(
            fill("k={secret}&m={message}", |slot| percent(slots.value(slot))),
            "k=pass%20word&m=code%20%227KQ2MXAB%22"
        );
        let mut json = serde_json::json!({ "to": "{to}", "in": [{ "m": "<{message}> {what}" }], "n": 5 });
        fill_json(&mut json, &slots);
        assert_eq!(json.to_string(), r#"{"in":[{"m":"<code \"7KQ2MXAB\"> {what}"}],"n":5,"to":"254712345678"}"#);
    }

    fn answered(success: &Success, status: u16, body: &str) -> Posted {
        read(success, status, body.as_bytes(), &slots())
    }

    fn family() -> Success {
        Success {
            verdict_at: vec!["/responses/0/response-code".to_owned(), "/responses/0/respose-code".to_owned()],
            good: vec!["200".to_owned()],
            hopeless: vec!["1003".to_owned()],
            reference_at: Some("/responses/0/messageid".to_owned()),
            ..Success::default()
        }
    }

    #[test]
    fn a_verdict_is_found_wherever_it_may_stand() {
        let family = family();
        let taken = Posted::Taken { reference: Some("8290842".to_owned()), cost: None };

        for body in [
            r#"{"responses":[{"response-code":200,"messageid":8290842}]}"#,
            r#"{"responses":[{"respose-code":"200","messageid":"8290842"}]}"#,
        ] {
            assert_eq!(answered(&family, 200, body), taken, "{body}");
        }
        let number = answered(&family, 200, r#"{"responses":[{"response-code":1003}]}"#);
        assert!(matches!(number, Posted::Refused { kind: RefusalKind::Number, .. }));
        let credit = answered(&family, 200, r#"{"responses":[{"response-code":1004}]}"#);
        assert!(matches!(&credit, Posted::Refused { kind: RefusalKind::SetUp, said } if said.contains("1004")));
        assert!(matches!(answered(&family, 200, "<html>"), Posted::Unknown { .. }));
        assert!(matches!(answered(&family, 200, "{}"), Posted::Unknown { .. }));
    }

    #[test]
    fn a_status_says_whether_it_may_have_been_heard() {
        let plain = Success::default();
        let kind = |status| match answered(&plain, status, "so") {
            Posted::Refused { kind, .. } => Some(kind),
            Posted::Taken { .. } | Posted::Unknown { .. } | Posted::NotNow { .. } => None,
        };

        assert!(matches!(answered(&plain, 202, ""), Posted::Taken { reference: None, cost: None }));
        assert_eq!(kind(401), Some(RefusalKind::Keys));
        assert_eq!(kind(402), Some(RefusalKind::Balance));
        assert_eq!(kind(404), Some(RefusalKind::SetUp));
        assert_eq!(kind(302), Some(RefusalKind::SetUp));
        assert!(matches!(answered(&plain, 503, ""), Posted::NotNow { .. }));
        assert!(matches!(answered(&plain, 500, ""), Posted::Unknown { .. }));
        let only = Success { statuses: vec![201], text: Some("OK".to_owned()), ..Success::default() };
        assert!(matches!(answered(&only, 201, "1701 OK"), Posted::Taken { .. }));
        assert!(matches!(answered(&only, 201, "1702 no"), Posted::Refused { .. }));
        assert!(matches!(answered(&only, 200, "1701 OK"), Posted::Refused { .. }));
    }

    #[test]
    fn a_provider_that_repeats_what_it_was_sent_gives_nothing_away() {
        let body =
            r#"{"error":"bad","sent":{"k":"the-key","p":"pass word","to":"254712345678","m":"code \"7KQ2MXAB\""}}"#;

        let Posted::Refused { said, .. } = answered(&Success::default(), 400, body) else {
            panic!("it is refused");
        };

        for secret in ["the-key", "pass word", "254712345678", "7KQ2MXAB"] {
            assert!(!said.contains(secret), "{said}");
        }
        assert!(said.contains("bad"), "{said}");
    }
}
