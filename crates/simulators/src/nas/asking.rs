//! A request on its way: three transmissions of the same octets, one timeout apart, then the next server.
//!
//! Every request has a socket of its own, so that its source port is new, as RouterOS does it. An answer that is not
//! signed, or signed with another secret, is as good as none.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use radius::message_authenticator::{self, Verdict};
use radius::{Code, PACKET_MAX, Packet, Secret, WriteError, authenticator};
use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::draft::{Login, Report};
use super::line::Line;
use super::settings::Server;

/// How often a request is sent to one server.
pub(super) const TRIES: u8 = 3;

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum Request {
    Login(Arc<Login>),
    Report(Report),
}

/// From where and whom.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) address: IpAddr,
    pub(super) servers: Arc<[Server]>,
    pub(super) timeout: Duration,
    pub(super) line: Line,
}

impl Request {
    fn write(&self, id: u8, secret: &Secret) -> Result<Vec<u8>, WriteError> {
        let mut buffer = [0; PACKET_MAX];
        Ok(match self {
            Self::Login(login) => login.write(&mut buffer, id, secret)?.to_vec(),
            Self::Report(report) => report.write(&mut buffer, id, secret)?.to_vec(),
        })
    }

    const fn port(&self, server: &Server) -> SocketAddr {
        match self {
            Self::Login(_) => server.auth,
            Self::Report(_) => server.acct,
        }
    }
}

/// Asks until there is an answer or nobody is left to ask; the octets of a believable answer.
pub(super) async fn ask(request: Request, id: u8, route: Route) -> Option<Vec<u8>> {
    for server in route.servers.iter() {
        // A request that cannot be written, or a machine without sockets, is as silent as a server that is away.
        let Ok(octets) = request.write(id, &server.secret) else { return None };
        let Ok(socket) = UdpSocket::bind((route.address, 0)).await else { return None };
        let (socket, to) = (Arc::new(socket), request.port(server));
        for _ in 0..TRIES {
            route.line.send(&socket, &octets, to).await;
            let patience = Instant::now() + route.timeout;
            if let Some(answer) = answer_until(patience, &socket, &octets, to, server, &route.line).await {
                return Some(answer);
            }
        }
    }
    None
}

async fn answer_until(
    patience: Instant,
    socket: &UdpSocket,
    asked: &[u8],
    to: SocketAddr,
    server: &Server,
    line: &Line,
) -> Option<Vec<u8>> {
    let mut buffer = vec![0; PACKET_MAX];
    loop {
        let received = tokio::time::timeout_at(patience, socket.recv_from(&mut buffer)).await.ok()?;
        let Ok((length, from)) = received else { continue };
        let Some(wait) = line.fate()[0] else { continue };
        if from != to || !is_answer(asked, &buffer[..length], &server.secret) {
            continue;
        }
        if Instant::now() + wait > patience {
            return None;
        }
        tokio::time::sleep(wait).await;
        buffer.truncate(length);
        return Some(buffer);
    }
}

/// Whether a datagram answers what was asked, from somebody who knows the secret. An answer to a login must be signed.
fn is_answer(asked: &[u8], datagram: &[u8], secret: &Secret) -> bool {
    let (Ok(asked), Ok(reply)) = (Packet::parse(asked), Packet::parse(datagram)) else { return false };
    let signed = match message_authenticator::verify_reply(&reply, asked.authenticator(), secret) {
        Verdict::Valid => true,
        Verdict::Absent => asked.code() != Code::AccessRequest,
        Verdict::Invalid => false,
    };
    signed
        && reply.id() == asked.id()
        && reply.code().answers(asked.code())
        && authenticator::verify_reply(&reply, asked.authenticator(), secret)
}

#[cfg(test)]
mod tests {
    use radius::{Place, Writer};

    use super::*;

    #[test]
    fn an_answer_is_believed_that_is_signed_with_the_secret_and_answers_the_question() {
        let (secret, other) = (Secret::new(b"s"), Secret::new(b"t"));
        let mut buffer = [0; PACKET_MAX];
        let asked = Writer::access_request(&mut buffer, 9, &[7; 16], Place::Last).finish(&secret).to_vec();
        let answer = |code, place, secret: &Secret| {
            let mut buffer = [0; PACKET_MAX];
            let asked = Packet::parse(&asked).unwrap();
            Writer::reply_placing(&mut buffer, code, &asked, place).finish(secret).to_vec()
        };

        for (code, place, secret, is_good) in [
            (Code::AccessAccept, Place::First, &secret, true),
            (Code::AccessReject, Place::Last, &secret, true),
            (Code::AccessAccept, Place::Absent, &secret, false),
            (Code::AccessAccept, Place::First, &other, false),
            (Code::AccountingResponse, Place::First, &secret, false),
        ] {
            let datagram = answer(code, place, secret);
            assert_eq!(is_answer(&asked, &datagram, &Secret::new(b"s")), is_good, "{code:?} {place:?}");
        }
    }
}
