//! The worker role: what is done without anybody asking, on one node for all.
//!
//! Its duty is convergence: live sessions follow plans, vouchers, subscribers, time and use. It reads what has changed
//! (`wake`), finds what is different (`look`), asks routers (`ask`) and writes what they answer. Never decides: that is
//! `policy::access::convergence`. Beside it: what is to be said to people (`notice`), ended sessions that are kept aside
//! (`keep`), and impersonations whose time has run out (`visits`). All of it may be done twice, by two nodes at once as well.
//!
//! Beside that, on the same node: money, from what gateways say to what is given for it (`money`).
//!
//! On every node: what deeds want done outside, as letters, text messages, the telling of partners and prompts (`queue`). What waits
//! there is counted by one (`piles`).
#![forbid(unsafe_code)]

mod ask;
mod keep;
mod look;
mod meters;
pub mod money;
mod notice;
mod piles;
pub mod queue;
mod routers;
mod tenants;
mod visits;
mod wake;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actions::context::Context;
use domain::id::NodeId;
use ports::gateway::Gateways;
use ports::{Clock, Mailer, Messenger, Random, RouterControl, Teller};
use store::platform::leases;
use store::{Store, StoreError};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

pub use crate::meters::Meters;

use crate::ask::Desk;
use crate::money::{Money, MoneyParts};
use crate::queue::{Queue, QueueParts};
use crate::routers::Routers;
use crate::tenants::{Tenants, Zones};

/// The duty's name in the database.
const DUTY: &str = "converge_sessions";

/// How long a duty is this node's after the last word.
const LEASE_SECONDS: u32 = 10;

/// How often it is asked for.
const HOLD_EVERY: Duration = Duration::from_secs(3);

/// What the role needs.
pub struct Parts<C> {
    /// Which node this is.
    pub node: NodeId,
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The dice.
    pub random: Arc<dyn Random>,
    /// What Prometheus is told.
    pub meters: Meters,
    /// Who speaks to routers.
    pub control: C,
    /// Who sends letters.
    pub mailer: Arc<dyn Mailer>,
    /// Who tells partners.
    pub teller: Arc<dyn Teller>,
    /// Who sends text messages.
    pub messenger: Arc<dyn Messenger>,
    /// Who speaks to gateways, and where their callbacks come in; `None` on a server that speaks to none.
    pub gateways: Option<Gateways>,
}

impl<C> std::fmt::Debug for Parts<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("node", &self.node).finish_non_exhaustive()
    }
}

/// What all parts of the role share.
struct Worker<C: RouterControl> {
    parts: Parts<C>,
    routers: Routers<C::Key>,
    tenants: Tenants,
    desk: Desk,
    /// Whether the duty is this node's.
    holds: AtomicBool,
}

impl<C: RouterControl> Worker<C> {
    fn context(&self) -> Context<'_> {
        Context::new(&*self.parts.clock, &*self.parts.random)
    }

    async fn all_tenants(&self) -> Result<Zones, StoreError> {
        self.tenants.all(&self.parts.store, self.parts.clock.monotonic_ms()).await
    }

    fn holds(&self) -> bool {
        self.holds.load(Ordering::Acquire)
    }
}

/// Works until `shutdown`.
pub async fn run<C: RouterControl>(parts: Parts<C>, shutdown: CancellationToken) {
    let (answers, answered) = mpsc::channel(ask::ANSWERS_MAX);
    let worker = Arc::new(Worker {
        parts,
        routers: Routers::default(),
        tenants: Tenants::default(),
        desk: Desk::new(answers),
        holds: AtomicBool::new(false),
    });
    let money = worker.parts.gateways.clone().map(|Gateways { gateway, callback_base }| {
        Money::new(MoneyParts {
            store: worker.parts.store.clone(),
            clock: Arc::clone(&worker.parts.clock),
            random: Arc::clone(&worker.parts.random),
            gateway,
            callback_base,
        })
    });
    let queue = Queue::new(QueueParts {
        store: worker.parts.store.clone(),
        clock: Arc::clone(&worker.parts.clock),
        random: Arc::clone(&worker.parts.random),
        mailer: Arc::clone(&worker.parts.mailer),
        teller: Arc::clone(&worker.parts.teller),
        messenger: Arc::clone(&worker.parts.messenger),
        money: money.clone(),
    });
    let mut duties = JoinSet::new();
    duties.spawn(queue.run(shutdown.clone()));
    if let Some(money) = money {
        let worker = Arc::clone(&worker);
        duties.spawn(money.run(move || worker.holds(), shutdown.clone()));
    }
    duties.spawn(hold(Arc::clone(&worker), shutdown.clone()));
    duties.spawn(routers::keep_fresh(Arc::clone(&worker), shutdown.clone()));
    duties.spawn(wake::keep_waking(Arc::clone(&worker), shutdown.clone()));
    duties.spawn(look::keep_looking(Arc::clone(&worker), shutdown.clone()));
    duties.spawn(ask::keep_noting(Arc::clone(&worker), answered, shutdown.clone()));
    duties.spawn(look::keep_counting(Arc::clone(&worker), shutdown.clone()));
    duties.spawn(notice::keep_noticing(Arc::clone(&worker), shutdown.clone()));
    duties.spawn(keep::keep_keeping(Arc::clone(&worker), shutdown.clone()));
    duties.spawn(piles::keep_counting(Arc::clone(&worker), shutdown.clone()));
    duties.spawn(visits::keep_ending(Arc::clone(&worker), shutdown.clone()));
    while duties.join_next().await.is_some() {}
    if worker.holds()
        && let Err(why) = give_back(&worker).await
    {
        debug!("the duty is not given back, its lease ends by itself: {why}");
    }
}

/// Holds the duty, or waits until it is free.
async fn hold<C: RouterControl>(worker: Arc<Worker<C>>, shutdown: CancellationToken) {
    loop {
        let held = match take(&worker).await {
            Ok(held) => held,
            Err(why) => {
                debug!("convergence waits for the database: {why}");
                false
            }
        };
        if worker.holds.swap(held, Ordering::AcqRel) != held {
            match held {
                true => info!("live sessions are kept on their terms by this node"),
                false => warn!("live sessions are not kept on their terms by this node any more"),
            }
        }
        worker.parts.meters.holds_duty.set(i64::from(held));
        if sleep_or_stop(HOLD_EVERY, &shutdown).await {
            return;
        }
    }
}

async fn take<C: RouterControl>(worker: &Worker<C>) -> Result<bool, StoreError> {
    let mut tx = worker.parts.store.system().await?;
    let held = leases::hold(&mut tx, &[DUTY], worker.parts.node, LEASE_SECONDS).await?;
    tx.commit().await?;
    Ok(!held.is_empty())
}

async fn give_back<C: RouterControl>(worker: &Worker<C>) -> Result<(), StoreError> {
    let mut tx = worker.parts.store.system().await?;
    leases::release(&mut tx, &[DUTY], worker.parts.node).await?;
    tx.commit().await
}

/// Waits. Returns whether it is time to stop.
async fn sleep_or_stop(time: Duration, shutdown: &CancellationToken) -> bool {
    tokio::select! {
        () = shutdown.cancelled() => true,
        () = tokio::time::sleep(time) => false,
    }
}
