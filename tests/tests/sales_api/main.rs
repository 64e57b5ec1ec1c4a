//! What is sold and to whom, through the API: over real HTTP, with two providers and somebody of the field.

mod customers;
mod plans;
mod subscribers;
mod vouchers;

use std::net::SocketAddr;
use std::sync::Arc;

use admin_api::limits::Limits;
use admin_api::{Bound, Meters, Parts, Settings};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use boot::random::OsRandom;
use domain::id::ZoneId;
use domain::people::key::Key;
use domain::people::permission::{Act, Permissions, Thing};
use domain::people::role::Services;
use domain::people::staff::Zoned;
use ports::{Clock, Random as _};
use prometheus_client::registry::Registry;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use store::people::keys;
use tests::database::Database;
use tests::world::{Isp, World};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, DropGuard};

/// An API beside a world of two providers.
pub(crate) struct Api {
    /// Its database goes with it.
    _world: World,
    address: SocketAddr,
    /// All that a provider's people may do, at the first one and at the other.
    pub(crate) owner: String,
    pub(crate) other: String,
    /// Somebody of the first one's field, who sees this zone alone.
    pub(crate) technician: String,
    pub(crate) zone: ZoneId,
    _serving: DropGuard,
}

impl Api {
    pub(crate) async fn open() -> Self {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        let world = World::beside_on(Database::fresh().await, nowhere, nowhere).await.expect("a world");
        let zone: ZoneId = ZoneId::from_bytes(OsRandom.uuid_v7(world.clock.now()));
        let field = Permissions::on(Thing::Customers, &[Act::See, Act::Make, Act::Change])
            .and(Permissions::on(Thing::Subscribers, &[Act::See, Act::Make, Act::Change]))
            .and(Permissions::on(Thing::Plans, &[Act::See]));
        let all = Permissions::everything();
        let owner = key(&world, &world.isp, 1, all, Services::All, Zoned::All).await;
        let other = key(&world, &world.other, 2, all, Services::All, Zoned::All).await;
        let technician = key(&world, &world.isp, 3, field, Services::PppoeAndStatic, Zoned::Some(vec![zone])).await;
        let settings = Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: None,
            domain: None,
            trusted_proxies: Vec::new(),
            limits: Limits::default(),
        };
        let parts = Parts {
            store: world.store.clone(),
            clock: Arc::clone(&world.clock) as Arc<dyn Clock>,
            random: Arc::new(OsRandom),
            meters: Meters::register(&mut Registry::default()),
            settings,
        };
        let bound = Bound::bind(parts).await.expect("a port");
        let (address, stopping) = (bound.address(), CancellationToken::new());
        tokio::spawn(bound.serve(stopping.clone()));
        Self { _world: world, address, owner, other, technician, zone, _serving: stopping.drop_guard() }
    }

    /// Asks, and reads the answer to its end.
    pub(crate) async fn ask(&self, key: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map(|body| ("application/json", body.to_string()));
        self.send(key, method, path, body, &[]).await
    }

    pub(crate) async fn get(&self, key: &str, path: &str) -> Answer {
        self.ask(key, "GET", path, None).await
    }

    pub(crate) async fn post(&self, key: &str, path: &str, body: Value) -> Answer {
        self.ask(key, "POST", path, Some(&body)).await
    }

    /// HTTP/1.0, where an answer ends with its connection: nothing has to be put together.
    pub(crate) async fn send(
        &self,
        key: &str,
        method: &str,
        path: &str,
        body: Option<(&str, String)>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let (kind, body) = body.unwrap_or_default();
        if !kind.is_empty() {
            head.push_str(&format!("Content-Type: {kind}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        let mut line = TcpStream::connect(self.address).await.expect("a connection");
        line.write_all(head.as_bytes()).await.expect("sent");
        let mut octets = Vec::new();
        line.read_to_end(&mut octets).await.expect("an answer");
        let end = octets.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&octets[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Answer { status, head, body: octets[end + 4..].to_vec() }
    }
}

/// A key of a program that may do that.
async fn key(
    world: &World,
    isp: &Isp,
    number: u8,
    permissions: Permissions,
    services: Services,
    zones: Zoned,
) -> String {
    let now = world.clock.now();
    let secret = [number; 32];
    let key = Key {
        id: world.context().new_id(),
        name: format!("key {number}"),
        permissions,
        services,
        zones,
        made_by: "the story".to_owned(),
        made_at: now,
        rotated_at: None,
        earlier_until: None,
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
        revision: 1,
    };
    let mut tx = world.store.tenant(&isp.scope).await.expect("begins");
    keys::add(&mut tx, &key, &Sha256::digest(secret).into()).await.expect("added");
    tx.commit().await.expect("commits");
    format!("mnk_{}", URL_SAFE_NO_PAD.encode(secret))
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body, which must be JSON, of an answer with that status.
    #[track_caller]
    pub(crate) fn json(&self, status: u16) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{text}");
        serde_json::from_str(&text).unwrap_or_else(|why| unreachable!("{why}: {text}"))
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:")))?;
        line.split_once(':').map(|(_, value)| value.trim())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The text of a field.
#[track_caller]
pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| unreachable!("no {field} in {value}"))
}

/// The value of a field of all items of a list.
pub(crate) fn all<'a>(listing: &'a Value, field: &str) -> Vec<&'a str> {
    listing["items"].as_array().expect("items").iter().map(|item| text(item, field)).collect()
}

/// A plan of the first provider, made through the API.
pub(crate) async fn plan(api: &Api, key: &str, name: &str, service: &str) -> String {
    let body = serde_json::json!({ "name": name, "service": service, "terms": {
        "rate": "2M/5M", "duration": "1h", "counts_from": if service == "hotspot" { "first_use" } else { "purchase" },
        "price": { "minor": 2000, "currency": "KES" },
    }});
    text(&api.post(key, "/v1/plans", body).await.json(201), "id").to_owned()
}
