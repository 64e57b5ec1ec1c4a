//! What comes by itself, as claims. Anybody may have sent it.

mod prompt;
mod result;
mod transfer;

use domain::money::claim::{CallbackKind, Claim};
use ports::gateway::Unreadable;
use serde_json::Value;

/// Octets of one callback.
const OCTETS_MAX: usize = 16 * 1024;

/// Reads a callback.
pub(super) fn read(kind: CallbackKind, octets: &[u8]) -> Result<Claim, Unreadable> {
    if octets.len() > OCTETS_MAX {
        return Err(unreadable("it is longer than 16 KB"));
    }
    let body: Value = serde_json::from_slice(octets).map_err(|_| unreadable("it is no JSON"))?;
    match kind {
        CallbackKind::Prompt => prompt::read(&body),
        CallbackKind::Validation | CallbackKind::Confirmation => transfer::read(&body),
        CallbackKind::Result => result::read(&body),
        CallbackKind::TimedOut => result::read_timed_out(&body),
    }
}

/// What M-Pesa wants to hear. Only a validation can be refused: of everything else it tells what has been.
pub(super) const fn reply(kind: CallbackKind, is_taken: bool) -> &'static [u8] {
    match (kind, is_taken) {
        (CallbackKind::Validation, true) => br#"{"ResultCode":"0","ResultDesc":"Accepted"}"#,
        (CallbackKind::Validation, false) => br#"{"ResultCode":"C2B00012","ResultDesc":"Rejected"}"#,
        (CallbackKind::Confirmation, _) => br#"{"ResultCode":0,"ResultDesc":"Success"}"#,
        (CallbackKind::Prompt | CallbackKind::Result | CallbackKind::TimedOut, _) => {
            br#"{"ResultCode":0,"ResultDesc":"Accepted"}"#
        }
    }
}

fn unreadable(why: &str) -> Unreadable {
    Unreadable { why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use domain::money::claim::{Ended, ResultSaid, Standing};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn replies_are_those_of_the_manual() {
        let said = |kind, is_taken| serde_json::from_slice::<Value>(reply(kind, is_taken)).expect("JSON");

        assert_eq!(said(CallbackKind::Validation, true)["ResultCode"], json!("0"));
        assert_eq!(said(CallbackKind::Validation, false)["ResultCode"], json!("C2B00012"));
        for kind in [CallbackKind::Prompt, CallbackKind::Confirmation, CallbackKind::Result, CallbackKind::TimedOut] {
            assert_eq!(said(kind, false)["ResultCode"], json!(0), "{kind:?}");
        }
    }

    #[test]
    fn what_is_too_long_or_no_json_is_not_read() {
        let long = json!({ "x": "y".repeat(OCTETS_MAX) }).to_string();
        let deep = "[".repeat(10_000);
        for octets in [b"".as_slice(), b"<html>", b"null", b"[]", b"\xff\xfe", long.as_bytes(), deep.as_bytes()] {
            for kind in CallbackKind::ALL {
                assert!(read(kind, octets).is_err(), "{kind:?}");
            }
        }
    }

    /// JSON as M-Pesa might write it on a bad day: its own names over anything.
    fn strange() -> impl Strategy<Value = Value> {
        let names = prop::sample::select(vec![
            "Body",
            "stkCallback",
            "CheckoutRequestID",
            "ResultCode",
            "ResultDesc",
            "CallbackMetadata",
            "Item",
            "Name",
            "Value",
            "Result",
            "ConversationID",
            "TransactionID",
            "ResultParameters",
            "ResultParameter",
            "Key",
            "TransID",
            "TransAmount",
            "TransTime",
            "BusinessShortCode",
            "BillRefNumber",
            "MSISDN",
            "FirstName",
            "AccountBalance",
            "ReceiptNo",
            "TransactionStatus",
            "Amount",
            "CreditPartyName",
            "DebitPartyName",
        ]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,60}".prop_map(Value::from),
            prop::sample::select(vec![
                "0",
                "1032",
                "Completed",
                "UAF3K7Q2ZD",
                "600999",
                "20.00",
                "AccountBalance",
                "a|KES|1|2&b"
            ])
            .prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 60, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((names.clone(), inner), 0..8).prop_map(|members| Value::Object(
                    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
                )),
            ]
        })
    }

    fn within_limits(claim: &Claim) -> bool {
        let short = |text: &str, most: usize| text.chars().count() <= most;
        match claim {
            Claim::Prompt { checkout, ended } => {
                short(checkout, 100)
                    && match ended {
                        Ended::Paid { payer, .. } => payer.phone.as_deref().is_none_or(|phone| short(phone, 64)),
                        Ended::Failed(failure) => short(&failure.code, 40) && short(&failure.words, 200),
                        Ended::Open { said } => short(said, 200),
                    }
            }
            Claim::Transfer(transfer) => {
                short(&transfer.account, 40)
                    && transfer.amount.minor() > 0
                    && transfer.payer.name.as_deref().is_none_or(|name| short(name, 100))
            }
            Claim::Result { conversation, said } => {
                short(conversation, 100)
                    && match said {
                        ResultSaid::Money(Standing::Open { said } | Standing::Never { said }) => short(said, 200),
                        ResultSaid::Failed(failure) => short(&failure.code, 40) && short(&failure.words, 200),
                        ResultSaid::Balance(accounts) => accounts.len() <= 32,
                        ResultSaid::Money(_) | ResultSaid::Done(_) => true,
                    }
            }
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_a_claim_or_unreadable(octets in prop::collection::vec(any::<u8>(), 0..400)) {
            for kind in CallbackKind::ALL {
                let _ = read(kind, &octets);
            }
        }

        #[test]
        fn any_json_is_a_claim_within_its_limits_or_unreadable(value in strange()) {
            for kind in CallbackKind::ALL {
                for wrapped in [value.clone(), json!({ "Result": value }), json!({ "Body": { "stkCallback": value } })] {
                    if let Ok(claim) = read(kind, wrapped.to_string().as_bytes()) {
                        prop_assert!(within_limits(&claim), "{claim:?}");
                    }
                }
            }
        }
    }
}
