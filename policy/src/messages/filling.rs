//! Texts with places in braces: read once, filled often. What is filled in is never read for places itself.

use thiserror::Error;

/// A piece of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece<'a> {
    /// Words as they are.
    Words(&'a str),
    /// The name of a place.
    Place(&'a str),
}

/// A brace that has no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a brace stands alone: write a place as {{code}}, and no other braces")]
pub struct LoneBrace;

/// The pieces of a text in which braces stand around places alone.
pub fn pieces(text: &str) -> Result<Vec<Piece<'_>>, LoneBrace> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(['{', '}']) {
        let (words, from) = rest.split_at(open);
        let inside = from.strip_prefix('{').ok_or(LoneBrace)?;
        let (name, after) = inside.split_once('}').ok_or(LoneBrace)?;
        if name.contains('{') {
            return Err(LoneBrace);
        }
        if !words.is_empty() {
            pieces.push(Piece::Words(words));
        }
        pieces.push(Piece::Place(name));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Words(rest));
    }
    Ok(pieces)
}

/// The names of places in a text that has other braces too, as JSON has: those alone that look like a name, of small
/// letters and `_`.
pub fn places(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once('}')?;
        looks_like_name(name).then_some(name)
    })
}

/// Fills such a text. A place that `value` knows nothing of stays as it is written.
pub fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut parts = text.split('{');
    filled.push_str(parts.next().unwrap_or_default());
    for part in parts {
        match part.split_once('}') {
            Some((name, after)) if looks_like_name(name) => match value(name) {
                Some(value) => {
                    filled.push_str(&value);
                    filled.push_str(after);
                }
                None => {
                    filled.push('{');
                    filled.push_str(part);
                }
            },
            Some(_) | None => {
                filled.push('{');
                filled.push_str(part);
            }
        }
    }
    filled
}

fn looks_like_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 30 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_stand_around_places_alone() {
        let read = pieces("Hi {name}: {code}").expect("good");

        assert_eq!(read, [Piece::Words("Hi "), Piece::Place("name"), Piece::Words(": "), Piece::Place("code")]);
        for bad in ["{", "}", "a {b", "a b}", "{a{b}}", "{a}}"] {
            assert_eq!(pieces(bad), Err(LoneBrace), "{bad}");
        }
    }

    #[test]
    fn what_is_filled_in_is_not_read_for_places() {
        let value = |name: &str| (name == "to").then(|| "{key}".to_owned());

        assert_eq!(fill(r#"{"a": {"b": "{to}"}, "c": "{what}"}"#, value), r#"{"a": {"b": "{key}"}, "c": "{what}"}"#);
        assert_eq!(places(r#"{"a": {"b": "{to}"}, "c": "{what}"}"#).collect::<Vec<_>>(), ["to", "what"]);
        assert_eq!(fill("{to}{", value), "{key}{");
    }
}
