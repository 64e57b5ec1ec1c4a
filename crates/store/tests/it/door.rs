//! A store whose database comes later.

use store::platform::tenants;
use store::{Keyring, OpenOptions, Store, StoreError};
use tests::database::{Database, MASTER_KEY};

async fn tenants(store: &Store) -> Result<usize, StoreError> {
    let mut tx = store.system().await?;
    let count = tenants::list(&mut tx).await?.len();
    tx.commit().await?;
    Ok(count)
}

#[tokio::test]
async fn a_store_that_is_shut_says_why_and_lets_everybody_in_once_there_is_a_database() {
    let database = Database::fresh().await;
    let keyring = Keyring::new(MASTER_KEY, |octets| octets.fill(7));
    let store = Store::shut(OpenOptions::new(String::new(), keyring), "nobody has looked");
    let apart = store.apart(1);

    let before = tenants(&store).await.expect_err("shut");
    store.keep_shut("its disk is full");
    let later = tenants(&apart).await.expect_err("shut");
    let bad = store.admit("nothing").expect_err("no URL");
    assert!(!store.is_open());
    store.admit(&database.app_url()).expect("a URL");

    assert!(before.is_unavailable() && before.to_string().contains("nobody has looked"), "{before}");
    assert!(later.is_unavailable() && later.to_string().contains("its disk is full"), "{later}");
    assert!(matches!(bad, StoreError::BadUrl));
    assert!(store.is_open());
    assert_eq!((tenants(&store).await.expect("open"), tenants(&apart).await.expect("open")), (0, 0));
    store.close().await;
}
