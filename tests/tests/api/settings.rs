//! What an ISP settles for itself.

use domain::people::role::{Preset, RoleName};
use domain::people::staff::Zoned;
use serde_json::{Value, json};
use tests::api::Api;
use tests::world::World;

#[tokio::test]
async fn an_isp_settles_things_for_itself_alone_and_the_audit_tells_of_it() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    let before = ours.get("/v1/settings").await?.is(200)?;
    let tag = before.header("etag").expect("its state").to_owned();
    let their_settings = theirs.get("/v1/settings").await?.is(200)?.text();

    let unpaid = json!({ "action": "restrict", "address_list": "unpaid", "rate": "256k/512k" });
    let changes = json!({ "name": "Savanna Networks", "session_days": 400, "mac_login": false, "unpaid": unpaid });
    let client = ours.clone().with("if-match", &tag);
    let after = client.patch("/v1/settings", changes).await?.is(200)?.json();
    let stale = client.patch("/v1/settings", json!({ "name": "Later" })).await?;

    assert_eq!(before.json()["zone"], "Africa/Nairobi");
    let (name, days, mac_login) = (&after["name"], &after["session_days"], &after["mac_login"]);
    assert_eq!((name, days, mac_login), (&json!("Savanna Networks"), &json!(400), &json!(false)));
    assert_eq!(after["zone"], "Africa/Nairobi", "what is left out stays");
    let terms =
        json!({ "action": "restrict", "pool": null, "address_list": "unpaid", "rate": "256k/512k", "seconds": 600 });
    assert_eq!(after["unpaid"], terms);
    assert_eq!((stale.status, stale.code().as_str()), (412, "changed_meanwhile"));
    assert_eq!(theirs.get("/v1/settings").await?.text(), their_settings);
    let told = ours.get("/v1/audit?verb=change_settings").await?.is(200)?.json()["items"][0].clone();
    let changes = told["changes"].as_array().cloned().unwrap_or_default();
    let session_days = changes.iter().find(|change| change["what"] == "session_days").cloned().unwrap_or_default();
    assert_eq!((&session_days["after"], &told["from"]), (&json!("400"), &json!("127.0.0.1")), "{told}");
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_settled_is_refused_field_by_field() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let ours = api.owner(&world, &world.isp).await?;
    let admin = api.signed_in(&world, &world.isp, RoleName::Preset(Preset::Support), Zoned::All).await?;
    let before = ours.get("/v1/settings").await?.text();

    let cases: [(Value, &str); 6] = [
        (json!({ "session_days": 7 }), "/session_days"),
        (json!({ "zone": "Mars/Olympus" }), "/zone"),
        (json!({ "name": "" }), "/name"),
        (json!({ "unpaid": { "action": "restrict" } }), "/unpaid/address_list"),
        (json!({ "unpaid": { "action": "restrict", "pool": "p", "seconds": 1 } }), "/unpaid/seconds"),
        (json!({ "unpaid": { "action": "restrict", "pool": "p", "rate": "fast" } }), "/unpaid/rate"),
    ];
    for (changes, field) in cases {
        let refused = ours.patch("/v1/settings", changes).await?;
        assert_eq!((refused.status, refused.json()["errors"][0]["field"].as_str()), (422, Some(field)));
    }
    assert_eq!(ours.get("/v1/settings").await?.text(), before);
    assert_eq!(admin.patch("/v1/settings", json!({ "name": "Mine" })).await?.status, 403);
    Ok(())
}
