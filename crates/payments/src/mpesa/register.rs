//! Setting a gateway up: whether its keys are good, and where M-Pesa tells of money that comes.

use domain::money::claim::FailureKind;
use domain::money::gateway::GatewayAccount;
use ports::gateway::Answer;
use reqwest::Method;
use serde_json::json;

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
