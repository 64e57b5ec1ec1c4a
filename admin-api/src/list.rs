//! Lists: how many, from where on, which fields, and no parameter that is not known.
//!
//! A page ends with an opaque `next`, which is the key of its last row and the order it was in. Pages are read by key,
//! never by counting rows to skip, so the last page of millions costs what the first costs.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::Page;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::body::json;
use crate::problem::{Code, FaultCode, FieldFault, Problem};

/// Rows of a page that asks for none.
const LIMIT_DEFAULT: u16 = 50;

/// The most rows of a page.
pub const LIMIT_MAX: u16 = 200;

/// Which part of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// How many rows at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// Where to go on: the `next` of the page before.
    after: Option<String>,
    /// Only these fields of each row, separated by commas; `id` is always there.
    #[param(example = "id,name")]
    fields: Option<String>,
}

impl Paging {
    /// The page of a list in that order. Orders of one noun have different names.
    pub fn page<K: FromStr>(&self, order: &str) -> Result<Page<K>, Problem> {
        let size = self.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&size) {
            return Err(wrong("limit", format!("write 1 to {LIMIT_MAX}")));
        }
        let Some(after) = &self.after else { return Ok(Page::first(size)) };
        let bad = || wrong("after", "is no `next` of this list in this order; begin again without it");
        let text = URL_SAFE_NO_PAD.decode(after).ok().and_then(|octets| String::from_utf8(octets).ok());
        let text = text.filter(|text| !text.contains('\0')).ok_or_else(bad)?;
        let key = text.strip_prefix(order).and_then(|rest| rest.strip_prefix(':')).ok_or_else(bad)?;
        Ok(Page::after(key.parse().map_err(|_| bad())?, size))
    }
}

/// One page.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listing<T> {
    /// Its rows.
    pub items: Vec<T>,
    /// What to give as `after` for the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Answers with a page of rows, cut to the fields that were asked for.
pub fn listing<T, K>(asked: &Paging, order: &str, items: Vec<T>, next: Option<K>) -> Result<Response, Problem>
where
    T: Serialize + PartialSchema,
    K: Display,
{
    let next = next.map(|key| URL_SAFE_NO_PAD.encode(format!("{order}:{key}")));
    let Some(fields) = &asked.fields else { return json(&Listing { items, next }) };
    let known = fields_of::<T>();
    let wanted: Vec<&str> = fields.split(',').map(str::trim).filter(|field| !field.is_empty()).collect();
    if let Some(unknown) = wanted.iter().find(|field| !known.iter().any(|name| name == *field)) {
        let unknown = domain::text::escaped(unknown.as_bytes());
        return Err(wrong("fields", format!("there is no field `{unknown}`; there are {}", known.join(", "))));
    }
    let mut cut = Vec::with_capacity(items.len());
    for item in items {
        let mut row = serde_json::to_value(item).map_err(|_| Problem::internal())?;
        if let Some(row) = row.as_object_mut() {
            row.retain(|name, _| name == "id" || wanted.contains(&name.as_str()));
        }
        cut.push(row);
    }
    json(&Listing { items: cut, next })
}

/// The fields of a view, as the document has them.
fn fields_of<T: PartialSchema>() -> Vec<String> {
    match T::schema() {
        RefOr::T(Schema::Object(object)) => object.properties.keys().cloned().collect(),
        RefOr::T(_) | RefOr::Ref(_) => Vec::new(),
    }
}

/// What a list was asked for: the page, and filters of its own.
#[derive(Debug)]
pub struct List<F> {
    /// Which part.
    pub page: Paging,
    /// Filters and the order.
    pub filters: F,
}

impl<F: DeserializeOwned + IntoParams, S: Sync> FromRequestParts<S> for List<F> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let asked = Asked::of(parts)?;
        asked.refuse_unknown(&[names::<Paging>(), names::<F>()].concat())?;
        Ok(Self { page: asked.read()?, filters: asked.read()? })
    }
}

/// Parameters of a query that is no list.
#[derive(Debug)]
pub struct Query<F>(pub F);

impl<F: DeserializeOwned + IntoParams, S: Sync> FromRequestParts<S> for Query<F> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let asked = Asked::of(parts)?;
        asked.refuse_unknown(&names::<F>())?;
        Ok(Self(asked.read()?))
    }
}

/// No parameters at all.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Nothing {}

impl IntoParams for Nothing {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Vec::new()
    }
}

/// The names of parameters, as the document has them.
fn names<F: IntoParams>() -> Vec<String> {
    F::into_params(|| Some(ParameterIn::Query)).into_iter().map(|parameter| parameter.name).collect()
}

/// A query, taken apart.
struct Asked<'a> {
    text: &'a str,
    pairs: Vec<(String, String)>,
}

impl<'a> Asked<'a> {
    fn of(parts: &'a Parts) -> Result<Self, Problem> {
        let text = parts.uri.query().unwrap_or_default();
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(text)
            .map_err(|_| Problem::new(Code::Malformed, "the query is not written as name=value&name=value"))?;
        if let Some((name, _)) = pairs.iter().find(|(name, value)| name.contains('\0') || value.contains('\0')) {
            return Err(wrong(&domain::text::escaped(name.as_bytes()), "holds a zero octet, which no text has"));
        }
        Ok(Self { text, pairs })
    }

    fn refuse_unknown(&self, known: &[String]) -> Result<(), Problem> {
        for (place, (name, _)) in self.pairs.iter().enumerate() {
            let shown = domain::text::escaped(name.as_bytes());
            if !known.contains(name) {
                let detail = match known.join(", ") {
                    none if none.is_empty() => "this takes no parameters".to_owned(),
                    names => format!("there is no such parameter; there are {names}"),
                };
                let fault = FieldFault { field: shown, code: FaultCode::Unknown, detail: detail.clone() };
                return Err(Problem { errors: vec![fault], ..Problem::new(Code::UnknownParameter, detail) });
            }
            if self.pairs[..place].iter().any(|(before, _)| before == name) {
                return Err(wrong(&shown, "stands there twice"));
            }
        }
        Ok(())
    }

    fn read<F: DeserializeOwned>(&self) -> Result<F, Problem> {
        let pairs = serde_urlencoded::Deserializer::new(form_pairs(self.text));
        serde_path_to_error::deserialize(pairs).map_err(|why| {
            let field = why.path().to_string();
            wrong(&domain::text::escaped(field.as_bytes()), why.into_inner().to_string())
        })
    }
}

fn form_pairs(text: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(text.as_bytes())
}

/// A parameter that cannot be so.
pub(crate) fn wrong(field: &str, detail: impl Into<String>) -> Problem {
    let detail = detail.into();
    let said = format!("{field}: {detail}");
    let fault = FieldFault { field: field.to_owned(), code: FaultCode::Invalid, detail };
    Problem { errors: vec![fault], ..Problem::new(Code::Malformed, said) }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[derive(Debug, Default, Deserialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    struct Filters {
        /// Only those.
        name: Option<String>,
        /// Only so old.
        age: Option<u8>,
    }

    #[derive(Serialize, ToSchema)]
    struct Row {
        id: u8,
        name: &'static str,
        age: u8,
    }

    async fn ask(query: &str) -> Result<List<Filters>, Problem> {
        let request = Request::get(format!("/v1/things?{query}")).body(()).expect("a request");
        List::from_request_parts(&mut request.into_parts().0, &()).await
    }

    #[tokio::test]
    async fn a_parameter_that_is_not_known_is_named() {
        let problem = ask("name=a&nmae=b").await.expect_err("unknown");

        assert_eq!(problem.code, Code::UnknownParameter);
        assert_eq!(problem.errors[0].field, "nmae");
        assert!(problem.detail.contains("limit, after, fields, name, age"), "{}", problem.detail);
    }

    #[tokio::test]
    async fn a_parameter_that_cannot_be_read_is_named() {
        for (query, field) in [("age=x", "age"), ("age=300", "age"), ("limit=-1", "limit"), ("name=a&name=b", "name")] {
            let problem = ask(query).await.expect_err(query);

            assert_eq!((problem.code, problem.errors[0].field.as_str()), (Code::Malformed, field), "{query}");
        }
        assert_eq!(ask("name=%00").await.expect_err("zero").code, Code::Malformed);
        let asked = ask("name=a%20b&age=3&limit=2").await.expect("good");
        assert_eq!((asked.filters.name.as_deref(), asked.filters.age), (Some("a b"), Some(3)));
    }

    #[tokio::test]
    async fn a_page_goes_on_only_in_its_own_order() {
        let next = URL_SAFE_NO_PAD.encode("name:7");
        let asked = ask(&format!("limit=2&after={next}")).await.expect("good");

        assert_eq!(asked.page.page::<u8>("name").expect("its own"), Page::after(7, 2));
        assert!(asked.page.page::<u8>("-created_at").is_err());
        assert!(asked.page.page::<std::net::IpAddr>("name").is_err());
        for bad in ["limit=0", "limit=201", "after=%21"] {
            assert!(ask(bad).await.expect("read").page.page::<u8>("name").is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn only_the_fields_that_were_asked_for_are_given() {
        let body = |asked: Paging| async move {
            let row = Row { id: 1, name: "a", age: 2 };
            let response = listing(&asked, "id", vec![row], Some(1)).expect("good");
            let octets = axum::body::to_bytes(response.into_body(), 1_000).await.expect("a body");
            serde_json::from_slice::<serde_json::Value>(&octets).expect("JSON")
        };

        let some = body(Paging { fields: Some("age".to_owned()), ..Paging::default() }).await;
        let all = body(Paging::default()).await;

        let next = URL_SAFE_NO_PAD.encode("id:1");
        assert_eq!(some, serde_json::json!({ "items": [{ "id": 1, "age": 2 }], "next": next }));
        assert_eq!(all["items"][0]["name"], "a");
        let unknown = Paging { fields: Some("age,secret".to_owned()), ..Paging::default() };
        let problem = listing(&unknown, "id", Vec::<Row>::new(), None::<u8>).expect_err("unknown");
        assert!(problem.detail.contains("`secret`"), "{}", problem.detail);
    }
}
