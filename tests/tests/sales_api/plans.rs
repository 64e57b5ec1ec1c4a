//! Plans: published, shown, changed, and seen by whom.

use serde_json::json;

use crate::{Api, all, plan, text};

#[tokio::test]
async fn a_plan_is_published_shown_changed_and_another_providers_is_not_there() {
    let api = Api::open().await;
    let id = plan(&api, &api.owner, "day", "hotspot").await;
    let path = format!("/v1/plans/{id}");

    let shown = api.get(&api.owner, &path).await;
    let tag = shown.header("etag").expect("an etag").to_owned();
    let before = shown.json(200);
    let faster = json!({ "terms": { "rate": "3M/8M" } });
    let preview = api.post(&api.owner, &format!("{path}/preview"), faster.clone()).await.json(200);
    let stale = [("If-Match", "\"0000000000000000\"")];
    let body = || Some(("application/json", faster.to_string()));
    let refused = api.send(&api.owner, "PATCH", &path, body(), &stale).await;
    let changed = api.send(&api.owner, "PATCH", &path, body(), &[("If-Match", &tag)]).await.json(200);

    assert_eq!((text(&before, "name"), text(&before["terms"], "rate")), ("day", "2M/5M"));
    assert_eq!(preview["live_sessions"], 0);
    assert_eq!(preview["changes"][0], json!({ "what": "rate", "before": "2M/5M", "after": "3M/8M" }));
    assert_eq!(text(&refused.json(412), "code"), "changed_meanwhile");
    assert_eq!((changed["revision"].as_u64(), text(&changed["terms"], "rate")), (Some(2), "3M/8M"));
    assert_eq!(api.get(&api.other, &path).await.json(404)["code"], "not_found");
    let theirs = api.send(&api.other, "PATCH", &path, body(), &[]).await;
    assert_eq!(theirs.json(404)["code"], "not_found");
}

#[tokio::test]
async fn a_plan_that_cannot_be_says_which_field_is_wrong() {
    let api = Api::open().await;
    let bad = json!({ "name": "Day Plan", "service": "hotspot", "terms": {
        "rate": "fast", "duration": "1h", "devices": 0, "price": { "minor": -1, "currency": "KES" } } });

    let problem = api.post(&api.owner, "/v1/plans", bad).await.json(422);

    let fields: Vec<_> = problem["errors"].as_array().expect("errors").iter().map(|one| text(one, "field")).collect();
    assert_eq!(fields, ["/name", "/terms/rate", "/terms/devices", "/terms/price"]);
}

#[tokio::test]
async fn somebody_of_the_field_sees_no_hotspot_plan_and_publishes_none() {
    let api = Api::open().await;
    let hotspot = plan(&api, &api.owner, "day", "hotspot").await;
    plan(&api, &api.owner, "home", "pppoe").await;

    let seen = api.get(&api.technician, "/v1/plans?sort=-name").await.json(200);
    let all_of_them = api.get(&api.owner, "/v1/plans?limit=1").await.json(200);
    let next = format!("/v1/plans?limit=1&after={}", text(&all_of_them, "next"));
    let rest = api.get(&api.owner, &next).await.json(200);

    assert_eq!(all(&seen, "name"), ["home"]);
    assert_eq!((all(&all_of_them, "name"), all(&rest, "name")), (vec!["day"], vec!["home"]));
    assert_eq!(api.get(&api.technician, &format!("/v1/plans/{hotspot}")).await.status, 404);
    assert_eq!(api.post(&api.technician, "/v1/plans", json!({})).await.json(403)["code"], "not_allowed");
    assert_eq!(api.get(&api.owner, "/v1/plans?colour=red").await.json(400)["code"], "unknown_parameter");
}
