//! Bodies: JSON in, JSON out. What is wrong with one is told field by field.

use axum::body::{Body as Octets, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;

use crate::problem::{Code, FaultCode, FieldFault, Problem};

/// A request's body, read as JSON. The route's limit has been kept by whoever let the request in.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "send the body as JSON, with the header `Content-Type: application/json`";
            return Err(Problem::new(Code::NotJson, detail));
        }
        let octets = Bytes::from_request(request, state)
            .await
            .map_err(|_| Problem::new(Code::Malformed, "the body broke off; send the request again"))?;
        read(&octets).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Reads JSON, and says which field is wrong.
pub fn read<T: DeserializeOwned>(octets: &[u8]) -> Result<T, Problem> {
    refuse_zeros(octets)?;
    let mut json = serde_json::Deserializer::from_slice(octets);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|why| {
        let mut pointer = String::new();
        for segment in why.path() {
            pointer.push('/');
            pointer.push_str(&step(segment.to_string().trim_start_matches('[').trim_end_matches(']')));
        }
        problem_of(pointer, &why.into_inner())
    })?;
    json.end().map_err(|why| problem_of(String::new(), &why))?;
    Ok(read)
}

/// One step of a JSON pointer (RFC 6901 §3).
fn step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn problem_of(pointer: String, why: &serde_json::Error) -> Problem {
    let text = why.to_string();
    let said = text.rsplit_once(" at line ").map_or(text.as_str(), |(said, _)| said);
    match why.classify() {
        Category::Syntax | Category::Eof | Category::Io => {
            Problem::new(Code::Malformed, format!("the body is not JSON: {text}"))
        }
        Category::Data => {
            let named = step(said.split('`').nth(1).unwrap_or_default());
            let beneath = if pointer.rsplit('/').next() == Some(&*named) {
                pointer.clone()
            } else {
                format!("{pointer}/{named}")
            };
            let (field, code) = match said {
                said if said.starts_with("missing field") => (beneath, FaultCode::Missing),
                said if said.starts_with("unknown field") => (beneath, FaultCode::Unknown),
                said if said.starts_with("invalid type") => (pointer, FaultCode::WrongType),
                _ => (pointer, FaultCode::Invalid),
            };
            let field = domain::text::escaped(field.as_bytes());
            let detail = domain::text::escaped(said.as_bytes());
            Problem::of_fields(vec![FieldFault { field, code, detail }])
        }
    }
}

/// A zero octet is in no text that the database keeps, so it is refused wherever it stands.
fn refuse_zeros(octets: &[u8]) -> Result<(), Problem> {
    if !octets.windows(6).any(|six| six.eq_ignore_ascii_case(b"\\u0000")) {
        return Ok(());
    }
    let holds = serde_json::from_slice::<Value>(octets).is_ok_and(|value| holds_zero(&value));
    if holds { Err(Problem::new(Code::Malformed, "a text holds a zero octet, which no text has")) } else { Ok(()) }
}

fn holds_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_zero),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || holds_zero(value)),
    }
}

/// An answer of JSON.
pub fn json<T: Serialize>(value: &T) -> Result<Response, Problem> {
    let octets = serde_json::to_vec(value).map_err(|_| Problem::internal())?;
    let mut response = Response::new(Octets::from(octets));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// Tells a field that is null from one that is not there: `Some(None)` and `None`.
///
/// For fields of changes: `#[serde(default, deserialize_with = "crate::body::nullable")]`.
pub fn nullable<'de, T, D>(from: D) -> Result<Option<Option<T>>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    serde::Deserialize::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        name: String,
        #[serde(default)]
        parts: Vec<Part>,
        #[serde(default, deserialize_with = "nullable")]
        note: Option<Option<String>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Part {
        size: u8,
    }

    fn refused(text: &str) -> (Code, Option<(String, FaultCode)>) {
        let problem = read::<Thing>(text.as_bytes()).expect_err(text);
        (problem.code, problem.errors.first().map(|fault| (fault.field.clone(), fault.code)))
    }

    #[test]
    fn the_wrong_field_is_named_where_it_stands() {
        let invalid = |field: &str, code| (Code::Invalid, Some((field.to_owned(), code)));

        assert_eq!(refused("{}"), invalid("/name", FaultCode::Missing));
        assert_eq!(refused(r#"{"name": 5}"#), invalid("/name", FaultCode::WrongType));
        assert_eq!(refused(r#"{"name": "a", "x/y": 1}"#), invalid("/x~1y", FaultCode::Unknown));
        assert_eq!(
            refused(r#"{"name": "a", "parts": [{"size": 1}, {}]}"#),
            invalid("/parts/1/size", FaultCode::Missing)
        );
        assert_eq!(
            refused(r#"{"name": "a", "parts": [{"size": "b"}]}"#),
            invalid("/parts/0/size", FaultCode::WrongType)
        );
        assert_eq!(refused(r#"{"name": "a", "parts": [{"size": 900}]}"#), invalid("/parts/0/size", FaultCode::Invalid));
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for text in ["", "{", "{\"name\": \"a\"} more", "name=a", "{\"name\": \"a\\u0000b\"}"] {
            assert_eq!(refused(text).0, Code::Malformed, "{text}");
        }
        let own =
            read::<Thing>(br#"{"name": "a\\u0000", "parts": [{"size": 1}]}"#).expect("a backslash of the text's own");
        assert_eq!((own.name.as_str(), own.parts.len(), own.parts[0].size), ("a\\u0000", 1, 1));
    }

    #[test]
    fn null_is_not_the_same_as_not_there() {
        let note = |text: &str| read::<Thing>(text.as_bytes()).expect("good").note;

        assert_eq!(note(r#"{"name": "a"}"#), None);
        assert_eq!(note(r#"{"name": "a", "note": null}"#), Some(None));
        assert_eq!(note(r#"{"name": "a", "note": "b"}"#), Some(Some("b".to_owned())));
    }
}
