//! Which devices of a voucher or subscriber may be online at all, and which may come back without typing.

use domain::access::attempt::{AskedService, Attempt, Device};
use domain::access::device::Mark;
use domain::mac::Mac;
use domain::time::Timestamp;

/// What is wrong with a session of a device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MustEnd {
    /// The device is blocked.
    Blocked,
    /// Its place was freed after the session had begun.
    Released,
}

/// Whether a session of a device is to end for what was said of the device.
pub fn must_end(marks: &[Mark], device: &Device, started_at: Timestamp) -> Option<MustEnd> {
    let mark = marks.iter().find(|mark| mark.device == *device)?;
    if mark.is_blocked {
        return Some(MustEnd::Blocked);
    }
    mark.released_at.filter(|released_at| started_at <= *released_at).map(|_| MustEnd::Released)
}

/// Whether a request is a hotspot's own question about a device that has come near: its User-Name is the device's
/// address. A name that somebody typed on another device is none, and PPP has no such logins.
pub fn comes_back(attempt: &Attempt<'_>) -> bool {
    let Device::Mac(device) = &attempt.device else { return false };
    attempt.service == AskedService::Hotspot && Mac::parse(attempt.user_name) == Some(*device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::access::attempt::Method;

    fn phone(last: u8) -> Device {
        Device::Mac(Mac::from_octets([2, 0, 0, 0, 0, last]))
    }

    fn mark(last: u8, is_blocked: bool, released_at: Option<i64>) -> Mark {
        Mark { device: phone(last), is_blocked, released_at: released_at.map(Timestamp::from_seconds) }
    }

    #[test]
    fn a_blocked_device_ends_and_a_released_one_only_what_it_had_before() {
        let marks = [mark(1, true, None), mark(2, false, Some(100))];
        let at = Timestamp::from_seconds;

        assert_eq!(must_end(&marks, &phone(1), at(500)), Some(MustEnd::Blocked));
        assert_eq!(must_end(&marks, &phone(2), at(99)), Some(MustEnd::Released));
        assert_eq!(must_end(&marks, &phone(2), at(101)), None);
        assert_eq!(must_end(&marks, &phone(3), at(1)), None);
    }

    #[test]
    fn only_a_hotspots_own_question_about_that_device_is_a_return() {
        let asks = |name: &'static str, device: Device, service| {
            comes_back(&Attempt {
                user_name: name.as_bytes(),
                device,
                service,
                method: Method::Pap,
                framed_ip: None,
                called_station: None,
                nas_port_id: None,
                nas_identifier: None,
            })
        };
        let hotspot = AskedService::Hotspot;

        for spelled in ["02:00:00:00:00:01", "0200:0000:0001", "02-00-00-00-00-01", "020000000001", "02 00 00 00 00 01"]
        {
            assert!(asks(spelled, phone(1), hotspot), "{spelled}");
        }
        assert!(!asks("02:00:00:00:00:02", phone(1), hotspot), "typed on another device");
        assert!(!asks("02:00:00:00:00:01", phone(1), AskedService::Ppp));
        assert!(!asks("02:00:00:00:00:01", Device::Unnamed, hotspot));
        assert!(!asks("Sunrise77", phone(1), hotspot));
    }
}
