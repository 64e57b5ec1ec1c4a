//! A partner whose address is told of events: it keeps what it is told, and answers as the story wants.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use messaging::webhooks::{Reach, Webhooks};
use ports::Teller;
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The longest request that is kept.
const REQUEST_MAX: usize = 1 << 20;

/// How long a partner of a story may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who tells partners at any address: those of stories are on this machine.
pub fn teller() -> Arc<dyn Teller> {
    Arc::new(Webhooks::with_patience(Reach::Any, PATIENCE).expect("ready"))
}

/// Who tells nobody but what is on the open network.
pub fn cautious_teller() -> Arc<dyn Teller> {
    Arc::new(Webhooks::with_patience(Reach::Public, PATIENCE).expect("ready"))
}

/// How a partner answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Manner {
    /// With that status.
    Status(u16),
    /// With a redirect to that place.
    Redirect(String),
    /// Not within that time.
    Slow(Duration),
    /// It hangs up.
    HangsUp,
}

/// What a partner was told once.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The first line: `POST /hook HTTP/1.1`.
    pub line: String,
    /// The headers, their names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: String,
}

impl Heard {
    /// A header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// Whether whoever has that secret has signed it, as a partner finds out by the documentation alone.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let header = self.header("mnetifi-signature");
        let part = |name: &str| header.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        let (Some(at), Some(signature)) = (part("t"), part("v1").and_then(|text| hex::decode(text).ok())) else {
            return false;
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
        mac.update(at.as_bytes());
        mac.update(b".");
        mac.update(self.body.as_bytes());
        mac.verify_slice(&signature).is_ok()
    }

    /// When it says that it was signed: seconds since 1970.
    pub fn signed_at(&self) -> i64 {
        let header = self.header("mnetifi-signature");
        header.split(',').find_map(|part| part.strip_prefix("t=")?.parse().ok()).unwrap_or_default()
    }
}

#[derive(Debug)]
struct Place {
    manner: Mutex<Manner>,
    heard: Mutex<Vec<Heard>>,
}

/// A partner that listens on loopback.
#[derive(Debug)]
pub struct Partner {
    address: SocketAddr,
    place: Arc<Place>,
    listening: JoinHandle<()>,
}

impl Partner {
    /// One that takes all it is told.
    pub async fn listens() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let place = Arc::new(Place { manner: Mutex::new(Manner::Status(200)), heard: Mutex::default() });
        let shared = Arc::clone(&place);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&shared)));
            }
        });
        Ok(Self { address, place, listening })
    }

    /// Where it is told.
    pub fn url(&self) -> String {
        format!("http://{}/hook?key=k", self.address)
    }

    /// From now on it answers so.
    pub fn answers(&self, manner: Manner) {
        *self.place.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    /// What it has heard so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.place.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn answer(mut stream: TcpStream, place: Arc<Place>) {
    let Some(heard) = read(&mut stream).await else { return };
    place.heard.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
    let manner = place.manner.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let head = match manner {
        Manner::Status(status) => format!("HTTP/1.1 {status} So\r\n"),
        Manner::Redirect(to) => format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\n"),
        Manner::Slow(time) => {
            tokio::time::sleep(time).await;
            "HTTP/1.1 200 OK\r\n".to_owned()
        }
        Manner::HangsUp => return,
    };
    // Whoever has left is not told.
    let _ = stream.write_all(format!("{head}content-length: 0\r\nconnection: close\r\n\r\n").as_bytes()).await;
}

async fn read(stream: &mut TcpStream) -> Option<Heard> {
    let mut octets = Vec::new();
    loop {
        let mut some = [0; 4_096];
        let count = stream.read(&mut some).await.ok()?;
        if count == 0 || octets.len() > REQUEST_MAX {
            return None;
        }
        octets.extend_from_slice(&some[..count]);
        let Some(end) = octets.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&octets[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let line = lines.next().unwrap_or_default().to_owned();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length =
            headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
        let length: usize = length.unwrap_or_default();
        if let Some(body) = octets.get(end + 4..end + 4 + length) {
            return Some(Heard { line, headers, body: String::from_utf8_lossy(body).into_owned() });
        }
    }
}
