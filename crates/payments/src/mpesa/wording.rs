//! Our words as M-Pesa takes them: references, descriptions, numbers, times and addresses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::money::gateway::{Environment, GatewayAccount, PayTo, Shortcode};
use domain::money::{Currency, Money};
use domain::phone::Msisdn;
use domain::time::{Span, Timestamp, Zone};

/// Characters of a reference.
const REFERENCE_MAX: usize = 12;
/// Characters of a description.
const DESCRIPTION_MAX: usize = 13;
/// Characters of remarks.
const REMARKS_MAX: usize = 100;

/// Shillings of one payment at most.
pub(super) const SHILLINGS_MAX: i64 = 250_000;

/// Words that M-Pesa takes in no address, and hosts that it does not speak to.
const FORBIDDEN: [&str; 10] =
    ["m-pesa", "mpesa", "safaricom", "exe", "cmd", "sql", "query", "ngrok", "mockbin", "requestbin"];

/// What the payer sees as account: letters and digits, at most 12. `None` when nothing of it is left.
pub(super) fn reference(text: &str) -> Option<String> {
    let kept: String = text.chars().filter(char::is_ascii_alphanumeric).take(REFERENCE_MAX).collect();
    (!kept.is_empty()).then_some(kept)
}

/// What it is for: letters, digits and spaces, at most 13.
pub(super) fn description(text: &str) -> String {
    words(text, DESCRIPTION_MAX).unwrap_or_else(|| "Internet".to_owned())
}

/// Why money is given back: letters, digits and spaces, at most 100.
pub(super) fn remarks(text: &str) -> String {
    words(text, REMARKS_MAX).filter(|kept| kept.len() >= 2).unwrap_or_else(|| "Correction".to_owned())
}

fn words(text: &str, characters_max: usize) -> Option<String> {
    let plain: String = text.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { ' ' }).collect();
    let joined = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let kept = joined.chars().take(characters_max).collect::<String>().trim_end().to_owned();
    (!kept.is_empty()).then_some(kept)
}

/// A telephone as M-Pesa writes it: `254`, then 7 or 1, then eight digits. Not by operator: numbers move between them.
pub(super) fn number(phone: &Msisdn) -> Option<String> {
    let national = phone.expose().strip_prefix("254")?;
    let national = national.strip_prefix('0').unwrap_or(national);
    let good = national.len() == 9 && national.starts_with(['7', '1']);
    good.then(|| format!("254{national}"))
}

/// Whole shillings, one to [`SHILLINGS_MAX`]; or the sentence that says why not.
pub(super) fn whole_shillings(amount: Money) -> Result<i64, &'static str> {
    if amount.currency() != Currency::KES {
        return Err("M-Pesa takes Kenyan shillings alone: give the plan a price in KES");
    }
    if amount.minor() % 100 != 0 || amount.minor() < 100 {
        return Err("M-Pesa takes whole shillings, at least one: give the plan a price without cents");
    }
    let shillings = amount.minor() / 100;
    if shillings > SHILLINGS_MAX { Err("M-Pesa takes at most KES 250,000 at once") } else { Ok(shillings) }
}

/// A moment as `20260115093000`, on the clock of Nairobi.
pub(super) fn digits_of(now: Timestamp) -> String {
    clock_of(now).chars().filter(char::is_ascii_digit).collect()
}

/// A moment as `2026-01-15 09:30:00`, on the clock of Nairobi, which is three hours ahead all year.
pub(super) fn clock_of(now: Timestamp) -> String {
    now.plus(Span::minutes(180)).in_zone(&Zone::utc())
}

/// What proves a prompt: the shortcode, its passkey and the time together.
pub(super) fn password(account: &GatewayAccount, timestamp: &str) -> String {
    STANDARD.encode(format!("{}{}{timestamp}", account.shortcode, account.keys.passkey.expose()))
}

/// Who gets the money.
pub(super) const fn receiver(account: &GatewayAccount) -> &Shortcode {
    match &account.pay_to {
        PayTo::Paybill => &account.shortcode,
        PayTo::Till(till) => till,
    }
}

/// What is wrong with where callbacks are to come, in a sentence for the ISP's staff.
pub(super) fn callback_fault(account: &GatewayAccount) -> Option<String> {
    let base = account.callback_base.to_ascii_lowercase();
    let rest = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://"));
    let Some(rest) = rest.filter(|rest| !rest.is_empty() && !rest.starts_with('/')) else {
        return Some(
            "callbacks need an address: set the portal's public address, as https://pay.example.net".to_owned(),
        );
    };
    if account.environment == Environment::Production && !base.starts_with("https://") {
        return Some(
            "M-Pesa calls back over https:// alone: give the portal a certificate and a public address".to_owned(),
        );
    }
    let word = FORBIDDEN.into_iter().find(|word| rest.contains(word))?;
    Some(format!("M-Pesa takes no address with `{word}` in it: give the portal another public name"))
}

#[cfg(test)]
mod tests {
    use domain::phone::CallingCode;
    use proptest::prelude::*;

    use super::super::samples::account;
    use super::*;

    #[test]
    fn the_password_is_that_of_the_manual() {
        let now = "2026-01-15T06:30:00Z".parse().expect("good");
        let account = account("https://pay.example.net/cb/00", Environment::Sandbox);

        assert_eq!(digits_of(now), "20260115093000");
        assert_eq!(clock_of(now), "2026-01-15 09:30:00");
        assert_eq!(
            password(&account, &digits_of(now)),
            "MTc0Mzc5YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZiNzJhZGExZWQyYzkxOTIwMjYwMTE1\
             MDkzMDAw"
        );
    }

    #[test]
    fn a_number_is_kenyan_and_mobile_or_none() {
        let number =
            |text: &str| Msisdn::parse(text.as_bytes(), &CallingCode::kenya()).ok().and_then(|phone| number(&phone));

        for text in ["0708 374-149", "+254708374149", "708374149", "2540708374149"] {
            assert_eq!(number(text).as_deref(), Some("254708374149"), "{text}");
        }
        assert_eq!(number("0112345678").as_deref(), Some("254112345678"));
        for text in ["0208374149", "25470837414", "07083741490", "+255708374149"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn references_and_descriptions_hold_nothing_that_breaks_a_request() {
        assert_eq!(reference("H7K2-M9QX").as_deref(), Some("H7K2M9QX"));
        assert_eq!(reference("&#@"), None);
        assert_eq!(description("Wi-Fi: 1 hour & more"), "Wi Fi 1 hour");
        assert_eq!(description("é"), "Internet");
        assert_eq!(remarks("x"), "Correction");
    }

    #[test]
    fn prices_are_whole_shillings_within_the_limit() {
        let shillings = |minor| whole_shillings(Money::from_minor(minor, Currency::KES));

        assert_eq!((shillings(100), shillings(25_000_000)), (Ok(1), Ok(250_000)));
        for bad in [0, -100, 50, 150, 25_000_100] {
            assert!(shillings(bad).is_err(), "{bad}");
        }
        let dollars = Currency::from_code("USD").expect("good");
        assert!(whole_shillings(Money::from_minor(100, dollars)).is_err());
    }

    #[test]
    fn callbacks_come_where_m_pesa_goes() {
        let fault = |base: &str, environment| callback_fault(&account(base, environment));

        assert_eq!(fault("https://pay.example.net/cb/00ff", Environment::Production), None);
        assert_eq!(fault("http://127.0.0.1:8080/cb/00ff", Environment::Sandbox), None);
        for bad in [
            "http://pay.example.net/cb",
            "",
            "https://",
            "https:///cb",
            "https://mpesa.example.net/cb",
            "https://x.ngrok.io",
        ] {
            assert!(fault(bad, Environment::Production).is_some(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_said_fits(text in ".{0,200}") {
            if let Some(reference) = reference(&text) {
                prop_assert!((1..=12).contains(&reference.len()));
                prop_assert!(reference.bytes().all(|octet| octet.is_ascii_alphanumeric()));
            }
            prop_assert!((1..=13).contains(&description(&text).len()));
            prop_assert!((2..=100).contains(&remarks(&text).len()));
        }
    }
}
