//! M-Pesa's own books: all money that came to a shortcode within the last 48 hours.

use std::sync::atomic::Ordering;

use domain::money::claim::{Failure, FailureKind, Payer, Transfer};
use domain::money::gateway::{Environment, GatewayAccount, Shortcode};
use domain::time::Timestamp;
use ports::gateway::Answer;
use reqwest::Method;
use serde_json::{Value, json};

use super::call::Said;
use super::fault::{Fault, FaultKind};
use super::reading::{clip, list, member, moment, shillings, word};
use super::{Mpesa, unanswered, wording};

const PATH: &str = "/pulltransactions/v1/query";

/// Rows of one answer that are read.
const ROWS_MAX: usize = 1_000;

/// The money that came between two moments, after so many rows.
pub(super) async fn transfers(
    mpesa: &Mpesa,
    account: &GatewayAccount,
    (from, until): (Timestamp, Timestamp),
    skip: u32,
) -> Answer<Vec<Transfer>> {
    let body = json!({
        "ShortCode": account.shortcode.as_str(),
        "StartDate": wording::clock_of(from),
        "EndDate": wording::clock_of(until),
        "OffSetValue": skip.to_string(),
    });
    match ask(mpesa, account, &body).await {
        Said::Good(answer) => rows(&answer, wording::receiver(account)),
        said @ (Said::Fault(_) | Said::NotReached(_) | Said::Broken(_)) => unanswered(said),
    }
}

/// By POST, or by GET with a body: which of them it is differs, so it is learnt.
async fn ask(mpesa: &Mpesa, account: &GatewayAccount, body: &Value) -> Said {
    let by_get = match account.environment {
        Environment::Sandbox => &mpesa.pulls_by_get[0],
        Environment::Production => &mpesa.pulls_by_get[1],
    };
    let method = |by_get: bool| if by_get { Method::GET } else { Method::POST };
    let first = by_get.load(Ordering::Relaxed);
    let said = mpesa.call(account, method(first), PATH, body).await;
    if !matches!(said, Said::Fault(Fault { kind: FaultKind::NoSuchCall, .. })) {
        return said;
    }
    let other = mpesa.call(account, method(!first), PATH, body).await;
    if matches!(other, Said::Good(_)) {
        by_get.store(!first, Ordering::Relaxed);
    }
    other
}

fn rows(answer: &Value, shortcode: &Shortcode) -> Answer<Vec<Transfer>> {
    let code = word(member(answer, "ResponseCode")).or_else(|| word(member(answer, "ResponseStatus")));
    match code.as_deref() {
        Some("1000") => {}
        // Nothing came.
        Some("1001") => return Answer::Said(Vec::new()),
        Some(code) => {
            let words = word(member(answer, "ResponseMessage")).unwrap_or_default();
            return Answer::No(Failure {
                kind: FailureKind::Misconfigured,
                code: clip(code, 40),
                words: clip(&words, Fault::WORDS_MAX),
            });
        }
        None => return unanswered(Said::Fault(Fault::unreadable())),
    }
    let lists = list(member(answer, "Response")).iter().flat_map(|row| match row {
        Value::Array(rows) => rows.as_slice(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            std::slice::from_ref(row)
        }
    });
    Answer::Said(lists.take(ROWS_MAX).filter_map(|row| transfer(row, shortcode)).collect())
}

/// One row. One without a receipt or an amount is none of ours to book: the statement has it.
fn transfer(row: &Value, shortcode: &Shortcode) -> Option<Transfer> {
    Some(Transfer {
        shortcode: shortcode.clone(),
        receipt: word(member(row, "transactionId"))?.parse().ok()?,
        amount: shillings(member(row, "amount")).filter(|amount| amount.minor() > 0)?,
        at: when(member(row, "trxDate")),
        account: clip(&word(member(row, "billreference")).unwrap_or_default(), 40),
        payer: Payer { phone: word(member(row, "msisdn")).map(|phone| clip(&phone, 64)), name: None },
    })
}

fn when(value: Option<&Value>) -> Option<Timestamp> {
    word(value)?.parse().ok().or_else(|| moment(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &Value) -> Answer<Vec<Transfer>> {
        rows(answer, &"600999".parse().expect("good"))
    }

    #[test]
    fn the_books_are_read_as_the_manual_shows_them() {
        let answer = json!({ "ResponseRefID": "1", "ResponseCode": "1000", "ResponseMessage": "Success", "Response": [[
            { "transactionId": "UAF3K7Q2ZD", "trxDate": "2026-01-15T06:30:18Z", "msisdn": 254_700_000_000_i64,
              "sender": "MPESA", "transactiontype": "c2b-pay-bill-debit", "billreference": "ppp1042", "amount": "20.00",
              "organizationname": "ISP" },
            { "transactionId": "UAF3K7Q2ZE", "amount": 5 },
            { "transactionId": "", "amount": "1" },
            "nonsense"
        ]] });

        let Answer::Said(rows) = read(&answer) else { panic!("{:?}", read(&answer)) };

        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].receipt.as_str(), "UAF3K7Q2ZD");
        assert_eq!(rows[0].amount.minor(), 2_000);
        assert_eq!(rows[0].at, "2026-01-15T06:30:18Z".parse().ok());
        assert_eq!((rows[0].account.as_str(), rows[0].payer.phone.as_deref()), ("ppp1042", Some("254700000000")));
        assert_eq!((rows[1].amount.minor(), rows[1].account.as_str()), (500, ""));
    }

    #[test]
    fn an_empty_day_is_no_error_and_a_refusal_is_one() {
        assert_eq!(read(&json!({ "ResponseCode": "1001", "Response": [[]] })), Answer::Said(Vec::new()));
        assert_eq!(read(&json!({ "Response Code": 1000, "Response": [] })), Answer::Said(Vec::new()));
        assert!(matches!(read(&json!({ "ResponseCode": "1005", "ResponseMessage": "no" })), Answer::No(_)));
        assert!(matches!(read(&json!({})), Answer::NotNow { .. }));
    }
}
