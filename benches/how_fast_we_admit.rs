//! How fast do we decide? The rules on facts that lie in memory, and the translation on both sides of them.
//!
//! An accept costs the database about a hundred times as much as its rules do. We hope that reading the request,
//! deciding and writing the grant stay under 2 µs together, so that a faster memory of facts is all it ever takes to
//! answer faster. The one exception is a phone number with twenty vouchers, each of which is asked about its password.
#![allow(missing_docs, reason = "criterion's macros write public functions")]
#![allow(clippy::unwrap_used, reason = "a bench stops at the line that failed, as a test does")]

use std::hint::black_box;

use benches::allocations::{self, Counting};
use benches::request::{self, Login, Method, Nonce};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::access::facts::{Facts, FoundBy, Holder, Known, KnownCandidate, Right};
use domain::access::grant::Grant;
use domain::access::usage::Recent;
use domain::id::{PlanId, SessionId, SubscriberId, VoucherId};
use domain::money::{Currency, Money};
use domain::network::nas::Vendor;
use domain::people::subscriber::Standing;
use domain::platform::house::HouseRules;
use domain::rate::{Burst, Bytes, RateLimit};
use domain::sales::plan::{DeviceCap, Plan, PlanService, PlanTerms, ValidityAnchor, WhenFull};
use domain::sales::voucher::VoucherState;
use domain::secret::SecretBytes;
use domain::time::{Duration, Span, Timestamp, Zone};
use nas::RateLimitText;
use policy::access::admission::{self, Outcome};
use radius::{Code, PACKET_MAX, Packet, Proof, Secret, Writer};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const CODE: &str = "DemoHour1";
const PHONE: &str = "0712345678";
const SUBSCRIBER: &str = "user000042";
const PASSWORD: &str = "pass000042";

fn now() -> Timestamp {
    Timestamp::from_seconds(1_800_000_000)
}

fn in_hours(hours: i64) -> Timestamp {
    now().plus(Span::minutes(hours * 60))
}

fn rate() -> RateLimit {
    let burst = Burst {
        rate: "4M/10M".parse().unwrap(),
        threshold: "1500k/4M".parse().unwrap(),
        seconds: "16".parse().unwrap(),
    };
    RateLimit { burst: Some(burst), ..RateLimit::flat("2M".parse().unwrap(), "5M".parse().unwrap()) }
}

/// A plan for whatever line asks: [`request`] writes PPPoE's.
fn plan() -> Plan {
    Plan {
        id: PlanId::from_bytes([9; 16]),
        revision: 1,
        name: "home-10".parse().unwrap(),
        service: PlanService::Pppoe,
        terms: PlanTerms {
            rate: Some(rate()),
            device_cap: DeviceCap::ONE,
            duration: Duration::Minutes(60),
            anchor: ValidityAnchor::Purchase,
            data_cap: Some(Bytes::new(5_000_000_000)),
            pool: None,
            address_list: None,
            speed_windows: Vec::new(),
            fair_use: Vec::new(),
            when_full: WhenFull::Refuse,
            data_window: None,
            price: Money::from_minor(2_000, Currency::KES),
        },
    }
}

fn candidate(right: Right, found_by: FoundBy) -> KnownCandidate {
    KnownCandidate {
        right,
        found_by,
        plan: plan(),
        used: Bytes::new(1_000_000),
        recent: Recent::default(),
        slots: Vec::new(),
        blocked: Vec::new(),
    }
}

fn voucher(number: u8, found_by: FoundBy, until: Timestamp) -> KnownCandidate {
    let right = Right::Voucher {
        id: VoucherId::from_bytes([number; 16]),
        state: VoucherState::Active { since: in_hours(-2), until },
        code: SecretBytes::new(format!("DemoHour{number}").into_bytes()),
    };
    candidate(right, found_by)
}

fn subscriber() -> KnownCandidate {
    let right = Right::Subscriber {
        id: SubscriberId::from_bytes([3; 16]),
        standing: Standing::Active,
        until: Some(in_hours(24)),
        password: SecretBytes::new(PASSWORD.as_bytes().to_vec()),
        framed_ip: None,
    };
    candidate(right, FoundBy::Username)
}

fn facts(candidates: Vec<KnownCandidate>) -> Known {
    Known { candidates, differs_only_in_case: false, zone: Zone::utc(), house: HouseRules::default() }
}

fn twenty_vouchers() -> Known {
    let last = u8::try_from(Facts::CANDIDATES_MAX).unwrap();
    facts((1..=last).map(|number| voucher(number, FoundBy::Phone, in_hours(i64::from(number)))).collect())
}

fn login(name: &str, password: &str, method: Method) -> Vec<u8> {
    let who = Login { name, password, calling_station: "02:6D:00:00:00:2A", method };
    request::login(&mut [0; PACKET_MAX], 9, &who, &Nonce::FIXED, &Secret::new(b"testing123")).unwrap().to_vec()
}

fn measure(criterion: &mut Criterion, name: &str, hoped: &str, mut work: impl FnMut()) {
    let mut group = criterion.benchmark_group("admit");
    group.throughput(Throughput::Elements(1));
    let mut told = false;
    group.bench_function(name, |bencher| {
        // Criterion comes here more than once, and never when another bench was asked for.
        if !std::mem::replace(&mut told, true) {
            allocations::tell(&format!("admit/{name}"), hoped, &mut work);
        }
        bencher.iter(&mut work);
    });
}

#[derive(PartialEq, Eq, Debug)]
enum Expected {
    Accept,
    Refusal,
}

/// Measures the rules alone: the request is read and its proof found beforehand, as the server does it once.
fn decide(criterion: &mut Criterion, name: &str, hoped: &str, known: &Known, datagram: &[u8], expected: &Expected) {
    let secret = Secret::new(b"testing123");
    let packet = Packet::parse(datagram).unwrap();
    let attempt = nas::attempt(&packet).unwrap();
    let proof = Proof::of(&packet, &secret);

    measure(criterion, name, hoped, || {
        let facts = black_box(known).facts(&attempt.device, now());
        let verdict = admission::admit(&facts, &attempt, &|password| proof.matches(password), now());
        let got = match verdict.outcome {
            Outcome::Admit(_) => Expected::Accept,
            Outcome::Refuse { .. } => Expected::Refusal,
        };
        assert_eq!(got, *expected);
        black_box(verdict.trail);
    });
}

/// Hoped for: 250 ns. Six comparisons and their trail, and two constant-time looks at a password.
fn a_voucher(criterion: &mut Criterion) {
    let datagram = login(CODE, CODE, Method::Pap);
    let valid = facts(vec![voucher(1, FoundBy::Code, in_hours(1))]);
    let over = facts(vec![voucher(1, FoundBy::Code, in_hours(-1))]);

    decide(criterion, "voucher by code, accepted", "250 ns", &valid, &datagram, &Expected::Accept);
    decide(criterion, "voucher by code, expired", "250 ns", &over, &datagram, &Expected::Refusal);
}

/// Hoped for: 5 µs, twenty times a voucher. With MS-CHAPv2 each refused voucher is tried with three passwords, and
/// each of those is three DES keys: 60 µs. It is the dearest question anybody can ask us, and it is bounded.
fn a_phone_number(criterion: &mut Criterion) {
    let facts = twenty_vouchers();
    let accepted = login(PHONE, PHONE, Method::Pap);
    let wrong = login(PHONE, "guess", Method::Pap);
    let wrong_ms_chap = login(PHONE, "guess", Method::MsChapV2);

    let name = "phone number with 20 vouchers, accepted";
    decide(criterion, name, "5 µs", &facts, &accepted, &Expected::Accept);
    let name = "phone number with 20 vouchers, wrong password";
    decide(criterion, name, "5 µs", &facts, &wrong, &Expected::Refusal);
    let name = "phone number with 20 vouchers, wrong password by MS-CHAPv2";
    decide(criterion, name, "60 µs", &facts, &wrong_ms_chap, &Expected::Refusal);
}

/// Hoped for: 250 ns, as a voucher; a wrong password ends sooner.
fn a_subscriber(criterion: &mut Criterion) {
    let facts = facts(vec![subscriber()]);
    let right = login(SUBSCRIBER, PASSWORD, Method::Pap);
    let wrong = login(SUBSCRIBER, "guess", Method::Pap);

    decide(criterion, "subscriber, accepted", "250 ns", &facts, &right, &Expected::Accept);
    decide(criterion, "subscriber, wrong password", "150 ns", &facts, &wrong, &Expected::Refusal);
}

/// Hoped for: 500 ns. A look whether anything decisive stands twice, and a dozen look-ups; those of vendors' attributes
/// are walks.
fn read_an_attempt(criterion: &mut Criterion) {
    let datagram = login(SUBSCRIBER, PASSWORD, Method::Pap);
    let packet = Packet::parse(&datagram).unwrap();

    measure(criterion, "nas::attempt", "500 ns", || {
        black_box(nas::attempt(black_box(&packet)).unwrap());
    });
}

/// Hoped for: 400 ns. Eight attributes of a few octets, of which the speed is formatted.
fn write_a_grant(criterion: &mut Criterion) {
    let grant = Grant {
        session: SessionId::from_bytes([9; 16]),
        holder: Holder::Subscriber(SubscriberId::from_bytes([8; 16])),
        service: PlanService::Pppoe,
        seconds_left: Some(3_600),
        interim_seconds: 300,
        rate: Some(rate()),
        device_cap: DeviceCap::ONE,
        data_left: Some(Bytes::new(4_999_000_000)),
        framed_ip: None,
        pool: "pool".parse().ok(),
        address_list: "paid".parse().ok(),
    };
    let datagram = login(SUBSCRIBER, PASSWORD, Method::Pap);
    let packet = Packet::parse(&datagram).unwrap();
    let mut buffer = [0; PACKET_MAX];

    measure(criterion, "nas::write_grant", "400 ns", || {
        let mut writer = Writer::reply(&mut buffer, Code::AccessAccept, &packet);
        nas::write_grant(Vendor::Mikrotik, black_box(&grant), &mut writer).unwrap();
        black_box(writer.length());
    });
}

/// Hoped for: 250 ns. Eight numbers into a place on the stack.
fn format_a_rate_limit(criterion: &mut Criterion) {
    let rate = rate();
    assert_eq!(RateLimitText::of(&rate).as_str(), "2M/5M 4M/10M 1500k/4M 16/16");

    measure(criterion, "rate limit to text", "250 ns", || {
        black_box(RateLimitText::of(black_box(&rate)));
    });
}

criterion_group!(benches, a_voucher, a_phone_number, a_subscriber, read_an_attempt, write_a_grant, format_a_rate_limit);
criterion_main!(benches);
