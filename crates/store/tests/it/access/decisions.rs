//! Why somebody was answered as they were.

use domain::access::decision::{Decision, TraceCode};
use domain::id::NodeId;
use domain::refusal::Refusal;
use domain::time::{Span, Timestamp};
use records::block::{self, Block};
use store::access::decisions::{self, DecisionKey, Saved, Search};
use store::network::nas;
use store::{Page, StoreError};
use tests::answers::{Answer, house_plan, id_of};

use crate::scene::{NOW, Scene, device, id, in_seconds};

/// The node that answered.
const NODE: NodeId = NodeId::from_bytes([0x77; 16]);

fn pack(answers: &[Answer]) -> Vec<Block> {
    let plan = house_plan();
    let octets: Vec<u8> = answers.iter().flat_map(|answer| answer.octets(&plan)).collect();
    block::pack(records::all(&octets))
}

/// Saves answers as the next of the node's log, which is saved up to `from`. Says up to where it is then.
pub(crate) async fn save(scene: &Scene, from: u64, answers: &[Answer]) -> u64 {
    let to = from + answers.len() as u64;
    let mut tx = scene.store.system().await.expect("begins");
    let saved = decisions::save(&mut tx, NODE, (from, to), &pack(answers), NOW).await.expect("saves");
    assert_eq!(saved, Saved::Now { of_nobody: 0 });
    tx.commit().await.expect("commits");
    to
}

fn newest_first(answers: &[Answer]) -> Vec<Decision> {
    let mut decisions: Vec<Decision> = answers.iter().map(|answer| answer.decision(NODE)).collect();
    decisions.sort_by_key(|decision| std::cmp::Reverse((decision.at, decision.id)));
    decisions
}

fn by_trace(bits: u32) -> Search {
    Search { trace: Some(TraceCode::from_bits(bits)), ..Search::default() }
}

#[tokio::test]
async fn the_latest_decision_is_found_by_trace_and_by_user() {
    let scene = Scene::open().await;
    let older = scene.ours.answer(42);
    let newer = Answer { id: id(), at: in_seconds(9), refusal: Some(Refusal::WrongPassword), ..older.clone() };
    save(&scene, 0, &[newer.clone(), older.clone()]).await;
    let mut tx = scene.tx().await;

    let by_user = |user: &str| Search { user: Some(user.to_owned()), ..Search::default() };
    let newer = Some(newer.decision(NODE));
    assert_eq!(decisions::latest(&mut tx, &by_trace(42)).await.expect("looks"), newer);
    assert_eq!(decisions::latest(&mut tx, &by_user(&older.user)).await.expect("looks"), newer);
    assert_eq!(decisions::latest(&mut tx, &by_user("nobody")).await.expect("looks"), None);
}

#[tokio::test]
async fn the_operator_finds_a_trace_of_any_tenant() {
    let scene = Scene::open().await;
    let answer = scene.theirs.answer(7);
    save(&scene, 0, std::slice::from_ref(&answer)).await;

    let mut ours = scene.tx().await;
    let mut system = scene.store.system().await.expect("begins");

    assert_eq!(decisions::latest(&mut ours, &by_trace(7)).await.expect("looks"), None);
    let found = decisions::latest_by_trace_of_all(&mut system, TraceCode::from_bits(7)).await.expect("looks");
    assert_eq!(found, Some(answer.decision(NODE)));
}

/// Both tenants have the same: per second one request of `anna` and `bert` in turn, at two devices, every third refused.
/// They are saved in three rounds, so that blocks overlap.
async fn answered(scene: &Scene) -> Vec<Answer> {
    let mut from = 0;
    let mut of_ours = Vec::new();
    for round in 0..3 {
        for isp in [&scene.theirs, &scene.ours] {
            let made: Vec<Answer> = (0..12)
                .filter(|number| number % 3 == round)
                .map(|number| Answer {
                    at: in_seconds(i64::from(number) / 2 * 2),
                    user: if number % 2 == 0 { "anna" } else { "bert" }.to_owned(),
                    device: device(if number < 6 { 1 } else { 2 }),
                    refusal: (number % 4 == 0).then_some(Refusal::WrongPassword),
                    ..isp.answer(number)
                })
                .collect();
            from = save(scene, from, &made).await;
            of_ours.extend(made.into_iter().filter(|one| one.tenant == scene.ours.tenant_id()));
        }
    }
    of_ours
}

#[tokio::test]
async fn decisions_are_found_by_whatever_is_known_of_them() {
    let scene = Scene::open().await;
    let all = newest_first(&answered(&scene).await);
    let mut tx = scene.tx().await;
    let anna = Some("anna".to_owned());
    let (second, ours, theirs) = (Some(device(2)), Some(scene.ours.nas_id()), Some(scene.theirs.nas_id()));
    let (since, until) = (Some(in_seconds(4)), Some(in_seconds(8)));
    let nothing = Search::default();

    type Matches = fn(&Decision) -> bool;
    let cases: Vec<(Search, Matches)> = vec![
        (nothing.clone(), |_| true),
        (by_trace(3), |d| d.trace == TraceCode::from_bits(3)),
        (Search { refused_only: true, ..nothing.clone() }, |d| d.refusal.is_some()),
        (Search { user: anna.clone(), ..nothing.clone() }, |d| d.user_name == b"anna"),
        (
            Search { user: anna.clone(), device: second.clone(), nas: ours, refused_only: true, ..nothing.clone() },
            |d| d.user_name == b"anna" && d.device == device(2) && d.refusal.is_some(),
        ),
        (Search { device: second.clone(), ..nothing.clone() }, |d| d.device == device(2)),
        (Search { device: second, nas: ours, refused_only: true, ..nothing.clone() }, |d| {
            d.device == device(2) && d.refusal.is_some()
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

/// All pages of a search, three to a page.
async fn in_pages(scene: &Scene, search: &Search) -> Vec<Decision> {
    let mut tx = scene.tx().await;
    let mut found = Vec::new();
    let mut page = Page::first(3);
    loop {
        let part = decisions::search(&mut tx, search, page).await.expect("searches");
        found.extend(part.rows);
        let Some(next) = part.next else { return found };
        let next: DecisionKey = next.to_string().parse().expect("a key reads back");
        page = Page::after(next, 3);
    }
}

#[tokio::test]
async fn pages_of_decisions_leave_out_none_even_of_one_instant() {
    let scene = Scene::open().await;
    let all = newest_first(&answered(&scene).await);
    for search in [Search::default(), Search { until: Some(in_seconds(10)), ..Search::default() }] {
        let wanted: Vec<_> = all.iter().filter(|d| search.until.is_none_or(|until| d.at < until)).cloned().collect();

        assert_eq!(in_pages(&scene, &search).await, wanted);
    }
}

#[tokio::test]
async fn a_search_finds_what_a_walk_over_everything_finds() {
    let scene = Scene::open().await;
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    let mut roll = |sides: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice % sides
    };
    let (mut all, mut from) = (Vec::new(), 0);
    for round in 0..25_u32 {
        let mut made = Vec::new();
        for number in 0..=u32::try_from(roll(40)).expect("few") {
            let at = NOW.minus(Span::minutes(i64::try_from(roll(3 * 24 * 60)).expect("few")));
            let isp = if roll(3) == 0 { &scene.theirs } else { &scene.ours };
            made.push(Answer {
                at,
                user: format!("house-{}", roll(9)),
                device: device(u8::try_from(roll(7)).expect("few")),
                refusal: (roll(5) == 0).then_some(Refusal::WrongPassword),
                ..isp.answer(round * 1_000 + number)
            });
        }
        from = save(&scene, from, &made).await;
        all.extend(made.into_iter().filter(|one| one.tenant == scene.ours.tenant_id()));
        if round % 10 == 9 {
            while join(&scene, NOW.plus(Span::minutes(60))).await {}
        }
    }
    let all = newest_first(&all);

    for _ in 0..30 {
        let search = Search {
            trace: (roll(6) == 0).then(|| all[usize::try_from(roll(all.len() as u64)).expect("one")].trace),
            user: (roll(2) == 0).then(|| format!("house-{}", roll(9))),
            device: (roll(3) == 0).then(|| device(u8::try_from(roll(7)).expect("few"))),
            nas: (roll(4) == 0).then(|| scene.ours.nas_id()),
            refused_only: roll(3) == 0,
            since: (roll(3) == 0).then(|| NOW.minus(Span::minutes(i64::try_from(roll(4_000)).expect("few")))),
            until: (roll(3) == 0).then(|| NOW.minus(Span::minutes(i64::try_from(roll(3_000)).expect("few")))),
        };
        let wanted: Vec<_> = all.iter().filter(|decision| matches(&search, decision)).cloned().collect();
        assert_eq!(in_pages(&scene, &search).await, wanted, "{search:?}");
    }
}

fn matches(search: &Search, decision: &Decision) -> bool {
    search.trace.is_none_or(|trace| trace == decision.trace)
        && search.user.as_ref().is_none_or(|user| user.as_bytes() == decision.user_name)
        && search.device.as_ref().is_none_or(|device| *device == decision.device)
        && search.nas.is_none_or(|nas| nas == decision.nas)
        && (!search.refused_only || decision.refusal.is_some())
        && search.since.is_none_or(|since| decision.at >= since)
        && search.until.is_none_or(|until| decision.at < until)
}

#[test]
fn the_key_of_a_decision_is_read_strictly() {
    for bad in ["", "-", "1", "x-00000000-0000-0000-0000-000000000000", "1-2"] {
        assert!(bad.parse::<DecisionKey>().is_err(), "{bad}");
    }
}

#[tokio::test]
async fn a_round_that_is_saved_again_changes_nothing() {
    let scene = Scene::open().await;
    let answers = [scene.ours.answer(1), scene.theirs.answer(2), scene.ours.answer(3)];
    assert_eq!(save(&scene, 0, &answers).await, 3);
    let again = |place| {
        let (store, blocks) = (scene.store.clone(), pack(&answers));
        async move {
            let mut tx = store.system().await.expect("begins");
            let saved = decisions::save(&mut tx, NODE, place, &blocks, NOW).await.expect("looks");
            tx.commit().await.expect("commits");
            saved
        }
    };

    assert_eq!(again((0, 3)).await, Saved::UpTo(3));
    assert_eq!(again((0, 5)).await, Saved::UpTo(3));
    assert_eq!(again((9, 12)).await, Saved::UpTo(3));

    let mut system = scene.store.system().await.expect("begins");
    assert_eq!(decisions::saved(&mut system, NODE).await.expect("looks"), 3);
    assert_eq!(decisions::saved(&mut system, id()).await.expect("looks"), 0);
    let found = decisions::search(&mut scene.tx().await, &Search::default(), Page::first(10)).await.expect("searches");
    assert_eq!(found.rows.len(), 2);
}

#[tokio::test]
async fn what_was_not_committed_is_neither_saved_nor_noted() {
    let scene = Scene::open().await;
    let mut tx = scene.store.system().await.expect("begins");
    decisions::save(&mut tx, NODE, (0, 1), &pack(&[scene.ours.answer(1)]), NOW).await.expect("saves");
    drop(tx);

    let mut system = scene.store.system().await.expect("begins");
    assert_eq!(decisions::saved(&mut system, NODE).await.expect("looks"), 0);
    assert_eq!(decisions::latest(&mut scene.tx().await, &Search::default()).await.expect("looks"), None);
}

#[tokio::test]
async fn records_of_a_tenant_that_is_gone_keep_no_others_back() {
    let scene = Scene::open().await;
    let strange = Answer { tenant: id(), ..scene.ours.answer(1) };
    let mut tx = scene.store.system().await.expect("begins");

    let blocks = pack(&[strange, scene.ours.answer(2)]);
    let saved = decisions::save(&mut tx, NODE, (0, 2), &blocks, NOW).await.expect("saves");
    tx.commit().await.expect("commits");

    assert_eq!(saved, Saved::Now { of_nobody: 1 });
    assert!(decisions::latest(&mut scene.tx().await, &by_trace(2)).await.expect("looks").is_some());
}

async fn join(scene: &Scene, now: Timestamp) -> bool {
    let mut system = scene.store.system().await.expect("begins");
    let joined = decisions::join_small(&mut system, now).await.expect("joins");
    system.commit().await.expect("commits");
    joined
}

async fn sizes(scene: &Scene) -> Vec<i32> {
    sqlx::query_scalar("select records from decision_blocks order by tenant_id, number")
        .fetch_all(&mut scene.database.admin().await)
        .await
        .expect("reads")
}

#[tokio::test]
async fn small_blocks_are_joined_once_they_are_many_or_their_day_is_over() {
    let scene = Scene::open().await;
    let mut from = 0;
    for number in 0..20 {
        let round = [scene.ours.answer(number), scene.theirs.answer(number), scene.ours.answer(100 + number)];
        from = save(&scene, from, &round).await;
        if number == 3 {
            assert!(!join(&scene, NOW.plus(Span::minutes(11))).await, "they are few, and it is the same day");
        }
    }
    let before = in_pages(&scene, &Search::default()).await;

    assert!(!join(&scene, NOW.plus(Span::minutes(9))).await, "they are young");
    while join(&scene, NOW.plus(Span::minutes(11))).await {}
    assert_eq!(sizes(&scene).await.iter().sum::<i32>(), 60);
    assert_eq!(sizes(&scene).await.len(), 2, "one for each tenant");

    for number in 200..203 {
        from = save(&scene, from, &[scene.ours.answer(number)]).await;
    }
    assert!(!join(&scene, NOW.plus(Span::minutes(11))).await);
    while join(&scene, NOW.plus(Span::minutes(2 * 24 * 60))).await {}
    assert_eq!(sizes(&scene).await.len(), 2, "the day is over");
    let after = in_pages(&scene, &Search::default()).await;
    let later: Vec<_> = after.iter().filter(|one| !before.contains(one)).collect();
    assert_eq!((after.len(), later.len()), (43, 3));
}

#[tokio::test]
async fn a_damaged_block_is_told_and_holds_nobody_up() {
    let scene = Scene::open().await;
    for number in 0..3 {
        save(&scene, u64::from(number), &[scene.ours.answer(number)]).await;
    }
    sqlx::query(
        "update decision_blocks set octets = set_byte(octets, 12, get_byte(octets, 12) # 255) where number = 0",
    )
    .execute(&mut scene.database.admin().await)
    .await
    .expect("damages");

    let mut steps = 0;
    while join(&scene, NOW.plus(Span::minutes(2 * 24 * 60))).await {
        steps += 1;
        assert!(steps < 5, "it goes on for ever");
    }
    let found = decisions::search(&mut scene.tx().await, &Search::default(), Page::first(10)).await;

    assert_eq!(sizes(&scene).await, [1, 2]);
    assert!(matches!(found, Err(StoreError::Corrupt { .. })), "{found:?}");
}

#[tokio::test]
async fn a_decision_of_any_instant_is_kept_and_found() {
    let scene = Scene::open().await;
    keep(&scene, NOW, 30).await;
    let extremes = [i64::MIN, 0, i64::MAX].map(Timestamp::from_micros);
    let instants = extremes.into_iter().chain([-40, -1, 0, 1, 3, 4, 400].map(in_days));
    let mut from = 0;

    for (number, at) in (0..).zip(instants) {
        from = save(&scene, from, &[Answer { at, ..scene.ours.answer(number) }]).await;
        let mut tx = scene.tx().await;
        let found = decisions::latest(&mut tx, &by_trace(number)).await.expect("looks").expect("is there");
        assert_eq!(found.id, id_of(1, number), "{at}");
    }
    let mut tx = scene.tx().await;
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

/// The tables of blocks and how many there are in each.
async fn tables(scene: &Scene) -> Vec<(String, i64)> {
    let mut admin = scene.database.admin().await;
    let names: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class c join pg_inherits i on i.inhrelid = c.oid
         where i.inhparent = 'decision_blocks'::regclass order by relname",
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

fn named(counts: &[(&str, i64)]) -> Vec<(String, i64)> {
    counts.iter().map(|(day, count)| (format!("decision_blocks_{day}"), *count)).collect()
}

#[tokio::test]
async fn each_day_has_a_table_that_goes_when_it_is_old_enough() {
    let scene = Scene::open().await;
    let now: Timestamp = "2027-02-27T23:30:00Z".parse().expect("good");
    let at = |days: i64| now.plus(Span::minutes(days * 24 * 60));
    let mut from = 0;
    for isp in [&scene.ours, &scene.theirs] {
        let made: Vec<Answer> = [-40, -2, 0, 40].map(|days| Answer { at: at(days), ..isp.answer(1) }).into();
        from = save(&scene, from, &made).await;
    }
    assert_eq!(tables(&scene).await.iter().filter(|(_, count)| *count > 0).count(), 1, "nothing has a day yet");

    sqlx::raw_sql(
        "do $$ declare part text; begin
             for part in select inhrelid::regclass from pg_inherits
                         where inhparent = 'decision_blocks'::regclass
                           and inhrelid <> 'decision_blocks_default'::regclass
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
    let next = [("20270227", 2), ("20270228", 0), ("20270301", 0), ("20270302", 0), ("20270303", 0), ("default", 2)];
    assert_eq!(tables(&scene).await, named(&next), "the day that is more than two days old went");

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
    let mut writing = scene.store.system().await.expect("begins");
    decisions::save(&mut writing, NODE, (0, 1), &pack(&[scene.ours.answer(1)]), NOW).await.expect("saves");
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
