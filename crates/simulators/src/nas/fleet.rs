//! Many routers with many people behind them, as one.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use domain::mac::Mac;
use domain::time::Timestamp;
use tokio::time::{Instant, MissedTickBehavior};

use super::people::{By, Credentials};
use super::router::SimulatedRouter;
use super::session::Service;
use super::settings::{Server, Settings};
use super::view::Tally;

/// Routers of one fleet.
const ROUTERS_MAX: usize = 1_000;

/// How often somebody begins to log in, at most so many at a time.
const TICK: Duration = Duration::from_millis(20);

/// Requests that all routers together have under way: each has a socket.
const SOCKETS_MAX: usize = 4_096;

/// The first address of the first router's pool: 10.0.0.2.
const POOLS: u32 = 0x0a00_0002;

/// Addresses of one router: a thousand routers have room in 10.0.0.0/8.
const POOL_SIZE: u32 = 16_384;

/// Somebody who comes online.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscriber {
    /// A user name or a voucher's code.
    pub user: String,
    /// A password; empty for a voucher.
    pub password: String,
}

/// What a fleet is like.
#[derive(Clone, Debug)]
pub struct FleetSettings {
    /// How many routers; at most 1,000.
    pub routers: usize,
    /// How many sessions, spread evenly over the routers.
    pub sessions: usize,
    /// Whom they ask.
    pub servers: Vec<Server>,
    /// The kind of line.
    pub service: Service,
    /// Who logs in: the first session is the first one's, and after the last one the first begins again.
    pub subscribers: Arc<[Subscriber]>,
    /// How they prove their passwords.
    pub by: By,
    /// The first router's address; the others follow it.
    pub first_address: Ipv4Addr,
    /// Puts all routers behind this address instead. They then take CoA on ports of their own, from 3799 on.
    pub nat: Option<IpAddr>,
    /// How many begin to log in within a second, over all routers.
    pub logins_per_second: u32,
    /// All that is the same for each router: how fast time passes, what moves, what its licence allows.
    pub each: Settings,
    /// The share of datagrams that is lost.
    pub loss: f64,
    /// The share of datagrams that come twice.
    pub repeats: f64,
    /// How long a datagram waits at most.
    pub delay: Duration,
}

impl FleetSettings {
    /// One router of loopback and nobody behind it.
    pub fn new(server: Server, service: Service) -> Self {
        let first_address = Ipv4Addr::new(127, 1, 0, 1);
        Self {
            routers: 1,
            sessions: 0,
            servers: vec![server.clone()],
            service,
            subscribers: Arc::from([]),
            by: if service == Service::Hotspot { By::Chap } else { By::MsChapV2 },
            first_address,
            nat: None,
            logins_per_second: 200,
            each: Settings::new("", first_address, server),
            loss: 0.0,
            repeats: 0.0,
            delay: Duration::ZERO,
        }
    }
}

/// Routers that are looked at together.
#[derive(Clone, Debug)]
pub struct Fleet {
    routers: Vec<SimulatedRouter>,
    settings: Arc<FleetSettings>,
}

/// A look at all of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FleetView {
    /// Sessions that live.
    pub online: usize,
    /// How many of them were told each rate; no rate is an empty text.
    pub rates: BTreeMap<String, usize>,
    /// All numbers of all routers.
    pub tally: Tally,
}

impl Fleet {
    /// Starts the routers. `now` is what their clocks show.
    pub async fn start(settings: FleetSettings, now: Timestamp) -> io::Result<Self> {
        let count = settings.routers.clamp(1, ROUTERS_MAX);
        let mut routers = Vec::with_capacity(count);
        for number in 0..count {
            let router = SimulatedRouter::start(one_of(&settings, number, count, now)).await?;
            router.loss(settings.loss);
            router.repeats(settings.repeats);
            router.delays(settings.delay);
            routers.push(router);
        }
        Ok(Self { routers, settings: Arc::new(settings) })
    }

    /// The routers.
    pub fn routers(&self) -> &[SimulatedRouter] {
        &self.routers
    }

    /// Lets everybody begin to log in, so many a second. Comes back when the last has begun.
    pub async fn logs_in(&self) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let begun = Instant::now();
        let mut next = 0;
        while next < self.settings.sessions {
            tick.tick().await;
            let due = begun.elapsed().as_millis() * u128::from(self.settings.logins_per_second) / 1_000;
            let due = usize::try_from(due).unwrap_or(usize::MAX).saturating_add(1).min(self.settings.sessions);
            for number in next..due {
                self.one_logs_in(number);
            }
            next = due;
        }
    }

    fn one_logs_in(&self, number: usize) {
        let subscribers = &self.settings.subscribers;
        let (Some(router), Some(subscriber)) =
            (self.routers.get(number % self.routers.len()), subscribers.get(number % subscribers.len().max(1)))
        else {
            return;
        };
        let Subscriber { user, password } = subscriber.clone();
        router.begins(mac_of(number), self.settings.service, Credentials { user, password, by: self.settings.by });
    }

    /// How all of them are.
    pub fn view(&self) -> FleetView {
        let mut view = FleetView::default();
        for router in &self.routers {
            for online in router.online() {
                view.online += 1;
                *view.rates.entry(online.rate().to_owned()).or_default() += 1;
            }
            view.tally.add(&router.tally());
        }
        view
    }

    /// Everybody logs out, and the routers report it, at most so long. Whether all was answered or given up by then.
    pub async fn goes_home(&self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        self.routers.iter().for_each(SimulatedRouter::everybody_leaves);
        let mut all = true;
        for router in &self.routers {
            all &= router.settled(end.saturating_duration_since(Instant::now())).await;
        }
        all
    }
}

fn one_of(fleet: &FleetSettings, number: usize, count: usize, now: Timestamp) -> Settings {
    let offset = u32::try_from(number).unwrap_or(u32::MAX);
    let own = Ipv4Addr::from(u32::from(fleet.first_address).wrapping_add(offset));
    let requests_max = fleet.each.requests_max.min(SOCKETS_MAX / count).max(1);
    let settings = Settings {
        name: format!("sim-{:03}", number + 1),
        address: own.into(),
        nas_ip: own,
        servers: fleet.servers.clone(),
        seed: fleet.each.seed.wrapping_add(u64::from(offset).wrapping_mul(0x1_0000_0001)),
        clock: now,
        // Each has a part of 10.0.0.0/8 for itself.
        first_address: Ipv4Addr::from(POOLS.saturating_add(offset.saturating_mul(POOL_SIZE))),
        requests_max,
        ..fleet.each.clone()
    };
    match fleet.nat {
        Some(nat) => settings.behind(nat, u16::try_from(3_799_u32.saturating_add(offset)).unwrap_or(0)),
        None => settings,
    }
}

/// The device of a session: locally administered, the same in every run.
fn mac_of(number: usize) -> Mac {
    let [a, b, c, d] = u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
    Mac::from_octets([0x02, 0x5e, a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_router_has_a_name_an_address_and_chance_of_its_own() {
        let server = Server::new(([127, 0, 0, 1], 1_812).into(), ([127, 0, 0, 1], 1_813).into(), "s");
        let fleet = FleetSettings::new(server, Service::Hotspot);

        let (first, second) =
            (one_of(&fleet, 0, 500, Timestamp::from_seconds(7)), one_of(&fleet, 1, 500, Timestamp::from_seconds(7)));
        let behind = FleetSettings { nat: Some(Ipv4Addr::LOCALHOST.into()), ..fleet };
        let hidden = one_of(&behind, 1, 500, Timestamp::from_seconds(7));

        assert_eq!((first.name.as_str(), first.address.to_string()), ("sim-001", "127.1.0.1".to_owned()));
        assert_eq!((second.nas_ip.to_string(), second.requests_max), ("127.1.0.2".to_owned(), 8));
        assert_ne!(first.seed, second.seed);
        assert_eq!(second.first_address.to_string(), "10.0.64.2");
        assert_eq!((hidden.address, hidden.control_port), (Ipv4Addr::LOCALHOST.into(), 3_800));
        assert_eq!(hidden.nas_ip, second.nas_ip);
    }
}
