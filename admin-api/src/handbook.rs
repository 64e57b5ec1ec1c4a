//! The document for programs at `/v1/openapi.json`, and the same for people at `/v1/docs`: one page without scripts,
//! pictures or anything from elsewhere, so that it works offline and under a strict content security policy.

use std::fmt::Write as _;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Map, Value};

use crate::app::App;

/// How deep the page follows schemas within schemas.
const DEPTH_MAX: usize = 6;

/// Both, made once.
pub(crate) fn routes(document: &Value) -> Router<App> {
    let json: &'static str = Box::leak(document.to_string().into_boxed_str());
    let page: &'static str = Box::leak(page(document).into_boxed_str());
    Router::new()
        .route("/v1/openapi.json", get(async move || text(json, "application/json")))
        .route("/v1/docs", get(async move || text(page, "text/html; charset=utf-8")))
}

fn text(body: &'static str, kind: &'static str) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

const STYLE: &str = "
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:60rem;margin:0 auto;padding:1rem}
summary{cursor:pointer;padding:.3rem 0}details{border-bottom:1px solid #8884}details details{border:0;margin-left:1rem}
code,pre{font:14px/1.45 ui-monospace,monospace}.method{display:inline-block;min-width:4.5rem;font-weight:700}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}
nav a{margin-right:1rem}.faint{opacity:.75}";

/// The page of a document.
fn page(document: &Value) -> String {
    let mut page = String::from("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>mnetifi API</title>");
    _ = write!(page, "<style>{STYLE}</style></head><body><h1>mnetifi API</h1>");
    _ = write!(page, "<p>{}</p>", plain(&document["info"]["description"]));
    page.push_str("<p>The same for programs: <a href=\"/v1/openapi.json\">openapi.json</a>.</p><nav>");
    let nouns = by_noun(document);
    for noun in nouns.keys() {
        _ = write!(page, "<a href=\"#{0}\">{0}</a>", escape(noun));
    }
    page.push_str("</nav>");
    for (noun, operations) in &nouns {
        _ = write!(page, "<h2 id=\"{0}\">{0}</h2>", escape(noun));
        for operation in operations.as_array().into_iter().flatten() {
            one(&mut page, operation, document);
        }
    }
    page.push_str("<h2 id=\"problems\">What else may be answered</h2><table>");
    for (name, response) in document["components"]["responses"].as_object().into_iter().flatten() {
        let status = name.trim_start_matches("Problem");
        _ = write!(page, "<tr><td>{}</td><td>{}</td></tr>", escape(status), plain(&response["description"]));
    }
    page.push_str("</table></body></html>\n");
    page
}

/// Operations by their tag, each with its path and method in it.
fn by_noun(document: &Value) -> Map<String, Value> {
    let mut nouns = Map::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let noun = operation["tags"][0].as_str().unwrap_or("other").to_owned();
            let mut operation = operation.clone();
            operation["x-path"] = Value::String(path.clone());
            operation["x-method"] = Value::String(method.to_uppercase());
            if let Some(list) = nouns.entry(noun).or_insert_with(|| Value::Array(Vec::new())).as_array_mut() {
                list.push(operation);
            }
        }
    }
    nouns
}

fn one(page: &mut String, operation: &Value, document: &Value) {
    let (method, path) = (plain(&operation["x-method"]), plain(&operation["x-path"]));
    _ = write!(
        page,
        "<details><summary><span class=\"method\">{method}</span> <code>{path}</code> {}</summary>",
        plain(&operation["summary"])
    );
    if let Some(text) = operation["description"].as_str() {
        _ = write!(page, "<p>{}</p>", escape(text));
    }
    if let Some(permission) = operation["x-permission"].as_str() {
        _ = write!(page, "<p class=\"faint\">Needs the permission <code>{}</code>.</p>", escape(permission));
    }
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    if !parameters.is_empty() {
        page.push_str("<table>");
        for parameter in parameters {
            _ = write!(
                page,
                "<tr><td><code>{}</code></td><td class=\"faint\">{}</td><td>{}</td></tr>",
                plain(&parameter["name"]),
                plain(&parameter["in"]),
                plain(&parameter["description"])
            );
        }
        page.push_str("</table>");
    }
    body(page, "Body", &operation["requestBody"], document);
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        if status.starts_with('2') {
            body(page, &format!("Answer {status}"), response, document);
        }
    }
    page.push_str("</details>");
}

fn body(page: &mut String, title: &str, body: &Value, document: &Value) {
    for (kind, content) in body["content"].as_object().into_iter().flatten() {
        _ = write!(page, "<h4>{} <span class=\"faint\">{}</span></h4>", escape(title), escape(kind));
        schema(page, &content["schema"], document, 0);
    }
}

fn schema(page: &mut String, of: &Value, document: &Value, depth: usize) {
    let of = resolved(of, document);
    if depth > DEPTH_MAX {
        return;
    }
    if let Some(properties) = of["properties"].as_object() {
        page.push_str("<table>");
        for (name, property) in properties {
            _ = write!(
                page,
                "<tr><td><code>{}</code></td><td class=\"faint\">{}</td><td>",
                escape(name),
                kind(property, document)
            );
            let said =
                property["description"].as_str().or_else(|| resolved(property, document)["description"].as_str());
            page.push_str(&escape(said.unwrap_or_default()));
            inner(page, property, document, depth);
            page.push_str("</td></tr>");
        }
        page.push_str("</table>");
    } else {
        _ = write!(page, "<p class=\"faint\">{}</p>", kind(of, document));
        inner(page, of, document, depth);
    }
}

/// What is within a field: an object, the items of a list, or one of several.
fn inner(page: &mut String, of: &Value, document: &Value, depth: usize) {
    let of = resolved(of, document);
    if of["properties"].is_object() && depth > 0 || of["properties"].is_object() {
        fold(page, of, document, depth);
    }
    let items = resolved(&of["items"], document);
    if items["properties"].is_object() {
        fold(page, items, document, depth);
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        for one in of[choice].as_array().into_iter().flatten() {
            let one = resolved(one, document);
            if one["properties"].is_object() {
                fold(page, one, document, depth);
            }
        }
    }
}

fn fold(page: &mut String, of: &Value, document: &Value, depth: usize) {
    if depth < DEPTH_MAX {
        page.push_str("<details><summary>fields</summary>");
        schema(page, of, document, depth + 1);
        page.push_str("</details>");
    }
}

fn resolved<'a>(of: &'a Value, document: &'a Value) -> &'a Value {
    let pointer = of["$ref"].as_str().map(|reference| reference.trim_start_matches('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(of)
}

/// The kind of a value in a word or two.
fn kind(of: &Value, document: &Value) -> String {
    let of = resolved(of, document);
    let one = |kind: &Value| kind.as_str().map(str::to_owned);
    let kinds: Vec<String> = match of["type"].as_array() {
        Some(kinds) => kinds.iter().filter_map(one).collect(),
        None => one(&of["type"]).into_iter().collect(),
    };
    let mut said = escape(&kinds.join(" or "));
    if let Some(words) = of["enum"].as_array() {
        let words: Vec<String> = words.iter().map(plain).collect();
        said = words.join(" | ");
    } else if let Some(format) = of["format"].as_str() {
        _ = write!(said, " ({})", escape(format));
    }
    said
}

fn plain(text: &Value) -> String {
    text.as_str().map_or_else(|| escape(&text.to_string()), escape)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{openapi, routes};

    #[test]
    fn the_page_shows_every_route_and_takes_nothing_from_elsewhere() {
        let table = routes::table();
        let page = page(&openapi::document(&table));

        for route in &table {
            assert!(page.contains(&format!("<code>{}</code>", route.path)), "{} is not shown", route.path);
        }
        for foreign in ["<script", "src=", "href=\"http", "action=", "<img", "<link", "<iframe", "@import", "url("] {
            assert!(!page.contains(foreign), "the page holds {foreign}");
        }
    }

    #[test]
    fn what_a_document_says_cannot_become_a_part_of_the_page() {
        assert_eq!(escape("<b>\"&"), "&lt;b&gt;&quot;&amp;");
    }
}
