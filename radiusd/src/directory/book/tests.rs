//! What is found by a name, and what a change does to it.

use domain::id::{SubscriberId, VoucherId};
use domain::money::{Currency, Money};
use domain::people::subscriber::Standing;
use domain::sales::plan::{DeviceCap, PlanService, PlanTerms, ValidityAnchor, WhenFull};
use domain::time::Duration;

use super::*;

const OURS: TenantId = TenantId::from_bytes([1; 16]);
const THEIRS: TenantId = TenantId::from_bytes([2; 16]);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn plan(revision: u32) -> Plan {
    Plan {
        id: PlanId::from_bytes([9; 16]),
        revision,
        name: "hour".parse().expect("good"),
        service: PlanService::Hotspot,
        terms: PlanTerms {
            rate: None,
            device_cap: DeviceCap::ONE,
            duration: Duration::Minutes(60),
            anchor: ValidityAnchor::FirstUse,
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

fn habits() -> Habits {
    let country = CallingCode::parse("254").expect("good");
    Habits { zone: Zone::utc(), country, house: HouseRules::default() }
}

fn voucher(id: u8, state: VoucherState) -> Right {
    Right::Voucher {
        id: VoucherId::from_bytes([id; 16]),
        state,
        code: SecretBytes::new(format!("Code{id}").into_bytes()),
    }
}

fn subscriber(id: u8) -> Right {
    Right::Subscriber {
        id: SubscriberId::from_bytes([id; 16]),
        standing: Standing::Active,
        until: None,
        password: SecretBytes::new(b"pw".to_vec()),
        framed_ip: None,
    }
}

fn put(book: &Book, tenant: TenantId, right: Right) -> Arc<RightEntry> {
    let name = match &right {
        Right::Subscriber { .. } => Name::Username("house-12".parse().expect("good")),
        Right::Voucher { .. } => Name::Code { bought_by: None },
    };
    let new = NewRight { right, plan: book.put_plan(plan(1)), name, marks: Vec::new(), live: HolderLive::default() };
    book.put_right(tenant, new)
}

fn state(entry: &RightEntry) -> VoucherState {
    match &entry.facts.load().right {
        Right::Voucher { state, .. } => *state,
        Right::Subscriber { .. } => panic!("a voucher"),
    }
}

#[test]
fn a_name_is_found_for_its_tenant_alone_and_octet_by_octet() {
    let book = Book::default();
    let tenant = book.put_tenant(OURS, habits());
    let entry = put(&book, OURS, subscriber(1));
    book.put_name(&tenant, b"house-12", SmallVec::from_iter([(entry, FoundBy::Username)]), None);

    assert!(book.with(OURS, b"house-12", |_| ()).is_some());
    for (tenant, name) in [(THEIRS, &b"house-12"[..]), (OURS, b"House-12"), (OURS, b"house-1"), (OURS, b"")] {
        assert!(book.with(tenant, name, |_| ()).is_none());
    }
}

#[test]
fn a_new_revision_of_a_plan_reaches_everybody_who_bought_it() {
    let book = Book::default();
    let entries: Vec<_> = (1..=3).map(|id| put(&book, OURS, subscriber(id))).collect();

    book.put_plan(plan(2));

    assert!(entries.iter().all(|entry| entry.facts.load().plan.load().revision == 2));
}

#[test]
fn a_name_without_meaning_is_not_kept() {
    let book = Book::default();
    let tenant = book.put_tenant(OURS, habits());
    let entry = put(&book, OURS, subscriber(1));
    book.put_name(&tenant, b"house-12", SmallVec::from_iter([(entry, FoundBy::Username)]), None);

    book.put_name(&tenant, b"house-12", SmallVec::new(), None);

    assert!(book.is_empty());
}

#[test]
fn an_older_row_does_not_undo_a_first_use() {
    let book = Book::default();
    let sold = |until| VoucherState::Sold { at: at(1), until, sell_by: None };
    let entry = put(&book, OURS, voucher(1, sold(None)));
    let first = FirstUse { since: at(10), until: at(100) };

    assert_eq!(entry.use_first(first), (at(100), true));
    assert_eq!(entry.use_first(FirstUse { since: at(20), until: at(120) }), (at(100), false));
    put(&book, OURS, voucher(1, sold(None)));
    assert_eq!(state(&entry), VoucherState::Active { since: at(10), until: at(100) });
    put(&book, OURS, voucher(1, sold(Some(at(500)))));
    assert_eq!(state(&entry), VoucherState::Active { since: at(10), until: at(500) });
    put(&book, OURS, voucher(1, VoucherState::Revoked { at: at(30) }));
    assert_eq!(state(&entry), VoucherState::Revoked { at: at(30) });
}

#[test]
fn what_is_new_of_a_right_leaves_its_live_state_alone() {
    let book = Book::default();
    let entry = put(&book, OURS, subscriber(1));
    entry.live().count(5, 7, at(10));

    let again = put(&book, OURS, subscriber(1));

    assert!(Arc::ptr_eq(&entry, &again));
    assert_eq!(entry.live().used_each_way(), (5, 7));
}

#[test]
fn a_phone_number_keeps_a_bounded_number_of_spellings() {
    let book = Book::default();
    let tenant = book.put_tenant(OURS, habits());
    let entry = put(&book, OURS, voucher(1, VoucherState::Printed { sell_by: None }));
    let phone = Msisdn::parse(b"0712345678", &habits().country).expect("good");

    for spelling in 0..2 * SPELLINGS_MAX {
        let name = format!("0712 345 678{}", " ".repeat(spelling));
        let meanings = SmallVec::from_iter([(Arc::clone(&entry), FoundBy::Phone)]);
        book.put_name(&tenant, name.as_bytes(), meanings, Some(phone.clone()));
    }

    assert_eq!((book.len(), book.spellings(OURS, &phone).len()), (SPELLINGS_MAX, SPELLINGS_MAX));
    assert!(book.spellings(THEIRS, &phone).is_empty());
}
