//! Counts tries before they are made, so that many at once are not more than one after the other.

use std::net::IpAddr;

use credentials::token::hash_of_words;
use domain::id::TenantId;
use policy::people::throttle::{self, Counted, FORGOTTEN_AFTER, Tries, Verdict};
use store::people::tries::{self, Remembered};
use store::{Store, StoreError, SystemTx};

use crate::context::Context;
use crate::people::by::PeopleError;

/// A try that was counted as failed, until somebody says otherwise.
pub(crate) struct Counting {
    counted: Vec<(Counted, [u8; 32], Tries)>,
}

/// Counts a try at `what`, with that login and from that address; or says how long to wait. An IPv6 address counts with
/// its whole /64, which is one line.
pub(crate) async fn count(
    store: &Store,
    what: &str,
    (host, login): (Option<TenantId>, &str),
    address: Option<IpAddr>,
    context: Context<'_>,
) -> Result<Counting, PeopleError> {
    let now = context.now();
    let login = format!("{what} {} {}", host.map(|tenant| tenant.to_string()).unwrap_or_default(), login);
    let mut keys = vec![(Counted::ByLogin, hash_of_words(&login))];
    keys.extend(address.map(|address| (Counted::ByAddress, hash_of_words(&format!("{what} {}", line_of(address))))));
    let mut tx = store.system().await?;
    let mut counting = Counting { counted: Vec::new() };
    let mut noted = Vec::new();
    for (by, key) in keys {
        let before = tries_of(tries::lock(&mut tx, by.code(), &key).await?);
        match throttle::judge(by, before, now) {
            Verdict::Wait(until) => {
                let seconds = until.since(now).as_micros().saturating_add(999_999) / 1_000_000;
                return Err(PeopleError::Wait(u64::try_from(seconds).unwrap_or(1).max(1)));
            }
            Verdict::Try(after) => noted.push((by, key, after)),
        }
        counting.counted.push((by, key, before));
    }
    for (by, key, after) in noted {
        tries::note(&mut tx, by.code(), &key, remembered(after)).await?;
    }
    tries::forget_old(&mut tx, now.minus(FORGOTTEN_AFTER)).await?;
    tx.commit().await?;
    Ok(counting)
}

impl Counting {
    /// The try proved good: it is forgiven.
    pub(crate) async fn forgive(self, store: &Store) -> Result<(), StoreError> {
        self.set(store, throttle::forgive).await
    }

    /// The try proved nothing either way: things are as they were.
    pub(crate) async fn undo(self, store: &Store) -> Result<(), StoreError> {
        let mut tx = store.system().await?;
        for (by, key, before) in self.counted {
            let now = tries_of(tries::lock(&mut tx, by.code(), &key).await?);
            // Others may have tried meanwhile: only ours is taken back.
            let failed = now.failed.saturating_sub(1).max(before.failed.min(now.failed));
            let wait_until = if now.failed <= before.failed + 1 { before.wait_until } else { now.wait_until };
            tries::note(&mut tx, by.code(), &key, Remembered { failed, last_at: now.last_at, wait_until }).await?;
        }
        tx.commit().await
    }

    async fn set(self, store: &Store, after: impl Fn(Counted, Tries) -> Tries) -> Result<(), StoreError> {
        let mut tx: SystemTx = store.system().await?;
        for (by, key, _) in self.counted {
            let now = tries_of(tries::lock(&mut tx, by.code(), &key).await?);
            tries::note(&mut tx, by.code(), &key, remembered(after(by, now))).await?;
        }
        tx.commit().await
    }
}

fn tries_of(remembered: Remembered) -> Tries {
    let Remembered { failed, last_at, wait_until } = remembered;
    Tries { failed, last_at, wait_until }
}

fn remembered(tries: Tries) -> Remembered {
    let Tries { failed, last_at, wait_until } = tries;
    Remembered { failed, last_at, wait_until }
}

/// The line that an address stands for.
fn line_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => address.segments()[..4].iter().map(|part| format!("{part:x}:")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_line_is_one_however_many_addresses_it_has() {
        let line = |text: &str| line_of(text.parse().expect("good"));

        assert_eq!(line("2001:db8:1:2:3::4"), line("2001:db8:1:2:ffff::9"));
        assert_ne!(line("2001:db8:1:2::4"), line("2001:db8:1:3::4"));
        assert_eq!(line("::ffff:192.0.2.1"), line("192.0.2.1"));
    }
}
