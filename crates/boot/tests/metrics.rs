//! The listener for metrics and health, asked over a real socket on the loopback.
#![expect(clippy::unwrap_used, reason = "a failed test should stop at the line that failed")]

use std::net::{Ipv4Addr, SocketAddr};

use boot::health::{Health, State};
use boot::metrics::{MetricsListener, Registry};
use prometheus_client::metrics::counter::Counter;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

struct Served {
    address: SocketAddr,
    health: Health,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Served {
    async fn new() -> Self {
        let mut registry = Registry::default();
        let answered = Counter::<u64>::default();
        answered.inc_by(7);
        registry.register("radius_requests", "Requests that were answered", answered);
        let health = Health::new();
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = MetricsListener::bind(listen, registry, health.clone()).await.unwrap();
        let (address, shutdown) = (listener.address(), CancellationToken::new());
        let task = tokio::spawn(listener.serve(shutdown.clone()));
        Self { address, health, shutdown, task }
    }

    /// Sends bytes and gives everything that comes back.
    async fn send(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    async fn get(&self, path: &str) -> String {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await
    }
}

#[tokio::test]
async fn the_metrics_are_told_as_open_metrics() {
    let answer = Served::new().await.get("/metrics").await;

    assert!(answer.starts_with("HTTP/1.1 200 OK\r\ncontent-type: application/openmetrics-text"), "{answer}");
    assert!(answer.contains("\nradius_requests_total 7\n") && answer.ends_with("# EOF\n"), "{answer}");
}

#[tokio::test]
async fn readiness_gives_one_reason_a_line() {
    let served = Served::new().await;
    served.health.set("database", State::NotReady { reason: "it is restarting".into() });
    served.health.set("radius", State::NotReady { reason: "the sockets are not bound".into() });

    let before = served.get("/readyz").await;
    served.health.set("database", State::Ready);
    served.health.set("radius", State::Ready);
    let after = served.get("/readyz").await;

    assert!(before.starts_with("HTTP/1.1 503 "), "{before}");
    assert!(before.ends_with("\r\n\r\ndatabase: it is restarting\nradius: the sockets are not bound\n"), "{before}");
    assert!(after.starts_with("HTTP/1.1 200 ") && after.ends_with("ready\n"), "{after}");
}

#[tokio::test]
async fn a_process_that_runs_is_alive_though_not_ready() {
    let answer = Served::new().await.get("/healthz").await;

    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn head_gives_the_length_but_no_body() {
    let answer = Served::new().await.send(b"HEAD /healthz HTTP/1.0\r\n\r\n").await;

    assert!(answer.contains("content-length: 3\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let served = Served::new().await;

    let path = served.get("/admin").await;
    let method = served.send(b"POST /metrics HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello").await;

    assert!(path.starts_with("HTTP/1.1 404 "), "{path}");
    assert!(method.starts_with("HTTP/1.1 405 ") && method.contains("\r\nallow: GET, HEAD\r\n"), "{method}");
}

#[tokio::test]
async fn a_head_that_does_not_end_is_cut_off() {
    let answer = Served::new().await.send(&[b'a'; 9 * 1024]).await;

    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn a_strangers_bytes_are_answered_and_change_nothing() {
    let served = Served::new().await;

    let strange = served.send(b"\x16\x03\x01\x00\xff\xfe\n\n").await;
    // Somebody who connects and leaves.
    drop(TcpStream::connect(served.address).await.unwrap());

    assert!(strange.starts_with("HTTP/1.1 400 "), "{strange}");
    assert!(served.get("/healthz").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn the_65th_at_once_is_hung_up_on() {
    let served = Served::new().await;
    let mut waiting = Vec::new();
    for _ in 0..64 {
        waiting.push(TcpStream::connect(served.address).await.unwrap());
    }

    let mut late = TcpStream::connect(served.address).await.unwrap();
    let mut answer = Vec::new();
    // A hang-up is an end or a reset, depending on who was first.
    let _ = late.read_to_end(&mut answer).await;

    assert!(answer.is_empty());
}

#[tokio::test]
async fn a_stop_ends_the_listener() {
    let served = Served::new().await;

    served.shutdown.cancel();
    served.task.await.unwrap();

    assert!(TcpStream::connect(served.address).await.is_err());
}

#[tokio::test]
async fn an_address_in_use_is_told_with_its_setting() {
    let served = Served::new().await;

    let refusal = MetricsListener::bind(served.address, Registry::default(), Health::new()).await.unwrap_err();

    assert!(refusal.to_string().contains("`metrics.listen`"), "{refusal}");
}
