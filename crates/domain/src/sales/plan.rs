//! A plan: what is sold, at which speed, on how many devices, for how long.

mod words;

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use thiserror::Error;

use crate::id::PlanId;
use crate::money::Money;
use crate::rate::{Bytes, RateFault, RateLimit};
use crate::text::{RouterName, Slug};
use crate::time::Duration;

/// The kind of line a plan is for. Hotspot and PPPoE/static plans are separate lists with separate rights.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PlanService {
    /// Wi-Fi with a captive portal; sold as vouchers.
    Hotspot,
    /// A house or business with a user name and password.
    Pppoe,
    /// A fixed address, without a login of its own.
    Static,
}

impl PlanService {
    /// Its name in records and on the command line.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hotspot => "hotspot",
            Self::Pppoe => "pppoe",
            Self::Static => "static",
        }
    }
}

impl FromStr for PlanService {
    type Err = PlanError;
    fn from_str(text: &str) -> Result<Self, PlanError> {
        match text {
            "hotspot" => Ok(Self::Hotspot),
            "pppoe" => Ok(Self::Pppoe),
            "static" => Ok(Self::Static),
            _ => Err(PlanError::UnknownService(text.chars().take(24).collect())),
        }
    }
}

/// From which moment the time of a voucher runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum ValidityAnchor {
    /// The moment of payment; first use never moves it.
    #[default]
    Purchase,
    /// The first login; for printed batches.
    FirstUse,
    /// The moment a printed card is marked as sold.
    Sale,
}

impl ValidityAnchor {
    /// Its name in records and on the command line.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::FirstUse => "first_use",
            Self::Sale => "sale",
        }
    }
}

impl FromStr for ValidityAnchor {
    type Err = PlanError;
    fn from_str(text: &str) -> Result<Self, PlanError> {
        match text {
            "purchase" => Ok(Self::Purchase),
            "first_use" => Ok(Self::FirstUse),
            "sale" => Ok(Self::Sale),
            _ => Err(PlanError::UnknownAnchor(text.chars().take(24).collect())),
        }
    }
}

/// How many devices may be online at once on one voucher or subscription: 1 to 1,000.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DeviceCap(NonZeroU16);

impl DeviceCap {
    /// One device.
    pub const ONE: Self = Self(NonZeroU16::MIN);
    /// The most devices one voucher can carry.
    pub const MAX: u16 = 1_000;

    /// A cap of 1 to 1,000 devices.
    pub fn new(devices: u16) -> Option<Self> {
        NonZeroU16::new(devices).filter(|cap| cap.get() <= Self::MAX).map(Self)
    }

    /// Devices.
    pub const fn get(self) -> u16 {
        self.0.get()
    }
}

impl fmt::Display for DeviceCap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What a plan gives. A revision is never edited: a change makes the next one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlanTerms {
    /// The speed; `None` is unlimited, and then no rate attribute is sent.
    pub rate: Option<RateLimit>,
    /// Devices at once.
    pub device_cap: DeviceCap,
    /// How long it lasts.
    pub duration: Duration,
    /// From which moment it lasts.
    pub anchor: ValidityAnchor,
    /// Data in both directions together; `None` is no cap.
    pub data_cap: Option<Bytes>,
    /// The router's address pool (Framed-Pool).
    pub pool: Option<RouterName>,
    /// The router's firewall address list (Mikrotik-Address-List).
    pub address_list: Option<RouterName>,
    /// What it costs.
    pub price: Money,
}

impl PlanTerms {
    /// Everything that is wrong with these terms for that service; empty when they can be sold.
    pub fn faults(&self, service: PlanService) -> Vec<PlanFault> {
        let mut faults: Vec<PlanFault> = self.rate.iter().flat_map(RateLimit::faults).map(PlanFault::Rate).collect();
        if self.price.minor() < 0 {
            faults.push(PlanFault::NegativePrice);
        }
        if self.data_cap.is_some_and(|cap| cap.get() == 0) {
            faults.push(PlanFault::NoData);
        }
        if service != PlanService::Hotspot && self.anchor != ValidityAnchor::Purchase {
            faults.push(PlanFault::AnchorNeedsVouchers);
        }
        faults
    }
}

/// A plan at one of its revisions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The plan over all its revisions.
    pub id: PlanId,
    /// Counts from 1.
    pub revision: u32,
    /// Its short name, unique in the tenant: `home-10`.
    pub name: Slug,
    /// The kind of line.
    pub service: PlanService,
    /// What it gives.
    pub terms: PlanTerms,
}

/// A term that cannot be sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PlanFault {
    /// Speeds that contradict each other.
    #[error(transparent)]
    Rate(RateFault),
    /// A price below zero.
    #[error("the price is below zero")]
    NegativePrice,
    /// A cap of zero bytes, which a router would read as "no cap".
    #[error("the data cap is 0: leave it out for a plan without a cap")]
    NoData,
    /// `first_use` and `sale` are about printed vouchers.
    #[error("the validity anchor must be `purchase` for pppoe and static plans: only vouchers are printed")]
    AnchorNeedsVouchers,
}

/// Why a text is not a word of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// Not a kind of line.
    #[error("`{0}` is not a service: use hotspot, pppoe or static")]
    UnknownService(String),
    /// Not an anchor.
    #[error("`{0}` is not a validity anchor: use purchase, first_use or sale")]
    UnknownAnchor(String),
}
