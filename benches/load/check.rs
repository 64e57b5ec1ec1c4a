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
    /// One that signs every answer to a login.
    Server,
    /// One of the times before that was asked for: its answers carry a Response Authenticator alone.
    BareServer,
    Echo,
}

/// Reads a reply to a waiting request; nothing, if it does not prove that it is one.
///
/// An answer to a login must carry a valid Message-Authenticator, unless it comes from [`Peer::BareServer`]; one to a
/// record may go without. A Message-Authenticator that is there, and every Response Authenticator, must be right.
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
        (_, Verdict::Invalid) => None,
        (Step::Login(_), Verdict::Absent) if peer != Peer::BareServer => None,
        (Step::Record { .. }, Verdict::Absent | Verdict::Valid) => Some(Answer::Recorded),
        (Step::Login(method), Verdict::Absent | Verdict::Valid) => {
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

#[cfg(test)]
mod tests {
    use benches::request::{Login, Nonce};
    use benches::subscriber::Subscriber;
    use radius::{PACKET_MAX, Place, Writer};

    use super::*;
    use crate::clock;
    use crate::story::Story;

    #[test]
    fn an_unsigned_accept_counts_only_from_a_bare_server() {
        let secret = Secret::new(b"testing123");
        let waiting = a_login_that_waits(&secret);
        let (signed, unsigned) =
            (an_accept(&waiting, Place::Last, &secret), an_accept(&waiting, Place::Absent, &secret));

        for peer in [Peer::Server, Peer::BareServer] {
            assert!(answer(peer, &signed, &waiting, &secret).is_some(), "{peer:?}");
        }
        assert_eq!(answer(Peer::Server, &unsigned, &waiting, &secret), None);
        assert!(answer(Peer::BareServer, &unsigned, &waiting, &secret).is_some());
    }

    #[test]
    fn a_bare_server_must_know_the_secret_too() {
        let (ours, theirs) = (Secret::new(b"testing123"), Secret::new(b"testing124"));
        let waiting = a_login_that_waits(&ours);

        for place in [Place::Last, Place::Absent] {
            assert_eq!(answer(Peer::BareServer, &an_accept(&waiting, place, &theirs), &waiting, &ours), None);
        }
    }

    fn a_login_that_waits(secret: &Secret) -> Waiting {
        let subscriber = Subscriber(1);
        let login = Login {
            name: &subscriber.name(),
            password: &subscriber.password(),
            calling_station: &subscriber.calling_station(),
            method: Method::Pap,
        };
        let mut buffer = [0; PACKET_MAX];
        let request = request::login(&mut buffer, 7, &login, &Nonce::FIXED, secret).unwrap().to_vec();
        let story = Story { subscriber, step: Step::Login(Method::Pap) };
        Waiting { serial: 1, story, since: clock::now(), tries: 1, request }
    }

    fn an_accept(to: &Waiting, place: Place, secret: &Secret) -> Vec<u8> {
        let mut buffer = [0; PACKET_MAX];
        let request = Packet::parse(&to.request).unwrap();
        Writer::reply_placing(&mut buffer, Code::AccessAccept, &request, place).finish(secret).to_vec()
    }
}
