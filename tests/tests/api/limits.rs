//! What a tier has room for: more is refused with what there is and which tier has room; what is beyond it after a
//! downgrade stays, works, and is not changed. Two ISPs always.

use actions::platform::account::pay_until::pay_until;
use actions::sales::sell_voucher::sell_printed;
use anyhow::Context as _;
use domain::people::permission::Permissions;
use domain::sales::plan::PlanService;
use domain::time::Span;
use ports::Clock as _;
use serde_json::{Value, json};
use tests::api::{Answer, Api, Client};
use tests::world::{Isp, World, hour};

/// Limits of the basic tiers that the price book leaves open.
async fn basics_have(world: &World, limits: &str) -> anyhow::Result<()> {
    let set = format!("update tiers set {limits} where code in ('basic-lines', 'basic-hotspot')");
    sqlx::query(sqlx::AssertSqlSafe(set)).execute(&mut world.database.admin().await).await?;
    Ok(())
}

async fn buys(world: &World, isp: &Isp, tier: &str) -> anyhow::Result<()> {
    let until = world.clock.now().plus(Span::minutes(30 * 24 * 60));
    pay_until(&world.store, &isp.scope, &|_| true, until, Some(&tier.parse()?), world.context()).await?;
    Ok(())
}

fn router(name: &str) -> Value {
    json!({ "name": name, "address": "10.8.0.12", "secret": "correct-horse" })
}

fn plan(name: &str, service: &str) -> Value {
    let counts_from = if service == "hotspot" { "first_use" } else { "purchase" };
    json!({ "name": name, "service": service, "terms": {
        "rate": "2M/5M", "duration": "1h", "counts_from": counts_from,
        "price": { "minor": 2000, "currency": "KES" },
    }})
}

fn technician(name: &str) -> Value {
    json!({
        "email": format!("{name}@savanna.example"), "user_name": name, "name": name, "role": "technician",
        "phone": "0712345678", "id_number": "12345678",
    })
}

async fn id_of(answer: Answer) -> anyhow::Result<String> {
    answer.is(201)?.json()["id"].as_str().map(str::to_owned).context("no id")
}

/// Refused by the tier, in words that say how much there is and what has room.
#[track_caller]
fn is_refused(answer: &Answer, parts: &[&str]) {
    assert_eq!((answer.status, answer.code().as_str()), (402, "limit_reached"), "{}", answer.text());
    let detail = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
    for part in parts {
        assert!(detail.contains(part), "{part}: {detail}");
    }
}

#[tokio::test]
async fn one_router_more_than_the_tier_allows_is_refused_until_one_is_retired() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    basics_have(&world, "routers_max = 1").await?;
    buys(&world, &world.isp, "basic-hotspot").await?;
    let tower =
        ours.get("/v1/routers").await?.is(200)?.json()["items"][0]["id"].as_str().context("a router")?.to_owned();

    let refused = ours.post("/v1/routers", router("hill")).await?;
    theirs.post("/v1/routers", router("hill")).await?.is(201)?;
    ours.delete(&format!("/v1/routers/{tower}")).await?.is(204)?;
    let added = ours.post("/v1/routers", router("hill")).await?;

    is_refused(&refused, &["allows 1 routers, and there are 1", "Premium: everything", "KES 1500.00 a month"]);
    assert_eq!(added.status, 201, "a router out of use takes no place: {}", added.text());
    Ok(())
}

#[tokio::test]
async fn what_is_beyond_a_smaller_tier_works_and_is_seen_and_not_changed() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let ours = api.owner(&world, &world.isp).await?;
    buys(&world, &world.isp, "premium").await?;
    let hour = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
    world.prints(&world.isp, &hour, &["Excess7Card"]).await?;
    let (zone, code) = (&world.isp.tenant.zone, "Excess7Card".parse()?);
    sell_printed(&world.store, &world.isp.scope, zone, &code, world.context()).await?;
    world.clock.passes(Span::seconds(1));
    let second = world.registers(&world.isp, "second", "127.0.0.77", "testing456", |_| {}).await?;
    let ids: Vec<String> = ours.get("/v1/routers?sort=created_at").await?.is(200)?.json()["items"]
        .as_array()
        .context("routers")?
        .iter()
        .filter_map(|router| router["id"].as_str().map(str::to_owned))
        .collect();
    basics_have(&world, "routers_max = 1").await?;

    buys(&world, &world.isp, "basic-hotspot").await?;
    let first = ours.patch(&format!("/v1/routers/{}", ids[0]), json!({ "coa_port": 1700 })).await?;
    let excess = ours.patch(&format!("/v1/routers/{}", ids[1]), json!({ "coa_port": 1700 })).await?;
    let seen = ours.get(&format!("/v1/routers/{}", ids[1])).await?;
    let mut reply = None;
    // A new router is known within a second.
    for _ in 0..5 {
        reply = second.asks_at_hotspot("Excess7Card", "Excess7Card", "02:00:00:00:00:0A").await?;
        if reply.is_some() {
            break;
        }
    }

    assert_eq!(ids.len(), 2, "nothing was taken away");
    first.is(200)?;
    is_refused(&excess, &["allows 1 routers, and this is number 2", "goes on working", "Premium"]);
    assert_eq!(seen.is(200)?.json()["coa_port"], 3799);
    assert!(reply.is_some_and(|reply| reply.is_accept()), "routers never look at it");
    ours.delete(&format!("/v1/routers/{}", ids[1])).await?.is(204)?;
    Ok(())
}

#[tokio::test]
async fn one_technician_more_than_the_tier_allows_neither_joins_nor_comes_back_nor_is_made_of_another()
-> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    buys(&world, &world.isp, "basic-lines").await?;

    let ben = id_of(ours.post("/v1/staff", technician("ben")).await?).await?;
    let carol = ours.post("/v1/staff", technician("carol")).await?;
    let support = json!({ "email": "dan@savanna.example", "user_name": "dan", "name": "Dan", "role": "support",
                          "phone": "0712345679", "id_number": "12345679" });
    let dan = id_of(ours.post("/v1/staff", support).await?).await?;
    let made_of_dan = ours.patch(&format!("/v1/staff/{dan}"), json!({ "role": "technician" })).await?;
    let renamed = ours.patch(&format!("/v1/staff/{ben}"), json!({ "name": "Ben O." })).await?;
    theirs.post("/v1/staff", technician("eve")).await?.is(201)?;
    ours.post(&format!("/v1/staff/{ben}/deactivate"), json!({})).await?.is(200)?;
    id_of(ours.post("/v1/staff", technician("carol")).await?).await?;
    let back = ours.post(&format!("/v1/staff/{ben}/reactivate"), json!({})).await?;
    buys(&world, &world.isp, "premium").await?;
    ours.post(&format!("/v1/staff/{ben}/reactivate"), json!({})).await?.is(200)?;
    buys(&world, &world.isp, "basic-lines").await?;
    let listed = ours.get("/v1/staff").await?.is(200)?.json();

    for refused in [&carol, &made_of_dan, &back] {
        is_refused(refused, &["allows 1 technicians, and there are 1", "Premium"]);
    }
    renamed.is(200)?;
    assert!(listed["items"].as_array().is_some_and(|all| all.len() == 4), "nobody was taken away: {listed}");
    Ok(())
}

#[tokio::test]
async fn subscribers_beyond_the_tier_are_refused_one_by_one_and_in_an_import_and_the_excess_still_pays()
-> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    basics_have(&world, "customers_max = 2").await?;
    buys(&world, &world.isp, "premium").await?;
    let home = id_of(ours.post("/v1/plans", plan("home", "pppoe")).await?).await?;
    let fast = id_of(ours.post("/v1/plans", plan("fast", "pppoe")).await?).await?;
    let new = |name: &str| json!({ "username": name, "password": "karibu", "plan_id": home });
    let mut houses = Vec::new();
    for name in ["house-1", "house-2", "house-3"] {
        world.clock.passes(Span::seconds(1));
        houses.push(format!("/v1/subscribers/{}", id_of(ours.post("/v1/subscribers", new(name)).await?).await?));
    }

    buys(&world, &world.isp, "basic-lines").await?;
    let fourth = ours.post("/v1/subscribers", new("house-4")).await?;
    let table = "username,password,plan\nhouse-5,karibu,home\nhouse-6,karibu,home\n";
    let import = ours.send_octets("POST", "/v1/subscribers/import", Some("text/csv"), table.as_bytes()).await?;
    let within = ours.patch(&houses[0], json!({ "phone": "0712345678" })).await?;
    let beyond = ours.patch(&houses[2], json!({ "phone": "0712345678" })).await?;
    let moved = ours.post(&format!("{}/move", houses[2]), json!({ "plan_id": fast })).await?;
    let renewed = ours.post(&format!("{}/renew", houses[2]), json!({ "by": "7d" })).await?;
    let listed = ours.get("/v1/subscribers").await?.is(200)?.json();

    is_refused(&fourth, &["allows 2 subscribers, and there are 3", "Premium"]);
    is_refused(&import, &["no room for 2 more"]);
    within.is(200)?;
    is_refused(&beyond, &["allows 2 subscribers, and this is number 3"]);
    is_refused(&moved, &["number 3"]);
    renewed.is(200)?;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(3));
    let their_home = id_of(theirs.post("/v1/plans", plan("home", "pppoe")).await?).await?;
    for name in ["a", "b", "c"] {
        let new = json!({ "username": name, "password": "karibu", "plan_id": their_home });
        theirs.post("/v1/subscribers", new).await?.is(201)?;
    }
    Ok(())
}

#[tokio::test]
async fn services_keys_and_webhooks_that_the_tier_does_not_include_are_refused_and_those_there_go_on()
-> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let ours: Client = api.owner(&world, &world.isp).await?;
    let before = id_of(ours.post("/v1/plans", plan("home", "pppoe")).await?).await?;
    let program = api.program(&world, &world.isp, Permissions::everything()).await?;
    buys(&world, &world.isp, "basic-hotspot").await?;

    let line = ours.post("/v1/plans", plan("fast", "pppoe")).await?;
    let faster = ours.patch(&format!("/v1/plans/{before}"), json!({ "terms": { "rate": "3M/8M" } })).await?;
    let subscriber = json!({ "username": "house", "password": "karibu", "plan_id": before });
    let house = ours.post("/v1/subscribers", subscriber).await?;
    let key = ours.post("/v1/keys", json!({ "name": "billing", "permissions": ["plans:see"] })).await?;
    let webhook = ours.post("/v1/webhooks", json!({ "url": "https://partner.example/" })).await?;

    for refused in [&line, &faster, &house] {
        is_refused(refused, &["does not include PPPoE and static lines (`service.pppoe_static`)", "Premium"]);
    }
    for refused in [&key, &webhook] {
        is_refused(refused, &["does not include keys and webhooks for programs (`api.custom`)", "Premium"]);
    }
    ours.post("/v1/plans", plan("day", "hotspot")).await?.is(201)?;
    program.get("/v1/plans").await?.is(200)?;
    Ok(())
}

#[tokio::test]
async fn no_vouchers_are_printed_of_what_the_tier_does_not_include_and_those_there_are_sold_and_given()
-> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    let day = id_of(ours.post("/v1/plans", plan("day", "hotspot")).await?).await?;
    let batch = |plan: &str| json!({ "plan_id": plan, "count": 2 });
    ours.post("/v1/batches", batch(&day)).await?.is(201)?;
    let mary = id_of(ours.post("/v1/customers", json!({ "name": "Mary Wanjiku" })).await?).await?;
    buys(&world, &world.isp, "basic-lines").await?;
    basics_have(&world, "customers_max = 1").await?;

    let refused = ours.post("/v1/batches", batch(&day)).await?;
    let listed = ours.get("/v1/vouchers").await?.is(200)?.json();
    let card = listed["items"][0]["id"].as_str().context("a card")?.to_owned();
    ours.post(&format!("/v1/vouchers/{card}/give"), json!({ "customer_id": mary })).await?.is(200)?;
    ours.post(&format!("/v1/vouchers/{card}/mark-sold"), json!({})).await?.is(200)?;
    ours.post("/v1/vouchers", json!({ "plan_id": day })).await?.is(201)?;

    is_refused(&refused, &["does not include hotspots (`service.hotspot`)", "Premium"]);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2), "nothing of the refused batch is left");
    let their_day = id_of(theirs.post("/v1/plans", plan("day", "hotspot")).await?).await?;
    theirs.post("/v1/batches", batch(&their_day)).await?.is(201)?;
    Ok(())
}
