//! The rules of each version that is kept, so that an old decision can be asked again.
//!
//! Whoever changes the rules so that the same facts may lead to another verdict copies the old ones into a module of
//! their version, adds them here, and raises [`crate::VERSION`]. A version may go once no decision of it is kept.

use domain::access::attempt::Attempt;
use domain::access::facts::Facts;
use domain::time::Timestamp;

use crate::access::admission::{self, Verdict};

/// The rules of one version: [`admission::admit`] as it was then.
pub type Admit = fn(&Facts<'_>, &Attempt<'_>, &dyn Fn(&[u8]) -> bool, Timestamp) -> Verdict;

/// The versions that are kept, oldest first; the last is [`crate::VERSION`].
pub const KEPT: &[(u16, Admit)] = &[(1, admission::admit)];

/// The rules of a version; `None` when they are not kept.
pub fn of(version: u16) -> Option<Admit> {
    KEPT.iter().find(|(kept, _)| *kept == version).map(|(_, admit)| *admit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn todays_rules_are_kept_and_versions_go_up() {
        assert!(KEPT.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(KEPT.last().map(|(version, _)| *version), Some(crate::VERSION));
        assert!(of(0).is_none());
    }
}
