//! The devices of a right, and what an address finds.

use domain::access::attempt::Device;
use domain::access::device::Mark;
use domain::access::facts::{FoundBy, Holder};
use domain::id::VoucherId;
use domain::mac::Mac;
use domain::time::Timestamp;
use store::access::sessions::{self, NewSession};
use store::access::{devices, facts, known, slots};
use store::changes::{self, What};
use store::platform::settings;
use store::sales::vouchers;
use store::{Page, TenantTx};

use crate::scene::{NOW, Scene, cap, code, device, id, in_seconds};

const PHONE: &[u8] = b"0200-0000-0001";

async fn begins(scene: &Scene, tx: &mut TenantTx, holder: Holder, device: Device, at: Timestamp) {
    let session = NewSession { holder: Some(holder), started_at: at, ..scene.ours.new_session(id(), device) };
    sessions::insert_granted(tx, &session).await.expect("inserted");
}

/// The holders that an address finds, as both ways of looking have it.
async fn found(tx: &mut TenantTx, name: &[u8]) -> Vec<Holder> {
    let login = facts::load(tx, name, NOW).await.expect("loads");
    let mut all = known::by_names(tx, &[name]).await.expect("loads").found;
    let meanings = all.remove(0).rights;
    let by_login: Vec<_> = login.candidates.iter().map(|one| (one.right.holder(), one.found_by)).collect();
    let by_set: Vec<_> = meanings.iter().map(|(one, found_by)| (one.right.holder(), *found_by)).collect();
    assert_eq!(by_login, by_set);
    assert!(by_login.iter().all(|(_, found_by)| *found_by == FoundBy::Device), "{by_login:?}");
    by_login.into_iter().map(|(holder, _)| holder).collect()
}

async fn another_voucher(scene: &Scene, tx: &mut TenantTx, text: &str) -> VoucherId {
    let voucher = id();
    vouchers::insert_codes(tx, &[(voucher, code(text))], &scene.ours.printed()).await.expect("inserts");
    voucher
}

#[tokio::test]
async fn an_address_finds_what_the_device_used_last_in_any_spelling() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let other = another_voucher(&scene, &mut tx, "Other1").await;
    begins(&scene, &mut tx, scene.ours.holder(), device(1), NOW).await;
    begins(&scene, &mut tx, Holder::Voucher(other), device(1), in_seconds(60)).await;
    begins(&scene, &mut tx, Holder::Subscriber(scene.ours.subscriber), device(1), in_seconds(90)).await;

    let wanted = [Holder::Voucher(other), scene.ours.holder()];
    assert_eq!(found(&mut tx, PHONE).await, wanted, "vouchers alone, the last one first");
    assert_eq!(found(&mut tx, b"02:00:00:00:00:01").await, wanted);
    assert_eq!(found(&mut tx, b"02:00:00:00:00:02").await, []);

    vouchers::revoke(&mut tx, other, NOW).await.expect("revokes");
    assert_eq!(found(&mut tx, PHONE).await, [scene.ours.holder()]);
}

#[tokio::test]
async fn a_device_that_was_let_go_of_is_found_again_once_it_was_used_with_the_code() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let holder = scene.ours.holder();
    begins(&scene, &mut tx, holder, device(1), NOW).await;
    slots::take(&mut tx, holder, &device(1), cap(3), id(), NOW, in_seconds(60)).await.expect("taken");

    let live = devices::free_place(&mut tx, holder, &device(1), in_seconds(5)).await.expect("freed");
    assert!(devices::note_release(&mut tx, holder, &device(1), in_seconds(5)).await.expect("noted"));

    assert_eq!(live.len(), 1);
    assert!(slots::all(&mut tx).await.expect("read").is_empty());
    assert_eq!(found(&mut tx, PHONE).await, []);
    let known = known::by_ids(&mut tx, &[holder.uuid()]).await.expect("loads").found;
    let mark = Mark { device: device(1), is_blocked: false, released_at: Some(in_seconds(5)) };
    assert_eq!(known[0].marks, [mark]);
    begins(&scene, &mut tx, holder, device(1), in_seconds(9)).await;
    assert_eq!(found(&mut tx, PHONE).await, [holder]);
}

#[tokio::test]
async fn an_isp_may_not_want_devices_to_come_back_by_themselves() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    begins(&scene, &mut tx, scene.ours.holder(), device(1), NOW).await;
    tx.commit().await.expect("commits");

    let mut tx = scene.tx().await;
    let mut settled = settings::find(&mut tx).await.expect("there");
    settled.house.mac_login = false;
    settings::put(&mut tx, &settled).await.expect("set");
    tx.commit().await.expect("commits");

    let mut tx = scene.tx().await;
    assert_eq!(found(&mut tx, PHONE).await, []);
}

#[tokio::test]
async fn a_blocked_device_is_told_wherever_its_right_is_loaded() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let holder = scene.ours.holder();
    begins(&scene, &mut tx, holder, device(1), NOW).await;
    begins(&scene, &mut tx, holder, device(2), in_seconds(1)).await;

    assert!(devices::block(&mut tx, holder, &device(1), in_seconds(3)).await.expect("blocked"));
    assert!(!devices::block(&mut tx, holder, &device(9), in_seconds(3)).await.expect("asked"), "never seen");

    let facts = facts::load(&mut tx, scene.ours.code.expose().as_bytes(), NOW).await.expect("loads");
    assert_eq!(facts.candidates[0].blocked, [device(1)]);
    let known = known::by_ids(&mut tx, &[holder.uuid()]).await.expect("loads").found;
    assert_eq!(known[0].marks, [Mark { device: device(1), is_blocked: true, released_at: None }]);
    let listed = devices::list(&mut tx, holder).await.expect("lists");
    let told: Vec<_> = listed.iter().map(|seen| (seen.device.clone(), seen.blocked_at)).collect();
    assert_eq!(told, [(device(2), None), (device(1), Some(in_seconds(3)))]);
    assert_eq!(devices::count_blocked(&mut tx, holder).await.expect("counts"), 1);
    assert!(devices::unblock(&mut tx, holder, &device(1)).await.expect("unblocked"));
    let facts = facts::load(&mut tx, scene.ours.code.expose().as_bytes(), NOW).await.expect("loads");
    assert!(facts.candidates[0].blocked.is_empty());
}

#[tokio::test]
async fn of_too_many_devices_the_oldest_go_but_for_those_that_are_named_or_blocked() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let holder = scene.ours.holder();
    let phone = |number: u8| Device::Mac(Mac::from_octets([2, 0, 0, 0, 7, number]));
    for number in 0..120 {
        begins(&scene, &mut tx, holder, phone(number), in_seconds(i64::from(number))).await;
        match number {
            0 => _ = devices::set_name(&mut tx, holder, &phone(0), Some(&"TV".parse().expect("good"))).await,
            1 => _ = devices::block(&mut tx, holder, &phone(1), NOW).await,
            _ => {}
        }
    }

    let kept = devices::list(&mut tx, holder).await.expect("lists");

    assert_eq!(kept.len(), usize::from(devices::KEPT_MAX));
    assert_eq!(kept[0].device, phone(119));
    let oldest: Vec<_> = kept[98..].iter().map(|seen| seen.device.clone()).collect();
    assert_eq!(oldest, [phone(1), phone(0)]);
    assert_eq!(kept[99].name.as_ref().map(ToString::to_string), Some("TV".to_owned()));
}

#[tokio::test]
async fn the_feed_tells_of_a_new_device_and_of_a_block_but_not_of_every_session() {
    let scene = Scene::open().await;
    let holder = scene.ours.holder();
    let address = Mac::from_octets([2, 0, 0, 0, 0, 1]);
    let mut system = scene.store.system().await.expect("begins");
    let mut cursor = changes::start(&mut system).await.expect("starts");
    system.commit().await.expect("commits");
    let mut told = Vec::new();
    for step in 0..3 {
        let mut tx = scene.tx().await;
        match step {
            0 | 1 => begins(&scene, &mut tx, holder, device(1), in_seconds(step)).await,
            _ => assert!(devices::block(&mut tx, holder, &device(1), NOW).await.expect("blocked")),
        }
        tx.commit().await.expect("commits");
        let mut system = scene.store.system().await.expect("begins");
        let batch = changes::since(&mut system, &cursor, 100).await.expect("reads");
        system.commit().await.expect("commits");
        cursor = batch.next;
        told.push(batch.changes.iter().map(|change| change.what).collect::<Vec<_>>());
    }

    let of_right = What::Voucher(scene.ours.voucher);
    assert_eq!(told[0], [What::Device(address)]);
    assert_eq!(told[1], []);
    assert!(told[2].contains(&What::Device(address)) && told[2].contains(&of_right), "{told:?}");
    let mut tx = scene.tx().await;
    assert!(!known::subscriber_ids(&mut tx, Page::first(1)).await.expect("reads").rows.is_empty());
}
