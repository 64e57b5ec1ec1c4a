//! The line to one router: a socket, what waits for an answer, and what waits to be asked.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::access::order::{Answer, Ask};
use nas::change;
use radius::exchange::{Due, Exchange, Trust};
use radius::{PACKET_MAX, Packet, Secret};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tracing::{debug, warn};

use super::{Job, Settings, any_source};

/// A line without work ends after so long.
const IDLE: Duration = Duration::from_secs(60);

/// An order that has waited for so long is not sent any more.
const STALE_AFTER: Duration = Duration::from_secs(30);

/// Requests in a row that were given up, after which a router counts as silent.
const SILENT_AFTER: u32 = 4;

/// What is asked and not answered yet.
struct Asked {
    secret: Arc<Secret>,
    answer: oneshot::Sender<Answer>,
}

struct Line {
    settings: Settings,
    socket: UdpSocket,
    began: Instant,
    exchange: Exchange,
    asked: HashMap<u8, Asked>,
    /// Ends of sessions.
    urgent: VecDeque<Job>,
    changes: VecDeque<Job>,
    next_send: Instant,
    /// Requests in a row that were given up.
    given_up: u32,
}

/// Asks until there is nothing to ask for a while.
pub(super) async fn keep(settings: Settings, address: SocketAddr, mut jobs: mpsc::Receiver<Job>, seed: u64) {
    let mut line = match Line::open(settings, address, seed).await {
        Ok(line) => line,
        Err(why) => {
            warn!("the router at {address} cannot be asked: {why}");
            jobs.close();
            while let Some(job) = jobs.recv().await {
                drop(job.answer.send(Answer::Unreachable(why.to_string())));
            }
            return;
        }
    };
    let mut datagram = [0; PACKET_MAX];
    let mut idle_since = Instant::now();
    loop {
        line.send_what_may_go().await;
        line.step().await;
        if line.has_work() {
            idle_since = Instant::now();
        }
        tokio::select! {
            job = jobs.recv() => match job {
                Some(job) => line.take(job),
                None => return,
            },
            received = line.socket.recv(&mut datagram) => match received {
                Ok(length) => line.hear(datagram.get(..length).unwrap_or_default()),
                // Nobody listens there, says its machine: as good as silence, which is waited for.
                Err(why) => debug!("the router at {address} cannot be heard: {why}"),
            },
            () = sleep_until(line.wakes_at(idle_since)) => {
                if !line.has_work() && idle_since.elapsed() >= IDLE {
                    jobs.close();
                    while let Ok(job) = jobs.try_recv() {
                        drop(job.answer.send(Answer::Silence));
                    }
                    return;
                }
            }
        }
    }
}

impl Line {
    async fn open(settings: Settings, address: SocketAddr, seed: u64) -> io::Result<Self> {
        let from = settings.source.map_or_else(|| any_source(address), |source| SocketAddr::new(source, 0));
        let socket = UdpSocket::bind(from).await?;
        socket.connect(address).await?;
        let now = Instant::now();
        Ok(Self {
            settings,
            socket,
            began: now,
            // RouterOS acknowledges with a bare header.
            exchange: Exchange::new(settings.timers, Trust::BareToo, seed),
            asked: HashMap::new(),
            urgent: VecDeque::new(),
            changes: VecDeque::new(),
            next_send: now,
            given_up: 0,
        })
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn has_work(&self) -> bool {
        !self.asked.is_empty() || !self.urgent.is_empty() || !self.changes.is_empty()
    }

    const fn is_silent(&self) -> bool {
        self.given_up >= SILENT_AFTER
    }

    /// What is in flight at most: one request finds out whether a silent router is back.
    fn window(&self) -> usize {
        if self.is_silent() { 1 } else { usize::from(self.settings.window.max(1)) }
    }

    fn take(&mut self, job: Job) {
        match job.order.ask {
            Ask::Disconnect(_) => self.urgent.push_back(job),
            Ask::Change(_) => self.changes.push_back(job),
        }
    }

    fn wakes_at(&self, idle_since: Instant) -> Instant {
        let mut at = idle_since + IDLE;
        if let Some(due_ms) = self.exchange.deadline_ms() {
            at = at.min(self.began + Duration::from_millis(due_ms));
        }
        let may_send = self.asked.len() < self.window() && !(self.urgent.is_empty() && self.changes.is_empty());
        if may_send {
            at = at.min(self.next_send);
        }
        at
    }

    async fn send_what_may_go(&mut self) {
        while self.asked.len() < self.window() && Instant::now() >= self.next_send {
            let Some(job) = self.urgent.pop_front().or_else(|| self.changes.pop_front()) else { return };
            // What was wanted then may not be wanted any more.
            if job.since.elapsed() > STALE_AFTER {
                drop(job.answer.send(Answer::NotAsked));
                continue;
            }
            self.send(job).await;
            let gap = Duration::from_secs(1) / self.settings.per_second.max(1);
            // What was not used up of the last moments is not made good later.
            self.next_send = self.next_send.max(Instant::now() - gap) + gap;
        }
    }

    async fn send(&mut self, job: Job) {
        let Job { since: _, order, vendor, secret, answer } = job;
        let Some(id) = self.exchange.free_id() else {
            drop(answer.send(Answer::Silence));
            return;
        };
        let mut buffer = [0; PACKET_MAX];
        let written = change::request(vendor, &order, self.settings.timeout_from, id, &mut buffer);
        let octets = match written {
            Ok(writer) => writer.finish(&secret),
            Err(why) => {
                drop(answer.send(Answer::Unreachable(format!("the request cannot be written: {why}"))));
                return;
            }
        };
        let Ok(packet) = Packet::parse(octets) else {
            drop(answer.send(Answer::Unreachable("the request cannot be written".to_owned())));
            return;
        };
        let now_ms = self.now_ms();
        self.exchange.sent(&packet, now_ms);
        self.put_out(octets).await;
        self.asked.insert(id, Asked { secret, answer });
    }

    async fn put_out(&self, octets: &[u8]) {
        if let Err(why) = self.socket.send(octets).await {
            debug!("a request to a router cannot be sent now, it is repeated: {why}");
        }
    }

    fn hear(&mut self, datagram: &[u8]) {
        let Ok(packet) = Packet::parse(datagram) else { return };
        let id = packet.id();
        let Some(secret) = self.asked.get(&id).map(|asked| Arc::clone(&asked.secret)) else { return };
        let now_ms = self.now_ms();
        match self.exchange.receive(datagram, &secret, now_ms) {
            Ok(answered) => {
                let said = change::answer(&answered.reply);
                self.given_up = 0;
                if let Some(asked) = self.asked.remove(&id) {
                    drop(asked.answer.send(said));
                }
            }
            Err(why) => debug!("a reply to CoA is not believed: {why}"),
        }
    }

    /// Repeats what is due and gives up what was repeated often enough.
    async fn step(&mut self) {
        loop {
            let now_ms = self.now_ms();
            let octets = match self.exchange.step(now_ms) {
                None => return,
                Some(Due::Resend(octets)) => octets.to_vec(),
                Some(Due::GaveUp(id)) => {
                    self.given_up = self.given_up.saturating_add(1);
                    if let Some(asked) = self.asked.remove(&id) {
                        drop(asked.answer.send(Answer::Silence));
                    }
                    if self.is_silent() {
                        self.leave_the_rest();
                    }
                    continue;
                }
            };
            self.put_out(&octets).await;
        }
    }

    /// Nobody waits for a router that is silent.
    fn leave_the_rest(&mut self) {
        for job in self.urgent.drain(..).chain(self.changes.drain(..)) {
            drop(job.answer.send(Answer::Silence));
        }
    }
}
