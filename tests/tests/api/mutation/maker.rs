//! Requests as the document describes them: for each operation its parameters and body, made by chance.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tests::dice::Dice;
use tests::furnished::Party;

use crate::walk::samples::Sample;
use crate::walk::{before_id, with_ids};

/// How deep a body is followed; shapes here are far flatter.
const DEPTH_MAX: usize = 8;

/// Rows that a batch has at most here: files of them are read again and again.
const BATCH_MAX: u64 = 20;

/// One operation of the document.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) method: String,
    pub(super) path: String,
    parameters: Vec<Value>,
    /// The kind of body that it takes, and its schema.
    body: Option<(String, Value)>,
}

impl Operation {
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// What a caller knows to write.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// What they write in their texts.
    pub(super) mark: String,
    /// Ids of their own, by the path before them.
    pub(super) own: Vec<String>,
    /// Ids of others.
    pub(super) foreign: Vec<String>,
    /// One id of their own for each path that goes on with one.
    pub(super) by_path: BTreeMap<String, String>,
}

/// A request in parts, before it is spoiled and written.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) kind: Option<String>,
    pub(super) body: Option<Value>,
}

/// The document's operations, and their shapes.
#[derive(Debug)]
pub(super) struct Maker {
    document: Value,
    pub(super) operations: Vec<Operation>,
}

impl Maker {
    pub(super) fn of(document: Value) -> Self {
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                let body = operation["requestBody"]["content"].as_object().and_then(|kinds| kinds.iter().next());
                operations.push(Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    parameters: operation["parameters"].as_array().cloned().unwrap_or_default(),
                    body: body.map(|(kind, content)| (kind.clone(), content["schema"].clone())),
                });
            }
        }
        Self { document, operations }
    }

    /// A request that the document allows, as far as it says.
    pub(super) fn make(&self, operation: &Operation, known: &Known, dice: &mut Dice) -> Made {
        let mut made = Made {
            method: operation.method.clone(),
            path: operation.path.clone(),
            query: Vec::new(),
            headers: Vec::new(),
            kind: None,
            body: None,
        };
        for parameter in &operation.parameters {
            let name = parameter["name"].as_str().unwrap_or_default();
            let needed = parameter["required"] == true;
            if !needed && !dice.once_in(4) {
                continue;
            }
            let value = text_of(&self.value(&parameter["schema"], name, known, dice, 0));
            match parameter["in"].as_str() {
                Some("path") => {
                    let value = id_for(&operation.path, known, dice).unwrap_or(value);
                    made.path = made.path.replace(&format!("{{{name}}}"), &value);
                }
                Some("query") => made.query.push((name.to_owned(), value)),
                _ => made.headers.push((name.to_owned(), value)),
            }
        }
        if let Some((kind, schema)) = &operation.body {
            made.kind = Some(kind.clone());
            made.body =
                Some(if kind == "text/csv" { table(known, dice) } else { self.value(schema, "", known, dice, 0) });
            if operation.path == "/v1/batches"
                && let Some(body) = &mut made.body
            {
                body["count"] = json!(dice.between(1, BATCH_MAX));
            }
        }
        made
    }

    fn value(&self, schema: &Value, name: &str, known: &Known, dice: &mut Dice, depth: usize) -> Value {
        if depth > DEPTH_MAX {
            return Value::Null;
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let target = self.document.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
            return self.value(target, name, known, dice, depth + 1);
        }
        if let Some(choices) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
            return self.value(dice.one_of(choices), name, known, dice, depth + 1);
        }
        if let Some(values) = schema["enum"].as_array() {
            return dice.one_of(values).clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) if dice.once_in(6) => kinds.last().and_then(Value::as_str).unwrap_or("null"),
            Value::Array(kinds) => kinds.first().and_then(Value::as_str).unwrap_or("null"),
            Value::String(kind) => kind,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => "object",
        };
        match kind {
            "string" => text(schema, name, known, dice),
            "integer" | "number" => {
                let least = schema["minimum"].as_i64().unwrap_or(0);
                let most = schema["maximum"].as_i64().unwrap_or(least.saturating_add(30));
                let span = u64::try_from(most.saturating_sub(least)).unwrap_or(0).min(3_000);
                json!(least.saturating_add(i64::try_from(dice.between(0, span)).unwrap_or(0)))
            }
            "boolean" => json!(dice.once_in(2)),
            "array" => {
                let several = dice.below(4);
                (0..several).map(|_| self.value(&schema["items"], name, known, dice, depth + 1)).collect()
            }
            "object" => self.object(schema, known, dice, depth),
            _ => Value::Null,
        }
    }

    fn object(&self, schema: &Value, known: &Known, dice: &mut Dice, depth: usize) -> Value {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut object = Map::new();
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            if required.contains(&field.as_str()) || dice.once_in(3) {
                object.insert(field.clone(), self.value(schema, field, known, dice, depth + 1));
            }
        }
        Value::Object(object)
    }
}

/// A text or all texts within with another mark, so that what was made once can be made again.
fn renamed(value: &mut Value, mark: &str, number: usize) {
    match value {
        Value::String(text) => *text = text.replace(mark, &format!("{mark}{number}")),
        Value::Array(values) => values.iter_mut().for_each(|value| renamed(value, mark, number)),
        Value::Object(fields) => fields.values_mut().for_each(|value| renamed(value, mark, number)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A request that is known to succeed for an ISP as it was furnished; every second time under another name, and for the
/// row of that kind that was made last.
pub(super) fn of_sample(sample: &Sample, of: &Party, known: &Known, dice: &mut Dice) -> Made {
    let (method, path) = sample.route.split_once(' ').expect("a method and a path");
    let place = before_id(path).map(|before| {
        let latest = known.by_path.get(before).filter(|_| sample.whose.is_none() && dice.once_in(2));
        latest.map_or_else(|| of.id(sample.whose.unwrap_or(before)).to_owned(), Clone::clone)
    });
    let mut body = sample.body.clone();
    if let Some(body) = body.as_mut().filter(|_| dice.once_in(2)) {
        renamed(body, of.mark, dice.below(100_000));
    }
    let kind = body.as_ref().map(|body| if body.is_string() { "text/csv" } else { "application/json" });
    Made {
        method: method.to_owned(),
        path: place.map_or_else(|| path.to_owned(), |id| with_ids(path, &id, of)),
        query: Vec::new(),
        headers: Vec::new(),
        kind: kind.map(str::to_owned),
        body,
    }
}

/// An id for a path that goes on with one: mostly of the right kind and one's own.
fn id_for(path: &str, known: &Known, dice: &mut Dice) -> Option<String> {
    let (before, _) = path.split_once("/{")?;
    if dice.once_in(5) && !known.foreign.is_empty() {
        return Some(dice.one_of(&known.foreign).clone());
    }
    if dice.once_in(3) && !known.own.is_empty() {
        return Some(dice.one_of(&known.own).clone());
    }
    known.by_path.get(before).cloned()
}

/// Words that fields of that name take.
const WORDS: &[(&str, &[&str])] = &[
    ("rate", &["2M/5M", "512k/1M", "1G/1G"]),
    ("duration", &["1h", "30d", "1d12h"]),
    ("by", &["1d", "30d", "day", "hour"]),
    ("service", &["hotspot", "pppoe", "static"]),
    ("services", &["all", "pppoe_and_static"]),
    ("counts_from", &["first_use", "purchase", "sale"]),
    ("data_cap", &["1G", "500M"]),
    ("data_per", &["day", "month", "total"]),
    ("when_full", &["refuse", "replace", "oldest"]),
    ("currency", &["KES"]),
    ("role", &["owner", "admin", "technician", "billing", "support"]),
    ("permissions", &["vouchers:see", "customers:change", "routers:see", "plans:make"]),
    ("state", &["active", "expired", "suspended", "printed", "revoked", "invited", "trial", "grace"]),
    ("sort", &["name", "-created_at", "created_at", "username", "code", "-ends_at"]),
    ("fields", &["id", "id,name", "name"]),
    ("kind", &["national_id", "passport"]),
    ("identity_state", &["pending", "verified", "refused"]),
    ("identity", &["pending", "verified"]),
    ("category", &["school", "home"]),
    ("format", &["csv", "xlsx"]),
    ("device", &["02:00:00:00:00:01", "02-00-00-00-00-02"]),
    ("address", &["10.9.0.1", "10.8.0.0/24", "192.0.2.7"]),
    ("realm", &["isp.example"]),
    ("identifier", &["tower"]),
    ("code", &["123456", "000000"]),
    ("minutes", &["5"]),
    ("subdomain", &["hill", "lake"]),
    ("events", &["session_online", "payment"]),
    ("url", &["https://192.0.2.1/hook", "http://127.0.0.1:1/"]),
    ("coa_port", &["3799"]),
    ("ports", &["1812-1813"]),
    ("channel", &["printed", "portal", "imported"]),
    ("after", &["aWQ6", "bmFtZTph"]),
    ("trace", &["00000000000000000000000000000000"]),
    ("login_url", &["https://isp.example/login"]),
    ("If-Match", &["*", "\"0123456789abcdef\""]),
    ("Last-Event-ID", &["1", "0"]),
];

fn text(schema: &Value, name: &str, known: &Known, dice: &mut Dice) -> Value {
    let number = dice.below(100_000);
    let mark = &known.mark;
    let is_id = schema["format"] == "uuid" || name.ends_with("ids") || name.ends_with("_id");
    if is_id || ["zones", "zone", "plan", "customer", "batch", "router", "subscriber", "voucher"].contains(&name) {
        return json!(any_id(known, dice));
    }
    if schema["format"] == "date-time" {
        let (month, day) = (dice.between(1, 12), dice.between(1, 28));
        return json!(format!("2026-{month:02}-{day:02}T12:00:00Z"));
    }
    if let Some((_, words)) = WORDS.iter().find(|(known, _)| *known == name) {
        return json!(dice.one_of(words));
    }
    json!(match name {
        "email" => format!("{mark}{number}@people.test"),
        "phone" => format!("07{:08}", number),
        "name" | "username" | "user_name" if dice.once_in(2) => format!("{mark}-{number}"),
        "q" => mark.chars().take(dice.below(9)).collect(),
        "Idempotency-Key" => format!("{mark}-{}", number % 500),
        "secret" | "password" | "new_password" => format!("{mark} secret {number}"),
        "reason" => format!("{mark} has a reason {number}"),
        _ => format!("{mark} {number}"),
    })
}

/// Any id: one's own, another's, or nobody's.
pub(super) fn any_id(known: &Known, dice: &mut Dice) -> String {
    let ids = match dice.below(10) {
        0..=5 => &known.own,
        6..=8 => &known.foreign,
        _ => return "00000000-0000-7000-8000-000000000000".to_owned(),
    };
    if ids.is_empty() { String::new() } else { dice.one_of(ids).clone() }
}

/// A table for an import.
fn table(known: &Known, dice: &mut Dice) -> Value {
    let mut text = (*dice.one_of(&["username,password,plan\n", "name,phone\n"])).to_owned();
    for _ in 0..dice.below(4) {
        let (mark, number) = (&known.mark, dice.below(100_000));
        text.push_str(&format!("{mark}-{number},karibu sana,{mark}-home\n"));
    }
    json!(text)
}

/// A value as a path or a query has it.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            other.to_string()
        }
    }
}
