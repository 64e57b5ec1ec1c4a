//! Keeps ended sessions: moves them away from those that live, month by month, and lets go of the oldest. Puts what was
//! used by the hour into the days, and lets go of what was asked of routers, done outside, said by gateways and said to telephones, long ago.
//! Closes the days of ledgers. Finishes what a change of data keys has left.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actions::access::keep_sessions::{BATCH_MAX, Kept, keep_sessions};
use actions::access::roll_usage::roll_usage;
use actions::money::proof::close_days;
use actions::platform::change_keys::{seal_anew, unfinished};
use domain::id::TenantId;
use domain::time::Span;
use ports::RouterControl;
use store::access::{convergence, history};
use store::messages::{languages, one_time, outbox};
use store::money::{callbacks, gateway_tokens, prompt_locks};
use store::platform::{jobs, tenants, webhooks};
use store::{StoreError, TenantScope};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::tenants::each;
use crate::{Worker, sleep_or_stop};

/// How often it is looked for them.
const EVERY: Duration = Duration::from_secs(600);

/// How long it is remembered what routers were asked.
const ORDERS_KEPT: Span = Span::seconds(30 * 24 * 3_600);

/// How long it is remembered what was done outside.
const JOBS_KEPT: Span = Span::seconds(30 * 24 * 3_600);

/// How long it is remembered what gateways said, as they said it.
const CALLBACKS_KEPT: Span = Span::seconds(90 * 24 * 3_600);

/// How long it is kept what text messages said that were not sent: as long as anybody may want them sent again.
const TEXTS_KEPT: Span = Span::seconds(7 * 24 * 3_600);

/// How long it is remembered that text messages were sent.
const MESSAGES_KEPT: Span = Span::seconds(400 * 24 * 3_600);

/// How soon after the start, and between two batches: those who log in go first.
const BREATH: Duration = Duration::from_millis(200);

/// Keeps them while the duty is this node's.
pub(crate) async fn keep_keeping<C: RouterControl>(worker: Arc<Worker<C>>, shutdown: CancellationToken) {
    let mut pause = BREATH;
    loop {
        if sleep_or_stop(pause, &shutdown).await {
            return;
        }
        pause = EVERY;
        if !worker.holds() {
            pause = BREATH * 10;
            continue;
        }
        match step(&worker, &shutdown).await {
            Ok(Kept { moved: 0, forgotten: 0 }) => {}
            Ok(Kept { moved, forgotten }) => {
                info!(
                    moved,
                    forgotten, "{moved} ended sessions are kept aside, {forgotten} are old enough to be let go of"
                );
            }
            Err(why) if why.is_unavailable() => debug!("ended sessions are kept later: {why}"),
            Err(why) => error!("ended sessions cannot be kept aside: {why}"),
        }
    }
}

async fn step<C: RouterControl>(worker: &Worker<C>, shutdown: &CancellationToken) -> Result<Kept, StoreError> {
    let store = &worker.parts.store;
    let now = worker.context().now();
    let mut tx = store.system().await?;
    history::prepare(&mut tx, now).await?;
    prompt_locks::forget(&mut tx, now).await?;
    gateway_tokens::forget(&mut tx, now).await?;
    let days: HashMap<TenantId, u32> = tenants::session_days(&mut tx).await?.into_iter().collect();
    tx.commit().await?;
    let zones = worker.all_tenants().await?;
    let all = Mutex::new(Kept::default());
    each(zones.keys().copied(), "keeping ended sessions and usage", |tenant| {
        let (zone, days, all) = (zones.get(&tenant), days.get(&tenant), &all);
        async move {
            if shutdown.is_cancelled() {
                return Ok(());
            }
            let scope = TenantScope::of_operator(tenant);
            if let Some(zone) = zone {
                roll_usage(store, &scope, zone, now).await?;
            }
            let mut tx = store.tenant(&scope).await?;
            convergence::forget_orders(&mut tx, now.minus(ORDERS_KEPT)).await?;
            jobs::forget_done(&mut tx, now.minus(JOBS_KEPT)).await?;
            webhooks::forget_deliveries(&mut tx, now.minus(JOBS_KEPT)).await?;
            callbacks::forget(&mut tx, now.minus(CALLBACKS_KEPT)).await?;
            outbox::forget(&mut tx, now.minus(TEXTS_KEPT), now.minus(MESSAGES_KEPT)).await?;
            languages::forget(&mut tx, now.minus(MESSAGES_KEPT)).await?;
            one_time::forget(&mut tx, now).await?;
            tx.commit().await?;
            if let Some(zone) = zone {
                close_days(store, &scope, zone, worker.context()).await?;
            }
            let Some(days) = days else { return Ok(()) };
            loop {
                let kept = keep_sessions(store, &scope, *days, now).await?;
                {
                    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                    all.moved += kept.moved;
                    all.forgotten += kept.forgotten;
                }
                let more = kept.moved.max(kept.forgotten) >= u64::from(BATCH_MAX);
                if !more || sleep_or_stop(BREATH, shutdown).await {
                    return Ok(());
                }
            }
        }
    })
    .await?;
    each(unfinished(store).await?, "sealing secrets by the newest key", |tenant| async move {
        let done = seal_anew(store, &TenantScope::of_operator(tenant), worker.context(), |_| {}).await?;
        if done.unreadable > 0 {
            warn!(
                tenant.id = %tenant, values = done.unreadable,
                "{} secrets open with no key and keep earlier keys from going: set them anew", done.unreadable
            );
        }
        Ok(())
    })
    .await?;
    Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner))
}
