//! CoA and Disconnect as RouterOS takes them (RFC 5176, and what is known of the router besides).
//!
//! A session is found by all that the request names; a hotspot's only with its address. A yes is a bare header.

use dictionaries::rfc2866::acct_terminate_cause as cause;
use dictionaries::rfc5176::error_cause;
use dictionaries::{rfc2865, rfc2866, rfc3576};
use domain::mac::Mac;
use radius::{Code, PACKET_MAX, Packet, Place, Secret, Writer, authenticator, message_authenticator};

use super::machine::Machine;
use super::session::{Service, Session, SessionKey};
use super::told::Told;
use super::view::{Happened, Outcome};

/// Whether a request was written by somebody who knows the secret.
pub(super) fn is_believed(request: &Packet<'_>, secret: &Secret) -> bool {
    matches!(request.code(), Code::CoaRequest | Code::DisconnectRequest)
        && authenticator::verify_request(request, secret)
        && message_authenticator::verify_request(request, secret) != message_authenticator::Verdict::Invalid
}

/// The octets of an answer: bare, but for the reason of a no.
pub(super) fn answer(request: &Packet<'_>, outcome: Outcome, secret: &Secret) -> Option<Vec<u8>> {
    let is_disconnect = request.code() == Code::DisconnectRequest;
    let (code, why) = match (outcome, is_disconnect) {
        (Outcome::Ack, false) => (Code::CoaAck, None),
        (Outcome::Ack, true) => (Code::DisconnectAck, None),
        (Outcome::Nak(why), false) => (Code::CoaNak, Some(why)),
        (Outcome::Nak(why), true) => (Code::DisconnectNak, Some(why)),
        (Outcome::Repeated | Outcome::Silence, _) => return None,
    };
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::reply_placing(&mut buffer, code, request, Place::Absent);
    if let Some(why) = why {
        writer.put(rfc3576::ERROR_CAUSE, why).ok()?;
    }
    Some(writer.finish(secret).to_vec())
}

impl Machine {
    /// Does what a believed request asks.
    pub(super) fn obey(&mut self, request: &Packet<'_>) -> Outcome {
        let is_disconnect = request.code() == Code::DisconnectRequest;
        let quirks = self.settings.quirks;
        if let Some(why) = if is_disconnect { quirks.naks_disconnect } else { quirks.naks_coa } {
            return Outcome::Nak(why);
        }
        if request.get(rfc2865::NAS_IP_ADDRESS).is_some_and(|ip| ip != self.settings.nas_ip) {
            return Outcome::Nak(error_cause::NAS_IDENTIFICATION_MISMATCH);
        }
        let found = self.found(request);
        if found.is_empty() {
            return Outcome::Nak(error_cause::SESSION_CONTEXT_NOT_FOUND);
        }
        if is_disconnect {
            if !quirks.keeps_disconnected {
                found.into_iter().for_each(|key| self.end(key, cause::ADMIN_RESET));
            }
            return Outcome::Ack;
        }
        let Ok(told) = Told::read(request) else {
            return Outcome::Nak(error_cause::INVALID_ATTRIBUTE_VALUE);
        };
        found.into_iter().for_each(|key| self.change(key, &told));
        Outcome::Ack
    }

    /// The sessions that fit all that a request names. One that names nothing fits nobody.
    fn found(&self, request: &Packet<'_>) -> Vec<SessionKey> {
        let names_somebody = [
            rfc2865::USER_NAME.number,
            rfc2866::ACCT_SESSION_ID.number,
            rfc2865::FRAMED_IP_ADDRESS.number,
            rfc2865::CALLING_STATION_ID.number,
            rfc2865::NAS_PORT.number,
        ];
        if !names_somebody.into_iter().any(|number| request.has(number)) {
            return Vec::new();
        }
        let fits = |session: &&Session| fits(session, request);
        self.sessions.values().filter(fits).map(|session| session.key).collect()
    }

    fn change(&mut self, key: SessionKey, told: &Told) {
        let (now_ms, quirks) = (self.now_ms(), self.settings.quirks);
        let Some(session) = self.sessions.get_mut(&key) else { return };
        session.change(told, &quirks, now_ms);
        let user = session.facts.user.clone();
        self.memory.note(now_ms, &user, Happened::Changed(key));
        self.arm_session(key);
    }
}

fn fits(session: &Session, request: &Packet<'_>) -> bool {
    let facts = &session.facts;
    let ip = request.get(rfc2865::FRAMED_IP_ADDRESS);
    let same = |attribute, ours: &str| {
        request.get(attribute).is_none_or(|said: radius::value::Text<'_>| said.as_bytes() == ours.as_bytes())
    };
    same(rfc2865::USER_NAME, &facts.user)
        && same(rfc2866::ACCT_SESSION_ID, &facts.acct_session_id())
        && ip.map_or(facts.service == Service::Pppoe, |ip| ip == facts.ip)
        && request.get(rfc2865::NAS_PORT).is_none_or(|port| port == facts.port())
        && request.get(rfc2865::CALLING_STATION_ID).is_none_or(|said| Mac::parse(said.as_bytes()) == Some(facts.mac))
}
