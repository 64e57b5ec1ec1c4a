//! Asks routers, and writes what they answer.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actions::access::converge;
use domain::access::order::{Answer, Answered, Ask, Order};
use domain::id::{SessionId, TenantId};
use ports::RouterControl;
use store::TenantScope;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::{Worker, routers};

/// Answers that may wait to be written.
pub(crate) const ANSWERS_MAX: usize = 50_000;

/// Answers that are written together.
const BATCH_MAX: usize = 500;

/// How long answers are gathered.
const GATHER: Duration = Duration::from_millis(50);

/// What is on its way to routers.
pub(crate) struct Desk {
    answers: mpsc::Sender<(TenantId, Answered)>,
    on_their_way: Mutex<HashSet<SessionId>>,
}

impl Desk {
    pub(crate) fn new(answers: mpsc::Sender<(TenantId, Answered)>) -> Self {
        Self { answers, on_their_way: Mutex::default() }
    }

    fn sends(&self, session: SessionId) -> bool {
        self.on_their_way.lock().unwrap_or_else(PoisonError::into_inner).insert(session)
    }

    fn is_done(&self, session: SessionId) {
        self.on_their_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&session);
    }
}

/// Sends an order on its way, unless one for its session is on its way: what is different then is seen when that one is
/// answered.
pub(crate) fn hand<C: RouterControl>(worker: &Arc<Worker<C>>, tenant: TenantId, order: Order) {
    if !worker.desk.sends(order.session) {
        return;
    }
    let worker = Arc::clone(worker);
    tokio::spawn(async move {
        let session = order.session;
        let mut reach = worker.routers.reach(&order);
        if reach.is_err() {
            // A router that was registered a moment ago is known a moment later.
            tokio::time::sleep(routers::EVERY * 2).await;
            reach = worker.routers.reach(&order);
        }
        let answer = match reach {
            Ok(reach) => worker.parts.control.ask(reach, order.clone()).await,
            Err(why) => Answer::Unreachable(why),
        };
        debug!(session.id = %session, "asked to {}: {answer}", words(&order.ask));
        worker.parts.meters.answered(&order.ask, &answer);
        let at = worker.context().now();
        // When nobody takes answers any more, the next worker asks again.
        drop(worker.desk.answers.send((tenant, Answered { order, answer, at })).await);
        worker.desk.is_done(session);
    });
}

const fn words(ask: &Ask) -> &'static str {
    match ask {
        Ask::Change(_) => "change a session",
        Ask::Disconnect(_) => "end a session",
    }
}

/// Writes answers as they come. What cannot be written is forgotten: its session is looked at again.
pub(crate) async fn keep_noting<C: RouterControl>(
    worker: Arc<Worker<C>>,
    mut answered: mpsc::Receiver<(TenantId, Answered)>,
    shutdown: CancellationToken,
) {
    let mut batch = Vec::new();
    loop {
        let received = tokio::select! {
            () = shutdown.cancelled() => return,
            received = answered.recv_many(&mut batch, BATCH_MAX) => received,
        };
        if received == 0 {
            return;
        }
        if received < BATCH_MAX {
            tokio::time::sleep(GATHER).await;
            while batch.len() < BATCH_MAX
                && let Ok(more) = answered.try_recv()
            {
                batch.push(more);
            }
        }
        let mut of_tenants: BTreeMap<TenantId, Vec<Answered>> = BTreeMap::new();
        for (tenant, answered) in batch.drain(..) {
            of_tenants.entry(tenant).or_default().push(answered);
        }
        for (tenant, answered) in of_tenants {
            let scope = TenantScope::of_operator(tenant);
            if let Err(why) = converge::note(&worker.parts.store, &scope, &answered, worker.context()).await {
                warn!("{} answers of routers are asked for again: {why}", answered.len());
            }
        }
    }
}
