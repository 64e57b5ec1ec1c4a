//! Which run of a router a session belongs to, as the router's own number for it tells.
//!
//! RouterOS writes Acct-Session-Id as eight hexadecimal digits: two for the service, one that counts the router's
//! starts, five that count sessions. Other vendors' numbers say nothing of the kind.

use crate::network::nas::Vendor;
use crate::time::Timestamp;

/// Digits of a number that say the service and the run.
pub const PREFIX: usize = 3;

/// A run of a router, from power-on to power-off, as one of its services counts it.
///
/// Whether all services count alike is not known, so each is taken for itself. The count has one digit: it comes round
/// after sixteen starts, and says no more than that two runs differ.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Boot {
    service: u8,
    count: u8,
}

impl Boot {
    /// The run in a session's number; `None` when the number says none.
    ///
    /// Services that were seen begin with 8: hotspot 80, PPP 81, wireless 82, DHCP 83, dot1x 86.
    pub fn of(vendor: Vendor, acct_session_id: &str) -> Option<(Self, u32)> {
        match vendor {
            Vendor::Mikrotik => {}
            Vendor::Generic => return None,
        }
        let is_ours = acct_session_id.len() == 8
            && acct_session_id.starts_with('8')
            && acct_session_id.bytes().all(|octet| octet.is_ascii_hexdigit());
        let (prefix, number) = acct_session_id.split_at_checked(PREFIX).filter(|_| is_ours)?;
        Some((Self::of_prefix(prefix)?, u32::from_str_radix(number, 16).ok()?))
    }

    /// The run in the first three digits of a number.
    pub fn of_prefix(prefix: &str) -> Option<Self> {
        let (service, count) = prefix.split_at_checked(2).filter(|_| prefix.len() == PREFIX)?;
        Some(Self { service: u8::from_str_radix(service, 16).ok()?, count: u8::from_str_radix(count, 16).ok()? })
    }

    /// The first three digits of its sessions' numbers, in small letters.
    pub fn prefix(self) -> String {
        format!("{:02x}{:x}", self.service, self.count)
    }

    /// The service, as a number that means nothing else.
    pub const fn service(self) -> u8 {
        self.service
    }

    /// Whether it is the run that is counted after another.
    pub const fn follows(self, other: Self) -> bool {
        self.service == other.service && self.count == (other.count + 1) % 16
    }
}

/// What is known of a router's sessions of one run: those that it has reported and that have not ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BootSeen {
    /// The run.
    pub boot: Boot,
    /// How many there are.
    pub sessions: u64,
    /// When the first of them began.
    pub began_at: Timestamp,
    /// When any of them was last heard of.
    pub last_heard_at: Timestamp,
    /// The highest session count in their numbers.
    pub highest: u32,
}

impl BootSeen {
    /// One session.
    pub const fn one(boot: Boot, number: u32, began_at: Timestamp, last_heard_at: Timestamp) -> Self {
        Self { boot, sessions: 1, began_at, last_heard_at, highest: number }
    }

    /// Adds sessions of the same run.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            boot: self.boot,
            sessions: self.sessions.saturating_add(other.sessions),
            began_at: self.began_at.min(other.began_at),
            last_heard_at: self.last_heard_at.max(other.last_heard_at),
            highest: self.highest.max(other.highest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_routeros_number_says_service_run_and_session() {
        let (boot, number) = Boot::of(Vendor::Mikrotik, "80100014").expect("a run");

        assert_eq!((boot.prefix().as_str(), number), ("801", 0x14));
        assert_eq!(Boot::of_prefix("801"), Some(boot));
        assert_eq!(Boot::of(Vendor::Mikrotik, "81F0000A").expect("a run").0.prefix(), "81f");
    }

    #[test]
    fn other_numbers_say_nothing() {
        for number in ["", "8010001", "801000145", "00100014", "8010001g", "80-00014", "8010001é", "+8100014"] {
            assert_eq!(Boot::of(Vendor::Mikrotik, number), None, "{number}");
        }
        assert_eq!(Boot::of(Vendor::Generic, "80100014"), None, "another vendor may count as it likes");
    }

    #[test]
    fn the_run_after_the_fifteenth_is_the_first_again() {
        let boot = |prefix| Boot::of_prefix(prefix).expect("a run");

        assert!(boot("810").follows(boot("81f")) && boot("812").follows(boot("811")));
        assert!(!boot("812").follows(boot("801")) && !boot("811").follows(boot("811")));
    }
}
