//! `[messages]`: how text messages are sent. Each ISP sets up its own provider; nothing of that is here.

use domain::platform::webhook::HookUrl;

use crate::config::reader::Reader;

/// Settings of text messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Messages {
    /// Where Africa's Talking is asked, when it is a simulator; without a slash at the end.
    pub africas_talking: Option<String>,
}

pub(super) fn read(reader: &mut Reader) -> Messages {
    let text = reader.text("messages.africas_talking");
    if let Some(Err(_)) = text.as_ref().map(|text| text.parse::<HookUrl>()) {
        reader.fault("messages.africas_talking", "is no address: write it as http://127.0.0.1:8790");
    }
    Messages { africas_talking: text.map(|text| text.trim_end_matches('/').to_owned()) }
}
