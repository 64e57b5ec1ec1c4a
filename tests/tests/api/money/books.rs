//! `/v1/ledger`, `/v1/wallets`, `/v1/reports`: the books are read, verified, and held against the gateway's.

use domain::money::arrival::Source;
use domain::money::claim::Transfer;
use domain::time::Span;
use serde_json::{Value, json};

use super::{Counter, rows};

async fn buys_and_pays(counter: &Counter) -> anyhow::Result<Transfer> {
    counter.buys().await?;
    let receipt = counter.world.gateway.pays();
    counter.passes(25).await?;
    Ok(counter.world.gateway.transfer(&receipt))
}

/// What the report says of our gateway.
fn of_gateway<'a>(report: &'a Value, counter: &Counter) -> &'a Value {
    let all = report["gateways"].as_array().expect("a list");
    all.iter().find(|one| one["gateway"] == counter.gateway).expect("our gateway")
}

fn kinds(report: &Value) -> Vec<&str> {
    let all = report["differences"].as_array().expect("a list");
    let mut kinds: Vec<&str> = all.iter().filter_map(|one| one["kind"].as_str()).collect();
    kinds.sort_unstable();
    kinds
}

#[tokio::test]
async fn every_entry_is_listed_and_sums_to_zero() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    buys_and_pays(&counter).await?;
    let cash = json!({ "plan_id": counter.plan, "phone": "0712345601", "note": "book 1",
        "amount": { "minor": 5000, "currency": "KES" } });
    counter.does("/v1/cash", cash).await?;

    let all = counter.sees("/v1/ledger").await?;
    let page = counter.sees("/v1/ledger?limit=3").await?;
    let rest = counter.sees(&format!("/v1/ledger?limit=3&after={}", page["next"].as_str().expect("more"))).await?;
    let of_cash = counter.sees("/v1/ledger?account=cash").await?;
    let sales = counter.sees(&format!("/v1/ledger?kind=sale&day={}", counter.today())).await?;
    let csv = counter.ours.get("/v1/ledger/export").await?.is(200)?.text();

    assert_eq!(rows(&all).len(), 4, "{all}");
    assert_eq!([rows(&page).clone(), rows(&rest).clone()].concat(), *rows(&all));
    assert_eq!((rows(&of_cash).len(), rows(&sales).len()), (1, 2));
    for entry in rows(&all) {
        let postings = entry["postings"].as_array().expect("a list");
        assert_eq!(postings.iter().filter_map(|one| one["amount"]["minor"].as_i64()).sum::<i64>(), 0, "{entry}");
    }
    assert_eq!(csv.lines().count(), 1 + 8, "a row for each posting: {csv}");
    assert_eq!(counter.theirs.get("/v1/ledger").await?.json()["items"], json!([]));
    assert_eq!(counter.theirs.get("/v1/wallets").await?.json()["items"], json!([]));
    for bad in
        ["/v1/ledger?account=gold", "/v1/ledger?kind=x", "/v1/wallets/statement", "/v1/wallets?phone=1&subscriber=2"]
    {
        assert_eq!(counter.ours.get(bad).await?.status, 400, "{bad}");
    }
    counter.is_whole().await
}

#[tokio::test]
async fn closed_days_are_listed_with_their_hashes_and_verified() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    buys_and_pays(&counter).await?;
    counter.world.clock.passes(Span::seconds(2 * 86_400));
    let (world, zone) = (&counter.world, &counter.world.isp.tenant.zone);
    actions::money::proof::close_days(&world.store, &world.isp.scope, zone, world.context()).await?;

    // The stays of before are over by now.
    let (ours, theirs) = (counter.api.owner(world, &world.isp).await?, counter.api.owner(world, &world.other).await?);
    let days = ours.get("/v1/ledger/proof").await?.is(200)?.json();
    let verified = ours.send("POST", "/v1/ledger/verify", None).await?.is(200)?.json();

    assert_eq!(rows(&days).len(), 1, "{days}");
    assert_eq!(rows(&days)[0]["hash"], verified["head"]);
    assert_eq!((&verified["is_whole"], &verified["days"], &verified["fault"]), (&json!(true), &json!(1), &Value::Null));
    assert_eq!(theirs.get("/v1/ledger/proof").await?.is(200)?.json()["items"], json!([]));
    Ok(())
}

#[tokio::test]
async fn the_end_of_a_day_is_held_against_the_gateways_books() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let known = buys_and_pays(&counter).await?;
    counter.is_told(&known, Source::Pull, true).await?;
    let stray = counter.world.gateway.is_paid_by_hand("nobody", 1_500, "254712***126");
    counter.is_told(&stray, Source::Pull, true).await?;
    let said = counter.world.gateway.is_paid_by_hand("nobody", 700, "254712***126");
    counter.is_told(&said, Source::Confirmation, false).await?;
    let seen = counter.world.gateway.is_paid_by_hand("nobody", 900, "254712***126");
    let id = counter.is_told(&seen, Source::Confirmation, false).await?;
    counter.ours.send("POST", &format!("/v1/arrivals/{id}/accept"), None).await?.is(200)?;
    counter.does(&format!("/v1/arrivals/{id}/match"), json!({ "phone": "0712345126" })).await?;

    let report = counter.sees(&format!("/v1/reports/end-of-day?day={}", counter.today())).await?;

    let ours = of_gateway(&report, &counter);
    let tally = |what: &str| (ours[what]["count"].as_u64(), ours[what]["sum"]["minor"].as_i64());
    assert_eq!(tally("told"), (Some(2), Some(3_500)), "{report}");
    assert_eq!(tally("held"), (Some(3), Some(4_400)));
    assert_eq!(tally("matched"), (Some(2), Some(2_900)));
    assert_eq!(tally("waiting"), (Some(2), Some(2_200)));
    assert_eq!(kinds(&report), ["nobodys", "not_in_books", "unproven"]);
    assert_eq!((&report["difference_count"], &ours["are_books_read"]), (&json!(3), &json!(true)));
    let theirs = counter.theirs.get("/v1/reports/end-of-day").await?.is(200)?.json();
    assert_eq!((&theirs["difference_count"], &theirs["differences"]), (&json!(0), &json!([])));
    let empty = counter.sees("/v1/reports/end-of-day?day=2026-01-01").await?;
    assert_eq!(of_gateway(&empty, &counter)["held"]["count"], 0);
    assert_eq!(counter.ours.get("/v1/reports/end-of-day?day=monday").await?.status, 400);
    Ok(())
}
