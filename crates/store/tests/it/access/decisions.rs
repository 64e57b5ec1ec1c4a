//! Why somebody was answered as they were.

use domain::access::decision::Decision;
use domain::refusal::Refusal;
use domain::time::{Span, Timestamp};
use store::access::decisions::{self, DecisionKey, Search};
use store::network::nas;
use store::{Page, StoreError};

use crate::scene::{NOW, Scene, device, id, in_seconds};

#[tokio::test]
async fn the_latest_decision_is_found_by_trace_and_by_user() {
    let scene = Scene::open().await;
    let older = scene.ours.decision(42);
    let newer = Decision {
        id: id(),
        at: in_seconds(9),
        refusal: Some(Refusal::AlreadyInUse),
        holder: None,
        session: None,
        trail: Vec::new(),
        granted: String::new(),
        ..older.clone()
    };
    let mut tx = scene.tx().await;

    decisions::insert_many(&mut tx, &[newer.clone(), older.clone()]).await.expect("inserts");
    decisions::insert(&mut tx, &older).await.expect("a repeat changes nothing");

    assert_eq!(decisions::latest_by_trace(&mut tx, older.trace).await.expect("looks"), Some(newer.clone()));
    assert_eq!(decisions::latest_by_user(&mut tx, &older.user_name).await.expect("looks"), Some(newer));
    assert_eq!(decisions::latest_by_user(&mut tx, "nobody").await.expect("looks"), None);
}

#[tokio::test]
async fn the_operator_finds_a_trace_of_any_tenant() {
    let scene = Scene::open().await;
    let decision = scene.theirs.decision(7);
    let mut tx = scene.their_tx().await;
    decisions::insert(&mut tx, &decision).await.expect("inserts");
    tx.relaxed_durability().await.expect("relaxes");
    tx.commit().await.expect("commits");

    let mut ours = scene.tx().await;
    let mut system = scene.store.system().await.expect("begins");

    assert_eq!(decisions::latest_by_trace(&mut ours, decision.trace).await.expect("looks"), None);
    let found = decisions::latest_by_trace_of_all(&mut system, decision.trace).await.expect("looks");
    assert_eq!(found, Some(decision));
}

/// Both tenants have the same: per second one request of `anna` and `bert` in turn, at two devices, every third refused.
async fn answered(scene: &Scene) -> Vec<Decision> {
    let mut of_ours = Vec::new();
    for (isp, mut tx) in [(&scene.theirs, scene.their_tx().await), (&scene.ours, scene.tx().await)] {
        let made: Vec<Decision> = (0..12)
            .map(|number| Decision {
                at: in_seconds(i64::from(number) / 2 * 2),
                user_name: if number % 2 == 0 { "anna" } else { "bert" }.to_owned(),
                device: device(if number < 6 { 1 } else { 2 }).key(),
                refusal: (number % 3 == 0).then_some(Refusal::Expired),
                ..isp.decision(number)
            })
            .collect();
        decisions::insert_many(&mut tx, &made).await.expect("inserts");
        tx.commit().await.expect("commits");
        of_ours = made;
    }
    of_ours.reverse();
    of_ours
}

#[tokio::test]
async fn decisions_are_found_by_whatever_is_known_of_them() {
    let scene = Scene::open().await;
    let all = answered(&scene).await;
    let mut tx = scene.tx().await;
    let anna = Some("anna".to_owned());
    let (second, ours, theirs) = (Some(device(2)), Some(scene.ours.nas_id()), Some(scene.theirs.nas_id()));
    let (since, until) = (Some(in_seconds(4)), Some(in_seconds(8)));
    let nothing = Search::default();

    type Matches = fn(&Decision) -> bool;
    let cases: Vec<(Search, Matches)> = vec![
        (nothing.clone(), |_| true),
        (Search { refused_only: true, ..nothing.clone() }, |d| d.refusal.is_some()),
        (Search { user: anna.clone(), ..nothing.clone() }, |d| d.user_name == "anna"),
        (
            Search { user: anna.clone(), device: second.clone(), nas: ours, refused_only: true, ..nothing.clone() },
            |d| d.user_name == "anna" && d.device == device(2).key() && d.refusal.is_some(),
        ),
        (Search { device: second.clone(), ..nothing.clone() }, |d| d.device == device(2).key()),
        (Search { device: second, nas: ours, refused_only: true, ..nothing.clone() }, |d| {
            d.device == device(2).key() && d.refusal.is_some()
        }),
        (Search { nas: ours, ..nothing.clone() }, |_| true),
        (Search { nas: ours, refused_only: true, ..nothing.clone() }, |d| d.refusal.is_some()),
        (Search { nas: theirs, ..nothing.clone() }, |_| false),
        (Search { user: anna, nas: theirs, ..nothing.clone() }, |_| false),
        (Search { since, until, ..nothing.clone() }, |d| (in_seconds(4)..in_seconds(8)).contains(&d.at)),
        (Search { since: until, ..nothing }, |d| d.at >= in_seconds(8)),
    ];
    for (search, matches) in cases {
        let wanted: Vec<&Decision> = all.iter().filter(|decision| matches(decision)).collect();
        let found = decisions::search(&mut tx, &search, Page::first(100)).await.expect("searches");

        assert_eq!(found.rows.iter().collect::<Vec<_>>(), wanted, "{search:?}");
        assert_eq!(found.next, None);
    }
}

#[tokio::test]
async fn pages_of_decisions_leave_out_none_even_of_one_instant() {
    let scene = Scene::open().await;
    let all = answered(&scene).await;
    let mut tx = scene.tx().await;
    for search in [Search::default(), Search { until: Some(in_seconds(10)), ..Search::default() }] {
        let wanted: Vec<_> = all.iter().filter(|d| search.until.is_none_or(|until| d.at < until)).cloned().collect();

        let mut found = Vec::new();
        let mut page = Page::first(3);
        loop {
            let part = decisions::search(&mut tx, &search, page).await.expect("searches");
            found.extend(part.rows);
            let Some(next) = part.next else { break };
            let next: DecisionKey = next.to_string().parse().expect("a key reads back");
            page = Page::after(next, 3);
        }

        assert_eq!(found, wanted);
    }
}

#[test]
fn the_key_of_a_decision_is_read_strictly() {
    for bad in ["", "-", "1", "x-00000000-0000-0000-0000-000000000000", "1-2"] {
        assert!(bad.parse::<DecisionKey>().is_err(), "{bad}");
    }
}

#[tokio::test]
async fn a_decision_of_any_instant_is_kept_in_memory_and_found() {
    let scene = Scene::open().await;
    keep(&scene, NOW, 30).await;
    let extremes = [i64::MIN, 0, i64::MAX].map(Timestamp::from_micros);
    let instants = extremes.into_iter().chain([-40, -1, 0, 1, 3, 4, 400].map(in_days));
    let mut tx = scene.tx().await;

    for (number, at) in instants.enumerate() {
        let bits = u32::try_from(number).expect("few");
        let decision = Decision { at, ..scene.ours.decision(bits) };
        decisions::insert(&mut tx, &decision).await.expect("inserts");
        let found = decisions::latest_by_trace(&mut tx, decision.trace).await.expect("looks").expect("is there");
        assert_eq!(found.id, decision.id, "{at}");
    }
    let found = decisions::search(&mut tx, &Search::default(), Page::first(100)).await.expect("searches");
    assert!(found.rows.len() >= 9, "{found:?}");
}

fn in_days(days: i64) -> Timestamp {
    NOW.plus(Span::minutes(days * 24 * 60))
}

async fn keep(scene: &Scene, now: Timestamp, days: u32) {
    let mut system = scene.store.system().await.expect("begins");
    decisions::keep(&mut system, now, days).await.expect("keeps");
    system.commit().await.expect("commits");
}

/// The tables of decisions and how many there are in each.
async fn tables(scene: &Scene) -> Vec<(String, i64)> {
    let mut admin = scene.database.admin().await;
    let names: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class c join pg_inherits i on i.inhrelid = c.oid
         where i.inhparent = 'decisions'::regclass order by relname",
    )
    .fetch_all(&mut admin)
    .await
    .expect("reads");
    let mut tables = Vec::new();
    for name in names {
        let count = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {name}")));
        tables.push((name.clone(), count.fetch_one(&mut admin).await.expect("counts")));
    }
    tables
}

/// NOW's day and the days after it.
fn named(counts: &[(&str, i64)]) -> Vec<(String, i64)> {
    counts.iter().map(|(day, count)| (format!("decisions_{day}"), *count)).collect()
}

#[tokio::test]
async fn each_day_has_a_table_that_goes_when_it_is_old_enough() {
    let scene = Scene::open().await;
    let now: Timestamp = "2027-02-27T23:30:00Z".parse().expect("good");
    let at = |days: i64| now.plus(Span::minutes(days * 24 * 60));
    for (isp, mut tx) in [(&scene.ours, scene.tx().await), (&scene.theirs, scene.their_tx().await)] {
        let made: Vec<Decision> = [-40, -2, 0, 40].map(|days| Decision { at: at(days), ..isp.decision(1) }).into();
        decisions::insert_many(&mut tx, &made).await.expect("inserts");
        tx.commit().await.expect("commits");
    }
    assert_eq!(tables(&scene).await.iter().filter(|(_, count)| *count > 0).count(), 1, "nothing has a day yet");

    sqlx::raw_sql(
        "do $$ declare part text; begin
             for part in select inhrelid::regclass from pg_inherits
                         where inhparent = 'decisions'::regclass and inhrelid <> 'decisions_default'::regclass
             loop execute 'drop table ' || part; end loop;
         end $$",
    )
    .execute(&mut scene.database.admin().await)
    .await
    .expect("the days of the migration go");
    keep(&scene, now, 30).await;
    let first = [("20270225", 2), ("20270227", 2), ("20270228", 0), ("20270301", 0), ("20270302", 0), ("default", 4)];
    assert_eq!(tables(&scene).await, named(&first), "a clock that leapt lets go of nothing");
    keep(&scene, now, 30).await;
    let settled = [("20270225", 2), ("20270227", 2), ("20270228", 0), ("20270301", 0), ("20270302", 0), ("default", 2)];
    assert_eq!(tables(&scene).await, named(&settled));
    keep(&scene, now, 30).await;
    assert_eq!(tables(&scene).await, named(&settled), "again changes nothing");

    keep(&scene, at(1), 2).await;
    let next = [
        ("20270225", 2),
        ("20270227", 2),
        ("20270228", 0),
        ("20270301", 0),
        ("20270302", 0),
        ("20270303", 0),
        ("default", 2),
    ];
    assert_eq!(tables(&scene).await, named(&next)[1..].to_vec(), "the day that is more than two days old went");

    let mut tx = scene.tx().await;
    let left = decisions::search(&mut tx, &Search::default(), Page::first(10)).await.expect("searches");
    assert_eq!(left.rows.iter().map(|decision| decision.at).collect::<Vec<_>>(), [at(40), now]);
}

#[tokio::test]
async fn two_that_keep_at_once_do_it_once() {
    let scene = Scene::open().await;
    let (mut one, mut other) =
        (scene.store.system().await.expect("begins"), scene.store.system().await.expect("begins"));

    decisions::keep(&mut one, NOW, 30).await.expect("keeps");
    decisions::keep(&mut other, NOW, 30).await.expect("leaves it to the first");
    other.commit().await.expect("commits");
    one.commit().await.expect("commits");

    keep(&scene, NOW, 30).await;
}

#[tokio::test]
async fn keeping_waits_only_shortly_for_those_who_write() {
    let scene = Scene::open().await;
    keep(&scene, NOW, 30).await;
    let mut writing = scene.tx().await;
    decisions::insert(&mut writing, &scene.ours.decision(1)).await.expect("inserts");
    let mut system = scene.store.system().await.expect("begins");

    // The day after tomorrow's morrow is new, which needs nothing of those who write; a day that goes does.
    let refused = decisions::keep(&mut system, in_days(3), 1).await;

    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    writing.commit().await.expect("commits");
}

#[tokio::test]
async fn a_router_is_found_by_its_name() {
    let scene = Scene::open().await;
    let mut tx = scene.tx().await;

    let found = nas::find_by_name(&mut tx, &scene.ours.nas.name).await.expect("looks");

    assert_eq!(found, Some(scene.ours.nas.clone()));
}

#[tokio::test]
async fn a_decision_of_an_unknown_router_is_refused_with_a_sentence() {
    let scene = Scene::open().await;
    keep(&scene, NOW, 30).await;
    for at in [NOW, in_days(100)] {
        let mut tx = scene.tx().await;

        let refused = decisions::insert(&mut tx, &Decision { nas: id(), at, ..scene.ours.decision(1) }).await;

        assert_eq!(refused.expect_err("refused").to_string(), "the NAS does not exist");
    }
}
