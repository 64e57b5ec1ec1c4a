//! How fast do we write down why we answered? The record of one answer, and the block that many of them become.
//!
//! A record is written for each answer, on the thread that answers, so it must cost little beside the answer itself.
//! Blocks are packed beside it, half a second later, but on the same cores.
#![allow(missing_docs, reason = "criterion's macros write public functions")]
#![allow(clippy::unwrap_used, reason = "a bench stops at the line that failed, as a test does")]

use std::hint::black_box;

use benches::allocations::{self, Counting};
use benches::request::{self, Login, Method, Nonce};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::access::decision::{AnsweredFrom, DecisionRecord, Proved, TraceCode};
use domain::access::facts::{Facts, FoundBy, Known, KnownCandidate, Right};
use domain::access::usage::Recent;
use domain::id::{DecisionId, NasId, PlanId, SessionId, SubscriberId, TenantId};
use domain::money::{Currency, Money};
use domain::people::subscriber::Standing;
use domain::platform::house::HouseRules;
use domain::rate::{Bytes, RateLimit};
use domain::sales::plan::{DeviceCap, Plan, PlanService, PlanTerms, ValidityAnchor, WhenFull};
use domain::secret::SecretBytes;
use domain::time::{Duration, Timestamp, Zone};
use policy::access::{admission, shaping};
use radius::{PACKET_MAX, Packet, Secret};
use records::{RECORD_MAX, block};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const PASSWORD: &str = "pass000042";

fn now() -> Timestamp {
    Timestamp::from_seconds(1_800_000_000)
}

fn subscriber() -> Known {
    let plan = Plan {
        id: PlanId::from_bytes([9; 16]),
        revision: 1,
        name: "home-10".parse().unwrap(),
        service: PlanService::Pppoe,
        terms: PlanTerms {
            rate: Some(RateLimit::flat("2M".parse().unwrap(), "10M".parse().unwrap())),
            device_cap: DeviceCap::ONE,
            duration: Duration::Minutes(60),
            anchor: ValidityAnchor::Purchase,
            data_cap: None,
            pool: None,
            address_list: None,
            speed_windows: Vec::new(),
            fair_use: Vec::new(),
            when_full: WhenFull::Refuse,
            data_window: None,
            price: Money::from_minor(2_000, Currency::KES),
        },
    };
    let right = Right::Subscriber {
        id: SubscriberId::from_bytes([3; 16]),
        standing: Standing::Active,
        until: None,
        password: SecretBytes::new(PASSWORD.as_bytes().to_vec()),
        framed_ip: None,
    };
    let known = KnownCandidate {
        right,
        found_by: FoundBy::Username,
        plan,
        used: Bytes::new(0),
        recent: Recent::default(),
        slots: Vec::new(),
        blocked: Vec::new(),
    };
    Known { candidates: vec![known], differs_only_in_case: false, zone: Zone::utc(), house: HouseRules::default() }
}

/// Shows the record of an accept, with ids that count up.
fn accepted(number: u32, show: impl FnOnce(&DecisionRecord<'_>)) {
    let name = format!("user{number:06}");
    let who = Login { name: &name, password: PASSWORD, calling_station: "02:6D:00:00:00:2A", method: Method::Pap };
    let mut buffer = [0; PACKET_MAX];
    let datagram = request::login(&mut buffer, 9, &who, &Nonce::FIXED, &Secret::new(b"testing123")).unwrap();
    let packet = Packet::parse(datagram).unwrap();
    let attempt = nas::attempt(&packet).unwrap();
    let known = subscriber();
    let facts: Facts<'_> = known.facts(&attempt.device, now());
    let verdict = admission::admit(&facts, &attempt, &|password| password == PASSWORD.as_bytes(), now());
    // As scattered as real ids are.
    let id = u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes();
    let grant = shaping::grant(&facts.candidates[0], facts.zone, SessionId::from_bytes(id), None, 300, now());
    show(&DecisionRecord {
        id: DecisionId::from_bytes(id),
        trace: TraceCode::from_bits(number),
        tenant: TenantId::from_bytes([1; 16]),
        at: now(),
        nas: NasId::from_bytes([2; 16]),
        attempt: &attempt,
        candidates: &facts.candidates,
        differs_only_in_case: false,
        proved: Proved { empty: false, user_name: false, secrets: 1 },
        restriction: None,
        answered_from: AnsweredFrom::Memory,
        policy_version: policy::VERSION,
        trail: verdict.trail.steps(),
        holder: Some(grant.holder),
        refusal: None,
        granted: Some(&grant),
        first_use: None,
        took_micros: 7,
    });
}

fn measure(criterion: &mut Criterion, name: &str, hoped: &str, elements: u64, mut work: impl FnMut()) {
    let mut group = criterion.benchmark_group("record");
    group.throughput(Throughput::Elements(elements));
    let mut told = false;
    group.bench_function(name, |bencher| {
        // Criterion comes here more than once, and never when another bench was asked for.
        if !std::mem::replace(&mut told, true) {
            allocations::tell(&format!("record/{name}"), hoped, &mut work);
        }
        bencher.iter(&mut work);
    });
}

/// Hoped for: 100 ns. A few hundred octets in some thirty pieces, into a buffer that is there.
fn encode_an_accept(criterion: &mut Criterion) {
    let mut out = Vec::with_capacity(RECORD_MAX);

    accepted(42, |record| {
        measure(criterion, "encode an accept", "100 ns", 1, || {
            out.clear();
            records::encode(black_box(record), &mut out);
            black_box(&out);
        });
    });
}

/// Hoped for: 1 ms, half a microsecond a record. Compression and the filter share it.
fn pack_a_block(criterion: &mut Criterion) {
    let many = u32::try_from(block::RECORDS_MAX).unwrap();
    let mut octets = Vec::new();
    (0..many).for_each(|number| accepted(number, |record| records::encode(record, &mut octets)));

    measure(criterion, "pack 2,048 accepts", "1 ms", u64::from(many), || {
        let blocks = block::pack(records::all(black_box(&octets)));
        assert_eq!(blocks.len(), 1);
        black_box(blocks);
    });
}

criterion_group!(benches, encode_an_accept, pack_a_block);
criterion_main!(benches);
