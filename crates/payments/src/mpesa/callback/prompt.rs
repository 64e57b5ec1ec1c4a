//! What became of a prompt, as its callback has it. It names neither the account nor the shortcode.

use domain::money::claim::{Claim, Ended, Payer};
use ports::gateway::Unreadable;
use serde_json::Value;

use super::super::reading::{clip, list, member, moment, shillings, word};
use super::super::stk;
use super::unreadable;

/// Things of one callback that are read.
const ITEMS_MAX: usize = 50;

pub(super) fn read(body: &Value) -> Result<Claim, Unreadable> {
    let callback = member(body, "Body").and_then(|body| member(body, "stkCallback"));
    let callback = callback.ok_or_else(|| unreadable("it has no `Body.stkCallback`"))?;
    let checkout = stk::checkout_of(callback).ok_or_else(|| unreadable("it names no prompt"))?;
    let code = word(member(callback, "ResultCode")).ok_or_else(|| unreadable("it has no result"))?;
    let words = word(member(callback, "ResultDesc")).unwrap_or_default();
    let ended = if code == "0" { paid(callback) } else { stk::unpaid(&code, &words) };
    Ok(Claim::Prompt { checkout, ended })
}

fn paid(callback: &Value) -> Ended {
    let items = list(member(callback, "CallbackMetadata").and_then(|metadata| member(metadata, "Item")));
    let named = |name: &str| {
        let found = items.iter().take(ITEMS_MAX).find(|item| word(member(item, "Name")).as_deref() == Some(name));
        found.and_then(|item| member(item, "Value"))
    };
    Ended::Paid {
        receipt: word(named("MpesaReceiptNumber")).and_then(|text| text.parse().ok()),
        amount: shillings(named("Amount")),
        at: moment(named("TransactionDate")),
        payer: Payer { phone: word(named("PhoneNumber")).map(|phone| clip(&phone, 64)), name: None },
    }
}

#[cfg(test)]
mod tests {
    use domain::money::claim::FailureKind;
    use serde_json::json;

    use super::*;

    fn body(callback: Value) -> Value {
        json!({ "Body": { "stkCallback": callback } })
    }

    #[test]
    fn a_paid_prompt_is_read_as_the_manual_shows_it() {
        let claim = read(&body(json!({
            "MerchantRequestID": "2f1e-4a0b-9c77-1", "CheckoutRequestID": "ws_CO_15012026093001123708374149",
            "ResultCode": 0, "ResultDesc": "The service request is processed successfully.",
            "CallbackMetadata": { "Item": [
                { "Name": "Amount", "Value": 20.00 }, { "Name": "MpesaReceiptNumber", "Value": "UAF3K7Q2ZD" },
                { "Name": "Balance" }, { "Name": "TransactionDate", "Value": 20_260_115_093_018_i64 },
                { "Name": "PhoneNumber", "Value": 254_708_374_149_i64 }
            ] }
        })));

        let Ok(Claim::Prompt { checkout, ended: Ended::Paid { receipt, amount, at, payer } }) = claim else {
            panic!("{claim:?}")
        };
        assert_eq!(checkout, "ws_CO_15012026093001123708374149");
        assert_eq!(receipt, "UAF3K7Q2ZD".parse().ok());
        assert_eq!(amount.map(|amount| amount.minor()), Some(2_000));
        assert_eq!(at, "2026-01-15T06:30:18Z".parse().ok());
        assert_eq!(payer.phone.as_deref(), Some("254708374149"));
    }

    #[test]
    fn order_spelling_and_what_is_missing_do_not_matter() {
        let claim = read(&body(json!({
            "CheckoutRequestID": "ws_CO_1", "ResultCode": "0",
            "CallbackMetadata": { "Item": [
                { "Name": "TransactionDate", "Value": "20260115093018" }, { "Name": "Amount", "Value": "20" }
            ] }
        })));
        let bare = read(&body(json!({ "CheckoutRequestID": "ws_CO_1", "ResultCode": 0 })));

        assert!(
            matches!(&claim, Ok(Claim::Prompt { ended: Ended::Paid { receipt: None, amount: Some(amount), at: Some(_), .. }, .. })
                if amount.minor() == 2_000),
            "{claim:?}"
        );
        assert!(matches!(
            bare,
            Ok(Claim::Prompt { ended: Ended::Paid { receipt: None, amount: None, at: None, .. }, .. })
        ));
    }

    #[test]
    fn failures_are_read_as_number_and_as_text() {
        let ended = |code: Value| match read(&body(
            json!({ "CheckoutRequestID": "ws_CO_1", "ResultCode": code, "ResultDesc": "[STK_CB - ]no" }),
        )) {
            Ok(Claim::Prompt { ended, .. }) => ended,
            other => panic!("{other:?}"),
        };

        assert!(matches!(ended(json!(1032)), Ended::Failed(failure) if failure.kind == FailureKind::Cancelled));
        assert!(matches!(ended(json!("1032")), Ended::Failed(failure) if failure.kind == FailureKind::Cancelled));
        assert!(
            matches!(ended(json!("SFC_IC0003")), Ended::Failed(failure) if failure.kind == FailureKind::Misconfigured)
        );
        assert!(matches!(ended(json!(26)), Ended::Open { .. }));
    }

    #[test]
    fn what_names_no_prompt_or_no_result_is_not_read() {
        for bad in [
            json!({}),
            body(json!({ "ResultCode": 0 })),
            body(json!({ "CheckoutRequestID": "ws_CO_1" })),
            body(json!({ "CheckoutRequestID": "x".repeat(101), "ResultCode": 0 })),
            body(json!({ "CheckoutRequestID": ["ws_CO_1"], "ResultCode": 0 })),
            body(json!("text")),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
    }
}
