//! What M-Pesa writes in callbacks, as its manual shows it: numbers as numbers and as texts, and keys without values.

use domain::money::claim::CallbackKind;
use domain::time::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::books::{Taken, digits_of, receipt};
use super::state::{Ending, Letter, Prompt, Shop, Urls};

/// The words of a result.
pub(super) fn words_of(code: &str) -> &'static str {
    match code {
        "0" => "The service request is processed successfully.",
        "1" => "The balance is insufficient for the transaction.",
        "17" => "Rule limited.",
        "1019" => "Transaction has expired.",
        "1032" => "Request cancelled by user.",
        "1037" => "DS timeout user cannot be reached.",
        "2001" => "The initiator information is invalid.",
        "2028" => "The request is not permitted according to product assignment.",
        "20" => "The initiator cannot be found.",
        "21" => "The initiator is not allowed to initiate this request.",
        "R000001" => "The transaction has already been reversed.",
        "R000002" => "The OriginalTransactionID is invalid.",
        "SFC_IC0003" => "The operator does not exist.",
        _ => "The request failed.",
    }
}

/// What became of a prompt.
pub(super) fn ended(prompt: &Prompt, ending: &Ending, told_shillings: i64) -> Letter {
    let mut callback = json!({
        "MerchantRequestID": prompt.merchant,
        "CheckoutRequestID": prompt.checkout,
        "ResultCode": ending.code.parse::<i64>().map_or_else(|_| json!(ending.code), |code| json!(code)),
        "ResultDesc": words_of(ending.code),
    });
    if let Some(receipt) = &ending.receipt {
        callback["CallbackMetadata"] = metadata(told_shillings, receipt, &prompt.phone, ending.at);
    }
    let body = json!({ "Body": { "stkCallback": callback } }).to_string();
    Letter { kind: CallbackKind::Prompt, url: prompt.callback.clone(), body, is_forged: false }
}

fn metadata(shillings: i64, receipt: &str, phone: &str, at: Timestamp) -> Value {
    let number = |text: &str| text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number));
    json!({ "Item": [
        { "Name": "Amount", "Value": format!("{shillings}.0").parse::<f64>().unwrap_or(0.0) },
        { "Name": "MpesaReceiptNumber", "Value": receipt },
        { "Name": "Balance" },
        { "Name": "TransactionDate", "Value": number(&digits_of(at)) },
        { "Name": "PhoneNumber", "Value": number(phone) },
    ] })
}

/// A callback of success by somebody who knows the address and the prompt, and has not paid.
pub(super) fn forged(prompt: &Prompt, now: Timestamp, serial: u64) -> Letter {
    let ending = Ending { code: "0", receipt: Some(receipt(now, serial)), at: now };
    Letter { is_forged: true, ..ended(prompt, &ending, prompt.shillings) }
}

/// Money that came, or is about to.
pub(super) fn transfer(taken: &Taken, shop: &Shop, urls: &Urls, kind: CallbackKind) -> String {
    let is_till = shop.business.till.is_some();
    let balance = if kind == CallbackKind::Validation { String::new() } else { format!("{}.00", shop.shillings) };
    json!({
        "TransactionType": if is_till { "Buy Goods" } else { "Pay Bill" },
        "TransID": taken.receipt,
        "TransTime": digits_of(taken.at),
        "TransAmount": format!("{}.{:02}", taken.amount.minor() / 100, taken.amount.minor() % 100),
        "BusinessShortCode": shop.business.till.as_ref().unwrap_or(&shop.business.shortcode),
        "BillRefNumber": if is_till { "" } else { taken.account.as_str() },
        "InvoiceNumber": "",
        "OrgAccountBalance": balance,
        "ThirdPartyTransID": "",
        "MSISDN": if urls.hashes { hashed(&taken.phone) } else { masked(&taken.phone) },
        "FirstName": "JANE",
        "MiddleName": "",
        "LastName": "",
    })
    .to_string()
}

/// A number as version 1 hides it.
pub(super) fn hashed(number: &str) -> String {
    hex::encode(Sha256::digest(number.as_bytes()))
}

/// A number as version 2 hides it.
pub(super) fn masked(number: &str) -> String {
    let head = number.get(..4).unwrap_or_default();
    let tail = number.get(number.len().saturating_sub(3)..).unwrap_or_default();
    format!("{head} ***** {tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_hidden_as_the_manual_shows() {
        assert_eq!(hashed("254708374149"), "bbff37cea44ac0b2d964ee0dfb8d2df8513dc7ba1b36129a929fc3fbd6dd4af4");
        assert_eq!(masked("254708374126"), "2547 ***** 126");
    }
}
