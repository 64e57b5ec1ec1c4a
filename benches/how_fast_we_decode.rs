//! How fast do we decode, verify and sign? Single steps of one packet, on one core, in memory.
//!
//! The kernel takes 3.6–4.5 µs of a core to bring a datagram in and another one out on loopback. We hope that a whole
//! login costs less than half of that, so that the codec is never what an installation waits for. Nearly all of it is
//! MD5: a block of 64 octets takes about 95 ns, and every hope below is its number of blocks plus a little.
//!
//! Nothing here may allocate: at 100,000 packets a second one allocation each would be seen.
#![allow(missing_docs, reason = "criterion's macros write public functions")]
#![allow(clippy::unwrap_used, reason = "a bench stops at the line that failed, as a test does")]

use std::hint::black_box;

use benches::allocations::{self, Counting};
use benches::request::{self, Event, Login, Method, Nonce};
use benches::subscriber::Subscriber;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dictionaries::{mikrotik, rfc2865, rfc2866, rfc2869};
use radius::proof::Proven;
use radius::{Code, PACKET_MAX, Packet, Proof, Secret, Writer, authenticator, message_authenticator};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const NAME: &str = "user000042";
const PASSWORD: &str = "pass000042";

fn secret() -> Secret {
    Secret::new(b"testing123")
}

fn login(method: Method) -> Vec<u8> {
    let who = Login { name: NAME, password: PASSWORD, calling_station: "02:6D:00:00:00:2A", method };
    request::login(&mut [0; PACKET_MAX], 9, &who, &Nonce::FIXED, &secret()).unwrap().to_vec()
}

fn verified<'a>(datagram: &'a [u8], secret: &Secret) -> Packet<'a> {
    let packet = Packet::parse(black_box(datagram)).unwrap();
    assert_eq!(message_authenticator::verify_request(&packet, secret), message_authenticator::Verdict::Valid);
    packet
}

/// An Access-Accept as a MikroTik PPPoE server gets it, both hashes included.
fn accept<'b>(buffer: &'b mut [u8; PACKET_MAX], request: &Packet<'_>, proven: &Proven, secret: &Secret) -> &'b [u8] {
    let mut writer = Writer::reply(buffer, Code::AccessAccept, request);
    match proven {
        Proven::Plainly => {}
        Proven::ByMsChapV2(proven) => {
            proven.put_success(&mut writer).unwrap();
            proven.put_keys(&mut writer, [[0x80, 1], [0x80, 2]], secret).unwrap();
        }
    }
    writer.put(rfc2865::CLASS, &[7; 19]).unwrap();
    writer.put(rfc2865::SESSION_TIMEOUT, 86_400).unwrap();
    writer.put(rfc2869::ACCT_INTERIM_INTERVAL, 300).unwrap();
    writer.put(mikrotik::RATE_LIMIT, "10M/20M").unwrap();
    writer.copy_all(rfc2865::PROXY_STATE, request).unwrap();
    writer.finish(secret)
}

fn measure(criterion: &mut Criterion, name: &str, hoped: &str, mut work: impl FnMut()) {
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(1));
    let mut told = false;
    group.bench_function(name, |bencher| {
        // Criterion comes here more than once, and never when another bench was asked for.
        if !std::mem::replace(&mut told, true) {
            allocations::tell(&format!("decode/{name}"), hoped, &mut work);
        }
        bencher.iter(&mut work);
    });
}

/// Hoped for: 80 ns. A walk over a dozen attributes, five nanoseconds each, that touches every octet once.
fn parse(criterion: &mut Criterion) {
    let datagram = login(Method::Pap);

    measure(criterion, "parse", "80 ns", || {
        black_box(Packet::parse(black_box(&datagram)).unwrap());
    });
}

/// Hoped for: 600 ns. HMAC-MD5 with a prepared key over about 190 octets is four blocks, and one for the outer hash.
fn parse_and_verify(criterion: &mut Criterion) {
    let (datagram, secret) = (login(Method::Pap), secret());

    measure(criterion, "parse, verify", "600 ns", || {
        black_box(verified(&datagram, &secret));
    });
}

/// Hoped for: 800 ns. PAP hides sixteen octets behind one block; three walks find the proof and see that it is alone.
fn reveal_a_pap_password(criterion: &mut Criterion) {
    let (datagram, secret) = (login(Method::Pap), secret());

    measure(criterion, "parse, verify, PAP", "800 ns", || {
        let packet = verified(&datagram, &secret);
        assert!(Proof::of(&packet, &secret).matches(PASSWORD.as_bytes()));
    });
}

/// Hoped for: 850 ns. One block as with PAP, in a packet that is longer by the challenge.
fn check_a_chap_response(criterion: &mut Criterion) {
    let (datagram, secret) = (login(Method::Chap), secret());

    measure(criterion, "parse, verify, CHAP", "850 ns", || {
        let packet = verified(&datagram, &secret);
        assert!(Proof::of(&packet, &secret).matches(PASSWORD.as_bytes()));
    });
}

/// Hoped for: 5 µs. Three DES keys, MD4 twice and eight SHA-1 for the check, the success and both keys; two more
/// blocks of MD5 for each key's hiding; and a reply twice as long to sign. PPPoE logs in with it once a day.
fn answer_ms_chap_v2(criterion: &mut Criterion) {
    let (datagram, secret) = (login(Method::MsChapV2), secret());
    let mut reply = [0; PACKET_MAX];

    measure(criterion, "MS-CHAPv2, from datagram to accept", "5 µs", || {
        let packet = verified(&datagram, &secret);
        let proven = Proof::of(&packet, &secret).prove(PASSWORD.as_bytes()).unwrap();
        black_box(accept(&mut reply, &packet, &proven, &secret));
    });
}

/// Hoped for: 900 ns. Both hashes read the whole reply of about 110 octets: three blocks and one for the HMAC, two for
/// the Response Authenticator, and the buffer is written once.
fn write_and_sign_a_reply(criterion: &mut Criterion) {
    let (datagram, secret) = (login(Method::Pap), secret());
    let packet = Packet::parse(&datagram).unwrap();
    let mut reply = [0; PACKET_MAX];

    measure(criterion, "write, sign an accept with Mikrotik-Rate-Limit", "900 ns", || {
        black_box(accept(&mut reply, &packet, &Proven::Plainly, &secret));
    });
}

/// Hoped for: 1.8 µs, the sum of the above: less than half of what the kernel takes for the same two datagrams.
fn answer_pap(criterion: &mut Criterion) {
    let (datagram, secret) = (login(Method::Pap), secret());
    let mut reply = [0; PACKET_MAX];

    measure(criterion, "PAP, from datagram to accept", "1.8 µs", || {
        let packet = verified(&datagram, &secret);
        let proven = Proof::of(&packet, &secret).prove(PASSWORD.as_bytes()).unwrap();
        black_box(accept(&mut reply, &packet, &proven, &secret));
    });
}

/// Hoped for: 1 µs. The Request Authenticator reads the record of about 220 octets, four or five blocks, and the
/// response is a header: one block.
fn answer_accounting(criterion: &mut Criterion) {
    let secret = secret();
    let mut buffer = [0; PACKET_MAX];
    let datagram =
        request::record(&mut buffer, 9, Event::Interim(3), Subscriber(42), "81500001", &[7; 19], &secret).unwrap();
    let mut reply = [0; PACKET_MAX];

    measure(criterion, "accounting, from datagram to response", "1 µs", || {
        let packet = Packet::parse(black_box(datagram)).unwrap();
        assert!(authenticator::verify_request(&packet, &secret));
        assert_eq!(packet.get(rfc2866::ACCT_STATUS_TYPE), Some(rfc2866::acct_status_type::INTERIM_UPDATE));
        black_box(packet.get(rfc2865::CLASS));
        black_box(Writer::reply(&mut reply, Code::AccountingResponse, &packet).finish(&secret));
    });
}

criterion_group!(
    benches,
    parse,
    parse_and_verify,
    reveal_a_pap_password,
    check_a_chap_response,
    answer_ms_chap_v2,
    write_and_sign_a_reply,
    answer_pap,
    answer_accounting
);
criterion_main!(benches);
