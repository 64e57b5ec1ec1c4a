//! Routers that are changed, that go, that cannot be read, and what is seen of them.

use domain::network::nas::{Nas, Signing, SigningRule};
use domain::network::sighting::{Seen, Sighting};
use domain::secret::SecretBytes;
use store::network::{nas, sightings};
use store::{Page, StoreError};

use crate::scene::{Isp, NOW, Scene, id, in_seconds};

/// What a node saw of an ISP's router.
pub(crate) fn sighting(isp: &Isp, signed: u32, unsigned: u32) -> Sighting {
    Sighting {
        tenant: isp.tenant_id(),
        nas: isp.nas_id(),
        heard_at: NOW,
        heard_from: [192, 0, 2, 1].into(),
        signed,
        unsigned,
    }
}

async fn in_use(scene: &Scene) -> Vec<String> {
    let mut tx = scene.store.system().await.expect("begins");
    let registered = nas::registry(&mut tx).await.expect("reads");
    registered.routers.iter().map(|(nas, _)| nas.name.to_string()).collect()
}

#[tokio::test]
async fn a_router_is_changed_whole_and_its_secret_apart() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let changed = Nas {
        name: "mast".parse().expect("good"),
        address: "10.0.0.0/8".parse().expect("good"),
        identifier: None,
        realm: None,
        port_pair: None,
        vendor: domain::network::nas::Vendor::Generic,
        coa_port: 1_700,
        signing: Signing { rule: SigningRule::Require, raised_at: Some(NOW) },
        ..scene.ours.nas.clone()
    };
    nas::update(&mut tx, &changed).await.expect("updated");
    nas::set_secret(&mut tx, changed.id, &SecretBytes::new(b"another".to_vec())).await.expect("set");
    assert_eq!(nas::find(&mut tx, changed.id).await.expect("looks"), Some(changed));
    tx.commit().await.expect("commits");

    let mut tx = scene.store.system().await.expect("begins");
    let registered = nas::registry(&mut tx).await.expect("reads");
    let (_, secret) = registered.routers.iter().find(|(nas, _)| nas.name.as_str() == "mast").expect("there");
    assert_eq!(secret.expose(), b"another");
}

#[tokio::test]
async fn a_retired_router_may_not_ask_and_is_still_found_by_what_it_did() {
    let scene = Scene::open().await;
    let name = scene.ours.nas.name.clone();
    let session = scene.ours.granted(&scene.store, crate::scene::device(1)).await;
    let mut tx = scene.tx().await;
    nas::retire(&mut tx, scene.ours.nas_id(), NOW).await.expect("retired");
    tx.commit().await.expect("commits");

    assert_eq!(in_use(&scene).await, ["rift-tower"]);
    let mut tx = scene.tx().await;
    assert_eq!(nas::list(&mut tx, Page::first(10)).await.expect("lists").rows, []);
    assert_eq!(nas::find_by_name(&mut tx, &name).await.expect("looks").map(|nas| nas.id), Some(scene.ours.nas_id()));
    assert_eq!(nas::retired_at(&mut tx, scene.ours.nas_id()).await.expect("looks"), Some(NOW));
    let kept = store::access::sessions::find(&mut tx, session).await.expect("looks").expect("kept");
    assert_eq!(kept.nas, scene.ours.nas_id());
    let again = nas::retire(&mut tx, scene.ours.nas_id(), in_seconds(5)).await;
    assert!(matches!(again, Err(StoreError::Missing { what: "router" })), "{again:?}");
    let changed = nas::update(&mut tx, &scene.ours.nas).await;
    assert!(matches!(changed, Err(StoreError::Missing { .. })), "{changed:?}");
}

#[tokio::test]
async fn the_name_of_a_retired_router_is_free_and_means_the_new_one() {
    let scene = Scene::open().await;
    let secret = SecretBytes::new(b"secret".to_vec());
    let mut tx = scene.tx().await;
    nas::retire(&mut tx, scene.ours.nas_id(), NOW).await.expect("retired");
    let new = Nas { id: id(), ..scene.ours.nas.clone() };
    nas::add(&mut tx, &new, &secret).await.expect("added");

    assert_eq!(nas::find_by_name(&mut tx, &new.name).await.expect("looks"), Some(new));
}

#[tokio::test]
async fn a_router_that_cannot_be_read_leaves_the_others_in_force() {
    let scene = Scene::open().await;
    let mut admin = scene.database.admin().await;
    sqlx::query("update nas set secret_sealed = 'torn' where id = $1")
        .bind(scene.ours.nas_id().uuid())
        .execute(&mut admin)
        .await
        .expect("torn");

    let mut tx = scene.store.system().await.expect("begins");
    let registered = nas::registry(&mut tx).await.expect("reads");

    let names: Vec<_> = registered.routers.iter().map(|(nas, _)| nas.name.to_string()).collect();
    assert_eq!(names, ["rift-tower"]);
    let faulty: Vec<_> = registered.faulty.iter().map(|one| (one.name.as_str(), one.id)).collect();
    assert_eq!(faulty, [("savanna-tower", scene.ours.nas_id())]);
    assert!(matches!(registered.faulty[0].why, StoreError::Corrupt { table: "nas", .. }));
}

#[tokio::test]
async fn one_tenants_lost_key_leaves_the_other_tenants_routers_in_force() {
    let scene = Scene::open().await;
    let mut admin = scene.database.admin().await;
    sqlx::query(
        "update tenant_keys set wrapped = (select wrapped from tenant_keys where tenant_id <> $1) where tenant_id = $1",
    )
    .bind(scene.ours.tenant_id().uuid())
    .execute(&mut admin)
    .await
    .expect("exchanged");
    // Keys that were opened before are remembered: this is another process.
    let store = scene.database.store();

    let mut tx = store.system().await.expect("begins");
    let registered = nas::registry(&mut tx).await.expect("reads");

    assert_eq!(registered.routers.len(), 1);
    assert!(matches!(registered.faulty[0].why, StoreError::WrongMasterKey), "{:?}", registered.faulty);
}

#[tokio::test]
async fn sightings_come_together_and_a_router_is_raised_once() {
    let scene = Scene::open().await;
    let (ours, theirs) = (&scene.ours, &scene.theirs);
    let unknown = Sighting { nas: id(), ..sighting(ours, 1, 0) };
    let mut tx = scene.store.system().await.expect("begins");

    let before = sightings::lock(&mut tx, &[sighting(ours, 1, 0), unknown]).await.expect("locked");
    let empty = Seen {
        heard_at: NOW,
        heard_from: [192, 0, 2, 1].into(),
        signed_in_row: 0,
        signed_since: None,
        unsigned_at: None,
    };
    assert_eq!(before, [(ours.nas_id(), empty)]);
    let seen = Seen {
        heard_at: in_seconds(5),
        heard_from: "2001:db8::1".parse().expect("good"),
        signed_in_row: 20,
        signed_since: Some(NOW),
        unsigned_at: Some(in_seconds(-9)),
    };
    sightings::write(&mut tx, &[(ours.tenant_id(), ours.nas_id(), seen)]).await.expect("written");
    let ids = [(ours.tenant_id(), ours.nas_id())];
    assert_eq!(sightings::raise(&mut tx, &ids, in_seconds(6)).await.expect("raised"), [ours.nas_id()]);
    assert_eq!(sightings::raise(&mut tx, &ids, in_seconds(7)).await.expect("asked"), [], "it is raised already");
    assert_eq!(sightings::unsigned_since(&mut tx, in_seconds(-9)).await.expect("listed"), [ours.nas_id()]);
    assert_eq!(sightings::unsigned_since(&mut tx, NOW).await.expect("listed"), []);
    tx.commit().await.expect("commits");

    let mut tx = scene.tx().await;
    assert_eq!(sightings::find(&mut tx, ours.nas_id()).await.expect("looks"), Some(seen));
    assert_eq!(sightings::find(&mut tx, theirs.nas_id()).await.expect("looks"), None);
    let raised = nas::find(&mut tx, ours.nas_id()).await.expect("looks").expect("there");
    assert_eq!(raised.signing, Signing { rule: SigningRule::Observe, raised_at: Some(in_seconds(6)) });
}

#[tokio::test]
async fn what_an_operator_has_ruled_is_not_raised() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let signing = Signing { rule: SigningRule::Allow, raised_at: None };
    nas::update(&mut tx, &Nas { signing, ..scene.ours.nas.clone() }).await.expect("updated");
    tx.commit().await.expect("commits");

    let mut tx = scene.store.system().await.expect("begins");
    let ids = [(scene.ours.tenant_id(), scene.ours.nas_id())];

    assert_eq!(sightings::raise(&mut tx, &ids, NOW).await.expect("asked"), []);
}
