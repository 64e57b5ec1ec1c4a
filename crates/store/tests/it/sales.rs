//! Plans, vouchers and subscribers.

use domain::id::VoucherId;
use domain::people::subscriber::{Standing, Username};
use domain::sales::voucher::{FirstUse, VoucherCode, VoucherState};
use domain::time::Duration;
use store::people::subscribers;
use store::sales::vouchers::listing::{Filter, list};
use store::sales::vouchers::{self, NewVouchers};
use store::sales::{batches, plans};
use store::{Page, StoreError};

use crate::scene::{NOW, Scene, batch, code, full_terms, id, in_seconds, phone, plan};

#[tokio::test]
async fn a_plan_reads_back_with_all_its_terms() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let mut bare = plan("bare", full_terms(1));
    bare.terms.rate = None;
    bare.terms.data_cap = None;
    bare.terms.data_window = None;
    bare.terms.speed_windows.clear();
    bare.terms.fair_use.clear();
    bare.terms.pool = None;
    bare.terms.address_list = None;
    bare.terms.duration = Duration::Months(1);
    plans::add(&mut tx, &bare).await.expect("added");
    tx.commit().await.expect("commits");

    let mut tx = scene.tx().await;
    let listed = plans::list(&mut tx).await.expect("lists");

    assert_eq!(listed, [bare.clone(), scene.ours.plan.clone()]);
    assert_eq!(plans::find_by_name(&mut tx, &bare.name).await.expect("looks"), Some(bare));
}

#[tokio::test]
async fn a_revised_plan_keeps_its_older_revision() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;

    let revision = plans::revise(&mut tx, scene.ours.plan.id, &full_terms(7)).await.expect("revised");
    tx.commit().await.expect("commits");

    let mut tx = scene.tx().await;
    let found = plans::find_by_name(&mut tx, &scene.ours.plan.name).await.expect("looks").expect("there");
    assert_eq!((revision, found.revision, found.terms), (2, 2, full_terms(7)));
    let mut admin = scene.database.admin().await;
    let kept: i64 = sqlx::query_scalar("select count(*) from plan_revisions where plan_id = $1")
        .bind(scene.ours.plan.id.uuid())
        .fetch_one(&mut admin)
        .await
        .expect("counts");
    assert_eq!(kept, 2);
}

#[tokio::test]
async fn a_code_that_any_tenant_has_in_any_case_does_not_go_in() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let theirs = scene.theirs.code.expose().to_uppercase();
    let codes: Vec<(VoucherId, VoucherCode)> =
        ["Fresh1", "fRESH1", theirs.as_str(), scene.ours.code.expose(), "Fresh2"]
            .into_iter()
            .map(|text| (id(), code(text)))
            .collect();

    let inserted = vouchers::insert_codes(&mut tx, &codes, &scene.ours.printed()).await.expect("inserts");

    assert_eq!(inserted.len(), 2);
    assert!(inserted.contains(&code("Fresh2")));
}

#[tokio::test]
async fn two_tenants_that_print_the_same_codes_at_once_share_them_without_a_double() {
    let scene = Scene::open().await;
    let codes = |reverse: bool| {
        let mut codes: Vec<(VoucherId, VoucherCode)> =
            (0..2_000).map(|number| (id(), code(&format!("Race{number}")))).collect();
        if reverse {
            codes.reverse();
        }
        codes
    };
    let print = async |isp: &crate::scene::Isp, codes: Vec<(VoucherId, VoucherCode)>| {
        let mut tx = scene.store.tenant(&isp.scope).await.expect("begins");
        let inserted = vouchers::insert_codes(&mut tx, &codes, &isp.printed()).await.expect("inserts");
        tx.commit().await.expect("commits");
        inserted.len()
    };

    let (ours, theirs) = tokio::join!(print(&scene.ours, codes(false)), print(&scene.theirs, codes(true)));

    assert_eq!(ours + theirs, 2_000);
}

#[tokio::test]
async fn twenty_thousand_vouchers_and_subscribers_go_in_in_one_transaction() {
    let scene = Scene::open().await;
    let codes: Vec<(VoucherId, VoucherCode)> =
        (0..20_000).map(|number| (id(), code(&format!("Many{number}")))).collect();
    let people = (0..20_000).map(|number| scene.ours.new_subscriber(id(), &format!("house-{number}"))).collect();
    let mut tx = scene.tx().await;

    let inserted = vouchers::insert_codes(&mut tx, &codes, &scene.ours.printed()).await.expect("inserts");
    let existing = subscribers::insert_many(&mut tx, people).await.expect("inserts");

    assert_eq!((inserted.len(), existing.len()), (20_000, 0));
}

#[tokio::test]
async fn the_first_use_of_a_voucher_is_noted_once() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let first = FirstUse { since: NOW, until: in_seconds(3_600) };
    let second = FirstUse { since: in_seconds(60), until: in_seconds(3_660) };

    let until = vouchers::note_first_use(&mut tx, scene.ours.voucher, first).await.expect("noted");
    let again = vouchers::note_first_use(&mut tx, scene.ours.voucher, second).await.expect("noted");

    assert_eq!((until, again), (first.until, first.until));
    let found = vouchers::find_by_code(&mut tx, &scene.ours.code).await.expect("looks").expect("there");
    assert_eq!(found.state, VoucherState::Active { since: first.since, until: first.until });
}

#[tokio::test]
async fn a_first_use_does_not_move_the_end_that_the_sale_has_fixed() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    assert!(vouchers::mark_sold(&mut tx, scene.ours.voucher, NOW, Some(in_seconds(100))).await.expect("sold"));

    let use_it = FirstUse { since: in_seconds(50), until: in_seconds(9_999) };
    let until = vouchers::note_first_use(&mut tx, scene.ours.voucher, use_it).await.expect("noted");

    assert_eq!(until, in_seconds(100));
    assert!(!vouchers::mark_sold(&mut tx, scene.ours.voucher, NOW, None).await.expect("looks"));
}

#[tokio::test]
async fn a_voucher_is_revoked_once() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;

    let first = vouchers::revoke(&mut tx, scene.ours.voucher, NOW).await.expect("revoked");
    let second = vouchers::revoke(&mut tx, scene.ours.voucher, in_seconds(1)).await.expect("looks");

    assert_eq!((first, second), (true, false));
    let found = vouchers::find_by_code(&mut tx, &scene.ours.code).await.expect("looks").expect("there");
    assert_eq!(found.state, VoucherState::Revoked { at: NOW });
}

#[tokio::test]
async fn vouchers_are_listed_in_pages_by_batch_and_by_plan() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let second = batch(&scene.ours.plan);
    batches::add(&mut tx, &second).await.expect("added");
    let codes: Vec<(VoucherId, VoucherCode)> = (0..5).map(|n| (id(), code(&format!("Page{n}")))).collect();
    let made = NewVouchers { batch: second.id, bought_by: Some(phone("0712345678")), ..scene.ours.printed() };
    vouchers::insert_codes(&mut tx, &codes, &made).await.expect("inserts");

    let of_batch = Filter { batch: Some(second.id), ..Filter::default() };
    let made = <_>::default();
    let first = list(&mut tx, &of_batch, made, Page::first(3)).await.expect("lists");
    let next = first.next.expect("more");
    let rest = list(&mut tx, &of_batch, made, Page::after(next, 3)).await.expect("lists");
    let all = list(&mut tx, &Filter::default(), made, Page::first(100)).await.expect("lists");
    let of_plan = Filter { plan: Some(scene.ours.plan.id), ..Filter::default() };
    let by_plan = list(&mut tx, &of_plan, made, Page::first(100)).await.expect("lists");
    let of_other = Filter { plan: Some(scene.theirs.plan.id), ..Filter::default() };
    let by_their_plan = list(&mut tx, &of_other, made, Page::first(100)).await.expect("lists");

    assert_eq!((first.rows.len(), rest.rows.len(), rest.next), (3, 2, None));
    assert_eq!((all.rows.len(), by_plan.rows.len(), by_their_plan.rows.len()), (6, 6, 0));
    assert_eq!(first.rows[0].bought_by, Some(phone("0712345678")));
    assert_eq!(first.rows[0].code, code("Page0"));
}

#[tokio::test]
async fn user_names_that_exist_are_reported_and_left_as_they_are() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let people = vec![
        scene.ours.new_subscriber(id(), &scene.ours.username),
        scene.ours.new_subscriber(id(), "new-house"),
        scene.ours.new_subscriber(id(), "new-house"),
        scene.ours.new_subscriber(id(), &scene.theirs.username),
    ];

    let existing = subscribers::insert_many(&mut tx, people).await.expect("inserts");

    let name = |text: &str| text.parse::<Username>().expect("good");
    assert_eq!(existing, [name(&scene.ours.username), name("new-house")]);
    let asked = [name("nobody"), name("new-house"), name(&scene.theirs.username)];
    let mut known = subscribers::existing_usernames(&mut tx, &asked).await.expect("looks");
    known.sort();
    assert_eq!(known, [name("new-house"), name(&scene.theirs.username)]);
}

#[tokio::test]
async fn a_subscriber_is_suspended_resumed_and_prolonged() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let username = scene.ours.username.parse().expect("good");

    subscribers::suspend(&mut tx, scene.ours.subscriber, NOW).await.expect("suspended");
    subscribers::suspend(&mut tx, scene.ours.subscriber, in_seconds(9)).await.expect("still");
    subscribers::set_until(&mut tx, scene.ours.subscriber, None).await.expect("set");
    let stopped = subscribers::find_by_username(&mut tx, &username).await.expect("looks").expect("there");
    subscribers::resume(&mut tx, scene.ours.subscriber).await.expect("resumed");
    let running = subscribers::find(&mut tx, scene.ours.subscriber, None).await.expect("looks").expect("there");

    assert_eq!((stopped.standing, stopped.until), (Standing::Suspended { at: NOW }, None));
    assert_eq!(running.subscriber.standing, Standing::Active);
    assert_eq!(running.subscriber.framed_ip, Some([10, 0, 0, 9].into()));
}

#[tokio::test]
async fn a_plan_that_is_not_there_is_told_in_words() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;
    let mut nowhere = scene.ours.new_subscriber(id(), "new-house");
    nowhere.plan = id();

    let refused = subscribers::insert_many(&mut tx, vec![nowhere]).await.expect_err("refused");

    assert!(matches!(refused, StoreError::Conflict { what: "the plan does not exist" }), "{refused:?}");
}
