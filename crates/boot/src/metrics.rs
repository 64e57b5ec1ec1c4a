//! Numbers and health for the operator's machines, on a tiny HTTP listener of its own.
//!
//! Answers `/metrics` (OpenMetrics text), `/healthz` and `/readyz`, one request to a connection. Knows no logins, so it
//! belongs on the loopback or a management network. It shares nothing with the servers for customers: a flood there
//! does not silence it, and a web framework is not needed for it.

mod request;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

pub use prometheus_client::registry::Registry;

use crate::health::Health;
use crate::metrics::request::{Method, Request};

/// The longest request head that is read.
const HEAD_MAX_BYTES: usize = 8 * 1024;
/// How long a stranger may take to ask, and then to read our answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many are served at the same time; more are hung up on.
const CONNECTIONS_MAX: usize = 64;
/// How much of what nobody asked for is read before hanging up.
const DRAIN_MAX_BYTES: usize = 64 * 1024;

/// Why there is no listener.
#[derive(Debug, Error)]
pub enum MetricsError {
    /// The address cannot be had.
    #[error(
        "could not listen on {listen} for metrics: give `metrics.listen` (MNETIFI_METRICS) a free address of this machine"
    )]
    Binding {
        /// The address.
        listen: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
}

/// The listener, bound but silent until it is served.
#[derive(Debug)]
pub struct MetricsListener {
    listener: TcpListener,
    address: SocketAddr,
    answers: Arc<Answers>,
}

/// What answers are made of.
#[derive(Debug)]
struct Answers {
    registry: Registry,
    health: Health,
}

/// An answer before it is written.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: &'static str,
    content_type: &'static str,
    body: String,
}

impl MetricsListener {
    /// Binds the address. All metrics must be registered by now; their values may change at any time.
    pub async fn bind(listen: SocketAddr, registry: Registry, health: Health) -> Result<Self, MetricsError> {
        let binding = |source| MetricsError::Binding { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(binding)?;
        let address = listener.local_addr().map_err(binding)?;
        Ok(Self { listener, address, answers: Arc::new(Answers { registry, health }) })
    }

    /// Where it listens; with the port that was given when port 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `shutdown` is cancelled; answers that were begun are finished.
    pub async fn serve(self, shutdown: CancellationToken) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = shutdown.cancelled() => break,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, perhaps: trying again at once would only spin.
                    warn!("could not accept a connection for metrics: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
            let answers = Arc::clone(&self.answers);
            tokio::spawn(async move {
                if let Err(error) = converse(stream, &answers, PATIENCE).await {
                    debug!("a connection for metrics broke: {error}");
                }
                drop(place);
            });
        }
        // Whoever gets all places knows that nobody is being answered any more.
        let all = u32::try_from(CONNECTIONS_MAX).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(PATIENCE, places.acquire_many(all)).await;
    }
}

/// One request, one answer.
async fn converse(mut stream: TcpStream, answers: &Answers, patience: Duration) -> io::Result<()> {
    let mut head = Vec::with_capacity(1024);
    let asked = tokio::time::timeout(patience, read_head(&mut stream, &mut head)).await;
    let (method, answer) = match asked {
        Err(_) => (Method::Get, plain("408 Request Timeout", "the request did not come in time\n")),
        Ok(Err(error)) => return Err(error),
        Ok(Ok(Head::Gone)) => return Ok(()),
        Ok(Ok(Head::TooLong)) => {
            (Method::Get, plain("431 Request Header Fields Too Large", "the request is too long\n"))
        }
        Ok(Ok(Head::Whole)) => match Request::parse(&head) {
            Some(request) => (request.method, answers.to(&request)),
            None => (Method::Get, plain("400 Bad Request", "this is not an HTTP request\n")),
        },
    };
    let bytes = answer.bytes(method);
    tokio::time::timeout(patience, say(&mut stream, &bytes)).await.unwrap_or(Ok(()))
}

/// How reading a head ended.
#[derive(Clone, Copy)]
enum Head {
    Whole,
    TooLong,
    Gone,
}

async fn read_head(stream: &mut TcpStream, head: &mut Vec<u8>) -> io::Result<Head> {
    let mut piece = [0; 1024];
    loop {
        let length = stream.read(&mut piece).await?;
        if length == 0 {
            return Ok(Head::Gone);
        }
        head.extend_from_slice(&piece[..length]);
        if request::is_whole(head) {
            return Ok(Head::Whole);
        }
        if head.len() >= HEAD_MAX_BYTES {
            return Ok(Head::TooLong);
        }
    }
}

/// Writes the answer, then reads what the other side still sends: hanging up on unread bytes would make the kernel
/// throw away the answer too.
async fn say(stream: &mut TcpStream, answer: &[u8]) -> io::Result<()> {
    stream.write_all(answer).await?;
    stream.shutdown().await?;
    let mut piece = [0; 1024];
    let mut drained = 0;
    while drained < DRAIN_MAX_BYTES {
        match stream.read(&mut piece).await? {
            0 => break,
            length => drained += length,
        }
    }
    Ok(())
}

impl Answers {
    fn to(&self, request: &Request<'_>) -> Answer {
        if request.method == Method::Other {
            return plain("405 Method Not Allowed", "only GET and HEAD are answered here\n");
        }
        match request.path {
            "/metrics" => self.metrics(),
            "/healthz" => plain("200 OK", "ok\n"),
            "/readyz" => self.readiness(),
            _ => plain("404 Not Found", "there are /metrics, /healthz and /readyz\n"),
        }
    }

    fn metrics(&self) -> Answer {
        let mut body = String::new();
        match encode(&mut body, &self.registry) {
            Ok(()) => Answer {
                status: "200 OK",
                content_type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
                body,
            },
            Err(_) => plain("500 Internal Server Error", "the metrics could not be written\n"),
        }
    }

    fn readiness(&self) -> Answer {
        let reasons = self.health.reasons();
        if reasons.is_empty() {
            let lines = std::iter::once("ready".to_owned()).chain(self.health.notes());
            return Answer { body: lines.map(|line| line + "\n").collect(), ..plain("200 OK", "") };
        }
        Answer { body: reasons.join("\n") + "\n", ..plain("503 Service Unavailable", "") }
    }
}

impl Answer {
    /// The bytes on the wire; to HEAD all but the body.
    fn bytes(&self, method: Method) -> Vec<u8> {
        let allow = if self.status.starts_with("405") { "allow: GET, HEAD\r\n" } else { "" };
        let mut bytes = format!(
            "HTTP/1.1 {}\r\ncontent-type: {}\r\ncontent-length: {}\r\ncache-control: no-store\r\n{allow}connection: close\r\n\r\n",
            self.status, self.content_type, self.body.len()
        )
        .into_bytes();
        if method != Method::Head {
            bytes.extend_from_slice(self.body.as_bytes());
        }
        bytes
    }
}

fn plain(status: &'static str, body: &str) -> Answer {
    Answer { status, content_type: "text/plain; charset=utf-8", body: body.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_does_not_finish_asking_is_told_so_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut stranger = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let answers = Answers { registry: Registry::default(), health: Health::new() };
        stranger.write_all(b"GET /metr").await.unwrap();

        converse(stream, &answers, Duration::from_millis(1)).await.unwrap();

        let mut answer = String::new();
        stranger.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
}
