//! Zones: whatever names one names one of its own ISP that is there, and none that is named is taken away.

use domain::id::ZoneId;
use domain::people::key::Key;
use domain::people::role::Preset;
use domain::people::staff::{Staff, StaffState, Zoned};
use store::people::{customers, keys, staff, subscribers};
use store::platform::places;
use store::{StoreError, TenantTx};

use crate::people::{a_key, a_person};
use crate::scene::{NOW, Scene, a_zone, customer, id};

const REFUSED: &str = "the zone does not exist, or somebody still names it";

#[tokio::test]
async fn a_zone_that_is_not_there_or_is_another_isps_is_named_by_nothing() {
    let scene = Scene::open().await;
    let mut tx = scene.their_tx().await;
    let theirs = a_zone(&mut tx).await;
    tx.commit().await.expect("commits");

    for zone in [id(), theirs] {
        let mut mary = customer("Mary Wanjiku");
        mary.profile.zone = Some(zone);
        let mut house = scene.ours.new_subscriber(id(), "house");
        house.zone = Some(zone);
        let ben = Staff { zones: Zoned::Some(vec![zone]), ..a_person("ben", Preset::Technician) };
        let key = Key { zones: Zoned::Some(vec![zone]), ..a_key("billing") };

        let mut tx = scene.tx().await;
        let of_customer = customers::insert_many(&mut tx, &[mary]).await.map(drop);
        let mut tx = scene.tx().await;
        let of_subscriber = subscribers::insert_many(&mut tx, vec![house]).await.map(drop);
        let mut tx = scene.tx().await;
        let of_staff = staff::add(&mut tx, &ben).await;
        let mut tx = scene.tx().await;
        let of_key = keys::add(&mut tx, &key, &[1; 32]).await;

        for refused in [of_customer, of_subscriber, of_staff, of_key] {
            assert!(matches!(&refused, Err(StoreError::Conflict { what }) if *what == REFUSED), "{refused:?}");
        }
    }
}

async fn removed(scene: &Scene, zone: ZoneId) -> Result<(), StoreError> {
    let mut tx = scene.tx().await;
    places::remove_zone(&mut tx, zone).await?;
    tx.commit().await
}

#[tokio::test]
async fn a_zone_that_is_named_is_not_taken_away() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let (of_customer, of_staff, of_key, free) =
        (a_zone(&mut tx).await, a_zone(&mut tx).await, a_zone(&mut tx).await, a_zone(&mut tx).await);
    let mut mary = customer("Mary Wanjiku");
    mary.profile.zone = Some(of_customer);
    customers::insert_many(&mut tx, &[mary]).await.expect("added");
    let ben = Staff { zones: Zoned::Some(vec![of_staff]), ..a_person("ben", Preset::Technician) };
    staff::add(&mut tx, &ben).await.expect("added");
    let key = Key { zones: Zoned::Some(vec![of_key]), ..a_key("billing") };
    keys::add(&mut tx, &key, &[1; 32]).await.expect("added");
    tx.commit().await.expect("commits");

    for zone in [of_customer, of_staff, of_key] {
        let refused = removed(&scene, zone).await;
        assert!(matches!(&refused, Err(StoreError::Conflict { what }) if *what == REFUSED), "{refused:?}");
    }
    assert!(removed(&scene, free).await.is_ok());
    assert_eq!(names(&scene, of_staff).await, [ben.name.to_string()]);
    assert_eq!(names(&scene, of_key).await, ["key billing"]);

    let mut tx = scene.tx().await;
    staff::set_state(&mut tx, ben.id, StaffState::Deactivated).await.expect("set");
    keys::revoke(&mut tx, key.id, NOW).await.expect("revoked");
    for zone in [of_staff, of_key] {
        places::leave_zone(&mut tx, zone).await.expect("left");
    }
    tx.commit().await.expect("commits");
    assert!(removed(&scene, of_staff).await.is_ok() && removed(&scene, of_key).await.is_ok());
}

async fn names(scene: &Scene, zone: ZoneId) -> Vec<String> {
    let mut tx: TenantTx = scene.tx().await;
    places::names_in_zone(&mut tx, zone).await.expect("looks")
}
