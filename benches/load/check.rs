//! Which datagrams are answers.

use benches::request::{self, Method};
use dictionaries::rfc2865;
use radius::message_authenticator::{self, Verdict};
use radius::{Code, Packet, authenticator};

use crate::story::{Cast, Class, Step, Story};

/// What an answer says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Yes.
    Accept,
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
pub(crate) fn answer(peer: Peer, datagram: &[u8], story: &Story, request: &[u8], cast: &Cast<'_>) -> Option<Answer> {
    if peer == Peer::Echo {
        return (datagram == request).then_some(Answer::Echoed);
    }
    let asked: &[u8; 16] = request.get(4..20)?.try_into().ok()?;
    let reply = Packet::parse(datagram).ok()?;
    if !authenticator::verify_reply(&reply, asked, cast.secret) {
        return None;
    }
    match (story.step, message_authenticator::verify_reply(&reply, asked, cast.secret)) {
        (_, Verdict::Invalid) => None,
        (Step::Login(_), Verdict::Absent) if peer != Peer::BareServer => None,
        (Step::Record { .. }, Verdict::Absent | Verdict::Valid) => {
            (reply.code() == Code::AccountingResponse).then_some(Answer::Recorded)
        }
        (Step::Login(method), Verdict::Absent | Verdict::Valid) => {
            if reply.code() != Code::AccessAccept {
                return (reply.code() == Code::AccessReject).then_some(Answer::Reject);
            }
            if method == Method::MsChapV2 {
                let owed = &cast.prepared(story.subscriber)?.success;
                return request::server_proved_itself(&reply, owed).then_some(Answer::Accept);
            }
            Some(Answer::Accept)
        }
    }
}

/// The Class of an accept.
pub(crate) fn class(datagram: &[u8]) -> Class {
    let accept = Packet::parse(datagram).ok();
    accept.and_then(|accept| accept.get(rfc2865::CLASS).map(Class::from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use benches::subscriber::Subscriber;
    use radius::{PACKET_MAX, Place, Secret, Writer};

    use super::*;
    use crate::random::Random;
    use crate::story::{self, Run};

    #[test]
    fn an_unsigned_accept_counts_only_from_a_bare_server() {
        let secret = Secret::new(b"testing123");
        let cast = cast(&secret);
        let request = a_login(&cast, LOGIN);
        let (signed, unsigned) = (
            a_reply(&request, Code::AccessAccept, Place::Last, &secret),
            a_reply(&request, Code::AccessAccept, Place::Absent, &secret),
        );

        for peer in [Peer::Server, Peer::BareServer] {
            assert_eq!(answer(peer, &signed, &LOGIN, &request, &cast), Some(Answer::Accept), "{peer:?}");
        }
        assert_eq!(answer(Peer::Server, &unsigned, &LOGIN, &request, &cast), None);
        assert_eq!(answer(Peer::BareServer, &unsigned, &LOGIN, &request, &cast), Some(Answer::Accept));
    }

    #[test]
    fn a_bare_server_must_know_the_secret_too() {
        let (ours, theirs) = (Secret::new(b"testing123"), Secret::new(b"testing124"));
        let cast = cast(&ours);
        let request = a_login(&cast, LOGIN);

        for place in [Place::Last, Place::Absent] {
            let forged = a_reply(&request, Code::AccessAccept, place, &theirs);
            assert_eq!(answer(Peer::BareServer, &forged, &LOGIN, &request, &cast), None);
        }
    }

    #[test]
    fn a_reply_must_be_of_the_kind_that_was_asked_for() {
        let secret = Secret::new(b"testing123");
        let cast = cast(&secret);
        let request = a_login(&cast, LOGIN);
        let kept = a_reply(&request, Code::AccountingResponse, Place::Last, &secret);

        assert_eq!(answer(Peer::Server, &kept, &LOGIN, &request, &cast), None);
    }

    #[test]
    fn an_accept_without_the_proof_of_ms_chap_is_none() {
        let secret = Secret::new(b"testing123");
        let cast = Cast { exchanges: story::prepare(2, &mut Random::new(1)), ..cast(&secret) };
        let login = Story { step: Step::Login(Method::MsChapV2), ..LOGIN };
        let request = a_login(&cast, login);
        let accept = a_reply(&request, Code::AccessAccept, Place::Last, &secret);

        assert_eq!(answer(Peer::Server, &accept, &login, &request, &cast), None);
    }

    const LOGIN: Story = Story { subscriber: Subscriber(1), step: Step::Login(Method::Pap) };

    fn cast(secret: &Secret) -> Cast<'_> {
        Cast { secret, run: Run::new(&mut Random::new(1)), exchanges: Vec::new(), classes: Vec::new() }
    }

    fn a_login(cast: &Cast<'_>, story: Story) -> Vec<u8> {
        cast.write(&story, &mut [0; PACKET_MAX], 7, &mut Random::new(1)).unwrap().to_vec()
    }

    fn a_reply(request: &[u8], code: Code, place: Place, secret: &Secret) -> Vec<u8> {
        let mut buffer = [0; PACKET_MAX];
        let request = Packet::parse(request).unwrap();
        Writer::reply_placing(&mut buffer, code, &request, place).finish(secret).to_vec()
    }
}
