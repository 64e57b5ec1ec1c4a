//! A router that asks over TLS: one connection, many requests.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actions::network::issue_certificate::IssuedToRouter;
use anyhow::{Context as _, bail};
use dictionaries::rfc2866;
use radius::radsec::Frames;
use radius::{PACKET_MAX, Place, Secret, Writer};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::client::{self, PATIENCE, Reply, Report};

/// What a client shows of itself.
#[derive(Clone, Copy, Debug)]
pub enum Shows<'a> {
    /// A certificate with its key.
    Certificate(&'a IssuedToRouter),
    /// Nothing.
    Nothing,
}

/// How a client connects.
#[derive(Clone, Copy, Debug)]
pub struct Dial<'a> {
    /// Where the server is.
    pub to: SocketAddr,
    /// The certificate of the authority that the server must be signed by, DER.
    pub trusts: &'a [u8],
    /// What it shows of itself.
    pub shows: Shows<'a>,
    /// The version of TLS that it speaks.
    pub version: &'static SupportedProtocolVersion,
}

impl<'a> Dial<'a> {
    /// As a router does that was given this certificate.
    pub const fn with(to: SocketAddr, issued: &'a IssuedToRouter) -> Self {
        let trusts = issued.authority.as_slice();
        Self { to, trusts, shows: Shows::Certificate(issued), version: &version::TLS13 }
    }

    /// Connects, and waits for the server to say anything against it: in TLS 1.3 a client is done before the server
    /// has seen its certificate. A refusal is an error.
    pub async fn connects(&self) -> anyhow::Result<Connection> {
        let mut connection = self.begins().await?;
        connection.is_heard().await?.context("the server closed the connection")?;
        Ok(connection)
    }

    /// Connects as [`connects`](Self::connects) until the server does. It refuses everybody until it has its own
    /// certificate, and knows a new one of ours within a second.
    pub async fn connects_in_the_end(&self) -> anyhow::Result<Connection> {
        let mut last = anyhow::anyhow!("never tried");
        for _ in 0..100 {
            match self.connects().await {
                Ok(connection) => return Ok(connection),
                Err(why) => last = why,
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(last)
    }

    async fn begins(&self) -> anyhow::Result<Connection> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(self.trusts.to_vec()))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[self.version])?
            .with_root_certificates(roots);
        let config = match self.shows {
            Shows::Nothing => config.with_no_client_auth(),
            Shows::Certificate(issued) => {
                let chain = vec![CertificateDer::from(issued.issued.certificate.clone())];
                config.with_client_auth_cert(
                    chain,
                    PrivatePkcs8KeyDer::from(issued.issued.key.expose().to_vec()).into(),
                )?
            }
        };
        let stream = TcpStream::connect(self.to).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("radius.test")?;
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
        let stream = timeout(PATIENCE, connecting).await.context("no handshake")??;
        let secret = Secret::new(radius::radsec::SECRET);
        Ok(Connection { stream, frames: Frames::default(), secret, next: 0, asked: HashMap::new() })
    }
}

/// A connection that the server has taken.
#[derive(Debug)]
pub struct Connection {
    stream: TlsStream<TcpStream>,
    frames: Frames,
    secret: Secret,
    next: u8,
    /// Requests that wait for their answers, by identifier.
    asked: HashMap<u8, Vec<u8>>,
}

impl Connection {
    /// Asks for somebody, and waits for nothing: user, password and device. Gives the identifier.
    pub async fn sends_login(&mut self, login: (&str, &str, &str)) -> anyhow::Result<u8> {
        let (id, mut buffer) = (self.next_id(), [0; PACKET_MAX]);
        let request = client::login(&mut buffer, id, Place::Last, login, &self.secret)?.to_vec();
        self.sends(id, request).await
    }

    /// Asks for somebody. `None`: the server has closed the connection.
    pub async fn asks(&mut self, user: &str, password: &str, mac: &str) -> anyhow::Result<Option<Reply>> {
        let id = self.sends_login((user, password, mac)).await?;
        self.hears_of(id).await
    }

    /// Reports a session. `None`: the server has closed the connection.
    pub async fn reports(&mut self, report: &Report<'_>) -> anyhow::Result<Option<Reply>> {
        let (id, mut buffer) = (self.next_id(), [0; PACKET_MAX]);
        let request = client::accounting(&mut buffer, id, report, &self.secret)?.to_vec();
        self.sends(id, request).await?;
        self.hears_of(id).await
    }

    /// Reports what is about no session: it is answered, changes nothing, and nobody counts how often.
    pub async fn is_heard(&mut self) -> anyhow::Result<Option<Reply>> {
        let (id, mut buffer) = (self.next_id(), [0; PACKET_MAX]);
        let mut writer = Writer::accounting_request(&mut buffer, id, Place::Absent);
        writer.put(rfc2866::ACCT_STATUS_TYPE, rfc2866::acct_status_type::FAILED)?;
        let request = writer.finish(&self.secret).to_vec();
        self.sends(id, request).await?;
        self.hears_of(id).await
    }

    /// Asks whether the server is there (Status-Server).
    pub async fn asks_whether_it_is_there(&mut self) -> anyhow::Result<Option<Reply>> {
        let (id, mut buffer) = (self.next_id(), [0; PACKET_MAX]);
        let writer = Writer::status_server(&mut buffer, id, &[id; 16]);
        let request = writer.finish(&self.secret).to_vec();
        self.sends(id, request).await?;
        self.hears_of(id).await
    }

    /// Sends a request that was made elsewhere.
    pub async fn sends(&mut self, id: u8, request: Vec<u8>) -> anyhow::Result<u8> {
        self.sends_octets(&request).await?;
        self.asked.insert(id, request);
        Ok(id)
    }

    /// Sends octets as they are.
    pub async fn sends_octets(&mut self, octets: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(octets).await?;
        Ok(self.stream.flush().await?)
    }

    /// The next verified answer with its identifier. `None`: the server has closed the connection.
    pub async fn hears(&mut self) -> anyhow::Result<Option<(u8, Reply)>> {
        timeout(PATIENCE, self.hears_sometime()).await.context("the server says nothing")?
    }

    async fn hears_sometime(&mut self) -> anyhow::Result<Option<(u8, Reply)>> {
        loop {
            if let Some(packet) = self.frames.take()? {
                let reply = packet.to_vec();
                let id = reply[1];
                let request = self.asked.remove(&id).context("an answer to nothing")?;
                return Ok(Some((id, client::verified(&request, reply, &self.secret)?)));
            }
            match self.stream.read(self.frames.room()).await {
                Ok(0) => return Ok(None),
                Ok(octets) => self.frames.came_in(octets),
                // A server that closes at once says no good-bye.
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => bail!(error),
            }
        }
    }

    async fn hears_of(&mut self, id: u8) -> anyhow::Result<Option<Reply>> {
        while let Some((answered, reply)) = self.hears().await? {
            if answered == id {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    /// The next identifier that no waiting request has.
    pub fn next_id(&mut self) -> u8 {
        while self.asked.contains_key(&self.next) {
            self.next = self.next.wrapping_add(1);
        }
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        id
    }
}
