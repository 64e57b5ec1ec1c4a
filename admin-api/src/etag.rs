//! ETags: a thing's state in sixteen letters, so that a change can say which state it is meant for.
//!
//! An ETag is made of what is shown of a thing and of nothing else, so it changes exactly when somebody could see it
//! change. `If-Match` is checked against the row that the deed itself read, in its transaction.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::body::json;
use crate::problem::{Code, Problem};

/// Most ETags that a header may name.
const TAGS_MAX: usize = 16;

/// The ETag of a view, in its quotes.
pub fn of<T: Serialize>(view: &T) -> Result<String, Problem> {
    let octets = serde_json::to_vec(view).map_err(|_| Problem::internal())?;
    Ok(format!("\"{}\"", hex::encode(&Sha256::digest(&octets)[..8])))
}

/// Answers with one thing and its ETag.
pub fn single<T: Serialize>(view: &T) -> Result<Response, Problem> {
    let mut response = json(view)?;
    response.headers_mut().insert(header::ETAG, value(&of(view)?)?);
    Ok(response)
}

/// Answers with what was made, and where it is.
pub fn created<T: Serialize>(view: &T, path: &str) -> Result<Response, Problem> {
    let mut response = single(view)?;
    *response.status_mut() = StatusCode::CREATED;
    response.headers_mut().insert(header::LOCATION, value(path)?);
    Ok(response)
}

fn value(text: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(text).map_err(|_| Problem::internal())
}

/// Which state of a thing a request is meant for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IfMatch {
    /// Whatever it is now.
    Any,
    /// One of these.
    OneOf(Vec<String>),
}

impl IfMatch {
    /// Whether a thing that is seen like this is meant.
    pub fn allows<T: Serialize>(&self, view: &T) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => of(view).is_ok_and(|tag| tags.contains(&tag)),
        }
    }

    /// What was seen, where a state is meant: the deed compares it once more, in its own transaction.
    pub fn meant<'a, T>(&self, seen: &'a T) -> Option<&'a T> {
        match self {
            Self::Any => None,
            Self::OneOf(_) => Some(seen),
        }
    }

    fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let bad = || Problem::new(Code::Malformed, "If-Match: write the ETag as it came, with its quotes, or *");
        let mut tags = Vec::new();
        for value in headers.get_all(header::IF_MATCH) {
            for tag in value.to_str().map_err(|_| bad())?.split(',').map(str::trim) {
                match tag {
                    "*" => return Ok(Self::Any),
                    tag if tag.len() >= 2 && tag.starts_with('"') && tag.ends_with('"') => tags.push(tag.to_owned()),
                    _ => return Err(bad()),
                }
                if tags.len() > TAGS_MAX {
                    return Err(bad());
                }
            }
        }
        if tags.is_empty() { Ok(Self::Any) } else { Ok(Self::OneOf(tags)) }
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::read(&parts.headers)
    }
}

/// Whether the caller has what would be answered already (`If-None-Match`).
pub(crate) fn is_known(asked: &HeaderMap, answer: &HeaderMap) -> bool {
    let Some(tag) = answer.get(header::ETAG).and_then(|tag| tag.to_str().ok()) else { return false };
    asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(value: &str) -> Result<IfMatch, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, value.parse().expect("a header"));
        IfMatch::read(&headers)
    }

    #[test]
    fn a_change_is_for_the_state_that_was_seen() {
        let tag = of(&"one state").expect("written");

        let meant = asked(&format!("\"other\", {tag}")).expect("good");

        assert!(meant.allows(&"one state") && !meant.allows(&"another state"));
        assert!(asked("*").expect("good").allows(&"another state"));
        assert!(IfMatch::read(&HeaderMap::new()).expect("good").allows(&"anything"));
    }

    #[test]
    fn an_etag_without_its_quotes_is_refused_and_not_passed_over() {
        for bad in ["abc", "\"", "W/\"abc\"", "\"a\",", ""] {
            assert!(asked(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_the_caller_has_is_not_sent_again() {
        let response = single(&"state").expect("written");
        let known = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, value.parse().expect("a header"));
            is_known(&headers, response.headers())
        };
        let tag = of(&"state").expect("written");

        assert!(known(&tag) && known(&format!("\"x\", W/{tag}")) && known("*"));
        assert!(!known("\"x\""));
    }
}
