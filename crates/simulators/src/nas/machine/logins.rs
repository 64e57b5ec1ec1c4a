//! How devices come online: typed, remembered, by their hardware address, or dialled again and again.

use std::net::Ipv4Addr;
use std::sync::Arc;

use dictionaries::rfc2865;
use domain::mac::Mac;
use radius::{Code, Packet};

use super::{Asking, LoginResult, Machine, Purpose, Teller, Timer};
use crate::nas::asking::Request;
use crate::nas::draft::{Login, Nonce, Status, name_of};
use crate::nas::people::{By, Credentials, Device};
use crate::nas::session::{Facts, Service, Session, SessionKey};
use crate::nas::told::Told;
use crate::nas::view::Happened;

/// Addresses that a router has to give away.
const DEVICES_MAX: usize = 65_000;

/// No house waits longer than that before it dials again.
const REDIAL_MAX_MS: u64 = 60_000;

/// After that the hotspot has forgotten a device that it refused, and tries its hardware address once more.
const HOST_AGAIN_MS: u64 = 300_000;

impl Machine {
    /// Begins a login. Whoever waits is told what becomes of it.
    pub(in crate::nas) fn log_in(&mut self, mac: Mac, service: Service, credentials: Credentials, teller: Teller) {
        if let Some(why) = self.refuses(mac) {
            self.memory.tally.refuse(why);
            self.memory.note(self.now_ms, &credentials.user, Happened::Refused(why.to_owned()));
            self.dial_later(mac);
            return tell(teller, LoginResult::RefusedHere(why));
        }
        let address = self.next_address();
        let device = self.devices.entry(mac).or_insert_with(|| Device::at(address));
        device.is_asking = true;
        let ip = device.ip;
        let facts = Facts { service, mac, user: credentials.user.clone(), ip, number: self.next_number(service) };
        let nonce = Nonce::thrown(&mut self.dice);
        let login = Arc::new(Login { station: Arc::clone(&self.station), facts, credentials, nonce });
        self.next_login += 1;
        let number = self.next_login;
        self.logins.insert(number, Asking { login: Arc::clone(&login), teller });
        self.arm(Timer::Device(mac), None);
        self.send(Request::Login(login), Purpose::Login(number));
    }

    /// Why the router itself does not ask for a device.
    fn refuses(&self, mac: Mac) -> Option<&'static str> {
        let device = self.devices.get(&mac);
        if device.is_some_and(|device| device.is_asking) {
            Some("already authorizing, retry later")
        } else if device.is_some_and(|device| device.session.is_some()) {
            Some("you are already logged in")
        } else if self.sessions.len() + self.logins.len() >= self.settings.licence {
            Some("session limit reached")
        } else if device.is_none() && self.devices.len() >= DEVICES_MAX {
            Some("no more addresses in the pool")
        } else {
            None
        }
    }

    fn next_address(&self) -> Ipv4Addr {
        let count = u32::try_from(self.devices.len()).unwrap_or(u32::MAX);
        Ipv4Addr::from(u32::from(self.settings.first_address).wrapping_add(count))
    }

    /// A house dials, and goes on dialling until it is told to stop.
    pub(in crate::nas) fn dial(&mut self, mac: Mac, credentials: Credentials, teller: Teller) {
        let address = self.next_address();
        if self.devices.len() < DEVICES_MAX {
            let device = self.devices.entry(mac).or_insert_with(|| Device::at(address));
            device.dials = Some(credentials.clone());
        }
        self.log_in(mac, Service::Pppoe, credentials, teller);
    }

    /// A device appears on the hotspot: the router tries what it remembers of it, then its hardware address.
    pub(in crate::nas) fn appear(&mut self, mac: Mac, teller: Teller) {
        let cookie = self.devices.get(&mac).and_then(|device| device.cookie.clone());
        let by_mac = || self.settings.mac_login.then(|| by_address(mac));
        match cookie.or_else(by_mac) {
            Some(credentials) => self.log_in(mac, Service::Hotspot, credentials, teller),
            None => tell(teller, LoginResult::RefusedHere("the hotspot remembers nothing of this device")),
        }
    }

    /// What a device does by itself when its time has come.
    pub(super) fn try_again(&mut self, mac: Mac) {
        match self.devices.get(&mac).and_then(|device| device.dials.clone()) {
            Some(credentials) => self.log_in(mac, Service::Pppoe, credentials, None),
            None => self.appear(mac, None),
        }
    }

    /// An answer has come, or none.
    pub(in crate::nas) fn login_answered(&mut self, number: u64, answer: Option<&[u8]>) {
        let Some(Asking { login, teller }) = self.logins.remove(&number) else { return };
        let mac = login.facts.mac;
        if let Some(device) = self.devices.get_mut(&mac) {
            device.is_asking = false;
        }
        let result = match answer.map(Packet::parse) {
            Some(Ok(reply)) => self.judge(&login, &reply),
            Some(Err(_)) | None => LoginResult::Unanswered,
        };
        self.is_answered = answer.is_some();
        let user = &login.facts.user;
        match &result {
            LoginResult::Online(session) => {
                self.memory.tally.logins += 1;
                self.memory.note(self.now_ms, user, Happened::Began(*session));
            }
            LoginResult::Unanswered => {
                self.memory.tally.unanswered += 1;
                self.memory.note(self.now_ms, user, Happened::Unanswered);
            }
            LoginResult::Refused { .. } | LoginResult::RefusedHere(_) => {
                self.memory.tally.refuse(result.sentence());
                self.memory.note(self.now_ms, user, Happened::Refused(result.sentence().to_owned()));
            }
        }
        if !result.is_online() {
            self.stayed_out(mac, &login, &result);
        }
        tell(teller, result);
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "every other code says nothing that a router can use")]
    fn judge(&mut self, login: &Arc<Login>, reply: &Packet<'_>) -> LoginResult {
        match reply.code() {
            Code::AccessAccept => match Told::read(reply) {
                Ok(told) if login.is_proven_by(reply) => self.come_online(login, told),
                Ok(_) | Err(_) => {
                    self.memory.tally.bad_replies += 1;
                    LoginResult::Unanswered
                }
            },
            Code::AccessReject => {
                let said = reply.get(rfc2865::REPLY_MESSAGE).map(|said| said.as_bytes()).unwrap_or_default();
                let said = String::from_utf8_lossy(said).into_owned();
                let (sentence, reference) = said.rsplit_once(". Ref ").unwrap_or((&said, ""));
                LoginResult::Refused { sentence: sentence.to_owned(), reference: reference.to_owned() }
            }
            _ => {
                self.memory.tally.bad_replies += 1;
                LoginResult::Unanswered
            }
        }
    }

    fn come_online(&mut self, login: &Arc<Login>, told: Told) -> LoginResult {
        let mut facts = login.facts.clone();
        let others = self.sessions.values().filter(|other| other.facts.user == facts.user).count();
        let allowed = told.port_limit.unwrap_or(self.settings.shared_users);
        if facts.service == Service::Hotspot && others >= usize::try_from(allowed).unwrap_or(usize::MAX) {
            return LoginResult::RefusedHere("no more sessions are allowed for user");
        }
        facts.ip = told.framed_ip.unwrap_or(facts.ip);
        // A hotspot takes the interval that it was told; a PPP server has one of its own where it was told none.
        let interim = match (told.interim, facts.service) {
            (Some(0) | None, Service::Pppoe) => Some(self.settings.interim.as_secs()),
            (Some(0) | None, Service::Hotspot) => None,
            (Some(seconds), _) => Some(u64::from(seconds)),
        };
        self.next_key += 1;
        let key = SessionKey(self.next_key);
        let session = Session::begin(
            key,
            facts,
            told,
            self.settings.traffic,
            interim.filter(|seconds| *seconds > 0),
            self.now_ms,
        );
        self.remember(login, key);
        self.report(&session, Status::Start);
        self.sessions.insert(key, session);
        self.arm_session(key);
        LoginResult::Online(key)
    }

    fn remember(&mut self, login: &Login, key: SessionKey) {
        let Some(device) = self.devices.get_mut(&login.facts.mac) else { return };
        device.session = Some(key);
        device.in_vain = 0;
        let is_typed = login.credentials.user != name_of(login.facts.mac);
        if login.facts.service == Service::Hotspot && is_typed && self.settings.mac_cookies {
            device.cookie = Some(login.credentials.clone());
        }
    }

    /// What a device that did not come online does next.
    fn stayed_out(&mut self, mac: Mac, login: &Login, result: &LoginResult) {
        let by_address = login.credentials == by_address(mac);
        let Some(device) = self.devices.get_mut(&mac) else { return };
        if matches!(result, LoginResult::Refused { .. }) && device.cookie.as_ref() == Some(&login.credentials) {
            device.cookie = None;
        }
        if by_address && self.settings.mac_login {
            self.arm(Timer::Device(mac), Some(self.now_ms.saturating_add(HOST_AGAIN_MS)));
        }
        self.dial_later(mac);
    }

    /// A house that dialled in vain waits, longer each time, and dials again.
    fn dial_later(&mut self, mac: Mac) {
        let redial_ms = self.redial_ms();
        let Some(device) = self.devices.get_mut(&mac) else { return };
        if device.dials.is_none() || device.is_asking || device.session.is_some() {
            return;
        }
        device.in_vain = device.in_vain.saturating_add(1);
        let factor = 1_u64 << device.in_vain.min(10).saturating_sub(1);
        let wait_ms = self.spread(redial_ms.saturating_mul(factor).min(REDIAL_MAX_MS));
        self.arm(Timer::Device(mac), Some(self.now_ms.saturating_add(wait_ms)));
    }

    pub(super) fn redial_ms(&self) -> u64 {
        u64::try_from(self.settings.redial_after.as_millis()).unwrap_or(u64::MAX).max(1)
    }

    /// A wait that is up to a half longer, so that houses do not dial in step.
    pub(super) fn spread(&mut self, wait_ms: u64) -> u64 {
        wait_ms.saturating_add(self.dice.up_to(wait_ms / 2))
    }
}

/// A login by hardware address: the address is the name, and there is no password.
fn by_address(mac: Mac) -> Credentials {
    Credentials { user: name_of(mac), password: String::new(), by: By::Pap }
}

pub(super) fn tell(teller: Teller, result: LoginResult) {
    if let Some(teller) = teller {
        // Whoever waited may have gone.
        let _ = teller.send(result);
    }
}
