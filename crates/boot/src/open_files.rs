//! How many files and connections this process may have open at once.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the limit as far as the system lets us, and gives it. Shells and services often start us with 1,024.
///
/// A limit that cannot be read or raised stays as it is: 0 then means that it is not known.
pub fn allow_many() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 0 };
    match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard,
        Err(_refused) => soft,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_never_lowered() {
        let (before, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("read");

        let given = allow_many();

        assert!(given >= before && given <= hard, "{before} {given} {hard}");
        assert_eq!(getrlimit(Resource::RLIMIT_NOFILE).expect("read").0, given);
    }
}
