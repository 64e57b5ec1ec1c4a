//! Setting a gateway up: whether its keys are good, and where M-Pesa tells of money that comes.

use domain::money::claim::FailureKind;
use domain::money::gateway::GatewayAccount;
use domain::phone::Msisdn;
use ports::gateway::Answer;
use reqwest::Method;
use serde_json::{Value, json};

use super::call::Said;
use super::fault::{Fault, FaultKind};
use super::reading::{clip, member, word};
use super::settings::Confirmations;
use super::{Mpesa, initiated, refusal, unanswered, wording};

/// Asks to be told of all money that comes to the shortcode.
pub(super) async fn register(mpesa: &Mpesa, account: &GatewayAccount) -> Answer<()> {
    if let Some(fault) = wording::callback_fault(account) {
        return Answer::No(refusal(FailureKind::Misconfigured, &fault));
    }
    let path = match mpesa.settings.confirmations {
        Confirmations::Hashed => "/mpesa/c2b/v1/registerurl",
        Confirmations::Masked => "/mpesa/c2b/v2/registerurl",
    };
    let body = json!({
        "ShortCode": account.shortcode.as_str(),
        // What M-Pesa does when we do not answer in time: it takes the money, which we shall hear of.
        "ResponseType": "Completed",
        "ConfirmationURL": format!("{}/c", account.callback_base),
        "ValidationURL": format!("{}/v", account.callback_base),
    });
    match mpesa.call(account, Method::POST, path, &body).await {
        Said::Good(answer) => match word(member(&answer, "ResponseCode")) {
            Some(code) if code.bytes().all(|octet| octet == b'0') => Answer::Said(()),
            Some(code) => {
                let words = word(member(&answer, "ResponseDescription")).unwrap_or_default();
                let failure = refusal(FailureKind::Misconfigured, &words);
                Answer::No(domain::money::claim::Failure { code: clip(&code, 40), ..failure })
            }
            None => unanswered(Said::Good(answer)),
        },
        said @ (Said::Fault(_) | Said::NotReached(_) | Said::Broken(_)) => unanswered(said),
    }
}

/// Asks that the books be open to us: once for a shortcode.
pub(super) async fn register_books(mpesa: &Mpesa, account: &GatewayAccount, telephone: &Msisdn) -> Answer<()> {
    if let Some(fault) = wording::callback_fault(account) {
        return Answer::No(refusal(FailureKind::Misconfigured, &fault));
    }
    let Some(telephone) = wording::number(telephone) else {
        let said = "M-Pesa wants the Safaricom number that the shortcode is tied to, as 0712345678";
        return Answer::No(refusal(FailureKind::Misconfigured, said));
    };
    let body = json!({
        "ShortCode": account.shortcode.as_str(),
        "RequestType": "Pull",
        "NominatedNumber": telephone,
        "CallBackURL": format!("{}/c", account.callback_base),
    });
    match mpesa.call(account, Method::POST, "/pulltransactions/v1/register", &body).await {
        Said::Good(answer) => books_are_open(&answer),
        said @ (Said::Fault(_) | Said::NotReached(_) | Said::Broken(_)) => unanswered(said),
    }
}

/// `1000` is done, `1001` was done before.
fn books_are_open(answer: &Value) -> Answer<()> {
    let code = word(member(answer, "ResponseStatus")).or_else(|| word(member(answer, "ResponseCode")));
    match code.as_deref() {
        Some("1000" | "1001") => Answer::Said(()),
        Some(code) => {
            let words = word(member(answer, "ResponseDescription")).unwrap_or_default();
            let failure = refusal(FailureKind::Misconfigured, &words);
            Answer::No(domain::money::claim::Failure { code: clip(code, 40), ..failure })
        }
        None => unanswered(Said::Fault(Fault::unreadable())),
    }
}

/// Whether the keys open the door, and whether shortcode and passkey belong together.
///
/// The second is asked by looking up a prompt that never was: M-Pesa looks at the password before it looks for it.
pub(super) async fn try_keys(mpesa: &Mpesa, account: &GatewayAccount) -> Answer<()> {
    if let Some(fault) = wording::callback_fault(account) {
        return Answer::No(refusal(FailureKind::Misconfigured, &fault));
    }
    if account.keys.initiator.is_some()
        && let Err(why) = initiated::credential(mpesa, account)
    {
        return Answer::Unable { why };
    }
    match mpesa.open_the_door(account).await {
        Said::Good(_) => {}
        said @ (Said::Fault(_) | Said::NotReached(_) | Said::Broken(_)) => return unanswered(said),
    }
    let timestamp = wording::digits_of(mpesa.clock.now());
    let body = json!({
        "BusinessShortCode": account.shortcode.as_str(),
        "Password": wording::password(account, &timestamp),
        "CheckoutRequestID": format!("ws_CO_{timestamp}000254700000000"),
        "Timestamp": timestamp,
    });
    match mpesa.call(account, Method::POST, "/mpesa/stkpushquery/v1/query", &body).await {
        Said::Good(_) => Answer::Said(()),
        Said::Fault(Fault { kind: FaultKind::Field | FaultKind::InProgress | FaultKind::Locked, .. }) => {
            Answer::Said(())
        }
        said @ (Said::Fault(_) | Said::NotReached(_) | Said::Broken(_)) => unanswered(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn books_that_are_open_already_are_open() {
        for good in [
            json!({ "ResponseRefID": "1", "ResponseStatus": "1000", "ShortCode": "600999" }),
            json!({ "Response Status": 1001, "ResponseDescription": "Shortcode already Registered" }),
        ] {
            assert_eq!(books_are_open(&good), Answer::Said(()), "{good}");
        }
        let refused = json!({ "ResponseStatus": "1005", "ResponseDescription": "Invalid number" });
        let Answer::No(failure) = books_are_open(&refused) else { panic!("it is refused") };
        assert_eq!((failure.code.as_str(), failure.words.as_str()), ("1005", "Invalid number"));
        assert!(matches!(books_are_open(&json!({})), Answer::NotNow { .. }));
    }
}
