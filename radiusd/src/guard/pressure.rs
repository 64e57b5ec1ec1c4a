//! What is left without an answer, in which order, when a node cannot answer all.
//!
//! The measure is how full a socket's buffer is: what lies there waits, and what does not fit is lost without a choice.
//! Questions that nobody waits for go first; accounting is never left here, for a lost report is a lost report.

use radius::Code;

/// What a packet is, to somebody who has to choose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Status-Server.
    Status,
    /// A copy of a request that was answered.
    Repeated,
    /// A login whose name is not in memory.
    Unknown,
    /// A login.
    Login,
    /// Accounting.
    Report,
}

impl Kind {
    /// By what is written in its head. The door lets three codes in; a login is what neither of the others is.
    pub fn of(code: Code) -> Self {
        if code == Code::StatusServer {
            Self::Status
        } else if code == Code::AccountingRequest {
            Self::Report
        } else {
            Self::Login
        }
    }
}

/// How far behind the reader of a socket is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub enum Pressure {
    /// It keeps up.
    #[default]
    None,
    /// A quarter of the buffer waits.
    Quarter,
    /// Half of the buffer waits.
    Half,
    /// Three quarters of the buffer wait.
    ThreeQuarters,
}

impl Pressure {
    /// By octets that wait in a buffer of that size.
    pub const fn of(waiting: u32, size: u32) -> Self {
        match (waiting as u64 * 4).checked_div(size as u64) {
            None | Some(0) => Self::None,
            Some(1) => Self::Quarter,
            Some(2) => Self::Half,
            Some(_) => Self::ThreeQuarters,
        }
    }

    /// Whether a packet of that kind is left without an answer. `over_share` is asked only when it matters.
    pub fn sheds(self, kind: Kind, over_share: impl FnOnce() -> bool) -> bool {
        match kind {
            Kind::Status => self >= Self::Quarter,
            Kind::Repeated | Kind::Unknown => self >= Self::Half,
            Kind::Login => self >= Self::ThreeQuarters && over_share(),
            Kind::Report => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_is_told_by_quarters_of_the_buffer() {
        let of = |waiting| Pressure::of(waiting, 400);

        assert_eq!((of(0), of(99), of(100)), (Pressure::None, Pressure::None, Pressure::Quarter));
        assert_eq!((of(199), of(200), of(300)), (Pressure::Quarter, Pressure::Half, Pressure::ThreeQuarters));
        assert_eq!((of(4_000), Pressure::of(5, 0)), (Pressure::ThreeQuarters, Pressure::None));
    }

    #[test]
    fn the_order_is_status_then_repeated_and_unknown_then_who_takes_too_much_and_never_a_report() {
        let shed = |pressure: Pressure, over: bool| {
            let kinds = [Kind::Status, Kind::Repeated, Kind::Unknown, Kind::Login, Kind::Report];
            kinds.into_iter().filter(|kind| pressure.sheds(*kind, || over)).collect::<Vec<_>>()
        };

        assert_eq!(shed(Pressure::None, true), []);
        assert_eq!(shed(Pressure::Quarter, true), [Kind::Status]);
        assert_eq!(shed(Pressure::Half, true), [Kind::Status, Kind::Repeated, Kind::Unknown]);
        assert_eq!(shed(Pressure::ThreeQuarters, false), [Kind::Status, Kind::Repeated, Kind::Unknown]);
        assert_eq!(shed(Pressure::ThreeQuarters, true), [Kind::Status, Kind::Repeated, Kind::Unknown, Kind::Login]);
    }
}
