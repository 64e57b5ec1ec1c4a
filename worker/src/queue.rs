//! The queue: does what deeds have written down to be done outside. Every node takes part; a job is taken by one.

use std::sync::Arc;
use std::time::Duration;

use actions::context::Context;
use actions::messages::send_sms::{Begun, begin_sms, note_sms};
use actions::platform::settle_job::{Settled, settle_job};
use actions::platform::webhooks::note_telling::note_telling;
use domain::id::{DeliveryId, MessageId};
use domain::platform::job::{JobKind, Outcome, Work};
use domain::time::Span;
use ports::{Clock, Mailer, Messenger, Random, Teller};
use store::platform::jobs::{self, Claimed};
use store::platform::webhooks;
use store::{Store, StoreError};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::money::Money;
use crate::sleep_or_stop;

/// How often it is looked for jobs of a kind: what a deed wants done is on its way that soon after it has committed.
const fn every(kind: JobKind) -> Duration {
    match kind {
        // Somebody stands there with a telephone.
        JobKind::Prompt | JobKind::Sms => Duration::from_millis(200),
        JobKind::Mail | JobKind::Webhook | JobKind::Reversal => Duration::from_millis(500),
    }
}

/// Jobs of one kind that a node does at once.
const AT_ONCE: u16 = 8;

/// When somebody else may take a job, because whoever has taken it seems to be gone. Longer than any try.
const LEASE: Span = Span::seconds(120);

/// What is said of jobs that need a gateway, on a server that speaks to none.
const NO_GATEWAYS: &str = "this server speaks to no gateways";

/// Does jobs.
#[derive(Clone)]
pub struct Queue {
    parts: Arc<QueueParts>,
}

/// What it needs.
pub struct QueueParts {
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The dice.
    pub random: Arc<dyn Random>,
    /// Who sends letters.
    pub mailer: Arc<dyn Mailer>,
    /// Who tells partners.
    pub teller: Arc<dyn Teller>,
    /// Who sends text messages.
    pub messenger: Arc<dyn Messenger>,
    /// Who deals with money.
    pub money: Option<Money>,
}

impl std::fmt::Debug for QueueParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueueParts").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl Queue {
    /// A queue of that database.
    pub fn new(parts: QueueParts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// Does all that is due at this moment, and waits for it. Returns how many jobs were tried.
    pub async fn step(&self) -> Result<usize, StoreError> {
        let mut tried = 0;
        for kind in JobKind::ALL {
            loop {
                let claimed = self.claim(kind, AT_ONCE).await?;
                if claimed.is_empty() {
                    break;
                }
                tried += claimed.len();
                let mut trying: JoinSet<Result<(), StoreError>> = JoinSet::new();
                for job in claimed {
                    let queue = self.clone();
                    trying.spawn(async move { queue.try_job(kind, job).await });
                }
                while let Some(done) = trying.join_next().await {
                    done.map_err(|_| StoreError::Bug { reason: "a job panicked".to_owned() })??;
                }
            }
        }
        Ok(tried)
    }

    /// Does jobs until `shutdown`; those under way are finished.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut kinds = JoinSet::new();
        for kind in JobKind::ALL {
            kinds.spawn(self.clone().keep_doing(kind, shutdown.clone()));
        }
        while kinds.join_next().await.is_some() {}
    }

    /// Does the jobs of one kind, so that a slow partner keeps no letter waiting.
    async fn keep_doing(self, kind: JobKind, shutdown: CancellationToken) {
        let places = Arc::new(Semaphore::new(usize::from(AT_ONCE)));
        let mut trying = JoinSet::new();
        loop {
            let free = u16::try_from(places.available_permits()).unwrap_or(AT_ONCE);
            let claimed = if free == 0 { Ok(Vec::new()) } else { self.claim(kind, free).await };
            match claimed {
                Ok(claimed) => {
                    for job in claimed {
                        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { break };
                        let queue = self.clone();
                        trying.spawn(async move {
                            if let Err(why) = queue.try_job(kind, job).await {
                                queue.complain(&why);
                            }
                            drop(place);
                        });
                    }
                }
                Err(why) => self.complain(&why),
            }
            while trying.try_join_next().is_some() {}
            if sleep_or_stop(every(kind), &shutdown).await {
                break;
            }
        }
        while trying.join_next().await.is_some() {}
    }

    fn complain(&self, why: &StoreError) {
        if why.is_unavailable() {
            debug!("jobs wait for the database: {why}");
        } else {
            error!("a job cannot be dealt with: {why}");
        }
    }

    async fn claim(&self, kind: JobKind, limit: u16) -> Result<Vec<Claimed>, StoreError> {
        let mut tx = self.parts.store.system().await?;
        let claimed = jobs::claim(&mut tx, kind, self.parts.clock.now(), LEASE, limit).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    /// Tries one job, with no transaction open meanwhile, and writes down what became of it.
    async fn try_job(&self, kind: JobKind, job: Claimed) -> Result<(), StoreError> {
        let store = &self.parts.store;
        let mut tx = store.tenant(&job.scope).await?;
        let work = jobs::work(&mut tx, job.id).await?;
        tx.commit().await?;
        let Some(work) = work else { return Ok(()) };
        let outcome = match &work {
            Work::Mail(letter) => self.parts.mailer.send(job.id, letter).await,
            Work::Webhook(delivery) => self.tell(job, *delivery).await?,
            Work::Prompt(payment) => match &self.parts.money {
                Some(money) => money.prompt(&job.scope, *payment).await?,
                None => Outcome::Later(NO_GATEWAYS.to_owned()),
            },
            Work::Reversal(refund) => match &self.parts.money {
                Some(money) => money.give_back_money(&job.scope, *refund).await?,
                None => Outcome::Later(NO_GATEWAYS.to_owned()),
            },
            Work::Sms(message) => self.text(job, *message).await?,
        };
        let why = match &outcome {
            Outcome::Done => None,
            Outcome::Later(why) | Outcome::Never(why) => Some(why.clone()),
        };
        let context = Context::new(&*self.parts.clock, &*self.parts.random);
        let settled = settle_job(store, job, kind, outcome, context).await?;
        let why = why.unwrap_or_default();
        match settled {
            Settled::Done => debug!(job = %job.id, "a {} job is done", kind.code()),
            Settled::Later => info!(job = %job.id, "a {} job is tried again later: {why}", kind.code()),
            Settled::Parked => warn!(
                job = %job.id,
                "a {} job was tried {} times in vain and needs a person (`mnetifi job list`): {why}",
                kind.code(),
                job.tries
            ),
        }
        Ok(())
    }

    /// Sends a text message once, and notes what came of it.
    async fn text(&self, job: Claimed, id: MessageId) -> Result<Outcome, StoreError> {
        let QueueParts { store, clock, random, messenger, .. } = &*self.parts;
        let context = || Context::new(&**clock, &**random);
        let (provider, message) = match begin_sms(store, &job.scope, id, context()).await? {
            Begun::Send(provider, message) => (provider, message),
            Begun::Nothing(outcome) => return Ok(outcome),
        };
        let posted = messenger.send(&provider, &message).await;
        note_sms(store, &job.scope, id, posted, context()).await
    }

    /// Tells a partner once, and notes what was answered. What nobody wants to hear any more counts as done.
    async fn tell(&self, job: Claimed, delivery: DeliveryId) -> Result<Outcome, StoreError> {
        let mut tx = self.parts.store.tenant(&job.scope).await?;
        let call = webhooks::call(&mut tx, delivery).await?;
        tx.commit().await?;
        let Some(call) = call else { return Ok(Outcome::Done) };
        let told = self.parts.teller.tell(&call, self.parts.clock.now()).await;
        let context = Context::new(&*self.parts.clock, &*self.parts.random);
        note_telling(&self.parts.store, &job.scope, call.webhook, delivery, told.status, context).await?;
        Ok(told.outcome)
    }
}
