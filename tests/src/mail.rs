//! Sends letters to a mail server of ours that keeps them.

use std::net::SocketAddr;
use std::sync::Arc;

use messaging::smtp::{Security, Settings, Smtp};
use ports::Mailer;

/// Whoever sends letters to the mail server there, in the clear.
pub fn mailer_to(server: SocketAddr) -> Arc<dyn Mailer> {
    let settings = Settings {
        host: server.ip().to_string(),
        port: server.port(),
        security: Security::None,
        login: None,
        from: "no-reply@isp.example".parse().expect("a good address"),
    };
    Arc::new(Smtp::new(settings).expect("a good server"))
}
