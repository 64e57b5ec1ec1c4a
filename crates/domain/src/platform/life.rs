//! The life of an ISP as the platform's customer. It is about its staff alone: its own customers never notice.

use crate::time::{Span, Timestamp};

/// What an ISP's state follows from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Life {
    /// When its trial ends; `None`: it never was on trial.
    pub trial_until: Option<Timestamp>,
    /// Until when it has paid.
    pub paid_until: Option<Timestamp>,
    /// How long it may go on after that.
    pub grace: Span,
    /// When the platform locked it by hand, and why.
    pub locked: Option<(Timestamp, String)>,
}

impl Life {
    /// The most hours of a trial: a year.
    pub const TRIAL_HOURS_MAX: u32 = 8_760;
    /// The most days of grace.
    pub const GRACE_DAYS_MAX: u32 = 90;
}

/// Where an ISP stands with the platform.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TenantState {
    /// It tries everything for a while.
    Trial {
        /// Until when.
        until: Timestamp,
    },
    /// It has paid, or nobody asks it to.
    Active {
        /// Until when; `None` is without an end.
        paid_until: Option<Timestamp>,
    },
    /// What it has paid for is over; it may go on for some days.
    Grace {
        /// Until when.
        until: Timestamp,
    },
    /// Its staff may look, pay and export, and change nothing.
    Locked {
        /// Since when.
        since: Timestamp,
        /// Why.
        why: LockedWhy,
    },
}

/// Why an ISP is locked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LockedWhy {
    /// The trial is over, and nothing was paid.
    TrialOver,
    /// What was paid for is over, and so are the days of grace.
    Unpaid,
    /// The platform did it: in its own words.
    ByPlatform(String),
}

impl TenantState {
    /// Its name: `trial`, `active`, `grace`, `locked`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Trial { .. } => "trial",
            Self::Active { .. } => "active",
            Self::Grace { .. } => "grace",
            Self::Locked { .. } => "locked",
        }
    }

    /// Whether staff may change nothing.
    pub const fn is_locked(&self) -> bool {
        matches!(self, Self::Locked { .. })
    }

    /// When it becomes another one by itself.
    pub const fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Trial { until } | Self::Grace { until } => Some(*until),
            Self::Active { paid_until } => *paid_until,
            Self::Locked { .. } => None,
        }
    }
}
