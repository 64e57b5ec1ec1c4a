//! The feed of changes.

use std::collections::BTreeMap;

use domain::sales::voucher::FirstUse;
use store::changes::{self, Batch, Change, Cursor, What};
use store::people::subscribers;
use store::sales::{plans, vouchers};
use store::{Store, TenantTx};

use crate::scene::{NOW, Scene, code, full_terms, id, in_seconds};

async fn start(store: &Store) -> Cursor {
    changes::start(&mut store.system().await.expect("begins")).await.expect("reads")
}

async fn since(store: &Store, cursor: &Cursor, limit: u16) -> Batch {
    changes::since(&mut store.system().await.expect("begins"), cursor, limit).await.expect("reads")
}

/// What the feed tells since the cursor, which goes on.
async fn told(store: &Store, cursor: &mut Cursor) -> Vec<What> {
    let batch = since(store, cursor, 1_000).await;
    assert!(!batch.must_reload && !batch.more);
    *cursor = batch.next;
    batch.changes.into_iter().map(|change| change.what).collect()
}

async fn commit(tx: TenantTx) {
    tx.commit().await.expect("commits");
}

#[tokio::test]
async fn every_change_is_told_and_nothing_that_is_none() {
    let scene = Scene::open().await;
    let ours = &scene.ours;
    let (voucher, subscriber) = (What::Voucher(ours.voucher), What::Subscriber(ours.subscriber));
    let cursor = &mut start(&scene.store).await;

    assert_eq!(told(&scene.store, cursor).await, []);

    macro_rules! tells {
        ($what:expr, |$tx:ident| $deed:expr) => {{
            let mut transaction = scene.tx().await;
            let $tx = &mut transaction;
            $deed;
            commit(transaction).await;
            let expected: &[What] = $what;
            assert_eq!(told(&scene.store, cursor).await, expected, "{}", stringify!($deed));
        }};
    }
    let first = FirstUse { since: NOW, until: in_seconds(60) };
    tells!(&[voucher], |tx| vouchers::mark_sold(tx, ours.voucher, NOW, None).await.expect("sells"));
    tells!(&[], |tx| vouchers::mark_sold(tx, ours.voucher, NOW, None).await.expect("does nothing"));
    tells!(&[voucher], |tx| vouchers::note_first_use(tx, ours.voucher, first).await.expect("notes"));
    tells!(&[], |tx| vouchers::note_first_use(tx, ours.voucher, first).await.expect("changes nothing"));
    tells!(&[voucher], |tx| vouchers::revoke(tx, ours.voucher, NOW).await.expect("revokes"));
    tells!(&[subscriber], |tx| subscribers::suspend(tx, ours.subscriber, NOW).await.expect("suspends"));
    tells!(&[], |tx| subscribers::suspend(tx, ours.subscriber, NOW).await.expect("changes nothing"));
    tells!(&[subscriber], |tx| {
        subscribers::resume(tx, ours.subscriber).await.expect("resumes");
        subscribers::set_until(tx, ours.subscriber, None).await.expect("sets");
    });
    tells!(&[What::Plan(ours.plan.id)], |tx| plans::revise(tx, ours.plan.id, &full_terms(2)).await.expect("revises"));
    let made = id();
    tells!(&[What::Voucher(made)], |tx| {
        vouchers::insert_codes(tx, &[(made, code("Made1"))], &ours.printed()).await.expect("inserts")
    });
    let mut admin = scene.database.admin().await;
    sqlx::query("update tenants set zone = 'Africa/Kampala' where id = $1")
        .bind(ours.tenant_id().uuid())
        .execute(&mut admin)
        .await
        .expect("moves");
    assert_eq!(told(&scene.store, cursor).await, [What::Tenant]);
    sqlx::query("delete from vouchers where id = $1").bind(made.uuid()).execute(&mut admin).await.expect("deletes");
    assert_eq!(told(&scene.store, cursor).await, [What::Voucher(made)]);
}

#[tokio::test]
async fn what_commits_late_is_not_missed_and_nothing_is_told_twice() {
    let scene = Scene::open().await;
    let cursor = &mut start(&scene.store).await;
    let mut early = scene.tx().await;
    vouchers::revoke(&mut early, scene.ours.voucher, NOW).await.expect("revokes");
    let mut late = scene.their_tx().await;
    subscribers::suspend(&mut late, scene.theirs.subscriber, NOW).await.expect("suspends");
    let after = start(&scene.store).await;

    commit(late).await;
    let first = since(&scene.store, cursor, 100).await;
    let between = told(&scene.store, cursor).await;
    commit(early).await;
    let second = told(&scene.store, cursor).await;
    let third = told(&scene.store, cursor).await;

    let suspended = What::Subscriber(scene.theirs.subscriber);
    assert_eq!(first.changes, [Change { tenant: scene.theirs.tenant_id(), what: suspended }]);
    // The cursor did not move with the first look, so it is told again.
    assert_eq!(between, [suspended]);
    assert_eq!(second, [What::Voucher(scene.ours.voucher)]);
    assert_eq!(third, []);
    // One that began between the changes and their commits sees both.
    assert_eq!(since(&scene.store, &after, 100).await.changes.len(), 2);
}

#[tokio::test]
async fn what_was_undone_is_never_told() {
    let scene = Scene::open().await;
    let cursor = &mut start(&scene.store).await;
    let mut tx = scene.tx().await;
    vouchers::revoke(&mut tx, scene.ours.voucher, NOW).await.expect("revokes");
    drop(tx);

    assert_eq!(told(&scene.store, cursor).await, []);
}

#[tokio::test]
async fn a_long_batch_is_told_in_parts_while_more_comes() {
    let scene = Scene::open().await;
    let mut cursor = start(&scene.store).await;
    let make = async |from: usize| {
        let codes: Vec<_> = (from..from + 25).map(|n| (id(), code(&format!("Long{n}")))).collect();
        let mut tx = scene.tx().await;
        vouchers::insert_codes(&mut tx, &codes, &scene.ours.printed()).await.expect("inserts");
        commit(tx).await;
        codes.into_iter().map(|(id, _)| What::Voucher(id)).collect::<Vec<_>>()
    };
    let mut expected = make(100).await;

    let mut found = Vec::new();
    loop {
        let batch = since(&scene.store, &cursor, 7).await;
        assert!(batch.changes.len() <= 7 && !batch.must_reload);
        found.extend(batch.changes.into_iter().map(|change| change.what));
        cursor = batch.next;
        if found.len() == 7 {
            expected.extend(make(200).await);
        }
        if !batch.more {
            break;
        }
    }

    let key = |what: &What| format!("{what:?}");
    found.sort_by_key(key);
    expected.sort_by_key(key);
    assert_eq!(found, expected);
    assert_eq!(told(&scene.store, &mut cursor).await, []);
}

#[tokio::test]
async fn very_many_rows_of_a_statement_are_told_as_everything_of_the_tenant() {
    let scene = Scene::open().await;
    let cursor = &mut start(&scene.store).await;
    let mut admin = scene.database.admin().await;
    let add = "insert into subscribers (tenant_id, id, username, password_sealed, plan_id, created_at)
               select tenant_id, gen_random_uuid(), username || n, password_sealed, plan_id, created_at
               from subscribers, generate_series(1, case when username = $1 then 10001 else 2 end) n";

    sqlx::query(add).bind(&scene.ours.username).execute(&mut admin).await.expect("inserts");

    let mut found: BTreeMap<_, Vec<What>> = BTreeMap::new();
    let batch = since(&scene.store, cursor, 100).await;
    for change in batch.changes {
        found.entry(change.tenant).or_default().push(change.what);
    }
    assert_eq!(found.len(), 2);
    assert_eq!(found[&scene.ours.tenant_id()], [What::All]);
    assert!(matches!(found[&scene.theirs.tenant_id()].as_slice(), [What::Subscriber(_), What::Subscriber(_)]));
}

#[tokio::test]
async fn who_is_behind_what_is_kept_must_load_everything() {
    let scene = Scene::open().await;
    let keep = async || {
        let mut system = scene.store.system().await.expect("begins");
        changes::keep(&mut system).await.expect("keeps");
        system.commit().await.expect("commits");
    };
    let old = start(&scene.store).await;
    let mut tx = scene.tx().await;
    vouchers::revoke(&mut tx, scene.ours.voucher, NOW).await.expect("revokes");
    commit(tx).await;
    let mut admin = scene.database.admin().await;
    // Transactions of other tests on this server may be older, and nothing is let go that they might hold back.
    let passed = "select pg_snapshot_xmin(pg_current_snapshot()) > max(txid) from changes";
    while !sqlx::query_scalar::<_, bool>(passed).fetch_one(&mut admin).await.expect("reads") {}
    let age = "update change_marks set at = at - interval '40 minutes'";

    // The first mark may be of this minute, and then none would be set now.
    let earlier = "update change_marks set at = at - interval '1 minute'";
    sqlx::raw_sql(earlier).execute(&mut admin).await.expect("ages");
    keep().await;
    sqlx::raw_sql(age).execute(&mut admin).await.expect("ages");
    keep().await;
    assert_eq!(since(&scene.store, &old, 100).await.changes.len(), 1, "kept for an hour");
    let young = start(&scene.store).await;
    sqlx::raw_sql(age).execute(&mut admin).await.expect("ages");
    keep().await;
    let rows: i64 = sqlx::query_scalar("select count(*) from changes").fetch_one(&mut admin).await.expect("counts");

    let behind = since(&scene.store, &old, 100).await;
    assert_eq!((rows, behind.must_reload, behind.changes.len()), (0, true, 0));
    assert!(!since(&scene.store, &behind.next, 100).await.must_reload);
    assert!(!since(&scene.store, &young, 100).await.must_reload);
}

#[tokio::test]
async fn nothing_is_lost_or_told_twice_among_many_writers() {
    const WRITERS: usize = 8;
    const DEEDS: usize = 40;
    let scene = Scene::open().await;
    let mut cursor = start(&scene.store).await;
    let writer = async |writer: usize| {
        let mut made = Vec::new();
        for deed in 0..DEEDS {
            let voucher = id();
            let mut tx = scene.tx().await;
            let text = code(&format!("Many{writer}x{deed}"));
            vouchers::insert_codes(&mut tx, &[(voucher, text)], &scene.ours.printed()).await.expect("inserts");
            // Those that end with a later one's commit, those that are undone, and those that commit at once.
            for _ in 0..(writer * deed) % 5 {
                tokio::task::yield_now().await;
            }
            if deed % 7 == 3 {
                drop(tx);
            } else {
                commit(tx).await;
                made.push(What::Voucher(voucher));
            }
        }
        made
    };
    let reader = async {
        let mut found = Vec::new();
        while found.len() < WRITERS * (DEEDS - DEEDS / 7 - usize::from(DEEDS % 7 > 3)) {
            let batch = since(&scene.store, &cursor, 5).await;
            cursor = batch.next;
            found.extend(batch.changes.into_iter().map(|change| change.what));
        }
        found
    };

    let writers =
        async { tokio::join!(writer(0), writer(1), writer(2), writer(3), writer(4), writer(5), writer(6), writer(7)) };
    let (made, mut found) = tokio::join!(writers, reader);

    let mut made = [made.0, made.1, made.2, made.3, made.4, made.5, made.6, made.7].concat();
    let key = |what: &What| format!("{what:?}");
    made.sort_by_key(key);
    found.sort_by_key(key);
    assert_eq!(found, made);
    assert_eq!(told(&scene.store, &mut cursor).await, []);
}
