//! `/v1/gateways`: set up, tried, never shown what opens them, and nobody else's.

use domain::id::GatewayId;
use domain::money::claim::FailureKind;
use domain::people::permission::{Act, Permissions, Thing};
use domain::people::role::{Preset, RoleName, Services};
use domain::people::staff::Zoned;
use serde_json::{Value, json};
use store::money::gateways;
use tests::api::{Api, Client};
use tests::furnished::gateway;
use tests::gateway::Manner;
use tests::world::World;

async fn sets_up(staff: &Client, body: Value) -> anyhow::Result<(String, Value)> {
    let made = staff.post("/v1/gateways", body).await?.is(201)?;
    Ok((made.header("location").expect("where it is").to_owned(), made.json()))
}

/// What opens a gateway, as the database has it.
async fn opened(world: &World, place: &str) -> gateways::Opened {
    let id: GatewayId = place.rsplit('/').next().expect("an id").parse().expect("an id");
    let mut tx = world.store.tenant(&world.isp.scope).await.expect("begun");
    gateways::open(&mut tx, id).await.expect("asked").expect("there")
}

#[tokio::test]
async fn what_opens_a_gateway_is_kept_and_never_shown() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    let mut new = gateway("600999");
    new["till"] = json!("5551234");
    new["keys"] = json!({ "consumer_key": " ck-hidden ", "consumer_secret": "cs-hidden", "passkey": "pk-hidden",
        "initiator": { "name": "api-hidden", "password": "pw-hidden" } });

    let (place, made) = sets_up(&ours, new).await?;
    let shown = ours.get(&place).await?.is(200)?;
    let listed = ours.get("/v1/gateways").await?.is(200)?;

    assert_eq!(made["findings"], json!([]), "{made}");
    assert_eq!(shown.json()["keys_set"], json!(["consumer_key", "consumer_secret", "passkey", "initiator"]));
    assert_eq!((&shown.json()["till"], &shown.json()["is_active"]), (&json!("5551234"), &json!(true)));
    assert_eq!(listed.json()["items"][0], shown.json());
    for answer in [made.to_string(), shown.text(), listed.text()] {
        assert!(!answer.contains("hidden"), "{answer}");
    }
    assert_eq!(opened(&world, &place).await.keys.consumer_key.expose(), "ck-hidden");
    assert_eq!(theirs.get("/v1/gateways").await?.json()["items"], json!([]));
    assert_eq!(theirs.get(&place).await?.status, 404);
    assert_eq!(theirs.patch(&place, json!({ "is_active": false })).await?.status, 404);
    assert_eq!(theirs.send("POST", &format!("{place}/test"), None).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn keys_that_the_gateway_refuses_are_not_saved_unless_somebody_insists() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let ours = api.owner(&world, &world.isp).await?;
    let mut wrong = gateway("600999");
    wrong["keys"]["consumer_secret"] = json!("wrong");

    let refused = ours.post("/v1/gateways", wrong.clone()).await?;
    assert_eq!((refused.status, refused.code().as_str()), (422, "invalid"), "{}", refused.text());
    assert_eq!(refused.json()["errors"][0]["field"], "/keys");
    assert!(refused.text().contains("the gateway says no (code 1032)"), "{}", refused.text());
    assert_eq!(ours.get("/v1/gateways").await?.json()["items"], json!([]));

    let insisted = ours.post("/v1/gateways?check=false", wrong).await?.is(201)?;
    let place = insisted.header("location").expect("where").to_owned();
    let tested = ours.send("POST", &format!("{place}/test"), None).await?.is(200)?.json();
    assert_eq!((&tested["is_good"], &tested["findings"][0]["about"]), (&json!(false), &json!("keys")), "{tested}");

    let keys = json!({ "keys": { "consumer_secret": "still wrong" } });
    assert_eq!(ours.patch(&place, keys).await?.status, 422);
    ours.patch(&place, json!({ "keys": { "consumer_secret": "good" } })).await?.is(200)?;
    let keys = opened(&world, &place).await.keys;
    assert_eq!((keys.consumer_secret.expose().as_str(), keys.passkey.expose().as_str()), ("good", "pk"));
    let tested = ours.send("POST", &format!("{place}/test"), None).await?.is(200)?.json();
    assert_eq!(tested["is_good"], true, "{tested}");
    Ok(())
}

#[tokio::test]
async fn a_gateway_that_is_away_is_saved_with_a_warning() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let ours = api.owner(&world, &world.isp).await?;
    world.gateway.answers_next(Manner::Away);

    let (_, made) = sets_up(&ours, gateway("600999")).await?;

    let abouts: Vec<&str> =
        made["findings"].as_array().expect("a list").iter().filter_map(|one| one["about"].as_str()).collect();
    assert_eq!(abouts, ["gateway", "initiator"], "{made}");
    assert!(made["findings"].as_array().expect("a list").iter().all(|one| one["weight"] == "warning"));
    Ok(())
}

#[tokio::test]
async fn a_gateway_is_changed_as_it_was_seen_and_switched_off_and_on() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let ours = api.owner(&world, &world.isp).await?;
    let (place, _) = sets_up(&ours, gateway("600999")).await?;
    let seen = ours.get(&place).await?.header("etag").expect("an ETag").to_owned();

    let changed = ours.patch(&place, json!({ "trusts_confirmations": true, "looks_per_minute": 60 })).await?.is(200)?;
    assert_eq!((&changed.json()["looks_per_minute"], &changed.json()["revision"]), (&json!(60), &json!(2)));
    let stale = ours.clone().with("if-match", &seen).patch(&place, json!({ "is_active": false })).await?;
    assert_eq!((stale.status, stale.code().as_str()), (412, "changed_meanwhile"), "{}", stale.text());

    let off = ours.delete(&place).await?.is(200)?.json();
    assert_eq!(off["is_active"], false);
    let on = ours.patch(&place, json!({ "is_active": true, "till": "5551234" })).await?.is(200)?.json();
    assert_eq!((&on["is_active"], &on["till"]), (&json!(true), &json!("5551234")));
    let twice = ours.post("/v1/gateways", gateway("600999")).await?;
    assert_eq!((twice.status, twice.code().as_str()), (409, "conflict"), "{}", twice.text());
    for bad in [json!({ "looks_per_minute": 0 }), json!({ "till": "12" }), json!({ "shortcode": "600111" })] {
        assert_eq!(ours.patch(&place, bad.clone()).await?.status, 422, "{bad}");
    }
    Ok(())
}

#[tokio::test]
async fn a_gateway_is_asked_to_tell_of_money_for_its_books_and_the_balance() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let ours = api.owner(&world, &world.isp).await?;
    let (place, _) = sets_up(&ours, gateway("600999")).await?;

    ours.send("POST", &format!("{place}/register"), None).await?.is(200)?;
    let phone = json!({ "phone": "0712 345 678" });
    ours.post(&format!("{place}/register-pull"), phone).await?.is(200)?;
    let bad = ours.post(&format!("{place}/register-pull"), json!({ "phone": "me" })).await?;
    assert_eq!((bad.status, bad.json()["errors"][0]["field"].as_str()), (422, Some("/phone")));
    world.gateway.is_paid_by_hand("x", 2_000, "254712345678");
    let balance = ours.send("POST", &format!("{place}/balance"), None).await?.is(200)?.json();
    let seen = ours.get(&format!("{place}/seen")).await?.is(200)?.json();

    let told = json!([{ "name": "Utility", "amount": { "minor": 2000, "currency": "KES" } }]);
    assert_eq!(balance["balance"]["accounts"], told);
    assert_eq!((&seen["balance"], &seen["is_balance_asked"]), (&balance["balance"], &json!(false)));
    assert_eq!(seen["called_at"], Value::Null);
    assert!(seen["books_read_next_at"].is_string(), "{seen}");
    let picture = json!({ "amount": { "minor": 2000, "currency": "KES" }, "reference": "ppp1042" });
    let drawn = ours.post(&format!("{place}/qr"), picture).await?.is(200)?;
    assert_eq!(drawn.header("content-type"), Some("image/png"));
    assert!(drawn.body.starts_with(b"\x89PNG"));
    let nothing = json!({ "amount": { "minor": 0, "currency": "KES" }, "reference": "no spaces!" });
    assert_eq!(ours.post(&format!("{place}/qr"), nothing).await?.json()["errors"].as_array().map(Vec::len), Some(2));
    let audit = ours.get("/v1/audit?verb=register_gateway").await?.is(200)?.json();
    assert_eq!(audit["items"].as_array().map(Vec::len), Some(2), "{audit}");
    Ok(())
}

#[tokio::test]
async fn what_a_gateway_refuses_later_is_told_in_its_words() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let ours = api.owner(&world, &world.isp).await?;
    let (place, _) = sets_up(&ours, gateway("600999")).await?;
    world.gateway.answers_next(Manner::Refuses(FailureKind::Misconfigured));

    let tested = ours.send("POST", &format!("{place}/test"), None).await?.is(200)?.json();

    assert_eq!(tested["is_good"], false);
    assert!(tested["findings"][0]["say"].as_str().is_some_and(|say| say.contains("1032")), "{tested}");
    Ok(())
}

#[tokio::test]
async fn a_server_that_speaks_to_no_gateway_says_so() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open_without_gateways(&world).await?;
    let ours = api.owner(&world, &world.isp).await?;

    let (place, made) = sets_up(&ours, gateway("600999")).await?;
    let asked = ours.send("POST", &format!("{place}/register"), None).await?;

    assert_eq!(made["findings"][0]["about"], "server", "{made}");
    assert_eq!((asked.status, asked.code().as_str()), (409, "conflict"));
    assert!(asked.text().contains("public address"), "{}", asked.text());
    Ok(())
}

#[tokio::test]
async fn who_does_not_see_the_whole_isp_sees_no_gateway() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let may = Permissions::on(Thing::Gateways, &Act::ALL);
    let narrow = api.program_of(&world, &world.isp, may, Services::PppoeAndStatic, Zoned::All).await?;
    let billing = api.signed_in(&world, &world.isp, RoleName::Preset(Preset::Billing), Zoned::All).await?;
    let support = api.signed_in(&world, &world.isp, RoleName::Preset(Preset::Support), Zoned::All).await?;

    assert_eq!(narrow.get("/v1/gateways").await?.status, 403);
    assert_eq!(billing.get("/v1/gateways").await?.status, 200);
    assert_eq!(billing.post("/v1/gateways", gateway("600999")).await?.status, 403);
    assert_eq!(support.get("/v1/gateways").await?.status, 403);
    Ok(())
}
