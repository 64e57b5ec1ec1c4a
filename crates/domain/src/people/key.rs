//! Keys: programs that ask in an ISP's name.

use crate::id::KeyId;
use crate::people::permission::Permissions;
use crate::people::role::Services;
use crate::people::staff::Zoned;
use crate::time::Timestamp;

/// A key as it is known. What proves it is told once, when it is made or rotated, and never again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// Its id.
    pub id: KeyId,
    /// How people call it, unique among the ISP's keys that are not revoked, 1 to 60 characters.
    pub name: String,
    /// What it may do.
    pub permissions: Permissions,
    /// With which kinds of service.
    pub services: Services,
    /// Where.
    pub zones: Zoned,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// When it got another proof last.
    pub rotated_at: Option<Timestamp>,
    /// Until when the proof before that one goes on.
    pub earlier_until: Option<Timestamp>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// Goes up with every change.
    pub revision: u64,
}

impl Key {
    /// Most characters of a name.
    pub const NAME_MAX: usize = 60;
}
