//! One request and its answer: bounded in time and size, and clear about whether it may have been heard.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use rustls::{ClientConfig, RootCertStore};

use super::reading::clip;
use super::settings::Patience;

/// Octets of an answer that are read.
const ANSWER_MAX_BYTES: usize = 64 * 1024;

/// Connections that are kept for the next question.
const KEPT_MAX: usize = 8;

/// How long they are kept: less than any gateway does, so that none ends under a prompt and leaves us without knowing.
const KEPT_FOR: Duration = Duration::from_secs(15);

/// What came of a request.
pub(super) enum Heard {
    /// An answer.
    Answer {
        /// Its HTTP status.
        status: u16,
        /// All of it.
        octets: Vec<u8>,
    },
    /// The gateway has certainly not heard it.
    NotReached(String),
    /// It may have been heard.
    Broken(String),
}

/// The client. It takes no proxy from the environment, follows no redirect and tries nothing again by itself.
pub(super) fn client(patience: Patience) -> Result<Client, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|why| why.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(patience.connection)
        .timeout(patience.answer)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .http1_only()
        .pool_max_idle_per_host(KEPT_MAX)
        .pool_idle_timeout(KEPT_FOR)
        .no_proxy()
        .user_agent("mnetifi")
        .build()
        .map_err(|why| why.to_string())
}

/// Sends it and reads the answer.
pub(super) async fn ask(request: RequestBuilder) -> Heard {
    match request.send().await {
        Ok(response) => read(response).await,
        Err(why) if why.is_connect() || why.is_builder() => {
            Heard::NotReached(clip(&format!("M-Pesa could not be reached: {}", in_words(&why)), 200))
        }
        Err(why) => Heard::Broken(clip(&format!("M-Pesa did not answer: {}", in_words(&why)), 200)),
    }
}

async fn read(mut response: Response) -> Heard {
    let status = response.status().as_u16();
    let mut octets = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if octets.len() + chunk.len() <= ANSWER_MAX_BYTES => octets.extend_from_slice(&chunk),
            Ok(Some(_)) => {
                return Heard::Broken(format!("M-Pesa answered {status} with more than {ANSWER_MAX_BYTES} octets"));
            }
            Ok(None) => return Heard::Answer { status, octets },
            Err(why) => {
                let why = format!("M-Pesa's answer {status} broke off: {}", in_words(&why));
                return Heard::Broken(clip(&why, 200));
            }
        }
    }
}

fn in_words(why: &reqwest::Error) -> String {
    if why.is_timeout() {
        return "it took too long".to_owned();
    }
    let mut cause: &dyn std::error::Error = why;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
