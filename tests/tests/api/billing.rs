//! An ISP's account with the platform: what it may do in each state, what it has, and moving to another tier.

use actions::platform::account::pay_until::pay_until;
use actions::platform::account::set_trial::set_trial;
use admin_api::routes::{self, Right};
use domain::people::permission::Permissions;
use domain::people::role::{Preset, RoleName};
use domain::people::staff::Zoned;
use domain::time::Span;
use ports::Clock as _;
use serde_json::{Value, json};
use tests::api::{Api, Client};
use tests::world::{Isp, World};

const DAY: Span = Span::seconds(24 * 3_600);

/// The ISP's trial runs out.
async fn trial_runs_out(world: &World, isp: &Isp) -> anyhow::Result<()> {
    set_trial(&world.store, &isp.scope, &|_| true, Some(world.clock.now().plus(Span::seconds(60))), world.context())
        .await?;
    world.clock.passes(Span::seconds(60));
    Ok(())
}

async fn pays(world: &World, isp: &Isp, tier: &str, days: i64) -> anyhow::Result<()> {
    let until = world.clock.now().plus(Span::seconds(days * 24 * 3_600));
    pay_until(&world.store, &isp.scope, &|_| true, until, Some(&tier.parse()?), world.context()).await?;
    Ok(())
}

fn router(name: &str, address: &str) -> Value {
    json!({ "name": name, "address": address, "secret": "correct-horse" })
}

async fn counted(client: &Client, limit: &str) -> anyhow::Result<Value> {
    let billing = client.get("/v1/billing").await?.is(200)?.json();
    let counts = billing["counts"].as_array().cloned().unwrap_or_default();
    Ok(counts.into_iter().find(|count| count["limit"] == limit).unwrap_or_default())
}

#[tokio::test]
async fn a_locked_isp_changes_nothing_is_told_the_price_and_goes_on_once_it_has_paid() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    let program = api.program(&world, &world.isp, Permissions::everything()).await?;
    let helper = api.of_platform(&world, Preset::PlatformSupport).await?;
    let place = ours.post("/v1/routers", router("hill", "10.8.0.12")).await?.is(201)?;
    let place = place.header("location").expect("where it is").to_owned();

    trial_runs_out(&world, &world.isp).await?;

    for client in [&ours, &program] {
        let refused = [
            client.post("/v1/routers", router("lake", "10.8.0.13")).await?,
            client.patch(&place, json!({ "name": "lake" })).await?,
            client.delete(&place).await?,
        ];
        for answer in refused {
            assert_eq!((answer.status, answer.code().as_str()), (402, "tenant_locked"), "{}", answer.text());
            let said = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
            for word in
                ["your trial ended on", "from KES 500.00 a month", "/v1/billing", "your customers log in and buy"]
            {
                assert!(said.contains(word), "`{word}` is not told: {said}");
            }
        }
        assert_eq!(client.get("/v1/routers").await?.status, 200);
        assert_eq!(client.get("/v1/routers/export").await?.status, 200);
    }
    let billing = ours.get("/v1/billing").await?.is(200)?.json();
    assert_eq!(billing["state"], "locked");
    assert!(billing["locked_why"].as_str().is_some_and(|why| why.contains("your trial ended")), "{billing}");
    // What is one's own goes on, and so does whoever came to help.
    assert_eq!(ours.send("POST", "/v1/me/sessions/end-others", None).await?.status, 200);
    let visit = json!({ "tenant": world.isp.tenant.id.to_string(), "reason": "they asked us to", "minutes": 10 });
    helper.post("/v1/platform/impersonations", visit).await?.is(201)?;
    helper.patch(&place, json!({ "name": "helped" })).await?.is(200)?;
    assert_eq!(theirs.post("/v1/routers", router("lake", "10.8.0.13")).await?.status, 201, "the other ISP is not");

    let chosen = ours.post("/v1/billing/tier", json!({ "tier": "premium" })).await?.is(200)?.json();
    assert_eq!(chosen["account"]["state"], "locked", "choosing is not paying");
    assert_eq!(chosen["account"]["to_go_on"], json!({ "minor": 150_000, "currency": "KES" }));
    let told = ours.delete(&place).await?.text();
    assert!(told.contains("costs KES 1500.00 a month"), "{told}");
    pays(&world, &world.isp, "premium", 30).await?;
    ours.post("/v1/routers", router("lake", "10.8.0.13")).await?.is(201)?;
    assert_eq!(ours.get("/v1/billing").await?.json()["state"], "active");
    Ok(())
}

#[tokio::test]
async fn after_paid_time_there_is_grace_and_then_a_lock() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let program = api.program(&world, &world.isp, Permissions::everything()).await?;
    pays(&world, &world.isp, "basic-hotspot", 1).await?;

    world.clock.passes(DAY);
    let in_grace = program.get("/v1/billing").await?.is(200)?.json();
    program.post("/v1/branches", json!({ "name": "Kitale" })).await?.is(201)?;
    world.clock.passes(Span::seconds(3 * 24 * 3_600));
    let refused = program.post("/v1/branches", json!({ "name": "Eldoret" })).await?;

    assert_eq!(in_grace["state"], "grace");
    assert_eq!(refused.status, 402);
    let why = refused.text();
    assert!(why.contains("the days of grace") && why.contains("KES 500.00 a month"), "{why}");
    Ok(())
}

#[tokio::test]
async fn moving_to_another_tier_is_told_before_it_is_done() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    pays(&world, &world.isp, "basic-hotspot", 15).await?;
    let move_to = |tier: &str, from: &str, preview| json!({ "tier": tier, "from": from, "preview": preview });

    let preview = ours.post("/v1/billing/tier", move_to("premium", "now", true)).await?.is(200)?.json();
    let still = ours.get("/v1/billing").await?.json();
    let done = ours.post("/v1/billing/tier", move_to("premium", "now", false)).await?.is(200)?.json();
    let again = ours.post("/v1/billing/tier", move_to("premium", "now", false)).await?;
    let later = ours.post("/v1/billing/tier", move_to("basic-hotspot", "period_end", false)).await?.is(200)?.json();
    let unknown = ours.post("/v1/billing/tier", move_to("gold", "now", false)).await?;

    assert_eq!(preview["proration"]["credit"], json!({ "minor": 25_000, "currency": "KES" }));
    assert_eq!(preview["proration"]["to_keep_end"], json!({ "minor": 50_000, "currency": "KES" }));
    assert_eq!(still["tier"]["tier"], "basic-hotspot", "a preview changes nothing");
    assert_eq!((&done["proration"], &done["preview"]), (&preview["proration"], &json!(false)));
    assert_eq!(done["account"]["tier"]["tier"], "premium");
    assert_eq!((again.status, again.code().as_str()), (409, "conflict"));
    assert_eq!(later["account"]["next_tier"]["tier"], "basic-hotspot");
    let loses = later["loses"].as_array().cloned().unwrap_or_default();
    assert!(loses.contains(&json!("service.pppoe_static")) && !loses.contains(&json!("service.hotspot")), "{loses:?}");
    assert_eq!((unknown.status, unknown.json()["errors"][0]["field"].as_str()), (422, Some("/tier")));
    assert_eq!(theirs.get("/v1/billing").await?.json()["tier"], Value::Null, "the other ISP has none");
    let told = ours.get("/v1/audit?verb=change_tier").await?.is(200)?.json();
    assert_eq!(told["items"].as_array().map(Vec::len), Some(2), "{told}");
    Ok(())
}

#[tokio::test]
async fn what_a_smaller_tier_has_no_room_for_is_counted() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let ours = api.owner(&world, &world.isp).await?;
    pays(&world, &world.isp, "premium", 15).await?;
    for _ in 0..3 {
        api.signed_in(&world, &world.isp, RoleName::Preset(Preset::Technician), Zoned::All).await?;
    }

    let smaller = json!({ "tier": "basic-hotspot", "from": "period_end", "preview": true });
    let preview = ours.post("/v1/billing/tier", smaller).await?.is(200)?.json();

    assert_eq!(
        counted(&ours, "techs.max").await?,
        json!({ "limit": "techs.max", "used": 3, "most": null, "read_only": 0 })
    );
    let excess = json!([{ "limit": "techs.max", "used": 3, "most": 1, "read_only": 2 }]);
    assert_eq!(preview["becomes_read_only"], excess, "{preview}");
    Ok(())
}

#[tokio::test]
async fn the_price_list_is_anybodys_and_the_account_its_owners() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let admin = api.signed_in(&world, &world.isp, RoleName::Preset(Preset::Admin), Zoned::All).await?;
    let technician = api.signed_in(&world, &world.isp, RoleName::Preset(Preset::Technician), Zoned::All).await?;

    let prices = api.nobody().get("/v1/tiers").await?.is(200)?.json();

    let codes: Vec<&str> =
        prices["items"].as_array().into_iter().flatten().filter_map(|one| one["tier"].as_str()).collect();
    assert_eq!(codes, ["basic-hotspot", "basic-lines", "premium"]);
    assert_eq!(prices["items"][2]["month"], json!({ "minor": 150_000, "currency": "KES" }));
    assert_eq!(api.nobody().get("/v1/billing").await?.status, 401);
    assert_eq!(admin.get("/v1/billing").await?.status, 200);
    assert_eq!(admin.post("/v1/billing/tier", json!({ "tier": "premium" })).await?.status, 403);
    assert_eq!(technician.get("/v1/billing").await?.status, 403);
    Ok(())
}

#[test]
fn only_what_pays_lets_in_or_shuts_out_goes_on_in_a_locked_isp() {
    let table = routes::table();
    let changing = table.iter().filter(|route| route.changes() && matches!(route.right, Right::Needs(_)));

    let open: Vec<&str> =
        changing.clone().filter(|route| route.also_when_locked).map(|route| route.path.as_str()).collect();

    assert_eq!(
        open,
        ["/v1/staff/{id}/deactivate", "/v1/staff/{id}/sign-out", "/v1/keys/{id}/revoke", "/v1/billing/tier"],
        "what else may be changed while locked?"
    );
    assert!(changing.filter(|route| route.is_shut_when_locked()).count() > 30, "the table is not walked");
}
