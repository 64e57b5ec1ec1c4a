//! Simulated routers of a World: registered, known to the role, and with a port of their own for CoA.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use actions::network::register_nas::NewNas;
use anyhow::{Context as _, bail};
use domain::mac::Mac;
use ports::Clock as _;
use simulators::nas::{Server, Settings, SimulatedRouter};

use crate::client::Router;
use crate::free::free_addresses;
use crate::world::{Isp, World};

/// Each has an address of its own, from 127.0.77.1 on.
static NEXT: AtomicU16 = AtomicU16::new(1);

/// What they share with the server.
const SECRET: &str = "simulated-secret";

/// How long a role may take until it knows a router, on a busy machine.
const KNOWN_WITHIN: u16 = 200;

impl World {
    /// Registers a router of an ISP and starts it. Its time stands still until the story lets it pass.
    pub async fn simulates(&self, isp: &Isp) -> anyhow::Result<SimulatedRouter> {
        self.simulates_with(isp, |_| {}).await
    }

    /// The same with a router that differs from others.
    pub async fn simulates_with(&self, isp: &Isp, change: impl Fn(&mut Settings)) -> anyhow::Result<SimulatedRouter> {
        self.simulates_many(isp, 1, change).await?.pop().context("one was asked for")
    }

    /// Many at once, each registered, at an address of its own and with other addresses to give away.
    pub async fn simulates_many(
        &self,
        isp: &Isp,
        count: u16,
        change: impl Fn(&mut Settings),
    ) -> anyhow::Result<Vec<SimulatedRouter>> {
        let mut known = Vec::new();
        for _ in 0..count {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let [high, low] = number.to_be_bytes();
            let (address, name) = (Ipv4Addr::new(127, 0, 77 + high, low), format!("sim-{number}"));
            let [free] = free_addresses()?;
            let coa = |new: &mut NewNas| new.coa_port = free.port();
            let router = self.registers(isp, &name, &address.to_string(), SECRET, coa).await?;
            let server = Server::new(router.auth, router.acct, SECRET);
            let mut settings = Settings::new(&name, address, server).at_speed(0);
            settings.clock = self.clock.now();
            settings.control_port = free.port();
            settings.first_address = Ipv4Addr::new(10, high, low, 2);
            settings.seed = number.into();
            change(&mut settings);
            known.push((router, settings));
        }
        let mut routers = Vec::new();
        for (router, settings) in known {
            is_known(&router).await?;
            routers.push(SimulatedRouter::start(settings).await?);
        }
        Ok(routers)
    }
}

/// The device with that number.
pub fn phone(number: u16) -> Mac {
    let [high, low] = number.to_be_bytes();
    Mac::from_octets([2, 0, 0, 0, high, low])
}

/// Waits until the role has heard of a router.
async fn is_known(router: &Router) -> anyhow::Result<()> {
    let hasty = Router { patience: Duration::from_millis(100), ..router.clone() };
    for _ in 0..KNOWN_WITHIN {
        if hasty.asks_status().await? {
            return Ok(());
        }
    }
    bail!("the role does not answer the router at {}", router.from)
}
