//! Money that somebody sends to the shortcode by themselves: before it moves, and after.

use domain::money::claim::{Claim, Payer, Transfer};
use ports::gateway::Unreadable;
use serde_json::Value;

use super::super::reading::{clip, member, moment, shillings, word};
use super::unreadable;

pub(super) fn read(body: &Value) -> Result<Claim, Unreadable> {
    let field = |name: &str| word(member(body, name));
    let shortcode = field("BusinessShortCode").and_then(|text| text.parse().ok());
    let receipt = field("TransID").and_then(|text| text.parse().ok());
    let amount = shillings(member(body, "TransAmount")).filter(|amount| amount.minor() > 0);
    let names: Vec<String> = ["FirstName", "MiddleName", "LastName"].into_iter().filter_map(field).collect();
    Ok(Claim::Transfer(Transfer {
        shortcode: shortcode.ok_or_else(|| unreadable("it names no shortcode"))?,
        receipt: receipt.ok_or_else(|| unreadable("it has no receipt number"))?,
        amount: amount.ok_or_else(|| unreadable("it has no amount"))?,
        at: moment(member(body, "TransTime")),
        account: clip(&field("BillRefNumber").unwrap_or_default(), 40),
        payer: Payer {
            phone: field("MSISDN").map(|phone| clip(&phone, 64)),
            name: (!names.is_empty()).then(|| clip(&names.join(" "), 100)),
        },
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample() -> Value {
        json!({
            "TransactionType": "Pay Bill", "TransID": "UAF3K7Q2ZD", "TransTime": "20260115093018", "TransAmount": "20.00",
            "BusinessShortCode": "600999", "BillRefNumber": "ppp1042", "InvoiceNumber": "", "OrgAccountBalance": "49197.00",
            "ThirdPartyTransID": "", "MSISDN": "2547 ***** 126", "FirstName": "JANE", "MiddleName": "", "LastName": ""
        })
    }

    #[test]
    fn a_confirmation_is_read_as_the_manual_shows_it() {
        let Ok(Claim::Transfer(transfer)) = read(&sample()) else { panic!("{:?}", read(&sample())) };

        assert_eq!((transfer.shortcode.as_str(), transfer.receipt.as_str()), ("600999", "UAF3K7Q2ZD"));
        assert_eq!((transfer.amount.minor(), transfer.account.as_str()), (2_000, "ppp1042"));
        assert_eq!(transfer.at, "2026-01-15T06:30:18Z".parse().ok());
        assert_eq!(transfer.payer.phone.as_deref(), Some("2547 ***** 126"));
        assert_eq!(transfer.payer.name.as_deref(), Some("JANE"));
    }

    #[test]
    fn a_till_has_no_account_and_keys_may_be_missing() {
        let bare = json!({ "TransID": "UAF3K7Q2ZD", "TransAmount": 20, "BusinessShortCode": 600_999 });

        let Ok(Claim::Transfer(transfer)) = read(&bare) else { panic!("{:?}", read(&bare)) };

        assert_eq!((transfer.account.as_str(), transfer.at, transfer.payer), ("", None, Payer::default()));
    }

    #[test]
    fn what_lacks_the_money_is_not_read() {
        for (key, value) in [
            ("TransID", json!("")),
            ("TransID", json!("<script>")),
            ("TransAmount", json!("0.00")),
            ("TransAmount", json!("-20.00")),
            ("TransAmount", json!("20.001")),
            ("TransAmount", json!(null)),
            ("BusinessShortCode", json!("6")),
        ] {
            let mut body = sample();
            body[key] = value.clone();
            assert!(read(&body).is_err(), "{key} {value}");
        }
    }
}
