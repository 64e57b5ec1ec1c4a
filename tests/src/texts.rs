//! Who sends text messages in stories: through the simulated providers.

use std::sync::Arc;
use std::time::Duration;

use actions::messages::settings::{NewSettings, put_message_settings};
use domain::messages::language::Language;
use domain::messages::provider::{ProviderKeys, Terms, World as ProviderWorld};
use domain::secret::Secret;
use messaging::sms::{Messengers, Settings};
use messaging::webhooks::Reach;
use ports::Messenger;
use simulators::sms::{Account, Sms};

use crate::world::{Isp, World};

/// How long a provider of a story may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What an ISP sets that sends by Africa's Talking, as the sandbox has it.
///
/// # Panics
/// Never: what stands here is good.
pub fn terms() -> NewSettings {
    let account = Account::default();
    NewSettings {
        terms: Terms::AfricasTalking { username: account.username, world: ProviderWorld::Sandbox },
        keys: Some(ProviderKeys { key: Secret::new(account.key), secret: None }),
        sender: Some("SAVANNA".parse().expect("good")),
        brand: Some("Savanna Net".to_owned()),
        contact: "0700111222".to_owned(),
        language: Language::english(),
        is_active: true,
        sends_vouchers: true,
    }
}

/// An ISP sends text messages from now on.
pub async fn sends_by_sms(world: &World, isp: &Isp) -> anyhow::Result<()> {
    put_message_settings(&world.store, &isp.scope, &|_| true, terms(), world.context()).await?;
    Ok(())
}

/// Through that provider, and any other on this machine.
pub fn messenger_to(sms: &Sms) -> Arc<dyn Messenger> {
    Arc::new(messengers(Reach::Any, Some(sms.base())))
}

/// The adapters themselves.
pub fn messengers(reach: Reach, africas_talking: Option<String>) -> Messengers {
    Messengers::new(Settings { reach, africas_talking, patience: PATIENCE }).expect("ready")
}
