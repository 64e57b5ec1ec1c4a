//! Carries out the rules of [`super::machine`]: beats, lets memory be written and read, opens and shuts the gate.

use std::sync::Arc;
use std::time::Duration;

use boot::health::State;
use domain::id::RunId;
use domain::platform::node::{Claim, Standing};
use domain::time::Span;
use store::platform::leases;
use store::platform::nodes::{self, Me, Posted};
use store::platform::outages::{self, Outage};
use store::{Store, StoreError};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::duty::{Duty, LEASE_SECONDS};
use super::machine::{BEAT_MS, Looked, Machine, Work};
use super::memory;
use crate::meters::Answered;
use crate::node::Node;

/// The name of the check in `/readyz`.
pub(crate) const CHECK: &str = "node";

/// Connections for beats alone, so that no crowd of logins can hold one up.
const CONNECTIONS: u32 = 2;

/// How long one exchange of words with the database may take.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// How soon a node that waits for another looks again, and one that got no answer.
const SOON: Duration = Duration::from_millis(200);

/// How soon a node looks that has something to tell.
const AT_ONCE: Duration = Duration::from_millis(5);

/// How long work on memory that has failed rests.
const REST: Duration = Duration::from_millis(250);

/// So long after the first refusal a node that decides in transactions turns to its memory.
const REFUSED_MS: u64 = 1_500;

/// How long the last word may take when the role stops.
const LAST_WORD: Duration = Duration::from_secs(3);

/// A piece of work on memory that is under way.
type Working = (Work, JoinHandle<Result<(), StoreError>>);

/// A time without the database.
struct Away {
    since_ms: u64,
    why: String,
    before: Answered,
}

struct Keeper {
    node: Arc<Node>,
    store: Store,
    machine: Machine,
    run: RunId,
    work: Option<Working>,
    told: Option<Standing>,
    others: usize,
    away: Option<Away>,
    /// Outages that are over and not yet noted in the database.
    past: Vec<(Span, Outage)>,
    /// When the database first failed us since it last did not, and how.
    failing: Option<(u64, String)>,
    heard_ms: u64,
}

/// Keeps the node's standing until `stop`, then says good-bye.
pub(crate) async fn keep(node: Arc<Node>, stop: CancellationToken) {
    let run = RunId::from_bytes(node.random.uuid_v7(node.clock.now()));
    let now_ms = node.clock.monotonic_ms();
    let mut keeper = Keeper {
        store: node.store.apart(CONNECTIONS),
        machine: Machine::new(node.identity.node, run, now_ms),
        run,
        work: None,
        told: None,
        others: 0,
        away: None,
        past: Vec::new(),
        failing: None,
        heard_ms: now_ms,
        node,
    };
    let mut due = Instant::now();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            done = worked(&mut keeper.work) => {
                keeper.worked(done).await;
                due = due.min(Instant::now() + keeper.pause(true));
            }
            () = sleep_until(due) => {
                let well = keeper.beat().await;
                due = Instant::now() + keeper.pause(well);
            }
        }
        keeper.settle();
    }
    keeper.leaves().await;
}

/// What came of the work that is under way; never ends while there is none.
async fn worked(work: &mut Option<Working>) -> (Work, Result<(), StoreError>) {
    let Some((what, under_way)) = work else { return std::future::pending().await };
    let what = *what;
    let done = under_way.await;
    *work = None;
    (what, done.unwrap_or_else(|why| Err(StoreError::Bug { reason: why.to_string() })))
}

impl Keeper {
    fn now_ms(&self) -> u64 {
        self.node.clock.monotonic_ms()
    }

    fn pause(&self, well: bool) -> Duration {
        if !well {
            SOON
        } else if self.machine.is_eager(self.now_ms()) {
            AT_ONCE
        } else if self.machine.waits() {
            SOON
        } else {
            Duration::from_millis(BEAT_MS)
        }
    }

    /// Looks at the board and writes on it. `false` when that has to be tried again soon.
    async fn beat(&mut self) -> bool {
        let sent_ms = self.now_ms();
        self.machine.hold_back(self.node.freshness.is_remembered());
        let looked = timeout(PATIENCE, self.look_and_write(sent_ms)).await;
        let now_ms = self.now_ms();
        self.machine.expire(now_ms);
        match looked {
            Ok(Ok(written)) => {
                if self.failing.take().is_some() {
                    info!("the database answers this node again");
                }
                self.heard_ms = sent_ms;
                self.after_beat(sent_ms).await;
                written
            }
            Ok(Err(why)) => {
                self.fails(now_ms, why.to_string(), false).await;
                false
            }
            Err(_elapsed) => {
                self.fails(now_ms, "it says nothing".to_owned(), true).await;
                false
            }
        }
    }

    async fn look_and_write(&mut self, sent_ms: u64) -> Result<bool, StoreError> {
        let mut tx = self.store.system().await?;
        nodes::be_brief(&mut tx).await?;
        let board = nodes::look(&mut tx).await?;
        if board.timeline.is_none() {
            return Err(StoreError::Unavailable { reason: "it is a standby and takes no writes".to_owned() });
        }
        let plan = match self.machine.look(&board, self.now_ms()) {
            Looked::Write(plan) => plan,
            Looked::Copied => {
                self.is_copied();
                return Ok(false);
            }
        };
        // Logins go by what the machine knows from this moment on, not after the writing.
        self.show();
        let me = Me {
            name: &self.node.identity.name,
            version: env!("CARGO_PKG_VERSION"),
            standing: self.machine.standing_after(&plan, sent_ms, self.now_ms()),
        };
        let written = match plan.onto {
            None => nodes::renew(&mut tx, &plan.mine, &me).await?,
            Some(version) => nodes::claim(&mut tx, version, &plan.mine, &me, &plan.lost).await?,
        };
        if !written {
            return Ok(false);
        }
        tx.commit().await?;
        for lost in &plan.lost {
            warn!(node.id = %lost.node, "node {} has not been heard of and counts as lost", lost.node);
        }
        let now_ms = self.now_ms();
        self.machine.written(&plan, sent_ms, now_ms);
        Ok(true)
    }

    /// What follows a beat and may fail without harm: it is tried again after the next one.
    async fn after_beat(&mut self, sent_ms: u64) {
        let done = timeout(PATIENCE, self.chores(sent_ms)).await;
        match done {
            Ok(Ok(())) => {}
            Ok(Err(why)) => debug!("after a beat: {why}"),
            Err(_elapsed) => debug!("after a beat the database took too long"),
        }
    }

    async fn chores(&mut self, sent_ms: u64) -> Result<(), StoreError> {
        for lost in self.machine.fences().to_vec() {
            let mut tx = self.store.system().await?;
            let ended = nodes::end_connections_of(&mut tx, lost).await?;
            tx.commit().await?;
            info!(node.id = %lost, ended, "ended {ended} connections of the lost node {lost}");
            self.machine.fenced(lost);
        }
        if self.machine.waits() {
            return Ok(());
        }
        let mut tx = self.store.system().await?;
        let held = leases::hold(&mut tx, &Duty::ALL.map(Duty::name), self.machine.node(), LEASE_SECONDS).await?;
        for (lasted, outage) in &self.past {
            outages::note(&mut tx, self.machine.node(), *lasted, outage).await?;
        }
        tx.commit().await?;
        self.past.clear();
        self.node.duties.given(&held, sent_ms);
        Ok(())
    }

    async fn fails(&mut self, now_ms: u64, why: String, silent: bool) {
        let (since_ms, first) = self.failing.get_or_insert_with(|| (now_ms, why.clone()));
        if first != &why {
            debug!("the database does not answer this node: {why}");
        }
        if now_ms >= since_ms.saturating_add(REFUSED_MS) {
            self.machine.give_up(now_ms);
        }
        match timeout(PATIENCE, self.store.seek_primary()).await {
            Ok(Ok(true)) => {
                info!("another database server takes writes now");
                self.node.store.renew_connections();
            }
            // What hangs on connections over which nothing comes would hang for a long time.
            Ok(Ok(false)) if silent => {
                self.store.renew_connections();
                self.node.store.renew_connections();
            }
            Ok(Ok(false) | Err(_)) | Err(_) => {}
        }
    }

    fn is_copied(&mut self) {
        let fresh = domain::id::NodeId::from_bytes(self.node.random.uuid_v7(self.node.clock.now()));
        error!(
            node.id = %self.machine.node(),
            "another process uses this node's id: was the data directory copied? Remove the file `node` from one of \
             the two and restart that one; until then this process goes on as {fresh}"
        );
        self.machine.rename(fresh);
    }

    async fn worked(&mut self, (work, done): (Work, Result<(), StoreError>)) {
        if let Err(why) = &done {
            warn!("a change of standing waits, for memory could not be {}: {why}", in_words(work));
        }
        let now_ms = self.now_ms();
        self.machine.worked(work, done.is_ok(), now_ms);
        if self.machine.work() == Some(work) || done.is_err() {
            sleep(REST).await;
        }
    }

    /// After anything has happened: the gate, the work, the log, the meters.
    fn settle(&mut self) {
        let now_ms = self.now_ms();
        self.machine.expire(now_ms);
        self.show();
        let wanted = self.machine.work();
        if self.work.as_ref().map(|(work, _)| *work) != wanted {
            if let Some((_, under_way)) = self.work.take() {
                under_way.abort();
            }
            self.work = wanted.map(|work| {
                let node = Arc::clone(&self.node);
                (work, tokio::spawn(async move { memory::work(&node, work).await }))
            });
        }
        self.tell(now_ms);
    }

    fn show(&self) {
        let (standing, until_ms) = self.machine.standing();
        self.node.standing.set(standing, until_ms);
    }

    fn tell(&mut self, now_ms: u64) {
        let standing = self.node.standing.now();
        let others = self.machine.others();
        self.note_outage(standing, now_ms);
        let meters = &self.node.meters;
        meters.standing(standing);
        meters.node_others.set(i64::try_from(others).unwrap_or(i64::MAX));
        let silent_ms = now_ms.saturating_sub(self.heard_ms);
        meters.node_silent_seconds.set(i64::try_from(silent_ms / 1_000).unwrap_or(i64::MAX));
        self.node.health.set(CHECK, readiness(standing, others, silent_ms, self.machine.waits()));
        if self.told.replace(standing) != Some(standing) || self.others != others {
            self.others = others;
            let words = in_full(standing, others);
            match standing {
                Standing::Away => warn!(node.id = %self.machine.node(), standing = %standing, "{words}"),
                Standing::Alone | Standing::Shared | Standing::Settling => {
                    info!(node.id = %self.machine.node(), standing = %standing, others, "{words}");
                }
            }
        }
    }

    fn note_outage(&mut self, standing: Standing, now_ms: u64) {
        let answered = self.node.meters.answered_logins();
        match (standing, self.away.take()) {
            (Standing::Away, away @ Some(_)) => self.away = away,
            (Standing::Away, None) => {
                let (since_ms, why) = self.failing.clone().unwrap_or((now_ms, "it was not heard of".to_owned()));
                self.away = Some(Away { since_ms, why, before: answered });
            }
            (Standing::Settling | Standing::Alone | Standing::Shared, Some(away)) => {
                let lasted_ms = now_ms.saturating_sub(away.since_ms);
                let outage = Outage {
                    why: away.why,
                    accepted: answered.accepted.saturating_sub(away.before.accepted),
                    refused: answered.refused.saturating_sub(away.before.refused),
                    unanswered: answered.unanswered.saturating_sub(away.before.unanswered),
                    records_waiting: u64::try_from(self.node.meters.journal_records_waiting.get()).unwrap_or(0),
                };
                info!(
                    duration_ms = lasted_ms,
                    "{} s without the database are over: {} logins accepted, {} refused, {} requests without an answer, \
                     {} reports wait on disk",
                    lasted_ms / 1_000,
                    outage.accepted,
                    outage.refused,
                    outage.unanswered,
                    outage.records_waiting
                );
                let lasted = Span::micros(i64::try_from(lasted_ms.saturating_mul(1_000)).unwrap_or(i64::MAX));
                self.past.push((lasted, outage));
            }
            (Standing::Settling | Standing::Alone | Standing::Shared, None) => {}
        }
    }

    /// Says that this node is gone, so that nobody waits for its claim to end.
    async fn leaves(mut self) {
        self.node.standing.set(Standing::Settling, u64::MAX);
        if let Some((_, under_way)) = self.work.take() {
            under_way.abort();
        }
        match timeout(LAST_WORD, self.last_word()).await {
            Ok(Ok(true)) => debug!("the other nodes know that this one is gone"),
            Ok(Ok(false)) => {}
            Ok(Err(why)) => warn!("the other nodes wait for this one for some seconds: {why}"),
            Err(_elapsed) => warn!("the other nodes wait for this one for some seconds: the database says nothing"),
        }
    }

    async fn last_word(&mut self) -> Result<bool, StoreError> {
        memory::work(&self.node, Work::WriteAll).await?;
        let mut tx = self.store.system().await?;
        nodes::be_brief(&mut tx).await?;
        let board = nodes::look(&mut tx).await?;
        let ours = |posted: &&Posted| posted.node == self.machine.node() && posted.run == self.run;
        let Some(posted) = board.posted.iter().find(ours) else { return Ok(false) };
        let mine = Posted { beat: posted.beat.saturating_add(1), claim: Claim::Gone, ..*posted };
        let me =
            Me { name: &self.node.identity.name, version: env!("CARGO_PKG_VERSION"), standing: Standing::Settling };
        let written = nodes::claim(&mut tx, board.version, &mine, &me, &[]).await?;
        leases::release_all(&mut tx, mine.node).await?;
        if written {
            tx.commit().await?;
        }
        Ok(written)
    }
}

const fn in_words(work: Work) -> &'static str {
    match work {
        Work::WriteAhead | Work::WriteAll | Work::TellAhead | Work::TellAll => "written",
        Work::ReadAll => "read",
    }
}

fn in_full(standing: Standing, others: usize) -> String {
    match standing {
        Standing::Alone => "this node is the only one and decides from memory".to_owned(),
        Standing::Shared if others == 1 => "this node shares the work with another one".to_owned(),
        Standing::Shared => format!("this node shares the work with {others} others"),
        Standing::Away => "this node is cut off from the database".to_owned(),
        Standing::Settling => "this node waits a moment, until the nodes agree on who decides how".to_owned(),
    }
}

fn readiness(standing: Standing, others: usize, silent_ms: u64, waits: bool) -> State {
    let heard = format!("the database was heard of {}.{} s ago", silent_ms / 1_000, silent_ms / 100 % 10);
    match standing {
        Standing::Settling if waits => {
            State::NotReady { reason: format!("settling: waits for another node to make room; {heard}") }
        }
        Standing::Settling | Standing::Alone | Standing::Shared => {
            State::ReadyBut { note: format!("{standing}, {others} other nodes; {heard}") }
        }
        Standing::Away => State::ReadyBut { note: format!("away: cut off from the database; {heard}") },
    }
}
