//! What a simulated router is like.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use domain::time::Timestamp;
use radius::Secret;

use super::traffic::Moved;

/// A RADIUS server as a router knows it: an entry of `/radius`.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where logins are asked.
    pub auth: SocketAddr,
    /// Where sessions are reported.
    pub acct: SocketAddr,
    /// The word that both know.
    pub secret: Arc<Secret>,
}

impl Server {
    /// A server with its two ports and the shared secret.
    pub fn new(auth: SocketAddr, acct: SocketAddr, secret: &str) -> Self {
        Self { auth, acct, secret: Arc::new(Secret::new(secret.as_bytes())) }
    }
}

/// From when the figures of a CoA count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Since {
    /// From the beginning of the session, like those of its accept (RFC 2865 §5.27).
    #[default]
    Start,
    /// From the moment at which they were told.
    Told,
}

/// Habits of routers that differ or are not known for sure.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Quirks {
    /// From when a Session-Timeout of a CoA counts.
    pub session_timeout: Since,
    /// From when limits of data of a CoA count.
    pub limits: Since,
    /// Says yes to a new rate and goes on with the old one.
    pub ignores_rate: bool,
    /// Answers every CoA with this Error-Cause.
    pub naks_coa: Option<u32>,
    /// Answers every Disconnect with this Error-Cause.
    pub naks_disconnect: Option<u32>,
    /// Says yes to a Disconnect and keeps the session.
    pub keeps_disconnected: bool,
    /// Takes CoA from any address, not from its servers' alone.
    pub hears_strangers: bool,
}

/// What a router is like. Begin with [`Settings::new`] and change what the story needs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `/system identity`: NAS-Identifier.
    pub name: String,
    /// Where its packets come from and where it listens for CoA. Routers behind one NAT share it.
    pub address: IpAddr,
    /// What it believes its own address to be: NAS-IP-Address.
    pub nas_ip: Ipv4Addr,
    /// Whom it asks, in this order.
    pub servers: Vec<Server>,
    /// Where it listens for CoA and Disconnect; 0 takes a free port.
    pub control_port: u16,
    /// How long it waits for an answer before it sends again, by the clock on the wall.
    pub timeout: Duration,
    /// How many seconds of the router pass in one second; 0 lets its time stand still until it is told to pass.
    pub speed: u32,
    /// What its chance follows from.
    pub seed: u64,
    /// What its clock shows when it starts. A board without a battery begins in 1970.
    pub clock: Timestamp,
    /// Sessions that its licence allows.
    pub licence: usize,
    /// `shared-users` of the hotspot's profile, where no Port-Limit was told.
    pub shared_users: u32,
    /// Whether the hotspot logs devices in by their hardware address.
    pub mac_login: bool,
    /// Whether the hotspot remembers who logged in from a device.
    pub mac_cookies: bool,
    /// The first address that it gives away.
    pub first_address: Ipv4Addr,
    /// How long a house waits before it dials again, by the router's time; doubles up to a minute.
    pub redial_after: Duration,
    /// How often a PPP session is reported when the server does not say.
    pub interim: Duration,
    /// Requests that wait for their answers at once.
    pub requests_max: usize,
    /// What every new session would move in a second if its rate allowed.
    pub traffic: Moved,
    /// Habits.
    pub quirks: Quirks,
}

impl Settings {
    /// A hotspot and PPPoE router at an address of loopback that asks one server, with RouterOS's own defaults.
    pub fn new(name: &str, address: Ipv4Addr, server: Server) -> Self {
        Self {
            name: name.to_owned(),
            address: address.into(),
            nas_ip: address,
            servers: vec![server],
            control_port: 3_799,
            timeout: Duration::from_millis(1_100),
            speed: 1,
            seed: 1,
            clock: Timestamp::from_seconds(0),
            licence: usize::MAX,
            shared_users: 1,
            mac_login: false,
            mac_cookies: true,
            first_address: Ipv4Addr::new(10, 5, 0, 2),
            redial_after: Duration::from_secs(3),
            interim: Duration::from_secs(300),
            requests_max: 32,
            traffic: Moved::default(),
            quirks: Quirks::default(),
        }
    }

    /// The same with a second server, asked when the first says nothing.
    #[must_use]
    pub fn or(mut self, secondary: Server) -> Self {
        self.servers.push(secondary);
        self
    }

    /// The licence of level 4: 200 sessions.
    #[must_use]
    pub fn level_4(mut self) -> Self {
        self.licence = 200;
        self
    }

    /// The same behind somebody else's address.
    #[must_use]
    pub fn behind(mut self, nat: IpAddr, control_port: u16) -> Self {
        (self.address, self.control_port) = (nat, control_port);
        self
    }

    /// That many seconds of the router in one second.
    #[must_use]
    pub fn at_speed(mut self, speed: u32) -> Self {
        self.speed = speed;
        self
    }
}
