//! One request to a provider and its answer: bounded in time and size, and clear about whether it may have been heard.

use reqwest::{RequestBuilder, Response};

/// Octets of an answer that are read.
const ANSWER_MAX_BYTES: usize = 64 * 1024;

/// Most characters of what is told of a try.
const SAID_MAX: usize = 200;

/// What came of a request.
pub(crate) enum Heard {
    /// An answer.
    Answer {
        /// Its HTTP status.
        status: u16,
        /// All of it.
        octets: Vec<u8>,
    },
    /// It was certainly not heard.
    NotReached(String),
    /// It may have been heard.
    Broken(String),
}

/// Sends it and reads the answer.
pub(crate) async fn ask(request: RequestBuilder) -> Heard {
    match request.send().await {
        Ok(response) => read(response).await,
        Err(why) if why.is_connect() || why.is_builder() => {
            Heard::NotReached(clip(&format!("the provider could not be reached: {}", in_words(&why))))
        }
        Err(why) => Heard::Broken(clip(&format!("the provider did not answer: {}", in_words(&why)))),
    }
}

async fn read(mut response: Response) -> Heard {
    let status = response.status().as_u16();
    let mut octets = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if octets.len() + chunk.len() <= ANSWER_MAX_BYTES => octets.extend_from_slice(&chunk),
            Ok(Some(_)) => {
                return Heard::Broken(format!(
                    "the provider answered {status} with more than {ANSWER_MAX_BYTES} octets"
                ));
            }
            Ok(None) => return Heard::Answer { status, octets },
            Err(why) => {
                let why = format!("the provider's answer {status} broke off: {}", in_words(&why));
                return Heard::Broken(clip(&why));
            }
        }
    }
}

/// Without the address, which may hold a key.
fn in_words(why: &reqwest::Error) -> String {
    if why.is_timeout() {
        return "it took too long".to_owned();
    }
    let mut cause: &dyn std::error::Error = why;
    while let Some(next) = cause.source() {
        cause = next;
    }
    match std::ptr::addr_eq(cause, why as &dyn std::error::Error) {
        true => "the line broke".to_owned(),
        false => cause.to_string(),
    }
}

/// As people read it: of so many characters at most, and none that controls a terminal.
pub(crate) fn clip(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(SAID_MAX).collect()
}
