//! Which passwords open a right to be online.

use domain::access::facts::{FoundBy, Right};

/// Whether a proof fits one of the passwords that this right accepts.
///
/// A voucher's code is itself the credential: an empty password or the code again is accepted, and behind a phone
/// number also the number again. A subscriber has one password.
/// `proves` says whether the request's proof was made with a password; it is asked at most three times.
pub fn is_proved(right: &Right, user_name: &[u8], proves: &dyn Fn(&[u8]) -> bool) -> bool {
    match right {
        Right::Subscriber { password, .. } => proves(password.expose()),
        Right::Voucher { found_by, code, .. } => {
            proves(b"")
                || proves(code.expose())
                || match found_by {
                    FoundBy::Phone => proves(user_name),
                    FoundBy::Code => false,
                }
        }
    }
}
