//! Random histories of devices that come, stay, fall silent and go, against a model that counts on its fingers.
//!
//! Each history interleaves what several routers tell and ask about one holder: late, lost, repeated and out of order.
//! The model knows who holds a place by what was answered; it knows no numbers. A failure names its seed.

use std::collections::BTreeMap;

use domain::access::attempt::Device;
use domain::access::slot::{Heir, Leaver};
use domain::id::SessionId;
use domain::mac::Mac;
use domain::sales::plan::DeviceCap;
use domain::time::{Span, Timestamp};
use policy::access::places::{Places, Renewed};

/// Steps of one history.
const STEPS: u32 = 40;

/// Devices that ask.
const DEVICES: u64 = 5;

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

    fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let length = u64::try_from(of.len()).ok().filter(|length| *length > 0)?;
        of.get(usize::try_from(self.below(length)).ok()?)
    }
}

/// A session as its router and our table know it.
#[derive(Clone)]
struct Stay {
    id: SessionId,
    device: u64,
    started_at: Timestamp,
    last_heard_at: Timestamp,
    lease_until: Timestamp,
    was_reported: bool,
    has_ended: bool,
}

/// Who holds a place, and for which session.
#[derive(Default)]
struct Model(BTreeMap<u64, (SessionId, Timestamp)>);

impl Model {
    fn holds(&self, device: u64, now: Timestamp) -> bool {
        self.0.get(&device).is_some_and(|(_, until)| now < *until)
    }

    fn others(&self, device: u64, now: Timestamp) -> usize {
        self.0.iter().filter(|(other, (_, until))| **other != device && now < *until).count()
    }
}

#[derive(Default, Debug)]
struct Tally {
    admitted: u64,
    refused: u64,
    placeless: u64,
    inherited: u64,
}

struct History {
    dice: Dice,
    now: Timestamp,
    cap: DeviceCap,
    places: Places,
    model: Model,
    stays: Vec<Stay>,
    tally: Tally,
}

fn device(number: u64) -> Device {
    let mut octets = [2, 0, 0, 0, 0, 0];
    octets[5] = u8::try_from(number).expect("few devices");
    Device::Mac(Mac::from_octets(octets))
}

fn cap(devices: u64) -> DeviceCap {
    u16::try_from(devices).ok().and_then(DeviceCap::new).expect("a cap")
}

impl History {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let cap = cap(1 + dice.below(3));
        let now = Timestamp::from_seconds(1_000_000);
        let (places, model, tally) = (Places::default(), Model::default(), Tally::default());
        Self { dice, now, cap, places, model, stays: Vec::new(), tally }
    }

    fn run(mut self) -> Tally {
        for _ in 0..STEPS {
            self.now = self.now.plus(Span::seconds(i64::try_from(self.dice.below(60)).expect("a minute")));
            match self.dice.below(20) {
                0..8 => self.login(),
                8..14 => self.report(),
                14..18 => self.stop(),
                18 => self.now = self.now.plus(Span::minutes(10)),
                _ => self.cap = cap(1 + self.dice.below(3)),
            }
            self.compare();
        }
        self.tally
    }

    fn login(&mut self) {
        let asks = self.dice.below(DEVICES);
        let (owns, others) = (self.model.holds(asks, self.now), self.model.others(asks, self.now));
        let room = others < usize::from(self.cap.get());
        let session = SessionId::from_bytes(u128::try_from(self.stays.len()).expect("few").to_be_bytes());
        let lease_until = self.now.plus(Span::seconds(60));

        let taken = self.places.take(&device(asks), self.cap, session, self.now, lease_until);

        assert!(taken.is_none() || owns || room, "over-admission: {others} others online, cap {}", self.cap);
        assert!(taken.is_some() || !owns, "a device that has its place was refused");
        assert!(taken.is_some() || !room, "refused, though {others} of {} places are taken", self.cap);
        if taken.is_none() {
            self.tally.refused += 1;
            return;
        }
        self.tally.admitted += 1;
        let kept = self.model.0.get(&asks).map_or(lease_until, |(_, until)| lease_until.max(*until));
        self.model.0.insert(asks, (session, kept));
        self.stays.push(Stay {
            id: session,
            device: asks,
            started_at: self.now,
            last_heard_at: self.now,
            lease_until,
            was_reported: false,
            has_ended: false,
        });
    }

    /// A Start or an interim of any session that has not ended, perhaps one that waited on its router.
    fn report(&mut self) {
        let open: Vec<usize> = (0..self.stays.len()).filter(|index| !self.stays[*index].has_ended).collect();
        let Some(index) = self.dice.pick(&open).copied() else { return };
        let heard_at = self.now.minus(Span::seconds(i64::try_from(self.dice.below(3) * 200).expect("few")));
        let stay = &mut self.stays[index];
        stay.was_reported = true;
        stay.last_heard_at = stay.last_heard_at.max(heard_at);
        stay.lease_until = stay.lease_until.max(heard_at.plus(Span::seconds(330)));
        let (id, lease_until, asks) = (stay.id, stay.lease_until, stay.device);
        let owns = self.model.holds(asks, self.now);
        let room = self.model.others(asks, self.now) < usize::from(self.cap.get());

        let renewed = self.places.renew(&device(asks), id, lease_until, Some(self.cap), self.now);

        match renewed {
            Renewed::Kept => {
                let (session, until) = self.model.0.get(&asks).copied().expect("it had a place");
                let session = if owns { session } else { id };
                self.model.0.insert(asks, (session, until.max(lease_until)));
            }
            Renewed::TakenAgain => {
                assert!(room && !owns, "a place was taken again that was not free");
                self.model.0.insert(asks, (id, lease_until));
            }
            Renewed::Placeless => {
                assert!(!room && !owns, "placeless, though there is room");
                self.model.0.remove(&asks);
                self.tally.placeless += 1;
            }
        }
    }

    /// A Stop, a restart or the end of a lease; perhaps for the second time, or of a session without a place.
    fn stop(&mut self) {
        let all: Vec<usize> = (0..self.stays.len()).collect();
        let Some(index) = self.dice.pick(&all).copied() else { return };
        self.stays[index].has_ended = true;
        let gone = self.stays[index].clone();
        let heirs: Vec<&Stay> = self
            .stays
            .iter()
            .filter(|stay| stay.device == gone.device && !stay.has_ended)
            .filter(|stay| !gone.was_reported || stay.last_heard_at >= gone.started_at)
            .collect();
        let leaver = Leaver { session: gone.id, started_at: gone.started_at, was_reported: gone.was_reported };
        let open = self.stays.iter().filter(|stay| stay.device == gone.device && !stay.has_ended).map(|stay| Heir {
            session: stay.id,
            last_heard_at: stay.last_heard_at,
            lease_until: stay.lease_until,
        });

        self.places.release(&leaver, open);

        if self.model.0.get(&gone.device).is_some_and(|(session, _)| *session == gone.id) {
            let until = heirs.iter().map(|heir| heir.lease_until).max();
            let heir = self.places.all().iter().find(|place| place.device == device(gone.device));
            match (until, heir) {
                (Some(until), Some(heir)) => {
                    assert!(heirs.iter().any(|stay| stay.id == heir.session && stay.lease_until == until));
                    self.tally.inherited += 1;
                    self.model.0.insert(gone.device, (heir.session, until));
                }
                // Somebody was given the place after its lease had ended.
                (_, None) => _ = self.model.0.remove(&gone.device),
                (None, Some(heir)) => assert_ne!(heir.session, gone.id, "an ended session keeps its place"),
            }
        }
    }

    fn compare(&self) {
        for number in 0..DEVICES {
            let seen = self.places.seen(&device(number), self.now);
            assert_eq!(seen.own == Some(true), self.model.holds(number, self.now), "who has a place");
            assert_eq!(usize::from(seen.others), self.model.others(number, self.now), "how many others have one");
        }
        let numbers: std::collections::BTreeSet<u16> = self.places.all().iter().map(|place| place.number).collect();
        assert_eq!(numbers.len(), self.places.all().len(), "a number was given twice");
    }
}

fn histories(count: u64) -> Tally {
    let mut sum = Tally::default();
    for seed in 0..count {
        let tally = std::panic::catch_unwind(|| History::new(seed).run());
        assert!(tally.is_ok(), "history {seed} went wrong; its reason is above");
        let tally = tally.unwrap_or_default();
        sum.admitted += tally.admitted;
        sum.refused += tally.refused;
        sum.placeless += tally.placeless;
        sum.inherited += tally.inherited;
    }
    sum
}

fn every_case_came_up(tally: &Tally, count: u64) {
    for (what, number) in [
        ("admitted", tally.admitted),
        ("refused", tally.refused),
        ("placeless", tally.placeless),
        ("inherited", tally.inherited),
    ] {
        assert!(number >= count / 10, "only {number} were {what} in {count} histories: they show too little");
    }
}

#[test]
fn twenty_thousand_histories_agree_with_the_model() {
    let count = 20_000;
    every_case_came_up(&histories(count), count);
}

/// `cargo test --release -p policy --test places_histories -- --ignored --nocapture`
#[test]
#[ignore = "takes a while; the same as the shorter one with a million histories"]
fn a_million_histories_agree_with_the_model() {
    let count = 1_000_000;
    every_case_came_up(&histories(count), count);
}
