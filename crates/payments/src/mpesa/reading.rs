//! What others write, read tolerantly: numbers as text, text as numbers, one where there are many. Never panics.

use domain::money::{Currency, Money};
use domain::time::Timestamp;
use serde_json::Value;

/// Nothing of theirs is larger: ten thousand million shillings.
const MINOR_MAX: i64 = 1_000_000_000_000;

/// A text or a number as text, without spaces around it; `None` for anything else.
pub(super) fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => {
            let text = number.to_string();
            Some(text.strip_suffix(".0").map_or(text.clone(), ToOwned::to_owned))
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The same, and `None` for an empty one.
pub(super) fn word(value: Option<&Value>) -> Option<String> {
    text(value).filter(|text| !text.is_empty())
}

/// A text of at most so many characters, without those that control a terminal.
pub(super) fn clip(text: &str, characters_max: usize) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(characters_max).collect()
}

/// Whatever there is as a list: an array, one thing alone, or nothing.
pub(super) fn list(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(many)) => many,
        Some(one @ (Value::Object(_) | Value::String(_) | Value::Number(_) | Value::Bool(_))) => {
            std::slice::from_ref(one)
        }
        Some(Value::Null) | None => &[],
    }
}

/// A member whose name is that, without regard to capitals, spaces and underscores.
pub(super) fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let map = value.as_object()?;
    map.get(name).or_else(|| map.iter().find(|(key, _)| plain(key) == plain(name)).map(|(_, found)| found))
}

/// A name as it is compared.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_whitespace() && *letter != '_').flat_map(char::to_lowercase).collect()
}

/// Shillings as `20`, `"20.00"` or `20.5`: exact, to the cent.
pub(super) fn shillings(value: Option<&Value>) -> Option<Money> {
    Some(Money::from_minor(minor(&text(value)?)?, Currency::KES))
}

/// A decimal of at most two places that count, as hundredths.
pub(super) fn minor(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part = part.trim_end_matches('0');
    let good = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
    if whole.is_empty() || whole.len() > 15 || part.len() > 2 || !good(whole) || !good(part) {
        return None;
    }
    let cents = format!("{part:0<2}").parse::<i64>().ok()?;
    let minor = whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)?;
    (minor <= MINOR_MAX).then_some(sign * minor)
}

/// A moment on the clock of Nairobi, which knows no summer time: `20260115093018`, or `15.01.2026 09:30:18`.
pub(super) fn moment(value: Option<&Value>) -> Option<Timestamp> {
    let text = text(value)?;
    let digits: Vec<&str> =
        text.split(|letter: char| !letter.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let spelt = match digits.as_slice() {
        [all] if all.len() == 14 => format!(
            "{}-{}-{}T{}:{}:{}+03:00",
            all.get(..4)?,
            all.get(4..6)?,
            all.get(6..8)?,
            all.get(8..10)?,
            all.get(10..12)?,
            all.get(12..)?
        ),
        [day, month, year, hour, minute, second] if year.len() == 4 => {
            format!("{year}-{month:0>2}-{day:0>2}T{hour:0>2}:{minute:0>2}:{second:0>2}+03:00")
        }
        _ => return None,
    };
    spelt.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_amount_is_the_same_however_it_is_written() {
        for value in
            [json!(20), json!(20.0), json!(20.00), json!("20"), json!("20.0"), json!("20.00"), json!(" 20.000 ")]
        {
            assert_eq!(shillings(Some(&value)), Some(Money::from_minor(2_000, Currency::KES)), "{value}");
        }
        assert_eq!(shillings(Some(&json!(20.5))), Some(Money::from_minor(2_050, Currency::KES)));
        assert_eq!(shillings(Some(&json!("-0.05"))), Some(Money::from_minor(-5, Currency::KES)));
    }

    #[test]
    fn what_is_no_amount_to_the_cent_is_none() {
        for value in [
            json!("20.005"),
            json!("1e3"),
            json!(1e300),
            json!(""),
            json!("."),
            json!(".5"),
            json!("20 KES"),
            json!("--1"),
            json!("99999999999999999999"),
            json!(true),
            json!(null),
            json!([20]),
            json!("２０"),
        ] {
            assert_eq!(shillings(Some(&value)), None, "{value}");
        }
    }

    #[test]
    fn moments_are_those_of_nairobi() {
        let expected = "2026-01-15T06:30:18Z".parse::<Timestamp>().ok();

        for value in [json!(20_260_115_093_018_i64), json!("20260115093018"), json!("15.01.2026 09:30:18")] {
            assert_eq!(moment(Some(&value)), expected, "{value}");
        }
        for value in [json!("20261315093018"), json!("2026-01-15"), json!("yesterday"), json!(1), json!({})] {
            assert_eq!(moment(Some(&value)), None, "{value}");
        }
    }

    #[test]
    fn members_are_found_however_their_names_are_spelt() {
        let value = json!({ "Conversation ID": "a", "response_status": "b" });

        assert_eq!(word(member(&value, "ConversationID")).as_deref(), Some("a"));
        assert_eq!(word(member(&value, "Response Status")).as_deref(), Some("b"));
        assert_eq!(member(&value, "Other"), None);
        assert_eq!(member(&json!([1]), "Other"), None);
    }

    proptest! {
        #[test]
        fn cents_read_back_as_they_are_written(cents in 0..=MINOR_MAX) {
            prop_assert_eq!(minor(&format!("{}.{:02}", cents / 100, cents % 100)), Some(cents));
        }

        #[test]
        fn any_text_is_an_amount_and_a_moment_or_none(text in ".{0,40}") {
            let value = Value::String(text);
            let _ = (shillings(Some(&value)), moment(Some(&value)));
        }
    }
}
