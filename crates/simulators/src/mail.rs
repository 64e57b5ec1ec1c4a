//! A mail server that keeps what it is sent, and refuses when it is told to (SMTP, RFC 5321, in the clear).

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Letters that are kept.
const LETTERS_MAX: usize = 10_000;

/// Octets of one letter.
const OCTETS_MAX: usize = 1024 * 1024;

/// How often it is looked whether a letter has come.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A letter as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caught {
    /// To whom it was to be given.
    pub to: String,
    /// All of it.
    pub raw: String,
}

impl Caught {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.raw.split("\r\n\r\n").next().unwrap_or_default();
        head.lines().find_map(|line| {
            let (found, text) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(text.trim())
        })
    }

    /// What it says, as people read it.
    pub fn text(&self) -> String {
        let body = self.raw.split_once("\r\n\r\n").map_or("", |(_, body)| body).replace("\r\n", "\n");
        match self.header("Content-Transfer-Encoding") {
            Some("quoted-printable") => unquoted(&body),
            _ => body,
        }
    }

    /// The first word in it that begins like that, as a link does.
    pub fn word(&self, beginning: &str) -> Option<String> {
        self.text().split_whitespace().find(|word| word.starts_with(beginning)).map(ToOwned::to_owned)
    }
}

/// Quoted-printable (RFC 2045 §6.7) in the clear.
fn unquoted(text: &str) -> String {
    let text = text.replace("=\n", "");
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((plain, coded)) = rest.split_once('=') {
        octets.extend_from_slice(plain.as_bytes());
        match coded.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(octet) => {
                octets.push(octet);
                rest = &coded[2..];
            }
            None => {
                octets.push(b'=');
                rest = coded;
            }
        }
    }
    octets.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&octets).into_owned()
}

#[derive(Debug, Default)]
struct Kept {
    letters: Vec<Caught>,
    /// How many letters are refused, and with which words.
    refusals: Vec<String>,
}

/// The server. It stops when it is dropped.
#[derive(Debug)]
pub struct MailCatcher {
    address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
    serving: AbortHandle,
}

impl Drop for MailCatcher {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl MailCatcher {
    /// Listens on any free port of loopback.
    pub async fn listen() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let kept = Arc::new(Mutex::new(Kept::default()));
        let shared = Arc::clone(&kept);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Ok(Self { address, kept, serving: serving.abort_handle() })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Refuses the next letters, so many, with these words: `451 try again later`.
    pub fn refuses(&self, letters: usize, words: &str) {
        lock(&self.kept).refusals.extend(std::iter::repeat_n(words.to_owned(), letters));
    }

    /// Refuses nothing any more.
    pub fn recovers(&self) {
        lock(&self.kept).refusals.clear();
    }

    /// What has come so far, in order.
    pub fn letters(&self) -> Vec<Caught> {
        lock(&self.kept).letters.clone()
    }

    /// Waits until somebody has that many letters, and gives them; fewer when they do not come in time.
    pub async fn letters_to(&self, address: &str, count: usize, patience: Duration) -> Vec<Caught> {
        let until = Instant::now() + patience;
        loop {
            let theirs: Vec<Caught> = self.letters().into_iter().filter(|letter| letter.to == address).collect();
            if theirs.len() >= count || Instant::now() >= until {
                return theirs;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One talk. Whatever breaks it off ends it.
async fn serve(stream: TcpStream, kept: Arc<Mutex<Kept>>) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    writing.write_all(b"220 catcher ready\r\n").await?;
    let mut to = String::new();
    while let Some(line) = lines.next_line().await? {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" | "HELO" => "250 catcher".to_owned(),
            "MAIL" | "RSET" | "NOOP" => "250 good".to_owned(),
            "RCPT" => {
                let refused = lock(&kept).refusals.pop();
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                refused.unwrap_or_else(|| "250 good".to_owned())
            }
            "DATA" => {
                writing.write_all(b"354 go on\r\n").await?;
                let mut raw = String::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    if raw.len() < OCTETS_MAX {
                        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                        raw.push_str("\r\n");
                    }
                }
                let mut kept = lock(&kept);
                if kept.letters.len() < LETTERS_MAX {
                    kept.letters.push(Caught { to: std::mem::take(&mut to), raw });
                }
                "250 kept".to_owned()
            }
            "QUIT" => {
                writing.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "502 not here".to_owned(),
        };
        writing.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_read_as_people_read_it() {
        let raw =
            "Subject: Hi\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nOpen https://a.b/c#d=3De=\r\nf now\r\n";
        let letter = Caught { to: String::new(), raw: raw.to_owned() };

        assert_eq!(letter.header("subject"), Some("Hi"));
        assert_eq!(letter.text(), "Open https://a.b/c#d=ef now\n");
        assert_eq!(letter.word("https://").as_deref(), Some("https://a.b/c#d=ef"));
    }
}
