//! What the people behind a router do.

use domain::mac::Mac;

use super::SimulatedRouter;
use crate::nas::machine::LoginResult;
use crate::nas::people::{By, Credentials};
use crate::nas::session::{Service, SessionKey};
use crate::nas::traffic::Moved;

impl SimulatedRouter {
    /// A phone logs in with a voucher's code: CHAP, as RouterOS's own page does it, and no password.
    pub async fn hotspot_login(&self, phone: Mac, code: &str) -> LoginResult {
        self.hotspot_login_by(phone, code, "", By::Chap).await
    }

    /// A phone logs in with a name and a password.
    pub async fn hotspot_login_by(&self, phone: Mac, user: &str, password: &str, by: By) -> LoginResult {
        let credentials = Credentials { user: user.to_owned(), password: password.to_owned(), by };
        self.told(|machine, teller| machine.log_in(phone, Service::Hotspot, credentials, Some(teller))).await
    }

    /// A phone comes near and nobody types: the router repeats what it remembers of it (mac-cookie), or tries its
    /// hardware address where that is allowed.
    pub async fn appears(&self, phone: Mac) -> LoginResult {
        self.told(|machine, teller| machine.appear(phone, Some(teller))).await
    }

    /// A house dials by MS-CHAPv2, and from now on dials again whenever its line ends. Its address follows from its name.
    pub async fn pppoe(&self, user: &str, password: &str) -> LoginResult {
        self.pppoe_by(mac_of(user), user, password, By::MsChapV2).await
    }

    /// The same for a device, in another way.
    pub async fn pppoe_by(&self, mac: Mac, user: &str, password: &str, by: By) -> LoginResult {
        let credentials = Credentials { user: user.to_owned(), password: password.to_owned(), by };
        self.told(|machine, teller| machine.dial(mac, credentials, Some(teller))).await
    }

    /// Begins a login that nobody waits for.
    pub(in crate::nas) fn begins(&self, mac: Mac, service: Service, credentials: Credentials) {
        self.does(|machine| match service {
            Service::Hotspot => machine.log_in(mac, service, credentials, None),
            Service::Pppoe => machine.dial(mac, credentials, None),
        });
    }

    /// Somebody logs out, or switches the house's router off.
    pub fn leaves(&self, session: SessionKey) {
        self.does(|machine| machine.leave(Some(session)));
    }

    /// Everybody logs out and nobody comes back.
    pub fn everybody_leaves(&self) {
        self.does(|machine| machine.leave(None));
    }

    /// The router no longer hears a device, and reports that.
    pub fn loses_sight_of(&self, session: SessionKey) {
        self.does(|machine| machine.lose(session));
    }

    /// From now on a session moves so many octets a second, as far as its rate allows.
    pub fn traffic(&self, session: SessionKey, octets_per_second: Moved) {
        self.does(|machine| machine.wish(session, octets_per_second));
    }

    /// A session moves so many octets now.
    pub fn moves(&self, session: SessionKey, octets: Moved) {
        self.does(|machine| machine.burst(session, octets));
    }
}

/// The hardware address of a house, from its name: locally administered, the same every time.
fn mac_of(user: &str) -> Mac {
    // FNV-1a: names differ, so do addresses, but for one case in 2^40.
    let hash = user
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3));
    let [_, _, _, a, b, c, d, e] = hash.to_be_bytes();
    Mac::from_octets([0x06, a, b, c, d, e])
}
