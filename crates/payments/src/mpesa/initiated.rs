//! What an operator of the ISP may ask: what became of a receipt, to give money back, the balance. The answers come later,
//! to the address for results.

use domain::money::Money;
use domain::money::claim::{FailureKind, Receipt};
use domain::money::gateway::{GatewayAccount, Initiator};
use ports::gateway::Answer;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::call::Said;
use super::reading::{clip, member, word};
use super::{Mpesa, refusal, unanswered, wording};

/// What became of money with a receipt.
pub(super) async fn status<T>(mpesa: &Mpesa, account: &GatewayAccount, receipt: &Receipt) -> Answer<T> {
    let fields = json!({
        "CommandID": "TransactionStatusQuery",
        "TransactionID": receipt.as_str(),
        "PartyA": account.shortcode.as_str(),
        "IdentifierType": "4",
        "Remarks": "Look up",
        "Occasion": "",
    });
    ask(mpesa, account, "/mpesa/transactionstatus/v1/query", fields).await
}

/// Gives money back, whole. M-Pesa gives it back once, however often it is asked.
pub(super) async fn reverse<T>(
    mpesa: &Mpesa,
    account: &GatewayAccount,
    receipt: &Receipt,
    amount: Money,
    remarks: &str,
) -> Answer<T> {
    let shillings = match wording::whole_shillings(amount) {
        Ok(shillings) => shillings,
        Err(why) => return Answer::No(refusal(FailureKind::Misconfigured, why)),
    };
    let fields = json!({
        "CommandID": "TransactionReversal",
        "TransactionID": receipt.as_str(),
        "Amount": shillings,
        "ReceiverParty": account.shortcode.as_str(),
        // Spelt as M-Pesa spells it.
        "RecieverIdentifierType": "11",
        "Remarks": wording::remarks(remarks),
        "Occasion": "",
    });
    ask(mpesa, account, "/mpesa/reversal/v1/request", fields).await
}

/// What is in the ISP's accounts.
pub(super) async fn balance<T>(mpesa: &Mpesa, account: &GatewayAccount) -> Answer<T> {
    let fields = json!({
        "CommandID": "AccountBalance",
        "PartyA": account.shortcode.as_str(),
        "IdentifierType": "4",
        "Remarks": "Balance",
    });
    ask(mpesa, account, "/mpesa/accountbalance/v1/query", fields).await
}

async fn ask<T>(mpesa: &Mpesa, account: &GatewayAccount, path: &str, fields: Value) -> Answer<T> {
    let (initiator, credential) = match credential(mpesa, account) {
        Ok(both) => both,
        Err(why) => return Answer::Unable { why },
    };
    if let Some(fault) = wording::callback_fault(account) {
        return Answer::No(refusal(FailureKind::Misconfigured, &fault));
    }
    let mut body = match fields {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    };
    body.insert("Initiator".to_owned(), initiator.name.as_str().into());
    body.insert("SecurityCredential".to_owned(), credential.into());
    body.insert("ResultURL".to_owned(), format!("{}/r", account.callback_base).into());
    body.insert("QueueTimeOutURL".to_owned(), format!("{}/t", account.callback_base).into());
    match mpesa.call(account, Method::POST, path, &Value::Object(body)).await {
        Said::Good(answer) => acknowledged(answer),
        said @ (Said::Fault(_) | Said::NotReached(_) | Said::Broken(_)) => unanswered(said),
    }
}

fn acknowledged<T>(answer: Value) -> Answer<T> {
    let code = word(member(&answer, "ResponseCode"));
    match (code.as_deref(), conversation_of(&answer)) {
        (Some("0") | None, Some(conversation)) => Answer::Later { conversation },
        (Some(code), _) if code != "0" => {
            let words = word(member(&answer, "ResponseDescription")).unwrap_or_default();
            let failure = refusal(FailureKind::Misconfigured, &words);
            Answer::No(domain::money::claim::Failure { code: clip(code, 40), ..failure })
        }
        (_, _) => unanswered(Said::Good(answer)),
    }
}

/// The number under which an answer comes.
pub(super) fn conversation_of(value: &Value) -> Option<String> {
    let good = |text: &String| text.len() <= 100 && text.bytes().all(|octet| octet.is_ascii_graphic());
    word(member(value, "ConversationID")).filter(good)
}

/// Who asks, and their password as M-Pesa wants it; or the sentence that says what is missing.
pub(super) fn credential<'a>(mpesa: &Mpesa, account: &'a GatewayAccount) -> Result<(&'a Initiator, String), String> {
    let initiator = account.keys.initiator.as_ref().ok_or_else(|| {
        "this needs an initiator: add an operator of the API kind in the M-Pesa portal, and give its name and password here"
            .to_owned()
    })?;
    let place = mpesa.place(account.environment);
    let certificate = place.certificate.as_ref().ok_or_else(|| {
        format!(
            "the operator of this server has not set M-Pesa's {} certificate, which the initiator's password is encrypted \
             for",
            account.environment.code()
        )
    })?;
    let credential = certificate.encrypt(&initiator.password).ok_or_else(|| {
        "the initiator's password is too long or empty: set a new one in the M-Pesa portal and give it here".to_owned()
    })?;
    Ok((initiator, credential))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_names_where_the_answer_comes() {
        let later = Answer::<()>::Later { conversation: "AG_20260115_1".to_owned() };

        assert_eq!(acknowledged(json!({ "ConversationID": "AG_20260115_1", "ResponseCode": "0" })), later);
        assert_eq!(acknowledged(json!({ "Conversation ID": "AG_20260115_1", "ResponseCode": 0 })), later);
        assert!(matches!(acknowledged::<()>(json!({ "ResponseCode": "2001", "ConversationID": "a" })), Answer::No(_)));
        assert!(matches!(acknowledged::<()>(json!({ "ResponseCode": "0" })), Answer::NotNow { .. }));
    }
}
