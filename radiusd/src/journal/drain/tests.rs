//! The drain against a real database: twice, and with records that it refuses.

use ::tests::database::Database;
use ::tests::world::a_router;
use actions::context::Context;
use actions::network::register_nas;
use actions::platform::open_tenant::{self, NewTenant};
use boot::clock::SystemClock;
use boot::health::Health;
use boot::identity::Identity;
use boot::random::OsRandom;
use domain::access::attempt::{AskedService, Device};
use domain::access::usage::{Counters, UsageKind};
use domain::id::{Id, NasId, NodeId, SessionId};
use domain::money::Currency;
use domain::phone::CallingCode;
use domain::time::Zone;
use ports::{Clock as _, Random as _};
use prometheus_client::registry::Registry;
use store::access::sessions::{self, Filter, StoredSession};
use tempfile::TempDir;

use super::super::record;
use super::*;
use crate::guard::Limits;
use crate::meters::Meters;
use crate::node::{Parts, Settings};

pub(crate) struct Place {
    pub(crate) database: Database,
    pub(crate) directory: TempDir,
    pub(crate) tenant: TenantId,
    pub(crate) nas: NasId,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let database = Database::fresh().await;
        let store = database.store();
        let context = Context::new(&SystemClock, &OsRandom);
        let new = NewTenant {
            slug: "savanna".parse().expect("good"),
            name: "Savanna".to_owned(),
            zone: Zone::named("Africa/Nairobi").expect("known"),
            currency: Currency::KES,
            calling_code: CallingCode::kenya(),
        };
        let tenant = open_tenant::open_tenant(&store, new, context).await.expect("opened").id;
        let router = a_router("tower", "10.0.0.1", "testing123").expect("good");
        let scope = TenantScope::of_operator(tenant);
        let nas = register_nas::register_nas(&store, &scope, router, context).await.expect("registered").id;
        Self { database, directory: tempfile::tempdir().expect("a directory"), tenant, nas }
    }

    /// A node on this place's journal, as after a start.
    pub(crate) fn node(&self) -> Arc<Node> {
        let parts = Parts {
            identity: Identity {
                node: NodeId::from_bytes(OsRandom.uuid_v7(SystemClock.now())),
                name: "test".to_owned(),
            },
            store: self.database.store(),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            meters: Meters::register(&mut Registry::default()),
            health: Health::new(),
            settings: Settings {
                extra_pairs: Vec::new(),
                limits: Limits::default(),
                sightings_every: Duration::from_secs(10),
                tidy_every: Duration::from_secs(10),
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
                snapshot_every: Duration::from_secs(60),
                snapshot_age_max: domain::time::Span::minutes(60),
                decisions: self.directory.path().join("decisions"),
                decisions_bytes_max: 16 * 1024 * 1024,
                decisions_recorded: true,
                journal: self.directory.path().to_owned(),
                journal_bytes_max: 16 * 1024 * 1024,
            },
        };
        let node = Node::new(parts).expect("opened").0;
        node.standing.set(Standing::Shared, u64::MAX);
        node
    }

    fn usage(&self, nas: NasId, kind: UsageKind, (number, session): (&str, u8), octets: u64) -> Record {
        Record::Usage(Box::new(UsageRecord {
            tenant: self.tenant,
            nas,
            kind,
            session: Some(SessionId::from_bytes([session; 16])),
            holder: None,
            acct_session_id: number.to_owned(),
            user_name: "somebody".to_owned(),
            device: Device::Unnamed,
            service: AskedService::Ppp,
            framed_ip: None,
            from: None,
            counters: Counters { in_octets: octets, seconds: octets / 10, ..Counters::ZERO },
            has_counters: true,
            at: SystemClock.now(),
        }))
    }

    pub(crate) async fn sessions(&self) -> Vec<StoredSession> {
        let store = self.database.store();
        let mut tx = store.tenant(&TenantScope::of_operator(self.tenant)).await.expect("a transaction");
        let filter = Filter { online_only: false, user_name: None };
        sessions::list(&mut tx, &filter, ::tests::first_page()).await.expect("listed").rows
    }
}

pub(crate) fn append(node: &Node, records: &[Record]) {
    let payloads: Vec<_> = records.iter().map(|record| record::encode(record).expect("short")).collect();
    node.journal.append(&payloads.iter().map(Vec::as_slice).collect::<Vec<_>>(), SystemClock.now()).expect("appended");
}

async fn drain_all(node: &Arc<Node>) {
    let mut drain = Drain::new();
    while drain.step(node).await.expect("the database is there") > 0 {}
}

#[tokio::test]
async fn a_batch_that_was_committed_but_not_noted_changes_nothing_the_second_time() {
    let place = Place::new().await;
    let node = place.node();
    // The router does not return our Class: each record was given an id of its own when it was taken.
    append(
        &node,
        &[
            place.usage(place.nas, UsageKind::Start, ("81000001", 11), 0),
            place.usage(place.nas, UsageKind::Interim, ("81000001", 12), 1_000),
            place.usage(place.nas, UsageKind::Stop(1), ("81000001", 13), 2_000),
            Record::Restart(NasRestart { tenant: place.tenant, nas: place.nas, at: SystemClock.now() }),
            place.usage(place.nas, UsageKind::Start, ("81000002", 14), 0),
            place.usage(place.nas, UsageKind::Interim, ("81000002", 15), 500),
        ],
    );
    let mut drain = Drain::new();
    let mut batches = 0;
    loop {
        let (waiting, _) = node.journal.read(Cursor::default(), BATCH_MAX).expect("read");
        if waiting.is_empty() {
            break;
        }
        drain.step(&node).await.expect("the database is there");
        let after = place.sessions().await;

        // As after a crash between the commit and the note.
        write(&node, &waiting[..batch_length(&waiting)]).await.expect("the database is there");

        assert_eq!(place.sessions().await, after);
        batches += 1;
    }

    assert_eq!(batches, 3);
    let all = place.sessions().await;
    assert_eq!(all.len(), 2);
    assert_eq!(all.iter().map(|one| one.session.counted.in_octets).sum::<u64>(), 2_500);
}

#[tokio::test]
async fn a_record_that_the_database_refuses_is_set_aside_alone() {
    let place = Place::new().await;
    let node = place.node();
    let gone = Id::from_bytes([99; 16]);
    let mut records: Vec<_> =
        (0..20).map(|n| place.usage(place.nas, UsageKind::Interim, ("81000001", 21), n * 100)).collect();
    records.insert(7, place.usage(gone, UsageKind::Start, ("81000002", 22), 0));
    append(&node, &records);

    drain_all(&node).await;

    let all = place.sessions().await;
    assert_eq!((all.len(), all[0].session.counted.in_octets), (1, 1_900));
    assert_eq!(node.meters.journal_quarantined.get(), 1);
    assert!(place.directory.path().join("quarantine").join(format!("{:020}.record", 7)).exists());
    assert_eq!(node.meters.journal_records_waiting.get(), 0);
}

/// Fills the quarantine, as thousands of refused records would.
fn fill(quarantine: &std::path::Path) {
    for number in 0..super::super::quarantine::KEPT_MAX {
        std::fs::write(quarantine.join(format!("{:020}.record", 1_000_000 + number)), b"").expect("written");
    }
}

#[tokio::test]
async fn a_full_quarantine_stops_the_drain_and_loses_nothing() {
    let place = Place::new().await;
    let quarantine = place.directory.path().join("quarantine");
    std::fs::create_dir_all(&quarantine).expect("made");
    fill(&quarantine);
    let node = place.node();
    let gone = Id::from_bytes([99; 16]);
    append(
        &node,
        &[
            place.usage(gone, UsageKind::Start, ("81000002", 22), 0),
            place.usage(place.nas, UsageKind::Stop(1), ("81000001", 21), 700),
        ],
    );

    let stalled = Drain::new().step(&node).await.expect_err("no room");
    let waiting = node.meters.journal_records_waiting.get();
    for number in 0..10 {
        super::super::quarantine::discard(place.directory.path(), 1_000_000 + number).expect("gone");
    }
    super::super::tend::take_requeued(&node).await.expect("looked");
    drain_all(&node).await;

    assert!(stalled.contains("mnetifi journal list"), "{stalled}");
    assert_eq!((waiting, node.meters.journal_records_waiting.get()), (2, 0));
    assert_eq!(place.sessions().await.len(), 1);
    assert_eq!(node.meters.journal_quarantined.get(), 1);
}
