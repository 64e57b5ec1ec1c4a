//! What was used is known by the hour, the day and the month, to the octet.

use actions::access::record_usage::record_usage;
use actions::access::roll_usage::roll_usage;
use domain::access::attempt::{AskedService, Device};
use domain::access::facts::Holder;
use domain::access::usage::{Counters, UsageKind, UsageRecord};
use domain::id::{NasId, PlanId};
use domain::people::subscriber::Username;
use domain::sales::plan::PlanService;
use domain::time::{Period, Span, Timestamp};
use ports::Clock as _;
use store::access::days::{self, By, Of, Used};
use store::access::{hours, usage};
use store::network::nas;
use store::page::Page;
use store::people::subscribers;
use tests::dice::{Dice, SEED, asked};
use tests::world::{Isp, World, month};

const HOUSES: usize = 3;
const DAYS: i64 = 31;

/// Houses of an ISP, with what their router's counters stand at.
struct Street<'a> {
    isp: &'a Isp,
    nas: NasId,
    plan: PlanId,
    houses: Vec<(Holder, String, Counters)>,
    moved: Vec<u64>,
}

impl<'a> Street<'a> {
    async fn of(world: &World, isp: &'a Isp) -> Self {
        let plan = world.sells(isp, month(), "home", PlanService::Pppoe).await.expect("sold");
        let mut houses = Vec::new();
        for number in 0..HOUSES {
            let name = format!("house-{number}");
            world.connects(isp, &plan, &name, "karibu").await.expect("connected");
            let mut tx = world.store.tenant(&isp.scope).await.expect("begun");
            let username = Username::parse(name.as_bytes()).expect("good");
            let found = subscribers::find_by_username(&mut tx, &username).await.expect("asked").expect("there");
            houses.push((Holder::Subscriber(found.id), name, Counters::ZERO));
        }
        let mut tx = world.store.tenant(&isp.scope).await.expect("begun");
        let nas = nas::find_by_name(&mut tx, &"tower".parse().expect("good")).await.expect("asked").expect("there");
        Self { isp, nas: nas.id, plan: plan.id, houses, moved: vec![0; HOUSES] }
    }

    /// A house moves so much more, and its router says so.
    fn uses(&mut self, house: usize, octets: u64, seconds: u64, at: Timestamp) -> UsageRecord {
        let (holder, name, counters) = &mut self.houses[house];
        counters.in_octets += octets / 3;
        counters.out_octets += octets - octets / 3;
        counters.seconds += seconds;
        self.moved[house] += octets;
        UsageRecord {
            tenant: self.isp.tenant.id,
            nas: self.nas,
            kind: UsageKind::Interim,
            session: None,
            holder: Some(*holder),
            acct_session_id: format!("8100000{house}"),
            user_name: name.clone(),
            device: Device::Unnamed,
            service: AskedService::Ppp,
            framed_ip: None,
            from: None,
            counters: *counters,
            has_counters: true,
            at,
        }
    }

    async fn listed(&self, world: &World, of: Of, by: By) -> Vec<Used> {
        let mut tx = world.store.tenant(&self.isp.scope).await.expect("begun");
        let (mut all, mut page) = (Vec::new(), Page::first(7));
        loop {
            let listed = days::list(&mut tx, of, by, &self.isp.tenant.zone, page).await.expect("listed");
            all.extend(listed.rows);
            match listed.next {
                Some(next) => page = Page::after(next, 7),
                None => return all,
            }
        }
    }

    async fn by_hour(&self, world: &World, holder: Holder) -> Vec<Used> {
        let mut tx = world.store.tenant(&self.isp.scope).await.expect("begun");
        let (mut all, mut page) = (Vec::new(), Page::first(100));
        loop {
            let listed = days::hours(&mut tx, holder, &self.isp.tenant.zone, page).await.expect("listed");
            all.extend(listed.rows.into_iter().map(|(_, used)| used));
            match listed.next {
                Some(next) => page = Page::after(next, 100),
                None => return all,
            }
        }
    }

    /// Every way of looking at it comes to what was moved.
    async fn is_exact(&self, world: &World) {
        let mut tx = world.store.tenant(&self.isp.scope).await.expect("begun");
        let totals = usage::all(&mut tx).await.expect("read");
        drop(tx);
        for ((holder, name, _), moved) in self.houses.iter().zip(&self.moved) {
            let (total_in, total_out) = totals.get(&holder.uuid()).copied().unwrap_or_default();
            assert_eq!(total_in + total_out, *moved, "{name}: the total");
            assert_eq!(sum(&self.by_hour(world, *holder).await), *moved, "{name}: the hours");
            for by in [By::Day, By::Month] {
                assert_eq!(sum(&self.listed(world, Of::Holder(*holder), by).await), *moved, "{name}: by {by:?}");
            }
        }
        let all: u64 = self.moved.iter().sum();
        for of in [Of::Plan(self.plan), Of::Router(self.nas), Of::Tenant] {
            assert_eq!(sum(&self.listed(world, of, By::Day).await), all, "{of:?}");
            assert_eq!(sum(&self.listed(world, of, By::Month).await), all, "{of:?}");
        }
    }
}

fn sum(used: &[Used]) -> u64 {
    assert!(used.windows(2).all(|pair| pair[0].when > pair[1].when), "newest first, each once: {used:?}");
    used.iter().map(|used| used.in_octets + used.out_octets).sum()
}

#[tokio::test]
async fn a_month_of_reports_in_any_shape_is_exact_in_hours_days_and_totals() {
    let seed = asked(SEED, 20_261_122);
    let mut dice = Dice::seeded(seed);
    let world = World::open().await.expect("a world");
    let mut streets = [Street::of(&world, &world.isp).await, Street::of(&world, &world.other).await];
    let mut now = world.clock.now();
    let end = now.plus(Span::minutes(DAYS * 24 * 60));
    let mut old: Vec<(usize, UsageRecord)> = Vec::new();

    while now < end {
        let mut batches: [Vec<UsageRecord>; 2] = [Vec::new(), Vec::new()];
        for _ in 0..=dice.below(6) {
            now = now.plus(Span::seconds(i64::try_from(dice.between(1, 9_000)).expect("small")));
            let place = dice.below(2);
            let house = dice.below(HOUSES);
            // Now and then more than 4 GiB at once.
            let octets = if dice.once_in(10) { 9_000_000_000 } else { dice.between(0, 50_000_000) };
            let record = streets[place].uses(house, octets, dice.between(60, 600), now);
            old.push((place, record.clone()));
            batches[place].push(record);
            if dice.once_in(3) {
                // A copy, of this one or of one of long ago.
                let (place, again) = dice.one_of(&old).clone();
                batches[place].push(again);
            }
            if dice.once_in(4) {
                batches[place].reverse();
            }
        }
        for (street, batch) in streets.iter().zip(&batches) {
            let records: Vec<&UsageRecord> = batch.iter().collect();
            record_usage(&world.store, &street.isp.scope, &records, 300, world.context()).await.expect("taken");
            if dice.once_in(20) {
                let zone = &street.isp.tenant.zone;
                roll_usage(&world.store, &street.isp.scope, zone, now).await.expect("rolled");
            }
        }
    }

    for street in &streets {
        street.is_exact(&world).await;
        for _twice in 0..2 {
            roll_usage(&world.store, &street.isp.scope, &street.isp.tenant.zone, now).await.expect("rolled");
            street.is_exact(&world).await;
        }
        let mut tx = world.store.tenant(&street.isp.scope).await.expect("begun");
        let holder = street.houses[0].0;
        let lately = hours::recent(&mut tx, &[holder], &street.isp.tenant.zone, now).await.expect("read");
        drop(tx);
        let days = street.listed(&world, Of::Holder(holder), By::Day).await;
        let month = street.listed(&world, Of::Holder(holder), By::Month).await;
        let recent = lately[&holder].recent;
        let newest = |used: &[Used], when: &str| {
            used.first().filter(|used| when.starts_with(&used.when)).map_or(0, |used| used.in_octets + used.out_octets)
        };
        let today = now.in_zone(&street.isp.tenant.zone);
        assert_eq!(recent.day.get(), newest(&days, &today), "seed {seed}: today");
        assert_eq!(recent.month.get(), newest(&month, &today), "seed {seed}: this month");
    }
}

#[tokio::test]
async fn what_comes_after_its_day_was_summed_up_is_added_to_it_once() {
    let world = World::open().await.expect("a world");
    let mut street = Street::of(&world, &world.isp).await;
    let zone = world.isp.tenant.zone.clone();
    let yesterday = Period::Day.start(world.clock.now(), &zone).minus(Span::minutes(60));
    let today = yesterday.plus(Span::minutes(120));
    let (store, scope) = (&world.store, &world.isp.scope);
    let roll = async || roll_usage(store, scope, &zone, today).await.expect("rolled");

    let first = street.uses(0, 1_000, 60, yesterday);
    record_usage(store, scope, &[&first], 300, world.context()).await.expect("taken");
    let rolled = roll().await;
    let late = street.uses(0, 500, 60, yesterday.plus(Span::seconds(60)));
    record_usage(store, scope, &[&late], 300, world.context()).await.expect("taken");
    street.is_exact(&world).await;
    let again = roll().await;
    let nothing = roll().await;

    assert_eq!((rolled, again, nothing), (1, 1, 0));
    street.is_exact(&world).await;
    assert_eq!(street.listed(&world, Of::Tenant, By::Day).await.len(), 1, "it is yesterday's");
}
