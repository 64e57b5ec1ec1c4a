//! The loop: send what is due, take what comes, give up on what does not.
//!
//! One thread for all sockets. It is done when time or the requests allowed are over, or when there is nothing more to
//! say, and every request has its reply or has waited long enough.

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use anyhow::Context;
use benches::subscriber::Subscriber;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use radius::{PACKET_MAX, Secret};

use crate::arguments::Pace;
use crate::check::{self, Answer, Peer};
use crate::clock;
use crate::lane::{Lane, Sent, Waiting};
use crate::random::Random;
use crate::story::{Class, Source, Story};
use crate::tally::Tally;
use crate::target::Target;

/// Requests or replies in one go, so that neither starves the other.
const GO_MAX: usize = 64;

/// How soon to look again when the kernel had no room.
const NO_ROOM_WAIT: Duration = Duration::from_millis(1);

/// What bounds and shapes a run.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) target: Target,
    pub(crate) peer: Peer,
    pub(crate) pace: Pace,
    pub(crate) lasts: Duration,
    pub(crate) requests_max: u64,
    pub(crate) sockets: usize,
    pub(crate) patience: Duration,
    pub(crate) retries: u8,
    pub(crate) interims: u32,
    /// Distinguishes this run's sessions from those of others.
    pub(crate) run: u32,
}

/// What a run leaves behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    /// Sessions that accepts opened.
    pub(crate) granted: Vec<(Subscriber, Class)>,
}

/// The moment at which a try has waited long enough. Tries wait equally long, so these stand in their order.
#[derive(Debug)]
struct Expiry {
    due: Instant,
    lane: usize,
    id: u8,
    serial: u64,
}

/// One run.
pub(crate) struct Generator<'a> {
    terms: Terms,
    secret: &'a Secret,
    random: Random,
    source: Source,
    /// Stories that go on.
    ready: VecDeque<Story>,
    lanes: Vec<Lane>,
    next_lane: usize,
    in_flight: usize,
    serial: u64,
    expiries: VecDeque<Expiry>,
    buffer: Box<[u8; PACKET_MAX]>,
    outcome: Outcome,
    begun: Instant,
    /// When the next request is due, where requests are due at moments.
    next_due: Instant,
    /// Whether the source has run dry.
    dry: bool,
}

impl<'a> Generator<'a> {
    pub(crate) fn new(terms: Terms, source: Source, secret: &'a Secret, random: Random) -> anyhow::Result<Self> {
        let lanes = (0..terms.sockets).map(|_| Lane::open(terms.target)).collect::<anyhow::Result<_>>()?;
        let begun = clock::now();
        Ok(Self {
            terms,
            secret,
            random,
            source,
            ready: VecDeque::new(),
            lanes,
            next_lane: 0,
            in_flight: 0,
            serial: 0,
            expiries: VecDeque::new(),
            buffer: Box::new([0; PACKET_MAX]),
            outcome: Outcome { tally: Tally::new(), granted: Vec::new() },
            begun,
            next_due: begun,
            dry: false,
        })
    }

    pub(crate) fn run(mut self) -> anyhow::Result<Outcome> {
        loop {
            let now = clock::now();
            self.give_up(now)?;
            let next_send = if self.is_over(now) { None } else { self.send_due(now)? };
            if self.in_flight == 0 && self.is_over(now) {
                return Ok(self.outcome);
            }
            let readable = self.wait(now, next_send)?;
            self.receive(&readable)?;
        }
    }

    fn is_over(&self, now: Instant) -> bool {
        now >= self.begun + self.terms.lasts
            || self.outcome.tally.sent >= self.terms.requests_max
            || (self.dry && self.ready.is_empty() && self.in_flight == 0)
    }

    /// Repeats or counts as lost what has waited long enough.
    fn give_up(&mut self, now: Instant) -> anyhow::Result<()> {
        while let Some(expiry) = self.expiries.pop_front_if(|expiry| expiry.due <= now) {
            let lane = &mut self.lanes[expiry.lane];
            let Some(waiting) = lane.waiting(expiry.id).filter(|waiting| waiting.serial == expiry.serial) else {
                continue;
            };
            if waiting.tries <= self.terms.retries {
                lane.send_again(expiry.id)?;
                self.outcome.tally.repeated += 1;
                self.expiries.push_back(Expiry { due: now + self.terms.patience, ..expiry });
            } else {
                lane.take(expiry.id);
                self.in_flight -= 1;
                self.outcome.tally.lost += 1;
            }
        }
        Ok(())
    }

    /// Sends what is due at `now`. Gives the moment of the next request, unless that waits for a reply.
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
            let Some(story) = self.ready.pop_front().or_else(|| self.source.next()) else {
                self.dry = true;
                return Ok(None);
            };
            let sent = self.send(story, since, now)?;
            match (self.terms.pace, sent) {
                (Pace::Window(_), Sent::NoRoom) => return Ok(Some(now + NO_ROOM_WAIT)),
                (Pace::Window(_), Sent::Gone) => {}
                (Pace::Every(interval), sent) => {
                    self.next_due += interval;
                    self.outcome.tally.unsent += u64::from(sent == Sent::NoRoom);
                }
            }
        }
        Ok(Some(now))
    }

    fn send(&mut self, story: Story, since: Instant, now: Instant) -> anyhow::Result<Sent> {
        let count = self.lanes.len();
        let free = (self.next_lane..self.next_lane + count)
            .map(|lane| lane % count)
            .find_map(|lane| self.lanes[lane].next_id().map(|id| (lane, id)));
        let Some((lane, id)) = free else {
            self.ready.push_front(story);
            return Ok(Sent::NoRoom);
        };
        self.next_lane = (lane + 1) % count;
        self.serial += 1;
        let serial = self.serial;
        let request = story
            .write(&mut self.buffer, id, self.terms.run, &mut self.random, self.secret)
            .context("a request of ours")?
            .to_vec();
        let waiting = Waiting { serial, story: story.clone(), since, tries: 1, request };
        let sent = self.lanes[lane].send(waiting)?;
        match sent {
            Sent::NoRoom => self.ready.push_front(story),
            Sent::Gone => {
                self.in_flight += 1;
                self.outcome.tally.sent += 1;
                self.expiries.push_back(Expiry { due: now + self.terms.patience, lane, id, serial });
            }
        }
        Ok(sent)
    }

    /// Sleeps until a reply comes or something is due. Gives the lanes that have something to read.
    fn wait(&self, now: Instant, next_send: Option<Instant>) -> anyhow::Result<Vec<usize>> {
        let next_expiry = self.expiries.front().map(|expiry| expiry.due);
        let next = next_expiry.into_iter().chain(next_send).min().unwrap_or(now);
        let patience = TimeSpec::from(next.saturating_duration_since(now));
        let mut watched: Vec<PollFd<'_>> =
            self.lanes.iter().map(|lane| PollFd::new(lane.socket().as_fd(), PollFlags::POLLIN)).collect();
        ppoll(&mut watched, Some(patience), None).context("waiting for replies")?;
        Ok(watched.iter().enumerate().filter(|(_, fd)| fd.any().unwrap_or(true)).map(|(lane, _)| lane).collect())
    }

    fn receive(&mut self, lanes: &[usize]) -> anyhow::Result<()> {
        let mut buffer = [0; PACKET_MAX];
        for lane in lanes {
            for _ in 0..GO_MAX {
                match self.lanes[*lane].receive(&mut buffer)? {
                    Some(datagram) => self.take_reply(*lane, datagram),
                    None => break,
                }
            }
        }
        Ok(())
    }

    fn take_reply(&mut self, lane: usize, datagram: &[u8]) {
        let lane = &mut self.lanes[lane];
        let tally = &mut self.outcome.tally;
        let id = datagram.get(1).copied();
        let Some((id, waiting)) = id.and_then(|id| lane.waiting(id).map(|waiting| (id, waiting))) else {
            tally.stray += 1;
            return;
        };
        let Some(answer) = check::answer(self.terms.peer, datagram, waiting, self.secret) else {
            tally.invalid += 1;
            return;
        };
        let Some(waiting) = lane.take(id) else { return };
        let now = clock::now();
        self.in_flight -= 1;
        tally.note_wait(now.saturating_duration_since(waiting.since));
        tally.took = now.saturating_duration_since(self.begun);
        match answer {
            Answer::Accept(class) => {
                tally.accepts += 1;
                self.outcome.granted.push((waiting.story.subscriber, class));
            }
            Answer::Reject => tally.rejects += 1,
            Answer::Recorded => {
                tally.recorded += 1;
                self.ready.extend(waiting.story.next(self.terms.interims));
            }
            Answer::Echoed => tally.echoed += 1,
        }
    }
}
