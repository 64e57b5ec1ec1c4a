//! The record of one answered question "may it come online?": what was known, what was asked, what came of it.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use thiserror::Error;

use crate::access::attempt::{AskedService, Attempt, Device, Method};
use crate::access::facts::{Candidate, FoundBy, Holder, PlacesSeen, Right};
use crate::access::grant::Grant;
use crate::access::trail::Step;
use crate::access::usage::Recent;
use crate::id::{DecisionId, NasId, NodeId, PlanId, SessionId, SubscriberId, TenantId, VoucherId};
use crate::people::subscriber::Standing;
use crate::platform::house::Restriction;
use crate::rate::Bytes;
use crate::refusal::Refusal;
use crate::sales::voucher::{FirstUse, VoucherState};
use crate::text;
use crate::time::Timestamp;

/// Most octets of a User-Name that a decision keeps.
pub const USER_NAME_KEPT: usize = 128;

/// A decision at the moment it is made, borrowed from where everything lies. Holds no password and no proof of one.
#[derive(Clone, Copy, Debug)]
pub struct DecisionRecord<'a> {
    /// Its id.
    pub id: DecisionId,
    /// The six characters that a person can read out.
    pub trace: TraceCode,
    /// The ISP.
    pub tenant: TenantId,
    /// When.
    pub at: Timestamp,
    /// The router that asked.
    pub nas: NasId,
    /// What was asked.
    pub attempt: &'a Attempt<'a>,
    /// Everything that the name could mean.
    pub candidates: &'a [Candidate<'a>],
    /// Whether a live code differed from the name only in capital and small letters.
    pub differs_only_in_case: bool,
    /// Which passwords the request was made with.
    pub proved: Proved,
    /// The terms of those who are let in only to be told how to pay, where the rules came to them.
    pub restriction: Option<&'a Restriction>,
    /// From where the answering node had its facts.
    pub answered_from: AnsweredFrom,
    /// The version of the rules.
    pub policy_version: u16,
    /// The rules that were asked, in order.
    pub trail: &'a [Step],
    /// Whose right was used or refused, one of the candidates; `None` when the name was not known.
    pub holder: Option<Holder>,
    /// Why it was refused; `None` is an accept.
    pub refusal: Option<Refusal>,
    /// What the router was told; `None` for a refusal.
    pub granted: Option<&'a Grant>,
    /// What this login made of a voucher, when it was its first.
    pub first_use: Option<FirstUse>,
    /// Microseconds from the request's arrival to this record.
    pub took_micros: u32,
}

/// From where a node had the facts of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AnsweredFrom {
    /// Its memory, as the only node.
    Memory,
    /// The database, which it shares with other nodes.
    Database,
    /// Its memory, while the database was away.
    MemoryInOutage,
}

impl AnsweredFrom {
    /// Its name in records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Database => "database",
            Self::MemoryInOutage => "memory_in_outage",
        }
    }

    /// The same for a person.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Memory => "its memory",
            Self::Database => "the database",
            Self::MemoryInOutage => "its memory, while the database was away",
        }
    }
}

/// With which of the passwords that we know a request's proof was made, as far as the rules asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Proved {
    /// The empty one.
    pub empty: bool,
    /// The User-Name itself.
    pub user_name: bool,
    /// The secrets of candidates: bit 0 is the first one's.
    pub secrets: u32,
}

/// A decision as it is kept and read again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Its id.
    pub id: DecisionId,
    /// The six characters that a person can read out.
    pub trace: TraceCode,
    /// The ISP.
    pub tenant: TenantId,
    /// When.
    pub at: Timestamp,
    /// The router that asked.
    pub nas: NasId,
    /// The node that answered.
    pub node: NodeId,
    /// User-Name as it was sent, at most [`USER_NAME_KEPT`] octets.
    pub user_name: Vec<u8>,
    /// The device that asked.
    pub device: Device,
    /// The kind of line.
    pub service: AskedService,
    /// How the password was proved.
    pub method: Method,
    /// The address that the device had or wanted.
    pub framed_ip: Option<Ipv4Addr>,
    /// From where the answering node had its facts.
    pub answered_from: AnsweredFrom,
    /// Whose right was used or refused; `None` when the name was not known.
    pub holder: Option<Holder>,
    /// Why it was refused; `None` is an accept.
    pub refusal: Option<Refusal>,
    /// The version of the rules.
    pub policy_version: u16,
    /// The rules that were asked, in order.
    pub trail: Vec<Step>,
    /// What the router was told; `None` for a refusal.
    pub granted: Option<Grant>,
    /// What this login made of a voucher, when it was its first.
    pub first_use: Option<FirstUse>,
    /// Microseconds from the request's arrival to this record.
    pub took_micros: u32,
    /// What the rules were given.
    pub inputs: Inputs,
}

impl Decision {
    /// User-Name as it may be shown.
    pub fn who(&self) -> String {
        text::escaped(&self.user_name)
    }

    /// The session that was granted.
    pub fn session(&self) -> Option<SessionId> {
        self.granted.as_ref().map(|grant| grant.session)
    }
}

/// What the rules were given beside the attempt, without secrets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Inputs {
    /// Everything that the name could mean.
    pub candidates: Vec<Seen>,
    /// Whether a live code differed from the name only in capital and small letters.
    pub differs_only_in_case: bool,
    /// Which passwords the request was made with.
    pub proved: Proved,
    /// The terms of those who are let in only to be told how to pay, where the rules came to them.
    pub restriction: Option<Box<Restriction>>,
}

/// One meaning of a name as the rules saw it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The right.
    pub right: RightSeen,
    /// How the name found it.
    pub found_by: FoundBy,
    /// The plan.
    pub plan: PlanId,
    /// Its revision, which never changes.
    pub revision: u32,
    /// Data used over all its sessions.
    pub used: Bytes,
    /// What of it was used lately, as far as the plan counts that.
    pub recent: Recent,
    /// The places of its device cap.
    pub places: PlacesSeen,
}

/// A right to be online without its secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RightSeen {
    /// A voucher.
    Voucher {
        /// Its id.
        id: VoucherId,
        /// Its life.
        state: VoucherState,
    },
    /// A subscriber.
    Subscriber {
        /// Its id.
        id: SubscriberId,
        /// Whether the service ran.
        standing: Standing,
        /// The end of what was paid for.
        until: Option<Timestamp>,
        /// Its fixed address.
        framed_ip: Option<Ipv4Addr>,
    },
}

impl RightSeen {
    /// Whose right it is.
    pub const fn holder(&self) -> Holder {
        match self {
            Self::Voucher { id, .. } => Holder::Voucher(*id),
            Self::Subscriber { id, .. } => Holder::Subscriber(*id),
        }
    }
}

impl From<&Candidate<'_>> for Seen {
    fn from(candidate: &Candidate<'_>) -> Self {
        let right = match *candidate.right {
            Right::Voucher { id, state, .. } => RightSeen::Voucher { id, state },
            Right::Subscriber { id, standing, until, framed_ip, .. } => {
                RightSeen::Subscriber { id, standing, until, framed_ip }
            }
        };
        Self {
            right,
            found_by: candidate.found_by,
            plan: candidate.plan.id,
            revision: candidate.plan.revision,
            used: candidate.used,
            recent: candidate.recent,
            places: candidate.places,
        }
    }
}

/// Six characters that name a decision: capitals and digits without look-alikes (Crockford's base 32).
///
/// Thirty random bits: unique enough to find a person's last refusal, not a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceCode([u8; 6]);

impl TraceCode {
    /// The characters of a code, in the order of their values.
    pub const ALPHABET: &'static [u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// The code of thirty random bits; the two highest are not used.
    pub fn from_bits(bits: u32) -> Self {
        let mut code = [0; 6];
        let mut rest = bits;
        for character in code.iter_mut().rev() {
            *character = Self::ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        Self(code)
    }

    /// Its six characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("invariant: a trace code is six ASCII characters")
    }

    /// Its six octets.
    pub const fn as_bytes(&self) -> &[u8; 6] {
        &self.0
    }

    /// The code with these six octets; `None` when they are no code.
    pub fn from_bytes(octets: [u8; 6]) -> Option<Self> {
        octets.iter().all(|octet| Self::ALPHABET.contains(octet)).then_some(Self(octets))
    }
}

impl fmt::Display for TraceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TraceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not a trace code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a trace code: it has six letters and digits, as 7KQ2MX")]
pub struct NotATraceCode;

impl FromStr for TraceCode {
    type Err = NotATraceCode;
    /// Reads a code as a person may type it: small letters, `O` for `0`, `I` and `L` for `1`.
    fn from_str(text: &str) -> Result<Self, NotATraceCode> {
        let mut code = [0; 6];
        if text.len() != code.len() {
            return Err(NotATraceCode);
        }
        for (character, typed) in code.iter_mut().zip(text.bytes()) {
            *character = match typed.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other if Self::ALPHABET.contains(&other) => other,
                _ => return Err(NotATraceCode),
            };
        }
        Ok(Self(code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_code_reads_back_in_small_letters_and_with_look_alikes() {
        let code = TraceCode::from_bits(0b00001_00000_11111_10101_00010_01010);

        assert_eq!(code.as_str(), "10ZN2A");
        assert_eq!("lozn2a".parse(), Ok(code));
        assert_eq!("10ZN2".parse::<TraceCode>(), Err(NotATraceCode));
        assert_eq!("10ZN2!".parse::<TraceCode>(), Err(NotATraceCode));
    }
}
