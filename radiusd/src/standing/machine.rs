//! The rules by which nodes that share a database tell whose memory is the truth. No clock, no database: a board that
//! was read and the monotonic time come in, what to write and what to do come out.
//!
//! What makes it right, whatever is lost, late, repeated or frozen:
//! - A node believes its claim only until [`BELIEF_MS`] after it *sent* the last beat that was written. The others
//!   strike it off only after its row has stood still for [`SILENCE_MS`] on *their* monotonic clocks, so at most
//!   3:2 may clocks differ in speed. Nobody's wall clock is asked, not even the database's.
//! - A claim is written only onto the board on which it was decided, and a node is struck off only if its beat is
//!   still the one that stood still. So of two that decide at once, one finds out.
//! - `Alone` is claimed only when no other is present, after its own transactions have ended and memory has been read
//!   anew; a newcomer finds `Alone` on the board and waits until that node has written everything and claims `Shared`.
//! - A node that does not know whether its word was written keeps to what both answers allow.

use std::collections::BTreeMap;

use domain::id::{NodeId, RunId};
use domain::platform::node::{Claim, Standing};
use store::platform::nodes::{Board, Posted};

/// How often a node writes its beat.
pub(crate) const BEAT_MS: u64 = 1_000;

/// How long a claim is believed after the beat that carried it was sent.
pub(crate) const BELIEF_MS: u64 = 4_000;

/// How long a row stands still before its node counts as lost.
pub(crate) const SILENCE_MS: u64 = 6_000;

/// How long a node that starts waits for the database before it serves those whom it remembers.
pub(crate) const START_MS: u64 = 2_000;

/// A piece of work on memory, which the machine waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Work {
    /// Write most of what only memory knows, while decisions go on. Memory is the truth.
    WriteAhead,
    /// Write the rest: no decision is made meanwhile.
    WriteAll,
    /// Tell the database of what was served without it, while decisions go on. Others may have decided meanwhile.
    TellAhead,
    /// Tell it of the rest: no decision is made meanwhile.
    TellAll,
    /// Read again what others may have changed: no decision is made meanwhile.
    ReadAll,
}

/// What to write on the board.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Plan {
    /// What this node's row shall say.
    pub(crate) mine: Posted,
    /// `None`: only a beat. Else the claim changes, or others are struck off, and the board must be of this version.
    pub(crate) onto: Option<i64>,
    /// Those who have been silent for too long.
    pub(crate) lost: Vec<Posted>,
    next: Phase,
}

/// What came of a look at the board.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Looked {
    /// This is to be written.
    Write(Plan),
    /// Another process posts under this node's id: its data directory was copied.
    Copied,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Not reckoned with by the others: has yet to come in, or was struck off.
    Out,
    /// Has claimed `Shared` and has not written what it remembers.
    Joining(Stage),
    Shared,
    /// Has claimed `Shared`, and nobody else is there.
    TakingOver(Stage),
    Alone,
    /// Has claimed `Alone`, and somebody waits.
    Yielding(Stage),
}

/// How far the work of a phase is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// Decisions go on as before.
    Ahead,
    /// No decision is made.
    Rest,
    /// All is done and not yet said.
    Done,
}

/// When another row was last seen to change.
#[derive(Clone, Copy, Debug)]
struct Watched {
    posted: Posted,
    changed_ms: u64,
}

/// One node's view of the matter.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    node: NodeId,
    run: RunId,
    phase: Phase,
    /// Whether it has served nobody yet: with nobody else there it reads what it left behind before it does.
    is_fresh: bool,
    /// Whether it serves from memory while it is not in.
    remembers: bool,
    beat: i64,
    has_posted: bool,
    /// Until when the last word that was written is believed.
    believed_until_ms: u64,
    /// Until when nothing is begun, because another server may have become the primary and lost somebody's last word.
    calm_until_ms: u64,
    timeline: Option<String>,
    others: BTreeMap<NodeId, Watched>,
    /// Struck off by us; what they have open in the database must be ended before memory is read.
    fences: Vec<NodeId>,
    /// Whether memory is not fit to be the truth yet, because it was read from an old snapshot.
    holds_back: bool,
}

impl Machine {
    /// A node that has just started.
    pub(crate) const fn new(node: NodeId, run: RunId, now_ms: u64) -> Self {
        Self {
            node,
            run,
            phase: Phase::Out,
            is_fresh: true,
            remembers: false,
            beat: 0,
            has_posted: false,
            believed_until_ms: now_ms.saturating_add(START_MS),
            calm_until_ms: 0,
            timeline: None,
            others: BTreeMap::new(),
            fences: Vec::new(),
            holds_back: false,
        }
    }

    /// This node's id.
    pub(crate) const fn node(&self) -> NodeId {
        self.node
    }

    /// Begins anew under another id.
    pub(crate) fn rename(&mut self, node: NodeId) {
        self.step_out();
        (self.node, self.has_posted) = (node, false);
    }

    /// On what ground decisions are made, and until when at most; past that it is `Away`.
    pub(crate) const fn standing(&self) -> (Standing, u64) {
        use Stage::{Ahead, Done, Rest};
        let until = self.believed_until_ms;
        match self.phase {
            Phase::Out | Phase::Joining(Ahead) if self.remembers => (Standing::Away, u64::MAX),
            Phase::Out | Phase::Joining(_) | Phase::TakingOver(Rest | Done) | Phase::Yielding(Rest | Done) => {
                (Standing::Settling, until)
            }
            Phase::Shared | Phase::TakingOver(Ahead) if self.is_fresh && !self.holds_back => {
                (Standing::Settling, until)
            }
            Phase::Shared | Phase::TakingOver(Ahead) => (Standing::Shared, until),
            Phase::Alone | Phase::Yielding(Ahead) => (Standing::Alone, until),
        }
    }

    /// What memory has to do now. Another answer than before ends the work that is under way.
    pub(crate) const fn work(&self) -> Option<Work> {
        match self.phase {
            Phase::Joining(Stage::Ahead) => Some(Work::TellAhead),
            Phase::Joining(Stage::Rest) => Some(Work::TellAll),
            Phase::Yielding(Stage::Ahead) => Some(Work::WriteAhead),
            Phase::Yielding(Stage::Rest) => Some(Work::WriteAll),
            Phase::TakingOver(Stage::Rest) => Some(Work::ReadAll),
            Phase::Out | Phase::Shared | Phase::Alone => None,
            Phase::TakingOver(Stage::Ahead | Stage::Done)
            | Phase::Joining(Stage::Done)
            | Phase::Yielding(Stage::Done) => None,
        }
    }

    /// Whether the board should be looked at without waiting for the next beat.
    pub(crate) fn is_eager(&self, now_ms: u64) -> bool {
        match self.phase {
            Phase::Joining(Stage::Done) | Phase::TakingOver(Stage::Done) | Phase::Yielding(Stage::Done) => true,
            Phase::TakingOver(Stage::Ahead) => self.fences.is_empty() && now_ms >= self.calm_until_ms,
            Phase::Shared => self.others.is_empty() && now_ms >= self.calm_until_ms && !self.holds_back,
            Phase::Out | Phase::Joining(_) | Phase::TakingOver(Stage::Rest) | Phase::Alone | Phase::Yielding(_) => {
                false
            }
        }
    }

    /// Whether it has yet to come in among the others.
    pub(crate) const fn waits(&self) -> bool {
        matches!(self.phase, Phase::Out)
    }

    /// Whether memory is not fit to be the truth for now: then nothing is taken over, and decisions are transactions.
    pub(crate) const fn hold_back(&mut self, holds_back: bool) {
        self.holds_back = holds_back;
    }

    /// The database has refused this node for a while: it stops believing what it can do nothing with.
    pub(crate) const fn give_up(&mut self, now_ms: u64) {
        match self.phase {
            Phase::Out | Phase::Joining(_) | Phase::Shared | Phase::TakingOver(_) => {
                self.believed_until_ms = now_ms.saturating_sub(1);
                self.expire(now_ms);
            }
            Phase::Alone | Phase::Yielding(_) => {}
        }
    }

    /// Those whose open transactions have to be ended.
    pub(crate) fn fences(&self) -> &[NodeId] {
        &self.fences
    }

    /// The open transactions of a lost node have been ended.
    pub(crate) fn fenced(&mut self, node: NodeId) {
        self.fences.retain(|one| *one != node);
    }

    /// How many others are present, as far as is known.
    pub(crate) fn others(&self) -> usize {
        self.others.len()
    }

    /// Lets go of what is no longer believed. To be called with every other input, before it.
    pub(crate) const fn expire(&mut self, now_ms: u64) {
        if now_ms <= self.believed_until_ms {
            return;
        }
        match self.phase {
            Phase::Out => (self.remembers, self.is_fresh) = (true, false),
            // Those it remembers may have been served since: that has to be written first.
            Phase::Joining(_) | Phase::Shared | Phase::TakingOver(_) => {
                self.phase = Phase::Joining(Stage::Ahead);
                (self.remembers, self.is_fresh) = (true, false);
            }
            // What the last word was is found on the board.
            Phase::Alone | Phase::Yielding(_) => self.phase = Phase::Alone,
        }
    }

    /// The work that was asked for is over.
    pub(crate) fn worked(&mut self, work: Work, well: bool, now_ms: u64) {
        self.expire(now_ms);
        if self.work() != Some(work) {
            return;
        }
        // What cannot be read holds nobody up: transactions decide.
        self.is_fresh &= well;
        self.phase = match (self.phase, well) {
            // It goes on as it is, and the work is asked for again.
            (Phase::Joining(Stage::Ahead), true) if now_ms < self.calm_until_ms || !self.fences.is_empty() => {
                self.phase
            }
            (Phase::Joining(Stage::Ahead), true) => Phase::Joining(Stage::Rest),
            (Phase::Joining(_), true) => Phase::Joining(Stage::Done),
            (Phase::Joining(_), false) => Phase::Joining(Stage::Ahead),
            (Phase::TakingOver(_), true) => Phase::TakingOver(Stage::Done),
            (Phase::TakingOver(_), false) => Phase::Shared,
            (Phase::Yielding(Stage::Ahead), true) => Phase::Yielding(Stage::Rest),
            (Phase::Yielding(_), true) => Phase::Yielding(Stage::Done),
            // Nothing was promised to anybody: it goes on, and tries again.
            (Phase::Yielding(_), false) => Phase::Alone,
            (Phase::Out | Phase::Shared | Phase::Alone, _) => self.phase,
        };
    }

    /// Decides on a board that was read; `now_ms` is a moment after the reading.
    pub(crate) fn look(&mut self, board: &Board, now_ms: u64) -> Looked {
        self.expire(now_ms);
        self.notice_timeline(board, now_ms);
        let row = board.posted.iter().find(|posted| posted.node == self.node).copied();
        self.watch(board, now_ms);
        let claim = row.filter(|row| row.claim.is_present()).map(|row| (row.run == self.run, row.claim));
        // A row of an earlier run that comes back with an older database has an older beat.
        if self.has_posted && row.is_some_and(|row| row.run != self.run && row.beat >= self.beat) {
            return Looked::Copied;
        }
        self.beat = self.beat.max(row.map_or(0, |row| row.beat)).saturating_add(1);
        let plan = match claim {
            Some((true, Claim::Shared)) => self.among_others(now_ms),
            Some((true, Claim::Alone)) => self.on_top(),
            Some((true, Claim::Waiting)) => self.outside(Some(Claim::Waiting), now_ms),
            Some((true, Claim::Gone | Claim::Lost) | (false, _)) | None => self.outside(None, now_ms),
        };
        let (claim, changes, next) = plan;
        let lost = self.silent(now_ms);
        let mine = Posted { node: self.node, run: self.run, beat: self.beat, claim };
        let onto = (changes || !lost.is_empty()).then_some(board.version);
        Looked::Write(Plan { mine, onto, lost, next })
    }

    /// What was planned has been written and committed; it was sent at `sent_ms`.
    pub(crate) fn written(&mut self, plan: &Plan, sent_ms: u64, now_ms: u64) {
        self.expire(now_ms);
        self.has_posted = true;
        for lost in &plan.lost {
            self.others.remove(&lost.node);
            self.fences.push(lost.node);
        }
        let until = sent_ms.saturating_add(BELIEF_MS);
        // Whoever stopped believing while this was under way has served from memory since.
        let lapsed = now_ms > self.believed_until_ms || now_ms > until;
        self.phase = match (plan.next, self.phase) {
            (Phase::Shared | Phase::TakingOver(_), _) if lapsed => Phase::Joining(Stage::Ahead),
            (Phase::Yielding(_), _) if lapsed => Phase::Alone,
            (Phase::Joining(_), phase @ Phase::Joining(_)) => phase,
            (next, _) => next,
        };
        if !matches!(self.phase, Phase::Out | Phase::Joining(Stage::Ahead)) {
            self.remembers = false;
        }
        self.is_fresh &= match self.phase {
            Phase::Out | Phase::Joining(_) => true,
            Phase::Shared | Phase::TakingOver(_) => self.others.is_empty() && self.calm_until_ms == 0,
            Phase::Alone | Phase::Yielding(_) => false,
        };
        // An Alone of before another server became the primary may have been taken over in what was lost.
        if !matches!(self.phase, Phase::Alone) || !lapsed || now_ms >= self.calm_until_ms {
            self.believed_until_ms = self.believed_until_ms.max(until);
        }
    }

    /// On what ground decisions will be made once a plan is written.
    pub(crate) fn standing_after(&self, plan: &Plan, sent_ms: u64, now_ms: u64) -> Standing {
        let mut after = self.clone();
        after.written(plan, sent_ms, now_ms);
        after.standing().0
    }

    fn notice_timeline(&mut self, board: &Board, now_ms: u64) {
        if self.timeline.is_some() && self.timeline != board.timeline {
            self.calm_until_ms = now_ms.saturating_add(SILENCE_MS);
            for other in self.others.values_mut() {
                other.changed_ms = now_ms;
            }
        }
        self.timeline.clone_from(&board.timeline);
    }

    /// Takes note of who has moved. A row that has vanished counts as one that stands still.
    fn watch(&mut self, board: &Board, now_ms: u64) {
        for posted in board.posted.iter().filter(|posted| posted.node != self.node) {
            if !posted.claim.is_present() {
                self.others.remove(&posted.node);
                continue;
            }
            let seen = Watched { posted: *posted, changed_ms: now_ms };
            let watched = self.others.entry(posted.node).or_insert(seen);
            if watched.posted != *posted {
                *watched = seen;
            }
        }
        let vanished = |node: &NodeId| board.posted.iter().all(|posted| posted.node != *node);
        self.others.retain(|node, other| !vanished(node) || now_ms < other.changed_ms.saturating_add(SILENCE_MS));
    }

    fn silent(&self, now_ms: u64) -> Vec<Posted> {
        let silent = |other: &&Watched| now_ms >= other.changed_ms.saturating_add(SILENCE_MS);
        self.others.values().filter(silent).map(|other| other.posted).collect()
    }

    fn step_out(&mut self) {
        if self.phase != Phase::Out {
            self.phase = Phase::Out;
            // What it served is not written: it goes on serving those people until it can write it.
            self.remembers = true;
        }
    }

    /// Our row is not there, or says that we wait.
    fn outside(&mut self, says: Option<Claim>, now_ms: u64) -> (Claim, bool, Phase) {
        self.step_out();
        let silent = self.silent(now_ms);
        let somebody_alone = self.others.values().any(|other| {
            other.posted.claim == Claim::Alone && silent.iter().all(|silent| silent.node != other.posted.node)
        });
        if somebody_alone || now_ms < self.calm_until_ms {
            return (Claim::Waiting, says != Some(Claim::Waiting), Phase::Out);
        }
        (Claim::Shared, true, Phase::Joining(Stage::Ahead))
    }

    /// Our row says that all decide in transactions.
    fn among_others(&mut self, now_ms: u64) -> (Claim, bool, Phase) {
        let nobody = self.others.is_empty();
        match self.phase {
            // The word reached the board without our knowing, or our last one was lost with a server.
            Phase::Out | Phase::Alone | Phase::Yielding(_) => {
                self.remembers |= self.phase == Phase::Alone;
                self.phase = Phase::Joining(Stage::Ahead);
                (Claim::Shared, false, self.phase)
            }
            // Another server has become the primary: who was alone on the old one may believe so for a while.
            Phase::Joining(_) if now_ms < self.calm_until_ms => {
                self.phase = Phase::Joining(Stage::Ahead);
                (Claim::Shared, false, self.phase)
            }
            Phase::Joining(Stage::Done) => (Claim::Shared, false, Phase::Shared),
            Phase::Joining(_) => (Claim::Shared, false, self.phase),
            Phase::Shared if nobody && now_ms >= self.calm_until_ms && !self.holds_back => {
                (Claim::Shared, false, Phase::TakingOver(Stage::Ahead))
            }
            Phase::Shared => (Claim::Shared, false, Phase::Shared),
            Phase::TakingOver(_) if !nobody || now_ms < self.calm_until_ms => (Claim::Shared, false, Phase::Shared),
            Phase::TakingOver(Stage::Ahead) if self.fences.is_empty() => {
                (Claim::Shared, false, Phase::TakingOver(Stage::Rest))
            }
            Phase::TakingOver(Stage::Done) => (Claim::Alone, true, Phase::Alone),
            Phase::TakingOver(_) => (Claim::Shared, false, self.phase),
        }
    }

    /// Our row says that we decide from memory.
    fn on_top(&mut self) -> (Claim, bool, Phase) {
        let nobody = self.others.is_empty();
        match self.phase {
            // The word was written without our knowing; nothing was decided since memory was read.
            Phase::TakingOver(Stage::Done) => (Claim::Alone, false, Phase::Alone),
            // A word of ours that we have given up: down again, and in by the front door.
            Phase::Out | Phase::Joining(_) | Phase::Shared | Phase::TakingOver(_) => {
                self.remembers |= self.phase != Phase::Out;
                self.phase = Phase::Joining(Stage::Ahead);
                (Claim::Shared, true, self.phase)
            }
            Phase::Alone | Phase::Yielding(_) if nobody => (Claim::Alone, false, Phase::Alone),
            Phase::Alone => (Claim::Alone, false, Phase::Yielding(Stage::Ahead)),
            Phase::Yielding(Stage::Done) => (Claim::Shared, true, Phase::Shared),
            Phase::Yielding(_) => (Claim::Alone, false, self.phase),
        }
    }
}

#[cfg(test)]
mod tests;
