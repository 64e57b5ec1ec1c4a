//! What a NAS is told when somebody may come online.

use std::net::Ipv4Addr;

use crate::access::facts::Holder;
use crate::id::SessionId;
use crate::rate::{Bytes, RateLimit};
use crate::sales::plan::{DeviceCap, PlanService};
use crate::text::RouterName;

/// The terms of one stay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// Our key of the session, which the NAS returns in accounting.
    pub session: SessionId,
    /// Whose right it uses; the NAS returns that too.
    pub holder: Holder,
    /// The kind of line.
    pub service: PlanService,
    /// Seconds until the end of what was bought; `None` has no end.
    pub seconds_left: Option<u64>,
    /// Seconds between interim updates.
    pub interim_seconds: u32,
    /// The speed; `None` is unlimited.
    pub rate: Option<RateLimit>,
    /// Devices at once.
    pub device_cap: DeviceCap,
    /// Data left in both directions together; `None` is no cap. Never zero: that is a refusal.
    pub data_left: Option<Bytes>,
    /// A fixed address, which goes before any pool.
    pub framed_ip: Option<Ipv4Addr>,
    /// The router's address pool.
    pub pool: Option<RouterName>,
    /// The router's firewall address list.
    pub address_list: Option<RouterName>,
}
