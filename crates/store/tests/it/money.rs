//! Money in the database: what the ledger refuses, whoever asks, and what is found again.

use domain::id::kind;
use domain::money::Currency;
use domain::money::arrival::{Arrival, ArrivalState};
use domain::money::claim::FailureKind;
use domain::money::payment::PaymentState;
use domain::money::posting::Account;
use domain::secret::Secret;
use domain::time::Span;
use sqlx::{Connection as _, PgConnection};
use store::money::{activations, arrivals, gateway_tokens, gateways, ledger, payments, prompt_locks};
use store::{Page, StoreError};

use crate::money_things::{Things, buyer, fixed, ksh};
use crate::scene::{NOW, Scene, id, in_seconds, phone};

async fn furnished() -> (Scene, Things, Things) {
    let scene = Scene::open().await;
    let (ours, theirs) = (Things::of(&scene.ours, 1), Things::of(&scene.theirs, 2));
    let mut tx = scene.tx().await;
    ours.add(&mut tx, 1).await;
    tx.commit().await.expect("committed");
    let mut tx = scene.their_tx().await;
    theirs.add(&mut tx, 2).await;
    tx.commit().await.expect("committed");
    (scene, ours, theirs)
}

/// Tries something as whom the tables belong to, and returns the database's code for its refusal.
async fn refused(scene: &Scene, deed: &str) -> Option<String> {
    let mut admin = scene.database.admin().await;
    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(format!("begin; {deed}; commit"))).execute(&mut admin).await;
    done.err().and_then(|why| why.as_database_error().and_then(|why| why.code().map(|code| code.into_owned())))
}

#[tokio::test]
async fn what_is_written_is_read_again() {
    let (scene, ours, _) = furnished().await;
    let mut tx = scene.tx().await;

    assert_eq!(gateways::find(&mut tx, ours.gateway.id).await.expect("read"), Some(ours.gateway.clone()));
    assert_eq!(payments::find(&mut tx, ours.payment.id).await.expect("read"), Some(ours.payment.clone()));
    assert_eq!(arrivals::find(&mut tx, ours.arrival.id).await.expect("read"), Some(ours.arrival.clone()));
    assert_eq!(arrivals::notes(&mut tx, ours.arrival.id).await.expect("read"), std::slice::from_ref(&ours.note));
    assert_eq!(ledger::of_payment(&mut tx, ours.payment.id).await.expect("read"), std::slice::from_ref(&ours.entry));
    assert_eq!(activations::find(&mut tx, ours.payment.id).await.expect("read"), Some(ours.activation));
    let listed = arrivals::list(&mut tx, Some("for_payment"), Page::first(10)).await.expect("listed").rows;
    assert_eq!(listed, std::slice::from_ref(&ours.arrival));
    assert_eq!(ledger::in_wallet(&mut tx, &buyer(), Currency::KES).await.expect("read"), ksh(5_000));
    assert!(ledger::audit(&mut tx).await.expect("gone over").is_whole());
}

#[tokio::test]
async fn what_opens_a_gateway_is_sealed_and_opens_for_its_isp() {
    let (scene, ours, _) = furnished().await;
    let mut admin = scene.database.admin().await;
    let sealed: Vec<u8> = sqlx::query_scalar("select keys_sealed from gateways where id = $1")
        .bind(ours.gateway.id.uuid())
        .fetch_one(&mut admin)
        .await
        .expect("read");
    assert!(!sealed.windows(5).any(|part| part == b"_demo"));

    let mut tx = scene.tx().await;
    let opened = gateways::open(&mut tx, ours.gateway.id).await.expect("opened").expect("there");
    assert_eq!(opened.keys.passkey.expose(), "pk_demo");
    assert_eq!(opened.keys.initiator.as_ref().map(|one| one.password.expose().as_str()), Some("pw_demo"));
    let account = opened.account(&ours.gateway, "https://pay.example.net");
    assert_eq!(account.callback_base, format!("https://pay.example.net/cb/{}", "01".repeat(16)));

    let mut system = scene.store.system().await.expect("begun");
    let (scope, gateway) = gateways::of_token(&mut system, &[2; 16]).await.expect("asked").expect("known");
    assert_eq!((scope.tenant(), gateway), (scene.theirs.tenant_id(), fixed::<kind::Gateway>(2)));
    assert_eq!(gateways::of_token(&mut system, &[9; 16]).await.expect("asked"), None);
}

#[tokio::test]
async fn nobody_writes_an_entry_that_does_not_sum_to_zero() {
    let (scene, ours, _) = furnished().await;
    let tenant = scene.ours.tenant_id();
    let entry = format!(
        "insert into ledger_entries (tenant_id, id, kind, at) values ('{tenant}', '{}', 'matching', now())",
        id::<kind::Entry>()
    );
    let posting = |place: u8, minor: i64, currency: &str, of: &str| {
        format!(
            "insert into ledger_postings (tenant_id, entry_id, place, account, amount_minor, currency)
             values ('{tenant}', '{of}', {place}, 'sales', {minor}, '{currency}')"
        )
    };
    let new = entry.split('\'').nth(3).expect("an id").to_owned();

    let nothing = refused(&scene, &entry).await;
    let one = refused(&scene, &format!("{entry}; {}", posting(1, 5, "KES", &new))).await;
    let uneven =
        refused(&scene, &format!("{entry}; {}; {}", posting(1, 5, "KES", &new), posting(2, -4, "KES", &new))).await;
    let mixed =
        refused(&scene, &format!("{entry}; {}; {}", posting(1, 5, "KES", &new), posting(2, -5, "USD", &new))).await;
    for code in [nothing, one, uneven, mixed] {
        assert_eq!(code.as_deref(), Some("23514"));
    }
    // What is balanced is taken, but not into an entry that was written before.
    let old = ours.entry.id.to_string();
    let later = refused(&scene, &format!("{}; {}", posting(7, 5, "KES", &old), posting(8, -5, "KES", &old))).await;
    assert_eq!(later.as_deref(), Some("23001"));
    let even =
        refused(&scene, &format!("{entry}; {}; {}", posting(1, 5, "KES", &new), posting(2, -5, "KES", &new))).await;
    assert_eq!(even, None);
}

#[tokio::test]
async fn what_was_written_is_never_changed_even_by_whom_it_belongs_to() {
    let (scene, ours, _) = furnished().await;

    for deed in [
        "update ledger_entries set at = now()",
        "update ledger_postings set amount_minor = amount_minor * 2",
        "delete from ledger_postings",
        "delete from ledger_entries",
        "truncate ledger_postings",
        "truncate ledger_entries cascade",
        "update payment_states set state = 'paid'",
        "delete from payment_states",
        "update arrival_notes set amount_minor = 1",
        "delete from arrival_notes",
        "update activations set at = now()",
        "delete from activations",
        "update proof_days set entries = 9",
        "delete from proof_days",
        "update arrivals set amount_minor = 1",
        "update arrivals set is_verified = false",
        "update arrivals set gateway_id = null",
        "update arrivals set arrived_at = now()",
    ] {
        let code = refused(&scene, deed).await;
        assert_eq!(code.as_deref(), Some("23001"), "{deed}");
    }
    // A receipt may be learned, and once it is proven it stays.
    let proven = format!("update arrivals set is_receipt_proven = true where id = '{}'", ours.arrival.id);
    assert_eq!(refused(&scene, &proven).await, None);
    let other = format!("update arrivals set receipt = 'UAF0000001' where id = '{}'", ours.arrival.id);
    assert_eq!(refused(&scene, &other).await.as_deref(), Some("23001"));
}

#[tokio::test]
async fn the_isps_own_role_may_not_even_try() {
    let (scene, ..) = furnished().await;
    let mut app = PgConnection::connect(&scene.database.app_url()).await.expect("logs in");
    let begin =
        format!("begin; set local role mnetifi_tenant; set local app.tenant = '{}'", scene.ours.tenant_id().uuid());
    sqlx::raw_sql(sqlx::AssertSqlSafe(begin)).execute(&mut app).await.expect("begins");

    for table in ["ledger_entries", "ledger_postings", "payment_states", "arrival_notes", "activations", "proof_days"] {
        for deed in [
            format!("delete from {table}"),
            format!("truncate {table}"),
            format!("update {table} set tenant_id = tenant_id"),
        ] {
            sqlx::raw_sql("savepoint s").execute(&mut app).await.expect("goes on");
            let done = sqlx::raw_sql(sqlx::AssertSqlSafe(deed.clone())).execute(&mut app).await;
            let why = done.expect_err("refused");
            let code = why.as_database_error().and_then(|why| why.code().map(|code| code.into_owned()));
            assert_eq!(code.as_deref(), Some("42501"), "{deed}");
            sqlx::raw_sql("rollback to s").execute(&mut app).await.expect("goes on");
        }
    }
}

#[tokio::test]
async fn money_comes_once_buys_once_and_is_never_spent_twice() {
    let (scene, ours, theirs) = furnished().await;

    let mut tx = scene.tx().await;
    let again = ledger::post(&mut tx, &domain::money::posting::Entry { id: id(), ..ours.entry.clone() }).await;
    assert!(matches!(again, Err(StoreError::Conflict { .. })), "{again:?}");
    let mut tx = scene.tx().await;
    let again = activations::add(&mut tx, &ours.activation).await;
    assert!(matches!(again, Err(StoreError::Conflict { .. })), "{again:?}");
    let mut tx = scene.tx().await;
    let again = arrivals::add(&mut tx, &Arrival { id: id(), ..ours.arrival.clone() }).await;
    assert!(matches!(again, Err(StoreError::Conflict { .. })), "{again:?}");
    let mut tx = scene.tx().await;
    let too_much = ledger::post(&mut tx, &ours.entry_of(Account::Wallet(buyer()), 5_001)).await;
    assert!(matches!(too_much, Err(StoreError::Conflict { .. })), "{too_much:?}");

    // Nobody's entry touches another ISP's gateway, payment or money.
    for entry in [
        ours.entry_of(Account::Gateway(theirs.gateway.id), 5),
        domain::money::posting::Entry { payment: Some(theirs.payment.id), ..ours.entry_of(Account::Cash, 5) },
        domain::money::posting::Entry { arrival: Some(theirs.arrival.id), ..ours.entry_of(Account::Cash, 5) },
    ] {
        let mut tx = scene.tx().await;
        let posted = ledger::post(&mut tx, &entry).await;
        assert!(matches!(posted, Err(StoreError::Conflict { .. })), "{posted:?}");
    }
}

#[tokio::test]
async fn two_who_spend_at_once_see_each_other() {
    let (scene, ours, _) = furnished().await;
    let spend = async || {
        let mut tx = scene.tx().await;
        let there = ledger::in_wallet(&mut tx, &buyer(), Currency::KES).await.expect("read");
        if there.minor() < 3_000 {
            return false;
        }
        ledger::post(&mut tx, &ours.entry_of(Account::Wallet(buyer()), 3_000)).await.expect("posted");
        tx.commit().await.expect("committed");
        true
    };

    let (one, other) = tokio::join!(spend(), spend());

    assert!(one ^ other, "5,000 are enough for one of 3,000");
    let mut tx = scene.tx().await;
    assert_eq!(ledger::in_wallet(&mut tx, &buyer(), Currency::KES).await.expect("read"), ksh(2_000));
    assert!(ledger::audit(&mut tx).await.expect("gone over").is_whole());
}

#[tokio::test]
async fn how_a_payment_came_to_where_it_is_is_noted_by_the_database() {
    let (scene, ours, _) = furnished().await;
    let mut payment = ours.payment.clone();
    let mut tx = scene.tx().await;
    for (seconds, state) in [
        (1, PaymentState::Pushing),
        (2, PaymentState::Pushing),
        (3, PaymentState::Failed(FailureKind::Cancelled)),
        (9, PaymentState::Paid),
    ] {
        payment.state = state;
        payments::save(&mut tx, &payment, in_seconds(seconds)).await.expect("saved");
    }
    tx.commit().await.expect("committed");

    let mut tx = scene.tx().await;
    let history = payments::history(&mut tx, payment.id).await.expect("read");

    let steps: Vec<(PaymentState, i64)> =
        history.iter().map(|(state, _, at)| (*state, at.since(NOW).as_seconds())).collect();
    assert_eq!(
        steps,
        [
            (PaymentState::Created, 0),
            (PaymentState::Pushing, 1),
            (PaymentState::Failed(FailureKind::Cancelled), 3),
            (PaymentState::Paid, 9)
        ]
    );
}

#[tokio::test]
async fn money_that_was_folded_leaves_its_receipt_to_the_other() {
    let (scene, ours, _) = furnished().await;
    let mut tx = scene.tx().await;
    let folded = Arrival {
        id: id(),
        receipt: Some("UAF0000005".parse().expect("good")),
        is_verified: false,
        state: ArrivalState::Pending,
        ..ours.arrival.clone()
    };
    arrivals::add(&mut tx, &folded).await.expect("added");

    arrivals::save(&mut tx, &Arrival { state: ArrivalState::Folded, ..folded.clone() }).await.expect("folded");
    arrivals::save(&mut tx, &Arrival { receipt: folded.receipt.clone(), ..ours.arrival.clone() }).await.expect("taken");

    let found =
        arrivals::by_receipt(&mut tx, ours.gateway.id, folded.receipt.as_ref().expect("set")).await.expect("read");
    assert_eq!(found.map(|one| one.id), Some(ours.arrival.id));
}

#[tokio::test]
async fn a_telephone_has_one_prompt_whichever_isp_asks() {
    let scene = Scene::open().await;
    let (one, other) = (id(), id());
    let take = async |payment, now| {
        let mut tx = scene.store.system().await.expect("begun");
        let taken = prompt_locks::take(&mut tx, &phone("0712345678"), payment, now, in_seconds(75)).await;
        tx.commit().await.expect("committed");
        taken.expect("asked")
    };

    assert!(take(one, NOW).await);
    assert!(take(one, in_seconds(5)).await, "its own");
    assert!(!take(other, in_seconds(74)).await);
    assert!(take(other, in_seconds(75)).await);
    let mut tx = scene.store.system().await.expect("begun");
    prompt_locks::release(&mut tx, other).await.expect("released");
    assert_eq!(prompt_locks::forget(&mut tx, NOW.plus(Span::minutes(9))).await.expect("forgotten"), 0);
}

#[tokio::test]
async fn a_gateways_token_lies_on_one_shelf_and_one_node_fetches_the_next() {
    let scene = Scene::open().await;
    let app = [7; 32];
    let mut tx = scene.store.system().await.expect("begun");

    assert!(gateway_tokens::look(&mut tx, &app).await.expect("read").is_none());
    assert!(gateway_tokens::claim(&mut tx, &app, NOW, in_seconds(15)).await.expect("asked"));
    assert!(
        !gateway_tokens::claim(&mut tx, &app, in_seconds(14), in_seconds(29)).await.expect("asked"),
        "somebody does"
    );
    assert!(
        gateway_tokens::claim(&mut tx, &app, in_seconds(15), in_seconds(30)).await.expect("asked"),
        "they are gone"
    );
    gateway_tokens::let_go(&mut tx, &app).await.expect("let go");
    assert!(gateway_tokens::claim(&mut tx, &app, NOW, in_seconds(15)).await.expect("asked"));
    let token = gateway_tokens::Token { token: Secret::new("bearer_demo".to_owned()), until: in_seconds(3_000) };
    gateway_tokens::put(&mut tx, &app, &token).await.expect("put");

    let found = gateway_tokens::look(&mut tx, &app).await.expect("read").expect("there");
    assert_eq!((found.token.expose().as_str(), found.until), ("bearer_demo", in_seconds(3_000)));
    assert!(gateway_tokens::look(&mut tx, &[8; 32]).await.expect("read").is_none(), "another app has its own");
    assert!(gateway_tokens::claim(&mut tx, &app, NOW, in_seconds(15)).await.expect("asked"), "the claim is over");
    assert_eq!(gateway_tokens::forget(&mut tx, in_seconds(2_999)).await.expect("forgotten"), 0);
    assert_eq!(gateway_tokens::forget(&mut tx, in_seconds(3_000)).await.expect("forgotten"), 1);
}
