//! Admission, rule by rule.

use domain::access::attempt::Device;
use domain::access::facts::{Known, KnownCandidate};
use domain::access::slot::SlotFact;
use domain::access::told::Speed;
use domain::access::usage::Recent;
use domain::id::{PlanId, SessionId, SubscriberId, VoucherId};
use domain::mac::Mac;
use domain::money::{Currency, Money};
use domain::platform::house::{HouseRules, Restriction, Unpaid};
use domain::rate::{Bytes, RateLimit};
use domain::sales::plan::{DeviceCap, Plan, PlanTerms, ValidityAnchor, WhenFull};
use domain::sales::voucher::VoucherState;
use domain::secret::SecretBytes;
use domain::time::{Duration, Span};
use proptest::prelude::*;

use super::*;

fn now() -> Timestamp {
    Timestamp::from_seconds(1_800_000_000)
}

fn in_hours(hours: i64) -> Timestamp {
    now().plus(Span::minutes(hours * 60))
}

fn device(last: u8) -> Device {
    Device::Mac(Mac::from_octets([0xAA, 0, 0, 0, 0, last]))
}

fn plan(service: PlanService, cap: u16) -> Plan {
    Plan {
        id: PlanId::from_bytes([9; 16]),
        revision: 1,
        name: "hour".parse().expect("good"),
        service,
        terms: PlanTerms {
            rate: Some(RateLimit::flat("2M".parse().expect("good"), "5M".parse().expect("good"))),
            device_cap: DeviceCap::new(cap).expect("good"),
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

fn voucher(id: u8, state: VoucherState) -> KnownCandidate {
    KnownCandidate {
        right: Right::Voucher {
            id: VoucherId::from_bytes([id; 16]),
            state,
            code: SecretBytes::new(b"DemoHour1".to_vec()),
        },
        found_by: FoundBy::Code,
        plan: plan(PlanService::Hotspot, 1),
        used: Bytes::new(0),
        recent: Recent::default(),
        slots: Vec::new(),
        blocked: Vec::new(),
    }
}

fn active() -> VoucherState {
    VoucherState::Active { since: in_hours(-1), until: in_hours(1) }
}

fn by_phone(mut candidate: KnownCandidate) -> KnownCandidate {
    candidate.found_by = FoundBy::Phone;
    candidate
}

fn subscriber(standing: Standing, until: Option<Timestamp>) -> KnownCandidate {
    KnownCandidate {
        right: Right::Subscriber {
            id: SubscriberId::from_bytes([3; 16]),
            standing,
            until,
            password: SecretBytes::new(b"karibu-nyumbani".to_vec()),
            framed_ip: None,
        },
        found_by: FoundBy::Username,
        plan: plan(PlanService::Pppoe, 1),
        used: Bytes::new(0),
        recent: Recent::default(),
        slots: Vec::new(),
        blocked: Vec::new(),
    }
}

fn facts(candidates: Vec<KnownCandidate>) -> Known {
    Known { candidates, differs_only_in_case: false, zone: Zone::utc(), house: HouseRules::default() }
}

fn attempt(user_name: &[u8]) -> Attempt<'_> {
    Attempt {
        user_name,
        device: device(1),
        service: AskedService::Unsaid,
        method: Method::Pap,
        framed_ip: None,
        called_station: None,
        nas_port_id: None,
        nas_identifier: None,
    }
}

fn ask(known: &Known, attempt: &Attempt<'_>, password: &[u8]) -> Verdict {
    admit(&known.facts(&attempt.device, now()), attempt, &|tried| tried == password, now())
}

fn refusal(verdict: &Verdict) -> Option<Refusal> {
    match verdict.outcome {
        Outcome::Admit(_) => None,
        Outcome::Refuse { refusal, .. } => Some(refusal),
    }
}

fn held(number: u16, by: Device, until: Timestamp) -> SlotFact {
    SlotFact { number, device: by, lease_until: until }
}

#[test]
fn a_code_is_accepted_with_an_empty_password_and_with_itself() {
    let facts = facts(vec![voucher(1, active())]);

    assert_eq!(refusal(&ask(&facts, &attempt(b"DemoHour1"), b"")), None);
    assert_eq!(refusal(&ask(&facts, &attempt(b"DemoHour1"), b"DemoHour1")), None);
}

#[test]
fn a_code_with_another_password_is_refused() {
    let facts = facts(vec![voucher(1, active())]);

    assert_eq!(refusal(&ask(&facts, &attempt(b"DemoHour1"), b"guess")), Some(Refusal::WrongPassword));
}

#[test]
fn an_unknown_name_is_told_so_and_a_wrong_case_gets_its_hint() {
    let unknown = facts(vec![]);
    let wrong_case = Known { differs_only_in_case: true, ..facts(vec![]) };

    assert_eq!(refusal(&ask(&unknown, &attempt(b"nobody"), b"")), Some(Refusal::Unknown));
    assert_eq!(refusal(&ask(&wrong_case, &attempt(b"demohour1"), b"")), Some(Refusal::WrongCase));
}

#[test]
fn a_request_without_any_proof_is_told_so() {
    let facts = facts(vec![subscriber(Standing::Active, None)]);
    let bare = Attempt { method: Method::Nothing, ..attempt(b"house-12") };

    assert_eq!(refusal(&ask(&facts, &bare, b"never asked")), Some(Refusal::NoProof));
}

#[test]
fn a_suspended_subscriber_with_a_wrong_password_hears_about_the_password_first() {
    let facts = facts(vec![subscriber(Standing::Suspended { at: in_hours(-5) }, None)]);

    assert_eq!(refusal(&ask(&facts, &attempt(b"house-13"), b"guess")), Some(Refusal::WrongPassword));
    assert_eq!(refusal(&ask(&facts, &attempt(b"house-13"), b"karibu-nyumbani")), Some(Refusal::Suspended));
}

#[test]
fn a_subscriber_is_refused_from_the_second_the_paid_time_ends() {
    let over = facts(vec![subscriber(Standing::Active, Some(now()))]);
    let just = facts(vec![subscriber(Standing::Active, Some(now().plus(Span::seconds(1))))]);

    assert_eq!(refusal(&ask(&over, &attempt(b"house-12"), b"karibu-nyumbani")), Some(Refusal::Expired));
    assert_eq!(refusal(&ask(&just, &attempt(b"house-12"), b"karibu-nyumbani")), None);
}

#[test]
fn a_voucher_is_refused_on_a_ppp_line_and_a_subscriber_on_a_hotspot() {
    let card = facts(vec![voucher(1, active())]);
    let house = facts(vec![subscriber(Standing::Active, None)]);

    let on_ppp = Attempt { service: AskedService::Ppp, ..attempt(b"DemoHour1") };
    let on_hotspot = Attempt { service: AskedService::Hotspot, ..attempt(b"house-12") };

    assert_eq!(refusal(&ask(&card, &on_ppp, b"")), Some(Refusal::WrongService));
    assert_eq!(refusal(&ask(&house, &on_hotspot, b"karibu-nyumbani")), Some(Refusal::WrongService));
}

#[test]
fn data_that_is_used_up_is_refused_rather_than_granted_as_zero() {
    let mut card = voucher(1, active());
    card.plan.terms.data_cap = Some(Bytes::new(1_000));
    card.used = Bytes::new(1_000);

    assert_eq!(refusal(&ask(&facts(vec![card]), &attempt(b"DemoHour1"), b"")), Some(Refusal::DataUsedUp));
}

#[test]
fn a_second_device_is_refused_while_the_first_holds_the_only_place() {
    let mut card = voucher(1, active());
    card.slots = vec![held(1, device(2), in_hours(1))];

    assert_eq!(refusal(&ask(&facts(vec![card]), &attempt(b"DemoHour1"), b"")), Some(Refusal::AlreadyInUse));
}

#[test]
fn a_place_whose_lease_is_over_is_free() {
    let mut card = voucher(1, active());
    card.slots = vec![held(1, device(2), now())];

    assert_eq!(refusal(&ask(&facts(vec![card]), &attempt(b"DemoHour1"), b"")), None);
}

#[test]
fn the_device_that_owns_a_place_is_always_let_back() {
    let mut card = voucher(1, active());
    card.slots = vec![held(1, device(1), in_hours(1))];

    assert_eq!(refusal(&ask(&facts(vec![card]), &attempt(b"DemoHour1"), b"")), None);
}

#[test]
fn a_phone_number_opens_the_voucher_on_which_the_device_has_its_place() {
    let mut mine = by_phone(voucher(2, VoucherState::Active { since: in_hours(-1), until: in_hours(9) }));
    mine.slots = vec![held(1, device(1), in_hours(1))];
    let facts = facts(vec![by_phone(voucher(1, active())), mine]);

    let verdict = ask(&facts, &attempt(b"0712345678"), b"0712345678");

    assert!(matches!(verdict.outcome, Outcome::Admit(Admit { candidate: 1, own_place: true, .. })), "{verdict:?}");
}

#[test]
fn a_phone_number_spends_the_voucher_that_ends_first() {
    let late = by_phone(voucher(1, VoucherState::Active { since: in_hours(-1), until: in_hours(9) }));
    let facts = facts(vec![late, by_phone(voucher(2, active()))]);

    let verdict = ask(&facts, &attempt(b"0712345678"), b"");

    assert!(matches!(verdict.outcome, Outcome::Admit(Admit { candidate: 1, .. })), "{verdict:?}");
}

#[test]
fn a_crowd_of_vouchers_behind_a_number_costs_one_proof_each_and_two_for_all() {
    let asked = std::cell::Cell::new(0);
    let card = |id: u8| {
        let mut card = by_phone(voucher(id, active()));
        if let Right::Voucher { code, .. } = &mut card.right {
            *code = SecretBytes::new(format!("DemoHour{id}").into_bytes());
        }
        card
    };
    let facts = facts((1..=20).map(card).collect());

    let verdict = admit(
        &facts.facts(&device(1), now()),
        &attempt(b"0712345678"),
        &|_| {
            asked.set(asked.get() + 1);
            false
        },
        now(),
    );

    assert_eq!((refusal(&verdict), asked.get()), (Some(Refusal::WrongPassword), 22));
}

#[test]
fn an_old_place_on_a_full_voucher_does_not_hide_a_voucher_with_room() {
    let mut full = by_phone(voucher(2, active()));
    full.slots = vec![held(1, device(7), in_hours(1)), held(2, device(1), in_hours(-1))];
    let free = by_phone(voucher(1, VoucherState::Active { since: in_hours(-1), until: in_hours(9) }));
    let facts = facts(vec![full, free]);

    let verdict = ask(&facts, &attempt(b"0712345678"), b"");

    assert!(matches!(verdict.outcome, Outcome::Admit(Admit { candidate: 1, .. })), "{verdict:?}");
}

#[test]
fn of_several_refused_meanings_the_one_that_came_furthest_gives_the_reason() {
    let mut busy = by_phone(voucher(2, active()));
    busy.slots = vec![held(1, device(7), in_hours(1))];
    let over = by_phone(voucher(1, VoucherState::Active { since: in_hours(-9), until: in_hours(-1) }));
    let facts = facts(vec![busy, over]);

    assert_eq!(refusal(&ask(&facts, &attempt(b"0712345678"), b"")), Some(Refusal::AlreadyInUse));
}

#[test]
fn the_trail_tells_every_rule_in_order() {
    let mut card = voucher(1, active());
    card.slots = vec![held(1, device(2), in_hours(1))];

    let verdict = ask(&facts(vec![card]), &attempt(b"DemoHour1"), b"");

    assert_eq!(
        verdict.trail.steps().iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "name=passed a voucher's code",
            "service=passed hotspot",
            "password=passed pap",
            "standing=passed",
            "time=passed until 2027-01-15T09:00:00Z",
            "device_cap=refused 1 of 1 taken by other devices",
        ]
    );
}

proptest! {
    #[test]
    fn nobody_is_admitted_past_the_end(hours in -48_i64..48, seconds in 0_i64..3_600) {
        let until = in_hours(hours).plus(Span::seconds(seconds));
        let facts = facts(vec![voucher(1, VoucherState::Active { since: in_hours(-60), until })]);

        let verdict = ask(&facts, &attempt(b"DemoHour1"), b"");

        prop_assert_eq!(refusal(&verdict).is_none(), now() < until);
    }

    #[test]
    fn a_stranger_is_admitted_exactly_while_places_are_free(cap in 1_u16..6, taken in 0_u16..8) {
        let mut card = voucher(1, active());
        card.plan = plan(PlanService::Hotspot, cap);
        card.slots = (1..=taken).map(|n| held(n, device(u8::try_from(n + 10).expect("small")), in_hours(1))).collect();

        let verdict = ask(&facts(vec![card]), &attempt(b"DemoHour1"), b"");

        prop_assert_eq!(refusal(&verdict).is_none(), taken < cap);
    }
}

/// What a device's address finds: vouchers that it used, the last one first.
fn by_address(mut candidate: KnownCandidate) -> KnownCandidate {
    candidate.found_by = FoundBy::Device;
    candidate
}

const ADDRESS: &[u8] = b"AA-00-00-00-00-01";

fn at_hotspot(user_name: &[u8]) -> Attempt<'_> {
    Attempt { service: AskedService::Hotspot, ..attempt(user_name) }
}

#[test]
fn a_device_comes_back_without_typing_with_an_empty_password_or_its_address() {
    let known = facts(vec![by_address(voucher(1, active()))]);

    for password in [&b""[..], ADDRESS] {
        assert_eq!(refusal(&ask(&known, &at_hotspot(ADDRESS), password)), None);
    }
    assert_eq!(refusal(&ask(&known, &at_hotspot(ADDRESS), b"guess")), Some(Refusal::WrongPassword));
}

#[test]
fn an_address_that_is_typed_on_another_device_or_said_by_ppp_is_nobodys() {
    let known = facts(vec![by_address(voucher(1, active()))]);
    let elsewhere = Attempt { device: device(2), ..at_hotspot(ADDRESS) };
    let ppp = Attempt { service: AskedService::Ppp, ..at_hotspot(ADDRESS) };

    for asked in [elsewhere, ppp] {
        let verdict = ask(&known, &asked, b"");
        assert_eq!(verdict.outcome, Outcome::Refuse { refusal: Refusal::Unknown, holder: None }, "{asked:?}");
    }
}

#[test]
fn a_device_that_comes_back_goes_on_with_what_it_used_last_and_still_lives() {
    let ended = VoucherState::Active { since: in_hours(-2), until: in_hours(-1) };
    let longer = VoucherState::Active { since: in_hours(-1), until: in_hours(9) };
    let known = facts([voucher(1, ended), voucher(2, longer), voucher(3, active())].map(by_address).into());

    let Outcome::Admit(admit) = ask(&known, &at_hotspot(ADDRESS), b"").outcome else { panic!("let in") };

    assert_eq!(admit.candidate, 1, "the newest that lives, not the one that ends first");
}

#[test]
fn a_blocked_device_is_refused_however_it_asks_and_only_with_the_right_password() {
    let mut blocked = voucher(1, active());
    blocked.blocked = vec![device(1)];
    let by_code = facts(vec![blocked]);
    let mut again = by_address(voucher(1, active()));
    again.blocked = vec![device(1)];
    let other = Attempt { device: device(2), ..attempt(b"DemoHour1") };

    let verdict = ask(&by_code, &attempt(b"DemoHour1"), b"");

    assert_eq!(refusal(&verdict), Some(Refusal::DeviceBlocked));
    let last = verdict.trail.steps().last().expect("steps");
    assert_eq!((last.rule, last.finding), (Rule::Device, crate::trail::Finding::Refused));
    assert_eq!(refusal(&ask(&by_code, &attempt(b"DemoHour1"), b"guess")), Some(Refusal::WrongPassword));
    assert_eq!(refusal(&ask(&facts(vec![again]), &at_hotspot(ADDRESS), b"")), Some(Refusal::DeviceBlocked));
    assert_eq!(refusal(&ask(&by_code, &other, b"")), None, "another device");
}

/// What an ISP has that lets in those who have not paid.
fn restricting(known: Known) -> Known {
    let terms = Restriction {
        pool: Some("walled".parse().expect("good")),
        address_list: Some("unpaid".parse().expect("good")),
        rate: None,
        seconds: std::num::NonZeroU32::new(600).expect("good"),
    };
    Known { house: HouseRules { unpaid: Unpaid::Restrict(Box::new(terms)), ..HouseRules::default() }, ..known }
}

#[test]
fn who_is_suspended_or_has_not_paid_may_be_let_in_to_be_told_how_to_pay() {
    let suspended = || subscriber(Standing::Suspended { at: in_hours(-1) }, None);
    let expired = || subscriber(Standing::Active, Some(in_hours(-1)));

    for (candidate, why) in [(suspended(), Refusal::Suspended), (expired(), Refusal::Expired)] {
        let rejecting = facts(vec![candidate]);
        assert_eq!(refusal(&ask(&rejecting, &attempt(b"house-12"), b"karibu-nyumbani")), Some(why));
        let known = restricting(rejecting);

        let verdict = ask(&known, &attempt(b"house-12"), b"karibu-nyumbani");
        let wrong = ask(&known, &attempt(b"house-12"), b"guess");

        let Outcome::Admit(admit) = verdict.outcome else { panic!("let in: {verdict:?}") };
        assert!(admit.is_restricted && admit.until.is_none());
        assert!(verdict.trail.steps().iter().any(|step| step.detail == Detail::Meaning(Meaning::Restricted)));
        assert_eq!(refusal(&wrong), Some(Refusal::WrongPassword));
        let facts = known.facts(&device(1), now());
        let terms = restricted::of(&admit, facts.house).expect("terms");
        let grant = restricted::grant(&facts.candidates[0], terms, SessionId::from_bytes([9; 16]), 300);
        assert_eq!((grant.seconds_left, grant.framed_ip, grant.data_left), (Some(600), None, None));
        assert_eq!(grant.pool, terms.pool);
        assert_eq!(restricted::told(&facts.candidates[0], terms).speed, Speed::Restricted);
    }
}

#[test]
fn whoever_has_paid_and_whoever_bought_a_voucher_is_not_restricted() {
    let ended = VoucherState::Active { since: in_hours(-2), until: in_hours(-1) };
    let paid = restricting(facts(vec![subscriber(Standing::Active, Some(in_hours(1)))]));
    let voucher = restricting(facts(vec![voucher(1, ended)]));

    let Outcome::Admit(admit) = ask(&paid, &attempt(b"house-12"), b"karibu-nyumbani").outcome else { panic!("let in") };

    assert!(!admit.is_restricted && admit.until == Some(in_hours(1)));
    assert_eq!(refusal(&ask(&voucher, &attempt(b"DemoHour1"), b"")), Some(Refusal::Expired));
}

#[test]
fn where_the_newest_wins_it_is_let_in_unless_it_only_comes_back_by_its_address() {
    let mut full = voucher(1, active());
    full.plan.terms.when_full = WhenFull::NewestWins;
    full.slots = vec![SlotFact { number: 1, device: device(2), lease_until: in_hours(1) }];
    let known = facts(vec![full]);

    let verdict = ask(&known, &attempt(b"DemoHour1"), b"");
    let by_itself = facts(known.candidates.into_iter().map(by_address).collect());

    assert_eq!(refusal(&verdict), None);
    let last = verdict.trail.steps().last().expect("steps");
    assert_eq!((last.rule, last.detail), (Rule::DeviceCap, Detail::Meaning(Meaning::NewestWins)));
    assert_eq!(refusal(&ask(&by_itself, &at_hotspot(ADDRESS), b"")), Some(Refusal::AlreadyInUse));
}
