//! `mnetifi serve`: the server in the foreground.

use boot::shutdown::Shutdown;
use tracing::info;

use crate::cli::{Global, Role, Serve};
use crate::roles::{Server, Without};
use crate::settings;

/// Runs the server until it is told to stop.
pub async fn run(global: &Global, serve: &Serve) -> anyhow::Result<()> {
    let config = settings::load(global)?;
    let roles = if serve.roles.is_empty() { Role::ALL.to_vec() } else { serve.roles.clone() };
    boot::telemetry::begin(&config.log)?;
    let shutdown = Shutdown::on_signals()?;
    info!(version = env!("CARGO_PKG_VERSION"), data = %config.data.display(), "mnetifi {}", env!("CARGO_PKG_VERSION"));
    let server = Server::start(&config, &roles, Without::Allowed, &shutdown.token()).await?;
    server.serve(&shutdown).await
}
