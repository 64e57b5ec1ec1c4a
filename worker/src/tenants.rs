//! The tenants, as all duties share them: read once in a while instead of by each, and the walk over them.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::id::TenantId;
use domain::time::{Timestamp, Zone};
use store::platform::tenants;
use store::{Store, StoreError};
use tracing::error;

/// How old the list may be when nothing says that it has changed.
const AGE_MAX_MS: u64 = 60_000;

/// Where each tenant's calendar runs.
pub(crate) type Zones = Arc<BTreeMap<TenantId, Zone>>;

/// What is known of the tenants.
#[derive(Default)]
pub(crate) struct Tenants {
    /// With when it was read.
    list: Mutex<Option<(u64, Zones)>>,
    is_stale: AtomicBool,
    /// When somebody's time may be nearly over next.
    endings: Mutex<BTreeMap<TenantId, Timestamp>>,
    /// Those of whom the feed has told since.
    touched: Mutex<BTreeSet<TenantId>>,
}

impl Tenants {
    /// Notes that the list may be another one now.
    pub(crate) fn have_changed(&self) {
        self.is_stale.store(true, Ordering::Release);
    }

    /// All of them. `now_ms` is of a clock that only goes forward.
    pub(crate) async fn all(&self, store: &Store, now_ms: u64) -> Result<Zones, StoreError> {
        let known = self.list.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((read_at, zones)) = known
            && now_ms.saturating_sub(read_at) < AGE_MAX_MS
            && !self.is_stale.load(Ordering::Acquire)
        {
            return Ok(zones);
        }
        // What changes while they are read is read the next time.
        self.is_stale.store(false, Ordering::Release);
        let read = read(store).await.inspect_err(|_| self.have_changed())?;
        *self.list.lock().unwrap_or_else(PoisonError::into_inner) = Some((now_ms, Arc::clone(&read)));
        Ok(read)
    }

    /// Notes that plans, vouchers or subscribers of a tenant are different.
    pub(crate) fn touch(&self, tenant: TenantId) {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant);
    }

    /// Those of whom somebody's time may be nearly over at `now`: something of theirs has changed, the moment has come
    /// that was noted, or none was.
    pub(crate) fn nearly_over(&self, all: &Zones, now: Timestamp) -> Vec<TenantId> {
        let touched = std::mem::take(&mut *self.touched.lock().unwrap_or_else(PoisonError::into_inner));
        let mut endings = self.endings.lock().unwrap_or_else(PoisonError::into_inner);
        endings.retain(|tenant, _| all.contains_key(tenant) && !touched.contains(tenant));
        all.keys().filter(|tenant| endings.get(tenant).is_none_or(|next| *next <= now)).copied().collect()
    }

    /// Notes when somebody's time may be nearly over next, unless something of theirs changes.
    pub(crate) fn ends_next(&self, tenant: TenantId, next: Timestamp) {
        self.endings.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant, next);
    }
}

async fn read(store: &Store) -> Result<Zones, StoreError> {
    let mut tx = store.system().await?;
    let tenants = tenants::list(&mut tx).await?;
    tx.commit().await?;
    Ok(Arc::new(tenants.into_iter().map(|tenant| (tenant.id, tenant.zone)).collect()))
}

/// Does something for each of these tenants. One tenant's error is told and stops nobody else's; a database that is away
/// stops the walk.
pub(crate) async fn each<Done: Future<Output = Result<(), StoreError>>>(
    tenants: impl IntoIterator<Item = TenantId>,
    what: &'static str,
    mut deed: impl FnMut(TenantId) -> Done,
) -> Result<(), StoreError> {
    for tenant in tenants {
        match deed(tenant).await {
            Ok(()) => {}
            Err(why) if why.is_unavailable() => return Err(why),
            Err(why) => error!(tenant.id = %tenant, "{what} cannot be done for a tenant, for the others it is: {why}"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn tenant(number: u8) -> TenantId {
        TenantId::from_bytes([number; 16])
    }

    fn three() -> Zones {
        let zone = Zone::named("Africa/Nairobi").expect("a zone");
        Arc::new((1..=3).map(|number| (tenant(number), zone.clone())).collect())
    }

    #[test]
    fn who_has_nothing_ending_is_left_alone_until_the_moment_comes_or_something_changes() {
        let (tenants, all) = (Tenants::default(), three());
        let at = Timestamp::from_seconds;
        assert_eq!(tenants.nearly_over(&all, at(0)).len(), 3, "of none it is known");
        for number in 1..=3 {
            tenants.ends_next(tenant(number), at(i64::from(number) * 100));
        }

        assert_eq!(tenants.nearly_over(&all, at(50)), []);
        assert_eq!(tenants.nearly_over(&all, at(100)), [tenant(1)]);
        tenants.touch(tenant(3));
        assert_eq!(tenants.nearly_over(&all, at(50)), [tenant(3)]);
    }

    #[tokio::test]
    async fn one_tenants_trouble_stops_nobody_else_and_a_database_that_is_away_stops_the_walk() {
        let done = RefCell::new(Vec::new());
        let walk = |fault: fn() -> StoreError| {
            let done = &done;
            each((1..=3).map(tenant), "a test", move |one| async move {
                done.borrow_mut().push(one);
                if one == tenant(2) { Err(fault()) } else { Ok(()) }
            })
        };

        assert!(walk(|| StoreError::Missing { what: "plan" }).await.is_ok());
        assert_eq!(done.take().len(), 3);
        assert!(walk(|| StoreError::Unavailable { reason: "a test".to_owned() }).await.is_err());
        assert_eq!(done.take().len(), 2);
    }
}
