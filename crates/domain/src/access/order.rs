//! What a router is asked to do with a session that it has, and what it answers (RFC 5176).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use crate::access::attempt::{AskedService, Device};
use crate::access::facts::Holder;
use crate::access::grant::Grant;
use crate::access::told::Told;
use crate::id::{NasId, SessionId};
use crate::rate::Bytes;
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// One thing to be asked of a router about one session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    /// The session.
    pub session: SessionId,
    /// Whose right it uses.
    pub holder: Holder,
    /// Its router.
    pub nas: NasId,
    /// Where the router's reports come from, when that is not plain from the router's own row.
    pub from: Option<IpAddr>,
    /// What the router knows the session by.
    pub name: Name,
    /// Seconds since the session began.
    pub online_seconds: u64,
    /// Octets that it has moved, both directions together.
    pub moved: Bytes,
    /// Seconds between its interim updates.
    pub interim_seconds: u32,
    /// What is asked.
    pub ask: Ask,
    /// How often this was asked in vain.
    pub tries: u16,
    /// Whether its router has said before that it ended the session, and has spoken of it since.
    pub was_cut: bool,
}

/// What a router knows a session by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    /// User-Name, escaped.
    pub user_name: String,
    /// Acct-Session-Id, escaped.
    pub acct_session_id: Option<String>,
    /// The device's address.
    pub framed_ip: Option<Ipv4Addr>,
    /// The device.
    pub device: Device,
    /// The kind of line.
    pub service: AskedService,
}

/// What is asked of a router.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ask {
    /// Other terms for a session that goes on (CoA-Request).
    Change(Box<Change>),
    /// The end of it (Disconnect-Request).
    Disconnect(Why),
}

/// What was asked, for staff.
impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Change(change) => change.fmt(f),
            Self::Disconnect(why) => write!(f, "to end it: {why}"),
        }
    }
}

/// Other terms.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// All that it should have now.
    pub grant: Grant,
    /// What of that is to be said.
    pub parts: Parts,
    /// What is remembered once the router has taken it.
    pub told: Told,
}

/// What is said of the grant, for staff.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { grant, parts, told: _ } = self;
        let mut said: Vec<String> = Vec::new();
        if parts.rate {
            said.push(grant.rate.as_ref().map_or_else(
                || "speed without a limit".to_owned(),
                |limit| format!("speed {}/{}", limit.rate.up, limit.rate.down),
            ));
        }
        if parts.time {
            said.push(grant.seconds_left.map_or_else(|| "no end".to_owned(), |left| format!("{left} s more")));
        }
        if parts.data {
            said.push(grant.data_left.map_or_else(|| "no data cap".to_owned(), |left| format!("{left} more")));
        }
        if parts.list
            && let Some(list) = &grant.address_list
        {
            said.push(format!("address list {}", list.as_str()));
        }
        if parts.cap {
            said.push(format!("{} devices", grant.device_cap));
        }
        write!(f, "new terms: {}", said.join(", "))
    }
}

/// Which terms are to be said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Parts {
    /// The speed.
    pub rate: bool,
    /// The end.
    pub time: bool,
    /// The data that is left.
    pub data: bool,
    /// The address list.
    pub list: bool,
    /// Devices at once.
    pub cap: bool,
}

impl Parts {
    /// All of them.
    pub const ALL: Self = Self { rate: true, time: true, data: true, list: true, cap: true };

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        !(self.rate || self.time || self.data || self.list || self.cap)
    }
}

/// Why a session is to end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Why {
    /// It may not be online any more.
    Refused(Refusal),
    /// It may, on terms that a live session cannot be given: it comes back with them.
    Renewed,
    /// Staff or its owner has let go of the device.
    Released,
    /// Its router was taken out of use, or its certificate was taken back.
    RouterGone,
}

impl Why {
    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Renewed => "renewed",
            Self::Released => "released",
            Self::RouterGone => "router_gone",
        }
    }
}

/// For logs and for staff.
impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Renewed => f.write_str("it has to log in again for its new terms"),
            Self::Released => f.write_str("the device was let go of"),
            Self::RouterGone => f.write_str("its router was taken out of use, or its certificate was taken back"),
        }
    }
}

/// What came of an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// The router has done it.
    Done,
    /// It does not know the session (Error-Cause 503): the session is gone, or never was there.
    NoSuchSession,
    /// It will not, with its Error-Cause (RFC 5176 §3.5) if it gave one.
    Refused(Option<u32>),
    /// It did not answer. That means: we do not know.
    Silence,
    /// So much was to be asked of it that this did not come to its turn.
    NotAsked,
    /// It cannot be asked at all, with the reason in words.
    Unreachable(String),
}

/// For logs and for staff.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::NoSuchSession => f.write_str("the router does not know the session"),
            Self::Refused(None) => f.write_str("the router refused, without a cause"),
            Self::Refused(Some(cause)) => write!(f, "the router refused: {} (Error-Cause {cause})", cause_of(*cause)),
            Self::Silence => f.write_str("the router did not answer"),
            Self::NotAsked => f.write_str("it was not asked: too much else was"),
            Self::Unreachable(why) => write!(f, "the router cannot be asked: {why}"),
        }
    }
}

const fn cause_of(number: u32) -> &'static str {
    match number {
        401 => "unsupported attribute",
        402 => "missing attribute",
        403 => "it goes by another name",
        404 => "invalid request",
        405 => "unsupported service",
        407 => "invalid attribute value",
        501 => "prohibited by its administrator",
        504 => "the session cannot be removed",
        506 => "it lacks resources",
        508 => "several sessions match",
        _ => "some other cause",
    }
}

/// The moment of an answer, and what it was the answer to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    /// What was asked.
    pub order: Order,
    /// What came of it.
    pub answer: Answer,
    /// When.
    pub at: Timestamp,
}
