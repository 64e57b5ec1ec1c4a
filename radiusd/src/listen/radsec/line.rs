//! What one connection shares with those who answer its requests.
//!
//! TCP loses nothing, so a copy of a request is rare: one whose first copy is being answered is ignored (RFC 6613
//! §2.6.1), one that comes after the answer is answered anew. An identifier that is used again before its answer came
//! means that the router has given the earlier request up, whose answer is then not sent.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use radius::{Code, Packet};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::door::Port;

/// Requests of one connection that are answered at once. Further ones are not read until there is room, and TCP holds
/// the router up. Identifiers have one octet, so more than 256 cannot be told apart.
pub(crate) const IN_FLIGHT_MAX: usize = 256;

/// A reply on its way out; its request counts until it has been written.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) bytes: Vec<u8>,
    pub(crate) _place: OwnedSemaphorePermit,
}

/// What makes two packets of one connection the same request, together with the Authenticator.
type Key = (Code, u8);

#[derive(Debug)]
struct Asked {
    number: u64,
    authenticator: [u8; 16],
}

#[derive(Debug, Default)]
struct Requests {
    asked: HashMap<Key, Asked>,
    next: u64,
}

/// One connection, as its repliers see it.
#[derive(Debug)]
pub(crate) struct Line {
    peer: SocketAddr,
    replies: mpsc::Sender<Reply>,
    requests: Mutex<Requests>,
}

impl Line {
    /// A connection with nothing asked yet, where its replies come out, and the places for its requests.
    pub(crate) fn new(peer: SocketAddr) -> (Arc<Self>, mpsc::Receiver<Reply>, Arc<Semaphore>) {
        let (replies, out) = mpsc::channel(IN_FLIGHT_MAX);
        let line = Arc::new(Self { peer, replies, requests: Mutex::default() });
        (line, out, Arc::new(Semaphore::new(IN_FLIGHT_MAX)))
    }

    /// The right to answer a request; nothing while its first copy is being answered.
    pub(crate) fn see(
        self: &Arc<Self>,
        packet: &Packet<'_>,
        port: Port,
        place: OwnedSemaphorePermit,
    ) -> Option<StreamReplier> {
        let key = (packet.code(), packet.id());
        let mut requests = self.requests();
        if requests.asked.get(&key).is_some_and(|asked| asked.authenticator == *packet.authenticator()) {
            return None;
        }
        let number = requests.next;
        requests.next += 1;
        requests.asked.insert(key, Asked { number, authenticator: *packet.authenticator() });
        drop(requests);
        Some(StreamReplier { line: Arc::clone(self), key, number, port, place: Some(place) })
    }

    /// Takes a request off the list; false if the router has given it up.
    fn finish(&self, key: Key, number: u64) -> bool {
        let mut requests = self.requests();
        let is_current = requests.asked.get(&key).is_some_and(|asked| asked.number == number);
        if is_current {
            requests.asked.remove(&key);
        }
        is_current
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to answer one request of a connection. Dropped without an answer, the request is forgotten.
#[derive(Debug)]
pub struct StreamReplier {
    line: Arc<Line>,
    key: Key,
    number: u64,
    port: Port,
    place: Option<OwnedSemaphorePermit>,
}

impl StreamReplier {
    /// Hands the answer to the connection, unless it has ended or its router has given the request up.
    pub(crate) fn send(mut self, reply: &[u8]) {
        if let Some(place) = self.place.take()
            && self.line.finish(self.key, self.number)
        {
            // There is room for one reply to each place; a connection that has ended wants none.
            drop(self.line.replies.try_send(Reply { bytes: reply.to_vec(), _place: place }));
        }
    }

    pub(crate) fn peer(&self) -> SocketAddr {
        self.line.peer
    }

    pub(crate) const fn port(&self) -> Port {
        self.port
    }
}

impl Drop for StreamReplier {
    fn drop(&mut self) {
        if self.place.take().is_some() {
            self.line.finish(self.key, self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use dictionaries::rfc2865;
    use radius::{PACKET_MAX, Place, Secret, Writer};

    use super::*;

    fn request(id: u8, random: u8) -> Vec<u8> {
        let mut buffer = [0; PACKET_MAX];
        let mut writer = Writer::access_request(&mut buffer, id, &[random; 16], Place::Absent);
        writer.put(rfc2865::USER_NAME, "house-12").expect("fits");
        writer.finish(&Secret::new(radius::radsec::SECRET)).to_vec()
    }

    struct Scene {
        line: Arc<Line>,
        out: mpsc::Receiver<Reply>,
        places: Arc<Semaphore>,
    }

    impl Scene {
        fn new() -> Self {
            let (line, out, places) = Line::new(SocketAddr::from(([192, 0, 2, 1], 40_000)));
            Self { line, out, places }
        }

        fn see(&self, request: &[u8]) -> Option<StreamReplier> {
            let place = Arc::clone(&self.places).try_acquire_owned().expect("a place");
            self.line.see(&Packet::parse(request).expect("good"), Port::Auth, place)
        }

        fn sent(&mut self) -> Option<Vec<u8>> {
            self.out.try_recv().ok().map(|reply| reply.bytes)
        }
    }

    #[test]
    fn a_copy_is_ignored_while_its_first_is_answered_and_served_afterwards() {
        let mut scene = Scene::new();

        let first = scene.see(&request(1, 1)).expect("new");
        assert!(scene.see(&request(1, 1)).is_none());
        first.send(b"answer");

        assert_eq!(scene.sent().as_deref(), Some(&b"answer"[..]));
        assert!(scene.see(&request(1, 1)).is_some());
    }

    #[test]
    fn a_request_that_was_given_up_is_not_answered() {
        let mut scene = Scene::new();
        let given_up = scene.see(&request(1, 1)).expect("new");
        let current = scene.see(&request(1, 2)).expect("the identifier is used again");

        given_up.send(b"late");
        current.send(b"in time");

        assert_eq!(scene.sent().as_deref(), Some(&b"in time"[..]));
        assert_eq!(scene.sent(), None);
    }

    #[test]
    fn a_request_counts_until_its_reply_is_written_or_it_is_dropped() {
        let mut scene = Scene::new();
        let repliers: Vec<_> = (0..=u8::MAX).map(|id| scene.see(&request(id, 1)).expect("new")).collect();
        assert_eq!(scene.places.available_permits(), 0);

        for (index, replier) in repliers.into_iter().enumerate() {
            if index % 2 == 0 {
                replier.send(b"answer");
            }
        }

        assert_eq!(scene.places.available_permits(), IN_FLIGHT_MAX / 2);
        while scene.sent().is_some() {}
        assert_eq!(scene.places.available_permits(), IN_FLIGHT_MAX);
        assert!(scene.line.requests().asked.is_empty());
    }
}
