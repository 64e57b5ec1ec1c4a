//! Prompts on telephones: asked for once, and looked up until they have ended.

use domain::money::claim::{Ended, Failure, FailureKind, Payer};
use domain::money::gateway::{GatewayAccount, PayTo};
use domain::time::Timestamp;
use ports::gateway::{Answer, Prompt, Prompted};
use reqwest::Method;
use serde_json::{Value, json};

use super::call::Said;
use super::fault::{Fault, FaultKind};
use super::reading::{clip, member, word};
use super::{Mpesa, refusal, unanswered, wording};

/// Characters of M-Pesa's numbers of a prompt.
const NUMBER_MAX: usize = 100;

/// Asks for a prompt, once. A second try is made only where M-Pesa did not take our token.
pub(super) async fn prompt(mpesa: &Mpesa, account: &GatewayAccount, prompt: &Prompt<'_>) -> Prompted {
    let body = match request(account, prompt) {
        Ok(body) => body,
        Err(failure) => return Prompted::Refused(failure),
    };
    match mpesa.call(account, Method::POST, "/mpesa/stkpush/v1/processrequest", &body).await {
        Said::Good(answer) => accepted(&answer),
        Said::Fault(fault) => refused(fault),
        Said::NotReached(why) => Prompted::NotNow { why },
        Said::Broken(why) => Prompted::Unknown { why },
    }
}

fn request(account: &GatewayAccount, prompt: &Prompt<'_>) -> Result<Value, Failure> {
    let wrong = |words: &str| refusal(FailureKind::Misconfigured, words);
    let shillings = wording::whole_shillings(prompt.amount).map_err(wrong)?;
    let number = wording::number(prompt.phone).ok_or_else(|| {
        refusal(FailureKind::Unreachable, "M-Pesa knows Kenyan mobile numbers alone, as 0712 345 678 or 0112 345 678")
    })?;
    let reference =
        wording::reference(prompt.reference).ok_or_else(|| wrong("the reference has neither letters nor digits"))?;
    if let Some(fault) = wording::callback_fault(account) {
        return Err(wrong(&fault));
    }
    let timestamp = wording::digits_of(prompt.now);
    let kind = match account.pay_to {
        PayTo::Paybill => "CustomerPayBillOnline",
        PayTo::Till(_) => "CustomerBuyGoodsOnline",
    };
    Ok(json!({
        "BusinessShortCode": account.shortcode.as_str(),
        "Password": wording::password(account, &timestamp),
        "Timestamp": timestamp,
        "TransactionType": kind,
        "Amount": shillings,
        "PartyA": number,
        "PartyB": wording::receiver(account).as_str(),
        "PhoneNumber": number,
        "CallBackURL": format!("{}/{}/p", account.callback_base, prompt.token),
        "AccountReference": reference,
        "TransactionDesc": wording::description(prompt.description),
    }))
}

fn accepted(answer: &Value) -> Prompted {
    let code = word(member(answer, "ResponseCode"));
    let checkout = checkout_of(answer);
    let said = word(member(answer, "ResponseDescription")).unwrap_or_default();
    match (code.as_deref(), checkout) {
        (Some("0"), Some(checkout)) => {
            let merchant = word(member(answer, "MerchantRequestID")).unwrap_or_default();
            Prompted::Sent { checkout, merchant: clip(&merchant, NUMBER_MAX) }
        }
        (Some(code), None) if code != "0" => Prompted::Refused(Failure {
            kind: ending(code).unwrap_or(FailureKind::GatewayBusy),
            code: clip(code, 40),
            words: clip(&said, Fault::WORDS_MAX),
        }),
        (_, _) => Prompted::Unknown { why: clip(&format!("M-Pesa's answer cannot be read: {said}"), 200) },
    }
}

fn refused(fault: Fault) -> Prompted {
    match fault.kind {
        FaultKind::NotNow => Prompted::NotNow { why: fault.words() },
        // It broke after it was heard, or another piece of it is being worked on: a prompt may appear.
        FaultKind::Unclear | FaultKind::InProgress => Prompted::Unknown { why: fault.words() },
        FaultKind::Token
        | FaultKind::Keys
        | FaultKind::Product
        | FaultKind::Field
        | FaultKind::Phone
        | FaultKind::Locked
        | FaultKind::Shortcode
        | FaultKind::Registered
        | FaultKind::RegisteredElsewhere
        | FaultKind::Shape
        | FaultKind::NoSuchCall
        | FaultKind::Barred => Prompted::Refused(fault.into_failure()),
    }
}

/// Asks what became of a prompt.
pub(super) async fn look_up(mpesa: &Mpesa, account: &GatewayAccount, checkout: &str, now: Timestamp) -> Answer<Ended> {
    let timestamp = wording::digits_of(now);
    let body = json!({
        "BusinessShortCode": account.shortcode.as_str(),
        "Password": wording::password(account, &timestamp),
        "Timestamp": timestamp,
        "CheckoutRequestID": checkout,
    });
    match mpesa.call(account, Method::POST, "/mpesa/stkpushquery/v1/query", &body).await {
        Said::Good(answer) => Answer::Said(looked_up(checkout, &answer)),
        Said::Fault(fault) => match fault.kind {
            // It comes too early, or is being worked on.
            FaultKind::InProgress | FaultKind::Locked | FaultKind::Field => {
                Answer::Said(Ended::Open { said: fault.words() })
            }
            FaultKind::Token
            | FaultKind::Keys
            | FaultKind::Product
            | FaultKind::Phone
            | FaultKind::Shortcode
            | FaultKind::Registered
            | FaultKind::RegisteredElsewhere
            | FaultKind::NotNow
            | FaultKind::Shape
            | FaultKind::NoSuchCall
            | FaultKind::Barred
            | FaultKind::Unclear => unanswered(Said::Fault(fault)),
        },
        said @ (Said::NotReached(_) | Said::Broken(_)) => unanswered(said),
    }
}

fn looked_up(checkout: &str, answer: &Value) -> Ended {
    if word(member(answer, "CheckoutRequestID")).is_some_and(|other| other != checkout) {
        return Ended::Open { said: "M-Pesa answered for another prompt".to_owned() };
    }
    let words = word(member(answer, "ResultDesc")).or_else(|| word(member(answer, "ResponseDescription")));
    let words = words.unwrap_or_default();
    match (word(member(answer, "ResponseCode")).as_deref(), word(member(answer, "ResultCode"))) {
        (Some("0") | None, Some(code)) if code == "0" => {
            Ended::Paid { receipt: None, amount: None, at: None, payer: Payer::default() }
        }
        (Some("0") | None, Some(code)) => unpaid(&code, &words),
        (code, _) => Ended::Open { said: clip(&format!("{} {words}", code.unwrap_or_default()), 200) },
    }
}

/// M-Pesa's number of a prompt, if it can be one.
pub(super) fn checkout_of(value: &Value) -> Option<String> {
    let good = |text: &String| text.len() <= NUMBER_MAX && text.bytes().all(|octet| octet.is_ascii_graphic());
    word(member(value, "CheckoutRequestID")).filter(good)
}

/// How a prompt ended whose result is not 0: failed only where the code is in the list of what ends one.
pub(super) fn unpaid(code: &str, words: &str) -> Ended {
    match ending(code) {
        Some(kind) => Ended::Failed(Failure { kind, code: clip(code, 40), words: clip(words, Fault::WORDS_MAX) }),
        None => Ended::Open { said: clip(&format!("{code} {words}"), 200) },
    }
}

/// What ends a prompt without money. Everything else is open: a code that nobody has explained is no failure.
fn ending(code: &str) -> Option<FailureKind> {
    Some(match code {
        "1" => FailureKind::NoFunds,
        "1001" => FailureKind::Busy,
        "1019" => FailureKind::Expired,
        "1032" => FailureKind::Cancelled,
        "1037" => FailureKind::Unreachable,
        "2001" => FailureKind::WrongPin,
        "17" => FailureKind::TooSoon,
        // The payer's limits, and lines that are blocked.
        "3" | "4" | "11" | "8006" => FailureKind::Limit,
        // The prompt could not be sent.
        "1025" | "9999" => FailureKind::GatewayBusy,
        // Too little, a shortcode that is full, a product or till that does not fit.
        "2" | "8" | "2028" | "SFC_IC0003" => FailureKind::Misconfigured,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use domain::money::gateway::Environment;
    use domain::money::{Currency, Money};
    use domain::phone::{CallingCode, Msisdn};

    use super::super::samples::account;
    use super::*;

    #[test]
    fn a_push_is_the_one_of_the_manual() {
        let phone = Msisdn::parse(b"0708374149", &CallingCode::kenya()).expect("good");
        let prompt = Prompt {
            phone: &phone,
            amount: Money::from_minor(2_000, Currency::KES),
            reference: "H7K2M9QX",
            description: "WiFi 1 day",
            token: "7f3a0c",
            now: "2026-01-15T06:30:00Z".parse().expect("good"),
        };
        let paybill = account("https://pay.example.net/cb/00ff", Environment::Production);
        let till = GatewayAccount {
            pay_to: PayTo::Till("512345".parse().expect("good")),
            ..account("https://pay.example.net/cb/00ff", Environment::Production)
        };

        let body = request(&paybill, &prompt).expect("whole");

        assert_eq!(
            body,
            json!({ "BusinessShortCode": "174379", "Timestamp": "20260115093000",
                "Password": "MTc0Mzc5YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZiNzJhZGExZWQyYzkxOTIw\
                             MjYwMTE1MDkzMDAw",
                "TransactionType": "CustomerPayBillOnline", "Amount": 20, "PartyA": "254708374149", "PartyB": "174379",
                "PhoneNumber": "254708374149", "CallBackURL": "https://pay.example.net/cb/00ff/7f3a0c/p",
                "AccountReference": "H7K2M9QX", "TransactionDesc": "WiFi 1 day" })
        );
        let of_till = request(&till, &prompt).expect("whole");
        assert_eq!(
            (&of_till["TransactionType"], &of_till["PartyB"]),
            (&json!("CustomerBuyGoodsOnline"), &json!("512345"))
        );
        assert_eq!(of_till["BusinessShortCode"], "174379", "the passkey is the store's");
        let in_the_clear = account("http://pay.example.net/cb/00ff", Environment::Production);
        assert!(request(&in_the_clear, &prompt).is_err(), "callbacks of real money come over TLS");
    }

    #[test]
    fn only_what_is_known_to_end_a_prompt_ends_it() {
        for (code, kind) in [
            ("1", FailureKind::NoFunds),
            ("2", FailureKind::Misconfigured),
            ("3", FailureKind::Limit),
            ("4", FailureKind::Limit),
            ("8", FailureKind::Misconfigured),
            ("11", FailureKind::Limit),
            ("17", FailureKind::TooSoon),
            ("1001", FailureKind::Busy),
            ("1019", FailureKind::Expired),
            ("1025", FailureKind::GatewayBusy),
            ("9999", FailureKind::GatewayBusy),
            ("1032", FailureKind::Cancelled),
            ("1037", FailureKind::Unreachable),
            ("2001", FailureKind::WrongPin),
            ("2028", FailureKind::Misconfigured),
            ("8006", FailureKind::Limit),
            ("SFC_IC0003", FailureKind::Misconfigured),
        ] {
            assert!(matches!(unpaid(code, "no"), Ended::Failed(failure) if failure.kind == kind), "{code}");
        }
        for code in ["26", "4999", "1031", "", "00", "-1", "sfc", "100000001", "0"] {
            assert!(matches!(unpaid(code, "who knows"), Ended::Open { .. }), "{code}");
        }
    }

    #[test]
    fn an_acceptance_is_believed_only_when_it_is_whole() {
        let good = json!({ "MerchantRequestID": "2f1e", "CheckoutRequestID": "ws_CO_1", "ResponseCode": "0" });
        let sent = Prompted::Sent { checkout: "ws_CO_1".to_owned(), merchant: "2f1e".to_owned() };

        assert_eq!(accepted(&good), sent);
        assert_eq!(
            accepted(&json!({ "CheckoutRequestID": "ws_CO_1", "MerchantRequestID": "2f1e", "ResponseCode": 0 })),
            sent
        );
        for unclear in [
            json!({ "ResponseCode": "0" }),
            json!({ "ResponseCode": "0", "CheckoutRequestID": "a\nb" }),
            json!({ "ResponseCode": "7", "CheckoutRequestID": "ws_CO_1" }),
            json!({}),
        ] {
            assert!(matches!(accepted(&unclear), Prompted::Unknown { .. }), "{unclear}");
        }
        assert!(matches!(accepted(&json!({ "ResponseCode": "7" })), Prompted::Refused(_)));
    }

    #[test]
    fn a_look_up_tells_paid_from_unpaid_and_from_unknown() {
        let said = |result: Value| {
            looked_up("ws_CO_1", &json!({ "ResponseCode": "0", "ResultCode": result, "ResultDesc": "x" }))
        };

        assert!(matches!(said(json!("0")), Ended::Paid { receipt: None, amount: None, .. }));
        assert!(matches!(said(json!(0)), Ended::Paid { .. }));
        assert!(matches!(said(json!("1032")), Ended::Failed(_)));
        assert!(matches!(said(json!("4999")), Ended::Open { .. }));
        assert!(matches!(looked_up("ws_CO_1", &json!({ "ResponseCode": "1", "ResultCode": "0" })), Ended::Open { .. }));
        assert!(matches!(looked_up("ws_CO_1", &json!({ "ResponseCode": "0" })), Ended::Open { .. }));
        let other = json!({ "CheckoutRequestID": "ws_CO_2", "ResponseCode": "0", "ResultCode": "0" });
        assert!(matches!(looked_up("ws_CO_1", &other), Ended::Open { .. }), "another prompt's answer proves nothing");
    }
}
