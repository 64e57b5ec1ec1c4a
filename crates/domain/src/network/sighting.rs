//! What is seen of a router: when it was heard, from where, and whether it signs.

use std::net::IpAddr;

use crate::id::{NasId, TenantId};
use crate::time::Timestamp;

/// What one node has seen of a router since it last said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sighting {
    /// Its tenant.
    pub tenant: TenantId,
    /// The router.
    pub nas: NasId,
    /// When it was heard last.
    pub heard_at: Timestamp,
    /// Where that came from.
    pub heard_from: IpAddr,
    /// Access-Requests with a valid Message-Authenticator.
    pub signed: u32,
    /// Access-Requests without any.
    pub unsigned: u32,
}

/// What all nodes together have seen of a router.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// When it was heard last.
    pub heard_at: Timestamp,
    /// Where that came from.
    pub heard_from: IpAddr,
    /// Signed Access-Requests in a row, with none between them that was not.
    pub signed_in_row: u64,
    /// When that row began.
    pub signed_since: Option<Timestamp>,
    /// When an Access-Request without a Message-Authenticator came last.
    pub unsigned_at: Option<Timestamp>,
}
