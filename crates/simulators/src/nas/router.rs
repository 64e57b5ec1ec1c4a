//! The router with its sockets and its clock: what stories hold in their hands.

mod look;
mod people;
mod task;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use radius::dedup::{Dedup, Limits};
use tokio::net::UdpSocket;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::asking::Route;
use super::line::Line;
use super::machine::{LoginResult, Machine};
use super::settings::{Quirks, Settings};

/// CoAs whose answers are remembered, and for how long, so that a repetition is answered and not done again.
const REMEMBERED: Limits = Limits { capacity: 1_024, octets: 64 * 1_024, life_ms: 30_000 };

/// A simulated router. Copies are the same router; it is gone when the last of them is.
///
/// ```no_run
/// # async fn story() -> Result<(), Box<dyn std::error::Error>> {
/// # use simulators::nas::{Moved, Server, Settings, SimulatedRouter};
/// let server = Server::new("127.0.0.1:1812".parse()?, "127.0.0.1:1813".parse()?, "testing123");
/// let router = SimulatedRouter::start(Settings::new("tower", "127.0.0.7".parse()?, server)).await?;
/// let login = router.hotspot_login("02:00:00:00:00:01".parse()?, "DemoHour1").await;
/// if let Some(session) = login.session() {
///     router.traffic(session, Moved::new(10_000, 500_000));
/// }
/// assert_eq!(router.online()[0].rate(), "2M/5M");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SimulatedRouter {
    shared: Arc<Shared>,
    _running: Arc<DropGuard>,
}

/// What the router and its task share.
#[derive(Debug)]
struct Shared {
    inside: Mutex<Inside>,
    /// Something is to be done.
    work: Notify,
    /// Something has changed that people may wait for.
    changes: watch::Sender<u64>,
    route: Route,
    control: Arc<UdpSocket>,
    control_address: SocketAddr,
    started: Instant,
}

#[derive(Debug)]
struct Inside {
    machine: Machine,
    time: Time,
    dedup: Dedup,
    /// Requests that wait for their answers.
    under_way: usize,
}

/// The router's time as it follows from the machine's.
#[derive(Clone, Copy, Debug)]
struct Time {
    /// At this instant …
    at: Instant,
    /// … the router's time was this.
    ms: u64,
    /// Seconds of the router in one second.
    speed: u32,
}

impl Time {
    fn now_ms(&self) -> u64 {
        let passed_us = self.at.elapsed().as_micros() * u128::from(self.speed);
        self.ms.saturating_add(u64::try_from(passed_us / 1_000).unwrap_or(u64::MAX))
    }

    /// When the router's time will be that; never, if it stands still.
    fn instant(&self, ms: u64) -> Option<Instant> {
        let wait_ms = ms.saturating_sub(self.ms);
        let wait_us = wait_ms.saturating_mul(1_000).checked_div(u64::from(self.speed))?;
        // A microsecond more, so that what is due is due when we look.
        self.at.checked_add(Duration::from_micros(wait_us.saturating_add(1)))
    }

    fn set(&mut self, ms: u64, speed: u32) {
        *self = Self { at: Instant::now(), ms, speed };
    }
}

impl SimulatedRouter {
    /// Starts a router: from now on it listens for CoA, and its time passes.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        let control = Arc::new(UdpSocket::bind((settings.address, settings.control_port)).await?);
        let route = Route {
            address: settings.address,
            servers: settings.servers.clone().into(),
            timeout: settings.timeout,
            line: Line::new(settings.seed.wrapping_add(1)),
        };
        let time = Time { at: Instant::now(), ms: 0, speed: settings.speed };
        let dedup = Dedup::new(REMEMBERED, settings.seed);
        let shared = Arc::new(Shared {
            control_address: control.local_addr()?,
            control,
            route,
            inside: Mutex::new(Inside { machine: Machine::new(settings), time, dedup, under_way: 0 }),
            work: Notify::new(),
            changes: watch::Sender::new(0),
            started: Instant::now(),
        });
        let stop = CancellationToken::new();
        tokio::spawn(task::run(Arc::clone(&shared), stop.clone()));
        Ok(Self { shared, _running: Arc::new(stop.drop_guard()) })
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.shared.now().machine.settings.name.clone()
    }

    /// Where it listens for CoA and Disconnect.
    pub fn control_address(&self) -> SocketAddr {
        self.shared.control_address
    }

    /// Power goes and comes: everybody is offline without a word, what waits to be sent is gone, and session ids begin
    /// anew.
    pub fn reboot(&self) {
        self.does(Machine::reboot);
    }

    /// The line is cut: nothing comes in, nothing goes out. The router itself goes on.
    pub fn die(&self) {
        self.shared.route.line.cut(true);
    }

    /// The line is mended.
    pub fn revive(&self) {
        self.shared.route.line.cut(false);
    }

    /// The line loses that share of all datagrams, both ways: 0.2 is a fifth.
    pub fn loss(&self, share: f64) {
        self.shared.route.line.loses(share);
    }

    /// The line brings that share of all datagrams twice.
    pub fn repeats(&self, share: f64) {
        self.shared.route.line.repeats(share);
    }

    /// Each datagram waits up to so long, so that some overtake others.
    pub fn delays(&self, most: Duration) {
        self.shared.route.line.delays(most);
    }

    /// Changes its habits.
    pub fn quirks(&self, change: impl FnOnce(&mut Quirks)) {
        self.does(|machine| change(&mut machine.settings.quirks));
    }

    /// Lets the hotspot log devices in by their hardware address, or not.
    pub fn mac_login(&self, is_on: bool) {
        self.does(|machine| machine.settings.mac_login = is_on);
    }

    /// That many seconds of the router pass in one second from now on; 0 stands still.
    pub fn runs_at(&self, speed: u32) {
        self.does_to_all(|inside| {
            let now_ms = inside.time.now_ms();
            inside.time.set(now_ms, speed);
        });
    }

    /// So much time of the router passes at once, with all that is due in it. Waits for logins that are made in it, as
    /// long as somebody answers; its reports are on their way when it comes back ([`Self::settled`] waits for them).
    pub async fn passes(&self, span: Duration) {
        let mut goal_ms = 0;
        self.does_to_all(|inside| {
            let span_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
            goal_ms = inside.time.now_ms().saturating_add(span_ms);
            let speed = inside.time.speed;
            inside.time.set(goal_ms, speed);
            inside.machine.leap(goal_ms);
        });
        self.waits(|inside| inside.machine.now_ms() >= goal_ms).await;
    }

    async fn waits(&self, mut is_true: impl FnMut(&Inside) -> bool) {
        let mut changes = self.shared.changes.subscribe();
        while !is_true(&self.shared.now()) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    async fn told(&self, ask: impl FnOnce(&mut Machine, oneshot::Sender<LoginResult>)) -> LoginResult {
        let (teller, told) = oneshot::channel();
        self.does(|machine| ask(machine, teller));
        // A router that was rebooted meanwhile tells nobody.
        told.await.unwrap_or(LoginResult::Unanswered)
    }

    fn does(&self, what: impl FnOnce(&mut Machine)) {
        self.does_to_all(|inside| what(&mut inside.machine));
    }

    fn does_to_all(&self, what: impl FnOnce(&mut Inside)) {
        what(&mut self.shared.now());
        self.shared.work.notify_one();
        self.shared.changed();
    }
}

impl Shared {
    /// The inside, with all done that was due before now.
    fn now(&self) -> MutexGuard<'_, Inside> {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ms = inside.time.now_ms();
        inside.machine.advance(now_ms);
        inside
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}
