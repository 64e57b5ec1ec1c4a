//! Who hears callbacks: keeps each, and answers as the adapter says.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::money::claim::{CallbackKind, Claim};
use payments::mpesa::Mpesa;
use ports::Gateway as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// A callback that came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// The path it came to.
    pub(crate) path: String,
    /// Its kind, by the letter that ends the path.
    pub(crate) kind: CallbackKind,
    /// What the adapter reads in it.
    pub(crate) claim: Claim,
}

#[derive(Default)]
struct Kept {
    heard: Mutex<Vec<Heard>>,
    rejects: AtomicBool,
}

/// The listener. It stops when it is dropped.
pub(crate) struct Ear {
    pub(crate) base: String,
    kept: Arc<Kept>,
    listening: AbortHandle,
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Ear {
    pub(crate) async fn listens(adapter: Arc<Mpesa>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let kept = Arc::new(Kept::default());
        let shared = Arc::clone(&kept);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(hear(stream, Arc::clone(&shared), Arc::clone(&adapter)));
            }
        });
        Self { base: format!("http://{address}/cb/{}", "a".repeat(32)), kept, listening: listening.abort_handle() }
    }

    /// From now on transfers that ask whether they may come are not taken.
    pub(crate) fn rejects(&self) {
        self.kept.rejects.store(true, Ordering::SeqCst);
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.kept.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was said in callbacks of a kind, in order.
    pub(crate) fn claims(&self, kind: CallbackKind) -> Vec<Claim> {
        self.heard().into_iter().filter(|heard| heard.kind == kind).map(|heard| heard.claim).collect()
    }
}

async fn hear(mut stream: TcpStream, kept: Arc<Kept>, adapter: Arc<Mpesa>) -> Option<()> {
    let mut octets = Vec::new();
    let (head, body) = loop {
        if let Some(whole) = whole(&octets) {
            break whole;
        }
        if octets.len() > 64 * 1024 || stream.read_buf(&mut octets).await.ok()? == 0 {
            return None;
        }
    };
    let path = head.split(' ').nth(1)?.to_owned();
    let kind = CallbackKind::from_letter(path.chars().last()?)?;
    let claim = adapter.read_callback(kind, &body).expect("the twin writes as M-Pesa does");
    kept.heard.lock().unwrap_or_else(PoisonError::into_inner).push(Heard { path, kind, claim });
    let reply = adapter.reply(kind, !kept.rejects.load(Ordering::SeqCst));
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", reply.len());
    stream.write_all(&[head.as_bytes(), &reply].concat()).await.ok()?;
    stream.shutdown().await.ok()
}

/// The head and the body, once all of it is there.
fn whole(octets: &[u8]) -> Option<(String, Vec<u8>)> {
    let end = octets.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&octets[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok())?;
    let body = octets.get(end + 4..end + 4 + length)?;
    Some((head, body.to_vec()))
}
