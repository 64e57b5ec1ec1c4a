//! One stay on a NAS, from the accept to its end.

use crate::access::usage::Counters;
use crate::time::Timestamp;

/// Granted → Open → Closed. Only an end that we inferred leads back to Open, when the NAS shows the session alive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionState {
    /// Accepted; the NAS has not reported it yet.
    Granted,
    /// Reported by the NAS.
    Open,
    /// Ended.
    Closed(EndCause),
}

/// Why a session ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EndCause {
    /// The NAS sent a Stop, with Acct-Terminate-Cause (RFC 2866 §5.10) as it came; 0 when it gave none.
    Reported(u32),
    /// The NAS said that it restarted (Accounting-On or -Off).
    NasRestarted,
    /// Nothing was heard for longer than the lease.
    LeaseEnded,
    /// Its router confirmed that it ended it because we asked, or that it does not know it.
    Cut,
    /// Its router was taken out of use, or its certificate was taken back, whatever it says itself.
    RouterGone,
}

impl EndCause {
    /// Its name in records, with the NAS's number where there is one.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Reported(_) => "reported",
            Self::NasRestarted => "nas_restarted",
            Self::LeaseEnded => "lease_ended",
            Self::Cut => "cut",
            Self::RouterGone => "router_gone",
        }
    }
}

/// What metering knows about a session: its state, its counters and when it was last heard of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// Where it stands.
    pub state: SessionState,
    /// When it began, by our clock.
    pub started_at: Timestamp,
    /// When the NAS last spoke of it, by our clock.
    pub last_heard_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What was counted over the whole session.
    pub counted: Counters,
    /// What the NAS's counters stood at when it last spoke: they may restart within a session.
    pub last_reading: Counters,
}

impl Session {
    /// A session that has just been accepted, or that the NAS reports without our having accepted it.
    pub const fn begun(at: Timestamp) -> Self {
        Self {
            state: SessionState::Granted,
            started_at: at,
            last_heard_at: at,
            ended_at: None,
            counted: Counters::ZERO,
            last_reading: Counters::ZERO,
        }
    }
}
