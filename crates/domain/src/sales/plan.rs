//! A plan: what is sold, at which speed, on how many devices, for how long.

mod faults;
mod words;

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use thiserror::Error;

pub use self::faults::PlanFault;
use crate::id::PlanId;
use crate::money::Money;
use crate::rate::{Bytes, RateLimit};
use crate::sales::speeds::{FairUseStep, SpeedWindow};
use crate::text::{RouterName, Slug};
use crate::time::{Duration, Period};

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

/// What becomes of a device that comes when all places are taken.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum WhenFull {
    /// It is refused.
    #[default]
    Refuse,
    /// It gets the place of the one that was heard of longest ago.
    NewestWins,
}

impl WhenFull {
    /// Its name in records and on the command line.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::NewestWins => "newest_wins",
        }
    }
}

impl FromStr for WhenFull {
    type Err = PlanError;
    fn from_str(text: &str) -> Result<Self, PlanError> {
        match text {
            "refuse" => Ok(Self::Refuse),
            "newest_wins" => Ok(Self::NewestWins),
            _ => Err(PlanError::UnknownWhenFull(text.chars().take(24).collect())),
        }
    }
}

/// What a plan gives. A revision is never edited: a change makes the next one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlanTerms {
    /// The speed; `None` is unlimited, and then no rate attribute is sent.
    pub rate: Option<RateLimit>,
    /// Times of the week with a speed of their own; no two hold at once.
    pub speed_windows: Vec<SpeedWindow>,
    /// Speeds after so much data; of each period in ascending order.
    pub fair_use: Vec<FairUseStep>,
    /// Devices at once.
    pub device_cap: DeviceCap,
    /// What becomes of one device more.
    pub when_full: WhenFull,
    /// How long it lasts.
    pub duration: Duration,
    /// From which moment it lasts.
    pub anchor: ValidityAnchor,
    /// Data in both directions together; `None` is no cap.
    pub data_cap: Option<Bytes>,
    /// The period over which the cap counts; `None` counts over its whole life.
    pub data_window: Option<Period>,
    /// The router's address pool (Framed-Pool).
    pub pool: Option<RouterName>,
    /// The router's firewall address list (Mikrotik-Address-List).
    pub address_list: Option<RouterName>,
    /// What it costs.
    pub price: Money,
}

impl PlanTerms {
    /// Whether what is used in a period decides about anything: only then somebody has to count it.
    pub fn counts(&self, period: Period) -> bool {
        self.data_window == Some(period) || self.fair_use.iter().any(|step| step.per == period)
    }

    /// Whether what is used in any period decides about anything.
    pub fn counts_any(&self) -> bool {
        self.data_window.is_some() || !self.fair_use.is_empty()
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

/// Why a text is not a word of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// Not a kind of line.
    #[error("`{0}` is not a service: use hotspot, pppoe or static")]
    UnknownService(String),
    /// Not an anchor.
    #[error("`{0}` is not a validity anchor: use purchase, first_use or sale")]
    UnknownAnchor(String),
    /// Not what can become of one device more.
    #[error("`{0}` does not say what becomes of one device more: use refuse or newest_wins")]
    UnknownWhenFull(String),
}
