//! Memory before a real database: written behind, killed, replayed, handed over.

use std::collections::BTreeMap;

use ::tests::answers::{Answer, house_plan};
use ::tests::world::month;
use actions::context::Context;
use actions::people::add_subscribers::{self, Wanted};
use actions::sales::publish_plan;
use boot::clock::SystemClock;
use boot::random::OsRandom;
use domain::access::attempt::{AskedService, Device};
use domain::access::facts::Holder;
use domain::access::session::{EndCause, SessionState};
use domain::access::told::Told;
use domain::access::usage::{Counters, NasRestart, UsageKind, UsageRecord};
use domain::id::{NasId, PlanId};
use domain::people::subscriber::password;
use domain::platform::node::Standing;
use domain::sales::plan::{DeviceCap, Plan, PlanService};
use domain::time::{Span, Timestamp, Zone};
use ports::Clock as _;
use store::TenantScope;
use store::access::sessions::StoredSession;

use super::*;
use crate::journal::drain::Drain;
use crate::journal::drain::tests::{Place, append};
use crate::journal::record::Record;
use crate::live::hear::tests::Several;
use crate::live::holder::{Full, GrantedSession};

const HOUSE: &str = "house-12";

/// A place with a subscriber who may have one device online.
struct Town {
    place: Place,
    holder: Holder,
    plan: PlanId,
    holders: Arc<Several>,
}

impl Town {
    async fn new() -> Self {
        let place = Place::new().await;
        let (store, scope) = (place.database.store(), TenantScope::of_operator(place.tenant));
        let context = Context::new(&SystemClock, &OsRandom);
        let name = "home".parse().expect("good");
        let plan =
            publish_plan::publish_plan(&store, &scope, name, PlanService::Pppoe, month(), context).await.expect("sold");
        let wanted = Wanted {
            username: HOUSE.parse().expect("good"),
            password: password("karibu").expect("good"),
            plan: plan.id,
            until: None,
            framed_ip: None,
            phone: None,
            customer: None,
            zone: None,
        };
        let plans = std::slice::from_ref(&plan);
        add_subscribers::add_subscribers(&store, &scope, &Zone::utc(), plans, vec![wanted], context, &mut |_| {})
            .await
            .expect("added");
        let mut tx = store.tenant(&scope).await.expect("begins");
        let named = store::access::holders::by_names(&mut tx, &[HOUSE]).await.expect("looks");
        Self { place, holder: named[HOUSE], plan: plan.id, holders: Arc::default() }
    }

    /// A node whose memory is empty and not yet the truth, as after a start.
    fn node(&mut self) -> Arc<Node> {
        self.holders = Arc::default();
        self.holders.put(self.place.tenant, self.holder, HOUSE, DeviceCap::ONE);
        let node = self.place.node();
        node.standing.set(Standing::Alone, u64::MAX);
        let holders: Arc<dyn Holders + Send> = Arc::<Several>::clone(&self.holders);
        node.live.tested.set(holders).expect("once");
        node
    }

    /// A node that is alone.
    async fn lone_node(&mut self) -> Arc<Node> {
        let node = self.node();
        node.live.reload(&node).await.expect("the database is there");
        node
    }

    fn grants(&self, id: u8, device: u8) -> Result<(), Full> {
        let now = SystemClock.now();
        let mut granted = Ok(());
        self.holders.with(self.place.tenant, self.holder, &mut |live, cap| {
            let session = GrantedSession {
                id: SessionId::from_bytes([id; 16]),
                nas: self.place.nas,
                user_name: HOUSE.into(),
                device: mac(device),
                service: AskedService::Ppp,
                framed_ip: None,
                told: Told::plainly(self.plan, 1),
                interim_seconds: 300,
            };
            granted = live.grant(session, cap, now, now.plus(Span::seconds(60)));
        });
        granted
    }

    /// The record of a login, without the login: as if the process had been killed before anything else was written.
    fn logs_in(&self, node: &Node, id: u8, device: u8, at: Timestamp) {
        let Holder::Subscriber(subscriber) = self.holder else { panic!("a house is a subscriber") };
        let answer = Answer {
            subscriber,
            device: mac(device),
            session: SessionId::from_bytes([id; 16]),
            ..Answer::new(u32::from(id), self.place.tenant, self.place.nas, at)
        };
        let plan = Plan { id: self.plan, ..house_plan() };
        answer.record(&plan, |record| node.recorder.record(record));
    }

    fn record(&self, kind: UsageKind, id: u8, seconds: u64, octets: u64) -> Record {
        Record::Usage(Box::new(self.usage(kind, id, seconds, octets)))
    }

    fn usage(&self, kind: UsageKind, id: u8, seconds: u64, octets: u64) -> UsageRecord {
        UsageRecord {
            tenant: self.place.tenant,
            nas: self.place.nas,
            kind,
            session: Some(SessionId::from_bytes([id; 16])),
            holder: Some(self.holder),
            acct_session_id: format!("81{id:06}"),
            user_name: HOUSE.to_owned(),
            device: mac(1),
            service: AskedService::Ppp,
            framed_ip: None,
            from: None,
            counters: Counters { in_octets: octets, out_octets: octets * 2, seconds, ..Counters::ZERO },
            has_counters: kind != UsageKind::Start,
            at: SystemClock.now(),
        }
    }

    fn restart(&self, at: Timestamp) -> Record {
        Record::Restart(NasRestart { tenant: self.place.tenant, nas: self.place.nas, at })
    }

    /// Octets from and to the subscriber, as the database has them.
    async fn used(&self) -> (u64, u64) {
        let store = self.place.database.store();
        let mut tx = store.tenant(&TenantScope::of_operator(self.place.tenant)).await.expect("begins");
        let all = store::access::usage::all(&mut tx).await.expect("reads");
        all.get(&self.holder.uuid()).copied().unwrap_or_default()
    }

    /// The devices that have places, as the database has them.
    async fn places(&self) -> Vec<Device> {
        let store = self.place.database.store();
        let mut tx = store.tenant(&TenantScope::of_operator(self.place.tenant)).await.expect("begins");
        let mut all = store::access::slots::all(&mut tx).await.expect("reads");
        all.remove(&self.holder.uuid()).unwrap_or_default().into_iter().map(|place| place.device).collect()
    }

    async fn session(&self, id: u8) -> StoredSession {
        let all = self.place.sessions().await;
        all.into_iter().find(|session| session.id.bytes()[0] == id).expect("it is there")
    }

    fn note(&self) -> std::path::PathBuf {
        self.place.directory.path().join("position")
    }
}

fn mac(number: u8) -> Device {
    Device::from_key(&format!("02:00:00:00:00:{number:02X}"))
}

async fn hear_all(node: &Arc<Node>) {
    let mut cursor = node.live.turn().await;
    while node.live.listen(node, &mut cursor).await.expect("the disk works") > 0 {}
}

async fn hear_and_save(node: &Arc<Node>) {
    hear_all(node).await;
    save::save(node).await.expect("the database is there");
}

#[tokio::test]
async fn what_memory_heard_is_in_the_database_once() {
    let mut town = Town::new().await;
    let node = town.lone_node().await;
    town.grants(1, 1).expect("free");
    append(&node, &[town.record(UsageKind::Start, 1, 0, 0), town.record(UsageKind::Interim, 1, 300, 1_000)]);

    hear_and_save(&node).await;
    assert_eq!(town.used().await, (1_000, 2_000));
    assert_eq!(town.places().await, [mac(1)]);
    let stored = town.session(1).await;
    assert_eq!((stored.session.state, stored.told), (SessionState::Open, Some(Told::plainly(town.plan, 1))));
    assert_eq!(node.meters.journal_records_waiting.get(), 0);

    append(&node, &[town.record(UsageKind::Interim, 1, 600, 1_500), town.record(UsageKind::Stop(1), 1, 700, 1_700)]);
    hear_and_save(&node).await;
    assert_eq!(town.used().await, (1_700, 3_400));
    assert_eq!(town.places().await, []);
    assert_eq!(town.session(1).await.session.state, SessionState::Closed(EndCause::Reported(1)));
    assert_eq!(node.meters.sessions_unannounced.get(), 0);
}

/// The database has it, the journal's own note does not: as when the process was killed between the two.
#[tokio::test]
async fn records_that_are_read_again_after_a_kill_count_once() {
    let mut town = Town::new().await;
    let node = town.lone_node().await;
    town.grants(1, 1).expect("free");
    append(
        &node,
        &[
            town.record(UsageKind::Start, 1, 0, 0),
            town.record(UsageKind::Interim, 1, 300, 4_000_000_000),
            // The counters begin again.
            town.record(UsageKind::Interim, 1, 600, 1_000),
            town.restart(SystemClock.now()),
            // It lives all the same.
            Record::Usage(Box::new(UsageRecord {
                at: SystemClock.now().plus(Span::seconds(5)),
                ..town.usage(UsageKind::Interim, 1, 900, 2_000)
            })),
        ],
    );
    let note = std::fs::read(town.note()).expect("there");
    hear_and_save(&node).await;
    let (used, session) = (town.used().await, town.session(1).await);
    assert_eq!((used.0, session.session.state), (4_000_002_000, SessionState::Open));

    drop(node);
    std::fs::write(town.note(), note).expect("written");
    let node = town.lone_node().await;
    assert_eq!(node.journal.position(), 0, "all is read again");
    hear_and_save(&node).await;

    assert_eq!((town.used().await, town.session(1).await), (used, session));
    assert_eq!(node.journal.position(), 5);
}

/// The same when the transactions of a node that is not alone read the journal first.
#[tokio::test]
async fn records_that_memory_wrote_are_not_written_again_in_transactions() {
    let mut town = Town::new().await;
    let node = town.lone_node().await;
    append(&node, &[town.record(UsageKind::Interim, 1, 300, 4_000), town.record(UsageKind::Interim, 1, 600, 100)]);
    let note = std::fs::read(town.note()).expect("there");
    hear_and_save(&node).await;
    drop(node);
    std::fs::write(town.note(), note).expect("written");

    let node = town.node();
    append(&node, &[town.record(UsageKind::Interim, 1, 900, 300)]);
    let mut drain = Drain::new();
    while drain.step(&node).await.expect("the database is there") > 0 {}

    assert_eq!(town.used().await.0, 4_300);
    assert_eq!(town.session(1).await.session.counted.in_octets, 4_300);
}

#[tokio::test]
async fn a_commit_of_which_nobody_heard_the_end_counts_once() {
    for is_committed in [true, false] {
        let mut town = Town::new().await;
        let node = town.lone_node().await;
        append(&node, &[town.record(UsageKind::Interim, 1, 300, 1_000)]);
        hear_all(&node).await;

        save::tests::save_and_lose_the_answer(&node, town.place.tenant, is_committed).await;
        append(&node, &[town.record(UsageKind::Interim, 1, 600, 1_500)]);
        hear_and_save(&node).await;

        assert_eq!(town.used().await, (1_500, 3_000), "committed: {is_committed}");
        assert_eq!(town.session(1).await.session.counted.in_octets, 1_500);
    }
}

#[tokio::test]
async fn a_session_that_only_the_database_knows_is_recognized() {
    let mut town = Town::new().await;
    let node = town.lone_node().await;
    append(&node, &[town.record(UsageKind::Start, 1, 0, 0), town.record(UsageKind::Interim, 1, 300, 1_000)]);
    hear_and_save(&node).await;
    drop(node);

    // A cold start while the database was away: nothing was loaded.
    let node = town.node();
    node.live.set_ground(Ground::Memory);
    let nameless = |id, seconds, octets| {
        let usage = town.usage(UsageKind::Interim, id, seconds, octets);
        Record::Usage(Box::new(UsageRecord { holder: None, acct_session_id: "81000001".into(), ..usage }))
    };
    append(
        &node,
        &[town.record(UsageKind::Interim, 1, 600, 1_400), nameless(50, 900, 1_600), nameless(51, 950, 1_700)],
    );
    hear_and_save(&node).await;

    assert_eq!(town.place.sessions().await.len(), 1);
    assert_eq!((town.session(1).await.session.counted.in_octets, town.used().await.0), (1_700, 1_700));
    assert_eq!(node.meters.sessions_unannounced.get(), 0);
}

#[tokio::test]
async fn a_session_that_nobody_knows_is_kept_all_the_same() {
    let mut town = Town::new().await;
    let node = town.lone_node().await;
    let stranger =
        UsageRecord { holder: None, user_name: "nobody".into(), ..town.usage(UsageKind::Stop(1), 9, 60, 70) };
    append(&node, &[Record::Usage(Box::new(stranger))]);

    hear_and_save(&node).await;

    let stored = town.session(9).await;
    assert_eq!((stored.holder, stored.session.counted.in_octets), (None, 70));
    assert_eq!(node.meters.sessions_unannounced.get(), 1);
}

#[tokio::test]
async fn sessions_that_the_database_refuses_are_set_aside_alone() {
    let mut town = Town::new().await;
    let node = town.lone_node().await;
    let gone = |id| UsageRecord { nas: NasId::from_bytes([99; 16]), ..town.usage(UsageKind::Interim, id, 60, 70) };
    let mut records: Vec<_> = (1..20).map(|id| town.record(UsageKind::Interim, id, 300, u64::from(id))).collect();
    records.extend([9, 30].map(|id| Record::Usage(Box::new(gone(id)))));
    append(&node, &records);

    hear_and_save(&node).await;

    assert_eq!(town.place.sessions().await.len(), 19);
    assert_eq!(node.meters.journal_quarantined.get(), 2);
    assert_eq!(std::fs::read_dir(town.place.directory.path().join("quarantine")).expect("there").count(), 2);
    assert_eq!((node.journal.position(), node.live.unsaved_count()), (21, 0));
}

#[tokio::test]
async fn what_was_granted_is_in_the_database_before_another_node_comes() {
    let mut town = Town::new().await;
    let node = town.lone_node().await;
    town.grants(1, 1).expect("free");
    assert_eq!(town.grants(2, 2), Err(Full));
    assert_eq!(town.place.sessions().await.len(), 0);

    node.live.flush(&node).await.expect("the database is there");

    assert_eq!(node.live.ground(), Ground::Database);
    let stored = town.session(1).await;
    assert_eq!((stored.session.state, stored.told), (SessionState::Granted, Some(Told::plainly(town.plan, 1))));
    assert_eq!(town.places().await, [mac(1)]);

    // Its reports are written in transactions now, and memory follows.
    append(&node, &[town.record(UsageKind::Start, 1, 0, 0), town.record(UsageKind::Interim, 1, 300, 500)]);
    let mut drain = Drain::new();
    while drain.step(&node).await.expect("the database is there") > 0 {}
    assert_eq!((town.session(1).await.session.state, town.used().await.0), (SessionState::Open, 500));

    // Alone again.
    node.live.reload(&node).await.expect("the database is there");
    append(&node, &[town.record(UsageKind::Stop(1), 1, 400, 800)]);
    hear_and_save(&node).await;
    assert_eq!((town.used().await.0, town.places().await.len()), (800, 0));
}

#[tokio::test]
async fn what_was_done_while_others_decided_is_told_and_read_again() {
    let mut town = Town::new().await;
    let node = town.lone_node().await;
    town.grants(1, 1).expect("free");
    append(&node, &[town.record(UsageKind::Start, 1, 0, 0), town.record(UsageKind::Interim, 1, 300, 500)]);
    hear_all(&node).await;

    node.live.abandon(&node).await.expect("the database is there");
    let mut drain = Drain::new();
    while drain.step(&node).await.expect("the database is there") > 0 {}

    let stored = town.session(1).await;
    assert_eq!((stored.session.state, stored.told), (SessionState::Open, Some(Told::plainly(town.plan, 1))));
    assert_eq!((town.used().await.0, town.places().await), (500, vec![mac(1)]));
}

/// Killed after the answer left and before the router reported: only the log of decisions knows of it.
#[tokio::test]
async fn what_was_granted_before_a_kill_has_its_place_again() {
    let mut town = Town::new().await;
    let node = town.lone_node().await;
    town.logs_in(&node, 1, 1, SystemClock.now());
    drop(node);

    let node = town.lone_node().await;
    assert_eq!(town.grants(2, 2), Err(Full), "its place is taken");
    append(&node, &[town.record(UsageKind::Start, 1, 0, 0)]);
    hear_and_save(&node).await;
    let stored = town.session(1).await;
    assert_eq!((stored.session.state, stored.told), (SessionState::Open, Some(Told::plainly(town.plan, 1))));
    assert_eq!(town.places().await, [mac(1)]);

    // The other nodes hear of it too, when this one is not the only one any more.
    append(&node, &[town.record(UsageKind::Stop(1), 1, 10, 0)]);
    hear_and_save(&node).await;
    town.logs_in(&node, 3, 3, SystemClock.now());
    drop(node);
    let node = town.node();
    node.standing.set(Standing::Shared, u64::MAX);
    assert_eq!(Drain::new().step(&node).await, Ok(0));
    assert_eq!(town.session(3).await.session.state, SessionState::Granted);
    assert_eq!(town.places().await, [mac(3)]);
}

#[tokio::test]
async fn a_session_from_before_a_kill_that_has_ended_has_no_place_again() {
    for is_saved in [true, false] {
        let mut town = Town::new().await;
        let node = town.lone_node().await;
        town.logs_in(&node, 1, 1, SystemClock.now());
        town.grants(1, 1).expect("free");
        append(&node, &[town.record(UsageKind::Start, 1, 0, 0), town.record(UsageKind::Stop(1), 1, 5, 0)]);
        if is_saved {
            hear_and_save(&node).await;
        }
        town.logs_in(&node, 2, 2, SystemClock.now().minus(Span::minutes(60)));
        drop(node);

        let _node = town.lone_node().await;
        assert_eq!(town.grants(3, 3), Ok(()), "nobody is online, and nobody was let in lately; saved: {is_saved}");
    }
}

/// The device lost power and logged in again, and said good-bye for the second session: the first is not online.
#[tokio::test]
async fn a_session_that_was_replaced_has_no_place_after_a_kill() {
    for is_saved in [true, false] {
        let mut town = Town::new().await;
        let node = town.lone_node().await;
        town.grants(1, 1).expect("free");
        append(&node, &[town.record(UsageKind::Start, 1, 0, 0)]);
        hear_and_save(&node).await;
        town.grants(2, 1).expect("its own");
        append(&node, &[town.record(UsageKind::Start, 2, 0, 0), town.record(UsageKind::Stop(1), 2, 0, 0)]);
        if is_saved {
            hear_and_save(&node).await;
        }
        drop(node);

        let _node = town.lone_node().await;
        assert_eq!(town.grants(3, 3), Ok(()), "saved: {is_saved}");
    }
}

/// What the newest login was granted can be granted only after the journal was heard: it says that the place is free.
#[tokio::test]
async fn a_place_that_changed_hands_before_a_kill_is_the_newer_ones() {
    let mut town = Town::new().await;
    let node = town.lone_node().await;
    town.grants(1, 1).expect("free");
    append(&node, &[town.record(UsageKind::Start, 1, 0, 0)]);
    hear_and_save(&node).await;
    append(&node, &[town.record(UsageKind::Stop(1), 1, 10, 0)]);
    hear_all(&node).await;
    town.grants(2, 2).expect("free again");
    town.logs_in(&node, 2, 2, SystemClock.now());
    drop(node);

    let _node = town.lone_node().await;
    assert_eq!(town.grants(3, 3), Err(Full));
    assert_eq!(town.grants(4, 2), Ok(()), "a device has its own place");
}

#[tokio::test]
async fn a_lease_that_ends_in_memory_ends_in_the_database() {
    let mut town = Town::new().await;
    let node = town.lone_node().await;
    let long_ago = SystemClock.now().minus(Span::minutes(60));
    let old = UsageRecord { at: long_ago, ..town.usage(UsageKind::Interim, 1, 300, 500) };
    append(&node, &[Record::Usage(Box::new(old))]);
    hear_and_save(&node).await;
    assert_eq!(town.session(1).await.session.state, SessionState::Open);

    let (ended, open) = node.live.keep_house(&node).await;
    save::save(&node).await.expect("the database is there");

    assert_eq!((ended, open), (1, 0));
    assert_eq!(town.session(1).await.session.state, SessionState::Closed(EndCause::LeaseEnded));
    assert_eq!(town.places().await, []);
}

/// SplitMix64: small, seeded and the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// Ten sessions report in random order, repeated and late, while the node is killed at random moments: with what it had
/// heard not written, or written and not noted, and with transactions or memory as the truth in turn.
#[tokio::test]
async fn whatever_is_killed_nothing_is_lost_and_nothing_counts_twice() {
    for seed in 0..4 {
        let mut dice = Dice(seed);
        let mut town = Town::new().await;
        let mut node = town.lone_node().await;
        let mut octets: BTreeMap<u8, (u64, u64)> = BTreeMap::new();
        let mut past: Vec<Record> = Vec::new();
        for _ in 0..120 {
            match dice.below(12) {
                0..6 => {
                    let id = u8::try_from(dice.below(10)).expect("few") + 1;
                    let (seconds, counted) = octets.entry(id).or_default();
                    (*seconds, *counted) = (*seconds + 1 + dice.below(300), *counted + dice.below(10_000));
                    let record = town.record(UsageKind::Interim, id, *seconds, *counted);
                    append(&node, std::slice::from_ref(&record));
                    past.push(record);
                }
                6 => {
                    if let Some(again) = past.get(usize::try_from(dice.below(past.len().max(1) as u64)).expect("few")) {
                        append(&node, std::slice::from_ref(again));
                    }
                }
                7 | 8 if node.live.ground() == Ground::Memory => hear_all(&node).await,
                9 if node.live.ground() == Ground::Memory => hear_and_save(&node).await,
                7..10 => _ = Drain::new().step(&node).await.expect("the database is there"),
                10 => {
                    // Killed, before or after the note of how far the journal is written.
                    let note = std::fs::read(town.note()).expect("there");
                    if node.live.ground() == Ground::Memory && dice.below(2) == 0 {
                        hear_and_save(&node).await;
                    }
                    drop(node);
                    std::fs::write(town.note(), note).expect("written");
                    node = if dice.below(2) == 0 { town.node() } else { town.lone_node().await };
                }
                _ => match node.live.ground() {
                    Ground::Memory if dice.below(2) == 0 => node.live.abandon(&node).await.expect("told"),
                    Ground::Memory => node.live.flush(&node).await.expect("written"),
                    Ground::Database => node.live.reload(&node).await.expect("loaded"),
                },
            }
        }
        node.live.reload(&node).await.expect("loaded");
        hear_and_save(&node).await;

        let total: u64 = octets.values().map(|(_, counted)| counted).sum();
        assert_eq!(town.used().await, (total, total * 2), "seed {seed}");
        for (id, (seconds, counted)) in &octets {
            let stored = town.session(*id).await.session;
            assert_eq!((stored.counted.seconds, stored.counted.in_octets), (*seconds, *counted), "seed {seed}");
        }
        assert_eq!(town.place.sessions().await.len(), octets.len(), "seed {seed}");
        assert_eq!(node.journal.position(), node.journal.next(), "seed {seed}");
    }
}
