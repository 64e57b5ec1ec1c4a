//! A crowd of houses and of cards that goes on living whatever happens to the server, and remembers what it was told.
//!
//! Houses log in, report and leave; devices fight for the places of cards. The [`Ledger`] keeps what was answered; in
//! the end the [`Verdict`] holds it against the database: what was answered is there, once, nobody was refused because
//! of us, and no card carried more devices than were sold.

mod ledger;
mod verdict;

use std::sync::Arc;
use std::time::Duration;

use dictionaries::rfc2866::acct_status_type::{INTERIM_UPDATE, START, STOP};
use domain::sales::plan::PlanService;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use ledger::{Ledger, Tally};
pub use verdict::Verdict;

use crate::client::{Report, Router};
use crate::dice::Dice;
use crate::switch::Line;
use crate::world::{World, hour_for, month};

/// What every house knows.
const PASSWORD: &str = "karibu-nyumbani";

/// How often a router sends a report, the first time included.
const TRIES: u8 = 3;

/// How many they are.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Houses with one device each.
    pub houses: usize,
    /// Cards with two places each.
    pub cards: usize,
    /// Devices that want to use one card.
    pub devices: usize,
}

/// Devices that a card is sold for.
pub const PLACES: u16 = 2;

/// The crowd and what it remembers.
#[derive(Debug)]
pub struct Crowd {
    ledger: Arc<Ledger>,
    size: Size,
    stop: CancellationToken,
    living: JoinSet<()>,
}

impl Crowd {
    /// Sells them what they need.
    pub async fn moves_in(world: &World, size: Size) -> anyhow::Result<Self> {
        let plan = world.sells(&world.isp, month(), "crowd-home", PlanService::Pppoe).await?;
        for house in 0..size.houses {
            world.connects(&world.isp, &plan, &house_name(house), PASSWORD).await?;
        }
        let plan = world.sells(&world.isp, hour_for(PLACES), "crowd-card", PlanService::Hotspot).await?;
        let codes: Vec<_> = (0..size.cards).map(card_code).collect();
        world.prints(&world.isp, &plan, &codes.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        let (ledger, stop, living) = (Arc::default(), CancellationToken::new(), JoinSet::new());
        Ok(Self { ledger, size, stop, living })
    }

    /// Lets everybody live, by that router, until they go home.
    pub fn lives(&mut self, router: &Router, seed: u64) {
        let hasty = Router { patience: Duration::from_millis(700), ..router.clone() };
        let mut dice = Dice::seeded(seed);
        let life = |dice: &mut Dice| Life {
            router: hasty.clone(),
            ledger: Arc::clone(&self.ledger),
            stop: self.stop.clone(),
            dice: Dice::seeded(dice.next()),
        };
        for house in 0..self.size.houses {
            let life = life(&mut dice);
            self.living.spawn(life.of_a_house(house));
        }
        for card in 0..self.size.cards {
            for device in 0..self.size.devices {
                let life = life(&mut dice);
                self.living.spawn(life.of_a_device(card, device));
            }
        }
        let life = life(&mut dice);
        self.living.spawn(life.of_somebody_unknown());
    }

    /// What it was told so far.
    pub const fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Everybody ends the step that they are at.
    pub async fn goes_home(&mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        while let Some(ended) = self.living.join_next().await {
            ended?;
        }
        Ok(())
    }
}

fn house_name(house: usize) -> String {
    format!("crowd-house-{house}")
}

fn card_code(card: usize) -> String {
    format!("Crowd{card:03}AB")
}

/// One of them.
struct Life {
    router: Router,
    ledger: Arc<Ledger>,
    stop: CancellationToken,
    dice: Dice,
}

impl Life {
    async fn rests(&mut self, least_ms: u64, most_ms: u64) {
        let while_resting = tokio::time::sleep(Duration::from_millis(self.dice.between(least_ms, most_ms)));
        tokio::select! {
            () = while_resting => {}
            () = self.stop.cancelled() => {}
        }
    }

    async fn of_a_house(mut self, house: usize) {
        let (name, mac) = (house_name(house), format!("02:C0:00:00:{:02X}:{:02X}", house / 256, house % 256));
        while !self.stop.is_cancelled() {
            let before = self.ledger.away();
            match self.router.asks(&name, PASSWORD, &mac).await {
                Ok(Some(reply)) if reply.is_accept() => {
                    self.ledger.let_in(before);
                    let class = reply.class();
                    self.has_a_session(&name, &mac, &class, None).await;
                }
                Ok(Some(reply)) => {
                    self.ledger.fault(format!("{name} was refused: {}", reply.sentence()));
                }
                Ok(None) => self.ledger.silence(before),
                Err(why) => self.ledger.fault(format!("{name}: {why:#}")),
            }
            self.rests(20, 200).await;
        }
    }

    async fn of_a_device(mut self, card: usize, device: usize) {
        let (code, mac) = (card_code(card), format!("02:CA:00:{:02X}:{:02X}:{device:02X}", card / 256, card % 256));
        while !self.stop.is_cancelled() {
            let before = self.ledger.away();
            let others = self.ledger.holders(card, device);
            match self.router.asks(&code, "", &mac).await {
                Ok(Some(reply)) if reply.is_accept() => {
                    self.ledger.let_in(before);
                    self.ledger.holds(card, device, &others, PLACES);
                    let class = reply.class();
                    self.has_a_session(&code, &mac, &class, Some((card, device))).await;
                }
                Ok(Some(reply)) if reply.sentence().contains("already in use") => self.ledger.refused(),
                Ok(Some(reply)) => self.ledger.fault(format!("{code} was refused: {}", reply.sentence())),
                Ok(None) => self.ledger.silence(before),
                Err(why) => self.ledger.fault(format!("{code}: {why:#}")),
            }
            self.rests(50, 400).await;
        }
    }

    /// Start, interims, and mostly a Stop. The counters grow by chance and never go back.
    async fn has_a_session(&mut self, user: &str, mac: &str, class: &[u8], place: Option<(usize, usize)>) {
        let session = self.ledger.new_session();
        let interims = self.dice.below(6);
        let stops = !self.dice.once_in(5);
        let mut octets = 0;
        for step in 0..=interims + 1 {
            let status = match step {
                0 => START,
                _ if step <= interims => INTERIM_UPDATE,
                _ if stops => STOP,
                _ => return,
            };
            if status != START {
                octets += self.dice.between(1, 100_000);
            }
            if let (STOP, Some((card, device))) = (status, place) {
                self.ledger.leaves(card, device);
            }
            self.ledger.sends(&session, octets);
            let report = Report {
                status,
                session: &session,
                user,
                mac,
                class,
                in_octets: octets,
                out_octets: octets * 2,
                seconds: u32::try_from(step).unwrap_or(0),
            };
            match self.router.reports_again(&report, TRIES).await {
                Ok(Some(_)) => self.ledger.is_answered(&session, octets, place),
                Ok(None) => self.ledger.unanswered(),
                Err(why) => self.ledger.fault(format!("{session}: {why:#}")),
            }
            self.rests(20, 300).await;
        }
    }

    /// A name that means nothing: without a database nobody can say so, and the second server may know it.
    async fn of_somebody_unknown(mut self) {
        while !self.stop.is_cancelled() {
            let before = self.ledger.away();
            // Each time somebody else: who guesses often is told to wait, and for that no database is needed.
            let number = self.dice.next();
            let mac = format!(
                "02:99:{:02X}:{:02X}:{:02X}:{:02X}",
                number >> 24 & 255,
                number >> 16 & 255,
                number >> 8 & 255,
                number & 255
            );
            let answer = self.router.asks(&format!("nobody-{}", number % 1_000_000), "guess", &mac).await;
            let away = |line: Line| matches!(line, Line::Frozen | Line::Cut);
            match answer {
                Ok(Some(reply)) if before.is_some_and(|(line, _)| away(line)) && self.ledger.away() == before => {
                    let said = reply.sentence();
                    self.ledger.fault(format!("an unknown name was answered while the database was away: {said}"));
                }
                Ok(_) => {}
                Err(why) => self.ledger.fault(format!("nobody-knows-me: {why:#}")),
            }
            self.rests(200, 600).await;
        }
    }
}
