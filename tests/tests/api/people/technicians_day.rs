//! A technician's whole day: a house in their zone, from the ladder to the first session.

use actions::platform::places::add_zone::add_zone;
use domain::people::role::Preset;
use domain::people::staff::Zoned;
use serde_json::json;
use store::Page;
use store::platform::audit::{self, Search};
use tests::client::Report;
use tests::world::World;

use crate::desk::{Desk, GOOD, HERE};
use crate::shop::{all, text};

const GATE: &str = "02:00:00:00:00:12";

#[tokio::test]
async fn a_technicians_whole_day() -> anyhow::Result<()> {
    // The evening before: the office has two zones, a plan for houses, one for the market, and a house in the valley.
    let desk = Desk::of(World::open().await?).await?;
    let (world, isp) = (&desk.world, &desk.world.isp);
    desk.hires("anna", Preset::Owner).await?;
    let office = desk.signs_in("anna@savanna.test", GOOD).await?;
    let hill = add_zone(&world.store, &isp.scope, "Hill".parse()?, None, world.context()).await?.id;
    let valley = add_zone(&world.store, &isp.scope, "Valley".parse()?, None, world.context()).await?.id;
    let plan = |name: &str, service: &str, from: &str| {
        json!({ "name": name, "service": service, "terms": { "rate": "5M/10M", "duration": "1mo", "counts_from": from,
            "price": { "minor": 200_000, "currency": "KES" } } })
    };
    let home = office.post("/v1/plans", plan("home", "pppoe", "purchase")).await?.is(201)?.json();
    let market = office.post("/v1/plans", plan("market", "hotspot", "first_use")).await?.is(201)?.json();
    let house = |name: &str, zone: serde_json::Value| json!({ "username": name, "password": "karibu-nyumbani", "plan_id": home["id"], "zone_id": zone });
    let far = json!({ "name": "Juma Hassan", "zone_id": valley.to_string() });
    let far = office.post("/v1/customers", far).await?.is(201)?.json();
    let below = office.post("/v1/subscribers", house("house-11", json!(valley.to_string()))).await?.is(201)?.json();
    desk.hires_in("tom", Preset::Technician, Zoned::Some(vec![hill])).await?;

    // In the morning he signs in by his user name, on the ISP's own host.
    let tom = desk.stays(&desk.tries(HERE, "tom", GOOD).await?.is(200)?)?;
    let me = tom.get("/v1/me").await?.is(200)?.json();
    assert_eq!((text(&me, "services"), &me["zones"]), ("pppoe_and_static", &json!([hill.to_string()])));
    assert_eq!(all(&tom.get("/v1/plans").await?.is(200)?.json(), "name"), ["home"]);

    // On the hill somebody wants a line: a customer and their house, both in his zone without a word about it.
    let amina = json!({ "name": "Amina Yusuf", "phone": "0712345679" });
    let amina = tom.post("/v1/customers", amina).await?.is(201)?.json();
    let new = json!({ "username": "house-12", "password": "karibu-nyumbani", "plan_id": home["id"],
        "customer_id": amina["id"] });
    let line = tom.post("/v1/subscribers", new).await?.is(201)?.json();
    assert_eq!((text(&amina, "zone_id"), text(&line, "zone_id")), (&*hill.to_string(), &*hill.to_string()));

    // The router at the gate has a typing mistake in its password. He reads why it was rejected.
    world.knows_what_changed().await;
    let refused = isp.router.asks_over_ppp("house-12", "karibu-nyumbni", GATE).await?.expect("an answer");
    assert!(!refused.is_accept());
    world.recorded().await;
    let why = tom.get("/v1/decisions?refused=true&user_name=house-12").await?.is(200)?.json();
    assert_eq!(all(&why, "refusal"), ["wrong_password"]);
    let story = tom.get(&format!("/v1/decisions/{}", text(&why["items"][0], "trace"))).await?.is(200)?;
    assert!(story.text().contains("password"), "{}", story.text());

    // Typed right, the house is online, and he sees it before he climbs down.
    let let_in = isp.router.asks_over_ppp("house-12", "karibu-nyumbani", GATE).await?.expect("an answer");
    let class = let_in.class();
    let start = Report {
        status: 1,
        session: "81000012",
        user: "house-12",
        mac: GATE,
        class: &class,
        in_octets: 0,
        out_octets: 0,
        seconds: 0,
    };
    isp.router.reports(&start).await?;
    world.drained().await;
    let online = tom.get("/v1/sessions").await?.is(200)?.json();
    assert_eq!(all(&online, "user_name"), ["house-12"]);

    // Nothing of others: not the valley, not the market's vouchers, not who works here.
    assert_eq!(all(&tom.get("/v1/customers").await?.is(200)?.json(), "name"), ["Amina Yusuf"]);
    assert_eq!(all(&tom.get("/v1/subscribers").await?.is(200)?.json(), "username"), ["house-12"]);
    for path in [
        format!("/v1/customers/{}", text(&far, "id")),
        format!("/v1/subscribers/{}", text(&below, "id")),
        format!("/v1/plans/{}", text(&market, "id")),
    ] {
        assert_eq!(tom.get(&path).await?.status, 404, "{path}");
    }
    let path = format!("/v1/subscribers/{}", text(&line, "id"));
    for (what, answer) in [
        ("vouchers", tom.get("/v1/vouchers").await?),
        ("batches", tom.get("/v1/batches").await?),
        ("selling", tom.post("/v1/vouchers", json!({ "plan_id": market["id"] })).await?),
        ("printing", tom.post("/v1/batches", json!({ "plan_id": market["id"], "count": 1 })).await?),
        ("plans", tom.post("/v1/plans", plan("cheap", "pppoe", "purchase")).await?),
        ("reassigning", tom.post("/v1/customers/assign", json!({ "ids": [amina["id"]], "staff_id": null })).await?),
        ("people", tom.get("/v1/staff").await?),
        ("keys", tom.get("/v1/keys").await?),
        ("many at once", tom.post("/v1/subscribers/suspend", json!({ "usernames": ["house-12"] })).await?),
        ("taking away", tom.get("/v1/subscribers/export").await?),
    ] {
        assert_eq!((answer.status, answer.code().as_str()), (403, "not_allowed"), "{what}: {}", answer.text());
    }
    let elsewhere = tom.post("/v1/subscribers", house("house-13", json!(valley.to_string()))).await?;
    assert_eq!((elsewhere.status, elsewhere.json()["errors"][0]["field"].as_str()), (422, Some("/zone_id")));
    let moved = tom.patch(&path, json!({ "zone_id": valley.to_string() })).await?;
    assert!([403, 422].contains(&moved.status), "moved out of his zone: {}", moved.text());
    let hotspot = tom.post(&format!("{path}/move"), json!({ "plan_id": market["id"] })).await?;
    assert_eq!((hotspot.status, hotspot.json()["errors"][0]["field"].as_str()), (422, Some("/plan_id")));

    // In the evening he signs out, and the office reads what he did.
    assert_eq!(tom.post("/v1/sign-out", json!({})).await?.status, 204);
    let mut tx = world.store.tenant(&isp.scope).await?;
    let entries = audit::search(&mut tx, &Search::default(), Page::first(50)).await?.rows;
    let mut his: Vec<_> = entries.iter().filter(|one| one.actor.name == "tom of savanna").collect();
    his.sort_by_key(|entry| entry.verb.code());
    let verbs: Vec<_> = his.iter().map(|entry| entry.verb.code()).collect();
    assert_eq!(verbs, ["add_customer", "add_subscriber", "end_sign_ins", "sign_in"]);
    assert!(his.iter().all(|entry| entry.actor.from.is_some() && entry.actor.staff.is_some()));
    Ok(())
}
