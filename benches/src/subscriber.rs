//! The crowd that a demo is filled with: `user000000` with `pass000000`, and a device each.

use std::io::Write as _;
use std::ops::Deref;

/// One of the crowd, known by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subscriber(pub u32);

impl Subscriber {
    /// User-Name.
    pub fn name(self) -> Text {
        Text::of(format_args!("user{:06}", self.0))
    }

    /// The password.
    pub fn password(self) -> Text {
        Text::of(format_args!("pass{:06}", self.0))
    }

    /// The device's hardware address, a locally administered one. Always the same, so that a second login of the same
    /// subscriber finds its own place and no device cap refuses it.
    pub fn calling_station(self) -> Text {
        let [a, b, c, d] = self.0.to_be_bytes();
        Text::of(format_args!("02:6D:{a:02X}:{b:02X}:{c:02X}:{d:02X}"))
    }
}

/// A short text that is made without an allocation: a generator makes several for each request.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    octets: [u8; Self::MAX],
    length: usize,
}

impl Text {
    /// Octets at most; what is longer is cut.
    pub const MAX: usize = 24;

    /// Writes it down.
    pub fn of(what: std::fmt::Arguments<'_>) -> Self {
        let mut octets = [0; Self::MAX];
        let mut left = &mut octets[..];
        // A text that does not fit ends where there is no more room.
        let _ = left.write_fmt(what);
        let length = Self::MAX - left.len();
        Self { octets, length }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        str::from_utf8(&self.octets[..self.length]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Subscriber, Text};

    #[test]
    fn a_subscriber_is_named_as_the_demo_names_it() {
        let subscriber = Subscriber(42);

        assert_eq!((&*subscriber.name(), &*subscriber.password()), ("user000042", "pass000042"));
        assert_eq!(&*subscriber.calling_station(), "02:6D:00:00:00:2A");
    }

    #[test]
    fn a_text_that_is_too_long_is_cut() {
        assert_eq!(&*Text::of(format_args!("{:030}", 7)), "0".repeat(Text::MAX));
    }
}
