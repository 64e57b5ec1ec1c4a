//! Migrations, and what the database itself guarantees.

use domain::network::nas::Nas;
use domain::secret::SecretBytes;
use sqlx::Connection as _;
use store::network::nas;
use store::{StoreError, schema};
use tests::database::Database;

use crate::scene::{Scene, id};

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let database = Database::fresh().await;

    let again = store::migrate(&database.admin_url()).await.expect("migrates");

    assert_eq!(again.applied, 0);
    assert!(again.already > 0);
    assert_eq!(schema::pending(&database.admin_url()).await.expect("reads"), [] as [String; 0]);
}

#[tokio::test]
async fn an_empty_database_is_brought_up_to_date_by_two_programs_at_once() {
    let database = Database::fresh().await;
    let mut admin = database.admin().await;
    sqlx::raw_sql("drop schema public cascade; create schema public").execute(&mut admin).await.expect("empties");
    let url = database.admin_url();
    let waiting = schema::pending(&url).await.expect("reads");

    let (one, other) = tokio::join!(store::migrate(&url), store::migrate(&url));

    let (one, other) = (one.expect("migrates"), other.expect("migrates"));
    assert_eq!(one.applied.max(other.applied), waiting.len());
    assert_eq!(schema::pending(&url).await.expect("reads").len(), 0);
}

#[tokio::test]
async fn a_newer_database_is_refused_with_a_sentence() {
    let database = Database::fresh().await;
    let mut admin = database.admin().await;
    sqlx::query(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (29990101000000, 'from the future', true, '', 0)",
    )
    .execute(&mut admin)
    .await
    .expect("inserts");

    let refused = store::migrate(&database.admin_url()).await.expect_err("refused");

    assert!(matches!(refused, StoreError::NewerDatabase { version: 29990101000000 }), "{refused:?}");
    assert!(refused.to_string().contains("newer than this program"));
}

#[tokio::test]
async fn a_migration_that_was_changed_is_refused() {
    let database = Database::fresh().await;
    let mut admin = database.admin().await;
    sqlx::query("update _sqlx_migrations set checksum = ''").execute(&mut admin).await.expect("updates");

    let refused = store::migrate(&database.admin_url()).await.expect_err("refused");

    assert!(matches!(refused, StoreError::ForeignMigration { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_database_that_is_away_is_unavailable_and_a_url_that_is_none_is_not() {
    let away = store::migrate("postgres://mnetifi@127.0.0.1:1/mnetifi").await.expect_err("away");
    let none = store::migrate("not a url").await.expect_err("no url");

    assert!(away.is_unavailable(), "{away:?}");
    assert!(matches!(none, StoreError::BadUrl), "{none:?}");
}

#[tokio::test]
async fn a_database_without_tables_is_told_as_such() {
    let scene = Scene::open().await;
    let mut admin = scene.database.admin().await;
    sqlx::raw_sql("drop schema public cascade; create schema public").execute(&mut admin).await.expect("empties");

    let mut tx = scene.tx().await;
    let refused = store::sales::plans::list(&mut tx).await.expect_err("refused");

    assert!(matches!(refused, StoreError::NotMigrated), "{refused:?}");
}

#[tokio::test]
async fn an_error_shows_no_values() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let twin = Nas { id: id(), ..scene.ours.nas.clone() };

    let refused = nas::add(&mut tx, &twin, &SecretBytes::new(b"testing123".to_vec())).await.expect_err("refused");

    let shown = format!("{refused} {refused:?}");
    assert!(!shown.contains("savanna") && !shown.contains("insert"), "{shown}");
}

#[tokio::test]
async fn connections_that_died_are_replaced_without_an_error() {
    let scene = Scene::open().await;
    drop((scene.tx().await, scene.tx().await, scene.tx().await));
    let mut admin = scene.database.admin().await;
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and usename = 'mnetifi_app'",
    )
    .execute(&mut admin)
    .await
    .expect("ends them");

    let tx = scene.store.tenant(&scene.ours.scope).await;

    assert!(tx.is_ok(), "{tx:?}");
    admin.close().await.expect("closes");
}

#[tokio::test]
async fn a_plans_revision_is_never_changed_even_by_the_owner() {
    let scene = Scene::open().await;
    let mut admin = scene.database.admin().await;

    let refused = sqlx::query("update plan_revisions set price_minor = 1").execute(&mut admin).await;

    assert!(refused.expect_err("refused").to_string().contains("never changed"));
}
