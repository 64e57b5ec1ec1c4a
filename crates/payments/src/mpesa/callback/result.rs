//! Answers to what an operator of the ISP asked.

use domain::money::claim::{Claim, Failure, FailureKind, Payer, Receipt, ResultSaid, Standing, Transfer};
use domain::money::{Currency, Money};
use ports::gateway::Unreadable;
use serde_json::Value;

use super::super::fault::Fault;
use super::super::initiated::conversation_of;
use super::super::reading::{clip, list, member, minor, moment, plain, shillings, text, word};
use super::unreadable;

/// Parameters of one answer that are read.
const PARAMETERS_MAX: usize = 100;

/// Accounts of one balance that are read.
const ACCOUNTS_MAX: usize = 32;

pub(super) fn read(body: &Value) -> Result<Claim, Unreadable> {
    let result = member(body, "Result").ok_or_else(|| unreadable("it has no `Result`"))?;
    let conversation = conversation_of(result).ok_or_else(|| unreadable("it names no question"))?;
    let code = word(member(result, "ResultCode")).ok_or_else(|| unreadable("it has no result"))?;
    let words = word(member(result, "ResultDesc")).unwrap_or_default();
    let said = if code == "0" { good(result) } else { bad(&code, &words) };
    Ok(Claim::Result { conversation, said })
}

/// It lay in M-Pesa's queue too long; whether it was done nobody knows.
pub(super) fn read_timed_out(body: &Value) -> Result<Claim, Unreadable> {
    let result = member(body, "Result").unwrap_or(body);
    let conversation = conversation_of(result).ok_or_else(|| unreadable("it names no question"))?;
    let said = "M-Pesa did not come to it in time".to_owned();
    Ok(Claim::Result { conversation, said: ResultSaid::Money(Standing::Open { said }) })
}

/// Parameters by their names.
struct Parameters<'v>(Vec<(String, &'v Value)>);

impl<'v> Parameters<'v> {
    fn of(result: &'v Value) -> Self {
        let all = list(member(result, "ResultParameters").and_then(|all| member(all, "ResultParameter")));
        let named = all.iter().take(PARAMETERS_MAX).filter_map(|one| {
            let name = word(member(one, "Key")).or_else(|| word(member(one, "Name")))?;
            Some((plain(&name), member(one, "Value")?))
        });
        Self(named.collect())
    }

    fn get(&self, name: &str) -> Option<&'v Value> {
        self.0.iter().find(|(known, _)| *known == plain(name)).map(|(_, value)| *value)
    }
}

fn good(result: &Value) -> ResultSaid {
    let parameters = Parameters::of(result);
    if let Some(accounts) = text(parameters.get("AccountBalance")) {
        return ResultSaid::Balance(balance(&accounts));
    }
    if let Some(status) = word(parameters.get("TransactionStatus")) {
        return ResultSaid::Money(standing(&status, &parameters));
    }
    ResultSaid::Done(word(member(result, "TransactionID")).and_then(|text| text.parse().ok()))
}

fn bad(code: &str, words: &str) -> ResultSaid {
    let failed =
        |kind| ResultSaid::Failed(Failure { kind, code: clip(code, 40), words: clip(words, Fault::WORDS_MAX) });
    match code {
        // It was given back before: once is enough.
        "R000001" => ResultSaid::Done(None),
        // No money has that number.
        "R000002" => ResultSaid::Money(Standing::Never { said: clip(&format!("{code} {words}"), 200) }),
        "1" => failed(FailureKind::NoFunds),
        // The initiator, its password or its rights; what it asked about; the account of the ISP.
        "2" | "3" | "4" | "8" | "12" | "13" | "14" | "18" | "20" | "21" | "22" | "24" | "25" | "29" | "2001"
        | "2006" | "2028" | "2040" | "8006" => failed(FailureKind::Misconfigured),
        "11" => failed(FailureKind::Limit),
        // A code that nobody has explained says nothing of the money.
        _ => ResultSaid::Money(Standing::Open { said: clip(&format!("{code} {words}"), 200) }),
    }
}

fn standing(status: &str, parameters: &Parameters<'_>) -> Standing {
    let said = || clip(status, 200);
    match status.to_ascii_lowercase().as_str() {
        "completed" => match transfer(parameters) {
            Some(transfer) => Standing::Arrived(transfer),
            None => Standing::Open { said: "Completed, but the answer does not say what came to whom".to_owned() },
        },
        "reversed" => match transfer(parameters) {
            Some(transfer) => Standing::Reversed(transfer),
            None => Standing::Open { said: "Reversed, but the answer does not say what came to whom".to_owned() },
        },
        "cancelled" | "declined" | "expired" => Standing::Never { said: said() },
        _ => Standing::Open { said: said() },
    }
}

fn transfer(parameters: &Parameters<'_>) -> Option<Transfer> {
    let (shortcode, _) = party(parameters.get("CreditPartyName"))?;
    let debit = party(parameters.get("DebitPartyName"));
    let at = ["FinalisedTime", "FinalizedTime", "InitiatedTime"];
    Some(Transfer {
        shortcode: shortcode.parse().ok()?,
        receipt: word(parameters.get("ReceiptNo"))?.parse::<Receipt>().ok()?,
        amount: shillings(parameters.get("Amount")).filter(|amount| amount.minor() > 0)?,
        at: at.into_iter().find_map(|name| moment(parameters.get(name))),
        account: String::new(),
        payer: Payer {
            phone: debit.as_ref().map(|(number, _)| clip(number, 64)),
            name: debit.and_then(|(_, name)| name).map(|name| clip(&name, 100)),
        },
    })
}

/// `600999 - ISP Ltd`: a number and a name.
fn party(value: Option<&Value>) -> Option<(String, Option<String>)> {
    let text = word(value)?;
    match text.split_once(" - ") {
        Some((number, name)) => Some((number.trim().to_owned(), Some(name.trim().to_owned()))),
        None => Some((text, None)),
    }
}

/// `Working Account|KES|700000.00|700000.00|0.00|0.00&Utility Account|…`: what may be spent of each.
fn balance(text: &str) -> Vec<(String, Money)> {
    let account = |text: &str| {
        let parts: Vec<&str> = text.split('|').map(str::trim).collect();
        let name = parts.first().filter(|name| !name.is_empty())?;
        let currency = Currency::from_code(parts.get(1)?).ok()?;
        let available = parts.get(3).filter(|text| !text.is_empty()).or(parts.get(2))?;
        Some((clip(name, 60), Money::from_minor(minor(available)?, currency)))
    };
    text.split('&').take(ACCOUNTS_MAX).filter_map(account).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(result: Value) -> ResultSaid {
        let mut result = result;
        result["ConversationID"] = json!("AG_20260115_1");
        match read(&json!({ "Result": result })) {
            Ok(Claim::Result { conversation, said }) if conversation == "AG_20260115_1" => said,
            other => panic!("{other:?}"),
        }
    }

    fn status(word: &str) -> ResultSaid {
        said(json!({ "ResultType": "0", "ResultCode": "0", "TransactionID": "UAF0000000",
            "ResultParameters": { "ResultParameter": [
                { "Key": "DebitPartyName", "Value": "2547 ***** 126 - JANE" },
                { "Key": "CreditPartyName", "Value": "600999 - ISP Ltd" },
                { "Key": "Receipt No", "Value": "UAF3K7Q2ZD" },
                { "Key": "TransactionStatus", "Value": word },
                { "Key": "Amount", "Value": 20 },
                { "Key": "FinalisedTime", "Value": 20_260_115_093_018_i64 },
                { "Key": "DebitPartyCharges" }
            ] },
            "ReferenceData": { "ReferenceItem": { "Key": "Occasion", "Value": "" } } }))
    }

    #[test]
    fn money_that_has_arrived_is_told_with_its_own_receipt() {
        let ResultSaid::Money(Standing::Arrived(transfer)) = status("Completed") else {
            panic!("{:?}", status("Completed"))
        };

        assert_eq!((transfer.shortcode.as_str(), transfer.receipt.as_str()), ("600999", "UAF3K7Q2ZD"));
        assert_eq!((transfer.amount.minor(), transfer.at), (2_000, "2026-01-15T06:30:18Z".parse().ok()));
        assert_eq!(transfer.payer.phone.as_deref(), Some("2547 ***** 126"));
        assert_eq!(transfer.payer.name.as_deref(), Some("JANE"));
    }

    #[test]
    fn only_what_is_said_plainly_is_believed() {
        for never in ["Cancelled", "Declined", "Expired"] {
            assert!(matches!(status(never), ResultSaid::Money(Standing::Never { .. })), "{never}");
        }
        for open in ["Initiated", "Authorized", "Something new"] {
            assert!(matches!(status(open), ResultSaid::Money(Standing::Open { .. })), "{open}");
        }
        assert!(matches!(status("Reversed"), ResultSaid::Money(Standing::Reversed(_))));
        let bare = said(json!({ "ResultCode": 0, "ResultParameters": { "ResultParameter":
            { "Key": "TransactionStatus", "Value": "Completed" } } }));
        assert!(matches!(bare, ResultSaid::Money(Standing::Open { .. })), "one parameter alone, and not enough");
    }

    #[test]
    fn a_reversal_is_done_once() {
        let done =
            said(json!({ "ResultCode": 0, "TransactionID": "UAF9K7Q2ZD", "ResultParameters": { "ResultParameter": [
            { "Key": "OriginalTransactionID", "Value": "UAF3K7Q2ZD" }, { "Key": "Amount", "Value": "20.00" } ] } }));

        assert_eq!(done, ResultSaid::Done("UAF9K7Q2ZD".parse().ok()));
        assert_eq!(said(json!({ "ResultCode": "R000001" })), ResultSaid::Done(None));
        assert!(matches!(said(json!({ "ResultCode": "R000002" })), ResultSaid::Money(Standing::Never { .. })));
        assert!(matches!(said(json!({ "ResultCode": 2001 })), ResultSaid::Failed(failure) if failure.code == "2001"));
        assert!(matches!(said(json!({ "ResultCode": 26 })), ResultSaid::Money(Standing::Open { .. })));
    }

    #[test]
    fn balances_are_what_may_be_spent() {
        let accounts = "Working Account|KES|700000.00|650000.50|0.00|0.00&Utility Account|KES|228037.00|||&&Odd|X|1|1";

        let told = said(json!({ "ResultCode": "0", "ResultParameters": { "ResultParameter": [
            { "Key": "AccountBalance", "Value": accounts },
            { "Key": "Debit", "Value": "{Amount={CurrencyCode=KES, MinimumAmount=618683, BasicAmount=6186.83}}" } ] } }));

        let kes = |minor| Money::from_minor(minor, Currency::KES);
        let expected =
            vec![("Working Account".to_owned(), kes(65_000_050)), ("Utility Account".to_owned(), kes(22_803_700))];
        assert_eq!(told, ResultSaid::Balance(expected));
    }

    #[test]
    fn what_came_too_late_is_open() {
        for body in [json!({ "Result": { "ConversationID": "AG_1" } }), json!({ "ConversationID": "AG_1" })] {
            assert!(matches!(
                read_timed_out(&body),
                Ok(Claim::Result { said: ResultSaid::Money(Standing::Open { .. }), .. })
            ));
        }
        assert!(read_timed_out(&json!({})).is_err());
    }
}
