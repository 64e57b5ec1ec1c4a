//! All that admission needs to know about a name, loaded in one go.

use std::net::Ipv4Addr;

use smallvec::SmallVec;

use crate::access::attempt::Device;
use crate::access::slot::SlotFact;
use crate::access::usage::Recent;
use crate::id::{SubscriberId, VoucherId};
use crate::people::subscriber::Standing;
use crate::platform::house::HouseRules;
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

/// What is known about a name at one moment, borrowed from where it is kept, as one device sees it.
#[derive(Debug)]
pub struct Facts<'a> {
    /// Everything that the name can mean here: a voucher's code, vouchers bought by a phone number, a subscriber.
    /// At most [`Facts::CANDIDATES_MAX`], and never another tenant's.
    pub candidates: SmallVec<[Candidate<'a>; 1]>,
    /// Whether a live code of this tenant differs from the name only in capital and small letters.
    pub differs_only_in_case: bool,
    /// Where the tenant's calendar runs.
    pub zone: &'a Zone,
    /// How the tenant wants its people dealt with.
    pub house: &'a HouseRules,
}

impl Facts<'_> {
    /// The most meanings one name may have. A phone number can hold several vouchers.
    pub const CANDIDATES_MAX: usize = 20;
}

/// One meaning of a name.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The voucher or subscriber.
    pub right: &'a Right,
    /// How the name found it.
    pub found_by: FoundBy,
    /// What was bought, at its current revision.
    pub plan: &'a Plan,
    /// Data used over all its sessions, both directions together.
    pub used: Bytes,
    /// What of it was used lately, as far as the plan counts that.
    pub recent: Recent,
    /// The places of its device cap, as the device that asks sees them.
    pub places: PlacesSeen,
}

/// The places of a device cap, as one device sees them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PlacesSeen {
    /// Whether the device has a place of its own, and whether its lease still runs.
    pub own: Option<bool>,
    /// Places that other devices hold.
    pub others: u16,
    /// Whether the device is blocked on this right.
    pub is_blocked: bool,
}

impl PlacesSeen {
    /// What a device sees of these places at `now`, beside those devices that are blocked.
    pub fn of(places: &[SlotFact], blocked: &[Device], device: &Device, now: Timestamp) -> Self {
        let own = places.iter().find(|place| place.device == *device).map(|place| place.is_held(now));
        let others = places.iter().filter(|place| place.device != *device && place.is_held(now)).count();
        Self { own, others: u16::try_from(others).unwrap_or(u16::MAX), is_blocked: blocked.contains(device) }
    }
}

/// What is known about a name, on its own: as a store has loaded it.
#[derive(Debug)]
pub struct Known {
    /// Everything that the name can mean here, at most [`Facts::CANDIDATES_MAX`].
    pub candidates: Vec<KnownCandidate>,
    /// Whether a live code of this tenant differs from the name only in capital and small letters.
    pub differs_only_in_case: bool,
    /// Where the tenant's calendar runs.
    pub zone: Zone,
    /// How the tenant wants its people dealt with.
    pub house: HouseRules,
}

impl Known {
    /// The facts as a device sees them at `now`.
    pub fn facts(&self, device: &Device, now: Timestamp) -> Facts<'_> {
        let candidates = self.candidates.iter().map(|known| Candidate {
            right: &known.right,
            found_by: known.found_by,
            plan: &known.plan,
            used: known.used,
            recent: known.recent,
            places: PlacesSeen::of(&known.slots, &known.blocked, device, now),
        });
        Facts {
            candidates: candidates.collect(),
            differs_only_in_case: self.differs_only_in_case,
            zone: &self.zone,
            house: &self.house,
        }
    }
}

/// One meaning of a name, on its own.
#[derive(Debug)]
pub struct KnownCandidate {
    /// The voucher or subscriber.
    pub right: Right,
    /// How the name found it.
    pub found_by: FoundBy,
    /// What was bought, at its current revision.
    pub plan: Plan,
    /// Data used over all its sessions, both directions together.
    pub used: Bytes,
    /// What of it was used lately, as far as the plan counts that.
    pub recent: Recent,
    /// Its places of the device cap that are taken or were taken last.
    pub slots: Vec<SlotFact>,
    /// Devices that may not use it.
    pub blocked: Vec<Device>,
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

/// How a name found a right.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FoundBy {
    /// It is a voucher's code.
    Code,
    /// It is the phone number that bought a voucher.
    Phone,
    /// It is a subscriber's user name.
    Username,
    /// It is the address of a device that has used a voucher before.
    Device,
}
