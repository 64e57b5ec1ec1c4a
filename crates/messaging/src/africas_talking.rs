//! Africa's Talking: one form to one address, and a verdict for each telephone.

use domain::messages::message::{RefusalKind, Sms};
use domain::messages::provider::{PhoneForm, Provider};
use ports::messenger::Posted;
use serde_json::Value;

use crate::asking::{Heard, ask, clip};

/// Where messages are sent and paid for.
pub(crate) const PRODUCTION: &str = "https://api.africastalking.com";
/// Where nothing reaches a telephone.
pub(crate) const SANDBOX: &str = "https://api.sandbox.africastalking.com";

pub(crate) async fn send(
    client: &reqwest::Client,
    base: &str,
    username: &str,
    provider: &Provider,
    message: &Sms,
) -> Posted {
    let to = PhoneForm::Plus.write(&message.to, &provider.country);
    let mut form = vec![("username", username), ("to", &to), ("message", message.text.expose())];
    if let Some(sender) = &provider.sender {
        form.push(("from", sender.as_str()));
    }
    form.push(("bulkSMSMode", "1"));
    let body: Vec<String> =
        form.iter().map(|(name, value)| format!("{name}={}", crate::http_provider::percent(value))).collect();
    let request = client
        .post(format!("{base}/version1/messaging"))
        .header("apiKey", provider.keys.key.expose())
        .header("accept", "application/json")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.join("&"));
    match ask(request).await {
        Heard::NotReached(why) => Posted::NotNow { why },
        Heard::Broken(why) => Posted::Unknown { why },
        Heard::Answer { status, octets } => read(status, &octets),
    }
}

fn refused(kind: RefusalKind, said: &str) -> Posted {
    Posted::Refused { kind, said: clip(said) }
}

fn read(status: u16, octets: &[u8]) -> Posted {
    match status {
        200 | 201 => of_body(octets),
        401 | 403 => refused(RefusalKind::Keys, &format!("Africa's Talking answered {status}: {}", words(octets))),
        429 | 503 => Posted::NotNow { why: format!("Africa's Talking answered {status}") },
        500..=599 | 408 => Posted::Unknown { why: format!("Africa's Talking answered {status}") },
        _ => {
            let text = words(octets);
            refused(named(&text).unwrap_or(RefusalKind::SetUp), &format!("Africa's Talking answered {status}: {text}"))
        }
    }
}

fn words(octets: &[u8]) -> String {
    clip(String::from_utf8_lossy(octets).trim()).chars().take(100).collect()
}

fn of_body(octets: &[u8]) -> Posted {
    let unreadable = || Posted::Unknown { why: "Africa's Talking answered what cannot be read".to_owned() };
    let Ok(whole) = serde_json::from_slice::<Value>(octets) else { return unreadable() };
    let data = &whole["SMSMessageData"];
    let Some(recipient) = data["Recipients"].as_array().and_then(|all| all.first()) else {
        // Nobody was sent anything: why stands in words alone.
        return match data["Message"].as_str() {
            Some(text) => {
                refused(named(text).unwrap_or(RefusalKind::SetUp), &format!("Africa's Talking says: {}", clip(text)))
            }
            None => unreadable(),
        };
    };
    let code = match &recipient["statusCode"] {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let text = |name: &str| recipient[name].as_str().filter(|text| !text.is_empty() && *text != "None").map(clip);
    let said = format!(
        "Africa's Talking says {} {}",
        code.map(|code| code.to_string()).unwrap_or_default(),
        text("status").unwrap_or_default()
    );
    match code {
        Some(100..=102) => Posted::Taken { reference: text("messageId"), cost: text("cost") },
        Some(401) => refused(RefusalKind::Held, &said),
        Some(402) => refused(RefusalKind::Sender, &said),
        Some(403 | 404 | 406 | 409) => refused(RefusalKind::Number, &said),
        Some(405) => refused(RefusalKind::Balance, &said),
        Some(407 | 500..=502) => Posted::NotNow { why: said },
        Some(_) | None => Posted::Unknown { why: said },
    }
}

/// What its words for a whole request mean.
fn named(text: &str) -> Option<RefusalKind> {
    let plain: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let means = [
        ("invalidsenderid", RefusalKind::Sender),
        ("insufficientbalance", RefusalKind::Balance),
        ("insufficientcredit", RefusalKind::Balance),
        ("authentication", RefusalKind::Keys),
        ("invalidphonenumber", RefusalKind::Number),
        ("unsupportednumbertype", RefusalKind::Number),
        ("userinblacklist", RefusalKind::Number),
        ("donotdisturb", RefusalKind::Number),
        ("riskhold", RefusalKind::Held),
    ];
    means.into_iter().find(|(word, _)| plain.contains(word)).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: &str) -> Posted {
        let body = format!(
            r#"{{"SMSMessageData":{{"Message":"Sent","Recipients":[{{"statusCode":{code},"number":"+254708374149",
                "status":"Word","cost":"KES 0.8000","messageId":"ATXid_1"}}]}}}}"#
        );
        read(201, body.as_bytes())
    }

    fn kind(posted: &Posted) -> Option<RefusalKind> {
        match posted {
            Posted::Refused { kind, .. } => Some(*kind),
            Posted::Taken { .. } | Posted::Unknown { .. } | Posted::NotNow { .. } => None,
        }
    }

    #[test]
    fn each_documented_code_means_what_it_says() {
        for taken in ["100", "101", "102", "\"101\""] {
            let reference = Some("ATXid_1".to_owned());
            assert_eq!(said(taken), Posted::Taken { reference, cost: Some("KES 0.8000".to_owned()) }, "{taken}");
        }
        for (code, expected) in [
            ("401", RefusalKind::Held),
            ("402", RefusalKind::Sender),
            ("403", RefusalKind::Number),
            ("404", RefusalKind::Number),
            ("405", RefusalKind::Balance),
            ("406", RefusalKind::Number),
            ("409", RefusalKind::Number),
        ] {
            assert_eq!(kind(&said(code)), Some(expected), "{code}");
        }
        for later in ["407", "500", "501", "502"] {
            assert!(matches!(said(later), Posted::NotNow { .. }), "{later}");
        }
        for strange in ["999", "null", "\"x\""] {
            assert!(matches!(said(strange), Posted::Unknown { .. }), "{strange}");
        }
    }

    #[test]
    fn a_good_status_without_recipients_is_a_refusal() {
        let body = |text: &str| format!(r#"{{"SMSMessageData":{{"Message":"{text}","Recipients":[]}}}}"#);

        assert_eq!(kind(&read(201, body("InvalidSenderId").as_bytes())), Some(RefusalKind::Sender));
        assert_eq!(kind(&read(201, body("Insufficient Balance").as_bytes())), Some(RefusalKind::Balance));
        assert_eq!(kind(&read(201, body("something else").as_bytes())), Some(RefusalKind::SetUp));
        for unreadable in [&b"<html>"[..], b"{}", b"[]", b""] {
            assert!(matches!(read(201, unreadable), Posted::Unknown { .. }));
        }
    }

    #[test]
    fn a_status_says_whether_it_may_have_been_heard() {
        assert_eq!(kind(&read(401, b"The supplied authentication is invalid")), Some(RefusalKind::Keys));
        assert_eq!(kind(&read(400, b"Must have username in your request")), Some(RefusalKind::SetUp));
        assert_eq!(kind(&read(302, b"")), Some(RefusalKind::SetUp));
        assert!(matches!(read(503, b""), Posted::NotNow { .. }));
        assert!(matches!(read(429, b""), Posted::NotNow { .. }));
        assert!(matches!(read(500, b""), Posted::Unknown { .. }));
        assert!(matches!(read(502, b""), Posted::Unknown { .. }));
    }
}
