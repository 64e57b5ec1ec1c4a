//! A new ISP's first evening: it signs up, confirms its address, adds a router and a plan, prints a voucher, and sees the
//! first phone online.

use std::time::Duration;

use serde_json::{Value, json};
use tests::api::{Api, Client};
use tests::client::{Reply, Report, Router};
use tests::world::World;

use crate::sign_up::{code_to, form, on_a_domain, signs_in};

const ANNA: &str = "anna@kitale.example";
const PHONE: &str = "02:00:00:00:00:0A";
const SECRET: &str = "correct-horse-battery";

/// The code on the first card of a page.
fn code_on(page: &str) -> anyhow::Result<String> {
    let card = page.split("<p class=\"code\">").nth(1).and_then(|rest| rest.split("</p>").next());
    let card = card.ok_or_else(|| anyhow::anyhow!("no card: {page}"))?;
    Ok(card.replace("<b>", "").replace("</b>", ""))
}

/// Waits until somebody is seen online.
async fn first_session(client: &Client) -> anyhow::Result<Value> {
    for _ in 0..200 {
        let listed = client.get("/v1/sessions").await?.is(200)?.json();
        if let Some(session) = listed["items"].as_array().and_then(|items| items.first()) {
            return Ok(session.clone());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("nobody is ever seen online")
}

/// Asks as a router does, again and again: one that was registered a moment ago is answered a moment later.
async fn logs_in(router: &Router, code: &str) -> anyhow::Result<Option<Reply>> {
    let hasty = Router { patience: Duration::from_millis(200), ..router.clone() };
    for _ in 0..100 {
        let reply = hasty.asks_at_hotspot(code, code, PHONE).await?;
        if reply.is_some() {
            return Ok(reply);
        }
    }
    Ok(None)
}

async fn anna_opens_her_isp(world: &World, api: &Api) -> anyhow::Result<Client> {
    api.nobody().post("/v1/sign-up", form("kitale", ANNA)).await?.is(202)?;
    let code = code_to(world, ANNA).await?;
    api.nobody().post("/v1/sign-up/verify", json!({ "code": code })).await?.is(200)?;
    signs_in(api, ANNA, "seven zebras at noon").await
}

#[tokio::test]
async fn from_signing_up_to_the_first_phone_online() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = on_a_domain(&world).await?;
    let anna = anna_opens_her_isp(&world, &api).await?;

    let router = json!({ "name": "tower-1", "address": "127.0.0.3", "secret": SECRET });
    anna.post("/v1/routers", router).await?.is(201)?;
    let terms = json!({ "rate": "2M/5M", "duration": "1h", "counts_from": "first_use", "devices": 1, "price": { "minor": 2000, "currency": "KES" } });
    let plan = json!({ "name": "hour", "service": "hotspot", "terms": terms });
    let plan = anna.post("/v1/plans", plan).await?.is(201)?.json();
    let batch = anna.post("/v1/batches", json!({ "plan_id": plan["id"], "count": 1 })).await?.is(201)?.json();
    let place = format!("/v1/batches/{}/print", batch["id"].as_str().unwrap_or_default());
    let page = anna.get(&place).await?.is(200)?.text();
    let code = code_on(&page)?;
    world.knows_what_changed().await;
    let hill = Router { from: "127.0.0.3".parse()?, secret: SECRET, ..world.isp.router.clone() };
    let reply = logs_in(&hill, &code).await?;
    let class = reply.as_ref().map(Reply::class).unwrap_or_default();
    let report = Report {
        status: 1,
        session: "81",
        user: &code,
        mac: PHONE,
        class: &class,
        in_octets: 0,
        out_octets: 0,
        seconds: 0,
    };
    hill.reports(&report).await?;
    world.drained().await;

    assert!(page.contains("Kitale Net"), "whose card it is");
    assert!(reply.as_ref().is_some_and(Reply::is_accept), "{code}: {reply:?}");
    assert_eq!(reply.map(|reply| reply.rate()).as_deref(), Some("2M/5M"));
    let session = first_session(&anna).await?;
    assert_eq!((&session["state"], &session["user_name"]), (&json!("online"), &json!(code)), "{session}");
    // The two that were there before see nothing of it.
    for isp in [&world.isp, &world.other] {
        let owner = api.owner(&world, isp).await?;
        assert_eq!(owner.get("/v1/sessions?all=true").await?.is(200)?.json()["items"], json!([]));
        assert_eq!(owner.get("/v1/vouchers").await?.is(200)?.json()["items"], json!([]));
    }
    let verbs = anna.get("/v1/audit?fields=verb").await?.is(200)?.json();
    let mut verbs: Vec<&str> =
        verbs["items"].as_array().into_iter().flatten().filter_map(|one| one["verb"].as_str()).collect();
    verbs.sort_unstable();
    assert_eq!(verbs, ["add_router", "open_tenant", "print_batch", "publish_plan", "sign_in"]);
    Ok(())
}
