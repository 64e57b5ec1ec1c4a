//! The portal of a World, and telephones that ask it. Requests go through real HTTP on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use boot::random::OsRandom;
use form_urlencoded::Serializer;
use portal::{Bound, Limits, Meters, Parts, Settings};
use ports::Clock;
use ports::gateway::Gateway;
use prometheus_client::registry::Registry;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::api::{Answer, Client};
use crate::world::{Isp, World};

/// The domain whose subdomains are the ISPs.
pub const DOMAIN: &str = "wifi.example";

/// A running portal.
#[derive(Debug)]
pub struct Portal {
    /// Where it answers.
    pub address: SocketAddr,
    shutdown: CancellationToken,
    _serving: JoinHandle<()>,
}

impl Portal {
    /// The portal of a World, on its database and its clock, with room for as many requests as a story makes.
    pub async fn open(world: &World) -> anyhow::Result<Self> {
        Self::open_with(world, |_| {}).await
    }

    /// The same, set up in another way.
    pub async fn open_with(world: &World, set_up: impl FnOnce(&mut Settings)) -> anyhow::Result<Self> {
        let plenty = NonZeroU32::MAX;
        let mut settings = Settings {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: None,
            domain: Some(DOMAIN.to_owned()),
            tenant: None,
            router_names: Vec::new(),
            trusted_proxies: Vec::new(),
            callback_sources: Vec::new(),
            framed_by: Vec::new(),
            words: None,
            limits: Limits { per_address: plenty, burst_of_address: plenty, ..Limits::default() },
        };
        set_up(&mut settings);
        let parts = Parts {
            store: world.store.clone(),
            clock: Arc::clone(&world.clock) as Arc<dyn Clock>,
            random: Arc::new(OsRandom),
            meters: Meters::register(&mut Registry::default()),
            gateway: Some(Arc::clone(&world.gateway) as Arc<dyn Gateway>),
            settings,
        };
        let bound = Bound::bind(parts).await?;
        let (address, shutdown) = (bound.address(), CancellationToken::new());
        let serving = tokio::spawn(bound.serve(shutdown.clone()));
        Ok(Self { address, shutdown, _serving: serving })
    }

    /// A telephone that asks for the pages of an ISP.
    pub fn phone(&self, isp: &Isp) -> Phone {
        self.phone_at(&format!("{}.{DOMAIN}", isp.tenant.slug))
    }

    /// A telephone that asks for any host.
    pub fn phone_at(&self, host: &str) -> Phone {
        Phone { client: Client::of(self.address).with("host", host) }
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// A telephone with a browser that keeps nothing.
#[derive(Clone, Debug)]
pub struct Phone {
    client: Client,
}

impl Phone {
    /// The same, sending one more header with each request.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        Self { client: self.client.with(name, value) }
    }

    /// Reads a page.
    pub async fn get(&self, path: &str) -> anyhow::Result<Page> {
        Ok(Page(self.client.get(path).await?))
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Page> {
        let body = form(fields);
        let kind = Some("application/x-www-form-urlencoded");
        Ok(Page(self.client.send_octets("POST", path, kind, body.as_bytes()).await?))
    }

    /// Sends any octets.
    pub async fn send(&self, path: &str, body: &[u8]) -> anyhow::Result<Page> {
        Ok(Page(self.client.send_octets("POST", path, None, body).await?))
    }

    /// Is sent by the page of an ISP's router `tower`, which takes logins at 10.5.50.1, by PAP.
    pub async fn arrives(&self, mac: &str) -> anyhow::Result<Page> {
        self.get(&arriving(&[("mac", mac), ("ip", "10.5.50.23"), ("lo", "http://10.5.50.1/login")])).await
    }
}

/// The address that a router's page sends a browser to.
pub fn arriving(fields: &[(&str, &str)]) -> String {
    format!("/hs/tower?{}", form(fields))
}

fn form(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Page(pub Answer);

impl Page {
    /// The status.
    pub const fn status(&self) -> u16 {
        self.0.status
    }

    /// The page as it was written.
    pub fn html(&self) -> String {
        self.0.text()
    }

    /// What a person reads of it: no styles, no marks, one space between words.
    pub fn text(&self) -> String {
        let html = self.html();
        let shown = html.split("</style>").last().unwrap_or_default();
        let mut text = String::new();
        let mut inside = false;
        for letter in shown.chars() {
            match letter {
                '<' => {
                    inside = true;
                    text.push(' ');
                }
                '>' => inside = false,
                _ if inside => {}
                _ => text.push(letter),
            }
        }
        let text = text.replace("&#38;", "&").replace("&#39;", "'").replace("&#34;", "\"");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Where it sends on to.
    pub fn location(&self) -> Option<&str> {
        self.0.header("location")
    }

    /// The value of a field of its forms.
    pub fn field(&self, name: &str) -> String {
        let html = self.html();
        let after = html.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_default();
        after.split('"').next().unwrap_or_default().to_owned()
    }

    /// Where the browser goes by itself, and after how many seconds.
    pub fn onward(&self) -> Option<(u32, String)> {
        let html = self.html();
        let (_, after) = html.split_once("http-equiv=\"refresh\" content=\"")?;
        let (seconds, to) = after.split('"').next()?.split_once(";url=")?;
        Some((seconds.parse().ok()?, to.replace("&#38;", "&")))
    }

    /// The sealed visit that its forms carry.
    pub fn ticket(&self) -> String {
        let html = self.html();
        let after = html.split("?c=").nth(1).unwrap_or_default();
        after.split(['"', '&']).next().unwrap_or_default().to_owned()
    }
}
