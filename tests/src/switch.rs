//! A line to PostgreSQL that a story can freeze, cut, slow down and mend.
//!
//! The server is given the switch's address for its database. Frozen is the worst: connections stay open and nothing
//! comes, as when a disk hangs or a firewall forgets.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How the line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line {
    /// Everything passes.
    Whole,
    /// Connections stay, and nothing passes.
    Frozen,
    /// Connections break, and no new one is made.
    Cut,
    /// Each piece waits so long before it passes.
    Slow(Duration),
}

/// The line with its switch; goes away with this value.
#[derive(Debug)]
pub struct Switch {
    address: SocketAddr,
    line: watch::Sender<Line>,
    accepting: JoinHandle<()>,
}

/// Where PostgreSQL listens.
#[derive(Clone, Debug)]
enum Server {
    Socket(String),
    Address(String),
}

impl Switch {
    /// A switch before the server that a URL names, by address or by the directory of its socket.
    pub async fn before(url: &str) -> anyhow::Result<Self> {
        let server = server_of(url).with_context(|| format!("`{url}` names no server"))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (line, seen) = watch::channel(Line::Whole);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server.clone(), seen.clone()));
            }
        });
        Ok(Self { address, line, accepting })
    }

    /// The same database by way of the switch.
    pub fn url(&self, url: &str) -> String {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let user = authority.rsplit_once('@').map_or(String::new(), |(user, _)| format!("{user}@"));
        let database = path.split('?').next().unwrap_or_default();
        format!("postgres://{user}{}/{database}?sslmode=disable", self.address)
    }

    /// Turns it.
    pub fn turn(&self, line: Line) {
        self.line.send_replace(line);
    }

    /// How it stands.
    pub fn line(&self) -> Line {
        *self.line.borrow()
    }

    /// Somebody else may look at it.
    pub fn watch(&self) -> watch::Receiver<Line> {
        self.line.subscribe()
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn server_of(url: &str) -> Option<Server> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = host.rsplit_once(':').unwrap_or((host, "5432"));
    if host.starts_with("%2F") || host.starts_with("%2f") {
        let directory = host.replace("%2F", "/").replace("%2f", "/");
        return Some(Server::Socket(format!("{directory}/.s.PGSQL.{port}")));
    }
    Some(Server::Address(format!("{host}:{port}")))
}

async fn carry(client: TcpStream, server: Server, line: watch::Receiver<Line>) {
    let mut waiting = line.clone();
    // A frozen line takes the connection and says nothing; a cut one closes it.
    if waiting.wait_for(|line| *line != Line::Frozen).await.is_err() || *line.borrow() == Line::Cut {
        return;
    }
    let (client_reads, client_writes) = client.into_split();
    match server {
        Server::Socket(path) => {
            let Ok(server) = UnixStream::connect(path).await else { return };
            let (reads, writes) = server.into_split();
            both(pass(client_reads, writes, line.clone()), pass(reads, client_writes, line)).await;
        }
        Server::Address(address) => {
            let Ok(server) = TcpStream::connect(address).await else { return };
            let (reads, writes) = server.into_split();
            both(pass(client_reads, writes, line.clone()), pass(reads, client_writes, line)).await;
        }
    }
}

/// When one side has ended, so has the other.
async fn both(one: impl Future<Output = ()>, other: impl Future<Output = ()>) {
    tokio::select! {
        () = one => {}
        () = other => {}
    }
}

async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, mut line: watch::Receiver<Line>) {
    let mut buffer = vec![0; 16 * 1_024];
    let mut cut = line.clone();
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            _ = cut.wait_for(|line| *line == Line::Cut) => return,
        };
        let Ok(read @ 1..) = read else { return };
        let now = *line.borrow();
        if let Line::Slow(wait) = now {
            tokio::time::sleep(wait).await;
        }
        let Ok(now) = line.wait_for(|line| *line != Line::Frozen).await.map(|line| *line) else { return };
        if now == Line::Cut || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn echo() -> anyhow::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut reads, mut writes) = stream.split();
                    drop(tokio::io::copy(&mut reads, &mut writes).await);
                });
            }
        });
        Ok(address)
    }

    async fn says_back(stream: &mut TcpStream) -> bool {
        let mut octet = [0];
        let back = async {
            stream.write_all(b"x").await?;
            stream.read_exact(&mut octet).await
        };
        matches!(tokio::time::timeout(Duration::from_millis(300), back).await, Ok(Ok(1)))
    }

    #[tokio::test]
    async fn a_line_is_frozen_mended_and_cut() {
        let switch = Switch::before(&format!("postgres://a@{}/x", echo().await.expect("an echo"))).await.expect("one");
        let mut stream = TcpStream::connect(switch.address).await.expect("connected");
        assert!(says_back(&mut stream).await);

        switch.turn(Line::Frozen);
        assert!(!says_back(&mut stream).await);
        switch.turn(Line::Whole);
        assert!(says_back(&mut stream).await, "what was frozen comes through");
        switch.turn(Line::Cut);
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!says_back(&mut stream).await);
        switch.turn(Line::Whole);
        assert!(!says_back(&mut stream).await, "a broken connection stays broken");
        let mut stream = TcpStream::connect(switch.address).await.expect("connected");
        assert!(says_back(&mut stream).await);
    }

    #[tokio::test]
    async fn a_url_leads_through_the_switch() {
        let switch = Switch::before("postgres://a@%2Frun%2Fpg:5433/x").await.expect("one");
        assert_eq!(
            switch.url("postgres://a@%2Frun:5433/t?x=y"),
            format!("postgres://a@{}/t?sslmode=disable", switch.address)
        );
        assert!(
            matches!(server_of("postgres://a@%2Frun%2Fpg:5433/x"), Some(Server::Socket(path)) if path == "/run/pg/.s.PGSQL.5433")
        );
    }
}
