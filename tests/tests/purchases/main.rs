//! Purchases by the thousand while everything goes wrong that can: callbacks lost, late, twice, out of order, forged and
//! with other amounts, answers lost, pages instead of answers, tokens stolen, and a worker that is killed wherever it
//! stands. Two ISPs take money through M-Pesa's twin, which keeps the true books; ours are held against them.
//!
//! `PURCHASES=100000` makes as many, `MNETIFI_TEST_SEED` others. Time is the story's: an hour of it takes minutes.

mod crash;
mod proof;
mod town;

use tests::dice::{SEED, asked};

use crate::town::Town;

/// Purchases without a variable.
const PURCHASES: u64 = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_shilling_is_lost_and_nobody_rides_for_nothing() -> anyhow::Result<()> {
    let (purchases, seed) = (asked("PURCHASES", PURCHASES), asked(SEED, 11));
    let mut town = Town::open(seed).await?;

    town.buys(purchases).await?;
    town.settles().await?;

    let found = proof::of(&town).await?;
    println!("{found}");
    assert!(found.faults.is_empty(), "seed {seed}, {purchases} purchases: {:#?}\n{found}", found.faults);
    assert!(found.served * 2 > found.paid_prompts && found.crashes * 50 > purchases, "too little happened: {found}");
    Ok(())
}
