//! The crowd that a demo is filled with: `user000000` with `pass000000`, and a device each.

/// One of the crowd, known by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subscriber(pub u32);

impl Subscriber {
    /// User-Name.
    pub fn name(self) -> String {
        format!("user{:06}", self.0)
    }

    /// The password.
    pub fn password(self) -> String {
        format!("pass{:06}", self.0)
    }

    /// The device's hardware address, a locally administered one. Always the same, so that a second login of the same
    /// subscriber finds its own place and no device cap refuses it.
    pub fn calling_station(self) -> String {
        let [a, b, c, d] = self.0.to_be_bytes();
        format!("02:6D:{a:02X}:{b:02X}:{c:02X}:{d:02X}")
    }
}

#[cfg(test)]
mod tests {
    use super::Subscriber;

    #[test]
    fn a_subscriber_is_named_as_the_demo_names_it() {
        let subscriber = Subscriber(42);

        assert_eq!((subscriber.name().as_str(), subscriber.password().as_str()), ("user000042", "pass000042"));
        assert_eq!(subscriber.calling_station(), "02:6D:00:00:00:2A");
    }
}
