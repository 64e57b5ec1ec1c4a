//! The API of a World, and those who ask it: staff of either ISP with a session, programs with a key, and nobody.
//!
//! Requests go through real HTTP on loopback, each over a connection of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actions::platform::open_platform;
use admin_api::limits::Limits;
use admin_api::{Bound, Meters, Parts, Settings};
use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use boot::random::OsRandom;
use domain::people::key::Key;
use domain::people::permission::Permissions;
use domain::people::role::{Preset, RoleName, Services};
use domain::people::staff::{Staff, StaffState, Zoned};
use ports::gateway::Gateways;
use ports::{Clock, Random as _};
use prometheus_client::registry::Registry;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use store::TenantScope;
use store::people::sign_ins::NewSignIn;
use store::people::{keys, sign_ins, staff};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use crate::world::{Isp, World};

/// How long an answer may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running API.
#[derive(Debug)]
pub struct Api {
    /// Where it answers.
    pub address: SocketAddr,
    shutdown: CancellationToken,
    serving: Option<JoinHandle<()>>,
}

impl Api {
    /// The API of a World, on its database and its clock, with room for as many requests as a story makes.
    pub async fn open(world: &World) -> anyhow::Result<Self> {
        Self::open_with(world, |_| {}).await
    }

    /// The same, set up in another way.
    pub async fn open_with(world: &World, set_up: impl FnOnce(&mut Settings)) -> anyhow::Result<Self> {
        Self::opened(world, Some(world.gateways()), set_up).await
    }

    /// The same on a server that speaks to no gateway.
    pub async fn open_without_gateways(world: &World) -> anyhow::Result<Self> {
        Self::opened(world, None, |_| {}).await
    }

    async fn opened(
        world: &World,
        gateways: Option<Gateways>,
        set_up: impl FnOnce(&mut Settings),
    ) -> anyhow::Result<Self> {
        let plenty = NonZeroU32::MAX;
        let mut settings = Settings {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: None,
            domain: None,
            trusted_proxies: Vec::new(),
            limits: Limits {
                per_caller: plenty,
                burst_of_caller: plenty,
                per_address: plenty,
                burst_of_address: plenty,
                ..Limits::default()
            },
        };
        set_up(&mut settings);
        let parts = Parts {
            store: world.store.clone(),
            clock: Arc::clone(&world.clock) as Arc<dyn Clock>,
            random: Arc::new(OsRandom),
            meters: Meters::register(&mut Registry::default()),
            gateways,
            settings,
        };
        let bound = Bound::bind(parts).await?;
        let (address, shutdown) = (bound.address(), CancellationToken::new());
        let serving = Some(tokio::spawn(bound.serve(shutdown.clone())));
        Ok(Self { address, shutdown, serving })
    }

    /// Somebody without session or key.
    pub fn nobody(&self) -> Client {
        Client::of(self.address)
    }

    /// The owner of an ISP, signed in.
    pub async fn owner(&self, world: &World, isp: &Isp) -> anyhow::Result<Client> {
        self.signed_in(world, isp, RoleName::Preset(Preset::Owner), Zoned::All).await
    }

    /// Somebody new of an ISP with a role, signed in.
    pub async fn signed_in(&self, world: &World, isp: &Isp, role: RoleName, zones: Zoned) -> anyhow::Result<Client> {
        self.enters(world, (&isp.scope, isp.tenant.slug.as_str()), role, zones, false).await
    }

    /// Somebody new of the platform itself with a role, signed in with a code beside the password.
    pub async fn of_platform(&self, world: &World, preset: Preset) -> anyhow::Result<Client> {
        let platform = open_platform::open_platform(&world.store, world.context()).await?;
        let place = (&TenantScope::of_operator(platform), open_platform::SLUG);
        self.enters(world, place, RoleName::Preset(preset), Zoned::All, true).await
    }

    /// Somebody new of any tenant with a role, signed in with or without a second proof.
    pub async fn enters(
        &self,
        world: &World,
        (scope, slug): (&TenantScope, &str),
        role: RoleName,
        zones: Zoned,
        proved_twice: bool,
    ) -> anyhow::Result<Client> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let now = world.clock.now();
        let person = Staff {
            id: world.context().new_id(),
            email: format!("person-{number}@{slug}.test").parse()?,
            user_name: format!("person-{number}").parse()?,
            name: format!("Person {number}").parse()?,
            phone: None,
            id_number: None,
            role,
            zones,
            state: StaffState::Active,
            has_totp: false,
            created_at: now,
            signed_in_at: None,
            revision: 1,
        };
        let (secret, token_hash) = secret();
        let stay = NewSignIn {
            id: world.context().new_id(),
            staff: person.id,
            token_hash,
            begun_at: now,
            proved_twice,
            address: None,
            agent: None,
        };
        let mut tx = world.store.tenant(scope).await?;
        staff::add(&mut tx, &person).await?;
        sign_ins::begin(&mut tx, &stay).await?;
        tx.commit().await?;
        Ok(self.nobody().with("cookie", &format!("mnetifi={secret}")))
    }

    /// A program of an ISP that may do these things.
    pub async fn program(&self, world: &World, isp: &Isp, permissions: Permissions) -> anyhow::Result<Client> {
        self.program_of(world, isp, permissions, Services::All, Zoned::All).await
    }

    /// The same, with these services and in these zones alone.
    pub async fn program_of(
        &self,
        world: &World,
        isp: &Isp,
        permissions: Permissions,
        services: Services,
        zones: Zoned,
    ) -> anyhow::Result<Client> {
        let id = world.context().new_id();
        let key = Key {
            id,
            name: format!("key {id}"),
            permissions,
            services,
            zones,
            made_by: "the story".to_owned(),
            made_at: world.clock.now(),
            rotated_at: None,
            earlier_until: None,
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
            revision: 1,
        };
        let (secret, hash) = secret();
        let mut tx = world.store.tenant(&isp.scope).await?;
        keys::add(&mut tx, &key, &hash).await?;
        tx.commit().await?;
        Ok(self.nobody().with("authorization", &format!("Bearer mnk_{secret}")))
    }

    /// Stops it as an operator would, and waits until it has stopped.
    pub async fn stops(&mut self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        if let Some(serving) = self.serving.take() {
            tokio::time::timeout(PATIENCE, serving).await.context("it does not stop")?.context("it panicked")?;
        }
        Ok(())
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// A new secret as its text, and the hash that the database has.
fn secret() -> (String, [u8; 32]) {
    let mut octets = [0; 32];
    OsRandom.fill(&mut octets);
    (URL_SAFE_NO_PAD.encode(octets), Sha256::digest(octets).into())
}

/// Somebody who asks.
#[derive(Clone, Debug)]
pub struct Client {
    address: SocketAddr,
    headers: Vec<(String, String)>,
}

impl Client {
    /// Somebody without session or key, who asks there.
    pub const fn of(address: SocketAddr) -> Self {
        Self { address, headers: Vec::new() }
    }

    /// The same, sending one more header with each request.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What it sends with each request.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.send("GET", path, None).await
    }

    /// Creates, or does something.
    pub async fn post(&self, path: &str, body: Value) -> anyhow::Result<Answer> {
        self.send("POST", path, Some(body)).await
    }

    /// Changes.
    pub async fn patch(&self, path: &str, body: Value) -> anyhow::Result<Answer> {
        self.send("PATCH", path, Some(body)).await
    }

    /// Removes.
    pub async fn delete(&self, path: &str) -> anyhow::Result<Answer> {
        self.send("DELETE", path, None).await
    }

    /// One request with a body of JSON, or none.
    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> anyhow::Result<Answer> {
        let body = body.map(|body| body.to_string().into_bytes());
        let kind = body.is_some().then_some("application/json");
        self.send_octets(method, path, kind, body.as_deref().unwrap_or_default()).await
    }

    /// One request with any body.
    pub async fn send_octets(
        &self,
        method: &str,
        path: &str,
        kind: Option<&str>,
        body: &[u8],
    ) -> anyhow::Result<Answer> {
        let mut stream = self.begins(method, path, kind, body).await?;
        let mut octets = Vec::new();
        tokio::time::timeout(PATIENCE, stream.read_to_end(&mut octets)).await.context("no answer in time")??;
        Answer::read(&octets).with_context(|| format!("{method} {path}"))
    }

    /// Sends a request and leaves the answer to be read.
    pub async fn begins(&self, method: &str, path: &str, kind: Option<&str>, body: &[u8]) -> anyhow::Result<TcpStream> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        if !self.headers.iter().any(|(name, _)| name == "host") {
            head.push_str(&format!("host: {}\r\n", self.address));
        }
        if let Some(kind) = kind {
            head.push_str(&format!("content-type: {kind}\r\n"));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(&[head.as_bytes(), body].concat()).await?;
        Ok(stream)
    }
}

/// What is answered over TLS there to somebody who knows the server by that name, and trusts that authority alone.
pub async fn get_over_tls(address: SocketAddr, name: &str, authority: &[u8], path: &str) -> anyhow::Result<Answer> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.to_vec()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let asking = async {
        let stream = TcpStream::connect(address).await?;
        let server = ServerName::try_from(name.to_owned())?;
        let mut stream = TlsConnector::from(Arc::new(config)).connect(server, stream).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {name}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut octets = Vec::new();
        stream.read_to_end(&mut octets).await?;
        Answer::read(&octets)
    };
    tokio::time::timeout(PATIENCE, asking).await.context("no answer in time")?
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, their names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    fn read(octets: &[u8]) -> anyhow::Result<Self> {
        let end = octets.windows(4).position(|four| four == b"\r\n\r\n").context("the answer has no whole head")?;
        let head = std::str::from_utf8(&octets[..end])?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status")?.parse()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let body = &octets[end + 4..];
        let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        let body = if chunked { unchunked(body)? } else { body.to_vec() };
        Ok(Self { status, headers, body })
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The code of a problem; empty when it is none.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The same answer, if it has this status.
    pub fn is(self, status: u16) -> anyhow::Result<Self> {
        ensure!(self.status == status, "answered {} and not {status}: {}", self.status, self.text());
        Ok(self)
    }
}

/// A body that came in chunks (RFC 9112 §7.1).
fn unchunked(mut rest: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").context("a chunk has no length")?;
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end])?.trim(), 16)?;
        let from = end + 2;
        if length == 0 {
            return Ok(body);
        }
        body.extend_from_slice(rest.get(from..from + length).context("the answer was cut off")?);
        rest = rest.get(from + length + 2..).context("the answer was cut off")?;
    }
}
