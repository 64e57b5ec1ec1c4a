//! Which datagrams are answers.

use benches::request::{self, Method};
use dictionaries::rfc2865;
use radius::message_authenticator::{self, Verdict};
use radius::{Code, Packet, Secret, authenticator};

use crate::lane::Waiting;
use crate::story::{Class, Step};

/// What an answer says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Yes, with the Class that goes into the session's records.
    Accept(Class),
    /// No.
    Reject,
    /// The record is kept.
    Recorded,
    /// The request itself came back from the echo.
    Echoed,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Server,
    Echo,
}

/// Reads a reply to a waiting request; nothing, if it does not prove that it is one.
///
/// An answer to a login must carry a valid Message-Authenticator; one to a record may go without. A Response
/// Authenticator must be right in both.
pub(crate) fn answer(peer: Peer, datagram: &[u8], waiting: &Waiting, secret: &Secret) -> Option<Answer> {
    if peer == Peer::Echo {
        return (datagram == waiting.request).then_some(Answer::Echoed);
    }
    let request = Packet::parse(&waiting.request).ok()?;
    let reply = Packet::parse(datagram).ok()?;
    if !reply.code().answers(request.code()) || !authenticator::verify_reply(&reply, request.authenticator(), secret) {
        return None;
    }
    let signed = message_authenticator::verify_reply(&reply, request.authenticator(), secret);
    match (&waiting.story.step, signed) {
        (_, Verdict::Invalid) | (Step::Login(_), Verdict::Absent) => None,
        (Step::Record { .. }, Verdict::Absent | Verdict::Valid) => Some(Answer::Recorded),
        (Step::Login(method), Verdict::Valid) => {
            if reply.code() != Code::AccessAccept {
                return (reply.code() == Code::AccessReject).then_some(Answer::Reject);
            }
            let password = waiting.story.subscriber.password();
            let owes_proof = *method == Method::MsChapV2;
            if owes_proof && !request::server_proved_itself(&request, &reply, &password) {
                return None;
            }
            Some(Answer::Accept(reply.get(rfc2865::CLASS).map(Class::from).unwrap_or_default()))
        }
    }
}
