//! Pictures that M-Pesa's own app scans.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::money::Money;
use domain::money::claim::FailureKind;
use domain::money::gateway::{GatewayAccount, PayTo};
use ports::gateway::Answer;
use reqwest::Method;
use serde_json::json;

use super::call::Said;
use super::reading::{clip, member, word};
use super::{Mpesa, refusal, unanswered, wording};

/// What every PNG begins with.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Pixels of each side.
const SIZE_PIXELS: &str = "300";

/// A picture for an amount and an account.
pub(super) async fn picture(
    mpesa: &Mpesa,
    account: &GatewayAccount,
    merchant: &str,
    reference: &str,
    amount: Money,
) -> Answer<Vec<u8>> {
    let wrong = |words: &str| Answer::No(refusal(FailureKind::Misconfigured, words));
    let shillings = match wording::whole_shillings(amount) {
        Ok(shillings) => shillings,
        Err(why) => return wrong(why),
    };
    let Some(reference) = wording::reference(reference) else {
        return wrong("the reference has neither letters nor digits");
    };
    let kind = match account.pay_to {
        PayTo::Paybill => "PB",
        PayTo::Till(_) => "BG",
    };
    let body = json!({
        "MerchantName": clip(&wording::remarks(merchant), 50),
        "RefNo": reference,
        "Amount": shillings,
        "TrxCode": kind,
        "CPI": wording::receiver(account).as_str(),
        "Size": SIZE_PIXELS,
    });
    match mpesa.call(account, Method::POST, "/mpesa/qrcode/v1/generate", &body).await {
        Said::Good(answer) => {
            let octets = word(member(&answer, "QRCode")).and_then(|text| STANDARD.decode(text).ok());
            match octets.filter(|octets| octets.starts_with(PNG)) {
                Some(octets) => Answer::Said(octets),
                None => Answer::NotNow { why: "M-Pesa answered without a picture".to_owned() },
            }
        }
        said @ (Said::Fault(_) | Said::NotReached(_) | Said::Broken(_)) => unanswered(said),
    }
}
