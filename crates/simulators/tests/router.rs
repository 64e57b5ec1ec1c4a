//! A simulated router over real sockets, against a server of a few lines.

#![expect(clippy::unwrap_used, reason = "a failed test should stop at the line that failed")]

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dictionaries::{mikrotik, rfc2865, rfc2866, rfc2869, rfc3576};
use radius::{Code, PACKET_MAX, Packet, Place, Secret, Writer, authenticator};
use simulators::nas::{By, LoginResult, Moved, Outcome, Server, Settings, SimulatedRouter};
use tokio::net::UdpSocket;

const SECRET: &str = "testing123";

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the server was sent: how often each datagram came, and from which ports.
#[derive(Default)]
struct Seen {
    datagrams: HashMap<Vec<u8>, u32>,
    ports: Vec<SocketAddr>,
    /// Acct-Status-Type and octets down, in order.
    reports: Vec<(u32, u32)>,
}

/// A server that says yes, on a port of its own, to all but each datagram's first few copies.
async fn serves(deaf_to_first: u32) -> (Server, Arc<Mutex<Seen>>) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Seen::default()));
    let noted = Arc::clone(&seen);
    tokio::spawn(async move {
        let secret = Secret::new(SECRET.as_bytes());
        let mut datagram = vec![0; PACKET_MAX];
        loop {
            let (length, from) = socket.recv_from(&mut datagram).await.unwrap();
            let Some(answer) = answer(&datagram[..length], from, &noted, deaf_to_first, &secret) else { continue };
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    (Server::new(address, address, SECRET), seen)
}

fn answer(datagram: &[u8], from: SocketAddr, seen: &Mutex<Seen>, deaf: u32, secret: &Secret) -> Option<Vec<u8>> {
    let mut seen = seen.lock().unwrap();
    let copies = seen.datagrams.entry(datagram.to_vec()).or_default();
    *copies += 1;
    let is_first = *copies == 1;
    let is_heard = *copies > deaf;
    let request = Packet::parse(datagram).unwrap();
    if is_first {
        seen.ports.push(from);
        if let Some(status) = request.get(rfc2866::ACCT_STATUS_TYPE) {
            assert!(authenticator::verify_request(&request, secret));
            seen.reports.push((status, request.get(rfc2866::ACCT_OUTPUT_OCTETS).unwrap_or(0)));
            assert_eq!(request.get(rfc2865::CLASS), Some(&b"ours"[..]));
        }
    }
    if !is_heard {
        return None;
    }
    let mut buffer = [0; PACKET_MAX];
    if request.code() == Code::AccountingRequest {
        return Some(Writer::reply(&mut buffer, Code::AccountingResponse, &request).finish(secret).to_vec());
    }
    let mut accept = Writer::reply(&mut buffer, Code::AccessAccept, &request);
    accept.put(rfc2865::CLASS, b"ours").unwrap();
    accept.put(mikrotik::RATE_LIMIT, "2M/5M").unwrap();
    accept.put(rfc2869::ACCT_INTERIM_INTERVAL, 60).unwrap();
    Some(accept.finish(secret).to_vec())
}

fn phone(number: u8) -> domain::mac::Mac {
    domain::mac::Mac::from_octets([2, 0, 0, 0, 0, number])
}

/// A router at an address of its own whose time stands still.
async fn router(last: u8, server: Server, change: impl FnOnce(&mut Settings)) -> SimulatedRouter {
    let mut settings = Settings::new("tower", Ipv4Addr::new(127, 77, 0, last), server).at_speed(0);
    (settings.control_port, settings.timeout) = (0, Duration::from_millis(300));
    change(&mut settings);
    SimulatedRouter::start(settings).await.unwrap()
}

#[tokio::test]
async fn a_phone_lives_an_hour_and_every_report_of_it_is_answered() {
    let (server, seen) = serves(0).await;
    let router = router(1, server, |_| {}).await;

    let login = router.hotspot_login(phone(1), "Sunrise77").await;
    let session = login.session().unwrap();
    router.traffic(session, Moved::new(0, 100_000));
    router.passes(Duration::from_secs(3_600)).await;
    router.leaves(session);
    assert!(router.settled(PATIENCE).await);

    assert_eq!(router.moved(session), Moved::new(0, 360_000_000));
    assert_eq!(router.answered(session), router.moved(session));
    let seen = seen.lock().unwrap();
    let statuses: Vec<_> = seen.reports.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses.len(), 62, "{statuses:?}");
    assert_eq!(seen.reports.iter().map(|(_, octets)| *octets).max(), Some(360_000_000));
    let mut ports = seen.ports.clone();
    ports.sort();
    ports.dedup();
    assert!(ports.len() > 50 && ports.iter().all(|port| port.ip() == Ipv4Addr::new(127, 77, 0, 1)), "new ports");
}

#[tokio::test]
async fn a_request_is_sent_three_times_with_the_same_octets_and_then_to_the_next_server() {
    let (deaf, heard_by_deaf) = serves(u32::MAX).await;
    let (slow, heard_by_slow) = serves(2).await;
    let router = router(2, deaf, |settings| {
        settings.timeout = Duration::from_millis(100);
        settings.servers.push(slow);
    })
    .await;

    let login = router.hotspot_login(phone(1), "Sunrise77").await;

    assert!(login.is_online(), "{login:?}");
    let copies = |seen: &Mutex<Seen>| {
        let seen = seen.lock().unwrap();
        let logins = seen.datagrams.iter().filter(|(datagram, _)| datagram[0] == 1);
        logins.map(|(_, copies)| *copies).collect::<Vec<_>>()
    };
    assert_eq!((copies(&heard_by_deaf), copies(&heard_by_slow)), (vec![3], vec![3]));
}

#[tokio::test]
async fn a_dead_router_gets_no_answer_and_a_revived_one_does() {
    let (server, _) = serves(0).await;
    let router = router(3, server, |settings| settings.timeout = Duration::from_millis(20)).await;

    router.die();
    let dead = router.hotspot_login(phone(1), "Sunrise77").await;
    router.revive();
    let alive = router.hotspot_login(phone(1), "Sunrise77").await;

    assert_eq!(dead, LoginResult::Unanswered);
    assert!(alive.is_online());
}

#[tokio::test]
async fn over_a_line_that_loses_and_repeats_everything_is_counted_once() {
    let (server, _) = serves(0).await;
    let router = router(4, server, |settings| settings.timeout = Duration::from_millis(100)).await;
    router.loss(0.2);
    router.repeats(0.2);
    router.delays(Duration::from_millis(20));

    let login = router.pppoe_by(phone(1), "house-12", "karibu", By::Pap).await;
    let session = login.session().unwrap();
    router.traffic(session, Moved::new(1_000, 10_000));
    router.passes(Duration::from_secs(600)).await;
    assert!(router.settled(PATIENCE).await);

    let tally = router.tally();
    assert_eq!((tally.reported + tally.lost, tally.logins), (11, 1));
    assert_eq!(router.moved_by("house-12"), Moved::new(600_000, 6_000_000));
}

/// Somebody who sends CoA from the server's address.
struct Sender {
    socket: UdpSocket,
    to: SocketAddr,
}

impl Sender {
    async fn to(router: &SimulatedRouter) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        Self { socket, to: router.control_address() }
    }

    async fn sends(&self, request: &[u8]) -> Option<Vec<u8>> {
        let mut buffer = vec![0; PACKET_MAX];
        self.socket.send_to(request, self.to).await.unwrap();
        let answer = tokio::time::timeout(Duration::from_millis(500), self.socket.recv(&mut buffer)).await;
        buffer.truncate(answer.ok()?.unwrap());
        Some(buffer)
    }
}

fn asks(writer: Writer<'_>, rate: Option<&str>, ip: Ipv4Addr, secret: &str) -> Vec<u8> {
    let mut writer = writer;
    writer.put(rfc2865::USER_NAME, "Sunrise77").unwrap();
    writer.put(rfc2865::FRAMED_IP_ADDRESS, ip).unwrap();
    if let Some(rate) = rate {
        writer.put(mikrotik::RATE_LIMIT, rate).unwrap();
    }
    writer.finish(&Secret::new(secret.as_bytes())).to_vec()
}

#[tokio::test]
async fn a_coa_is_obeyed_once_and_answered_barely_and_another_secret_with_silence() {
    let (server, _) = serves(0).await;
    let router = router(5, server, |_| {}).await;
    let login = router.hotspot_login(phone(1), "Sunrise77").await;
    let ip = router.session(login.session().unwrap()).unwrap().ip;
    let sender = Sender::to(&router).await;
    let mut buffer = [0; PACKET_MAX];
    let coa = asks(Writer::coa_request(&mut buffer, 7, Place::First), Some("1M/2M"), ip, SECRET);
    let strange = asks(Writer::coa_request(&mut buffer, 8, Place::Absent), Some("9M/9M"), ip, "another");
    let lost = asks(Writer::coa_request(&mut buffer, 9, Place::Absent), None, Ipv4Addr::new(10, 9, 9, 9), SECRET);
    let cut = asks(Writer::disconnect_request(&mut buffer, 10, Place::Absent), None, ip, SECRET);

    let first = sender.sends(&coa).await.unwrap();
    let second = sender.sends(&coa).await.unwrap();
    let silence = sender.sends(&strange).await;
    let unknown = sender.sends(&lost).await.unwrap();
    let online = router.online();
    let ended = sender.sends(&cut).await.unwrap();
    let stranger = UdpSocket::bind("127.0.0.99:0").await.unwrap();
    stranger.send_to(&coa, sender.to).await.unwrap();

    let secret = Secret::new(SECRET.as_bytes());
    let (asked, ack) = (Packet::parse(&coa).unwrap(), Packet::parse(&first).unwrap());
    assert_eq!((first.len(), ack.code(), first == second), (20, Code::CoaAck, true));
    assert!(authenticator::verify_reply(&ack, asked.authenticator(), &secret));
    assert_eq!(silence, None);
    let nak = Packet::parse(&unknown).unwrap();
    assert_eq!((nak.code(), nak.get(rfc3576::ERROR_CAUSE)), (Code::CoaNak, Some(503)));
    assert_eq!((online[0].rate(), online[0].changes), ("1M/2M", 1));
    assert_eq!(Packet::parse(&ended).unwrap().code(), Code::DisconnectAck);
    assert!(router.until(PATIENCE, |router| router.controls().len() == 6).await);
    let outcomes: Vec<_> = router.controls().iter().map(|control| control.outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::Ack, Outcome::Repeated, Outcome::Silence, Outcome::Nak(503), Outcome::Ack, Outcome::Silence]
    );
    assert!(router.most_controls_in_any_second() >= 2 && router.online().is_empty());
}

#[tokio::test]
async fn time_runs_as_fast_as_it_is_told() {
    let (server, seen) = serves(0).await;
    let router = router(6, server, |_| {}).await;
    router.hotspot_login(phone(1), "Sunrise77").await;

    router.runs_at(6_000);

    let is_reported = |_: &SimulatedRouter| seen.lock().unwrap().reports.len() >= 5;
    assert!(router.until(PATIENCE, is_reported).await, "four minutes pass within a moment");
}

#[tokio::test]
async fn a_reboot_forgets_logins_that_wait_and_a_house_dials_again() {
    let (server, _) = serves(0).await;
    let router = router(7, server, |_| {}).await;
    router.pppoe_by(phone(1), "house-12", "karibu", By::Chap).await;
    router.die();
    let waiting = tokio::spawn({
        let router = router.clone();
        async move { router.hotspot_login(phone(2), "Sunrise77").await }
    });
    assert!(router.until(PATIENCE, |router| router.tally().logins == 1).await);
    tokio::time::sleep(Duration::from_millis(50)).await;

    router.reboot();
    router.revive();
    router.passes(Duration::from_secs(10)).await;

    assert_eq!(waiting.await.unwrap(), LoginResult::Unanswered);
    assert!(router.until(PATIENCE, |router| router.online().len() == 1).await);
    assert_eq!(router.online()[0].acct_session_id, "81100001");
}

#[tokio::test]
async fn two_routers_behind_one_address_are_told_apart_by_their_ports_and_names() {
    let (server, seen) = serves(0).await;
    let nat = Ipv4Addr::new(127, 77, 0, 8);
    let one = router(9, server.clone(), |settings| *settings = settings.clone().behind(nat.into(), 0)).await;
    let other = router(10, server, |settings| *settings = settings.clone().behind(nat.into(), 0)).await;

    let login = one.hotspot_login(phone(1), "Sunrise77").await;
    other.hotspot_login(phone(2), "Sunrise77").await;
    let ip = one.session(login.session().unwrap()).unwrap().ip;
    let mut buffer = [0; PACKET_MAX];
    let cut = asks(Writer::disconnect_request(&mut buffer, 1, Place::Absent), None, ip, SECRET);
    let ended = Sender::to(&one).await.sends(&cut).await.unwrap();

    assert_eq!(Packet::parse(&ended).unwrap().code(), Code::DisconnectAck);
    assert_eq!((one.online().len(), other.online().len()), (0, 1));
    assert_eq!((one.control_address().ip(), other.control_address().ip()), (nat.into(), nat.into()));
    let seen = seen.lock().unwrap();
    assert!(seen.ports.iter().all(|port| port.ip() == nat));
    let own = |last| {
        seen.datagrams.keys().any(|datagram| {
            Packet::parse(datagram).unwrap().get(rfc2865::NAS_IP_ADDRESS) == Some(Ipv4Addr::new(127, 77, 0, last))
        })
    };
    assert!(own(9) && own(10) && !own(8));
}
