//! Asks routers to change or end sessions that they have.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;

use domain::access::order::{Answer, Order};
use domain::network::nas::Vendor;

/// A router as somebody can reach it.
pub struct Reach<Key> {
    /// Where it listens for CoA and Disconnect (RFC 5176).
    pub address: SocketAddr,
    /// How to speak to it.
    pub vendor: Vendor,
    /// The secret that it shares with us, in the adapter's own form.
    pub secret: Key,
}

impl<Key> fmt::Debug for Reach<Key> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reach").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Somebody who can speak to routers.
pub trait RouterControl: Send + Sync + 'static {
    /// A shared secret, made ready.
    type Key: Clone + Send + Sync + 'static;

    /// Makes a shared secret ready.
    fn key(&self, secret: &[u8]) -> Self::Key;

    /// Asks a router once, with as many copies as it takes, and waits for what it says. Silence is an answer too; it may
    /// take seconds. How many are asked at once is the adapter's to bound: a router is never asked more than it can take.
    fn ask(&self, router: Reach<Self::Key>, order: Order) -> impl Future<Output = Answer> + Send;
}
