//! Whether what an ISP has written down about its provider can be sent: looked at when it is saved.

use domain::messages::provider::{BodyKind, HttpMethod, HttpTerms, Slot, Success, Terms};
use domain::platform::webhook::HookUrl;

use crate::messages::filling::{fill, places};
use crate::messages::json::is_json;

/// What is wrong with one part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestFault {
    /// Which part: `url`, `headers`, `body`, `success`, `username`.
    pub part: &'static str,
    /// What is wrong, and what to write instead.
    pub what: String,
}

/// Headers that are the connection's own.
const TAKEN_HEADERS: [&str; 7] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"];

/// All that is wrong.
pub fn faults(terms: &Terms) -> Vec<RequestFault> {
    match terms {
        Terms::AfricasTalking { username, .. } => {
            let fits = (1..=Terms::USERNAME_MAX).contains(&username.chars().count());
            if fits && !username.chars().any(char::is_control) {
                return Vec::new();
            }
            let what = "write the user name of your app at Africa's Talking; in their sandbox it is sandbox".to_owned();
            vec![RequestFault { part: "username", what }]
        }
        Terms::Http(http) => {
            let mut faults = Vec::new();
            let mut note = |part, what: Option<String>| faults.extend(what.map(|what| RequestFault { part, what }));
            note("url", of_url(&http.url));
            note("headers", http.headers.iter().find_map(of_header).or_else(|| too_many(http)));
            note("body", of_body(http));
            note("body", without_words(http));
            note("success", of_success(&http.success));
            faults
        }
    }
}

/// Whether a slot is anywhere in what is sent.
pub fn uses(terms: &Terms, slot: Slot) -> bool {
    match terms {
        Terms::AfricasTalking { .. } => slot == Slot::Key,
        Terms::Http(http) => {
            let texts = http.headers.iter().map(|(_, value)| value.as_str()).chain([http.url.as_str()]);
            let texts = texts.chain(http.body.iter().map(|(_, body)| body.as_str()));
            texts.flat_map(places).any(|name| name == slot.name())
        }
    }
}

fn of_slots(text: &str, allowed: &[Slot]) -> Option<String> {
    let unknown = places(text).find(|name| !allowed.iter().any(|slot| slot.name() == *name))?;
    let known: Vec<String> = allowed.iter().map(|slot| format!("{{{}}}", slot.name())).collect();
    Some(format!("there is no `{{{unknown}}}` here: there are {}", known.join(", ")))
}

fn of_url(url: &str) -> Option<String> {
    const BAD: &str = "write it as https://sms.example/api/send, with places like {to} behind the host alone";
    if url.chars().count() > HttpTerms::URL_MAX {
        return Some(format!("it is longer than {} characters", HttpTerms::URL_MAX));
    }
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    if host.contains(['{', '}']) {
        return Some(BAD.to_owned());
    }
    let filled = fill(url, |name| Slot::named(name).map(|_| "x".to_owned()));
    of_slots(url, &Slot::ALL).or_else(|| filled.parse::<HookUrl>().is_err().then(|| BAD.to_owned()))
}

fn of_header((name, value): &(String, String)) -> Option<String> {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(is_token) {
        let name = domain::text::escaped(name.as_bytes());
        return Some(format!("`{name}` cannot be the name of a header: write it as Authorization"));
    }
    if TAKEN_HEADERS.iter().any(|taken| taken.eq_ignore_ascii_case(name)) {
        return Some(format!("`{name}` is written by the connection itself: leave it out"));
    }
    let is_long = name.len() + value.len() > HttpTerms::HEADER_MAX;
    if is_long || !value.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
        return Some(format!("`{name}` is longer than {} characters, or not plain text", HttpTerms::HEADER_MAX));
    }
    of_slots(value, &[Slot::Key, Slot::Secret, Slot::Basic, Slot::Id])
}

fn too_many(http: &HttpTerms) -> Option<String> {
    (http.headers.len() > HttpTerms::HEADERS_MAX)
        .then(|| format!("there are more than {} of them", HttpTerms::HEADERS_MAX))
}

fn of_body(http: &HttpTerms) -> Option<String> {
    let (kind, body) = http.body.as_ref()?;
    if http.method == HttpMethod::Get {
        return Some("GET has no body: put all into the address, or write POST".to_owned());
    }
    if body.chars().count() > HttpTerms::BODY_MAX {
        return Some(format!("it is longer than {} characters", HttpTerms::BODY_MAX));
    }
    if *kind == BodyKind::Json && !is_json(body) {
        return Some("it is not JSON: places stand inside texts, as {\"to\": \"{to}\"}".to_owned());
    }
    of_slots(body, &Slot::ALL)
}

/// A message that does not say to whom, or what.
fn without_words(http: &HttpTerms) -> Option<String> {
    let terms = Terms::Http(Box::new(http.clone()));
    let missing = [Slot::To, Slot::Message].into_iter().find(|slot| !uses(&terms, *slot))?;
    Some(format!("`{{{}}}` is neither in the address nor in the body", missing.name()))
}

fn of_success(success: &Success) -> Option<String> {
    let Success { statuses, verdict_at, good, hopeless, text, reference_at } = success;
    let lists = [statuses.len(), verdict_at.len(), good.len(), hopeless.len()];
    if lists.into_iter().any(|count| count > Success::ENTRIES_MAX) {
        return Some(format!("a list has more than {} entries", Success::ENTRIES_MAX));
    }
    let texts = verdict_at.iter().chain(good).chain(hopeless).chain(text).chain(reference_at);
    for one in texts {
        if one.is_empty() || one.chars().count() > Success::ENTRY_MAX || one.chars().any(char::is_control) {
            return Some(format!("each text has 1 to {} plain characters", Success::ENTRY_MAX));
        }
    }
    if statuses.iter().any(|status| !(200..=599).contains(status)) {
        return Some("a status of HTTP is 200 to 599".to_owned());
    }
    if verdict_at.iter().chain(reference_at).any(|pointer| !pointer.starts_with('/')) {
        return Some("a place in an answer is written as /responses/0/response-code".to_owned());
    }
    if verdict_at.is_empty() != (good.is_empty() && hopeless.is_empty()) || (good.is_empty() && !hopeless.is_empty()) {
        return Some("say where the verdict stands, and which verdicts are good".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use domain::messages::provider::{PhoneForm, World};

    use super::*;

    fn good() -> HttpTerms {
        HttpTerms {
            method: HttpMethod::Post,
            url: "https://sms.example/api/send".to_owned(),
            headers: vec![("Authorization".to_owned(), "Bearer {key}".to_owned())],
            body: Some((BodyKind::Json, r#"{"to": "{to}", "text": "{message}", "from": "{sender}"}"#.to_owned())),
            phone_form: PhoneForm::International,
            success: Success {
                verdict_at: vec!["/status".to_owned()],
                good: vec!["success".to_owned()],
                ..Success::default()
            },
        }
    }

    fn wrong(change: impl FnOnce(&mut HttpTerms)) -> Vec<(&'static str, String)> {
        let mut terms = good();
        change(&mut terms);
        faults(&Terms::Http(Box::new(terms))).into_iter().map(|fault| (fault.part, fault.what)).collect()
    }

    #[test]
    fn what_can_be_sent_has_no_faults() {
        assert_eq!(wrong(|_| {}), []);
        let in_address = |terms: &mut HttpTerms| {
            terms.method = HttpMethod::Get;
            terms.body = None;
            terms.url = "https://sms.example/send?to={to}&sms={message}&k={key}".to_owned();
        };
        assert_eq!(wrong(in_address), []);
        assert!(uses(&Terms::Http(Box::new(good())), Slot::Key) && !uses(&Terms::Http(Box::new(good())), Slot::Secret));
    }

    #[test]
    fn each_part_is_told_what_is_wrong_with_it() {
        let part = |change: fn(&mut HttpTerms)| {
            let faults = wrong(change);
            assert_eq!(faults.len(), 1, "{faults:?}");
            faults[0].clone()
        };
        let url = |text: &'static str| wrong(|terms| terms.url = text.to_owned());

        for bad in ["ftp://a.b/", "https://{to}.example/", "https://{key}@a.b/", "https://a b/", "https://a.b/#x"] {
            assert_eq!(url(bad).first().map(|fault| fault.0), Some("url"), "{bad}");
        }
        assert!(url("https://a.b/{pin}")[0].1.contains("no `{pin}`"));
        assert!(part(|terms| terms.headers[0].0 = "a b".to_owned()).1.contains("name of a header"));
        assert!(part(|terms| terms.headers[0].0 = "Host".to_owned()).1.contains("connection itself"));
        assert!(part(|terms| terms.headers[0].1 = "a\r\nb".to_owned()).1.contains("plain text"));
        assert!(part(|terms| terms.headers[0].1 = "{message}".to_owned()).1.contains("no `{message}` here"));
        assert!(part(|terms| terms.headers = vec![terms.headers[0].clone(); 11]).1.contains("more than 10"));
        assert!(part(|terms| terms.method = HttpMethod::Get).1.contains("GET has no body"));
        let bare = |terms: &mut HttpTerms| {
            terms.body = Some((BodyKind::Json, r#"{"to": {to}, "m": "{message}"}"#.to_owned()));
        };
        assert!(part(bare).1.contains("not JSON"));
        let no_text = |terms: &mut HttpTerms| terms.body = Some((BodyKind::Form, "to={to}".to_owned()));
        assert!(part(no_text).1.contains("`{message}` is neither"));
        assert!(part(|terms| terms.success.verdict_at = vec!["status".to_owned()]).1.contains("is written as"));
        assert!(part(|terms| terms.success.good.clear()).1.contains("where the verdict stands"));
        assert!(part(|terms| terms.success.statuses = vec![99]).1.contains("200 to 599"));
    }

    #[test]
    fn an_app_has_a_name() {
        let named = |name: &str| {
            let terms = Terms::AfricasTalking { username: name.to_owned(), world: World::Sandbox };
            faults(&terms).len()
        };

        assert_eq!((named("sandbox"), named(""), named("a\nb"), named(&"x".repeat(101))), (0, 1, 1, 1));
    }
}
