//! One of everything that a node knows.

use std::net::Ipv4Addr;

use domain::access::attempt::{AskedService, Device};
use domain::access::device::Mark;
use domain::access::facts::{Holder, Right};
use domain::access::session::{Session, SessionState};
use domain::access::slot::Place;
use domain::access::told::{Speed, Told};
use domain::access::usage::{Counters, Recent};
use domain::id::Id;
use domain::mac::Mac;
use domain::money::{Currency, Money};
use domain::network::nas::{PortPair, Signing, SigningRule, Vendor};
use domain::people::subscriber::{Standing, Username};
use domain::phone::CallingCode;
use domain::platform::house::{HouseRules, Restriction, Unpaid};
use domain::rate::{Bps, Burst, BurstSeconds, Bytes, Priority, RateLimit, UpDown};
use domain::sales::plan::{DeviceCap, PlanService, PlanTerms, ValidityAnchor, WhenFull};
use domain::sales::voucher::VoucherState;
use domain::secret::SecretBytes;
use domain::time::{Duration, Period, Zone};
use store::access::known::Name;

use super::super::*;
use super::*;

pub(super) fn id<Of>(last: u8) -> Id<Of> {
    let mut octets = [7; 16];
    octets[15] = last;
    Id::from_bytes(octets)
}

pub(super) fn phone() -> Msisdn {
    Msisdn::parse(b"0712345678", &CallingCode::kenya()).expect("good")
}

/// An ISP that has said something of everything.
pub(super) fn habits() -> Habits {
    let restriction = Restriction {
        pool: Some("walled".parse().expect("good")),
        address_list: None,
        rate: Some(RateLimit::flat("64k".parse().expect("good"), "64k".parse().expect("good"))),
        seconds: std::num::NonZeroU32::new(600).expect("good"),
    };
    let house = HouseRules { mac_login: false, unpaid: Unpaid::Restrict(Box::new(restriction)) };
    Habits { zone: Zone::named("Africa/Nairobi").expect("known"), country: CallingCode::kenya(), house }
}

pub(super) fn plans() -> Vec<Plan> {
    let bps = |text: &str| text.parse::<Bps>().expect("good");
    let seconds = BurstSeconds::new(16).expect("good");
    let bare = PlanTerms {
        rate: None,
        device_cap: DeviceCap::ONE,
        duration: Duration::Months(1),
        anchor: ValidityAnchor::Sale,
        data_cap: None,
        pool: None,
        address_list: None,
        speed_windows: Vec::new(),
        fair_use: Vec::new(),
        when_full: WhenFull::Refuse,
        data_window: None,
        price: Money::from_minor(0, Currency::KES),
    };
    let full = PlanTerms {
        rate: Some(RateLimit {
            burst: Some(Burst {
                rate: UpDown::new(bps("4M"), bps("20M")),
                threshold: UpDown::new(bps("1M"), bps("8M")),
                seconds: UpDown::new(seconds, seconds),
            }),
            priority: Priority::new(3),
            minimum: Some(UpDown::new(bps("512k"), bps("1M"))),
            ..RateLimit::flat(bps("2M"), bps("10M"))
        }),
        duration: Duration::Minutes(90),
        anchor: ValidityAnchor::FirstUse,
        data_cap: Some(Bytes::new(5_000_000_000)),
        pool: Some("hotspot-pool".parse().expect("good")),
        address_list: Some("paid".parse().expect("good")),
        speed_windows: vec![
            "mon-fri 22:00-06:00 10M/20M burst=15M/30M over=8M/16M for=16/8".parse().expect("good"),
            "sat,sun 00:00-24:00 unlimited".parse().expect("good"),
        ],
        fair_use: vec!["10GB/week 1M/2M priority=5 minimum=64k/128k".parse().expect("good")],
        when_full: WhenFull::NewestWins,
        data_window: Some(Period::Month),
        ..bare.clone()
    };
    let flat = PlanTerms {
        rate: Some(RateLimit::flat(bps("2M"), bps("10M"))),
        duration: Duration::Days(7),
        anchor: ValidityAnchor::Purchase,
        ..bare.clone()
    };
    let plan = |number, service, terms| {
        let name = format!("plan-{number}").parse().expect("good");
        Plan { id: id(number), revision: u32::from(number), name, service, terms }
    };
    vec![plan(1, PlanService::Hotspot, full), plan(2, PlanService::Pppoe, flat), plan(3, PlanService::Static, bare)]
}

pub(super) fn rights() -> Vec<KnownRight> {
    let soon = NOW.plus(DAY);
    let states = [
        VoucherState::Printed { sell_by: None },
        VoucherState::Printed { sell_by: Some(soon) },
        VoucherState::Sold { at: NOW, until: None, sell_by: Some(soon) },
        VoucherState::Sold { at: NOW, until: Some(soon), sell_by: None },
        VoucherState::Active { since: NOW, until: soon },
        VoucherState::Revoked { at: NOW },
    ];
    let mut rights: Vec<KnownRight> = (10..)
        .zip(states)
        .map(|(number, state)| KnownRight {
            right: Right::Voucher { id: id(number), state, code: SecretBytes::new(b"SecretCode1".to_vec()) },
            name: Name::Code { bought_by: (number % 2 == 0).then(phone) },
            plan: id(1),
            used_in: u64::from(number),
            used_out: u64::MAX,
            places: Vec::new(),
            marks: Vec::new(),
        })
        .collect();
    let devices =
        [Device::Mac(Mac::from_octets([2, 0, 0, 0, 0, 1])), Device::Caller("port 7".to_owned()), Device::Unnamed];
    let places = (1..).zip(devices).map(|(number, device)| Place { number, device, session: id(9), lease_until: soon });
    let marks: Vec<Mark> = [(3, true, None), (4, false, Some(NOW))]
        .map(|(last, is_blocked, released_at)| {
            let device = Device::Mac(Mac::from_octets([2, 0, 0, 0, 0, last]));
            Mark { device, is_blocked, released_at }
        })
        .into();
    for (number, standing, until, framed_ip) in [
        (20, Standing::Active, None, None),
        (21, Standing::Suspended { at: NOW }, Some(soon), Some(Ipv4Addr::new(10, 0, 0, 9))),
    ] {
        let password = SecretBytes::new(b"a secret password".to_vec());
        rights.push(KnownRight {
            right: Right::Subscriber { id: id(number), standing, until, password, framed_ip },
            name: Name::Username(Username::parse(b"house-\xc3\xa9").expect("good")),
            plan: id(2),
            used_in: 0,
            used_out: 0,
            places: places.clone().collect(),
            marks: marks.clone(),
        });
    }
    rights
}

pub(super) fn routers() -> Vec<Item> {
    let plain = Nas {
        id: id(40),
        tenant: id(0),
        name: "tower-3".parse().expect("good"),
        address: "10.8.0.12/32".parse().expect("good"),
        identifier: None,
        realm: None,
        port_pair: None,
        vendor: Vendor::Mikrotik,
        coa_port: 3_799,
        signing: Signing { rule: SigningRule::Observe, raised_at: None },
    };
    let other = Nas {
        id: id(41),
        address: "2001:db8::/32".parse().expect("good"),
        identifier: Some("roof".to_owned()),
        realm: Some("isp".to_owned()),
        port_pair: PortPair::of_auth(20_000),
        vendor: Vendor::Generic,
        signing: Signing { rule: SigningRule::Require, raised_at: Some(NOW) },
        ..plain.clone()
    };
    let router = |nas| Item::Router(Box::new(nas), SecretBytes::new(b"a shared secret".to_vec()));
    vec![router(plain), router(other)]
}

pub(super) fn sessions() -> Vec<Item> {
    let counters = |octets| Counters { in_octets: octets, out_octets: u64::MAX, seconds: 60, ..Counters::ZERO };
    let bare = StoredSession {
        id: id(50),
        nas: id(40),
        holder: None,
        user_name: "nobody".to_owned(),
        device: Device::Unnamed,
        service: AskedService::Unsaid,
        acct_session_id: None,
        framed_ip: None,
        told: None,
        from: None,
        interim_seconds: None,
        lease_until: NOW,
        session: Session::begun(NOW),
    };
    let full = StoredSession {
        id: id(51),
        holder: Some(Holder::Subscriber(id(20))),
        device: Device::Mac(Mac::from_octets([2, 0, 0, 0, 0, 1])),
        service: AskedService::Ppp,
        acct_session_id: Some("8100001a".to_owned()),
        framed_ip: Some(Ipv4Addr::new(10, 0, 0, 9)),
        told: Some(Told {
            until: Some(Timestamp::from_seconds(5_000)),
            framed_ip: Some(Ipv4Addr::new(10, 0, 0, 9)),
            speed: Speed::Step(3),
            data_since: Some(Timestamp::from_seconds(4_000)),
            ..Told::plainly(id(2), 7)
        }),
        from: Some(Ipv4Addr::new(127, 0, 0, 9).into()),
        interim_seconds: Some(300),
        session: Session {
            state: SessionState::Open,
            last_heard_at: NOW.plus(DAY),
            counted: counters(2_000),
            last_reading: counters(1_000),
            ..Session::begun(NOW)
        },
        ..bare.clone()
    };
    let card = StoredSession { id: id(52), holder: Some(Holder::Voucher(id(10))), ..full.clone() };
    let session = |session| Item::Session { tenant: id(0), session: Box::new(session) };
    vec![session(bare), session(full), session(card), Item::Heard { journal: id(60), next: 12_345 }]
}

pub(super) fn items() -> Vec<Item> {
    let mut items = routers();
    items.push(Item::Tenant { id: id(0), habits: Box::new(habits()) });
    items.extend(plans().into_iter().map(|plan| Item::Plan(Box::new(plan))));
    items.extend((0..).zip(rights()).map(|(number, right)| {
        let bytes = |times: u64| Bytes::new(number * times);
        let recent = Recent { day: bytes(1), week: bytes(1_000), month: bytes(5_000_000_000) };
        Item::Right { tenant: id(0), right: Box::new(right), recent: (number % 2 == 1).then(|| Box::new(recent)) }
    }));
    let meanings = [(id::<()>(20).uuid(), FoundBy::Username), (id::<()>(10).uuid(), FoundBy::Code)];
    let name = |name: &[u8], phone, meanings: &[_]| Item::Name {
        tenant: id(0),
        name: name.into(),
        phone,
        meanings: SmallVec::from_slice(meanings),
    };
    items.push(name(b"SecretCode1", None, &meanings));
    items.push(name(b"0712 345 678", Some(phone()), &[(id::<()>(10).uuid(), FoundBy::Phone)]));
    items.push(name(b"\xff\0", None, &[]));
    items.extend(sessions());
    items
}
