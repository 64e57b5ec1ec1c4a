//! How this installation tells partners' webhooks, and asks ISPs' providers of text messages.

use std::sync::Arc;

use boot::config::Config;
use messaging::sms::{Messengers, Settings};
use messaging::webhooks::{Reach, Webhooks};
use ports::{Messenger, Teller};
use tracing::warn;

/// Whoever tells partners as the configuration says.
pub fn teller(config: &Config) -> anyhow::Result<Arc<dyn Teller>> {
    let reach = reach(config);
    if reach == Reach::Any {
        warn!("webhooks may lead to any address that this machine reaches (webhooks.allow_private = \"yes\")");
    }
    Ok(Arc::new(Webhooks::new(reach)?))
}

/// Whoever sends text messages as the configuration says. Providers are somebody else's address as partners are.
pub fn messenger(config: &Config) -> anyhow::Result<Arc<dyn Messenger>> {
    let mut settings = Settings::of(reach(config));
    settings.africas_talking.clone_from(&config.messages.africas_talking);
    if let Some(base) = &settings.africas_talking {
        warn!("text messages through Africa's Talking go to {base} (messages.africas_talking), and reach nobody");
    }
    Ok(Arc::new(Messengers::new(settings)?))
}

const fn reach(config: &Config) -> Reach {
    if config.webhooks.allow_private { Reach::Any } else { Reach::Public }
}
