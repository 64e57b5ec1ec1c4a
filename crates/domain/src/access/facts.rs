//! All that admission needs to know about a name, loaded in one go.

use std::net::Ipv4Addr;

use crate::access::slot::SlotFact;
use crate::id::{SubscriberId, VoucherId};
use crate::people::subscriber::Standing;
use crate::rate::Bytes;
use crate::sales::plan::Plan;
use crate::sales::voucher::VoucherState;
use crate::secret::SecretBytes;
use crate::time::{Timestamp, Zone};

/// Who holds a right to be online, and whose device cap counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Holder {
    /// A voucher.
    Voucher(VoucherId),
    /// A subscriber.
    Subscriber(SubscriberId),
}

impl Holder {
    /// The kind of row in records: `voucher` or `subscriber`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Voucher(_) => "voucher",
            Self::Subscriber(_) => "subscriber",
        }
    }

    /// The row's bare id, unique over both kinds.
    pub const fn uuid(self) -> uuid::Uuid {
        match self {
            Self::Voucher(id) => id.uuid(),
            Self::Subscriber(id) => id.uuid(),
        }
    }

    /// The holder of a row of that kind; `None` for a kind that is not known.
    pub fn from_row(kind: &str, id: uuid::Uuid) -> Option<Self> {
        match kind {
            "voucher" => Some(Self::Voucher(VoucherId::from_uuid(id))),
            "subscriber" => Some(Self::Subscriber(SubscriberId::from_uuid(id))),
            _ => None,
        }
    }
}

/// What is known about a name at one moment.
#[derive(Debug)]
pub struct Facts {
    /// Everything that the name can mean here: a voucher's code, vouchers bought by a phone number, a subscriber.
    /// At most [`Facts::CANDIDATES_MAX`], and never another tenant's.
    pub candidates: Vec<Candidate>,
    /// Whether a live code of this tenant differs from the name only in capital and small letters.
    pub differs_only_in_case: bool,
    /// Where the tenant's calendar runs.
    pub zone: Zone,
}

impl Facts {
    /// The most meanings one name may have. A phone number can hold several vouchers.
    pub const CANDIDATES_MAX: usize = 20;
}

/// One meaning of a name.
#[derive(Debug)]
pub struct Candidate {
    /// The voucher or subscriber.
    pub right: Right,
    /// What was bought, at its current revision.
    pub plan: Plan,
    /// Data used over all its sessions, both directions together.
    pub used: Bytes,
    /// Its places of the device cap that are taken or were taken last.
    pub slots: Vec<SlotFact>,
}

/// The right to be online that a candidate has.
#[derive(Debug)]
pub enum Right {
    /// A voucher.
    Voucher {
        /// Its id.
        id: VoucherId,
        /// Its life.
        state: VoucherState,
        /// How the name found it.
        found_by: FoundBy,
        /// Its code, which is also an accepted password.
        code: SecretBytes,
    },
    /// A subscriber.
    Subscriber {
        /// Its id.
        id: SubscriberId,
        /// Whether the service runs.
        standing: Standing,
        /// The end of what is paid for.
        until: Option<Timestamp>,
        /// Its password in the clear: CHAP and MS-CHAP need it.
        password: SecretBytes,
        /// Its fixed address.
        framed_ip: Option<Ipv4Addr>,
    },
}

impl Right {
    /// Whose right it is.
    pub const fn holder(&self) -> Holder {
        match self {
            Self::Voucher { id, .. } => Holder::Voucher(*id),
            Self::Subscriber { id, .. } => Holder::Subscriber(*id),
        }
    }
}

/// How a name found a voucher.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FoundBy {
    /// It is the code.
    Code,
    /// It is the phone number that bought it.
    Phone,
}
