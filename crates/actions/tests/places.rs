//! Places in the database and places in memory follow the same rules.
//!
//! The database keeps its own, in statements that lock and write in one go (`store::access::slots`); memory asks
//! `policy::access::places`. Whatever happens in whatever order, both must say the same. `MNETIFI_TEST_SEED` tells
//! another story.

#![expect(clippy::expect_used, reason = "a story that cannot go on should stop where it stands")]

use std::net::{Ipv4Addr, SocketAddr};

use domain::access::attempt::{AskedService, Device};
use domain::access::facts::Holder;
use domain::access::session::{EndCause, SessionState};
use domain::access::slot::{Heir, Leaver, Place};
use domain::id::NasId;
use domain::sales::plan::{DeviceCap, PlanService, PlanTerms};
use domain::time::{Span, Timestamp};
use policy::access::places::{Places, Renewed};
use store::access::holders;
use store::access::sessions::{self, NewSession, StoredSession};
use store::access::slots::{self, Renewal, Taken};
use store::network::nas;
use tests::dice::{Dice, SEED, asked};
use tests::world::{World, month};

const STORIES: usize = 6;
const STEPS: usize = 120;
const CAP: u16 = 2;
const DEVICES: u64 = 4;

/// One holder's places, kept twice.
struct Twice<'a> {
    world: &'a World,
    holder: Holder,
    nas: NasId,
    places: Places,
    sessions: Vec<StoredSession>,
    now: Timestamp,
}

impl Twice<'_> {
    fn cap() -> DeviceCap {
        DeviceCap::new(CAP).expect("good")
    }

    /// A login: it takes a place, or is told that there is none.
    async fn logs_in(&mut self, device: Device) {
        let (session, lease_until) = (self.world.context().new_id(), self.now.plus(Span::seconds(60)));
        let mut tx = self.world.store.tenant(&self.world.isp.scope).await.expect("begins");
        let there = slots::take(&mut tx, self.holder, &device, Self::cap(), session, self.now, lease_until).await;
        let here = self.places.take(&device, Self::cap(), session, self.now, lease_until);

        let there = match there.expect("asks") {
            Taken::Place(number) => Some(number),
            Taken::Full => None,
        };
        assert_eq!(there, here, "{device:?} logs in");
        if here.is_some() {
            let new = NewSession {
                id: session,
                nas: self.nas,
                holder: Some(self.holder),
                user_name: "house-1".to_owned(),
                device,
                service: AskedService::Ppp,
                framed_ip: None,
                told: None,
                interim_seconds: 300,
                started_at: self.now,
                lease_until,
            };
            sessions::insert_granted(&mut tx, &new).await.expect("inserts");
            self.sessions.extend(sessions::find(&mut tx, session).await.expect("looks"));
        }
        tx.commit().await.expect("commits");
    }

    /// A report of a session that lives.
    async fn is_heard_of(&mut self, which: usize) {
        let number = format!("81{which:06x}");
        let Some(session) = self.sessions.get_mut(which).filter(|one| one.session.ended_at.is_none()) else { return };
        session.acct_session_id = Some(number);
        session.session.state = SessionState::Open;
        session.session.last_heard_at = self.now;
        session.lease_until = session.lease_until.max(self.now.plus(Span::seconds(150)));
        let session = session.clone();
        let renewal = Renewal {
            holder: self.holder,
            device: session.device.clone(),
            session: session.id,
            lease_until: session.lease_until,
        };
        let mut tx = self.world.store.tenant(&self.world.isp.scope).await.expect("begins");
        sessions::save_many(&mut tx, std::slice::from_ref(&session)).await.expect("saves");
        let there = slots::renew_many(&mut tx, &[renewal], self.now).await.expect("renews");
        tx.commit().await.expect("commits");
        let here = self.places.renew(&session.device, session.id, session.lease_until, Some(Self::cap()), self.now);

        assert_eq!(there.contains(&session.id), here == Renewed::Placeless, "{:?} is heard of", session.device);
    }

    /// The end of a session.
    async fn ends(&mut self, which: usize) {
        let Some(session) = self.sessions.get_mut(which).filter(|one| one.session.ended_at.is_none()) else { return };
        session.session.state = SessionState::Closed(EndCause::Reported(1));
        session.session.ended_at = Some(self.now);
        let session = session.clone();
        let mut tx = self.world.store.tenant(&self.world.isp.scope).await.expect("begins");
        sessions::save_many(&mut tx, std::slice::from_ref(&session)).await.expect("saves");
        slots::release_many(&mut tx, &[session.id]).await.expect("releases");
        tx.commit().await.expect("commits");
        let heirs = self.sessions.iter().filter(|one| one.session.ended_at.is_none() && one.device == session.device);
        let heirs = heirs.map(|one| Heir {
            session: one.id,
            last_heard_at: one.session.last_heard_at,
            lease_until: one.lease_until,
        });
        let leaver = Leaver {
            session: session.id,
            started_at: session.session.started_at,
            was_reported: session.acct_session_id.is_some(),
        };
        self.places.release(&leaver, heirs.collect::<Vec<_>>());
    }

    /// The places, in the order of their numbers, there and here.
    async fn both(&self) -> [Vec<Place>; 2] {
        let mut tx = self.world.store.tenant(&self.world.isp.scope).await.expect("begins");
        let there = slots::all(&mut tx).await.expect("reads").remove(&self.holder.uuid()).unwrap_or_default();
        [there, self.places.all().to_vec()].map(|mut places| {
            places.sort_by_key(|place| place.number);
            places
        })
    }
}

fn device(number: u64) -> Device {
    Device::from_key(&format!("02:00:00:00:00:{number:02X}"))
}

#[tokio::test]
async fn places_in_the_database_and_in_memory_follow_the_same_rules() {
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
    let world = World::beside(nowhere, nowhere).await.expect("a world");
    let terms = PlanTerms { device_cap: Twice::cap(), ..month() };
    let plan = world.sells(&world.isp, terms, "home", PlanService::Pppoe).await.expect("sold");
    let seed = asked(SEED, 20_261_121);
    println!("{SEED}={seed}");
    let mut dice = Dice::seeded(seed);
    for story in 0..STORIES {
        let name = format!("house-{story}");
        world.connects(&world.isp, &plan, &name, "karibu").await.expect("connected");
        let mut tx = world.store.tenant(&world.isp.scope).await.expect("begins");
        let holder = holders::by_names(&mut tx, &[&name]).await.expect("looks")[&name];
        let nas = nas::find_by_name(&mut tx, &"tower".parse().expect("good")).await.expect("looks").expect("there").id;
        tx.commit().await.expect("commits");
        let (places, now) = (Places::default(), Timestamp::from_seconds(1_800_000_000));
        let mut twice = Twice { world: &world, holder, nas, places, sessions: Vec::new(), now };

        for step in 0..STEPS {
            twice.now = twice.now.plus(Span::seconds(i64::try_from(dice.below(40)).expect("small")));
            let which = dice.below(twice.sessions.len().max(1));
            match dice.below(4) {
                0 => twice.logs_in(device(dice.between(1, DEVICES))).await,
                1 | 2 => twice.is_heard_of(which).await,
                _ => twice.ends(which).await,
            }

            let [there, here] = twice.both().await;
            assert_eq!(there, here, "story {story}, step {step}");
        }
    }
}
