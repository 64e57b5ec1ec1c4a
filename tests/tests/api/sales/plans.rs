//! Plans: published, shown, changed, and seen by whom.

use serde_json::json;

use crate::shop::{Shop, all, text};

#[tokio::test]
async fn a_plan_is_published_shown_changed_and_another_providers_is_not_there() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let id = shop.plan("day", "hotspot").await?;
    let path = format!("/v1/plans/{id}");

    let shown = shop.owner.get(&path).await?;
    let tag = shown.header("etag").expect("an etag").to_owned();
    let before = shown.is(200)?.json();
    let faster = json!({ "terms": { "rate": "3M/8M" } });
    let preview = shop.owner.post(&format!("{path}/preview"), faster.clone()).await?.is(200)?.json();
    let late = shop.owner.clone().with("if-match", "\"0000000000000000\"");
    let refused = late.patch(&path, faster.clone()).await?;
    let changed = shop.owner.clone().with("if-match", &tag).patch(&path, faster.clone()).await?.is(200)?.json();

    assert_eq!((text(&before, "name"), text(&before["terms"], "rate")), ("day", "2M/5M"));
    assert_eq!(preview["live_sessions"], 0);
    assert_eq!(preview["changes"][0], json!({ "what": "rate", "before": "2M/5M", "after": "3M/8M" }));
    assert_eq!(text(&refused.is(412)?.json(), "code"), "changed_meanwhile");
    assert_eq!((changed["revision"].as_u64(), text(&changed["terms"], "rate")), (Some(2), "3M/8M"));
    assert_eq!(shop.other.get(&path).await?.is(404)?.json()["code"], "not_found");
    let theirs = shop.other.patch(&path, faster.clone()).await?;
    assert_eq!(theirs.is(404)?.json()["code"], "not_found");
    Ok(())
}

#[tokio::test]
async fn a_plan_that_cannot_be_says_which_field_is_wrong() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let bad = json!({ "name": "Day Plan", "service": "hotspot", "terms": {
        "rate": "fast", "duration": "1h", "devices": 0, "price": { "minor": -1, "currency": "KES" } } });

    let problem = shop.owner.post("/v1/plans", bad).await?.is(422)?.json();

    let fields: Vec<_> = problem["errors"].as_array().expect("errors").iter().map(|one| text(one, "field")).collect();
    assert_eq!(fields, ["/name", "/terms/rate", "/terms/devices", "/terms/price"]);
    Ok(())
}

#[tokio::test]
async fn somebody_of_the_field_sees_no_hotspot_plan_and_publishes_none() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let hotspot = shop.plan("day", "hotspot").await?;
    shop.plan("home", "pppoe").await?;

    let seen = shop.technician.get("/v1/plans?sort=-name").await?.is(200)?.json();
    let all_of_them = shop.owner.get("/v1/plans?limit=1").await?.is(200)?.json();
    let next = format!("/v1/plans?limit=1&after={}", text(&all_of_them, "next"));
    let rest = shop.owner.get(&next).await?.is(200)?.json();

    assert_eq!(all(&seen, "name"), ["home"]);
    assert_eq!((all(&all_of_them, "name"), all(&rest, "name")), (vec!["day"], vec!["home"]));
    assert_eq!(shop.technician.get(&format!("/v1/plans/{hotspot}")).await?.status, 404);
    assert_eq!(shop.technician.post("/v1/plans", json!({})).await?.is(403)?.json()["code"], "not_allowed");
    assert_eq!(shop.owner.get("/v1/plans?colour=red").await?.is(400)?.json()["code"], "unknown_parameter");
    Ok(())
}
