//! What a name means.

use domain::access::facts::{Facts, FoundBy, Holder, Right};
use domain::id::VoucherId;
use domain::people::subscriber::Standing;
use domain::rate::Bytes;
use domain::sales::voucher::{FirstUse, VoucherState};
use store::access::{facts, slots, usage};
use store::sales::vouchers::{self, NewVouchers};

use crate::scene::{NOW, Scene, cap, code, device, id, in_seconds, phone};

#[tokio::test]
async fn a_code_is_found_with_its_plan_its_usage_and_its_places() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let holder = scene.ours.holder();
    slots::take(&mut tx, holder, &device(1), cap(3), id(), NOW, in_seconds(60)).await.expect("taken");
    slots::take(&mut tx, holder, &device(2), cap(3), id(), NOW, in_seconds(90)).await.expect("taken");
    usage::add_many(&mut tx, &[(holder, 1_000, 20_000)]).await.expect("added");
    usage::add_many(&mut tx, &[(holder, 1, 2), (holder, 3, 4)]).await.expect("added");

    let facts = facts::load(&mut tx, scene.ours.code.expose().as_bytes(), NOW).await.expect("loads");

    let [candidate] = facts.candidates.as_slice() else { panic!("one meaning, not {facts:?}") };
    assert!(!facts.differs_only_in_case);
    assert_eq!(facts.zone.name(), "Africa/Nairobi");
    assert_eq!(candidate.plan, scene.ours.plan);
    assert_eq!(candidate.used, Bytes::new(21_010));
    let places: Vec<_> = candidate.slots.iter().map(|s| (s.number, s.device.clone(), s.lease_until)).collect();
    assert_eq!(places, [(1, device(1), in_seconds(60)), (2, device(2), in_seconds(90))]);
    let Right::Voucher { id, state, code } = &candidate.right else { panic!("a voucher") };
    assert_eq!((*id, *state), (scene.ours.voucher, VoucherState::Printed { sell_by: None }));
    assert_eq!((candidate.found_by, code.expose()), (FoundBy::Code, scene.ours.code.expose().as_bytes()));
}

#[tokio::test]
async fn a_subscriber_is_found_with_its_password() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;

    let facts = facts::load(&mut tx, scene.ours.username.as_bytes(), NOW).await.expect("loads");

    let Right::Subscriber { id, standing, until, password, framed_ip } = &facts.candidates[0].right else {
        panic!("a subscriber")
    };
    assert_eq!((*id, *standing), (scene.ours.subscriber, Standing::Active));
    assert_eq!((*until, *framed_ip), (Some(in_seconds(86_400)), Some([10, 0, 0, 9].into())));
    assert_eq!(password.expose(), b"pw of savanna-house");
}

#[tokio::test]
async fn another_spelling_of_a_code_is_not_the_code_but_is_noticed() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let typed = scene.ours.code.expose().to_lowercase();

    let facts = facts::load(&mut tx, typed.as_bytes(), NOW).await.expect("loads");
    vouchers::revoke(&mut tx, scene.ours.voucher, NOW).await.expect("revoked");
    let after = facts::load(&mut tx, typed.as_bytes(), NOW).await.expect("loads");

    assert_eq!((facts.candidates.len(), facts.differs_only_in_case), (0, true));
    assert!(!after.differs_only_in_case);
}

#[tokio::test]
async fn a_phone_number_finds_its_vouchers_in_every_spelling_usable_ones_first() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let buy = |bought_by| NewVouchers { bought_by: Some(bought_by), sold_at: Some(NOW), ..scene.ours.printed() };
    let old: Vec<_> = (0..30).map(|n| (id(), code(&format!("Old{n}x")))).collect();
    let expired = NewVouchers { expires_at: Some(in_seconds(-60)), ..buy(phone("0712345678")) };
    vouchers::insert_codes(&mut tx, &old, &expired).await.expect("inserts");
    let usable: VoucherId = id();
    vouchers::insert_codes(&mut tx, &[(usable, code("Fresh1"))], &buy(phone("0712345678"))).await.expect("inserts");
    let revoked: VoucherId = id();
    vouchers::insert_codes(&mut tx, &[(revoked, code("Gone1"))], &buy(phone("0712345678"))).await.expect("inserts");
    vouchers::revoke(&mut tx, revoked, NOW).await.expect("revoked");
    let stranger = [(id(), code("Stranger1"))];
    vouchers::insert_codes(&mut tx, &stranger, &buy(phone("0722000000"))).await.expect("inserts");

    for spelling in ["0712345678", "+254712345678", "712345678", "254712345678"] {
        let facts = facts::load(&mut tx, spelling.as_bytes(), NOW).await.expect("loads");

        assert_eq!(facts.candidates.len(), Facts::CANDIDATES_MAX, "{spelling}");
        let Right::Voucher { id, .. } = facts.candidates[0].right else { panic!("a voucher") };
        assert_eq!((id, facts.candidates[0].found_by), (usable, FoundBy::Phone), "{spelling}");
        assert!(facts.candidates.iter().all(|c| c.right.holder() != Holder::Voucher(revoked)));
    }
}

#[tokio::test]
async fn a_voucher_whose_code_looks_like_its_phone_is_found_once() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let made = NewVouchers { bought_by: Some(phone("0712345678")), ..scene.ours.printed() };
    vouchers::insert_codes(&mut tx, &[(id(), code("0712345678"))], &made).await.expect("inserts");

    let facts = facts::load(&mut tx, b"0712345678", NOW).await.expect("loads");

    assert_eq!(facts.candidates.len(), 1);
}

#[tokio::test]
async fn names_that_nobody_can_have_mean_nothing() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;

    for name in [&b""[..], b"\xff\xfe", b"with\0nul", &[b'a'; 253], b"nobody", scene.theirs.username.as_bytes()] {
        let facts = facts::load(&mut tx, name, NOW).await.expect("loads");

        assert_eq!((facts.candidates.len(), facts.differs_only_in_case), (0, false), "{name:?}");
    }
}

#[tokio::test]
async fn a_first_use_shows_at_once() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let first = FirstUse { since: NOW, until: in_seconds(3_600) };
    vouchers::note_first_use(&mut tx, scene.ours.voucher, first).await.expect("noted");

    let facts = facts::load(&mut tx, scene.ours.code.expose().as_bytes(), NOW).await.expect("loads");

    let Right::Voucher { state, .. } = facts.candidates[0].right else { panic!("a voucher") };
    assert_eq!(state, VoucherState::Active { since: NOW, until: in_seconds(3_600) });
}

#[tokio::test]
async fn the_look_for_a_code_and_a_user_name_uses_indexes_under_row_security() {
    let scene = Scene::open().await;
    let mut admin = scene.database.admin().await;
    sqlx::raw_sql("set enable_seqscan = off; set role mnetifi_tenant").execute(&mut admin).await.expect("sets");
    sqlx::query("select set_config('app.tenant', $1, false)")
        .bind(scene.ours.tenant_id().uuid().to_string())
        .execute(&mut admin)
        .await
        .expect("sets");

    for (condition, index) in [
        ("from vouchers where tenant_id = $1 and code_folded = 'x'", "vouchers_by_code"),
        ("from vouchers where tenant_id = $1 and bought_by = 'x'", "vouchers_by_buyer"),
        ("from subscribers where tenant_id = $1 and username = 'x'", "subscribers_username_key"),
    ] {
        let condition = condition.replace("$1", &format!("'{}'", scene.ours.tenant_id().uuid()));
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("explain select id {condition}")))
            .fetch_all(&mut admin)
            .await
            .expect("explains");
        let plan = plan.join("\n");
        let condition_line = plan.lines().find(|line| line.contains("Index Cond")).unwrap_or_default();

        assert!(plan.contains(index), "{plan}");
        assert!(condition_line.contains("'x'"), "{plan}");
    }
}
