//! Lists that are filtered, sorted and searched, in pages.

use std::collections::BTreeSet;

use domain::id::{CustomerId, VoucherId, ZoneId};
use domain::people::customer::{Customer, Identity, IdentityKind, IdentityState};
use domain::phone::CallingCode;
use domain::sales::voucher::VoucherCode;
use domain::time::Timestamp;
use store::listing::{Direction, Key, Search};
use store::people::{customers, subscribers};
use store::sales::vouchers::{self, NewVouchers};
use store::{Page, StoreError, TenantTx};

use crate::scene::{NOW, Scene, a_zone, code, customer, id, in_seconds, phone};

fn search(text: &str) -> Option<Search> {
    Some(Search::new(text, &CallingCode::kenya()))
}

/// Vouchers in each state: `printed`, two `unused`, `active`, two `expired` and `revoked`.
async fn vouchers_in_each_state(scene: &Scene, tx: &mut TenantTx) {
    let made = |sold_at: Option<Timestamp>, sell_by: Option<Timestamp>| NewVouchers {
        sold_at,
        sell_by,
        bought_by: sold_at.map(|_| phone("0712345678")),
        ..scene.ours.printed()
    };
    let sold = made(Some(NOW), None);
    for (name, made) in [
        ("Unused1", sold.clone()),
        ("Unused2", NewVouchers { expires_at: Some(in_seconds(50)), ..sold.clone() }),
        ("Active1", NewVouchers { expires_at: Some(in_seconds(40)), ..sold.clone() }),
        ("Expired1", NewVouchers { expires_at: Some(in_seconds(-5)), ..sold.clone() }),
        ("Expired2", made(None, Some(in_seconds(-9)))),
        ("Revoked1", sold.clone()),
    ] {
        let voucher: VoucherId = id();
        vouchers::insert_codes(tx, &[(voucher, code(name))], &made).await.expect("inserted");
        if name == "Active1" {
            let used = domain::sales::voucher::FirstUse { since: NOW, until: in_seconds(40) };
            vouchers::note_first_use(tx, voucher, used).await.expect("noted");
        }
        if name == "Revoked1" {
            vouchers::revoke(tx, voucher, NOW).await.expect("revoked");
        }
    }
}

/// The codes of all pages of a list, two rows a page.
async fn codes_of(
    tx: &mut TenantTx,
    filter: &vouchers::listing::Filter,
    sorted: (vouchers::listing::Sort, Direction),
) -> Vec<String> {
    let mut codes = Vec::new();
    let mut page = Page::first(2);
    for _ in 0..100 {
        let listed = vouchers::listing::list(tx, filter, sorted, page).await.expect("lists");
        codes.extend(listed.rows.iter().map(|voucher| voucher.code.expose().to_owned()));
        let Some(next) = listed.next else { return codes };
        page = Page::after(next, 2);
    }
    unreachable!("a list without an end: {codes:?}");
}

#[tokio::test]
async fn vouchers_are_listed_by_each_state_and_are_in_one_alone() {
    use vouchers::listing::{Filter, Sort, State};
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    vouchers_in_each_state(&scene, &mut tx).await;

    for sort in [Sort::Made, Sort::Ends, Sort::Code] {
        for direction in [Direction::Up, Direction::Down] {
            let mut all = BTreeSet::new();
            for state in State::ALL {
                let filter = Filter { state: Some((state, NOW)), ..Filter::default() };
                let codes = codes_of(&mut tx, &filter, (sort, direction)).await;
                for code in &codes {
                    let voucher: VoucherCode = code.parse().expect("a code");
                    let found = vouchers::find_by_code(&mut tx, &voucher).await.expect("looks").expect("there");
                    assert_eq!(found.state.name(NOW), state.code(), "{code}");
                    assert!(all.insert(code.clone()), "{code} is in two states");
                }
            }
            assert_eq!(all.len(), 7, "{sort:?} {direction:?}: {all:?}");
        }
    }
}

#[tokio::test]
async fn vouchers_come_in_the_order_that_is_asked_for() {
    use vouchers::listing::{Filter, Sort};
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    vouchers_in_each_state(&scene, &mut tx).await;
    let all = Filter::default();

    let made = codes_of(&mut tx, &all, (Sort::Made, Direction::Up)).await;
    let mut newest = codes_of(&mut tx, &all, (Sort::Made, Direction::Down)).await;
    let ends = codes_of(&mut tx, &all, (Sort::Ends, Direction::Up)).await;
    let by_code = codes_of(&mut tx, &all, (Sort::Code, Direction::Up)).await;

    newest.reverse();
    assert_eq!(made, newest);
    assert_eq!(made[1..], ["Unused1", "Unused2", "Active1", "Expired1", "Expired2", "Revoked1"]);
    assert_eq!(ends[..4], ["Expired2", "Expired1", "Active1", "Unused2"]);
    assert_eq!(by_code[..3], ["Active1", "Expired1", "Expired2"]);
    assert_eq!(by_code.len(), 7);
}

#[tokio::test]
async fn what_few_have_is_found_behind_more_rows_than_a_page_looks_at() {
    use vouchers::listing::{Filter, Sort, State};
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let printed: Vec<(VoucherId, VoucherCode)> = (0..21_500).map(|n| (id(), code(&format!("aaaa{n:05}")))).collect();
    for some in printed.chunks(5_000) {
        vouchers::insert_codes(&mut tx, some, &scene.ours.printed()).await.expect("inserted");
    }
    let over = NewVouchers { sold_at: Some(NOW), expires_at: Some(in_seconds(-5)), ..scene.ours.printed() };
    vouchers::insert_codes(&mut tx, &[(id(), code("zzzzLast"))], &over).await.expect("inserted");
    let expired = Filter { state: Some((State::Expired, NOW)), ..Filter::default() };
    let sorted = (Sort::Code, Direction::Up);

    let first = vouchers::listing::list(&mut tx, &expired, sorted, Page::first(2)).await.expect("lists");
    assert!(first.rows.is_empty() && first.next.is_some(), "a page looks at some, and says where the next begins");
    assert_eq!(codes_of(&mut tx, &expired, sorted).await, ["zzzzLast"]);
    let all = codes_of(&mut tx, &Filter { search: search("aaaa000"), ..Filter::default() }, sorted).await;
    assert_eq!(all.len(), 100);
}

#[tokio::test]
async fn vouchers_are_searched_by_code_in_any_case_and_by_the_buyers_number() {
    use vouchers::listing::{Filter, State};
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    vouchers_in_each_state(&scene, &mut tx).await;

    let by = |text: &str| Filter { search: search(text), ..Filter::default() };
    assert_eq!(codes_of(&mut tx, &by("eXp"), <_>::default()).await, ["Expired1", "Expired2"]);
    assert_eq!(codes_of(&mut tx, &by("0712 34"), <_>::default()).await.len(), 5);
    assert_eq!(codes_of(&mut tx, &by("0799"), <_>::default()).await, [""; 0]);
    let both = Filter { state: Some((State::Active, NOW)), ..by("+254712") };
    assert_eq!(codes_of(&mut tx, &both, <_>::default()).await, ["Active1"]);
    assert_eq!(codes_of(&mut tx, &by("zero\0"), <_>::default()).await, [""; 0]);
}

#[tokio::test]
async fn a_key_of_another_list_is_no_error() {
    use vouchers::listing::{Filter, Sort};
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    vouchers_in_each_state(&scene, &mut tx).await;

    for key in ["", "~name\0", "@5"] {
        let key: Key = format!("{}{key}", uuid::Uuid::nil()).parse().expect("a key");
        for sort in [Sort::Made, Sort::Ends, Sort::Code] {
            let page = Page::after(key.clone(), 10);
            vouchers::listing::list(&mut tx, &Filter::default(), (sort, Direction::Up), page).await.expect("lists");
        }
    }
}

/// A customer of this name and zone.
fn in_zone(name: &str, zone: ZoneId, phone_number: &str) -> Customer {
    let mut customer = customer(name);
    customer.profile.zone = Some(zone);
    customer.profile.phone = Some(phone(phone_number));
    customer.profile.email = None;
    customer
}

/// The names of all pages of a list, two rows a page.
async fn names_of(tx: &mut TenantTx, filter: &customers::listing::Filter, direction: Direction) -> Vec<String> {
    let sorted = (customers::listing::Sort::Name, direction);
    let mut names = Vec::new();
    let mut page = Page::first(2);
    loop {
        let listed = customers::listing::list(tx, filter, sorted, page).await.expect("lists");
        names.extend(listed.rows.iter().map(|record| record.name.to_string()));
        let Some(next) = listed.next else { return names };
        page = Page::after(next, 2);
    }
}

#[tokio::test]
async fn customers_are_found_by_any_of_their_names_their_number_and_their_zone() {
    use customers::listing::Filter;
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let (east, west, north) = (a_zone(&mut tx).await, a_zone(&mut tx).await, a_zone(&mut tx).await);
    let mut people = [
        in_zone("Mary Wanjiku Njoroge", east, "0712000001"),
        in_zone("Wanjiku Mwangi", west, "0712000002"),
        in_zone("wanjala  Otieno", west, "0722000003"),
        in_zone("Juma", north, "0733000004"),
    ];
    people[3].profile.email = Some("wanderer@example.com".parse().expect("an address"));
    customers::insert_many(&mut tx, &people).await.expect("added");

    let by = |text: &str| Filter { search: search(text), ..Filter::default() };
    let in_zones = |zones: &[ZoneId]| Filter { zones: Some(zones.to_vec()), ..Filter::default() };
    let all = ["Juma", "Mary Wanjiku Njoroge", "wanjala  Otieno", "Wanjiku Mwangi"];
    assert_eq!(names_of(&mut tx, &Filter::default(), Direction::Up).await, all);
    // In the order of what fits: the address, then the three names.
    assert_eq!(names_of(&mut tx, &by("WAN"), Direction::Up).await, [all[0], all[2], all[3], all[1]]);
    assert_eq!(names_of(&mut tx, &by("njo"), Direction::Up).await, [all[1]]);
    assert_eq!(names_of(&mut tx, &by("mary  wan"), Direction::Up).await, [all[1]]);
    assert_eq!(names_of(&mut tx, &by("0712"), Direction::Up).await, [all[1], all[3]]);
    assert_eq!(names_of(&mut tx, &in_zones(&[west, north]), Direction::Up).await, [all[0], all[2], all[3]]);
    assert_eq!(names_of(&mut tx, &in_zones(&[west, north]), Direction::Down).await, [all[3], all[2], all[0]]);
    assert_eq!(names_of(&mut tx, &in_zones(&[]), Direction::Up).await, [""; 0]);
    let both = Filter { zones: Some(vec![west]), ..by("wan") };
    assert_eq!(names_of(&mut tx, &both, Direction::Up).await, [all[2], all[3]]);
    assert!(customers::find(&mut tx, people[0].id, Some(&[west])).await.expect("looks").is_none());
    assert_eq!(customers::find(&mut tx, people[0].id, Some(&[east])).await.expect("looks"), Some(people[0].clone()));
}

#[tokio::test]
async fn a_customers_document_is_sealed_and_comes_back_whole() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let mut mary = customer("Mary Wanjiku");
    let number = "12345678".parse().expect("a number");
    mary.profile.identity = Some(Identity { kind: IdentityKind::NationalId, number });
    mary.profile.identity_state = IdentityState::Pending;
    customers::insert_many(&mut tx, std::slice::from_ref(&mary)).await.expect("added");

    let found = customers::lock(&mut tx, mary.id, None).await.expect("looks").expect("there");
    let mut changed = found.clone();
    changed.profile.identity_state = IdentityState::Verified;
    customers::save(&mut tx, &changed).await.expect("saved");
    let pending = customers::listing::Filter { identity: Some(IdentityState::Pending), ..Default::default() };
    let verified = customers::listing::Filter { identity: Some(IdentityState::Verified), ..Default::default() };

    assert_eq!(found, mary);
    assert_eq!(names_of(&mut tx, &pending, Direction::Up).await, [""; 0]);
    assert_eq!(names_of(&mut tx, &verified, Direction::Up).await, ["Mary Wanjiku"]);
    tx.commit().await.expect("commits");
    let mut admin = scene.database.admin().await;
    let raw: Vec<u8> =
        sqlx::query_scalar("select identity_sealed from customers").fetch_one(&mut admin).await.expect("reads");
    assert!(!raw.windows(8).any(|octets| octets == b"12345678"));
}

#[tokio::test]
async fn who_still_has_something_is_not_forgotten() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let mut mary = customer("Mary Wanjiku");
    mary.profile.zone = Some(a_zone(&mut tx).await);
    customers::insert_many(&mut tx, std::slice::from_ref(&mary)).await.expect("added");
    let theirs = subscribers::Changes {
        customer: Some(Some(mary.id)),
        zone: Some(mary.profile.zone),
        ..subscribers::Changes::default()
    };
    subscribers::change(&mut tx, scene.ours.subscriber, &theirs).await.expect("changed");
    vouchers::give_to(&mut tx, &[scene.ours.voucher], Some(mary.id)).await.expect("given");
    tx.commit().await.expect("commits");

    let mut tx = scene.tx().await;
    let refused = customers::remove(&mut tx, mary.id).await.expect_err("refused");
    drop(tx);
    let mut tx = scene.tx().await;
    let house = subscribers::find(&mut tx, scene.ours.subscriber, Some(&[mary.profile.zone.expect("set")])).await;
    let nobody: CustomerId = id();
    let nowhere = subscribers::Changes { customer: Some(Some(nobody)), ..subscribers::Changes::default() };
    let unknown = subscribers::change(&mut tx, scene.ours.subscriber, &nowhere).await.expect_err("refused");

    assert!(matches!(refused, StoreError::Conflict { .. }), "{refused:?}");
    assert_eq!(house.expect("looks").expect("there").customer, Some(mary.id));
    assert!(matches!(unknown, StoreError::Conflict { .. }), "{unknown:?}");
}

#[tokio::test]
async fn subscribers_are_listed_by_state_zone_name_and_end() {
    use subscribers::listing::{Filter, Sort, State};
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let (east, west) = (a_zone(&mut tx).await, a_zone(&mut tx).await);
    for (name, zone, until, suspended) in [
        ("b-house", Some(east), Some(in_seconds(100)), false),
        ("a-house", Some(west), Some(in_seconds(-100)), false),
        ("c-house", None, None, false),
        ("d-house", Some(east), Some(in_seconds(-50)), true),
    ] {
        let mut new = scene.ours.new_subscriber(id(), name);
        new.until = until;
        new.phone = Some(phone("0712345678"));
        let subscriber = new.id;
        subscribers::insert_many(&mut tx, vec![new]).await.expect("added");
        let placed = subscribers::Changes { zone: Some(zone), ..subscribers::Changes::default() };
        subscribers::change(&mut tx, subscriber, &placed).await.expect("changed");
        if suspended {
            subscribers::suspend(&mut tx, subscriber, NOW).await.expect("suspended");
        }
    }

    async fn names(tx: &mut TenantTx, filter: Filter, sort: Sort) -> Vec<String> {
        let mut names = Vec::new();
        let mut page = Page::first(1);
        loop {
            let listed = subscribers::listing::list(tx, &filter, (sort, Direction::Up), page).await.expect("lists");
            names.extend(listed.rows.iter().map(|record| record.subscriber.username.to_string()));
            let Some(next) = listed.next else { return names };
            page = Page::after(next, 1);
        }
    }
    let in_state = |state| Filter { state: Some((state, NOW)), ..Filter::default() };
    let in_zones = |zones: &[ZoneId]| Filter { zones: Some(zones.to_vec()), ..Filter::default() };
    for sort in [Sort::Made, Sort::Username, Sort::Ends] {
        assert_eq!(names(&mut tx, in_state(State::Expired), sort).await, ["a-house"]);
        assert_eq!(names(&mut tx, in_state(State::Suspended), sort).await, ["d-house"]);
        assert_eq!(names(&mut tx, in_state(State::Active), sort).await.len(), 3);
        assert_eq!(names(&mut tx, in_zones(&[west]), sort).await, ["a-house"]);
        assert_eq!(names(&mut tx, in_zones(&[east, west]), sort).await.len(), 3);
    }
    let by_end = names(&mut tx, Filter::default(), Sort::Ends).await;
    assert_eq!(by_end, ["a-house", "d-house", "b-house", "savanna-house", "c-house"]);
    let by_name = names(&mut tx, in_zones(&[east, west]), Sort::Username).await;
    assert_eq!(by_name, ["a-house", "b-house", "d-house"]);
    let by_number = Filter { search: search("0712"), ..Filter::default() };
    assert_eq!(names(&mut tx, by_number, Sort::Made).await.len(), 4);
    let by_text = Filter { search: search("sav"), ..Filter::default() };
    assert_eq!(names(&mut tx, by_text, Sort::Made).await, ["savanna-house"]);
    let ending = Filter { ends_before: Some(in_seconds(1)), ..Filter::default() };
    assert_eq!(names(&mut tx, ending, Sort::Ends).await, ["a-house", "d-house"]);
}
