//! Which passwords open a right to be online.

use std::cell::OnceCell;

use domain::access::decision::Proved;
use domain::access::facts::{Candidate, FoundBy, Right};

/// What a request shows, asked about several rights.
///
/// A voucher's code is itself the credential: an empty password or the code again is accepted, and behind a phone
/// number or a device's address also that again, for routers are set up so. A subscriber has one password.
pub struct Shown<'a> {
    user_name: &'a [u8],
    proves: &'a dyn Fn(&[u8]) -> bool,
    /// Whether the proof was made with the empty password. Each proof may cost hashes, and a phone number may stand for
    /// many vouchers, so what is the same for all of them is asked once.
    empty: OnceCell<bool>,
    /// Whether it was made with the User-Name.
    name: OnceCell<bool>,
}

impl std::fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shown").finish_non_exhaustive()
    }
}

impl<'a> Shown<'a> {
    /// What is shown under a User-Name; `proves` says whether the request's proof was made with a password.
    pub const fn new(user_name: &'a [u8], proves: &'a dyn Fn(&[u8]) -> bool) -> Self {
        Self { user_name, proves, empty: OnceCell::new(), name: OnceCell::new() }
    }

    /// Whether the proof fits one of the passwords that this candidate accepts.
    pub fn opens(&self, candidate: &Candidate<'_>) -> bool {
        match candidate.right {
            Right::Subscriber { password, .. } => (self.proves)(password.expose()),
            Right::Voucher { code, .. } => {
                *self.empty.get_or_init(|| (self.proves)(b""))
                    || (self.proves)(code.expose())
                    || match candidate.found_by {
                        FoundBy::Phone | FoundBy::Device => *self.name.get_or_init(|| (self.proves)(self.user_name)),
                        FoundBy::Code | FoundBy::Username => false,
                    }
            }
        }
    }
}

/// Which of the passwords that we know this one is, for the record: all that it could be asked about again.
pub fn proved_with(candidates: &[Candidate<'_>], user_name: &[u8], password: &[u8]) -> Proved {
    let mut proved = Proved { empty: password.is_empty(), user_name: password == user_name, secrets: 0 };
    for (place, candidate) in candidates.iter().enumerate().take(32) {
        let (Right::Voucher { code: secret, .. } | Right::Subscriber { password: secret, .. }) = candidate.right;
        if secret.expose() == password {
            proved.secrets |= 1 << place;
        }
    }
    proved
}
