//! What a router asks and reports, and the octets it does so with: attributes in RouterOS's order.
//!
//! A draft is written anew for each server, because hidden passwords and signatures depend on its secret; all tries
//! with one server send the same octets.

use std::net::Ipv4Addr;
use std::sync::Arc;

use dictionaries::{microsoft, mikrotik, rfc2865, rfc2866, rfc2869, wispr};
use domain::mac::Mac;
use radius::mschap::{MsChapV2, NtHash, challenge_response};
use radius::{PACKET_MAX, Packet, Place, Secret, WriteError, Writer, chap};
use sha1::{Digest as _, Sha1};

use super::people::{By, Credentials};
use super::session::{Facts, Service};
use super::traffic::Moved;
use crate::dice::Dice;

/// What is the same in all requests of a router.
#[derive(Clone, Debug)]
pub(super) struct Station {
    pub(super) name: String,
    pub(super) nas_ip: Ipv4Addr,
}

/// The name of the hotspot's server and of its bridge.
const HOTSPOT: (&str, &str) = ("hotspot1", "bridge-hotspot");
/// The name of the PPPoE service and of its interface.
const PPPOE: (&str, &str) = ("pppoe1", "ether2");

/// The random octets of one login.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nonce {
    authenticator: [u8; 16],
    challenge: [u8; 16],
    peer_challenge: [u8; 16],
    ident: u8,
}

impl Nonce {
    pub(super) fn thrown(dice: &mut Dice) -> Self {
        Self {
            authenticator: dice.octets(),
            challenge: dice.octets(),
            peer_challenge: dice.octets(),
            ident: dice.octet(),
        }
    }
}

/// A login.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) station: Arc<Station>,
    pub(super) facts: Facts,
    pub(super) credentials: Credentials,
    pub(super) nonce: Nonce,
}

/// What a report is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Status {
    Start,
    Interim,
    /// With its Acct-Terminate-Cause.
    Stop(u32),
}

/// A report of a session.
#[derive(Clone, Debug)]
pub(super) struct Report {
    pub(super) station: Arc<Station>,
    pub(super) facts: Facts,
    pub(super) classes: Vec<Vec<u8>>,
    pub(super) status: Status,
    pub(super) moved: Moved,
    pub(super) seconds: u32,
    /// Event-Timestamp: what the router's clock shows.
    pub(super) clock: u32,
}

impl Login {
    /// The octets of the request.
    pub(super) fn write<'b>(
        &self,
        buffer: &'b mut [u8; PACKET_MAX],
        id: u8,
        secret: &Secret,
    ) -> Result<&'b [u8], WriteError> {
        let (facts, nonce) = (&self.facts, &self.nonce);
        let mut writer = Writer::access_request(buffer, id, &nonce.authenticator, Place::Last);
        match facts.service {
            Service::Hotspot => {
                put_line(&mut writer, facts)?;
                writer.put(rfc2866::ACCT_SESSION_ID, &facts.acct_session_id())?;
                writer.put(rfc2865::FRAMED_IP_ADDRESS, facts.ip)?;
                writer.put(mikrotik::HOST_IP, facts.ip)?;
                self.put_proof(&mut writer, secret)?;
                writer.put(rfc2865::SERVICE_TYPE, rfc2865::service_type::LOGIN_USER)?;
                writer.put(wispr::LOGOFF_URL, &format!("http://{}/logout", self.station.nas_ip))?;
            }
            Service::Pppoe => {
                writer.put(rfc2865::SERVICE_TYPE, rfc2865::service_type::FRAMED_USER)?;
                writer.put(rfc2865::FRAMED_PROTOCOL, rfc2865::framed_protocol::PPP)?;
                put_line(&mut writer, facts)?;
                writer.put(rfc2866::ACCT_SESSION_ID, &facts.acct_session_id())?;
                self.put_proof(&mut writer, secret)?;
            }
        }
        writer.put(rfc2865::NAS_IDENTIFIER, &self.station.name)?;
        writer.put(rfc2865::NAS_IP_ADDRESS, self.station.nas_ip)?;
        Ok(writer.finish(secret))
    }

    fn put_proof(&self, writer: &mut Writer<'_>, secret: &Secret) -> Result<(), WriteError> {
        let (password, nonce) = (&self.credentials.password, &self.nonce);
        match self.credentials.by {
            By::Pap => writer.put_hidden(rfc2865::USER_PASSWORD, password.as_bytes(), secret),
            By::Chap => {
                let hash = chap::response(nonce.ident, password.as_bytes(), &nonce.challenge);
                writer.put(rfc2865::CHAP_CHALLENGE, &nonce.challenge)?;
                writer.put(rfc2865::CHAP_PASSWORD, &[&[nonce.ident][..], &hash].concat())
            }
            By::MsChapV2 => {
                let mut response = [0; 50];
                response[0] = nonce.ident;
                response[2..18].copy_from_slice(&nonce.peer_challenge);
                response[26..].copy_from_slice(&self.ms_chap_response());
                writer.put(microsoft::MS_CHAP_CHALLENGE, &nonce.challenge)?;
                writer.put(microsoft::MS_CHAP2_RESPONSE, &response)
            }
        }
    }

    /// RFC 2759 §8.1, as the device computes it.
    fn ms_chap_response(&self) -> [u8; 24] {
        let digest: [u8; 20] = Sha1::new()
            .chain_update(self.nonce.peer_challenge)
            .chain_update(self.nonce.challenge)
            .chain_update(&self.credentials.user)
            .finalize()
            .into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        challenge_response([a, b, c, d, e, f, g, h], &NtHash::of(&self.credentials.password))
    }

    /// Whether an accept proves that the server knows the password too. A device that hears otherwise drops the line.
    pub(super) fn is_proven_by(&self, accept: &Packet<'_>) -> bool {
        if self.credentials.by != By::MsChapV2 {
            return true;
        }
        let response = self.ms_chap_response();
        let ours = MsChapV2 {
            ident: self.nonce.ident,
            authenticator_challenge: &self.nonce.challenge,
            peer_challenge: &self.nonce.peer_challenge,
            response: &response,
            user_name: self.credentials.user.as_bytes(),
        };
        let wanted = ours.prove(&NtHash::of(&self.credentials.password)).map(|proven| proven.success());
        accept.get(microsoft::MS_CHAP2_SUCCESS).zip(wanted).is_some_and(|(said, wanted)| said == wanted)
    }
}

impl Report {
    /// The octets of the request.
    pub(super) fn write<'b>(
        &self,
        buffer: &'b mut [u8; PACKET_MAX],
        id: u8,
        secret: &Secret,
    ) -> Result<&'b [u8], WriteError> {
        let facts = &self.facts;
        let mut writer = Writer::accounting_request(buffer, id, Place::Absent);
        writer.put(rfc2866::ACCT_STATUS_TYPE, self.status.number())?;
        if let Status::Stop(cause) = self.status {
            writer.put(rfc2866::ACCT_TERMINATE_CAUSE, cause)?;
        }
        put_line(&mut writer, facts)?;
        writer.put(rfc2866::ACCT_SESSION_ID, &facts.acct_session_id())?;
        if facts.service == Service::Pppoe {
            writer.put(rfc2865::SERVICE_TYPE, rfc2865::service_type::FRAMED_USER)?;
            writer.put(rfc2865::FRAMED_PROTOCOL, rfc2865::framed_protocol::PPP)?;
            writer.put(rfc2866::ACCT_AUTHENTIC, rfc2866::acct_authentic::RADIUS)?;
        }
        for class in &self.classes {
            writer.put(rfc2865::CLASS, class)?;
        }
        writer.put(rfc2865::FRAMED_IP_ADDRESS, facts.ip)?;
        if facts.service == Service::Hotspot {
            writer.put(mikrotik::HOST_IP, facts.ip)?;
        }
        writer.put(rfc2869::EVENT_TIMESTAMP, self.clock)?;
        if self.status != Status::Start {
            self.put_counters(&mut writer)?;
        }
        writer.put(rfc2865::NAS_IDENTIFIER, &self.station.name)?;
        writer.put(rfc2866::ACCT_DELAY_TIME, 0)?;
        writer.put(rfc2865::NAS_IP_ADDRESS, self.station.nas_ip)?;
        Ok(writer.finish(secret))
    }

    fn put_counters(&self, writer: &mut Writer<'_>) -> Result<(), WriteError> {
        let Moved { up, down } = self.moved;
        writer.put(rfc2866::ACCT_INPUT_OCTETS, low(up))?;
        writer.put(rfc2866::ACCT_OUTPUT_OCTETS, low(down))?;
        writer.put(rfc2869::ACCT_INPUT_GIGAWORDS, low(up >> 32))?;
        writer.put(rfc2869::ACCT_OUTPUT_GIGAWORDS, low(down >> 32))?;
        // Nobody counts packets here: a thousand octets each is as good as any.
        writer.put(rfc2866::ACCT_INPUT_PACKETS, low(up.div_ceil(1_000)))?;
        writer.put(rfc2866::ACCT_OUTPUT_PACKETS, low(down.div_ceil(1_000)))?;
        writer.put(rfc2866::ACCT_SESSION_TIME, self.seconds)
    }
}

impl Status {
    const fn number(self) -> u32 {
        use rfc2866::acct_status_type::{INTERIM_UPDATE, START, STOP};

        match self {
            Self::Start => START,
            Self::Interim => INTERIM_UPDATE,
            Self::Stop(_) => STOP,
        }
    }
}

/// What names the line, in every request.
fn put_line(writer: &mut Writer<'_>, facts: &Facts) -> Result<(), WriteError> {
    let (port_type, (called, port_id)) = match facts.service {
        Service::Hotspot => (rfc2865::nas_port_type::WIRELESS_802_11, HOTSPOT),
        Service::Pppoe => (rfc2865::nas_port_type::ETHERNET, PPPOE),
    };
    writer.put(rfc2865::NAS_PORT_TYPE, port_type)?;
    writer.put(rfc2865::CALLING_STATION_ID, &facts.mac.to_string())?;
    writer.put(rfc2865::CALLED_STATION_ID, called)?;
    writer.put(rfc2869::NAS_PORT_ID, port_id)?;
    writer.put(rfc2865::USER_NAME, &facts.user)?;
    writer.put(rfc2865::NAS_PORT, facts.port())
}

/// The lowest 32 bits.
fn low(octets: u64) -> u32 {
    u32::try_from(octets & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

/// How a device's address is written where it is its name.
pub(super) fn name_of(mac: Mac) -> String {
    mac.to_string()
}

#[cfg(test)]
mod tests;
