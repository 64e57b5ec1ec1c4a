//! Phone numbers of subscribers.

use std::fmt;

use thiserror::Error;

/// A phone number in E.164 without the plus: `254712345678`. `Display` hides the middle.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Msisdn(String);

impl Msisdn {
    /// Reads a number in any spelling a person of that country would type: `0712 345 678`, `+254712345678`,
    /// `254-712-345-678`, `712345678`.
    ///
    /// `country` is the calling code without plus, as `254`. Numbers of 8 to 15 digits in all (E.164 §6).
    pub fn parse(text: &[u8], country: &CallingCode) -> Result<Self, NotAPhone> {
        if text.len() > 32 {
            return Err(NotAPhone);
        }
        let mut digits = String::with_capacity(15);
        let mut plus = false;
        for (position, &byte) in text.iter().enumerate() {
            match byte {
                b'0'..=b'9' => digits.push(char::from(byte)),
                b'+' if position == 0 => plus = true,
                b' ' | b'-' | b'.' | b'(' | b')' => {}
                _ => return Err(NotAPhone),
            }
        }
        let code = country.0.as_str();
        let international = if plus {
            digits
        } else if let Some(rest) = digits.strip_prefix("00") {
            rest.to_owned()
        } else if let Some(national) = digits.strip_prefix('0') {
            format!("{code}{national}")
        } else if digits.starts_with(code) && digits.len() > code.len() + 7 {
            digits
        } else {
            format!("{code}{digits}")
        };
        let long_enough = international.len() >= code.len() + 7;
        if (8..=15).contains(&international.len()) && long_enough && !international.starts_with('0') {
            Ok(Self(international))
        } else {
            Err(NotAPhone)
        }
    }

    /// The digits, for an adapter or a query. Each use is a place to look at in review.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// `254712***678`.
impl fmt::Display for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, tail) = (self.0.get(..6).unwrap_or(""), self.0.get(self.0.len().saturating_sub(3)..).unwrap_or(""));
        write!(f, "{head}***{tail}")
    }
}

impl fmt::Debug for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A country's calling code without plus, one to three digits: `254`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallingCode(String);

impl CallingCode {
    /// Kenya.
    pub fn kenya() -> Self {
        Self("254".to_owned())
    }

    /// Reads one to three digits that do not begin with zero.
    pub fn parse(text: &str) -> Result<Self, NotAPhone> {
        let good = (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        if good { Ok(Self(text.to_owned())) } else { Err(NotAPhone) }
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The beginning of a number as [`Msisdn`] has it: `0712` and `+254 712` are both `254712`. `None` for a text that
    /// no number begins with.
    pub fn beginning_of(&self, text: &str) -> Option<String> {
        let text = text.trim();
        let mut digits = String::with_capacity(15);
        for (position, character) in text.chars().enumerate() {
            match character {
                '0'..='9' => digits.push(character),
                '+' if position == 0 => {}
                ' ' | '-' | '.' | '(' | ')' => {}
                _ => return None,
            }
        }
        if !text.starts_with('+') {
            if let Some(rest) = digits.strip_prefix("00") {
                digits = rest.to_owned();
            } else if let Some(national) = digits.strip_prefix('0') {
                digits = format!("{}{national}", self.0);
            }
        }
        (1..=15).contains(&digits.len()).then_some(digits)
    }
}

/// The text is not a phone number.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a phone number: write it as 0712345678 or +254712345678")]
pub struct NotAPhone;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_number_is_one_number() {
        for text in ["0712345678", "0712 345 678", "+254712345678", "254712345678", "712345678", "00254 712-345-678"] {
            let phone = Msisdn::parse(text.as_bytes(), &CallingCode::kenya()).expect(text);
            assert_eq!(phone.expose(), "254712345678", "{text}");
        }
    }

    #[test]
    fn the_beginning_of_a_number_is_one_however_it_is_typed() {
        let kenya = CallingCode::kenya();

        for text in ["0712", "+254 712", "254712", "00254-712"] {
            assert_eq!(kenya.beginning_of(text).as_deref(), Some("254712"), "{text}");
        }
        for text in ["", "+", "Demo1", "1234567890123456"] {
            assert_eq!(kenya.beginning_of(text), None, "{text}");
        }
    }

    #[test]
    fn codes_and_names_are_not_phone_numbers() {
        for text in ["", "DemoHour1", "house-12", "123", "+", "07123456781234567"] {
            assert!(Msisdn::parse(text.as_bytes(), &CallingCode::kenya()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_prints_without_its_middle() {
        let phone = Msisdn::parse(b"0712345678", &CallingCode::kenya()).expect("good");

        assert_eq!(phone.to_string(), "254712***678");
    }
}
