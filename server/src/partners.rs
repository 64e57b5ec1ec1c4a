//! How this installation tells partners' webhooks.

use std::sync::Arc;

use boot::config::Config;
use messaging::webhooks::{Reach, Webhooks};
use ports::Teller;
use tracing::warn;

/// Whoever tells partners as the configuration says.
pub fn teller(config: &Config) -> anyhow::Result<Arc<dyn Teller>> {
    let reach = if config.webhooks.allow_private { Reach::Any } else { Reach::Public };
    if reach == Reach::Any {
        warn!("webhooks may lead to any address that this machine reaches (webhooks.allow_private = \"yes\")");
    }
    Ok(Arc::new(Webhooks::new(reach)?))
}
