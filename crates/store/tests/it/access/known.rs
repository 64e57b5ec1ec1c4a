//! What a node keeps in memory, loaded in sets.

use domain::access::facts::{Facts, FoundBy, Right};
use domain::access::slot::Place;
use domain::id::VoucherId;
use domain::sales::voucher::{FirstUse, VoucherState};
use store::access::known::{self, Meanings, Name};
use store::access::{facts, slots, usage};
use store::people::subscribers;
use store::sales::vouchers::{self, NewVouchers};
use store::{Page, StoreError, TenantTx};

use crate::scene::{NOW, Scene, cap, code, device, id, in_seconds, phone};

/// Gives our tenant vouchers of every kind. Returns names that mean something, and names that do not.
async fn fill(scene: &Scene, tx: &mut TenantTx) -> Vec<Vec<u8>> {
    let ours = &scene.ours;
    let buy = |number| NewVouchers { bought_by: Some(phone(number)), sold_at: Some(NOW), ..ours.printed() };
    let old: Vec<_> = (0..30).map(|n| (id(), code(&format!("Old{n}x")))).collect();
    let ended = NewVouchers { expires_at: Some(in_seconds(-60)), ..buy("0712345678") };
    vouchers::insert_codes(tx, &old, &ended).await.expect("inserts");
    vouchers::insert_codes(tx, &[(id(), code("Fresh1"))], &buy("0712345678")).await.expect("inserts");
    vouchers::insert_codes(tx, &[(id(), code("0722000000"))], &buy("0722000000")).await.expect("inserts");
    let revoked: VoucherId = id();
    vouchers::insert_codes(tx, &[(revoked, code("Gone1"))], &buy("0722000000")).await.expect("inserts");
    vouchers::revoke(tx, revoked, NOW).await.expect("revokes");
    let twins = vec![ours.new_subscriber(id(), "0712345678"), ours.new_subscriber(id(), "Fresh1")];
    subscribers::insert_many(tx, twins).await.expect("inserts");
    slots::take(tx, ours.holder(), &device(1), cap(3), id(), NOW, in_seconds(60)).await.expect("takes");
    slots::take(tx, ours.holder(), &device(2), cap(3), id(), NOW, in_seconds(90)).await.expect("takes");
    usage::add_many(tx, &[(ours.holder(), 1_000, 20_000)]).await.expect("adds");
    let mut names: Vec<Vec<u8>> = [
        ours.code.expose(),
        &ours.code.expose().to_lowercase(),
        ours.username.as_str(),
        "Fresh1",
        "fresh1",
        "gone1",
        "Gone1",
        "Old7x",
        "0712345678",
        "+254712345678",
        "712 345 678",
        "0722000000",
        "0733000000",
        "nobody",
        "",
        "with\0nul",
        "with space",
        scene.theirs.code.expose(),
        scene.theirs.username.as_str(),
        ours.code.expose(),
    ]
    .iter()
    .map(|name| name.as_bytes().to_vec())
    .collect();
    names.extend([b"\xff\xfe".to_vec(), vec![b'a'; 253], vec![b'7'; 200]]);
    names
}

async fn meanings(tx: &mut TenantTx, names: &[Vec<u8>]) -> Vec<Meanings> {
    let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    let loaded = known::by_names(tx, &names).await.expect("loads");
    assert!(loaded.unusable.is_empty(), "{:?}", loaded.unusable);
    assert_eq!(loaded.found.len(), names.len());
    loaded.found
}

#[tokio::test]
async fn a_set_of_names_means_what_each_of_them_means_to_a_login() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let names = fill(&scene, &mut tx).await;

    let found = meanings(&mut tx, &names).await;

    let mut rights = 0;
    for (name, meanings) in names.iter().zip(found) {
        let login = facts::load(&mut tx, name, NOW).await.expect("loads");
        let expected: Vec<_> =
            login.candidates.iter().map(|known| (format!("{:?}", known.right), known.found_by)).collect();
        let found: Vec<_> = meanings.rights.iter().map(|(known, by)| (format!("{:?}", known.right), *by)).collect();
        assert_eq!(found, expected, "{}", name.escape_ascii());
        assert_eq!(meanings.differs_only_in_case, login.differs_only_in_case, "{}", name.escape_ascii());
        for ((known, _), expected) in meanings.rights.iter().zip(&login.candidates) {
            rights += 1;
            assert_eq!((known.plan, known.used_in + known.used_out), (expected.plan.id, expected.used.get()));
            let places: Vec<_> = known.places.iter().map(|p| (p.number, p.device.clone(), p.lease_until)).collect();
            let expected: Vec<_> = expected.slots.iter().map(|p| (p.number, p.device.clone(), p.lease_until)).collect();
            assert_eq!(places, expected);
        }
    }
    assert!(rights > 3 * Facts::CANDIDATES_MAX, "{rights}");
}

#[tokio::test]
async fn a_name_brings_what_admission_needs() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let session = id();
    let holder = scene.ours.holder();
    slots::take(&mut tx, holder, &device(1), cap(3), session, NOW, in_seconds(60)).await.expect("takes");
    usage::add_many(&mut tx, &[(holder, 1_000, 20_000)]).await.expect("adds");
    let names = [scene.ours.code.expose(), scene.ours.username.as_str(), "0712345678"].map(|n| n.as_bytes().to_vec());

    let found = meanings(&mut tx, &names).await;

    let [(voucher, FoundBy::Code)] = found[0].rights.as_slice() else { panic!("a voucher: {found:?}") };
    assert_eq!((voucher.used_in, voucher.used_out, voucher.plan), (1_000, 20_000, scene.ours.plan.id));
    let place = Place { number: 1, device: device(1), session, lease_until: in_seconds(60) };
    assert_eq!((voucher.places.as_slice(), &voucher.name), (&[place][..], &Name::Code { bought_by: None }));
    let Right::Voucher { code, state, .. } = &voucher.right else { panic!("a voucher") };
    assert_eq!(code.expose(), scene.ours.code.expose().as_bytes());
    assert_eq!(*state, VoucherState::Printed { sell_by: None });
    let [(subscriber, FoundBy::Username)] = found[1].rights.as_slice() else { panic!("a subscriber: {found:?}") };
    assert_eq!(subscriber.name, Name::Username(scene.ours.username.parse().expect("good")));
    let Right::Subscriber { password, framed_ip, until, .. } = &subscriber.right else { panic!("a subscriber") };
    assert_eq!(password.expose(), b"pw of savanna-house");
    assert_eq!((*framed_ip, *until), (Some([10, 0, 0, 9].into()), Some(in_seconds(86_400))));
    assert_eq!((found[2].rights.len(), &found[2].phone), (0, &Some(phone("0712345678"))));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named_and_spoils_no_other() {
    let scene = Scene::open().await;
    let good = scene.ours.subscriber;
    let (moved, unknown_key) = (id(), id());
    let mut tx = scene.tx().await;
    let more = vec![scene.ours.new_subscriber(moved, "moved"), scene.ours.new_subscriber(unknown_key, "unknown-key")];
    subscribers::insert_many(&mut tx, more).await.expect("inserts");
    tx.commit().await.expect("commits");
    let mut admin = scene.database.admin().await;
    for (sealed, of) in [
        ("(select password_sealed from subscribers where id = $2)", moved),
        (
            "'\\x010009'::bytea || (select substring(password_sealed from 4) from subscribers where id = $2)",
            unknown_key,
        ),
    ] {
        let spoil = format!("update subscribers set password_sealed = {sealed} where id = $1");
        let spoil = sqlx::query(sqlx::AssertSqlSafe(spoil)).bind(of.uuid()).bind(good.uuid());
        assert_eq!(spoil.execute(&mut admin).await.expect("spoils").rows_affected(), 1);
    }
    let mut tx = scene.tx().await;

    let names = [&b"moved"[..], b"unknown-key", scene.ours.username.as_bytes()];
    let by_names = known::by_names(&mut tx, &names).await.expect("loads");
    let by_ids = known::by_ids(&mut tx, &[moved.uuid(), unknown_key.uuid(), good.uuid()]).await.expect("loads");

    let rights: Vec<usize> = by_names.found.iter().map(|meanings| meanings.rights.len()).collect();
    assert_eq!(rights, [0, 0, 1]);
    assert_eq!(by_ids.found.iter().map(|known| known.right.holder().uuid()).collect::<Vec<_>>(), [good.uuid()]);
    for mut unusable in [by_names.unusable, by_ids.unusable] {
        unusable.sort_by_key(|row| row.id);
        assert_eq!(unusable.iter().map(|row| row.id).collect::<Vec<_>>(), [moved.uuid(), unknown_key.uuid()]);
        assert!(unusable.iter().all(|row| matches!(row.reason, StoreError::Corrupt { table: "subscribers", .. })));
    }
}

#[tokio::test]
async fn a_tenant_is_walked_in_pages_without_what_is_over_or_not_sold() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let ours = &scene.ours;
    let make = async |tx: &mut TenantTx, text: &str, made: NewVouchers| {
        let voucher: VoucherId = id();
        vouchers::insert_codes(tx, &[(voucher, code(text))], &made).await.expect("inserts");
        voucher
    };
    let sold = NewVouchers { sold_at: Some(NOW), ..ours.printed() };
    let waiting = make(&mut tx, "Waiting1", sold.clone()).await;
    make(&mut tx, "Ended1", NewVouchers { expires_at: Some(in_seconds(-100)), ..sold.clone() }).await;
    let recent = make(&mut tx, "Recent1", NewVouchers { expires_at: Some(in_seconds(-10)), ..sold.clone() }).await;
    let revoked = make(&mut tx, "Revoked1", sold).await;
    vouchers::revoke(&mut tx, revoked, NOW).await.expect("revokes");
    let used = make(&mut tx, "Used1", ours.printed()).await;
    let first = FirstUse { since: NOW, until: in_seconds(3_600) };
    vouchers::note_first_use(&mut tx, used, first).await.expect("notes");
    let second = id();
    subscribers::insert_many(&mut tx, vec![ours.new_subscriber(second, "second")]).await.expect("inserts");

    let (mut vouchers, mut page, mut pages) = (Vec::new(), Page::first(2), 0);
    loop {
        let listed = known::voucher_ids_in_use(&mut tx, in_seconds(-60), page).await.expect("lists");
        vouchers.extend(listed.rows);
        pages += 1;
        let Some(next) = listed.next else { break };
        page = Page::after(next, 2);
    }
    let one = known::subscriber_ids(&mut tx, Page::first(1)).await.expect("lists");
    let other = known::subscriber_ids(&mut tx, Page::after(one.next.expect("more"), 1)).await.expect("lists");

    assert_eq!((vouchers, pages), (vec![waiting.uuid(), recent.uuid(), used.uuid()], 3));
    assert_eq!((one.rows, other.rows, other.next), (vec![ours.subscriber.uuid()], vec![second.uuid()], None));
}

#[tokio::test]
async fn sets_of_names_and_ids_are_found_by_indexes_under_row_security() {
    let scene = Scene::open().await;
    let mut admin = scene.database.admin().await;
    let tenant = scene.ours.tenant_id().uuid();
    let fill = "insert into subscribers (tenant_id, id, username, password_sealed, plan_id, created_at)
                select tenant_id, gen_random_uuid(), 'house' || n, password_sealed, plan_id, created_at
                from subscribers, generate_series(1, 3000) n;
                insert into vouchers (tenant_id, id, batch_id, plan_id, code, bought_by, created_at)
                select tenant_id, gen_random_uuid(), batch_id, plan_id, code || n, 254700000000 + n, created_at
                from vouchers, generate_series(1, 3000) n;
                insert into devices (tenant_id, holder_id, holder_kind, device, first_seen_at, last_seen_at)
                select tenant_id, id, 'voucher', left(id::text, 17), created_at, created_at from vouchers;
                analyze";
    sqlx::raw_sql(fill).execute(&mut admin).await.expect("fills");
    // As for a statement that is prepared once and knows nothing of how much it will be asked for.
    let prepare = format!(
        "set plan_cache_mode = force_generic_plan;
         set role mnetifi_tenant;
         set app.tenant = '{tenant}';
         prepare known(uuid, text[], text[], text[], uuid[], bigint, text[], bigint, bigint) as {}",
        include_str!("../../../sql/known_rights.sql")
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(prepare)).execute(&mut admin).await.expect("prepares");

    let explain = format!("explain execute known('{tenant}', '{{a}}', '{{b}}', '{{c}}', '{{}}', 20, '{{d}}', 50, 4)");
    let plan: Vec<String> =
        sqlx::query_scalar(sqlx::AssertSqlSafe(explain)).fetch_all(&mut admin).await.expect("explains");

    let conditions: Vec<&str> =
        plan.iter().map(|line| line.trim()).filter(|line| line.contains("Index Cond")).collect();
    for condition in [
        "(code_folded = ANY ($2))",
        "(username = ANY ($3))",
        "(bought_by = asked.phone)",
        "(id = ANY ($5))",
        "(device = asked_1.address)",
    ] {
        assert!(conditions.iter().any(|line| line.contains(condition)), "{condition}: {}", plan.join("\n"));
    }
    let walks = |table: &str| plan.iter().any(|line| line.contains(&format!("Seq Scan on {table}")));
    assert!(!walks("vouchers") && !walks("subscribers") && !walks("devices"), "{}", plan.join("\n"));
}
