//! `/v1/usage`: what was used, by the hour, the day and the month, and by whom it is seen.

use actions::access::roll_usage::roll_usage;
use domain::sales::plan::PlanService;
use domain::time::Span;
use ports::Clock as _;
use serde_json::Value;
use tests::api::{Api, Client};
use tests::client::Report;
use tests::world::{Isp, World, month};

use crate::shop::{all, text};

const GATE: &str = "02:00:00:00:00:12";

/// A house of an ISP that goes online, moves so many octets within five minutes, and leaves.
async fn moves(world: &World, isp: &Isp, in_octets: u64, out_octets: u64) -> anyhow::Result<()> {
    let accept = isp.router.asks_over_ppp("house-1", "karibu", GATE).await?.expect("an answer");
    anyhow::ensure!(accept.is_accept(), "refused: {}", accept.sentence());
    let class = accept.class();
    let start = Report {
        status: 1,
        session: "81000012",
        user: "house-1",
        mac: GATE,
        class: &class,
        in_octets: 0,
        out_octets: 0,
        seconds: 0,
    };
    isp.router.reports(&start).await?;
    world.clock.passes(Span::minutes(5));
    isp.router.reports(&Report { status: 2, in_octets, out_octets, seconds: 300, ..start }).await?;
    world.drained().await;
    Ok(())
}

async fn used(client: &Client, query: &str) -> anyhow::Result<Vec<(Option<u64>, Option<u64>)>> {
    let listed = client.get(&format!("/v1/usage?{query}")).await?.is(200)?.json();
    let items = listed["items"].as_array().expect("items").iter();
    Ok(items.map(|row| (row["in_octets"].as_u64(), row["out_octets"].as_u64())).collect())
}

#[tokio::test]
async fn what_was_used_is_told_by_hour_day_and_month_to_its_own_isp_alone() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    for isp in [&world.isp, &world.other] {
        let plan = world.sells(isp, month(), "home", PlanService::Pppoe).await?;
        world.connects(isp, &plan, "house-1", "karibu").await?;
    }
    world.knows_what_changed().await;
    moves(&world, &world.isp, 1_000, 5_000).await?;
    moves(&world, &world.other, 7, 9).await?;
    let first = async |client: &Client, path: &str| {
        let listed = client.get(path).await?.is(200)?.json();
        anyhow::Ok(text(&listed["items"][0], "id").to_owned())
    };
    let house = first(&ours, "/v1/subscribers").await?;
    let (plan, router) = (first(&ours, "/v1/plans").await?, first(&ours, "/v1/routers").await?);
    let their_house = first(&theirs, "/v1/subscribers").await?;

    let by_hour = used(&ours, &format!("by=hour&subscriber={house}")).await?;
    // After two midnights the day is whole.
    world.clock.passes(Span::minutes(2 * 24 * 60));
    for isp in [&world.isp, &world.other] {
        roll_usage(&world.store, &isp.scope, &isp.tenant.zone, world.clock.now()).await?;
    }
    // Whoever looked before was silent for two days.
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);

    let whole = [(Some(1_000), Some(5_000))];
    assert_eq!(
        by_hour.iter().fold((0, 0), |sum, row| (sum.0 + row.0.unwrap_or(0), sum.1 + row.1.unwrap_or(0))),
        (1_000, 5_000)
    );
    for query in [
        String::new(),
        "by=day".to_owned(),
        "by=month".to_owned(),
        format!("by=day&subscriber={house}"),
        format!("by=month&plan={plan}"),
        format!("router={router}"),
    ] {
        assert_eq!(used(&ours, &query).await?, whole, "{query}");
    }
    assert_eq!(used(&theirs, "by=month").await?, [(Some(7), Some(9))]);
    let month = ours.get("/v1/usage?by=month").await?.is(200)?.json();
    assert_eq!(all(&month, "when")[0].len(), "2026-11".len());

    for query in
        [format!("subscriber={their_house}"), format!("by=hour&subscriber={their_house}"), format!("voucher={house}")]
    {
        let hidden = ours.get(&format!("/v1/usage?{query}")).await?;
        assert_eq!((hidden.status, hidden.code().as_str()), (404, "not_found"), "{query}");
    }
    for (client, query) in [(&theirs, format!("plan={plan}")), (&theirs, format!("router={router}"))] {
        assert_eq!(client.get(&format!("/v1/usage?{query}")).await?.status, 404, "{query}");
    }
    for wrong in [format!("subscriber={house}&plan={plan}"), "by=hour".to_owned(), "by=week".to_owned()] {
        let refused = ours.get(&format!("/v1/usage?{wrong}")).await?;
        assert_eq!(refused.status, 400, "{wrong}: {}", refused.text());
    }
    assert_eq!(ours.post("/v1/usage", Value::Null).await?.status, 405);
    assert_eq!(api.nobody().get("/v1/usage").await?.status, 401);
    assert_eq!(used(&ours, "limit=1").await?.len(), 1);
    assert!(used(&ours, "q=x").await.is_err(), "an unknown parameter is refused");
    Ok(())
}
