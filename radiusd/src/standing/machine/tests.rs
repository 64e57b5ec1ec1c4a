use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;

use super::*;

/// A step of the world's true time.
const TICK_MS: u64 = 20;

/// How long a node waits for the database.
const PATIENCE_MS: u64 = 2_500;

/// The dice of one world.
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.throw() % end
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// What a node has sent and not heard the end of.
enum Sent {
    Look { sent_ms: u64, arrives: u64 },
    Write { plan: Plan, sent_ms: u64, arrives: u64, written: bool, reply_lost: bool },
}

struct Node {
    machine: Machine,
    /// Its clock: a beginning, and how fast it runs in thousandths.
    clock: (u64, u64),
    alive: bool,
    frozen_until: u64,
    cut_off_until: u64,
    sent: Option<Sent>,
    next_look: u64,
    work: Option<(Work, u64, bool)>,
    /// Grants that it knows of.
    memory: i64,
    /// Those of them that only it knows of, made as Alone, and made while Away or without being heard of since.
    unwritten: i64,
    astray: i64,
}

impl Node {
    const fn local(&self, now: u64) -> u64 {
        self.clock.0 + now * self.clock.1 / 1_000
    }

    fn standing(&self, now: u64) -> Standing {
        let (standing, until) = self.machine.standing();
        if !self.alive {
            Standing::Settling
        } else if self.local(now) > until {
            Standing::Away
        } else {
            standing
        }
    }
}

/// Nodes, a database, and everything that can happen between them.
struct World {
    dice: Dice,
    now: u64,
    nodes: Vec<Node>,
    version: i64,
    rows: BTreeMap<NodeId, Posted>,
    timeline: u32,
    /// Until when no node starts: one that has never seen the old primary cannot know that there was another.
    starts_from: u64,
    /// What the database was like, for the standby that is behind.
    past: VecDeque<(i64, BTreeMap<NodeId, Posted>)>,
    database_away_until: u64,
    /// Grants that the database knows of, and all that were made.
    stored: i64,
    granted: i64,
    /// Whether counts can be compared: not any more when a server was lost with its last words.
    counts: bool,
    /// Whether everything arrives, soon, and every work succeeds.
    calm: bool,
    runs: u8,
}

fn id<Of>(number: u8) -> domain::id::Id<Of> {
    domain::id::Id::from_bytes([number; 16])
}

impl World {
    fn new(seed: u64, nodes: u8) -> Self {
        let mut dice = Dice(seed | 1);
        let mut world = Self {
            now: 0,
            nodes: Vec::new(),
            version: 1,
            rows: BTreeMap::new(),
            timeline: 1,
            starts_from: 0,
            past: VecDeque::new(),
            database_away_until: 0,
            stored: 0,
            granted: 0,
            counts: true,
            calm: false,
            runs: nodes,
            dice: Dice(dice.throw() | 1),
        };
        for number in 0..nodes {
            let clock = (dice.below(1_000_000), 900 + dice.below(200));
            world.nodes.push(Node {
                machine: Machine::new(id(number), id(number), clock.0),
                clock,
                alive: true,
                frozen_until: 0,
                cut_off_until: 0,
                sent: None,
                next_look: dice.below(3_000),
                work: None,
                memory: 0,
                unwritten: 0,
                astray: 0,
            });
        }
        world
    }

    fn board(&self) -> Board {
        Board {
            version: self.version,
            timeline: Some(self.timeline.to_string()),
            posted: self.rows.values().copied().collect(),
        }
    }

    fn reaches(&self, node: usize) -> bool {
        self.now >= self.database_away_until && self.now >= self.nodes[node].cut_off_until
    }

    /// What the database does with a plan: what the statements of `store::platform::nodes` do.
    fn commit(&mut self, plan: &Plan) -> bool {
        let mine = plan.mine;
        if let Some(version) = plan.onto {
            let moved = |lost: &Posted| self.rows.get(&lost.node).is_none_or(|row| row.beat != lost.beat);
            if version != self.version || plan.lost.iter().any(moved) {
                return false;
            }
            self.version += 1;
            for lost in &plan.lost {
                if let Some(row) = self.rows.get_mut(&lost.node) {
                    row.claim = Claim::Lost;
                }
                for node in &mut self.nodes {
                    if node.machine.node() == lost.node {
                        node.astray += std::mem::take(&mut node.unwritten);
                    }
                }
            }
        } else if self.rows.get(&mine.node).is_none_or(|row| (row.run, row.claim) != (mine.run, mine.claim)) {
            return false;
        }
        self.rows.insert(mine.node, mine);
        true
    }

    fn tick(&mut self, chaos: bool) {
        self.now += TICK_MS;
        if chaos {
            self.things_go_wrong();
        }
        for node in 0..self.nodes.len() {
            self.database_hears(node);
            if self.nodes[node].alive && self.now >= self.nodes[node].frozen_until {
                self.node_acts(node);
            }
        }
        self.check();
    }

    fn things_go_wrong(&mut self) {
        let (now, long) = (self.now, 1 + self.dice.below(15_000));
        if self.dice.one_in(3_000) {
            self.database_away_until = now + long;
        }
        let node = usize::try_from(self.dice.below(self.nodes.len() as u64)).expect("few");
        match self.dice.below(1_500) {
            0 => self.nodes[node].frozen_until = now + long,
            1 => self.nodes[node].cut_off_until = now + long,
            2 => self.dies(node),
            _ => {}
        }
        if !self.nodes[node].alive && self.dice.one_in(100) {
            self.starts(node);
        }
    }

    fn dies(&mut self, node: usize) {
        let node = &mut self.nodes[node];
        node.alive = false;
        // What is on its way to the database may still arrive there.
        self.granted -= std::mem::take(&mut node.unwritten) + std::mem::take(&mut node.astray);
        (node.memory, node.work) = (0, None);
    }

    fn starts(&mut self, node: usize) {
        self.runs += 1;
        let (run, now) = (id(self.runs), self.now);
        let node = &mut self.nodes[node];
        node.machine = Machine::new(node.machine.node(), run, node.local(now));
        (node.alive, node.sent, node.next_look) = (true, None, now.max(self.starts_from));
    }

    /// Another server becomes the primary; it has not heard of the last moments.
    fn database_fails_over(&mut self) {
        let behind = usize::try_from(self.dice.below(self.past.len() as u64)).expect("few");
        (self.version, self.rows) = self.past[behind].clone();
        self.past.clear();
        self.timeline += 1;
        self.counts = false;
        self.starts_from = self.now + SILENCE_MS * 5 / 4;
        for node in &mut self.nodes {
            if node.machine.timeline.is_none() {
                (node.sent, node.next_look) = (None, self.starts_from);
            }
            // Connections to the old primary are gone.
            if let Some(Sent::Write { written, reply_lost, .. }) = &mut node.sent {
                *reply_lost |= !*written;
            }
        }
    }

    /// What was sent arrives at the database, whatever has become of the sender.
    fn database_hears(&mut self, node: usize) {
        if self.past.len() > 100 {
            self.past.pop_front();
        }
        self.past.push_back((self.version, self.rows.clone()));
        let reached = self.reaches(node);
        let Some(Sent::Write { plan, arrives, written, reply_lost, .. }) = &self.nodes[node].sent else { return };
        if *written || *reply_lost || self.now < *arrives {
            return;
        }
        let plan = plan.clone();
        let done = reached && self.commit(&plan);
        let lost = !self.calm && self.dice.one_in(10);
        if let Some(Sent::Write { written, reply_lost, .. }) = &mut self.nodes[node].sent {
            *written = done;
            *reply_lost = !done || lost;
        }
    }

    fn node_acts(&mut self, at: usize) {
        let now = self.now;
        let local = self.nodes[at].local(now);
        self.nodes[at].machine.expire(local);
        self.node_talks(at, local);
        self.node_works(at, local);
        self.node_grants(at);
    }

    fn node_talks(&mut self, at: usize, local: u64) {
        let (now, delay) = (self.now, self.delay());
        let (reached, board) = (self.reaches(at), self.board());
        let node = &mut self.nodes[at];
        let due = now >= node.next_look || node.machine.is_eager(local);
        match node.sent.take() {
            None if due => node.sent = Some(Sent::Look { sent_ms: local, arrives: now + delay }),
            None => {}
            Some(Sent::Look { sent_ms, arrives }) if now >= arrives && reached => {
                match node.machine.look(&board, local) {
                    Looked::Write(plan) => {
                        let (arrives, written, reply_lost) = (now + delay, false, false);
                        node.sent = Some(Sent::Write { plan, sent_ms, arrives, written, reply_lost });
                    }
                    Looked::Copied => panic!("nobody was copied"),
                }
            }
            Some(Sent::Write { plan, sent_ms, written: true, reply_lost: false, .. }) => {
                node.machine.written(&plan, sent_ms, local);
                for lost in node.machine.fences().to_vec() {
                    node.machine.fenced(lost);
                }
                node.next_look = now + 1_000;
            }
            // The database works off one thing after the other, so the next look waits for what is under way.
            Some(Sent::Write { written: false, reply_lost: true, .. }) => node.next_look = now + 200,
            Some(Sent::Look { sent_ms, .. } | Sent::Write { sent_ms, written: true, .. })
                if local > sent_ms + PATIENCE_MS =>
            {
                node.next_look = now + 200;
            }
            Some(sent) => node.sent = Some(sent),
        }
    }

    fn delay(&mut self) -> u64 {
        if !self.calm && self.dice.one_in(30) { self.dice.below(4_000) } else { self.dice.below(60) }
    }

    fn node_works(&mut self, at: usize, local: u64) {
        let (now, takes, well) = (self.now, self.dice.below(700), self.calm || !self.dice.one_in(8));
        let reached = self.reaches(at);
        let node = &mut self.nodes[at];
        let wanted = node.machine.work();
        if node.work.map(|(work, ..)| work) != wanted {
            node.work = wanted.map(|work| (work, now + takes, well));
        }
        let Some((work, until, well)) = node.work.filter(|(_, until, _)| now >= *until) else { return };
        _ = until;
        node.work = None;
        let well = well && reached;
        match work {
            Work::WriteAll | Work::TellAll if well => {
                self.stored += std::mem::take(&mut node.unwritten) + std::mem::take(&mut node.astray);
            }
            Work::ReadAll if well => node.memory = self.stored,
            Work::WriteAhead | Work::WriteAll | Work::TellAhead | Work::TellAll | Work::ReadAll => {}
        }
        node.machine.worked(work, well, local);
    }

    fn node_grants(&mut self, at: usize) {
        let (now, reached) = (self.now, self.reaches(at));
        let elsewhere: i64 = (0..self.nodes.len()).filter(|other| *other != at).map(|o| self.nodes[o].astray).sum();
        let unwritten: i64 = self.nodes.iter().map(|node| node.unwritten).sum();
        let node = &mut self.nodes[at];
        match node.standing(now) {
            Standing::Alone => {
                assert!(!self.counts || node.memory == self.granted - elsewhere, "at {now}: memory is not the truth");
                (node.memory, node.unwritten, self.granted) = (node.memory + 1, node.unwritten + 1, self.granted + 1);
            }
            Standing::Shared if reached => {
                assert!(!self.counts || unwritten == 0, "at {now}: the database is not the truth");
                (self.stored, self.granted) = (self.stored + 1, self.granted + 1);
            }
            Standing::Away => {
                (node.memory, node.astray, self.granted) = (node.memory + 1, node.astray + 1, self.granted + 1);
            }
            Standing::Shared | Standing::Settling => {}
        }
    }

    /// Frozen nodes count: they may wake up at any moment.
    fn check(&self) {
        let standings: Vec<Standing> = self.nodes.iter().map(|node| node.standing(self.now)).collect();
        let alone = standings.iter().filter(|one| **one == Standing::Alone).count();
        let shared = standings.iter().filter(|one| **one == Standing::Shared).count();
        assert!(alone == 0 || (alone == 1 && shared == 0), "at {}: {standings:?}", self.now);
    }

    fn runs_for(&mut self, seconds: u64, chaos: bool) {
        for _ in 0..seconds * 1_000 / TICK_MS {
            self.tick(chaos);
        }
    }

    fn settles(&mut self) {
        (self.calm, self.database_away_until) = (true, 0);
        for at in 0..self.nodes.len() {
            (self.nodes[at].frozen_until, self.nodes[at].cut_off_until) = (0, 0);
            if !self.nodes[at].alive {
                self.starts(at);
            }
        }
        self.runs_for(20, false);
    }

    fn standings(&self) -> Vec<Standing> {
        self.nodes.iter().map(|node| node.standing(self.now)).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn whatever_goes_wrong_one_truth_is_believed_at_a_time(seed in any::<u64>(), nodes in 2_u8..4) {
        let mut world = World::new(seed, nodes);

        world.runs_for(90, true);
        world.settles();

        prop_assert!(world.standings().iter().all(|one| *one == Standing::Shared), "{:?}", world.standings());
        for at in 1..world.nodes.len() {
            world.dies(at);
        }
        world.runs_for(12, false);
        prop_assert_eq!(world.standings()[0], Standing::Alone);
    }

    #[test]
    fn a_primary_that_is_lost_with_its_last_words_makes_no_two_truths(seed in any::<u64>()) {
        let mut world = World::new(seed, 3);

        for _ in 0..5 {
            world.runs_for(12, true);
            world.database_fails_over();
        }
        world.settles();

        prop_assert!(world.standings().iter().all(|one| *one == Standing::Shared), "{:?}", world.standings());
    }

    /// What it granted before it was killed is known to nobody until it has read it.
    #[test]
    fn who_starts_with_nobody_else_lets_nobody_in_before_all_is_read(seed in any::<u64>()) {
        let mut world = World::new(seed, 1);
        (world.calm, world.nodes[0].next_look) = (true, 0);

        let mut standings = Vec::new();
        for _ in 0..(12_000 / TICK_MS) {
            world.tick(false);
            standings.push(world.standings()[0]);
        }

        let first = standings.iter().position(|one| *one != Standing::Settling).map(|at| standings[at]);
        prop_assert_eq!(first, Some(Standing::Alone));
        prop_assert_eq!(standings.last(), Some(&Standing::Alone));
    }
}

#[test]
fn a_node_whose_memory_is_old_shares_until_it_is_fresh() {
    let mut world = World::new(7, 1);

    world.nodes[0].machine.hold_back(true);
    world.runs_for(20, false);
    let held_back = world.standings()[0];
    world.nodes[0].machine.hold_back(false);
    world.runs_for(5, false);

    assert_eq!((held_back, world.standings()[0]), (Standing::Shared, Standing::Alone));
}
