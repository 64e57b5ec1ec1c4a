//! The document of the API: OpenAPI 3.1, made from the table of routes and from the handlers' own shapes.
//!
//! What holds for every route of a kind (problems, keys, headers) is put in here once, from the same row of the table
//! that the door checks, so that no handler can forget to say it.

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use crate::idempotency;
use crate::problem::{Code, ProblemBody};
use crate::routes::{self, Audit, Right, Route};

/// The whole document.
pub fn document(table: &[Route]) -> Value {
    let mut paths = Map::new();
    for route in table {
        let place = paths.entry(route.path.clone()).or_insert_with(|| json!({}));
        place[route.method.as_str().to_lowercase()] = operation(route);
    }
    let mut schemas = Map::new();
    for (name, schema) in routes::schemas(table) {
        schemas.insert(name.clone(), written(schema));
    }
    let mut of_problems = Vec::new();
    ProblemBody::schemas(&mut of_problems);
    of_problems.push(("Problem".to_owned(), ProblemBody::schema()));
    for (name, schema) in &of_problems {
        schemas.insert(name.clone(), written(schema));
    }
    loosen_lists(&mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "mnetifi",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Everything an internet provider's staff and their programs can do. Problems are explained \
                in `docs/api-problems.md`; `x-permission` names the permission that a request needs; what has `x-when-locked` is refused while \
                the provider's account with the platform is locked.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": problems(),
            "securitySchemes": {
                "key": {
                    "type": "http", "scheme": "bearer",
                    "description": "A key of a program: `Authorization: Bearer mnk_…`.",
                },
                "session": {
                    "type": "apiKey", "in": "cookie", "name": "__Host-mnetifi",
                    "description": "The cookie of a signed-in browser; `mnetifi` over plain HTTP on this machine.",
                },
            },
        },
    })
}

fn written<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// One operation, with all that holds for its kind.
fn operation(route: &Route) -> Value {
    let mut operation = written(&route.operation);
    let mut statuses = vec![400, 429, 500, 503];
    let mut parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let names_a_row = parameters.iter().any(|parameter| parameter.to_string().contains("\"uuid\""));
    if route.path.contains('{') || names_a_row {
        statuses.push(404);
    }
    if route.right == Right::Open {
        operation["security"] = json!([]);
    } else {
        operation["security"] = json!([{ "key": [] }, { "session": [] }]);
        statuses.extend([401, 403]);
    }
    if let Right::Needs(permission) = route.right {
        operation["x-permission"] = json!(permission.to_string());
    }
    if route.changes() {
        statuses.extend([402, 403, 404, 409]);
    }
    if route.is_shut_when_locked() {
        operation["x-when-locked"] = json!("refused");
    }
    match route.audit {
        Audit::Reads => {}
        Audit::Tells(verb) => operation["x-audit"] = json!(verb),
        Audit::Silent(why) => operation["x-audit"] = json!(format!("none: {why}")),
    }
    if operation.get("requestBody").is_some() {
        statuses.extend([413, 415, 422]);
    }
    if route.method == axum::http::Method::POST && route.right != Right::Open {
        statuses.extend([413, 422]);
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "A word of your own for this request. Sent again with the same word within a day, the \
                same request is not done again: you get its first answer, with `Idempotency-Replayed: true`.",
            "schema": { "type": "string", "minLength": 1, "maxLength": idempotency::KEY_MAX,
                "pattern": "^[!-~]+$" },
        }));
    }
    if route.checks_state {
        statuses.push(412);
        parameters.push(json!({
            "name": "If-Match", "in": "header", "required": false,
            "description": "The ETag that you read: the change is made only while it is still the same.",
            "schema": { "type": "string", "pattern": "^(\\*|\"[0-9a-f]{16}\")$" },
        }));
    }
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    // OpenAPI wants a sentence with each answer; a success is what the operation is for.
    let summary = operation["summary"].clone();
    for (_, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
        if answer.get("description").is_none() {
            answer["description"] = summary.clone();
        }
    }
    for status in statuses {
        let status = status.to_string();
        if operation["responses"].get(&status).is_none() {
            operation["responses"][&status] = json!({ "$ref": format!("#/components/responses/Problem{status}") });
        }
    }
    operation
}

/// What is answered with each status that is no success.
fn problems() -> Value {
    let mut responses = Map::new();
    for code in Code::ALL {
        let status = code.status().as_u16().to_string();
        let said = format!("`{}`: {}.", code.text(), code.title());
        let response = responses.entry(format!("Problem{status}")).or_insert_with(|| {
            json!({
                "description": "",
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            })
        });
        let before = response["description"].as_str().unwrap_or_default();
        let both = if before.is_empty() { said } else { format!("{before} {said}") };
        response["description"] = json!(both);
        if matches!(code, Code::TooMany | Code::DatabaseAway) {
            response["headers"] = json!({ "Retry-After": {
                "description": "Seconds to wait.", "schema": { "type": "integer" } } });
        }
    }
    Value::Object(responses)
}

/// Rows of a list may be asked for in part (`fields`), so that none of their fields is sure to be there but `id`.
fn loosen_lists(schemas: &mut Map<String, Value>) {
    let lists: Vec<String> = schemas.keys().filter(|name| name.starts_with("Listing_")).cloned().collect();
    for list in lists {
        let Some(of) = list.strip_prefix("Listing_").map(str::to_owned) else { continue };
        let Some(mut row) = schemas.get(&of).cloned() else { continue };
        row["required"] = match row["properties"].get("id") {
            Some(_) => json!(["id"]),
            None => json!([]),
        };
        let part = format!("{of}Part");
        schemas[&list]["properties"]["items"]["items"] = json!({ "$ref": format!("#/components/schemas/{part}") });
        schemas.insert(part, row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_of_the_document_leads_somewhere() {
        let document = document(&routes::table());
        let mut references = Vec::new();
        collect(&document, &mut references);

        assert!(references.len() > 10, "the walk is broken");
        for reference in references {
            let pointer = reference.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
    }

    #[test]
    fn no_two_shapes_share_a_name() {
        let mut known: Map<String, Value> = Map::new();

        for (name, schema) in routes::schemas(&routes::table()) {
            let schema = written(schema);
            let before = known.insert(name.clone(), schema.clone());
            assert!(before.is_none_or(|before| before == schema), "two types are both called {name}: rename one");
        }
    }

    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    found.push(reference.clone());
                }
                fields.values().for_each(|value| collect(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_operation_says_what_it_is() {
        let document = document(&routes::table());

        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                let said = |field: &str| operation[field].as_str().is_some_and(|text| !text.is_empty());
                assert!(said("summary") && said("operationId"), "{method} {path} has no sentence over its handler");
                assert!(operation["tags"].as_array().is_some_and(|tags| tags.len() == 1), "{method} {path}");
                let success = operation["responses"].as_object().expect("responses").keys();
                assert!(success.clone().any(|status| status.starts_with('2')), "{method} {path} says no success");
                for (status, answer) in operation["responses"].as_object().expect("responses") {
                    let told = answer.get("$ref").is_some() || answer["description"].is_string();
                    assert!(told, "{method} {path} says nothing of {status}");
                }
            }
        }
    }

    /// The committed document; `make generate` writes it anew.
    const COMMITTED: &str = "../docs/openapi.json";

    #[test]
    fn the_committed_document_is_the_one_that_is_served() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(COMMITTED);
        let fresh = serde_json::to_string_pretty(&document(&routes::table())).expect("written") + "\n";
        let committed = std::fs::read_to_string(&path).unwrap_or_default();

        assert!(committed == fresh, "docs/openapi.json is stale: run `make generate` and commit it");
    }
}
