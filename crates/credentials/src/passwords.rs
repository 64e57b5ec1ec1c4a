//! Passwords: kept as argon2id, checked in the same time whether there is one or not.

use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use domain::secret::Secret;
use thiserror::Error;
use tokio::sync::Semaphore;

/// Memory of one check, in KiB, and how often it is gone over: what OWASP asks of argon2id at least.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Checks at once: each takes a core for some thirty milliseconds, and logins of routers need cores too.
const AT_ONCE: usize = 2;
/// Checks that wait for their turn: whoever comes later is told to come again.
const WAITING_MAX: usize = 64;

/// Those who wait for their turn.
struct Line {
    turns: Semaphore,
    places: Semaphore,
}

impl Line {
    const fn new() -> Self {
        Self { turns: Semaphore::const_new(AT_ONCE), places: Semaphore::const_new(AT_ONCE + WAITING_MAX) }
    }
}

/// The one line of the process.
static LINE: Line = Line::new();

/// Why nothing was checked or made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum PasswordError {
    /// Too many wait already.
    #[error("too many people sign in at this moment: try again in a few seconds")]
    Busy,
    /// Cannot happen: the password is too long for argon2, or a hash that was kept is none.
    #[error("a password could not be hashed")]
    Broken,
}

/// The text to keep of a password: argon2id with its terms and its salt, in the form of the Password Hashing Competition.
pub async fn hash(password: Secret<String>, salt: [u8; 16]) -> Result<String, PasswordError> {
    in_turn(&LINE, move || {
        Ok(hasher()?.hash_password_with_salt(password.expose().as_bytes(), &salt).map_err(broken)?.to_string())
    })
    .await
}

/// Whether a password is the one that was kept. Where there is none, one is checked all the same, so that nobody can
/// tell by the time it takes.
pub async fn verify(password: Secret<String>, kept: Option<String>) -> Result<bool, PasswordError> {
    in_turn(&LINE, move || {
        let text = kept.as_deref().or(STRANGER.as_deref()).ok_or(PasswordError::Broken)?;
        let hash = PasswordHash::new(text).map_err(broken)?;
        let is_right = hasher()?.verify_password(password.expose().as_bytes(), &hash).is_ok();
        Ok(is_right && kept.is_some())
    })
    .await
}

/// What is checked for somebody who is not there.
static STRANGER: LazyLock<Option<String>> = LazyLock::new(|| {
    let hash = hasher().ok()?.hash_password_with_salt(b"nobody", b"sixteen octets!!").ok()?;
    Some(hash.to_string())
});

fn hasher() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(broken)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Whatever argon2 says of it, nobody can do anything about it.
fn broken<Cause>(_: Cause) -> PasswordError {
    PasswordError::Broken
}

/// Runs the work on a thread apart when its turn has come.
async fn in_turn<T: Send + 'static>(
    line: &'static Line,
    work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
) -> Result<T, PasswordError> {
    let _place = line.places.try_acquire().map_err(|_| PasswordError::Busy)?;
    let turn = line.turns.acquire().await.map_err(broken)?;
    // Whoever asked may go away meanwhile: the turn lasts as long as the work.
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    })
    .await
    .map_err(broken)?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_kept_as_argon2id_and_known_again() {
        let kept = hash(secret("maembe saba mtoni"), [7; 16]).await.expect("hashed");

        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(verify(secret("maembe saba mtoni"), Some(kept.clone())).await.expect("checked"));
        assert!(!verify(secret("maembe saba mton"), Some(kept.clone())).await.expect("checked"));
        assert_ne!(hash(secret("maembe saba mtoni"), [8; 16]).await.expect("hashed"), kept);
    }

    #[tokio::test]
    async fn where_there_is_no_password_none_is_right() {
        assert_eq!(verify(secret("nobody"), None).await, Ok(false));
    }

    #[tokio::test]
    async fn who_comes_when_the_line_is_full_is_told_to_come_again() {
        static FULL: Line = Line::new();
        let all = u32::try_from(AT_ONCE + WAITING_MAX).expect("small");
        let taken = FULL.places.acquire_many(all).await.expect("all places");

        assert_eq!(in_turn(&FULL, || Ok(())).await, Err(PasswordError::Busy));
        drop(taken);
        assert_eq!(in_turn(&FULL, || Ok(())).await, Ok(()));
    }
}
