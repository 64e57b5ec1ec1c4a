//! A wallet: what somebody has paid and not yet used.

use crate::id::SubscriberId;
use crate::phone::Msisdn;

/// Whose.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum WalletOf {
    /// Of whoever has that telephone.
    Phone(Msisdn),
    /// Of a subscriber.
    Subscriber(SubscriberId),
}

impl WalletOf {
    /// The kind of whom, in records.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Phone(_) => "phone",
            Self::Subscriber(_) => "subscriber",
        }
    }

    /// Who, as records have it: a number's digits, or an id.
    pub fn key(&self) -> String {
        match self {
            Self::Phone(phone) => phone.expose().to_owned(),
            Self::Subscriber(id) => id.to_string(),
        }
    }
}
