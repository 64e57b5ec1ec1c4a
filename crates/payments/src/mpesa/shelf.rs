//! Where tokens lie. Each new token of an app ends the one before, so all who use an app take theirs from one shelf.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::money::gateway::{Environment, GatewayAccount};
use domain::secret::Secret;
use domain::time::Timestamp;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// Apps whose tokens lie in a [`MemoryShelf`].
const APPS_MAX: usize = 10_000;

/// Which app, without its keys: SHA-256 over the environment and both of them.
///
/// The secret is in it, so that who knows another's key alone finds no token here.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AppId([u8; 32]);

impl AppId {
    /// The app that an ISP's gateway opens the door with.
    pub fn of(account: &GatewayAccount) -> Self {
        let environment: &[u8] = match account.environment {
            Environment::Sandbox => b"mpesa sandbox",
            Environment::Production => b"mpesa production",
        };
        let keys = &account.keys;
        let mut hash = Sha256::new();
        for part in [environment, keys.consumer_key.expose().as_bytes(), keys.consumer_secret.expose().as_bytes()] {
            // A length before each, so that no two lists of parts are the same octets.
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// Its 32 octets, as a key of a table.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0[..4]))
    }
}

/// A token and how long it may be used.
#[derive(Debug)]
pub struct Kept {
    /// What opens the door.
    pub token: Secret<String>,
    /// Not used from then on.
    pub until: Timestamp,
}

/// The shelf cannot be reached.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("the shared tokens cannot be reached: {0}")]
pub struct ShelfFault(pub String);

/// What a shelf says, some time later.
pub type Shelved<'a, T> = Pin<Box<dyn Future<Output = Result<T, ShelfFault>> + Send + 'a>>;

/// Where tokens lie: in memory for one process, in a table for several.
pub trait TokenShelf: Send + Sync + 'static {
    /// What lies there, good or not.
    fn look<'a>(&'a self, app: &'a AppId) -> Shelved<'a, Option<Kept>>;

    /// Whether the caller may fetch a new token: one may at a time, until it is put there, let go of, or `until` has come.
    fn claim<'a>(&'a self, app: &'a AppId, now: Timestamp, until: Timestamp) -> Shelved<'a, bool>;

    /// Puts a new token there, and ends the claim.
    fn put<'a>(&'a self, app: &'a AppId, kept: Kept) -> Shelved<'a, ()>;

    /// Ends the claim without a token.
    fn let_go<'a>(&'a self, app: &'a AppId) -> Shelved<'a, ()>;
}

/// A shelf of one process.
#[derive(Debug, Default)]
pub struct MemoryShelf {
    apps: Mutex<HashMap<AppId, Place>>,
}

#[derive(Debug, Default)]
struct Place {
    kept: Option<Kept>,
    claimed_until: Option<Timestamp>,
}

impl MemoryShelf {
    fn apps(&self) -> MutexGuard<'_, HashMap<AppId, Place>> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that is there already.
fn ready<'a, T: Send + 'a>(value: T) -> Shelved<'a, T> {
    Box::pin(std::future::ready(Ok(value)))
}

impl TokenShelf for MemoryShelf {
    fn look<'a>(&'a self, app: &'a AppId) -> Shelved<'a, Option<Kept>> {
        let apps = self.apps();
        let kept = apps.get(app).and_then(|place| place.kept.as_ref());
        ready(kept.map(|kept| Kept { token: Secret::new(kept.token.expose().clone()), until: kept.until }))
    }

    fn claim<'a>(&'a self, app: &'a AppId, now: Timestamp, until: Timestamp) -> Shelved<'a, bool> {
        let mut apps = self.apps();
        if apps.len() >= APPS_MAX {
            apps.retain(|_, place| {
                let alive = |end: Timestamp| end > now;
                place.kept.as_ref().is_some_and(|kept| alive(kept.until)) || place.claimed_until.is_some_and(alive)
            });
        }
        if apps.len() >= APPS_MAX && !apps.contains_key(app) {
            return Box::pin(std::future::ready(Err(ShelfFault(format!("{APPS_MAX} apps are in use")))));
        }
        let place = apps.entry(*app).or_default();
        let is_free = place.claimed_until.is_none_or(|end| end <= now);
        if is_free {
            place.claimed_until = Some(until);
        }
        ready(is_free)
    }

    fn put<'a>(&'a self, app: &'a AppId, kept: Kept) -> Shelved<'a, ()> {
        self.apps().insert(*app, Place { kept: Some(kept), claimed_until: None });
        ready(())
    }

    fn let_go<'a>(&'a self, app: &'a AppId) -> Shelved<'a, ()> {
        if let Some(place) = self.apps().get_mut(app) {
            place.claimed_until = None;
        }
        ready(())
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Span;

    use super::super::samples::account;
    use super::*;

    const APP: AppId = AppId([1; 32]);

    fn kept(token: &str) -> Kept {
        Kept { token: Secret::new(token.to_owned()), until: Timestamp::from_seconds(100) }
    }

    #[tokio::test]
    async fn one_fetches_at_a_time_until_it_is_done_or_gone() {
        let (shelf, now) = (MemoryShelf::default(), Timestamp::from_seconds(10));
        let later = now.plus(Span::seconds(15));

        assert_eq!(shelf.claim(&APP, now, later).await, Ok(true));
        assert_eq!(shelf.claim(&APP, now, later).await, Ok(false));
        assert_eq!(
            shelf.claim(&APP, later, later.plus(Span::seconds(15))).await,
            Ok(true),
            "who went away is not waited for"
        );
        assert_eq!(shelf.let_go(&APP).await, Ok(()));
        assert_eq!(shelf.claim(&APP, now, later).await, Ok(true));
        assert_eq!(shelf.put(&APP, kept("one")).await, Ok(()));
        assert_eq!(shelf.claim(&APP, now, later).await, Ok(true));

        let found = shelf.look(&APP).await.expect("in memory").expect("put there");
        assert_eq!(found.token.expose(), "one");
    }

    #[test]
    fn an_app_is_known_by_both_of_its_keys() {
        let app = |environment, key: &str, secret: &str| {
            let mut account = account("", environment);
            account.keys.consumer_key = Secret::new(key.to_owned());
            account.keys.consumer_secret = Secret::new(secret.to_owned());
            AppId::of(&account)
        };

        let one = app(Environment::Sandbox, "key", "secret");

        assert_eq!(one, app(Environment::Sandbox, "key", "secret"));
        for other in [
            app(Environment::Production, "key", "secret"),
            app(Environment::Sandbox, "key", "guessed"),
            app(Environment::Sandbox, "keys", "ecret"),
        ] {
            assert_ne!(one, other);
        }
    }
}
