//! What is sealed, and what does not open.

use std::sync::{Arc, Mutex};

use domain::access::facts::Right;
use domain::secret::SecretBytes;
use domain::time::Timestamp;
use store::access::facts;
use store::network::nas;
use store::platform::data_keys::{self, SEALED};
use store::{Keyring, MasterKey, Store, StoreError};
use tests::database::MASTER_KEY;

use crate::scene::{Isp, NOW, Scene, id, in_seconds};

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

/// The version of the key that sealed our house's password.
async fn sealed_by(scene: &Scene, tenant: &Isp) -> u16 {
    let mut admin = scene.database.admin().await;
    let sealed: Vec<u8> = sqlx::query_scalar("select password_sealed from subscribers where tenant_id = $1")
        .bind(tenant.tenant_id().uuid())
        .fetch_one(&mut admin)
        .await
        .expect("reads");
    u16::from_be_bytes([sealed[1], sealed[2]])
}

/// Seals everything of our tenant anew, and gives how many values those were.
async fn sealed_anew(scene: &Scene) -> u64 {
    let mut values = 0;
    for column in SEALED {
        let mut tx = scene.tx().await;
        let batch = data_keys::reseal(&mut tx, *column, None).await.expect("sealed");
        tx.commit().await.expect("committed");
        assert_eq!((batch.unreadable, batch.next), (0, None), "{column:?}");
        values += batch.values;
    }
    values
}

async fn forgotten(scene: &Scene, since: Timestamp) -> u64 {
    let mut tx = scene.tx().await;
    let gone = data_keys::forget(&mut tx, since).await.expect("asked");
    tx.commit().await.expect("committed");
    gone
}

#[tokio::test]
async fn every_column_of_sealed_values_is_among_those_that_are_sealed_anew() {
    let scene = Scene::open().await;
    let mut admin = scene.database.admin().await;

    let mut there: Vec<(String, String)> = sqlx::query_as(
        r"select c.table_name::text, c.column_name::text
          from information_schema.columns c
          join information_schema.columns t using (table_schema, table_name)
          where c.table_schema = 'public' and c.column_name like '%\_sealed' and t.column_name = 'tenant_id'
          order by 1, 2",
    )
    .fetch_all(&mut admin)
    .await
    .expect("reads");
    let mut known: Vec<(String, String)> =
        SEALED.iter().map(|known| (known.table.to_owned(), known.column.to_owned())).collect();
    there.sort();
    known.sort();

    assert_eq!(known, there, "a sealed column is missing from `store::platform::data_keys::SEALED`");
}

#[tokio::test]
async fn a_new_data_key_seals_everything_anew_for_its_tenant_alone() {
    let scene = Scene::open().await;
    // A server that knows the keys as they were.
    let server = scene.database.store();
    let read_by_the_server = async || {
        let mut tx = server.tenant(&scene.ours.scope).await.expect("begins");
        let facts = facts::load(&mut tx, scene.ours.username.as_bytes(), NOW).await.expect("opens");
        assert_eq!(facts.candidates.len(), 1);
    };
    read_by_the_server().await;

    let mut tx = scene.tx().await;
    assert_eq!(data_keys::add(&mut tx, NOW).await.expect("added"), 2);
    tx.commit().await.expect("committed");
    assert_eq!(forgotten(&scene, in_seconds(1)).await, 0, "something is sealed by the first");
    let values = sealed_anew(&scene).await;

    assert!(values >= 2, "a router's secret and a house's password, not {values}");
    assert_eq!(sealed_anew(&scene).await, 0, "all is sealed by the newest");
    assert_eq!((sealed_by(&scene, &scene.ours).await, sealed_by(&scene, &scene.theirs).await), (2, 1));
    assert_eq!(password(&scene).await.expect("opens"), b"pw of savanna-house");
    read_by_the_server().await;

    // What the server seals now, it seals by the newest: the first may go.
    let secret = SecretBytes::new(b"another".to_vec());
    let mut tx = server.tenant(&scene.ours.scope).await.expect("begins");
    nas::set_secret(&mut tx, scene.ours.nas.id, &secret).await.expect("set");
    tx.commit().await.expect("committed");
    assert_eq!(sealed_anew(&scene).await, 0);
    assert_eq!(forgotten(&scene, NOW).await, 0, "the newest is not old enough");
    assert_eq!(forgotten(&scene, in_seconds(1)).await, 1);
    assert_eq!(password(&scene).await.expect("opens"), b"pw of savanna-house");
    let mut system = scene.store.system().await.expect("begins");
    let keys = data_keys::list(&mut system).await.expect("reads");
    let of =
        |isp: &Isp| keys.iter().find(|keys| keys.tenant == isp.tenant_id()).map(|keys| (keys.newest, keys.earlier));
    assert_eq!((of(&scene.ours), of(&scene.theirs)), (Some((2, 0)), Some((1, 0))));
    assert!(data_keys::unfinished(&mut system).await.expect("reads").is_empty());
}

#[tokio::test]
async fn a_value_that_was_moved_by_hand_keeps_its_key_and_stops_no_other() {
    let scene = Scene::open().await;
    let mut admin = scene.database.admin().await;
    sqlx::query(
        "update nas set secret_sealed = set_byte(secret_sealed, 30, get_byte(secret_sealed, 30) # 1) where id = $1",
    )
    .bind(scene.ours.nas.id.uuid())
    .execute(&mut admin)
    .await
    .expect("spoiled");
    let mut tx = scene.tx().await;
    data_keys::add(&mut tx, NOW).await.expect("added");
    tx.commit().await.expect("committed");

    let mut unreadable = 0;
    for column in SEALED {
        let mut tx = scene.tx().await;
        unreadable += data_keys::reseal(&mut tx, *column, None).await.expect("sealed").unreadable;
        tx.commit().await.expect("committed");
    }

    assert_eq!(unreadable, 1);
    assert_eq!(sealed_by(&scene, &scene.ours).await, 2);
    assert_eq!(forgotten(&scene, in_seconds(1)).await, 0);
}

#[tokio::test]
async fn a_new_master_key_seals_all_keys_anew_while_servers_run() {
    let scene = Scene::open().await;
    let file = Arc::new(Mutex::new(vec![MASTER_KEY]));
    let read = || {
        let file = Arc::clone(&file);
        move || {
            let keys = file.lock().expect("not poisoned");
            Some(keys.iter().map(|key| domain::secret::Secret::new(*key)).collect::<Vec<MasterKey>>())
        }
    };
    let store = || {
        let keys = read()().expect("keys");
        scene.database.store_with(Keyring::reading(&keys, read(), |octets| octets.fill(3)))
    };
    // One has opened nothing yet when the key changes.
    let (server, command) = (store(), store());
    let wrapped = async |store: &Store| {
        let mut tx = store.system().await.expect("begins");
        let wrapped = data_keys::wrapped(&mut tx).await;
        wrapped.map(|wrapped| (wrapped.by_the_one_in_force, wrapped.by_an_earlier_one))
    };
    let opens = async |store: &Store| {
        let mut tx = store.tenant(&scene.ours.scope).await.expect("begins");
        facts::load(&mut tx, scene.ours.username.as_bytes(), NOW).await.map(|facts| facts.candidates.len())
    };
    assert_eq!(wrapped(&command).await.expect("opens"), (2, 0));

    *file.lock().expect("not poisoned") = vec![[9; 32], MASTER_KEY];
    assert_eq!(wrapped(&command).await.expect("opens"), (0, 2));
    let mut tx = command.system().await.expect("begins");
    assert_eq!(data_keys::wrap_anew(&mut tx).await.expect("wrapped"), 2);
    tx.commit().await.expect("committed");

    assert_eq!(wrapped(&store()).await.expect("opens"), (2, 0));
    assert_eq!(opens(&server).await.expect("the server reads the file again"), 1);
    *file.lock().expect("not poisoned") = vec![[9; 32]];
    assert_eq!(opens(&store()).await.expect("opens"), 1);
    let earlier = scene.database.store_with(Keyring::new(MASTER_KEY, |octets| octets.fill(1)));
    assert!(matches!(opens(&earlier).await, Err(StoreError::WrongMasterKey)));
    assert!(matches!(wrapped(&earlier).await, Err(StoreError::WrongMasterKey)));
}
