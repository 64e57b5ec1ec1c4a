//! ISPs, their routers, and what serves all of them.

use domain::network::nas::Nas;
use domain::secret::SecretBytes;
use store::network::nas;
use store::platform::tenants;
use store::{Page, StoreError};

use crate::scene::{Scene, id};

#[tokio::test]
async fn tenants_are_found_and_listed_by_name() {
    let scene = Scene::open().await;
    let mut tx = scene.store.system().await.expect("begins");

    let listed = tenants::list(&mut tx).await.expect("lists");
    let found = tenants::find(&mut tx, "savanna").await.expect("looks");

    assert_eq!(listed, [scene.theirs.tenant.clone(), scene.ours.tenant.clone()]);
    assert_eq!(found, Some(scene.ours.tenant.clone()));
    assert_eq!(tenants::find(&mut tx, "nobody").await.expect("looks"), None);
}

#[tokio::test]
async fn a_tenants_name_is_taken_once() {
    let scene = Scene::open().await;
    let mut tx = scene.store.system().await.expect("begins");
    let twin = domain::platform::tenant::Tenant { id: id(), ..scene.ours.tenant.clone() };

    let refused = tenants::add(&mut tx, &twin).await.expect_err("refused");

    assert_eq!(refused.to_string(), "a tenant of that name exists already");
}

#[tokio::test]
async fn the_registry_holds_every_tenants_routers_with_their_secrets() {
    let scene = Scene::open().await;
    let mut tx = scene.store.system().await.expect("begins");

    let registry = nas::registry(&mut tx).await.expect("reads");

    let seen: Vec<(Nas, Vec<u8>)> =
        registry.routers.into_iter().map(|(nas, secret)| (nas, secret.expose().to_vec())).collect();
    assert_eq!(
        seen,
        [
            (scene.ours.nas.clone(), b"secret of savanna".to_vec()),
            (scene.theirs.nas.clone(), b"secret of rift".to_vec())
        ]
    );
}

#[tokio::test]
async fn the_registrys_fingerprint_changes_with_every_change_even_one_that_commits_late() {
    let scene = Scene::open().await;
    let fingerprint = async || {
        let mut tx = scene.store.system().await.expect("begins");
        nas::registry_fingerprint(&mut tx).await.expect("reads")
    };
    let before = fingerprint().await;
    let mut late = scene.tx().await;
    let early = Nas { id: id(), name: "late".parse().expect("good"), ..scene.ours.nas.clone() };
    nas::add(&mut late, &early, &SecretBytes::new(b"secret".to_vec())).await.expect("added");

    let mut quick = scene.their_tx().await;
    let other = Nas { id: id(), name: "quick".parse().expect("good"), ..scene.theirs.nas.clone() };
    nas::add(&mut quick, &other, &SecretBytes::new(b"secret".to_vec())).await.expect("added");
    quick.commit().await.expect("commits");
    let between = fingerprint().await;
    late.commit().await.expect("commits");
    let after = fingerprint().await;
    let mut admin = scene.database.admin().await;
    sqlx::query("update nas set coa_port = 1700 where name = 'late'").execute(&mut admin).await.expect("updates");
    let changed = fingerprint().await;

    assert_ne!(before, between);
    assert_ne!(between, after);
    assert_ne!(after, changed);
    assert_eq!(changed, fingerprint().await);
}

#[tokio::test]
async fn routers_are_listed_in_pages() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    for name in ["b", "c"] {
        let nas = Nas { id: id(), name: name.parse().expect("good"), ..scene.ours.nas.clone() };
        nas::add(&mut tx, &nas, &SecretBytes::new(b"secret".to_vec())).await.expect("added");
    }

    let first = nas::list(&mut tx, Page::first(2)).await.expect("lists");
    let second = nas::list(&mut tx, Page::after(first.next.expect("more"), 2)).await.expect("lists");

    let names = |rows: &[Nas]| rows.iter().map(|nas| nas.name.to_string()).collect::<Vec<_>>();
    assert_eq!((names(&first.rows), names(&second.rows)), (vec!["savanna-tower".into(), "b".into()], vec!["c".into()]));
    assert_eq!(second.next, None);
    assert_eq!(nas::find(&mut tx, scene.ours.nas.id).await.expect("looks"), Some(scene.ours.nas.clone()));
}

#[tokio::test]
async fn two_tenants_may_use_one_routers_name_and_one_may_not_use_it_twice() {
    let scene = Scene::open().await;
    let secret = SecretBytes::new(b"secret".to_vec());
    let mut tx = scene.their_tx().await;
    let same = Nas { id: id(), name: scene.ours.nas.name.clone(), ..scene.theirs.nas.clone() };
    nas::add(&mut tx, &same, &secret).await.expect("added");

    let again = nas::add(&mut tx, &Nas { id: id(), ..same }, &secret).await;

    assert!(matches!(again, Err(StoreError::Conflict { what: "a NAS of that name exists already" })), "{again:?}");
}
