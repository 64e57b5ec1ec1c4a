//! What a gateway is asked about a receipt, so that what was only said is proven.

use crate::id::{GatewayId, InquiryId, PaymentId};
use crate::money::claim::Receipt;
use crate::money::wallet::WalletOf;
use crate::time::Timestamp;

/// For whom somebody says that money is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ForWhom {
    /// For that payment.
    Payment(PaymentId),
    /// For that wallet.
    Wallet(WalletOf),
}

/// A question about a receipt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inquiry {
    /// Its id.
    pub id: InquiryId,
    /// Which gateway is asked.
    pub gateway: GatewayId,
    /// About which receipt.
    pub receipt: Receipt,
    /// For whom somebody says it is.
    pub for_whom: Option<ForWhom>,
    /// How often it was asked.
    pub tries: u32,
    /// What came of it; `None` while it is asked.
    pub outcome: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
}

impl Inquiry {
    /// How often it is asked before staff is left to look by themselves.
    pub const TRIES_MAX: u32 = 12;
}
