//! How an ISP wants text messages sent.

use crate::messages::language::Language;
use crate::messages::provider::{SenderId, Terms};

/// What an ISP has settled. Its provider's keys are not among it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MessageSettings {
    /// How its provider is spoken to.
    pub terms: Terms,
    /// Who messages come from; `None`: the provider's own choice.
    pub sender: Option<SenderId>,
    /// The ISP as people know it, in messages; `None`: its name.
    pub brand: Option<String>,
    /// Whom people may call for help: a number, or a few words.
    pub contact: String,
    /// The language of messages to telephones of which none is known.
    pub language: Language,
    /// Whether anything is sent.
    pub is_active: bool,
    /// Whether buyers are sent their voucher.
    pub sends_vouchers: bool,
    /// Goes up with every change; 0: nothing was set up yet.
    pub revision: u64,
}

impl MessageSettings {
    /// Most characters of the brand.
    pub const BRAND_MAX: usize = 40;
    /// Most characters of whom to call.
    pub const CONTACT_MAX: usize = 40;
}
