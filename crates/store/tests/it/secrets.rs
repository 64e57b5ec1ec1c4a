//! What is sealed, and what does not open.

use domain::access::facts::Right;
use store::access::facts;
use store::network::nas;
use store::{Keyring, StoreError};

use crate::scene::{NOW, Scene, id};

async fn password(scene: &Scene) -> Result<Vec<u8>, StoreError> {
    let mut tx = scene.store.tenant(&scene.ours.scope).await?;
    let facts = facts::load(&mut tx, scene.ours.username.as_bytes(), NOW).await?;
    match &facts.candidates.first().expect("known").right {
        Right::Subscriber { password, .. } => Ok(password.expose().to_vec()),
        Right::Voucher { .. } => unreachable!("a subscriber was asked for"),
    }
}

#[tokio::test]
async fn a_subscribers_password_is_sealed_in_its_column_and_opens_for_admission() {
    let scene = Scene::open().await;
    let mut admin = scene.database.admin().await;

    let column: Vec<u8> = sqlx::query_scalar("select password_sealed from subscribers where username = $1")
        .bind(&scene.ours.username)
        .fetch_one(&mut admin)
        .await
        .expect("reads");

    assert!(!column.windows(5).any(|part| part == b"pw of"));
    assert_eq!(password(&scene).await.expect("opens"), b"pw of savanna-house");
}

#[tokio::test]
async fn a_sealed_value_that_was_copied_from_another_tenants_row_does_not_open() {
    let scene = Scene::open().await;
    let mut admin = scene.database.admin().await;

    sqlx::query(
        "update subscribers set password_sealed = (select password_sealed from subscribers where tenant_id = $1)
         where tenant_id = $2",
    )
    .bind(scene.theirs.tenant_id().uuid())
    .bind(scene.ours.tenant_id().uuid())
    .execute(&mut admin)
    .await
    .expect("copies");

    let refused = password(&scene).await.expect_err("refused");
    assert!(matches!(refused, StoreError::Corrupt { table: "subscribers", .. }), "{refused:?}");
}

#[tokio::test]
async fn another_master_key_is_told_as_such() {
    let scene = Scene::open().await;
    let store = scene.database.store_with(Keyring::new([9; 32], |octets| octets.fill(1)));

    let mut system = store.system().await.expect("begins");
    let registry = nas::registry(&mut system).await.expect_err("refused");
    let mut tx = store.tenant(&scene.ours.scope).await.expect("begins");
    let added = nas::add(
        &mut tx,
        &domain::network::nas::Nas { id: id(), ..scene.ours.nas.clone() },
        &domain::secret::SecretBytes::new(b"secret".to_vec()),
    )
    .await
    .expect_err("refused");

    assert!(matches!(registry, StoreError::WrongMasterKey), "{registry:?}");
    assert!(matches!(added, StoreError::WrongMasterKey), "{added:?}");
}
