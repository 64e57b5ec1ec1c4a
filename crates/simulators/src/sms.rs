//! Providers of text messages that keep what they are given: Africa's Talking, and one that takes JSON, forms and
//! addresses, as many of Kenya's do. Asked over HTTP on loopback.
//!
//! What reaches a telephone is in [`Sms::messages_to`]. What goes wrong is asked for by [`Sms::next_goes_wrong`], or
//! follows from what the account is: its keys, its senders, its money.

mod africas_talking;
mod any;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::listening;

/// Octets of a request.
const ASKED_MAX_BYTES: usize = 64 * 1024;

/// Messages that are kept.
const KEPT_MAX: usize = 200_000;

/// How often it is looked whether a message has come.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A message as it reached a telephone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caught {
    /// On whose: `254712345678`.
    pub to: String,
    /// What it says.
    pub text: String,
    /// Who it says that it is from; empty: the provider's own name.
    pub sender: String,
    /// The provider's number of it.
    pub reference: String,
    /// The sender's own number of it, where it gave one.
    pub id: String,
}

/// What goes wrong with one request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mishap {
    /// The line ends before anything is taken.
    HangsUp,
    /// The message is taken, and the line ends before that is said.
    LosesAnswer,
    /// The message is taken, and nothing is ever said.
    FallsSilent,
    /// Nothing is taken, and this is said.
    Answers {
        /// A status of HTTP.
        status: u16,
        /// What it says.
        body: String,
    },
    /// Nothing is taken, and the telephone's verdict is this: a `statusCode` of Africa's Talking, a `code` of the other.
    Verdict(u16),
}

/// What an account is with a provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Its name.
    pub username: String,
    /// Its key.
    pub key: String,
    /// The senders that are registered for it.
    pub senders: Vec<String>,
    /// Messages that it can pay for.
    pub messages_left: u64,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            username: "sandbox".to_owned(),
            key: "key-of-sandbox".to_owned(),
            senders: vec!["SAVANNA".to_owned()],
            messages_left: u64::MAX,
        }
    }
}

/// What comes of a request.
enum Reply {
    Answer { status: u16, body: String },
    HangsUp,
    Silence,
}

impl Reply {
    fn json(status: u16, body: &Value) -> Self {
        Self::Answer { status, body: body.to_string() }
    }
}

/// A request.
struct Asked {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }
}

#[derive(Debug, Default)]
struct State {
    accounts: Vec<Account>,
    caught: Vec<Caught>,
    mishaps: VecDeque<Mishap>,
    asked: u64,
}

impl State {
    /// Takes a message. Its number.
    fn take(&mut self, to: &str, text: &str, sender: &str, id: &str) -> String {
        let reference = format!("ATXid_{:08x}", self.caught.len() + 1);
        if self.caught.len() < KEPT_MAX {
            self.caught.push(Caught {
                to: to.trim_start_matches('+').to_owned(),
                text: text.to_owned(),
                sender: sender.to_owned(),
                reference: reference.clone(),
                id: id.to_owned(),
            });
        }
        reference
    }
}

/// The server. It stops when it is dropped.
#[derive(Debug)]
pub struct Sms {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    serving: AbortHandle,
}

impl Drop for Sms {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Sms {
    /// Listens on any free port of loopback. It knows one account, the [default](Account::default).
    pub async fn listen() -> io::Result<Self> {
        Self::listen_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Listens on an address.
    pub async fn listen_on(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State { accounts: vec![Account::default()], ..State::default() }));
        let asked = Arc::clone(&state);
        let answering = listening::serve(listener, move |request| {
            let state = Arc::clone(&asked);
            async move { answer(&state, request).await.map_err(io::Error::other) }
        });
        let serving = tokio::spawn(answering).abort_handle();
        Ok(Self { address, state, serving })
    }

    /// Where it listens, as an adapter is told: `http://127.0.0.1:40123`.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Opens an account. One with the same name is replaced.
    pub fn opens(&self, account: Account) {
        let mut state = lock(&self.state);
        state.accounts.retain(|known| known.username != account.username);
        state.accounts.push(account);
    }

    /// The next request goes wrong like that, and those after it as is asked for next.
    pub fn next_goes_wrong(&self, mishap: Mishap) {
        lock(&self.state).mishaps.push_back(mishap);
    }

    /// Nothing goes wrong any more that was asked for.
    pub fn recovers(&self) {
        lock(&self.state).mishaps.clear();
    }

    /// How often it was asked to send something.
    pub fn asked(&self) -> u64 {
        lock(&self.state).asked
    }

    /// All that has reached telephones, in order.
    pub fn messages(&self) -> Vec<Caught> {
        lock(&self.state).caught.clone()
    }

    /// What has reached a telephone, in order. Its number as `254712345678`.
    pub fn messages_to(&self, phone: &str) -> Vec<Caught> {
        lock(&self.state).caught.iter().filter(|one| one.to == phone).cloned().collect()
    }

    /// The newest messages on all telephones, the newest first.
    pub fn newest(&self, count: usize) -> Vec<Caught> {
        lock(&self.state).caught.iter().rev().take(count).cloned().collect()
    }

    /// Waits until a telephone has that many, and gives them; fewer when they do not come in time.
    pub async fn waits_for(&self, phone: &str, count: usize, patience: Duration) -> Vec<Caught> {
        let until = Instant::now() + patience;
        loop {
            let theirs = self.messages_to(phone);
            if theirs.len() >= count || Instant::now() >= until {
                return theirs;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
#[error("it hangs up")]
struct HangsUp;

async fn answer(state: &Mutex<State>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, HangsUp> {
    let (head, body) = request.into_parts();
    let Ok(octets) = Limited::new(body, ASKED_MAX_BYTES).collect().await else { return Err(HangsUp) };
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let asked = Asked {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(&octets.to_bytes()).into_owned(),
    };
    let reply = heard(&mut lock(state), &asked);
    match reply {
        Reply::Answer { status, body } => Response::builder()
            .status(status)
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| HangsUp),
        Reply::HangsUp => Err(HangsUp),
        Reply::Silence => match std::future::pending::<Infallible>().await {},
    }
}

fn heard(state: &mut State, asked: &Asked) -> Reply {
    let is_ours = asked.path == africas_talking::PATH;
    if !is_ours && asked.path != any::PATH {
        return Reply::Answer { status: 404, body: "not found".to_owned() };
    }
    state.asked += 1;
    let mishap = state.mishaps.pop_front();
    let take = |state: &mut State, verdict: Option<u16>| match is_ours {
        true => africas_talking::answer(state, asked, verdict),
        false => any::answer(state, asked, verdict),
    };
    match mishap {
        None => take(state, None),
        Some(Mishap::HangsUp) => Reply::HangsUp,
        Some(Mishap::Answers { status, body }) => Reply::Answer { status, body },
        Some(Mishap::Verdict(code)) => take(state, Some(code)),
        Some(Mishap::LosesAnswer) => {
            take(state, None);
            Reply::HangsUp
        }
        Some(Mishap::FallsSilent) => {
            take(state, None);
            Reply::Silence
        }
    }
}

/// The fields of a form or a query.
fn fields(form: &str) -> Vec<(String, String)> {
    form.split('&')
        .filter_map(|field| field.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn decoded(text: &str) -> String {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let coded = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match (first, coded.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(octet)) => {
                octets.push(octet);
                rest = after.get(2..).unwrap_or_default();
            }
            (b'+', _) => {
                octets.push(b' ');
                rest = after;
            }
            (other, _) => {
                octets.push(*other);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&octets).into_owned()
}

fn field<'f>(fields: &'f [(String, String)], name: &str) -> &'f str {
    fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_as_they_are_written() {
        let fields = fields("to=%2B254712345678&message=Habari+yako%21%20%C3%A9&x=100%");

        assert_eq!(field(&fields, "to"), "+254712345678");
        assert_eq!(field(&fields, "message"), "Habari yako! é");
        assert_eq!(field(&fields, "x"), "100%");
        assert_eq!(field(&fields, "y"), "");
    }
}
