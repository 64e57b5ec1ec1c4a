//! The routers of all tenants, with their secrets made ready: as the database had them a second ago.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::access::order::Order;
use domain::id::NasId;
use domain::network::nas::Nas;
use domain::time::Span;
use ports::RouterControl;
use ports::router_control::Reach;
use store::StoreError;
use store::network::nas::{self, RegistryFingerprint};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::{Worker, sleep_or_stop};

/// How often the table is looked at.
pub(crate) const EVERY: Duration = Duration::from_secs(1);

/// How long a router can be asked to end what it has after it was taken out of use.
const RETIRED_LATELY: Span = Span::seconds(86_400);

/// Routers by their ids, each with its secret.
type ById<Key> = Arc<HashMap<NasId, (Nas, Key)>>;

/// All routers; `None` until they were read.
pub(crate) struct Routers<Key>(Mutex<Option<ById<Key>>>);

impl<Key> Default for Routers<Key> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Key: Clone> Routers<Key> {
    fn set(&self, routers: HashMap<NasId, (Nas, Key)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(routers));
    }

    fn get(&self) -> Option<ById<Key>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether they are known.
    pub(crate) fn are_known(&self) -> bool {
        self.get().is_some()
    }

    /// How the router of an order is reached; an error in words for staff.
    pub(crate) fn reach(&self, order: &Order) -> Result<Reach<Key>, String> {
        if order.name.acct_session_id.is_none() {
            return Err("it has not reported the session".to_owned());
        }
        let known = self.get().ok_or("the routers are not known yet")?;
        let (nas, secret) = known.get(&order.nas).ok_or("it is retired, or its secret cannot be read")?;
        let address = match (nas.is_wide(), order.from) {
            (false, _) => nas.address.addr(),
            (true, Some(from)) => from,
            (true, None) => {
                return Err(format!("it may be anywhere in {}, and has not reported this session yet", nas.address));
            }
        };
        Ok(Reach { address: SocketAddr::new(address, nas.coa_port), vendor: nas.vendor, secret: secret.clone() })
    }
}

/// Reads them whenever they have changed.
pub(crate) async fn keep_fresh<C: RouterControl>(worker: Arc<Worker<C>>, shutdown: CancellationToken) {
    let mut seen = None;
    loop {
        if let Err(why) = refresh(&worker, &mut seen).await {
            debug!("routers are as they were: {why}");
        }
        if sleep_or_stop(EVERY, &shutdown).await {
            return;
        }
    }
}

async fn refresh<C: RouterControl>(
    worker: &Worker<C>,
    seen: &mut Option<RegistryFingerprint>,
) -> Result<(), StoreError> {
    let mut tx = worker.parts.store.system().await?;
    let fingerprint = nas::registry_fingerprint(&mut tx).await?;
    if seen.as_ref() != Some(&fingerprint) {
        let registered = nas::registry_with_retired(&mut tx, worker.context().now().minus(RETIRED_LATELY)).await?;
        let ready = registered.routers.into_iter().map(|(nas, secret)| {
            let key = worker.parts.control.key(secret.expose());
            (nas.id, (nas, key))
        });
        worker.routers.set(ready.collect());
        *seen = Some(fingerprint);
    }
    tx.commit().await
}
