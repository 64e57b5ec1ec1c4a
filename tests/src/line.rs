//! A connection that is kept: one request after the other, without a new connection for each.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::api::Answer;

/// How long an answer may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The largest answer that is read.
const ANSWER_MAX_BYTES: usize = 64 * 1024 * 1024;

/// A connection to an API. When the other side ends it, the next request opens a new one.
#[derive(Debug)]
pub struct Line {
    address: SocketAddr,
    stream: Option<TcpStream>,
    /// Octets that were read and belong to what comes next.
    rest: Vec<u8>,
}

impl Line {
    /// A line to that address; nothing is opened yet.
    pub const fn to(address: SocketAddr) -> Self {
        Self { address, stream: None, rest: Vec::new() }
    }

    /// Sends a whole request, as octets, and reads its answer. The request must say its length.
    pub async fn ask(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        let kept = self.stream.is_some();
        match self.try_once(request).await {
            // A connection that was kept may have been ended before it saw anything of this.
            Err(_) if kept => {
                self.stream = None;
                self.try_once(request).await
            }
            done => done,
        }
    }

    async fn try_once(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        let asked = tokio::time::timeout(PATIENCE, self.exchange(request)).await;
        let answer = asked.context("no answer in time").and_then(|answer| answer);
        let ends = answer.as_ref().map_or(true, |answer| answer.header("connection") == Some("close"));
        if ends {
            self.stream = None;
            self.rest.clear();
        }
        answer
    }

    async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            self.rest.clear();
            self.stream = Some(stream);
        }
        if let Some(stream) = &mut self.stream {
            // Whoever is refused half-way still gets an answer.
            drop(stream.write_all(request).await);
        }
        let end = loop {
            if let Some(end) = self.rest.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            self.read_more().await?;
        };
        let head: Vec<u8> = self.rest.drain(..end + 4).collect();
        let (status, headers) = read_head(&head)?;
        let mut answer = Answer { status, headers, body: Vec::new() };
        answer.body = if answer.header("transfer-encoding") == Some("chunked") {
            self.read_chunks().await?
        } else {
            let length = answer.header("content-length").map_or(Ok(0), str::parse)?;
            self.take(length).await?
        };
        Ok(answer)
    }

    async fn read_more(&mut self) -> anyhow::Result<()> {
        ensure!(self.rest.len() < ANSWER_MAX_BYTES, "the answer has no end");
        let stream = self.stream.as_mut().context("no connection")?;
        if stream.read_buf(&mut self.rest).await? == 0 {
            bail!("the connection was ended without a whole answer: {}", String::from_utf8_lossy(&self.rest));
        }
        Ok(())
    }

    async fn take(&mut self, length: usize) -> anyhow::Result<Vec<u8>> {
        while self.rest.len() < length {
            self.read_more().await?;
        }
        Ok(self.rest.drain(..length).collect())
    }

    /// A body that comes in chunks (RFC 9112 §7.1).
    async fn read_chunks(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                if let Some(end) = self.rest.windows(2).position(|two| two == b"\r\n") {
                    break end;
                }
                self.read_more().await?;
            };
            let line: Vec<u8> = self.rest.drain(..end + 2).collect();
            let length = usize::from_str_radix(std::str::from_utf8(&line[..end])?.trim(), 16)?;
            let chunk = self.take(length + 2).await?;
            if length == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..length]);
        }
    }
}

fn read_head(head: &[u8]) -> anyhow::Result<(u16, Vec<(String, String)>)> {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status")?.parse()?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Ok((status, headers))
}
