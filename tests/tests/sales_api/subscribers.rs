//! Subscribers: added, moved, renewed, suspended, and brought in from a table.

use serde_json::json;

use crate::{Api, all, plan, text};

#[tokio::test]
async fn a_subscriber_is_added_moved_renewed_suspended_and_never_shows_its_password() {
    let api = Api::open().await;
    let home = plan(&api, &api.owner, "home", "pppoe").await;
    let fast = plan(&api, &api.owner, "fast", "pppoe").await;
    let hotspot = plan(&api, &api.owner, "day", "hotspot").await;
    let new = json!({ "username": "house-12", "password": "karibu-sana", "plan_id": home, "phone": "0712345678" });

    let added = api.post(&api.owner, "/v1/subscribers", new.clone()).await.json(201);
    let again = api.post(&api.owner, "/v1/subscribers", new).await.json(409);
    let path = format!("/v1/subscribers/{}", text(&added, "id"));
    let moved = api.post(&api.owner, &format!("{path}/move"), json!({ "plan_id": fast })).await.json(200);
    let nowhere = api.post(&api.owner, &format!("{path}/move"), json!({ "plan_id": hotspot })).await.json(422);
    let renewed = api.post(&api.owner, &format!("{path}/renew"), json!({ "by": "7d" })).await.json(200);
    let suspended = api.post(&api.owner, &format!("{path}/suspend"), json!({})).await.json(200);
    let listed = api.get(&api.owner, "/v1/subscribers?state=suspended&sort=username").await.json(200);
    let resumed = api.post(&api.owner, &format!("{path}/resume"), json!({})).await.json(200);
    let theirs = api.post(&api.other, &format!("{path}/suspend"), json!({})).await;

    assert!(!added.to_string().contains("karibu-sana"));
    assert_eq!(again["code"], "conflict");
    assert_eq!((text(&added, "plan"), text(&moved, "plan")), ("home", "fast"));
    assert_eq!(nowhere["errors"][0]["field"], "/plan_id");
    assert!(text(&renewed, "until") > text(&added, "until"));
    assert_eq!((text(&suspended, "state"), text(&resumed, "state")), ("suspended", "active"));
    assert_eq!(all(&listed, "username"), ["house-12"]);
    assert_eq!(theirs.json(404)["code"], "not_found");
    assert_eq!(api.get(&api.other, &path).await.status, 404);
    assert_eq!(all(&api.get(&api.other, "/v1/subscribers").await.json(200), "id").len(), 0);
}

#[tokio::test]
async fn somebody_of_the_field_adds_subscribers_to_their_zone_and_sees_no_other() {
    let api = Api::open().await;
    let home = plan(&api, &api.owner, "home", "pppoe").await;
    let new = |name: &str| json!({ "username": name, "password": "karibu", "plan_id": home });

    let elsewhere = api.post(&api.owner, "/v1/subscribers", new("far")).await.json(201);
    let near = api.post(&api.technician, "/v1/subscribers", new("near")).await.json(201);
    let seen = api.get(&api.technician, "/v1/subscribers?sort=username").await.json(200);
    let path = format!("/v1/subscribers/{}", text(&elsewhere, "id"));

    assert_eq!(text(&near, "zone_id"), api.zone.to_string());
    assert_eq!(all(&seen, "username"), ["near"]);
    assert_eq!(api.get(&api.technician, &path).await.status, 404);
    assert_eq!(api.post(&api.technician, &format!("{path}/suspend"), json!({})).await.status, 404);
    let many = json!({ "usernames": ["near"], "preview": true });
    assert_eq!(api.post(&api.technician, "/v1/subscribers/suspend", many.clone()).await.status, 403);
    let preview = api.post(&api.owner, "/v1/subscribers/suspend", many).await.json(200);
    assert_eq!((preview["meant"].as_u64(), preview["operation_id"].is_null()), (Some(1), true));
    let done = api.post(&api.owner, "/v1/subscribers/suspend", json!({ "usernames": ["near", "far"] })).await.json(200);
    assert_eq!((done["meant"].as_u64(), done["operation_id"].is_string()), (Some(2), true));
    let suspended = api.get(&api.owner, "/v1/subscribers?state=suspended").await.json(200);
    assert_eq!(all(&suspended, "id").len(), 2);
}

#[tokio::test]
async fn a_table_of_subscribers_is_checked_whole_before_anything_is_written() {
    let api = Api::open().await;
    plan(&api, &api.owner, "home", "pppoe").await;
    let good = "username,password,plan\nhouse-1,karibu,home\nhouse-2,karibu,home\n";
    let bad = "username,password,plan\nhouse-3,karibu,office\nhouse 4,karibu,home\n";
    let send = async |query: &str, table: &str| {
        let path = format!("/v1/subscribers/import{query}");
        api.send(&api.owner, "POST", &path, Some(("text/csv", table.to_owned())), &[]).await.json(200)
    };

    let faulty = send("", bad).await;
    let tried = send("?dry_run=true", good).await;
    let none = api.get(&api.owner, "/v1/subscribers").await.json(200);
    let written = send("", good).await;
    let again = send("", good).await;
    let csv = api.get(&api.owner, "/v1/subscribers/export").await;

    let faults = faulty["faults"].as_array().expect("faults");
    let places: Vec<_> = faults.iter().map(|fault| (fault["row"].as_u64(), text(fault, "column"))).collect();
    assert_eq!(places, [(Some(2), "plan"), (Some(3), "username")]);
    assert!(!faulty.to_string().contains("karibu"), "no password in {faulty}");
    assert_eq!((tried["added"].as_u64(), all(&none, "id").len()), (Some(2), 0));
    assert_eq!((written["added"].as_u64(), again["added"].as_u64()), (Some(2), Some(0)));
    assert_eq!(again["existing"], json!(["house-1", "house-2"]));
    assert_eq!(csv.text().lines().count(), 3);
    assert!(!csv.text().contains("karibu"));
}
