//! Spoils a request: wrong types, huge and empty values, other ISPs' ids, broken text, pieces of SQL and shell, JSON
//! that is too deep, headers that should say nothing.

use serde_json::{Value, json};
use tests::dice::Dice;

use super::maker::{Known, Made, any_id};

/// Texts that do harm where somebody puts them where they do not belong.
const HOSTILE: &[&str] = &[
    "",
    " ",
    "null",
    "-1",
    "NaN",
    "9223372036854775808",
    "1e400",
    "'; drop table tenants; --",
    "' or '1'='1",
    "$(reboot)",
    "`id`",
    "|| true",
    "../../../../etc/passwd",
    "..",
    "%00",
    "\u{0}",
    "a\u{0}b",
    "\r\nset-cookie: a=b",
    "\u{202e}\u{feff}",
    "e\u{301}\u{1f469}\u{200d}\u{1f680}",
    "ＡＢＣ",
    "ß",
    "İ",
    "=cmd|' /C calc'!A0",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "%",
    "_",
    "\\",
    "\"",
    "*",
    "0",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2026-02-30T00:00:00Z",
    "300000-01-01T00:00:00Z",
    "2026-01-01T00:00:00+23:59",
    "0.0.0.0/0",
    "::/0",
    "10.0.0.0/33",
    "999999999999d",
    "0s",
    "18446744073709551615G/1",
];

/// Octets that a request has at most when it is spoiled; the door takes no more.
const LONG: usize = 20_000;

/// A request as octets, without its credentials.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

fn hostile_text(known: &Known, dice: &mut Dice) -> String {
    match dice.below(8) {
        0 => any_id(known, dice),
        1 => known.mark.repeat(LONG / known.mark.len().max(1)),
        2 => char::from_u32(u32::try_from(dice.between(1, 0x1_f000)).unwrap_or(65)).unwrap_or('x').to_string(),
        _ => (*dice.one_of(HOSTILE)).to_owned(),
    }
}

fn hostile_value(known: &Known, dice: &mut Dice) -> Value {
    match dice.below(14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(i64::MAX),
        4 => json!(i64::MIN),
        5 => json!(u64::MAX),
        6 => json!(1e308),
        7 => json!(0.5),
        8 => json!([]),
        9 => json!({}),
        10 => json!({ "a": { "b": [null, 1, "c"] } }),
        11 => Value::Array(vec![json!(any_id(known, dice)); 300]),
        _ => json!(hostile_text(known, dice)),
    }
}

/// How many values are in a body.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(values) => values.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// The value with that number.
fn nth<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(values) => values.iter_mut().find_map(|value| nth(value, left)),
        Value::Object(fields) => fields.values_mut().find_map(|value| nth(value, left)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn spoil_body(body: &mut Value, known: &Known, dice: &mut Dice) {
    let mut place = dice.below(count(body));
    let Some(value) = nth(body, &mut place) else { return };
    let is_spoilt_inside = value.is_object() && dice.once_in(2);
    match value.as_object_mut().filter(|_| is_spoilt_inside) {
        Some(fields) => {
            let name = fields.keys().nth(dice.below(fields.len())).cloned();
            if let Some(name) = name.filter(|_| dice.once_in(2)) {
                fields.remove(&name);
            } else {
                fields.insert(hostile_text(known, dice), hostile_value(known, dice));
            }
        }
        None => *value = hostile_value(known, dice),
    }
}

/// Puts what may stand in a target as it is, and all else in percent.
fn escaped(text: &str) -> String {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.~:,".contains(&octet);
    text.bytes()
        .map(|octet| if plain(octet) { char::from(octet).to_string() } else { format!("%{octet:02X}") })
        .collect()
}

fn spoil_parts(made: &mut Made, known: &Known, dice: &mut Dice) {
    match dice.below(8) {
        0 => made.query.push((hostile_text(known, dice), hostile_text(known, dice))),
        1 => {
            let last = made.path.rsplit_once('/').map_or(String::new(), |(before, _)| before.to_owned());
            made.path = format!("{last}/{}", escaped(&hostile_text(known, dice)));
        }
        2 => made.headers.push(((*dice.one_of(HEADERS)).to_owned(), visible(&hostile_text(known, dice)))),
        3 => made.kind = Some((*dice.one_of(KINDS)).to_owned()),
        4 => made.method = (*dice.one_of(METHODS)).to_owned(),
        _ => {
            if made.query.is_empty() {
                made.query.push(("after".to_owned(), hostile_text(known, dice)));
            } else {
                let place = dice.below(made.query.len());
                made.query[place].1 = hostile_text(known, dice);
            }
        }
    }
}

const HEADERS: &[&str] = &[
    "x-tenant",
    "x-forwarded-for",
    "x-forwarded-host",
    "forwarded",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "accept",
    "accept-encoding",
    "last-event-id",
    "range",
    "origin",
    "sec-fetch-site",
    "x-http-method-override",
    "expect",
];
const KINDS: &[&str] = &["text/plain", "application/xml", "text/csv", "application/json; charset=utf-16", "/", ""];
const METHODS: &[&str] = &["PUT", "PATCH", "DELETE", "POST", "GET", "HEAD2", "OPTIONS", "TRACE"];

/// What can stand in a header at all.
fn visible(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(4_000).collect()
}

fn spoil_octets(body: &mut Vec<u8>, dice: &mut Dice) {
    match dice.below(5) {
        0 => body.truncate(dice.below(body.len() + 1)),
        1 => {
            let place = dice.below(body.len());
            if let Some(octet) = body.get_mut(place) {
                *octet = dice.octet();
            }
        }
        2 => body.extend_from_slice(b"{}"),
        3 => *body = [b"[".repeat(5_000), b"]".repeat(5_000)].concat(),
        _ => *body = (0..dice.below(200)).map(|_| dice.octet()).collect(),
    }
}

/// Spoils a request, or leaves it as it is, and writes it.
pub(super) fn spoil(mut made: Made, known: &Known, dice: &mut Dice) -> Written {
    let times = if dice.once_in(3) { 0 } else { dice.between(1, 3) };
    for _ in 0..times {
        match &mut made.body {
            Some(body) if !dice.once_in(4) => spoil_body(body, known, dice),
            _ => spoil_parts(&mut made, known, dice),
        }
    }
    let mut body = match &made.body {
        Some(Value::String(table)) if made.kind.as_deref() == Some("text/csv") => table.clone().into_bytes(),
        Some(body) => body.to_string().into_bytes(),
        None => Vec::new(),
    };
    if made.body.is_some() && times > 0 && dice.once_in(10) {
        spoil_octets(&mut body, dice);
    }
    let query: Vec<String> =
        made.query.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    let target = if query.is_empty() { made.path } else { format!("{}?{}", made.path, query.join("&")) };
    let target = target.chars().take(8_000).filter(|letter| letter.is_ascii_graphic()).collect();
    let mut headers: Vec<(String, String)> =
        made.headers.into_iter().map(|(name, value)| (name, visible(&value))).collect();
    headers.extend(made.kind.map(|kind| ("content-type".to_owned(), kind)));
    Written { method: made.method, target, headers, body }
}
