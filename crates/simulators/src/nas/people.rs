//! Who is behind a router: phones that somebody types into, and houses that dial by themselves.

use std::net::Ipv4Addr;

use dictionaries::rfc2866::acct_terminate_cause as cause;

use super::session::SessionKey;

/// How a password is proved.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum By {
    /// RFC 2865 §5.2: as the portal's page posts it.
    Pap,
    /// RFC 2865 §5.3: the hotspot's default.
    Chap,
    /// RFC 2759: PPPoE's best.
    MsChapV2,
}

/// What is shown to the server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: String,
    pub(super) by: By,
}

/// A device behind the router.
#[derive(Clone, Debug)]
pub(super) struct Device {
    /// The address that the router keeps for it.
    pub(super) ip: Ipv4Addr,
    /// What the router repeats when the device appears (mac-cookie).
    pub(super) cookie: Option<Credentials>,
    /// What a house dials with, until it is told to stop.
    pub(super) dials: Option<Credentials>,
    /// Its session.
    pub(super) session: Option<SessionKey>,
    /// Whether it is asking just now.
    pub(super) is_asking: bool,
    /// How often it has dialled in vain.
    pub(super) in_vain: u32,
}

impl Device {
    pub(super) const fn at(ip: Ipv4Addr) -> Self {
        Self { ip, cookie: None, dials: None, session: None, is_asking: false, in_vain: 0 }
    }
}

/// Whether the end of a session takes the mac-cookie with it.
pub(super) const fn forgets_cookie(why: u32) -> bool {
    matches!(why, cause::USER_REQUEST | cause::ADMIN_RESET | cause::NAS_REQUEST | cause::SESSION_TIMEOUT)
}

/// Whether a phone is still there after such an end, so that the hotspot sees it again at once.
pub(super) const fn stays_near(why: u32) -> bool {
    matches!(why, cause::ADMIN_RESET | cause::NAS_REQUEST | cause::SESSION_TIMEOUT)
}
