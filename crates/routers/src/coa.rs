//! CoA and Disconnect over UDP (RFC 5176): one line to each router, with a pace that it can take.
//!
//! A request is repeated with the same octets from the same port until it is answered or given up. Ends of sessions go
//! before changes. A router that has not answered anything lately is asked one thing at a time, and all else that waits
//! for it is told so at once: a dead router keeps nobody waiting.

mod line;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use domain::access::order::{Answer, Order};
use domain::id::NasId;
use domain::network::nas::Vendor;
use nas::change::TimeoutFrom;
use ports::router_control::{Reach, RouterControl};
use radius::Secret;
use radius::exchange::Timers;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Orders that may wait for one router. More are answered at once as if it were silent: they are asked again later.
const WAITING_MAX: usize = 20_000;

/// How routers are asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The address that requests come from, when the machine has several: RouterOS listens to servers that it knows.
    pub source: Option<IpAddr>,
    /// Requests to one router that wait for an answer at once; 1 to 255.
    pub window: u8,
    /// Requests to one router in a second at most, repeated ones not counted.
    pub per_second: u32,
    /// From when a router counts a Session-Timeout that it is told by CoA.
    pub timeout_from: TimeoutFrom,
    /// How long to wait and how often to ask.
    pub timers: Timers,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            source: None,
            window: 8,
            per_second: 50,
            timeout_from: TimeoutFrom::Start,
            timers: Timers { first_wait_ms: 700, longest_wait_ms: 2_000, tries: 4 },
        }
    }
}

/// By address and router: routers of several tenants may share an address.
type Lines = HashMap<(SocketAddr, NasId), mpsc::Sender<Job>>;

/// An order on its way to a line.
struct Job {
    since: Instant,
    order: Order,
    vendor: Vendor,
    secret: Arc<Secret>,
    answer: oneshot::Sender<Answer>,
}

/// The lines to all routers.
#[derive(Clone)]
pub struct Coa {
    settings: Settings,
    /// Makes lines differ in their waits and first identifiers.
    seed: u64,
    lines: Arc<Mutex<Lines>>,
}

impl std::fmt::Debug for Coa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Coa").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Coa {
    /// No lines yet. `seed` is random.
    pub fn new(settings: Settings, seed: u64) -> Self {
        Self { settings, seed, lines: Arc::default() }
    }

    /// Hands a job to the router's line, which is begun when there is none. One that finds no room is dropped, and with
    /// it whoever waits for its answer is told.
    fn hand(&self, address: SocketAddr, job: Job) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let job = match lines.get(&(address, job.order.nas)) {
            None => job,
            Some(line) => match line.try_send(job) {
                Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => return,
                Err(mpsc::error::TrySendError::Closed(job)) => job,
            },
        };
        self.begin(&mut lines, address, job);
    }

    fn begin(&self, lines: &mut Lines, address: SocketAddr, job: Job) {
        let nas = job.order.nas;
        // Those that ended for want of work make room.
        lines.retain(|_, line| !line.is_closed());
        let (sender, jobs) = mpsc::channel(WAITING_MAX);
        if sender.try_send(job).is_ok() {
            lines.insert((address, nas), sender);
            let seed = self.seed ^ u64::from(address.port()) ^ bits_of(address.ip());
            tokio::spawn(line::keep(self.settings, address, jobs, seed));
        }
    }
}

fn bits_of(address: IpAddr) -> u64 {
    let octets = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    octets.octets().iter().fold(0, |bits: u64, octet| bits.rotate_left(5) ^ u64::from(*octet))
}

/// Where a socket to that address is bound.
const fn any_source(to: SocketAddr) -> SocketAddr {
    match to {
        SocketAddr::V4(_) => SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
        SocketAddr::V6(_) => SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0),
    }
}

impl RouterControl for Coa {
    type Key = Arc<Secret>;

    fn key(&self, secret: &[u8]) -> Arc<Secret> {
        Arc::new(Secret::new(secret))
    }

    async fn ask(&self, router: Reach<Arc<Secret>>, order: Order) -> Answer {
        let (answer, answered) = oneshot::channel();
        let job = Job { since: Instant::now(), order, vendor: router.vendor, secret: router.secret, answer };
        self.hand(router.address, job);
        answered.await.unwrap_or(Answer::Silence)
    }
}

#[cfg(test)]
mod tests;
