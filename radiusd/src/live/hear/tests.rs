//! Records in all orders, on sessions that memory knows and on those that it does not.

use std::collections::HashMap;
use std::sync::Mutex;

use domain::access::attempt::{AskedService, Device};
use domain::access::told::Told;
use domain::access::usage::{Counters, UsageKind};
use domain::id::{NasId, PlanId, SubscriberId};
use domain::sales::plan::DeviceCap;

use super::*;
use crate::live::holder::GrantedSession;

/// Holders with a cap, kept in a map.
#[derive(Debug, Default)]
pub(crate) struct Several {
    known: Mutex<HashMap<Holder, (TenantId, DeviceCap, HolderLive)>>,
    names: Mutex<HashMap<String, Holder>>,
}

impl Several {
    pub(crate) fn put(&self, tenant: TenantId, holder: Holder, name: &str, cap: DeviceCap) {
        self.known.lock().expect("sound").insert(holder, (tenant, cap, HolderLive::default()));
        self.names.lock().expect("sound").insert(name.to_owned(), holder);
    }
}

impl Holders for Several {
    fn with(&self, tenant: TenantId, holder: Holder, change: &mut dyn FnMut(&mut HolderLive, DeviceCap)) -> bool {
        match self.known.lock().expect("sound").get_mut(&holder) {
            Some((owner, cap, live)) if *owner == tenant => {
                change(live, *cap);
                true
            }
            Some(_) | None => false,
        }
    }

    fn named(&self, _tenant: TenantId, user_name: &str) -> SmallVec<[Holder; 1]> {
        self.names.lock().expect("sound").get(user_name).copied().into_iter().collect()
    }

    fn each(&self, change: &mut dyn FnMut(TenantId, Holder, &mut HolderLive)) {
        for (holder, (tenant, _, live)) in self.known.lock().expect("sound").iter_mut() {
            change(*tenant, *holder, live);
        }
    }
}

const TENANT: TenantId = TenantId::from_bytes([1; 16]);
const OTHERS: TenantId = TenantId::from_bytes([9; 16]);
const NAS: NasId = NasId::from_bytes([2; 16]);
const HOUSE: Holder = Holder::Subscriber(SubscriberId::from_bytes([3; 16]));

const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn mac(number: u8) -> Device {
    Device::from_key(&format!("02:00:00:00:00:{number:02X}"))
}

fn session(number: u8) -> SessionId {
    SessionId::from_bytes([number; 16])
}

/// A table, with one subscriber who may have one device online.
struct Scene {
    table: Table,
    holders: Several,
    now: Timestamp,
    sequence: u64,
    heard: Heard,
}

impl Scene {
    fn new() -> Self {
        let holders = Several::default();
        holders.put(TENANT, HOUSE, "house-12", DeviceCap::ONE);
        Self { table: Table::default(), holders, now: at(1_000), sequence: 0, heard: Heard::default() }
    }

    fn by<T>(&mut self, work: impl FnOnce(&mut Table, &Hearing<'_>, &mut Heard) -> T) -> T {
        let by = Hearing {
            holders: &self.holders,
            now: self.now,
            interim_seconds: 300,
            new_id: &|| session(250),
            vendor: &|nas| (nas == NAS).then_some(Vendor::Mikrotik),
            left: None,
            is_to_be_saved: true,
        };
        work(&mut self.table, &by, &mut self.heard)
    }

    fn hear(&mut self, record: &UsageRecord) {
        self.now = self.now.max(record.at);
        self.sequence += 1;
        let sequence = self.sequence;
        self.by(|table, by, heard| table.hear(sequence, record, by, heard));
    }

    fn grant(&mut self, id: u8, device: u8) -> Result<(), crate::live::holder::Full> {
        let (now, mut granted) = (self.now, Ok(()));
        self.holders.with(TENANT, HOUSE, &mut |live, cap| {
            let session = GrantedSession {
                id: session(id),
                nas: NAS,
                user_name: "house-12".into(),
                device: mac(device),
                service: AskedService::Ppp,
                framed_ip: None,
                told: Told::plainly(PlanId::from_bytes([8; 16]), 3),
                interim_seconds: 330,
            };
            granted = live.grant(session, cap, now, now.plus(domain::time::Span::seconds(60)));
        });
        granted
    }

    fn state(&self, id: u8) -> SessionState {
        self.table.get(session(id)).expect("known").stored.session.state
    }

    fn counted(&self, id: u8) -> u64 {
        self.table.get(session(id)).expect("known").stored.session.counted.in_octets
    }

    fn used(&self) -> u64 {
        let mut used = 0;
        self.holders.with(TENANT, HOUSE, &mut |live, _| used = live.used().get());
        used
    }

    /// Whether another device would find the place free.
    fn is_free(&self) -> bool {
        let mut others = 0;
        self.holders.with(TENANT, HOUSE, &mut |live, _| others = live.places_seen(&mac(200), self.now).others);
        others == 0
    }
}

/// A record that returns our `Class`.
fn record(kind: UsageKind, id: u8, (now, seconds): (i64, u64), octets: u64) -> UsageRecord {
    UsageRecord {
        tenant: TENANT,
        nas: NAS,
        kind,
        session: Some(session(id)),
        holder: Some(HOUSE),
        acct_session_id: format!("8100{id:04}"),
        user_name: "house-12".to_owned(),
        device: mac(1),
        service: AskedService::Ppp,
        framed_ip: None,
        from: None,
        counters: Counters { in_octets: octets, seconds, ..Counters::ZERO },
        has_counters: kind != UsageKind::Start,
        at: at(now),
    }
}

/// A record of a router that forgets `Class`; `fresh` is the id that its arrival was given.
fn nameless(kind: UsageKind, fresh: u8, number: &str, when: (i64, u64), octets: u64) -> UsageRecord {
    UsageRecord { holder: None, acct_session_id: number.to_owned(), ..record(kind, fresh, when, octets) }
}

#[test]
fn a_granted_session_begins_with_its_start_and_ends_with_its_stop() {
    let mut scene = Scene::new();
    scene.grant(1, 1).expect("free");

    scene.hear(&record(UsageKind::Start, 1, (1_010, 0), 0));
    let known = scene.table.get(session(1)).expect("known");
    assert_eq!((known.is_confirmed, known.stored.told.map(|told| told.revision)), (true, Some(3)));
    assert!(!scene.is_free());

    scene.hear(&record(UsageKind::Interim, 1, (1_310, 300), 500));
    scene.hear(&record(UsageKind::Stop(1), 1, (1_400, 390), 700));
    assert_eq!((scene.state(1), scene.counted(1)), (SessionState::Closed(EndCause::Reported(1)), 700));
    assert_eq!(scene.used(), 700);
    assert!(scene.is_free());
}

#[test]
fn a_granted_session_is_found_without_class() {
    let mut scene = Scene::new();
    scene.grant(1, 1).expect("free");

    scene.hear(&nameless(UsageKind::Start, 77, "a", (1_010, 0), 0));
    scene.hear(&nameless(UsageKind::Interim, 78, "a", (1_310, 300), 500));

    assert_eq!((scene.table.len(), scene.counted(1)), (1, 500));
}

#[test]
fn a_session_of_which_the_router_speaks_first_is_unconfirmed() {
    let mut scene = Scene::new();

    scene.hear(&nameless(UsageKind::Interim, 77, "a", (1_310, 300), 500));
    scene.hear(&nameless(UsageKind::Interim, 78, "a", (1_610, 600), 900));

    assert_eq!((scene.table.len(), scene.counted(77), scene.used()), (1, 900, 900));
    assert_eq!(scene.table.strangers(TENANT, 10).len(), 1);
    assert!(!scene.is_free(), "its user name says whose it is");
}

#[test]
fn an_interim_after_the_stop_changes_nothing() {
    let mut scene = Scene::new();
    scene.grant(1, 1).expect("free");
    scene.hear(&record(UsageKind::Start, 1, (1_010, 0), 0));
    scene.hear(&record(UsageKind::Stop(1), 1, (1_400, 390), 700));

    scene.hear(&record(UsageKind::Interim, 1, (1_401, 300), 500));

    assert_eq!((scene.state(1), scene.used()), (SessionState::Closed(EndCause::Reported(1)), 700));
    assert!(scene.is_free());
}

#[test]
fn a_start_that_is_repeated_after_the_stop_begins_no_phantom() {
    let mut scene = Scene::new();
    scene.hear(&nameless(UsageKind::Start, 70, "a", (1_010, 0), 0));
    scene.hear(&nameless(UsageKind::Stop(1), 71, "a", (1_060, 50), 700));

    scene.hear(&nameless(UsageKind::Start, 72, "a", (1_062, 0), 0));

    assert_eq!(scene.table.len(), 1);
    assert!(scene.is_free());
}

#[test]
fn two_starts_are_one_session() {
    let mut scene = Scene::new();
    scene.grant(1, 1).expect("free");
    scene.hear(&record(UsageKind::Start, 1, (1_010, 0), 0));
    scene.hear(&record(UsageKind::Start, 1, (1_015, 0), 0));

    assert_eq!((scene.table.len(), scene.state(1)), (1, SessionState::Open));
}

#[test]
fn another_routers_record_never_touches_a_session() {
    let mut scene = Scene::new();
    scene.grant(1, 1).expect("free");
    scene.hear(&record(UsageKind::Start, 1, (1_010, 0), 0));

    let elsewhere = UsageRecord { nas: NasId::from_bytes([4; 16]), ..record(UsageKind::Stop(1), 1, (1_400, 390), 66) };
    scene.hear(&elsewhere);

    assert_eq!((scene.state(1), scene.counted(1)), (SessionState::Open, 0));
    assert_eq!(scene.table.len(), 2, "it is a session of its own");
}

#[test]
fn another_tenants_claim_on_a_holder_is_not_believed() {
    let mut scene = Scene::new();

    scene.hear(&UsageRecord { tenant: OTHERS, ..record(UsageKind::Interim, 5, (1_310, 300), 500) });

    assert_eq!(scene.used(), 0);
    assert!(scene.is_free());
}

#[test]
fn a_restart_ends_what_began_before_it() {
    let mut scene = Scene::new();
    scene.grant(1, 1).expect("free");
    scene.hear(&record(UsageKind::Start, 1, (1_010, 0), 0));
    let restart = |at| NasRestart { tenant: TENANT, nas: NAS, at };

    let early = scene.by(|table, by, heard| table.hear_restart(7, &restart(at(999)), by, heard));
    assert_eq!((early, scene.state(1)), (0, SessionState::Open));
    let closed = scene.by(|table, by, heard| table.hear_restart(8, &restart(at(1_100)), by, heard));

    assert_eq!((closed, scene.state(1)), (1, SessionState::Closed(EndCause::NasRestarted)));
    assert!(scene.is_free());
}

#[test]
fn a_lost_stop_ends_with_the_lease_and_news_brings_the_session_back() {
    let mut scene = Scene::new();
    scene.grant(1, 1).expect("free");
    scene.hear(&record(UsageKind::Start, 1, (1_010, 0), 0));
    scene.hear(&record(UsageKind::Interim, 1, (1_340, 330), 500));

    // Two and a half intervals of 330 seconds and half a minute later.
    scene.now = at(1_340 + 854);
    assert_eq!(scene.by(|table, by, heard| table.end_overdue(by, heard)), 0);
    scene.now = at(1_340 + 855);
    assert_eq!(scene.by(|table, by, heard| table.end_overdue(by, heard)), 1);
    assert!(scene.is_free());

    scene.hear(&record(UsageKind::Interim, 1, (2_300, 1_290), 900));
    assert_eq!((scene.state(1), scene.used()), (SessionState::Open, 900));
    assert!(!scene.is_free());
}

#[test]
fn a_number_that_a_router_uses_again_ends_the_older_session() {
    let mut scene = Scene::new();
    scene.grant(1, 1).expect("free");
    scene.hear(&UsageRecord { acct_session_id: "a".into(), ..record(UsageKind::Start, 1, (1_010, 0), 0) });
    scene.now = at(1_100);
    scene.grant(2, 1).expect("its own place");

    scene.hear(&UsageRecord { acct_session_id: "a".into(), ..record(UsageKind::Start, 2, (1_110, 0), 0) });

    assert_eq!(scene.state(1), SessionState::Closed(EndCause::NasRestarted));
    assert_eq!(scene.state(2), SessionState::Open);
    assert!(!scene.is_free());
}

#[test]
fn ended_sessions_go_when_they_are_saved_and_open_ones_stay() {
    let mut scene = Scene::new();
    let count = crate::live::table::ENDED_MAX + 50;
    for number in 0..count {
        let mut id = [7; 16];
        id[..8].copy_from_slice(&u64::try_from(number).expect("small").to_be_bytes());
        let stop = record(UsageKind::Stop(1), 1, (1_010, 10), 5);
        scene.hear(&UsageRecord {
            session: Some(SessionId::from_bytes(id)),
            acct_session_id: number.to_string(),
            ..stop
        });
    }
    scene.hear(&record(UsageKind::Interim, 1, (1_310, 300), 500));
    assert_eq!((scene.table.len(), scene.table.unsaved_count()), (count + 1, count + 1));
    for id in scene.table.strangers(TENANT, count + 1).iter().map(|known| known.stored.id).collect::<Vec<_>>() {
        scene.table.get_mut(id).expect("known").is_confirmed = true;
    }

    let taken = scene.table.take_unsaved(TENANT, count + 1);
    scene.table.note_saved(&taken.unsaved.sessions);

    assert_eq!((scene.table.len(), scene.table.unsaved_count()), (crate::live::table::ENDED_MAX + 1, 0));
    assert_eq!(scene.state(1), SessionState::Open);
}

#[test]
fn what_could_not_be_written_waits_again_and_once() {
    let mut scene = Scene::new();
    scene.grant(1, 1).expect("free");
    scene.hear(&record(UsageKind::Start, 1, (1_010, 0), 0));
    let taken = scene.table.take_unsaved(TENANT, 10);
    assert_eq!((taken.unsaved.sessions.len(), scene.table.unsaved_count()), (1, 0));
    scene.hear(&record(UsageKind::Interim, 1, (1_310, 300), 500));
    assert_eq!(scene.table.unsaved_count(), 1);

    scene.table.put_back(TENANT, taken.unsaved);

    assert_eq!(scene.table.unsaved_count(), 1);
    assert_eq!(scene.table.take_unsaved(TENANT, 10).unsaved.sessions.len(), 1);
}

#[test]
fn a_position_never_passes_a_session_that_is_not_written() {
    let mut scene = Scene::new();
    scene.grant(1, 1).expect("free");
    scene.hear(&record(UsageKind::Start, 1, (1_010, 0), 0));
    scene.hear(&nameless(UsageKind::Interim, 77, "b", (1_310, 300), 500));
    scene.table.set_heard(3);

    assert_eq!(scene.table.take_unsaved(TENANT, 0).heard, None, "one waits");
    let taken = scene.table.take_unsaved(TENANT, 10);
    assert_eq!((taken.unsaved.sessions.len(), taken.heard), (1, Some(2)), "the second record began a stranger");
}

/// The Start or an interim of a session of a run of the router: `811` is one, `812` the next.
fn of_run(kind: UsageKind, prefix: &str, id: u8, when: (i64, u64)) -> UsageRecord {
    let usage = nameless(kind, id, &format!("{prefix}000{id:02x}"), when, 0);
    UsageRecord { user_name: format!("house-{id}"), device: mac(id), ..usage }
}

/// Two sessions of the first run and two of the second, which begin half a minute after the last word of the first.
fn restarted(scene: &mut Scene) {
    scene.hear(&of_run(UsageKind::Start, "811", 1, (1_000, 0)));
    scene.hear(&of_run(UsageKind::Start, "811", 2, (1_010, 0)));
    scene.hear(&of_run(UsageKind::Interim, "811", 1, (1_300, 300)));
    scene.hear(&of_run(UsageKind::Start, "812", 3, (1_330, 0)));
    scene.hear(&of_run(UsageKind::Start, "812", 4, (1_331, 0)));
}

fn is_open(scene: &Scene, id: u8) -> bool {
    scene.table.get(session(id)).expect("known").is_open()
}

#[test]
fn a_router_that_counts_a_new_start_has_lost_its_sessions() {
    let mut scene = Scene::new();

    restarted(&mut scene);

    let ended = |id| {
        let known = scene.table.get(session(id)).expect("known");
        (known.stored.session.state, known.stored.session.ended_at)
    };
    assert_eq!(ended(1), (SessionState::Closed(EndCause::NasRestarted), Some(at(1_300))));
    assert_eq!(ended(2), (SessionState::Closed(EndCause::NasRestarted), Some(at(1_010))));
    assert!(is_open(&scene, 3) && is_open(&scene, 4));
    assert_eq!(scene.heard.rebooted, [(NAS, 2)]);
}

#[test]
fn one_session_under_an_odd_number_ends_no_other() {
    let mut scene = Scene::new();
    scene.hear(&of_run(UsageKind::Start, "811", 1, (1_000, 0)));
    scene.hear(&of_run(UsageKind::Start, "811", 2, (1_010, 0)));

    for at in [1_330, 1_331, 1_400] {
        scene.hear(&of_run(UsageKind::Start, "814", 3, (at, 0)));
        scene.hear(&of_run(UsageKind::Interim, "815", 4, (at + 1, 600)));
    }

    assert!(is_open(&scene, 1) && is_open(&scene, 2));
}

#[test]
fn late_words_of_the_run_before_end_nothing_of_the_new_one() {
    let mut scene = Scene::new();
    restarted(&mut scene);

    scene.hear(&of_run(UsageKind::Interim, "811", 1, (1_332, 310)));
    scene.hear(&of_run(UsageKind::Start, "811", 2, (1_333, 0)));
    scene.hear(&of_run(UsageKind::Start, "811", 5, (1_334, 0)));
    scene.hear(&of_run(UsageKind::Start, "811", 6, (1_345, 0)));

    assert!(is_open(&scene, 3) && is_open(&scene, 4));
}

#[test]
fn two_routers_under_one_name_end_nothing_of_each_other() {
    let mut scene = Scene::new();
    for (id, prefix, at) in [(1, "811", 1_000), (2, "817", 1_010), (3, "811", 1_020), (4, "817", 1_030)] {
        scene.hear(&of_run(UsageKind::Start, prefix, id, (at, 0)));
    }

    for (id, prefix, at) in [(5, "817", 1_100), (6, "817", 1_120), (7, "811", 1_140), (8, "811", 1_160)] {
        scene.hear(&of_run(UsageKind::Start, prefix, id, (at, 0)));
    }

    assert!((1..=8).all(|id| is_open(&scene, id)));
}

#[test]
fn another_vendors_numbers_and_another_routers_sessions_are_left_alone() {
    let mut scene = Scene::new();
    let elsewhere = |id, at| UsageRecord {
        nas: NasId::from_bytes([4; 16]),
        ..of_run(UsageKind::Start, if id < 12 { "811" } else { "812" }, id, (at, 0))
    };
    for (id, at) in [(10, 900), (11, 901), (12, 960), (13, 961)] {
        scene.hear(&elsewhere(id, at));
    }

    restarted(&mut scene);

    assert!((10..=13).all(|id| is_open(&scene, id)), "its vendor is not known, so its numbers mean nothing");
}
