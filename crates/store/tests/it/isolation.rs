//! No tenant sees or changes another's rows: by the database's own rules, and by every query there is.

mod inventory;
mod queries;

use domain::network::nas::Nas;
use domain::secret::SecretBytes;
use domain::time::Timestamp;
use sqlx::{Connection as _, PgConnection};
use store::StoreError;
use store::access::{decisions, sessions};
use store::network::nas;
use store::people::subscribers;
use store::platform::places;
use store::sales::{batches, vouchers};

use crate::scene::{NOW, Scene, a_zone, batch, code, device, id};

const POLICY: &str = "(tenant_id = (NULLIF(current_setting('app.tenant'::text, true), ''::text))::uuid)";

#[tokio::test]
async fn every_table_of_tenants_has_forced_row_security_and_the_policy() {
    let scene = Scene::open().await;
    let mut admin = scene.database.admin().await;

    #[derive(Debug, sqlx::FromRow)]
    struct Table {
        name: String,
        enabled: bool,
        forced: bool,
        using_texts: Vec<String>,
        check_texts: Vec<String>,
    }
    let tables: Vec<Table> = sqlx::query_as(
        "select c.relname::text as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
                coalesce(array_agg(pg_get_expr(p.polqual, c.oid)) filter (where p.oid is not null), '{}')
                    as using_texts,
                coalesce(array_agg(pg_get_expr(p.polwithcheck, c.oid))
                    filter (where p.polcmd in ('*', 'a', 'w')), '{}') as check_texts
         from pg_class c
         left join pg_policy p
             on p.polrelid = c.oid and 'mnetifi_tenant'::regrole = any(p.polroles)
         where c.relkind in ('r', 'p')
           and not c.relispartition
           and exists (
               select from pg_attribute a
               where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
           )
         group by c.oid
         order by c.relname",
    )
    .fetch_all(&mut admin)
    .await
    .expect("reads");

    assert!(tables.len() >= 11, "{tables:?}");
    for Table { name, enabled, forced, using_texts, check_texts } in tables {
        assert!(enabled && forced, "{name} has no forced row security");
        assert_eq!(using_texts, [POLICY], "{name}");
        assert!(check_texts.iter().all(|check| check == POLICY), "{name}: {check_texts:?}");
    }
}

#[tokio::test]
async fn every_key_of_a_tenants_table_begins_with_the_tenant() {
    let scene = Scene::open().await;
    let mut admin = scene.database.admin().await;

    let strays: Vec<String> = sqlx::query_scalar(
        "select i.indexrelid::regclass::text
         from pg_index i
         join pg_class c on c.oid = i.indrelid and not c.relispartition
         join pg_attribute t on t.attrelid = i.indrelid and t.attname = 'tenant_id'
         where i.indkey[0] <> t.attnum and i.indrelid >= 16384
         union all
         select c.conname
         from pg_constraint c
         join pg_attribute t on t.attrelid = c.conrelid and t.attname = 'tenant_id'
         where c.contype = 'f' and c.conkey[1] <> t.attnum
         order by 1",
    )
    .fetch_all(&mut admin)
    .await
    .expect("reads");

    // The feed, the sessions to look at and what is due of money are read over all tenants, and codes are unique over all
    // of them.
    // So is whatever somebody brings to the API before it is known from whom they come.
    assert_eq!(
        strays,
        [
            "api_keys_by_earlier_token",
            "api_keys_by_token",
            "callbacks_to_read",
            "changes_by_transaction",
            "gateways_by_token",
            "gateways_to_pull",
            "inquiries_due",
            "payments_claimed",
            "payments_to_look_at",
            "sessions_to_look_at",
            "sign_ins_by_token",
            "staff_email_key",
            "staff_tokens_by_token",
            "vouchers_code_folded_key"
        ]
    );
}

#[tokio::test]
async fn the_parts_of_a_table_are_reached_through_it_alone() {
    let scene = Scene::open().await;
    keep(&scene, NOW, 30).await;
    let mut admin = scene.database.admin().await;

    #[derive(Debug, sqlx::FromRow)]
    struct Part {
        name: String,
        whole: String,
        guarded: bool,
        policies: i64,
        granted_to: Vec<String>,
    }
    let parts: Vec<Part> = sqlx::query_as(
        "select c.relname::text as name, i.inhparent::regclass::text as whole, c.relrowsecurity as guarded,
                (select count(*) from pg_policy p where p.polrelid = c.oid) as policies,
                array(
                    select distinct coalesce(nullif(a.grantee, 0)::regrole::text, 'public')
                    from aclexplode(c.relacl) a
                    where a.grantee <> c.relowner
                ) as granted_to
         from pg_class c
         join pg_inherits i on i.inhrelid = c.oid
         where c.relispartition and c.relkind in ('r', 'p')
         order by 1",
    )
    .fetch_all(&mut admin)
    .await
    .expect("reads");

    assert!(parts.len() >= 5, "{parts:?}");
    for part in &parts {
        assert!(
            ["decision_blocks", "session_history"].contains(&part.whole.as_str()),
            "{part:?}: the walks over tables leave parts out, so say here of what"
        );
        assert!(part.guarded && part.policies == 0 && part.granted_to.is_empty(), "{part:?}");
        for role in ["mnetifi_tenant", "mnetifi_system"] {
            let mut app = PgConnection::connect(&scene.database.app_url()).await.expect("logs in");
            sqlx::raw_sql(sqlx::AssertSqlSafe(format!("begin; set local role {role}")))
                .execute(&mut app)
                .await
                .expect("begins");
            for deed in ["select 1 from", "delete from", "drop table"] {
                let done = sqlx::raw_sql(sqlx::AssertSqlSafe(format!("savepoint s; {deed} {}", part.name)));
                let refused = done.execute(&mut app).await.expect_err("denied");
                let code = refused.as_database_error().and_then(|e| e.code().map(|c| c.into_owned()));
                assert_eq!(code.as_deref(), Some("42501"), "{role}: {deed} {part:?}");
                sqlx::raw_sql("rollback to s").execute(&mut app).await.expect("goes on");
            }
        }
    }
}

#[tokio::test]
async fn a_tenant_cannot_let_go_of_decisions() {
    let scene = Scene::open().await;
    let mut app = PgConnection::connect(&scene.database.app_url()).await.expect("logs in");

    for begin in ["begin", "begin; set local role mnetifi_tenant"] {
        sqlx::raw_sql(begin).execute(&mut app).await.expect("begins");
        let kept = sqlx::raw_sql("select keep_decisions(now(), 1)").execute(&mut app).await.expect_err("denied");
        let code = kept.as_database_error().and_then(|e| e.code().map(|c| c.into_owned()));
        assert_eq!(code.as_deref(), Some("42501"), "{begin}");
        sqlx::raw_sql("rollback").execute(&mut app).await.expect("ends");
    }
}

async fn keep(scene: &Scene, now: Timestamp, days: u32) {
    let mut system = scene.store.system().await.expect("begins");
    decisions::keep(&mut system, now, days).await.expect("keeps");
    system.commit().await.expect("commits");
}

#[tokio::test]
async fn the_login_can_read_nothing_until_a_door_has_given_it_a_role() {
    let scene = Scene::open().await;
    let mut app = PgConnection::connect(&scene.database.app_url()).await.expect("logs in");

    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class
         where relkind in ('r', 'p', 'v', 'S') and relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&mut app)
    .await
    .expect("reads the catalog");

    assert!(tables.len() >= 12, "{tables:?}");
    for table in tables {
        let read = sqlx::query(sqlx::AssertSqlSafe(format!("select 1 from {table}"))).fetch_all(&mut app).await;
        let code = read.expect_err("denied").as_database_error().and_then(|e| e.code().map(|c| c.into_owned()));
        assert_eq!(code.as_deref(), Some("42501"), "{table}");
    }
}

#[tokio::test]
async fn the_tenants_role_without_a_tenant_sees_no_rows() {
    let scene = Scene::open().await;
    let mut app = PgConnection::connect(&scene.database.app_url()).await.expect("logs in");
    sqlx::raw_sql("begin; set local role mnetifi_tenant").execute(&mut app).await.expect("begins");

    let vouchers: i64 = sqlx::query_scalar("select count(*) from vouchers").fetch_one(&mut app).await.expect("reads");
    let tenants: i64 = sqlx::query_scalar("select count(*) from tenants").fetch_one(&mut app).await.expect("reads");

    assert_eq!((vouchers, tenants), (0, 0));
}

#[tokio::test]
async fn a_connection_forgets_its_tenant_with_the_transaction() {
    let scene = Scene::open().await;
    let mut app = PgConnection::connect(&scene.database.app_url()).await.expect("logs in");
    let begin = format!(
        "begin; set local role mnetifi_tenant; set local app.tenant = '{}'; commit; begin; set local role mnetifi_tenant",
        scene.ours.tenant_id().uuid()
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(begin)).execute(&mut app).await.expect("begins");

    let vouchers: i64 = sqlx::query_scalar("select count(*) from vouchers").fetch_one(&mut app).await.expect("reads");

    assert_eq!(vouchers, 0);
}

#[tokio::test]
async fn a_row_of_another_tenant_cannot_be_inserted() {
    let scene = Scene::open().await;

    let mut tx = scene.tx().await;
    let secret = SecretBytes::new(b"secret".to_vec());
    let router = nas::add(&mut tx, &Nas { id: id(), ..scene.theirs.nas.clone() }, &secret).await;

    assert!(matches!(router, Err(StoreError::Denied { .. })), "{router:?}");
}

#[tokio::test]
async fn no_row_can_point_into_another_tenant() {
    let scene = Scene::open().await;
    let theirs = &scene.theirs;

    let mut tx = scene.tx().await;
    let on_their_plan = batches::add(&mut tx, &batch(&theirs.plan)).await;
    let mut tx = scene.tx().await;
    let mut made = scene.ours.printed();
    made.batch = theirs.batch.id;
    let in_their_batch = vouchers::insert_codes(&mut tx, &[(id(), code("Cross1"))], &made).await;
    let mut tx = scene.tx().await;
    let mut subscriber = scene.ours.new_subscriber(id(), "cross");
    subscriber.plan = theirs.plan.id;
    let on_their_terms = subscribers::insert_many(&mut tx, vec![subscriber]).await;
    let mut tx = scene.tx().await;
    let mut session = scene.ours.new_session(id(), device(1));
    session.nas = theirs.nas.id;
    let at_their_router = sessions::insert_granted(&mut tx, &session).await;

    for refused in [on_their_plan, in_their_batch.map(drop), on_their_terms.map(drop), at_their_router] {
        assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_transaction_that_is_turned_sees_the_other_tenants_rows_and_the_first_ones_no_more() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let our_zone = a_zone(&mut tx).await;

    let mut tx = tx.turned_to(&scene.theirs.scope).await.expect("turned");
    assert_eq!(tx.tenant(), scene.theirs.tenant_id());
    assert_eq!(places::find_zone(&mut tx, our_zone).await.expect("looked"), None);
    let their_zone = a_zone(&mut tx).await;
    tx.commit().await.expect("commits");

    for (mut tx, own, other) in
        [(scene.tx().await, our_zone, their_zone), (scene.their_tx().await, their_zone, our_zone)]
    {
        assert!(places::find_zone(&mut tx, own).await.expect("looked").is_some());
        assert_eq!(places::find_zone(&mut tx, other).await.expect("looked"), None);
    }
    // Not because queries name their tenant: one that names none follows the setting each time, however often its plan
    // was used before.
    let mut app = PgConnection::connect(&scene.database.app_url()).await.expect("connects");
    sqlx::raw_sql("begin; set local role mnetifi_tenant").execute(&mut app).await.expect("begun");
    for _ in 0..10 {
        for (tenant, zone) in [(&scene.ours, our_zone), (&scene.theirs, their_zone)] {
            sqlx::query("select set_config('app.tenant', $1, true)")
                .bind(tenant.tenant_id().uuid().to_string())
                .execute(&mut app)
                .await
                .expect("turned");
            let seen: Vec<uuid::Uuid> =
                sqlx::query_scalar("select id from zones").fetch_all(&mut app).await.expect("read");
            assert_eq!(seen, [zone.uuid()]);
        }
    }
}
