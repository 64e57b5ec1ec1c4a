//! The log against crashes and a full disk, and the way from it into the database, once.

use std::fs;

use ::tests::answers::{Answer, house_plan};
use ::tests::database::Database;
use actions::context::Context;
use actions::platform::open_tenant::{self, NewTenant};
use boot::clock::SystemClock;
use boot::health::Health;
use boot::identity::Identity;
use boot::random::OsRandom;
use domain::id::{Id, NasId, TenantId};
use domain::money::Currency;
use domain::phone::CallingCode;
use domain::refusal::Refusal;
use domain::time::{Timestamp, Zone};
use ports::Clock as _;
use prometheus_client::registry::Registry;
use store::access::decisions::{self as kept, Search};
use store::{Store, TenantScope};
use tempfile::TempDir;

use super::log::Cursor;
use super::pack::Packer;
use super::*;
use crate::guard::Limits;
use crate::meters::Meters;
use crate::node::{Node, Parts, Settings};

const ROOMY: u64 = 64 * 1_024 * 1_024;
const KEPT: Span = Span::seconds(120);
const NAS: NasId = Id::from_bytes([4; 16]);
const FRESH: NodeId = Id::from_bytes([5; 16]);

fn place() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn open(place: &TempDir, bytes_max: u64) -> Recorder {
    let opened = Recorder::open(&place.path().join("decisions"), bytes_max, KEPT, FRESH, DecisionMeters::default());
    opened.expect("opened")
}

fn answer(number: u32) -> Answer {
    Answer::new(
        number,
        TenantId::from_bytes([u8::from(number % 2 == 1); 16]),
        NAS,
        Timestamp::from_seconds(i64::from(number)),
    )
}

fn record(lane: &mut Lane, numbers: impl IntoIterator<Item = u32>) {
    let plan = house_plan();
    for number in numbers {
        answer(number).record(&plan, |record| lane.record(record));
    }
    lane.flush();
}

/// The numbers of all records that the log has, in order, each with its place.
fn in_log(recorder: &Recorder) -> Vec<u64> {
    let (mut cursor, mut found) = (Cursor::default(), Vec::new());
    while let Some(chunk) = recorder.log.read(cursor).expect("read") {
        found.extend(chunk.records().map(|(_, record)| record.at().as_micros().unsigned_abs() / 1_000_000));
        cursor = chunk.next;
    }
    found
}

#[test]
fn a_silenced_recorder_keeps_nothing() {
    let place = place();
    let recorder = open(&place, ROOMY).silenced();

    record(&mut recorder.lane(), 0..10);
    answer(10).record(&house_plan(), |one| recorder.record(one));

    assert!(in_log(&recorder).is_empty());
}

#[test]
fn records_of_several_lanes_are_in_the_log_once_they_are_flushed() {
    let place = place();
    let recorder = open(&place, ROOMY);
    let (mut one, mut other) = (recorder.lane(), recorder.lane());

    record(&mut one, 0..3);
    record(&mut other, 3..5);
    answer(5).record(&house_plan(), |record| recorder.record(record));
    answer(6).record(&house_plan(), |record| one.record(record));

    assert_eq!(in_log(&recorder), [0, 1, 2, 3, 4, 5]);
    drop(one);
    assert_eq!(in_log(&recorder), [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(recorder.log.meters.records.get(), 7);
}

#[test]
fn a_killed_process_loses_nothing_and_a_torn_end_spoils_nothing_before_it() {
    let place = place();
    let recorder = open(&place, ROOMY);
    record(&mut recorder.lane(), 0..10);
    let before = recorder.log.next();
    drop(recorder);
    let segments = fs::read_dir(place.path().join("decisions")).expect("there");
    let grown = segments.map(|entry| entry.expect("read").path()).filter(|path| {
        path.extension().is_some_and(|known| known == "decisions") && fs::metadata(path).expect("there").len() > 0
    });
    for path in grown {
        let mut octets = fs::read(&path).expect("read");
        octets.extend_from_within(..60);
        fs::write(&path, octets).expect("written");
    }

    let recorder = open(&place, ROOMY);
    assert!(recorder.log.next() > before, "no number is given twice");
    record(&mut recorder.lane(), 10..12);

    assert_eq!(in_log(&recorder), (0..12).collect::<Vec<_>>());
    assert_eq!(recorder.log.node(), FRESH);
    let again = Recorder::open(&place.path().join("decisions"), ROOMY, KEPT, FRESH, DecisionMeters::default());
    assert!(matches!(again, Err(LogError::Held(_))), "one process at a time");
}

#[test]
fn the_accepts_of_an_earlier_run_are_read_again() {
    let place = place();
    let recorder = open(&place, ROOMY);
    let plan = house_plan();
    let mut lane = recorder.lane();
    record(&mut lane, 0..6);
    Answer { refusal: Some(Refusal::WrongPassword), ..answer(6) }.record(&plan, |record| lane.record(record));
    drop(lane);
    drop(recorder);

    let recorder = open(&place, ROOMY);
    let mut sessions = Vec::new();
    recorder.accepts(&mut |decision| sessions.push(decision.session())).expect("read");

    assert_eq!(sessions, [0, 1, 2, 3, 4, 5].map(|number| Some(answer(number).session)));
}

#[test]
fn a_full_log_loses_its_oldest_records_and_counts_them() {
    let place = place();
    let recorder = open(&place, 256 * 1_024);
    let mut lane = recorder.lane();
    let mut now = Timestamp::from_seconds(0);
    for batch in 0..100 {
        record(&mut lane, batch * 50..(batch + 1) * 50);
        now = now.plus(Span::seconds(1));
        recorder.log.tend(now).expect("tended");
    }

    let left = in_log(&recorder);
    assert_eq!(left.last(), Some(&4_999));
    assert!(left.windows(2).all(|pair| pair[0] + 1 == pair[1]), "only the oldest went");
    assert_eq!(recorder.log.meters.shed.get(), 5_000 - left.len() as u64);
    assert!(left.len() > 500 && left.len() < 2_000, "{}", left.len());
    assert!(recorder.log.meters.log_bytes.get() <= 256 * 1_024);
}

#[test]
fn a_log_that_nobody_tends_sheds_and_never_waits() {
    let place = place();
    let recorder = open(&place, 256 * 1_024);
    let mut lane = recorder.lane();

    for batch in 0..100 {
        record(&mut lane, batch * 50..(batch + 1) * 50);
    }

    let shed = recorder.log.meters.shed.get();
    assert!(shed > 3_000);
    assert_eq!(in_log(&recorder).len() as u64 + shed, 5_000);
}

#[test]
fn saved_files_go_once_they_are_old() {
    let place = place();
    let recorder = open(&place, ROOMY / 64);
    let mut lane = recorder.lane();
    record(&mut lane, 0..1_000);
    recorder.log.tend(Timestamp::from_seconds(0)).expect("tended");
    record(&mut lane, 1_000..2_000);
    recorder.log.tend(Timestamp::from_seconds(1)).expect("tended");
    let all = in_log(&recorder);

    recorder.log.set_saved(1_990);
    recorder.log.tend(Timestamp::from_seconds(60)).expect("tended");
    assert_eq!(in_log(&recorder), all, "they are young");
    recorder.log.tend(Timestamp::from_seconds(200)).expect("tended");

    let left = in_log(&recorder);
    assert!(left.len() <= 1_000 && left.contains(&1_990) && left.last() == Some(&1_999), "{}", left.len());
    assert_eq!(recorder.log.meters.shed.get(), 0);
}

/// A database with two tenants and a directory.
struct Scene {
    database: Database,
    directory: TempDir,
    tenants: [TenantId; 2],
}

impl Scene {
    async fn open() -> Self {
        let database = Database::fresh().await;
        let store = database.store();
        let mut tenants = Vec::new();
        for slug in ["savanna", "rift"] {
            let new = NewTenant {
                slug: slug.parse().expect("good"),
                name: slug.to_owned(),
                zone: Zone::named("Africa/Nairobi").expect("known"),
                currency: Currency::KES,
                calling_code: CallingCode::kenya(),
            };
            let context = Context::new(&SystemClock, &OsRandom);
            tenants.push(open_tenant::open_tenant(&store, new, context).await.expect("opened").id);
        }
        Self { database, directory: place(), tenants: [tenants[0], tenants[1]] }
    }

    /// A node on this scene's log, as after a start.
    fn node(&self) -> Arc<Node> {
        let parts = Parts {
            identity: Identity { node: FRESH, name: "test".to_owned() },
            store: self.database.store(),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            meters: Meters::register(&mut Registry::default()),
            health: Health::new(),
            settings: Settings {
                extra_pairs: Vec::new(),
                limits: Limits::default(),
                sightings_every: std::time::Duration::from_secs(10),
                tidy_every: std::time::Duration::from_secs(10),
                auth: Vec::new(),
                acct: Vec::new(),
                radsec: Vec::new(),
                radsec_names: Vec::new(),
                workers: 1,
                interim_seconds: 300,
                reserve_seconds: 60,
                decision_days: 30,
                decides_from_memory: true,
                rights_max: 100_000,
                snapshot: self.directory.path().join("book.snapshot"),
                snapshot_every: std::time::Duration::from_secs(60),
                snapshot_age_max: Span::minutes(60),
                decisions: self.directory.path().join("decisions"),
                decisions_bytes_max: ROOMY,
                decisions_recorded: true,
                journal: self.directory.path().join("journal"),
                journal_bytes_max: ROOMY,
            },
        };
        Node::new(parts).expect("opened").0
    }

    fn answers(&self, node: &Node, numbers: std::ops::Range<u32>) {
        let (plan, now) = (house_plan(), SystemClock.now());
        let mut lane = node.recorder.lane();
        for number in numbers {
            let at = now.plus(Span::micros(i64::from(number)));
            let answer = Answer::new(number, self.tenants[usize::from(number % 3 == 0)], NAS, at);
            answer.record(&plan, |record| lane.record(record));
        }
    }

    /// The numbers of a tenant's records in the database, oldest first.
    async fn kept(&self, store: &Store, tenant: usize) -> Vec<u32> {
        let mut tx = store.tenant(&TenantScope::of_operator(self.tenants[tenant])).await.expect("begun");
        let found = kept::search(&mut tx, &Search::default(), ::tests::first_page()).await.expect("found").rows;
        let number = |decision: &Decision| {
            let of = |number: &u32| Answer::new(*number, decision.tenant, NAS, decision.at).id == decision.id;
            (0..1_000).find(of).expect("one of ours")
        };
        found.iter().rev().map(number).collect()
    }
}

async fn save_all(packer: &mut Packer, node: &Arc<Node>) {
    while packer.step(node).await.expect("the database is there").more {}
}

#[tokio::test]
async fn records_are_found_by_their_own_tenant_alone_and_once() {
    let scene = Scene::open().await;
    let node = scene.node();
    let mut packer = Packer::default();

    scene.answers(&node, 0..50);
    save_all(&mut packer, &node).await;
    scene.answers(&node, 50..60);
    save_all(&mut packer, &node).await;
    save_all(&mut packer, &node).await;

    let (ours, theirs): (Vec<u32>, Vec<u32>) = (0..60).partition(|number| number % 3 != 0);
    assert_eq!(scene.kept(&node.store, 0).await, ours);
    assert_eq!(scene.kept(&node.store, 1).await, theirs);
    assert_eq!((node.meters.decisions.saved.get(), node.meters.decisions.blocks.get()), (60, 4));
}

#[tokio::test]
async fn a_node_that_is_killed_after_the_commit_saves_nothing_twice() {
    let scene = Scene::open().await;
    for life in 0..4 {
        let node = scene.node();
        scene.answers(&node, life * 10..life * 10 + 7);
        save_all(&mut Packer::default(), &node).await;
        scene.answers(&node, life * 10 + 7..life * 10 + 10);
        // It ends here: what was written last is not saved, and nothing but the database knows what is.
    }

    let node = scene.node();
    save_all(&mut Packer::default(), &node).await;

    let mut all = scene.kept(&node.store, 0).await;
    all.extend(scene.kept(&node.store, 1).await);
    all.sort_unstable();
    assert_eq!(all, (0..40).collect::<Vec<_>>());
}

#[tokio::test]
async fn records_wait_for_a_database_that_is_away() {
    let scene = Scene::open().await;
    let node = scene.node();
    let mut packer = Packer::default();
    scene.answers(&node, 0..5);
    save_all(&mut packer, &node).await;

    scene.database.goes_away().await;
    scene.answers(&node, 5..10);
    let during = packer.step(&node).await;
    scene.database.comes_back().await;
    save_all(&mut packer, &node).await;

    assert!(during.is_err(), "{during:?}");
    assert_eq!(scene.kept(&node.store, 0).await, [1, 2, 4, 5, 7, 8]);
    assert_eq!(node.meters.decisions.oldest_seconds.get(), 0);
}

#[tokio::test]
async fn a_log_of_the_past_goes_on_under_another_name() {
    let scene = Scene::open().await;
    let node = scene.node();
    scene.answers(&node, 0..5);
    save_all(&mut Packer::default(), &node).await;
    let old = node.recorder.log.node();
    sqlx::query("update decision_logs set saved = 1000000000000")
        .execute(&mut scene.database.admin().await)
        .await
        .expect("the database is newer than the log");
    drop(node);

    let node = scene.node();
    scene.answers(&node, 5..8);
    save_all(&mut Packer::default(), &node).await;

    assert_ne!(node.recorder.log.node(), old);
    let kept = scene.kept(&node.store, 0).await;
    assert!([5, 7].iter().all(|number| kept.contains(number)), "{kept:?}");
    drop(node);
    assert_ne!(scene.node().recorder.log.node(), old, "the name is kept");
}
