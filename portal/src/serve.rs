//! The role with its socket: connections and TLS are [`web`]'s, what is answered is in `pages`.

use std::net::SocketAddr;

use tokio_util::sync::CancellationToken;
use web::{BindError, Listening};

use crate::app::{App, Parts};
use crate::pages;

/// The role with its socket bound and nothing answered yet.
#[derive(Debug)]
pub struct Bound {
    app: App,
    web: web::Bound,
}

impl Bound {
    /// Binds the socket and reads the certificate and the languages.
    pub async fn bind(parts: Parts) -> Result<Self, BindError> {
        let settings = &parts.settings;
        let listening = Listening {
            role: "the portal",
            setting: "portal.listen",
            address: settings.listen,
            tls: settings.tls.clone(),
            trusted_proxies: settings.trusted_proxies.clone(),
            limits: settings.limits.connections(),
            connections: parts.meters.connections.clone(),
        };
        let web = web::Bound::bind(listening).await?;
        Ok(Self { app: App::new(parts), web })
    }

    /// Where it listens, with the port that was given when port 0 was asked for.
    pub const fn address(&self) -> SocketAddr {
        self.web.address()
    }

    /// Whether it speaks TLS.
    pub const fn speaks_tls(&self) -> bool {
        self.web.speaks_tls()
    }

    /// Serves until `shutdown`; requests that were begun are finished, for five seconds.
    pub async fn serve(self, shutdown: CancellationToken) {
        let Self { app, web } = self;
        web.serve(pages::service(&app), shutdown, || {}).await;
    }
}
