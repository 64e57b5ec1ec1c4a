//! An ISP's trial runs out: its staff can change nothing until it pays, and its customers never notice.

use actions::sales::sell_voucher::sell_printed;
use domain::people::role::Preset;
use domain::sales::plan::PlanService;
use domain::time::Span;
use ports::Clock as _;
use serde_json::json;
use tests::api::{Api, Client};
use tests::client::Reply;
use tests::world::{World, hour};

/// Time goes on, and both look at a page now and then, so that nobody is signed out.
async fn hours_pass(world: &World, hours: i64, clients: &[&Client]) -> anyhow::Result<()> {
    for _ in 0..hours * 4 {
        world.clock.passes(Span::minutes(15));
        for client in clients {
            client.get("/v1/me").await?.is(200)?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_trial_that_runs_out_locks_the_staff_and_nobody_else() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let helper = api.of_platform(&world, Preset::PlatformSupport).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    let savanna = format!("/v1/platform/tenants/{}", world.isp.tenant.id);
    let until = world.clock.now().plus(Span::seconds(24 * 3_600));
    helper.post(&format!("{savanna}/trial"), json!({ "until": until.to_string() })).await?.is(200)?;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
    world.prints(&world.isp, &plan, &["Evening7Card", "Morning7Card"]).await?;
    let sale = json!({ "plan_id": plan.id.to_string() });
    let sold = ours.post("/v1/vouchers", sale.clone()).await?.is(201)?.json();
    let code = sold["code"].as_str().unwrap_or_default().to_owned();
    assert_eq!(ours.get("/v1/billing").await?.json()["state"], "trial");

    hours_pass(&world, 24, &[&ours, &theirs, &helper]).await?;

    // Its staff see why and what it costs, and go on looking and exporting.
    let making = ours.post("/v1/vouchers", sale.clone()).await?;
    assert_eq!((making.status, making.code().as_str()), (402, "tenant_locked"));
    assert!(making.text().contains("your trial ended") && making.text().contains("KES"), "{}", making.text());
    assert_eq!(
        ours.post("/v1/routers", json!({ "name": "x", "address": "10.8.0.9", "secret": "correct-horse" }))
            .await?
            .status,
        402
    );
    for path in ["/v1/vouchers", "/v1/vouchers/export", "/v1/sessions", "/v1/audit/export", "/v1/billing"] {
        assert_eq!(ours.get(path).await?.status, 200, "{path}");
    }
    assert_eq!(helper.get(&savanna).await?.json()["state"], "locked");
    // Its customers log in and buy: a card from before, the one that was sold, and one that a portal sells now.
    let zone = &world.isp.tenant.zone;
    let at_the_portal = "Morning7Card".parse()?;
    world.knows_what_changed().await;
    sell_printed(&world.store, &world.isp.scope, zone, &at_the_portal, world.context()).await?;
    world.knows_what_changed().await;
    for (place, card) in ["Evening7Card", &code, "Morning7Card"].into_iter().enumerate() {
        let phone = format!("02:00:00:00:01:{place:02X}");
        let reply = world.isp.router.asks_at_hotspot(card, card, &phone).await?;
        assert!(reply.as_ref().is_some_and(Reply::is_accept), "{card}: {reply:?}");
    }
    // The other ISP notices nothing at all.
    assert_eq!(theirs.get("/v1/billing").await?.json()["state"], "active");
    theirs.post("/v1/branches", json!({ "name": "Kitale" })).await?.is(201)?;

    // It pays, the platform notes it, and everything goes on where it was.
    ours.post("/v1/billing/tier", json!({ "tier": "basic-hotspot" })).await?.is(200)?;
    let month = world.clock.now().plus(Span::seconds(30 * 24 * 3_600));
    helper.post(&format!("{savanna}/paid-until"), json!({ "until": month.to_string() })).await?.is(200)?;

    ours.post("/v1/vouchers", sale).await?.is(201)?;
    let billing = ours.get("/v1/billing").await?.is(200)?.json();
    assert_eq!((&billing["state"], &billing["tier"]["tier"]), (&json!("active"), &json!("basic-hotspot")));
    assert_eq!(billing["until"], month.to_string());
    Ok(())
}
