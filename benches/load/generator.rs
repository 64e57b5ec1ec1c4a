//! The loop: send what is due, take what comes, give up on what does not.
//!
//! One thread for all sockets, many datagrams in one call to the kernel. It is done when time or the requests allowed
//! are over, or when there is nothing more to say, and every request has its reply or has waited long enough.

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use anyhow::Context;
use benches::subscriber::Subscriber;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::time::TimeSpec;
use radius::PACKET_MAX;

use crate::arguments::Pace;
use crate::check::{self, Answer, Peer};
use crate::clock;
use crate::lane::{Lane, Waiting};
use crate::random::Random;
use crate::story::{Cast, Class, Source, Step, Story};
use crate::tally::Tally;
use crate::target::Target;
use crate::wire::{Inbox, Outbox};

/// Requests in one go, so that sending does not starve receiving.
const GO_MAX: usize = 64;

/// Requests that one lane sends before it is the next one's turn.
const BURST: usize = 8;

/// How soon to look again when the kernel had no room.
const NO_ROOM_WAIT: Duration = Duration::from_millis(1);

/// How often to look for requests that have waited long enough.
const SWEEP_EVERY: Duration = Duration::from_millis(20);

/// What bounds and shapes a run.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) target: Target,
    pub(crate) peer: Peer,
    pub(crate) pace: Pace,
    pub(crate) lasts: Duration,
    pub(crate) requests_max: u64,
    pub(crate) sockets: u8,
    /// Whether datagrams go and come one by one.
    pub(crate) singly: bool,
    pub(crate) patience: Duration,
    pub(crate) retries: u8,
    pub(crate) interims: u32,
    /// Whether accepts are kept, so that their sessions can report.
    pub(crate) keep_granted: bool,
}

/// What a run leaves behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    /// Sessions that accepts opened, where they are kept.
    pub(crate) granted: Vec<(Subscriber, Class)>,
}

/// One run.
pub(crate) struct Generator<'a> {
    terms: Terms,
    cast: &'a Cast<'a>,
    random: Random,
    source: Source,
    /// Stories that go on, when all have begun.
    ready: VecDeque<Story>,
    lanes: Vec<Lane>,
    /// Watches all lanes.
    epoll: Epoll,
    /// What it said last.
    events: Vec<EpollEvent>,
    next_lane: usize,
    /// How many requests that lane has sent in its turn.
    burst: usize,
    in_flight: usize,
    inbox: Inbox,
    outbox: Outbox,
    buffer: Box<[u8; PACKET_MAX]>,
    outcome: Outcome,
    begun: Instant,
    /// When the next request is due, where requests are due at moments.
    next_due: Instant,
    next_sweep: Instant,
    /// Whether there is nothing to say until a reply comes.
    dry: bool,
}

impl<'a> Generator<'a> {
    pub(crate) fn new(terms: Terms, source: Source, cast: &'a Cast<'a>, random: Random) -> anyhow::Result<Self> {
        let lanes: Vec<Lane> =
            (1..=terms.sockets).map(|number| Lane::open(&terms, number)).collect::<anyhow::Result<_>>()?;
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).context("epoll")?;
        for (number, lane) in lanes.iter().enumerate() {
            epoll.add(lane.socket(), EpollEvent::new(EpollFlags::EPOLLIN, number as u64)).context("epoll")?;
        }
        let begun = clock::now();
        let outbox = Outbox::new(terms.singly);
        Ok(Self {
            terms,
            cast,
            random,
            source,
            ready: VecDeque::new(),
            events: vec![EpollEvent::empty(); lanes.len()],
            epoll,
            lanes,
            next_lane: 0,
            burst: 0,
            in_flight: 0,
            inbox: Inbox::default(),
            outbox,
            buffer: Box::new([0; PACKET_MAX]),
            outcome: Outcome { tally: Tally::new(), granted: Vec::new() },
            begun,
            next_due: begun,
            next_sweep: begun,
            dry: false,
        })
    }

    pub(crate) fn run(mut self) -> anyhow::Result<Outcome> {
        loop {
            let now = clock::now();
            if now >= self.next_sweep {
                self.sweep(now);
            }
            let mut next_send = if self.is_over(now) { None } else { self.send_due(now)? };
            if !self.flush()? {
                next_send = Some(now + NO_ROOM_WAIT);
            }
            if self.in_flight == 0 && self.is_over(now) {
                return Ok(self.outcome);
            }
            for at in 0..self.wait(now, next_send)? {
                self.receive(usize::try_from(self.events[at].data()).unwrap_or(0))?;
            }
        }
    }

    fn is_over(&self, now: Instant) -> bool {
        now >= self.begun + self.terms.lasts
            || self.outcome.tally.sent >= self.terms.requests_max
            || (self.dry && self.ready.is_empty() && self.in_flight == 0)
    }

    /// Repeats or counts as lost what has waited long enough.
    fn sweep(&mut self, now: Instant) {
        let Self { terms, outcome, in_flight, .. } = self;
        let again = |waiting: &Waiting| (waiting.tries <= terms.retries).then(|| now + terms.patience);
        for lane in &mut self.lanes {
            lane.sweep(now, again, |given_up| match given_up {
                None => outcome.tally.repeated += 1,
                Some(_) => {
                    *in_flight -= 1;
                    outcome.tally.lost += 1;
                }
            });
        }
        self.next_sweep = now + SWEEP_EVERY;
    }

    /// Prepares what is due at `now`. Gives the moment of the next request, unless that waits for a reply.
    fn send_due(&mut self, now: Instant) -> anyhow::Result<Option<Instant>> {
        for _ in 0..GO_MAX {
            if self.outcome.tally.sent >= self.terms.requests_max {
                return Ok(None);
            }
            let since = match self.terms.pace {
                Pace::Window(most) if self.in_flight >= most => return Ok(None),
                Pace::Window(_) => now,
                Pace::Every(_) if self.next_due > now => return Ok(Some(self.next_due)),
                Pace::Every(_) => self.next_due,
            };
            // Sessions begin before those that have begun go on, so that all of them report in turn.
            let Some(story) = self.source.next().or_else(|| self.ready.pop_front()) else {
                self.dry = true;
                return Ok(None);
            };
            let sent = self.send(story, since, now)?;
            match self.terms.pace {
                Pace::Window(_) if !sent => return Ok(Some(now + NO_ROOM_WAIT)),
                Pace::Window(_) => {}
                Pace::Every(interval) => {
                    self.next_due += interval;
                    self.outcome.tally.unsent += u64::from(!sent);
                }
            }
        }
        Ok(Some(now))
    }

    /// Gives a story to a lane; false, if every identifier of every lane waits.
    fn send(&mut self, story: Story, since: Instant, now: Instant) -> anyhow::Result<bool> {
        let Some((lane, id)) = self.choose() else {
            self.ready.push_front(story);
            return Ok(false);
        };
        let request = self.cast.write(&story, &mut self.buffer, id, &mut self.random).context("a request of ours")?;
        self.lanes[lane].put(Waiting { story, since, due: now + self.terms.patience, tries: 1 }, request);
        self.in_flight += 1;
        self.outcome.tally.sent += 1;
        Ok(true)
    }

    /// The lane and identifier of the next request. Lanes take turns.
    fn choose(&mut self) -> Option<(usize, u8)> {
        if self.burst == BURST {
            self.next_lane = (self.next_lane + 1) % self.lanes.len();
            self.burst = 0;
        }
        for _ in 0..self.lanes.len() {
            if let Some(id) = self.lanes[self.next_lane].next_id() {
                self.burst += 1;
                return Some((self.next_lane, id));
            }
            self.next_lane = (self.next_lane + 1) % self.lanes.len();
            self.burst = 0;
        }
        None
    }

    /// Gives the kernel all that is prepared. Says whether it took all.
    fn flush(&mut self) -> anyhow::Result<bool> {
        let mut took_all = true;
        for lane in &mut self.lanes {
            took_all &= lane.flush(&mut self.outbox)?;
        }
        Ok(took_all)
    }

    /// Sleeps until a reply comes or something is due. Gives how many lanes have something to read.
    fn wait(&mut self, now: Instant, next_send: Option<Instant>) -> anyhow::Result<usize> {
        let next = next_send.map_or(self.next_sweep, |send| send.min(self.next_sweep));
        // Epoll alone knows of milliseconds only.
        let patience = TimeSpec::from(next.saturating_duration_since(now));
        ppoll(&mut [PollFd::new(self.epoll.0.as_fd(), PollFlags::POLLIN)], Some(patience), None)
            .context("waiting for replies")?;
        self.epoll.wait(&mut self.events, EpollTimeout::ZERO).context("waiting for replies")
    }

    fn receive(&mut self, lane: usize) -> anyhow::Result<()> {
        if self.lanes[lane].receive(&mut self.inbox)? == 0 {
            return Ok(());
        }
        let now = clock::now();
        let lane = &mut self.lanes[lane];
        let Outcome { tally, granted } = &mut self.outcome;
        for datagram in self.inbox.datagrams() {
            let id = datagram.get(1).copied();
            let Some((id, (waiting, request))) = id.and_then(|id| Some((id, lane.waiting(id)?))) else {
                tally.stray += 1;
                continue;
            };
            let (story, since) = (waiting.story, waiting.since);
            let Some(answer) = check::answer(self.terms.peer, datagram, &story, request, self.cast) else {
                tally.invalid += 1;
                continue;
            };
            lane.end(id);
            self.in_flight -= 1;
            tally.note_wait(now.saturating_duration_since(since));
            tally.took = now.saturating_duration_since(self.begun);
            match answer {
                Answer::Accept => {
                    tally.accepts += 1;
                    if self.terms.keep_granted {
                        granted.push((story.subscriber, check::class(datagram)));
                    }
                }
                Answer::Reject => tally.rejects += 1,
                Answer::Recorded => {
                    tally.recorded += 1;
                    if let Step::Record { event, session } = story.step {
                        tally.reported.note(session, event);
                    }
                    self.ready.extend(story.next(self.terms.interims));
                }
                Answer::Echoed => tally.echoed += 1,
            }
        }
        Ok(())
    }
}
