//! Keeps a trouble that comes with every packet from filling the log: one line a minute for each router and trouble,
//! with the number of those that were not written.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::id::NasId;

/// How long a trouble of a router is not repeated, in milliseconds.
const SILENT_MS: u64 = 60_000;

/// What was told lately. As large as the number of known routers times the kinds of trouble.
#[derive(Debug, Default)]
pub struct Hush {
    told: Mutex<HashMap<(NasId, &'static str), Told>>,
}

#[derive(Debug)]
struct Told {
    at_ms: u64,
    untold: u64,
}

impl Hush {
    /// Whether this trouble is to be told now, and then how many like it were not told since the last time.
    pub fn ask(&self, nas: NasId, trouble: &'static str, now_ms: u64) -> Option<u64> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match told.get_mut(&(nas, trouble)) {
            Some(last) if now_ms.saturating_sub(last.at_ms) < SILENT_MS => {
                last.untold += 1;
                None
            }
            Some(last) => {
                last.at_ms = now_ms;
                Some(std::mem::take(&mut last.untold))
            }
            None => {
                told.insert((nas, trouble), Told { at_ms: now_ms, untold: 0 });
                Some(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_is_told_once_a_minute_with_the_number_of_the_untold() {
        let hush = Hush::default();
        let (nas, other) = (NasId::from_bytes([1; 16]), NasId::from_bytes([2; 16]));

        assert_eq!(hush.ask(nas, "wrong_secret", 0), Some(0));
        assert_eq!(hush.ask(nas, "wrong_secret", 1_000), None);
        assert_eq!(hush.ask(nas, "wrong_secret", 59_999), None);
        assert_eq!(hush.ask(other, "wrong_secret", 2_000), Some(0), "another router has its own minute");
        assert_eq!(hush.ask(nas, "unavailable", 2_000), Some(0), "another trouble has its own minute");
        assert_eq!(hush.ask(nas, "wrong_secret", 60_000), Some(2));
    }
}
