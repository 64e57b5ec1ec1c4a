//! Who sends text messages in stories: through the simulated providers.

use std::sync::Arc;
use std::time::Duration;

use messaging::sms::{Messengers, Settings};
use messaging::webhooks::Reach;
use ports::Messenger;
use simulators::sms::Sms;

/// How long a provider of a story may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Through that provider, and any other on this machine.
pub fn messenger_to(sms: &Sms) -> Arc<dyn Messenger> {
    Arc::new(messengers(Reach::Any, Some(sms.base())))
}

/// The adapters themselves.
pub fn messengers(reach: Reach, africas_talking: Option<String>) -> Messengers {
    Messengers::new(Settings { reach, africas_talking, patience: PATIENCE }).expect("ready")
}
