//! Staff, their stays and keys.

use domain::id::{RoleId, StaffId};
use domain::people::key::Key;
use domain::people::permission::{Act, Permissions, Thing};
use domain::people::role::{Preset, Rights, Role, RoleName, Services};
use domain::people::staff::{Staff, StaffState, Zoned};
use domain::time::{Span, Timestamp};
use store::people::sign_ins::{self, NewSignIn, SignedIn};
use store::people::staff::{self, StaffFilter};
use store::people::tries::{self, Remembered};
use store::people::{keys, roles};
use store::{Page, StoreError};

use crate::scene::{NOW, Scene, a_zone, id, in_seconds, phone};

const IDLE: Span = Span::minutes(20);

/// Somebody active, whose names all come from this one.
pub(crate) fn a_person(name: &str, preset: Preset) -> Staff {
    Staff {
        id: id::<domain::id::kind::Staff>() as StaffId,
        email: format!("{name}@savanna.example").parse().expect("good"),
        user_name: name.parse().expect("good"),
        name: format!("{name} Wanjiku").parse().expect("good"),
        phone: Some(phone("0712345678")),
        id_number: Some("12345678".parse().expect("good")),
        role: RoleName::Preset(preset),
        zones: Zoned::All,
        state: StaffState::Active,
        has_totp: false,
        created_at: NOW,
        signed_in_at: None,
        revision: 1,
    }
}

/// A role that sees plans.
pub(crate) fn a_role(name: &str) -> Role {
    Role {
        id: id::<domain::id::kind::Role>() as RoleId,
        name: name.to_owned(),
        permissions: Permissions::on(Thing::Plans, &[Act::See]),
        services: Services::PppoeAndStatic,
        created_at: NOW,
        revision: 1,
    }
}

/// A stay that begins now.
pub(crate) fn a_stay(staff: StaffId, token_hash: [u8; 32]) -> NewSignIn {
    NewSignIn {
        id: id(),
        staff,
        token_hash,
        begun_at: NOW,
        proved_twice: false,
        address: Some([192, 0, 2, 7].into()),
        agent: Some("Firefox".to_owned()),
    }
}

/// A key that sees plans.
pub(crate) fn a_key(name: &str) -> Key {
    Key {
        id: id(),
        name: name.to_owned(),
        permissions: Permissions::on(Thing::Plans, &[Act::See]),
        services: Services::All,
        zones: Zoned::All,
        made_by: "Anna".to_owned(),
        made_at: NOW,
        rotated_at: None,
        earlier_until: None,
        expires_at: Some(in_seconds(86_400)),
        last_used_at: None,
        revoked_at: None,
        revision: 1,
    }
}

async fn touch(scene: &Scene, hash: [u8; 32], now: Timestamp) -> Option<SignedIn> {
    let mut tx = scene.store.system().await.expect("begins");
    let touched = sign_ins::touch(&mut tx, &hash, now, IDLE).await.expect("asks");
    tx.commit().await.expect("commits");
    touched
}

#[tokio::test]
async fn a_stay_lasts_while_it_is_heard_of_and_ends_after_twenty_minutes_of_silence() {
    let scene = Scene::open().await;
    let anna = a_person("anna", Preset::Technician);
    let mut tx = scene.tx().await;
    staff::add(&mut tx, &anna).await.expect("added");
    sign_ins::begin(&mut tx, &a_stay(anna.id, [1; 32])).await.expect("begun");
    tx.commit().await.expect("commits");

    let there = touch(&scene, [1; 32], in_seconds(19 * 60 + 59)).await.expect("there");
    assert_eq!((there.tenant, there.staff, there.is_platform), (scene.ours.tenant_id(), anna.id, false));
    assert_eq!((there.rights, there.zones), (Rights::Preset(Preset::Technician), Zoned::All));
    // Heard of at 19:59, so it lasts another twenty minutes.
    assert!(touch(&scene, [1; 32], in_seconds(39 * 60 + 58)).await.is_some());
    assert!(touch(&scene, [1; 32], in_seconds(59 * 60 + 58)).await.is_none());
    assert!(touch(&scene, [1; 32], in_seconds(60 * 60)).await.is_none());
    assert!(touch(&scene, [2; 32], NOW).await.is_none());
}

#[tokio::test]
async fn a_stay_ends_with_its_person_and_by_itself() {
    let scene = Scene::open().await;
    let role = a_role("seers");
    let anna = Staff { role: RoleName::Own(role.id), ..a_person("anna", Preset::Owner) };
    let mut tx = scene.tx().await;
    roles::add(&mut tx, &role).await.expect("added");
    staff::add(&mut tx, &anna).await.expect("added");
    let stays = [a_stay(anna.id, [1; 32]), a_stay(anna.id, [2; 32]), a_stay(anna.id, [3; 32])];
    for stay in &stays {
        sign_ins::begin(&mut tx, stay).await.expect("begun");
    }
    tx.commit().await.expect("commits");

    let there = touch(&scene, [1; 32], NOW).await.expect("there");
    assert_eq!(there.rights, Rights::Own { permissions: role.permissions, services: role.services });

    let mut tx = scene.tx().await;
    assert!(sign_ins::end(&mut tx, anna.id, stays[0].id, NOW).await.expect("ends"));
    assert!(!sign_ins::end(&mut tx, anna.id, stays[0].id, NOW).await.expect("asks"));
    assert_eq!(sign_ins::end_all(&mut tx, anna.id, Some(stays[2].id), NOW).await.expect("ends"), 1);
    assert_eq!(sign_ins::live(&mut tx, anna.id, NOW, IDLE).await.expect("lists").len(), 1);
    tx.commit().await.expect("commits");
    assert!(touch(&scene, [1; 32], NOW).await.is_none() && touch(&scene, [2; 32], NOW).await.is_none());
    assert!(touch(&scene, [3; 32], NOW).await.is_some());

    let mut tx = scene.tx().await;
    staff::set_state(&mut tx, anna.id, StaffState::Deactivated).await.expect("set");
    tx.commit().await.expect("commits");
    assert!(touch(&scene, [3; 32], NOW).await.is_none());
}

#[tokio::test]
async fn an_address_is_one_persons_on_the_whole_system_and_a_user_name_in_the_isp() {
    let scene = Scene::open().await;
    let anna = a_person("anna", Preset::Owner);
    let mut tx = scene.tx().await;
    staff::add(&mut tx, &anna).await.expect("added");
    tx.commit().await.expect("commits");

    let mut tx = scene.their_tx().await;
    let moved = Staff { id: id(), ..anna.clone() };
    let refused = staff::add(&mut tx, &moved).await.expect_err("taken");
    assert_eq!(refused.to_string(), "somebody with that e-mail address exists already");
    let mut tx = scene.their_tx().await;
    let other = Staff { email: "other@rift.example".parse().expect("good"), ..moved };
    staff::add(&mut tx, &other).await.expect("the user name is free there");
    let mut tx = scene.tx().await;
    let twin = Staff { id: id(), email: "twin@savanna.example".parse().expect("good"), ..anna.clone() };
    assert!(matches!(staff::add(&mut tx, &twin).await, Err(StoreError::Conflict { .. })));

    let mut system = scene.store.system().await.expect("begins");
    let found = staff::by_email(&mut system, &anna.email).await.expect("asks");
    assert_eq!(found, Some((scene.ours.tenant_id(), anna.id)));
}

#[tokio::test]
async fn staff_are_found_changed_and_listed() {
    let scene = Scene::open().await;
    let (anna, ben) = (a_person("anna", Preset::Owner), a_person("ben", Preset::Technician));
    let mut tx = scene.tx().await;
    staff::add(&mut tx, &anna).await.expect("added");
    staff::add(&mut tx, &ben).await.expect("added");

    let moved = Staff { zones: Zoned::Some(vec![a_zone(&mut tx).await]), revision: 2, ..ben.clone() };
    staff::change(&mut tx, &moved).await.expect("changed");
    let of_text = StaffFilter { text: Some("BEN".to_owned()), ..StaffFilter::default() };
    let of_role = StaffFilter { role: Some(RoleName::Preset(Preset::Owner)), ..StaffFilter::default() };

    assert_eq!(staff::find(&mut tx, ben.id).await.expect("finds"), Some(moved.clone()));
    assert_eq!(staff::list(&mut tx, &of_text, Page::first(5)).await.expect("lists").rows, std::slice::from_ref(&moved));
    assert_eq!(staff::list(&mut tx, &of_role, Page::first(5)).await.expect("lists").rows, std::slice::from_ref(&anna));
    let first = staff::list(&mut tx, &StaffFilter::default(), Page::first(1)).await.expect("lists");
    let next = Page::after(first.next.expect("more"), 1);
    assert_eq!(staff::list(&mut tx, &StaffFilter::default(), next).await.expect("lists").rows, [moved]);
    assert_eq!(staff::count_with(&mut tx, Preset::Technician).await.expect("counts"), 1);
}

#[tokio::test]
async fn a_key_is_known_until_it_ends_and_its_earlier_proof_for_a_while() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let key = Key { zones: Zoned::Some(vec![a_zone(&mut tx).await]), ..a_key("billing system") };
    keys::add(&mut tx, &key, &[1; 32]).await.expect("added");
    keys::rotate(&mut tx, key.id, &[2; 32], NOW, in_seconds(60)).await.expect("rotated");
    tx.commit().await.expect("commits");
    let touch = async |hash: [u8; 32], now| {
        let mut tx = scene.store.system().await.expect("begins");
        let touched = keys::touch(&mut tx, &hash, now).await.expect("asks");
        tx.commit().await.expect("commits");
        touched
    };

    let used = touch([2; 32], in_seconds(5)).await.expect("known");
    assert_eq!((used.tenant, used.id, used.permissions), (scene.ours.tenant_id(), key.id, key.permissions));
    assert_eq!((used.zones, used.is_platform), (key.zones.clone(), false));
    assert!(touch([1; 32], in_seconds(59)).await.is_some() && touch([1; 32], in_seconds(60)).await.is_none());
    assert!(touch([2; 32], in_seconds(64)).await.is_some() && touch([2; 32], in_seconds(86_400)).await.is_none());

    let mut tx = scene.tx().await;
    let known = keys::find(&mut tx, key.id).await.expect("finds").expect("there");
    // At 5 s, and not again before a minute had passed.
    assert_eq!(known.last_used_at, Some(in_seconds(5)));
    keys::revoke(&mut tx, key.id, NOW).await.expect("revoked");
    keys::add(&mut tx, &Key { id: id(), ..key.clone() }, &[4; 32]).await.expect("the name is free again");
    tx.commit().await.expect("commits");
    assert!(touch([2; 32], in_seconds(5)).await.is_none());
}

#[tokio::test]
async fn tries_at_once_are_counted_one_after_the_other() {
    let scene = Scene::open().await;
    let count = async || {
        let mut tx = scene.store.system().await.expect("begins");
        let before = tries::lock(&mut tx, "login", &[1; 32]).await.expect("locks");
        let after = Remembered { failed: before.failed + 1, last_at: Some(NOW), wait_until: Some(in_seconds(9)) };
        tries::note(&mut tx, "login", &[1; 32], after).await.expect("noted");
        tx.commit().await.expect("commits");
    };

    tokio::join!(count(), count(), count(), count());

    let mut tx = scene.store.system().await.expect("begins");
    let counted = tries::lock(&mut tx, "login", &[1; 32]).await.expect("locks");
    assert_eq!(counted, Remembered { failed: 4, last_at: Some(NOW), wait_until: Some(in_seconds(9)) });
    tries::forget_old(&mut tx, in_seconds(1)).await.expect("forgets");
    assert_eq!(tries::lock(&mut tx, "login", &[1; 32]).await.expect("locks"), Remembered::default());
}
