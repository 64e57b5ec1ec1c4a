//! The single words of a line: names, numbers, types and flags.

use super::{NAME_OCTETS_MAX, Problem};
use crate::kind::Kind;

/// The comment on the first line of a text.
pub(super) fn title(text: &str) -> Result<&str, Problem> {
    let title = text.lines().next().and_then(|line| line.strip_prefix('#')).map(str::trim).unwrap_or_default();
    if title.is_empty() { Err(Problem::NoTitle) } else { Ok(title) }
}

/// A word cut to a length that an error message can carry.
pub(super) fn shown(word: &str) -> String {
    word.chars().take(NAME_OCTETS_MAX).collect()
}

/// A name: a letter or digit, then letters, digits and `-._/+`.
pub(super) fn name(word: &str) -> Result<String, Problem> {
    if word.len() > NAME_OCTETS_MAX {
        return Err(Problem::NameTooLong { octets: word.len() });
    }
    let starts = word.starts_with(|first: char| first.is_ascii_alphanumeric());
    let goes_on = word.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._/+".contains(&octet));
    if starts && goes_on { Ok(word.to_owned()) } else { Err(Problem::BadName(shown(word))) }
}

/// A decimal number, or a hexadecimal one after `0x`, from `least` to `most`.
pub(super) fn number(word: &str, least: u32, most: u32) -> Result<u32, Problem> {
    let (digits, radix) = match word.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (word, 10),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err(Problem::NotANumber(shown(word)));
    }
    match u32::from_str_radix(digits, radix) {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        Ok(_) | Err(_) => Err(Problem::OutOfRange { number: shown(word), least, most }),
    }
}

/// The number of an attribute: 1..=255.
pub(super) fn attribute_number(word: &str) -> Result<u8, Problem> {
    let number = number(word, 1, u8::MAX.into())?;
    u8::try_from(number).map_err(|_| Problem::NotANumber(shown(word)))
}

/// What a type and its flags come to.
///
/// `encrypt=3` is Ascend's own hiding, which nobody here reads: such a value stays octets.
pub(super) fn kind(word: &str, flags: &str) -> Result<Kind, Problem> {
    let plain = plain_kind(word)?;
    let flags = Flags::read(flags)?;
    match (plain, flags.has_tag, flags.encrypt) {
        (plain, false, None) => Ok(plain),
        (Kind::Text, true, None) => Ok(Kind::TaggedText),
        (Kind::Integer, true, None) => Ok(Kind::TaggedInteger),
        (Kind::Text | Kind::Octets, false, Some(1)) => Ok(Kind::Hidden),
        (Kind::Text | Kind::Octets, _, Some(2)) => Ok(Kind::Salted),
        (Kind::Text | Kind::Octets, false, Some(3)) => Ok(Kind::Octets),
        _ => Err(Problem::FlagsDoNotFit(shown(word))),
    }
}

fn plain_kind(word: &str) -> Result<Kind, Problem> {
    Ok(match word {
        "string" => Kind::Text,
        "octets" => Kind::Octets,
        "integer" => Kind::Integer,
        "integer64" => Kind::Integer64,
        "ipaddr" => Kind::Ipv4,
        "ipv6addr" => Kind::Ipv6,
        "ipv6prefix" => Kind::Ipv6Prefix,
        "ipv4prefix" => Kind::Ipv4Prefix,
        "ifid" => Kind::InterfaceId,
        "date" => Kind::Date,
        "byte" => Kind::Byte,
        "short" => Kind::Short,
        _ => return Err(Problem::UnknownType(shown(word))),
    })
}

#[derive(Default)]
struct Flags {
    has_tag: bool,
    encrypt: Option<u8>,
}

impl Flags {
    fn read(word: &str) -> Result<Self, Problem> {
        let mut flags = Self::default();
        if word.is_empty() {
            return Ok(flags);
        }
        for flag in word.split(',') {
            match flag {
                "has_tag" if !flags.has_tag => flags.has_tag = true,
                "encrypt=1" if flags.encrypt.is_none() => flags.encrypt = Some(1),
                "encrypt=2" if flags.encrypt.is_none() => flags.encrypt = Some(2),
                "encrypt=3" if flags.encrypt.is_none() => flags.encrypt = Some(3),
                _ => return Err(Problem::UnknownFlag(shown(flag))),
            }
        }
        Ok(flags)
    }
}
