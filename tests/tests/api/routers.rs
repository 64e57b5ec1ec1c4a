//! `/v1/routers`: the model of a noun.

use domain::people::permission::{Act, Permissions, Thing};
use serde_json::json;
use tests::api::Api;
use tests::world::World;

#[tokio::test]
async fn a_router_is_made_read_changed_and_retired() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let owner = api.owner(&world, &world.isp).await?;

    let new = json!({ "name": "hill", "address": "10.8.0.12", "secret": "correct-horse", "ports": "20000" });
    let made = owner.post("/v1/routers", new).await?.is(201)?;
    let place = made.header("location").expect("where it is").to_owned();
    let read = owner.get(&place).await?.is(200)?;
    let tag = read.header("etag").expect("its state").to_owned();
    let known = owner.clone().with("if-none-match", &tag).get(&place).await?;
    let changed =
        owner.clone().with("if-match", &tag).patch(&place, json!({ "ports": null, "coa_port": 1700 })).await?;
    let stale = owner.clone().with("if-match", &tag).patch(&place, json!({ "name": "valley" })).await?;
    let gone = owner.delete(&place).await?;
    let twice = owner.delete(&place).await?;

    assert_eq!(made.json()["address"], "10.8.0.12/32");
    assert_eq!(read.json(), made.json());
    assert!(!read.text().contains("correct-horse"), "a secret is never shown");
    assert_eq!(known.status, 304);
    assert_eq!(changed.clone().is(200)?.json()["ports"], json!(null));
    assert_eq!(changed.json()["coa_port"], 1700);
    assert_eq!((stale.status, stale.code().as_str()), (412, "changed_meanwhile"));
    assert_eq!((gone.status, twice.status), (204, 404));
    assert!(owner.get(&place).await?.is(200)?.json()["retired_at"].is_string());
    let told = owner.get("/v1/routers?with_retired=true&fields=name").await?.is(200)?.json();
    assert_eq!(told["items"].as_array().map(Vec::len), Some(2));
    assert!(told["items"][0].get("address").is_none());
    Ok(())
}

#[tokio::test]
async fn another_isps_router_is_not_there() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    let listed = theirs.get("/v1/routers").await?.is(200)?.json();
    let their_tower = listed["items"][0]["id"].as_str().expect("theirs").to_owned();
    let place = format!("/v1/routers/{their_tower}");

    let answers = [
        ours.get(&place).await?,
        ours.patch(&place, json!({ "name": "mine" })).await?,
        ours.delete(&place).await?,
        ours.get("/v1/routers/00000000-0000-7000-8000-000000000000").await?,
        ours.get("/v1/routers/nonsense").await?,
    ];

    for answer in answers {
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{}", answer.text());
    }
    assert_eq!(theirs.get(&place).await?.is(200)?.json()["name"], "tower");
    let our_list = ours.get("/v1/routers").await?.is(200)?;
    assert!(!our_list.text().contains(&their_tower));
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_with_a_router_is_told_field_by_field() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let owner = api.owner(&world, &world.isp).await?;

    let wrong = json!({ "name": "Two Words", "address": "tower", "secret": "x", "coa_port": 0 });
    let wrong = owner.post("/v1/routers", wrong).await?;
    let unknown = owner.post("/v1/routers", json!({ "name": "a", "adress": "10.0.0.1" })).await?;
    let open = json!({ "name": "a", "address": "0.0.0.0/0", "secret": "correct-horse", "signing": "allow" });
    let open = owner.post("/v1/routers", open).await?;
    let taken = json!({ "name": "tower", "address": "10.0.0.1", "secret": "correct-horse" });
    let taken = owner.post("/v1/routers", taken).await?;

    let fields = |answer: &tests::api::Answer| -> Vec<String> {
        let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().filter_map(|one| one["field"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(
        (wrong.status, fields(&wrong)),
        (422, ["/name", "/address", "/secret", "/coa_port"].map(str::to_owned).to_vec())
    );
    assert_eq!((unknown.status, fields(&unknown)), (422, vec!["/adress".to_owned()]));
    assert_eq!((open.status, fields(&open)), (422, vec!["/signing".to_owned()]));
    assert_eq!((taken.status, taken.code().as_str()), (409, "conflict"));
    assert!(wrong.json()["trace"].as_str() == wrong.header("request-id"), "the trace is in the header, too");
    Ok(())
}

#[tokio::test]
async fn a_list_goes_on_page_by_page_in_either_order_and_as_a_file() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let owner = api.owner(&world, &world.isp).await?;
    for number in 0..4 {
        let name = format!("hill-{}", 9 - number);
        let new = json!({ "name": name, "address": format!("10.8.1.{number}"), "secret": "correct-horse" });
        owner.post("/v1/routers", new).await?.is(201)?;
    }

    let mut names = Vec::new();
    let mut path = "/v1/routers?q=hill&limit=3&sort=name&fields=name".to_owned();
    loop {
        let page = owner.get(&path).await?.is(200)?.json();
        names.extend(
            page["items"].as_array().expect("rows").iter().filter_map(|row| row["name"].as_str().map(str::to_owned)),
        );
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/routers?q=hill&limit=3&sort=name&fields=name&after={next}");
    }
    let file = owner.get("/v1/routers/export?q=hill").await?.is(200)?;
    let other_order = owner.get(&path.replace("sort=name", "sort=created_at")).await?;
    let unknown = owner.get("/v1/routers?nmae=hill").await?;

    assert_eq!(names, ["hill-6", "hill-7", "hill-8", "hill-9"]);
    assert!(file.header("content-disposition").is_some_and(|value| value.contains("routers.csv")));
    assert_eq!(file.text().lines().count(), 5, "{}", file.text());
    let workbook = owner.get("/v1/routers/export?format=xlsx").await?.is(200)?;
    assert!(workbook.body.starts_with(b"PK"), "a workbook is a zip file");
    assert_eq!(other_order.status, 400);
    assert_eq!((unknown.status, unknown.code().as_str()), (400, "unknown_parameter"));
    Ok(())
}

#[tokio::test]
async fn the_same_request_sent_twice_is_done_once() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let owner = api.owner(&world, &world.isp).await?;
    let other = api.owner(&world, &world.other).await?;
    let word = |client: &tests::api::Client| client.clone().with("idempotency-key", "order-1");
    let new = json!({ "name": "hill", "address": "10.8.0.12", "secret": "correct-horse" });

    let first = word(&owner).post("/v1/routers", new.clone()).await?.is(201)?;
    let again = word(&owner).post("/v1/routers", new.clone()).await?.is(201)?;
    let theirs = word(&other).post("/v1/routers", new.clone()).await?.is(201)?;
    let reused = word(&owner).post("/v1/routers", json!({ "name": "x" })).await?;
    let without = owner.post("/v1/routers", new).await?;

    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!((again.json(), again.header("location")), (first.json(), first.header("location")));
    assert_ne!(theirs.json()["id"], first.json()["id"]);
    assert_eq!((reused.status, reused.code().as_str()), (422, "key_reused"));
    assert_eq!(without.status, 409, "without the word it is another request");
    Ok(())
}

#[tokio::test]
async fn whatever_is_done_stands_in_the_audit_with_name_and_address() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let permissions = Permissions::on(Thing::Routers, &[Act::See, Act::Make]);
    let program = api.program(&world, &world.isp, permissions).await?;
    let new = json!({ "name": "hill", "address": "10.8.0.12", "secret": "correct-horse" });

    let made = program.post("/v1/routers", new).await?.is(201)?;
    let forbidden = program.delete(made.header("location").expect("where")).await?;

    let mut tx = world.store.tenant(&world.isp.scope).await?;
    let entries = store::platform::audit::search(&mut tx, &Default::default(), tests::first_page()).await?.rows;
    let entry = entries.iter().find(|entry| entry.actor.name.starts_with("key ")).expect("the program's deed");
    assert_eq!(entry.actor.from.map(|from| from.is_loopback()), Some(true));
    assert_eq!(entry.verb.code(), "add_router");
    assert!(entry.changes.iter().all(|change| !format!("{change:?}").contains("correct-horse")));
    assert_eq!((forbidden.status, forbidden.code().as_str()), (403, "not_allowed"));
    assert!(forbidden.text().contains("routers:remove"), "{}", forbidden.text());
    Ok(())
}
