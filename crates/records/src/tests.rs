//! One record, many records, and what can go wrong with them.

use std::net::Ipv4Addr;

use domain::access::attempt::{AskedService, Attempt, Device, Method};
use domain::access::decision::{AnsweredFrom, Decision, DecisionRecord, Inputs, Proved, Seen, TraceCode};
use domain::access::facts::{Candidate, Facts, FoundBy, Holder, PlacesSeen, Right};
use domain::access::grant::Grant;
use domain::access::trail::{Detail, Finding, Meaning, Rule, Step};
use domain::access::usage::Recent;
use domain::id::{Id, NodeId};
use domain::mac::Mac;
use domain::money::{Currency, Money};
use domain::people::subscriber::Standing;
use domain::platform::house::{HouseRules, Restriction};
use domain::rate::{Burst, BurstSeconds, Bytes, Priority, RateLimit, UpDown};
use domain::refusal::Refusal;
use domain::sales::plan::{DeviceCap, Plan, PlanService, PlanTerms, ValidityAnchor, WhenFull};
use domain::sales::voucher::{FirstUse, VoucherState};
use domain::secret::SecretBytes;
use domain::time::{Duration, Timestamp, Zone};
use proptest::prelude::*;

use crate::{Mark, RECORD_MAX, View, all, block, encode, filter};

const NODE: NodeId = Id::from_bytes([7; 16]);
const SECRET: &[u8] = b"never-in-a-record";

fn plan() -> Plan {
    Plan {
        id: Id::from_bytes([9; 16]),
        revision: 3,
        name: "hour".parse().expect("good"),
        service: PlanService::Hotspot,
        terms: PlanTerms {
            rate: None,
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
    }
}

/// Everything that a record borrows.
#[derive(Debug)]
struct Scene {
    zone: Zone,
    plan: Plan,
    rights: Vec<(Right, FoundBy, u64, PlacesSeen)>,
    user_name: Vec<u8>,
    device: Device,
    service: AskedService,
    method: Method,
    framed_ip: Option<Ipv4Addr>,
    trail: Vec<Step>,
    grant: Option<Grant>,
    refusal: Option<Refusal>,
    first_use: Option<FirstUse>,
    holder: Option<usize>,
    at: i64,
    numbers: (u32, u32, u16, u8),
}

impl Scene {
    /// Encodes it, and says what should be read.
    fn encode(&self, out: &mut Vec<u8>) -> Decision {
        let candidates = self.rights.iter().map(|(right, found_by, used, places)| Candidate {
            right,
            found_by: *found_by,
            plan: &self.plan,
            used: Bytes::new(*used),
            recent: recent(*used),
            places: *places,
        });
        let (trace, took_micros, policy_version, bits) = self.numbers;
        let house = HouseRules::default();
        let facts = Facts {
            candidates: candidates.collect(),
            differs_only_in_case: bits & 4 != 0,
            zone: &self.zone,
            house: &house,
        };
        let attempt = Attempt {
            user_name: &self.user_name,
            device: self.device.clone(),
            service: self.service,
            method: self.method,
            framed_ip: self.framed_ip,
            called_station: None,
            nas_port_id: None,
            nas_identifier: None,
        };
        let restriction = (bits & 16 != 0).then(|| Restriction {
            pool: Some("walled".parse().expect("good")),
            address_list: (bits & 32 != 0).then(|| "unpaid".parse().expect("good")),
            rate: self.grant.as_ref().and_then(|grant| grant.rate),
            seconds: std::num::NonZeroU32::new(600).expect("good"),
        });
        let record = DecisionRecord {
            id: Id::from_bytes([1; 16]),
            trace: TraceCode::from_bits(trace),
            tenant: Id::from_bytes([bits & 1; 16]),
            at: Timestamp::from_micros(self.at),
            nas: Id::from_bytes([3; 16]),
            attempt: &attempt,
            candidates: &facts.candidates,
            differs_only_in_case: facts.differs_only_in_case,
            proved: Proved { empty: bits & 2 != 0, user_name: bits & 8 != 0, secrets: trace },
            answered_from: [AnsweredFrom::Memory, AnsweredFrom::Database, AnsweredFrom::MemoryInOutage]
                [usize::from(bits % 3)],
            policy_version,
            restriction: restriction.as_ref(),
            trail: &self.trail,
            holder: self.holder.and_then(|place| facts.candidates.get(place)).map(|one| one.right.holder()),
            refusal: self.refusal,
            granted: self.grant.as_ref(),
            first_use: self.first_use,
            took_micros,
        };
        encode(&record, out);
        Decision {
            id: record.id,
            trace: record.trace,
            tenant: record.tenant,
            at: record.at,
            nas: record.nas,
            node: NODE,
            user_name: self.user_name.iter().copied().take(128).collect(),
            device: self.device.clone(),
            service: self.service,
            method: self.method,
            framed_ip: self.framed_ip,
            answered_from: record.answered_from,
            holder: record.holder,
            refusal: self.refusal,
            policy_version,
            trail: self.trail.clone(),
            granted: self.grant.clone(),
            first_use: self.first_use,
            took_micros,
            inputs: Inputs {
                candidates: facts.candidates.iter().map(Seen::from).collect(),
                differs_only_in_case: facts.differs_only_in_case,
                proved: record.proved,
                restriction: restriction.clone().map(Box::new),
            },
        }
    }
}

/// Usage of periods, where there is much at all.
fn recent(used: u64) -> Recent {
    let part = |of: u64| Bytes::new(used / of);
    if used < 1_000 { Recent::default() } else { Recent { day: part(4), week: part(2), month: part(1) } }
}

fn instant() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_micros)
}

fn maybe_instant() -> impl Strategy<Value = Option<Timestamp>> {
    proptest::option::of(instant())
}

fn ipv4() -> impl Strategy<Value = Option<Ipv4Addr>> {
    proptest::option::of(any::<u32>().prop_map(Ipv4Addr::from))
}

fn right() -> impl Strategy<Value = Right> {
    let state = prop_oneof![
        maybe_instant().prop_map(|sell_by| VoucherState::Printed { sell_by }),
        (instant(), maybe_instant(), maybe_instant()).prop_map(|(at, until, sell_by)| VoucherState::Sold {
            at,
            until,
            sell_by
        }),
        (instant(), instant()).prop_map(|(since, until)| VoucherState::Active { since, until }),
        instant().prop_map(|at| VoucherState::Revoked { at }),
    ];
    let secret = || SecretBytes::new(SECRET.to_vec());
    prop_oneof![
        (any::<[u8; 16]>(), state).prop_map(move |(id, state)| Right::Voucher {
            id: Id::from_bytes(id),
            state,
            code: secret()
        }),
        (any::<[u8; 16]>(), maybe_instant(), maybe_instant(), ipv4()).prop_map(
            move |(id, suspended, until, framed_ip)| Right::Subscriber {
                id: Id::from_bytes(id),
                standing: suspended.map_or(Standing::Active, |at| Standing::Suspended { at }),
                until,
                password: secret(),
                framed_ip
            }
        ),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let meaning = prop_oneof![
        Just(Meaning::OtherCase),
        Just(Meaning::Line(PlanService::Static)),
        Just(Meaning::Shown(Method::MsChapV2)),
        Just(Meaning::Endless),
        Just(Meaning::NotShown),
    ];
    let detail = prop_oneof![
        Just(Detail::Nothing),
        meaning.prop_map(Detail::Meaning),
        any::<(u16, u16)>().prop_map(|(taken, cap)| Detail::Places { taken, cap }),
        Just(Detail::OwnPlace),
        instant().prop_map(Detail::Until),
        any::<u64>().prop_map(|left| Detail::Left(Bytes::new(left))),
    ];
    (0..Rule::ALL.len(), any::<bool>(), detail).prop_map(|(rule, passed, detail)| Step {
        rule: Rule::ALL[rule],
        finding: if passed { Finding::Passed } else { Finding::Refused },
        detail,
    })
}

fn full_rate() -> RateLimit {
    let speeds = |text: &str| text.parse::<UpDown<_>>().expect("good");
    RateLimit {
        rate: speeds("2M/10M"),
        burst: Some(Burst {
            rate: speeds("4M/20M"),
            threshold: speeds("1M/8M"),
            seconds: UpDown::new(BurstSeconds::new(16).expect("good"), BurstSeconds::new(8).expect("good")),
        }),
        priority: Priority::new(3),
        minimum: Some(speeds("512k/1M")),
    }
}

fn grant() -> impl Strategy<Value = Grant> {
    (any::<([u8; 16], Option<u64>, u32, Option<u64>)>(), 1..=1_000_u16, ipv4(), 0..3_u8).prop_map(
        |((session, seconds_left, interim_seconds, data_left), cap, framed_ip, form)| Grant {
            session: Id::from_bytes(session),
            holder: if form == 0 {
                Holder::Voucher(Id::from_bytes(session))
            } else {
                Holder::Subscriber(Id::from_bytes(session))
            },
            service: [PlanService::Hotspot, PlanService::Pppoe, PlanService::Static][usize::from(form)],
            seconds_left,
            interim_seconds,
            rate: match form {
                0 => None,
                1 => Some(RateLimit { burst: None, priority: None, minimum: None, ..full_rate() }),
                _ => Some(full_rate()),
            },
            device_cap: DeviceCap::new(cap).expect("good"),
            data_left: data_left.map(Bytes::new),
            framed_ip,
            pool: (form == 1).then(|| "p".repeat(64).parse().expect("good")),
            address_list: (form == 2).then(|| "paid".parse().expect("good")),
        },
    )
}

prop_compose! {
    fn scene()(
        rights in proptest::collection::vec(
            (right(), prop_oneof![Just(FoundBy::Code), Just(FoundBy::Phone), Just(FoundBy::Username)], any::<u64>(),
             (any::<Option<bool>>(), any::<u16>(), any::<bool>())
                 .prop_map(|(own, others, is_blocked)| PlacesSeen { own, others, is_blocked })),
            0..=Facts::CANDIDATES_MAX,
        ),
        user_name in proptest::collection::vec(any::<u8>(), 0..=253),
        device in prop_oneof![
            Just(Device::Unnamed),
            any::<[u8; 6]>().prop_map(|octets| Device::Mac(Mac::from_octets(octets))),
            "[0-9.]{1,64}".prop_map(Device::Caller),
        ],
        service in prop_oneof![Just(AskedService::Hotspot), Just(AskedService::Ppp), Just(AskedService::Unsaid)],
        method in prop_oneof![
            Just(Method::Pap), Just(Method::Chap), Just(Method::MsChapV1), Just(Method::MsChapV2), Just(Method::Nothing)
        ],
        framed_ip in ipv4(),
        trail in proptest::collection::vec(step(), 0..=9),
        grant in proptest::option::of(grant()),
        refusal in proptest::option::of(0..Refusal::ALL.len()),
        first_use in proptest::option::of((instant(), instant())),
        holder in proptest::option::of(0..Facts::CANDIDATES_MAX),
        at in any::<i64>(),
        numbers in any::<(u32, u32, u16, u8)>(),
    ) -> Scene {
        Scene {
            zone: Zone::utc(),
            plan: plan(),
            rights, user_name, device, service, method, framed_ip, trail, grant,
            refusal: refusal.map(|place| Refusal::ALL[place]),
            first_use: first_use.map(|(since, until)| FirstUse { since, until }),
            holder, at, numbers,
        }
    }
}

proptest! {
    #[test]
    fn a_record_reads_back_as_it_was_written(scenes in proptest::collection::vec(scene(), 1..4)) {
        let mut octets = Vec::new();
        let written: Vec<_> = scenes.iter().map(|scene| scene.encode(&mut octets)).collect();

        let views: Vec<_> = all(&octets).collect();
        let read: Vec<_> = views.iter().filter_map(|view| view.decision(NODE)).collect();

        prop_assert_eq!(&read, &written);
        for (view, decision) in views.iter().zip(&written) {
            prop_assert!(view.raw().len() <= RECORD_MAX);
            prop_assert_eq!((view.at(), view.id(), view.tenant(), view.nas()),
                            (decision.at, decision.id, decision.tenant, decision.nas));
            prop_assert_eq!(view.is_refused(), decision.refusal.is_some());
            prop_assert_eq!(view.user_name(), &decision.user_name);
            prop_assert!(view.device() == crate::device_octets(&decision.device) && view.has_trace(decision.trace));
        }
        prop_assert!(!octets.windows(SECRET.len()).any(|window| window == SECRET));
    }

    #[test]
    fn arbitrary_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
        for view in all(&octets) {
            _ = view.decision(NODE);
        }
        _ = block::open(&octets);
    }

    #[test]
    fn a_changed_record_never_panics(scene in scene(), place in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let mut octets = Vec::new();
        scene.encode(&mut octets);
        let place = place.index(octets.len());
        octets[place] ^= 1 << bit;

        for view in all(&octets) {
            _ = view.decision(NODE);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn blocks_hold_every_record_once_under_its_tenant_and_day(scenes in proptest::collection::vec(scene(), 1..40)) {
        let mut octets = Vec::new();
        for scene in &scenes {
            scene.encode(&mut octets);
        }

        let blocks = block::pack(all(&octets));

        let mut packed = Vec::new();
        for one in &blocks {
            let opened = block::open(&one.octets).expect("sound");
            let views: Vec<_> = all(&opened).collect();
            prop_assert_eq!(views.len(), one.records as usize);
            prop_assert_eq!(views.iter().filter(|view| view.is_refused()).count(), one.refused as usize);
            prop_assert_eq!(views.iter().map(View::at).min(), Some(one.first_at));
            prop_assert_eq!(views.iter().map(View::at).max(), Some(one.last_at));
            prop_assert_eq!(block::day(one.first_at), block::day(one.last_at));
            prop_assert!(views.iter().all(|view| view.tenant() == one.tenant));
            prop_assert!(views.iter().flat_map(Mark::all).all(|mark| filter::may_hold(&one.filter, mark)));
            packed.extend(views.iter().map(|view| view.raw().to_vec()));
        }
        let mut written: Vec<_> = all(&octets).map(|view| view.raw().to_vec()).collect();
        written.sort();
        packed.sort();
        prop_assert_eq!(packed, written);
    }
}

fn plain() -> Scene {
    let voucher = Right::Voucher {
        id: Id::from_bytes([5; 16]),
        state: VoucherState::Printed { sell_by: None },
        code: SecretBytes::new(SECRET.to_vec()),
    };
    Scene {
        zone: Zone::utc(),
        plan: plan(),
        rights: vec![(voucher, FoundBy::Code, 77, PlacesSeen { own: None, others: 1, is_blocked: false })],
        user_name: b"anna".to_vec(),
        device: Device::Mac(Mac::from_octets([2, 0, 0, 0, 0, 10])),
        service: AskedService::Hotspot,
        method: Method::Chap,
        framed_ip: None,
        trail: vec![Step { rule: Rule::Name, finding: Finding::Passed, detail: Detail::Meaning(Meaning::Code) }],
        grant: None,
        refusal: Some(Refusal::NotSold),
        first_use: None,
        holder: Some(0),
        at: 0x0102_0304,
        numbers: (0, 250, 1, 1),
    }
}

#[test]
fn what_is_kept_for_a_month_is_written_as_it_always_was() {
    let mut octets = Vec::new();
    plain().encode(&mut octets);

    let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();

    assert_eq!(hex, kept("9900", "02", "00"));
}

#[test]
fn what_was_written_before_there_was_usage_of_periods_is_read() {
    let wanted = plain().encode(&mut Vec::new());
    let hex = kept("9800", "01", "");

    let octets: Vec<u8> = hex
        .as_bytes()
        .chunks(2)
        .map(|digits| u8::from_str_radix(std::str::from_utf8(digits).expect("ASCII"), 16).expect("hexadecimal"))
        .collect();

    assert_eq!(View::first(&octets).and_then(|view| view.decision(NODE)), Some(wanted));
}

/// The plain record, as one version writes it.
fn kept(length: &str, version: &str, recent: &str) -> String {
    let head = format!("{length}{version}060102010001000403020100000000303030303030fa000000");
    let ids = ["01", "01", "03"].map(|octet| octet.repeat(16)).concat();
    let asked = "0102000000000a04616e6e6100" /* device, name, no address */;
    let verdict = "0101010100" /* a step */.to_owned() + "0000" /* no grant, no first use */;
    let proved = "0000000000";
    let used = "030000004d00000000000000".to_owned() + recent;
    let seen = "0100".to_owned() + &"05".repeat(16) + "000000" + &"09".repeat(16) + &used + "000100";
    head + &ids + asked + &verdict + proved + &seen + "00"
}

#[test]
fn a_damaged_block_is_told() {
    let mut octets = Vec::new();
    plain().encode(&mut octets);
    let whole = block::pack(all(&octets)).remove(0).octets;

    assert!(block::open(&whole).is_some());
    for place in 0..whole.len() {
        let mut changed = whole.clone();
        changed[place] ^= 0x10;
        assert_eq!(block::open(&changed), None, "octet {place}");
        assert_eq!(block::open(&whole[..place]), None, "cut at {place}");
    }
}

#[test]
fn a_filter_denies_nearly_all_that_is_not_there() {
    let mut marks: Vec<Mark> = (0..6_000_u32).map(|number| Mark::user(&number.to_le_bytes())).collect();
    let filter = filter::build(&mut marks);

    let wrong = (6_000..106_000_u32).filter(|number| filter::may_hold(&filter, Mark::user(&number.to_le_bytes())));

    let wrong = wrong.count();
    assert!(wrong < 400, "{wrong} of 100,000");
}

#[test]
fn a_mark_is_the_same_for_ever() {
    let mark = Mark::user(b"anna");

    assert_eq!((mark.place(), mark.bits()), (3_121_322_936, [196, 142, 156, 3, 312, 108]));
}
