//! How long to wait before a job is tried again, and when to stop trying.

use domain::platform::job::JobKind;
use domain::time::Span;

/// Waits after the first, second, … try of a letter, in seconds. After the last one it is parked: eight tries in five
/// hours. What letters hold is good for a day at most.
const MAIL: &[i64] = &[5, 30, 120, 600, 1_800, 3_600, 10_800];

/// The same for telling a partner's webhook: nine tries in 21 hours, so that a partner who was away for a night has heard
/// of everything. Whatever is parked then can be told again.
const WEBHOOK: &[i64] = &[5, 30, 120, 600, 1_800, 7_200, 21_600, 43_200];

/// The same for a prompt: somebody waits for it, and after two minutes has gone away.
const PROMPT: &[i64] = &[3, 7, 15, 25, 35, 45];

/// The same for having money given back, as long as the gateway was certainly not asked: a day.
const REVERSAL: &[i64] = &[30, 120, 600, 1_800, 7_200, 21_600, 43_200];

/// The same for a text message: whoever bought a voucher waits for it, and an account that is empty is topped up within
/// hours. The message itself is left to a person before the last of them, see
/// [`TRIES_MAX`](crate::messages::sending::TRIES_MAX).
const SMS: &[i64] = &[5, 15, 30, 120, 600, 1_800, 3_600, 10_800, 14_400, 18_000, 21_600];

/// How long to wait after that many tries; `None`: it was tried often enough.
pub fn wait_after(kind: JobKind, tries: u32) -> Option<Span> {
    let waits = match kind {
        JobKind::Mail => MAIL,
        JobKind::Webhook => WEBHOOK,
        JobKind::Prompt => PROMPT,
        JobKind::Reversal => REVERSAL,
        JobKind::Sms => SMS,
    };
    let place = usize::try_from(tries).unwrap_or(usize::MAX).checked_sub(1)?;
    waits.get(place).copied().map(Span::seconds)
}

/// How often a job is tried before it is parked.
pub fn tries_max(kind: JobKind) -> u32 {
    let waits = match kind {
        JobKind::Mail => MAIL,
        JobKind::Webhook => WEBHOOK,
        JobKind::Prompt => PROMPT,
        JobKind::Reversal => REVERSAL,
        JobKind::Sms => SMS,
    };
    u32::try_from(waits.len()).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        for kind in JobKind::ALL {
            let waits: Vec<i64> = (1..).map_while(|tries| wait_after(kind, tries)).map(Span::as_seconds).collect();

            assert!(waits.is_sorted_by(|one, next| one < next), "{waits:?}");
            assert_eq!(u32::try_from(waits.len() + 1), Ok(tries_max(kind)));
            assert_eq!(wait_after(kind, tries_max(kind)), None);
        }
    }

    #[test]
    fn what_was_never_tried_has_nothing_to_wait_for() {
        assert_eq!(wait_after(JobKind::Mail, 0), None);
    }
}
