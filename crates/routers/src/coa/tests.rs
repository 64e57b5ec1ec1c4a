use std::time::Duration;

use dictionaries::{rfc2865, rfc3576};
use domain::access::attempt::{AskedService, Device};
use domain::access::facts::Holder;
use domain::access::order::{Ask, Name, Why};
use domain::id::{NasId, SessionId, VoucherId};
use domain::rate::Bytes;
use domain::refusal::Refusal;
use radius::{Code, PACKET_MAX, Packet, Writer};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::*;

const SECRET: &[u8] = b"testing123";

fn quick() -> Settings {
    Settings { timers: Timers { first_wait_ms: 30, longest_wait_ms: 60, tries: 3 }, ..Settings::default() }
}

fn order(number: u8) -> Order {
    Order {
        session: SessionId::from_bytes([number; 16]),
        holder: Holder::Voucher(VoucherId::from_bytes([2; 16])),
        nas: NasId::from_bytes([3; 16]),
        from: None,
        name: Name {
            user_name: format!("Code{number}"),
            acct_session_id: Some("80100014".to_owned()),
            framed_ip: Some(Ipv4Addr::new(10, 5, 50, 7)),
            device: Device::Unnamed,
            service: AskedService::Hotspot,
        },
        online_seconds: 600,
        moved: Bytes::new(1_000),
        interim_seconds: 300,
        ask: Ask::Disconnect(Why::Refused(Refusal::Expired)),
        tries: 0,
        was_cut: false,
    }
}

async fn router() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("bound");
    let address = socket.local_addr().expect("an address");
    (socket, address)
}

async fn ask(coa: &Coa, address: SocketAddr, order: Order) -> Answer {
    let reach = Reach { address, vendor: Vendor::Mikrotik, secret: coa.key(SECRET) };
    timeout(Duration::from_secs(5), coa.ask(reach, order)).await.expect("an answer in time")
}

/// Reads one request and answers it, or not.
async fn answer_one(socket: &UdpSocket, code: Option<Code>, cause: Option<u32>, secret: &[u8]) -> Vec<u8> {
    let mut datagram = [0; PACKET_MAX];
    let (length, from) = socket.recv_from(&mut datagram).await.expect("a request");
    let request = Packet::parse(&datagram[..length]).expect("well formed");
    if let Some(code) = code {
        let mut buffer = [0; PACKET_MAX];
        let mut writer = Writer::reply(&mut buffer, code, &request);
        if let Some(cause) = cause {
            writer.put(rfc3576::ERROR_CAUSE, cause).expect("it fits");
        }
        socket.send_to(writer.finish(&Secret::new(secret)), from).await.expect("sent");
    }
    datagram[..length].to_vec()
}

#[tokio::test]
async fn what_a_router_says_comes_back() {
    let (socket, address) = router().await;
    let coa = Coa::new(quick(), 7);

    for (code, cause, said) in [
        (Code::DisconnectAck, None, Answer::Done),
        (Code::DisconnectNak, Some(503), Answer::NoSuchSession),
        (Code::DisconnectNak, Some(501), Answer::Refused(Some(501))),
    ] {
        let (answered, _) = tokio::join!(ask(&coa, address, order(1)), answer_one(&socket, Some(code), cause, SECRET));
        assert_eq!(answered, said);
    }
}

#[tokio::test]
async fn a_request_is_repeated_with_the_same_octets() {
    let (socket, address) = router().await;
    let coa = Coa::new(quick(), 7);

    let (answered, (first, second)) = tokio::join!(ask(&coa, address, order(1)), async {
        let first = answer_one(&socket, None, None, SECRET).await;
        (first, answer_one(&socket, Some(Code::DisconnectAck), None, SECRET).await)
    });

    assert_eq!((answered, first), (Answer::Done, second));
}

#[tokio::test]
async fn an_answer_with_another_secret_is_none() {
    let (socket, address) = router().await;
    let coa = Coa::new(quick(), 7);

    let (answered, ()) = tokio::join!(ask(&coa, address, order(1)), async {
        for _ in 0..3 {
            answer_one(&socket, Some(Code::DisconnectAck), None, b"another secret").await;
        }
    });

    assert_eq!(answered, Answer::Silence);
}

#[tokio::test]
async fn a_dead_router_keeps_nobody_waiting() {
    let (_socket, address) = router().await;
    let coa = Coa::new(quick(), 7);
    let began = Instant::now();

    let mut asked = JoinSet::new();
    for number in 0..200 {
        let coa = coa.clone();
        asked.spawn(async move { ask(&coa, address, order(number)).await });
    }
    let answers = asked.join_all().await;

    assert!(answers.iter().all(|answer| *answer == Answer::Silence));
    // Two hundred one after another, eight at a time, would take some four seconds.
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn no_more_than_the_window_is_asked_at_once_and_ends_go_first() {
    let (socket, address) = router().await;
    let settings = Settings { window: 1, per_second: 1_000, ..quick() };
    let coa = Coa::new(settings, 7);
    let mut asked = JoinSet::new();
    for number in 1..=3 {
        let coa = coa.clone();
        asked.spawn(async move { ask(&coa, address, order(number)).await });
    }

    let mut names = Vec::new();
    for _ in 0..3 {
        let octets = answer_one(&socket, Some(Code::DisconnectAck), None, SECRET).await;
        let packet = Packet::parse(&octets).expect("well formed");
        names.push(packet.get(rfc2865::USER_NAME).map(|name| name.as_bytes().to_vec()));
    }
    names.sort();
    names.dedup();

    assert_eq!((names.len(), asked.join_all().await.len()), (3, 3), "each was asked once");
}

#[tokio::test]
async fn a_pace_is_kept() {
    let (socket, address) = router().await;
    let coa = Coa::new(Settings { per_second: 20, ..quick() }, 7);
    let began = Instant::now();
    let mut asked = JoinSet::new();
    for number in 1..=10 {
        let coa = coa.clone();
        asked.spawn(async move { ask(&coa, address, order(number)).await });
    }
    for _ in 0..10 {
        answer_one(&socket, Some(Code::DisconnectAck), None, SECRET).await;
    }
    asked.join_all().await;

    assert!(began.elapsed() >= Duration::from_millis(440), "{:?}", began.elapsed());
}
