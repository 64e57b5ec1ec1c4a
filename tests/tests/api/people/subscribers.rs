//! Subscribers: added, moved, renewed, suspended, and brought in from a table.

use serde_json::json;

use crate::shop::{Shop, all, text};

#[tokio::test]
async fn a_subscriber_is_added_moved_renewed_suspended_and_never_shows_its_password() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let home = shop.plan("home", "pppoe").await?;
    let fast = shop.plan("fast", "pppoe").await?;
    let hotspot = shop.plan("day", "hotspot").await?;
    let new = json!({ "username": "house-12", "password": "karibu-sana", "plan_id": home, "phone": "0712345678" });

    let added = shop.owner.post("/v1/subscribers", new.clone()).await?.is(201)?.json();
    let again = shop.owner.post("/v1/subscribers", new).await?.is(409)?.json();
    let path = format!("/v1/subscribers/{}", text(&added, "id"));
    let moved = shop.owner.post(&format!("{path}/move"), json!({ "plan_id": fast })).await?.is(200)?.json();
    let nowhere = shop.owner.post(&format!("{path}/move"), json!({ "plan_id": hotspot })).await?.is(422)?.json();
    let renewed = shop.owner.post(&format!("{path}/renew"), json!({ "by": "7d" })).await?.is(200)?.json();
    let suspended = shop.owner.post(&format!("{path}/suspend"), json!({})).await?.is(200)?.json();
    let listed = shop.owner.get("/v1/subscribers?state=suspended&sort=username").await?.is(200)?.json();
    let resumed = shop.owner.post(&format!("{path}/resume"), json!({})).await?.is(200)?.json();
    let theirs = shop.other.post(&format!("{path}/suspend"), json!({})).await?;

    assert!(!added.to_string().contains("karibu-sana"));
    assert_eq!(again["code"], "conflict");
    assert_eq!((text(&added, "plan"), text(&moved, "plan")), ("home", "fast"));
    assert_eq!(nowhere["errors"][0]["field"], "/plan_id");
    assert!(text(&renewed, "until") > text(&added, "until"));
    assert_eq!((text(&suspended, "state"), text(&resumed, "state")), ("suspended", "active"));
    assert_eq!(all(&listed, "username"), ["house-12"]);
    assert_eq!(theirs.is(404)?.json()["code"], "not_found");
    assert_eq!(shop.other.get(&path).await?.status, 404);
    assert_eq!(all(&shop.other.get("/v1/subscribers").await?.is(200)?.json(), "id").len(), 0);
    Ok(())
}

#[tokio::test]
async fn somebody_of_the_field_adds_subscribers_to_their_zone_and_sees_no_other() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let home = shop.plan("home", "pppoe").await?;
    let new = |name: &str| json!({ "username": name, "password": "karibu", "plan_id": home });

    let elsewhere = shop.owner.post("/v1/subscribers", new("far")).await?.is(201)?.json();
    let near = shop.technician.post("/v1/subscribers", new("near")).await?.is(201)?.json();
    let seen = shop.technician.get("/v1/subscribers?sort=username").await?.is(200)?.json();
    let path = format!("/v1/subscribers/{}", text(&elsewhere, "id"));

    assert_eq!(text(&near, "zone_id"), shop.zone.to_string());
    assert_eq!(all(&seen, "username"), ["near"]);
    assert_eq!(shop.technician.get(&path).await?.status, 404);
    assert_eq!(shop.technician.post(&format!("{path}/suspend"), json!({})).await?.status, 404);
    let many = json!({ "usernames": ["near"], "preview": true });
    assert_eq!(shop.technician.post("/v1/subscribers/suspend", many.clone()).await?.status, 403);
    let preview = shop.owner.post("/v1/subscribers/suspend", many).await?.is(200)?.json();
    assert_eq!((preview["meant"].as_u64(), preview["operation_id"].is_null()), (Some(1), true));
    let done =
        shop.owner.post("/v1/subscribers/suspend", json!({ "usernames": ["near", "far"] })).await?.is(200)?.json();
    assert_eq!((done["meant"].as_u64(), done["operation_id"].is_string()), (Some(2), true));
    let suspended = shop.owner.get("/v1/subscribers?state=suspended").await?.is(200)?.json();
    assert_eq!(all(&suspended, "id").len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_table_of_subscribers_is_checked_whole_before_anything_is_written() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    shop.plan("home", "pppoe").await?;
    let good = "username,password,plan\nhouse-1,karibu,home\nhouse-2,karibu,home\n";
    let bad = "username,password,plan\nhouse-3,karibu,office\nhouse 4,karibu,home\n";
    let send = async |query: &str, table: &str| {
        let path = format!("/v1/subscribers/import{query}");
        anyhow::Ok(shop.owner.send_octets("POST", &path, Some("text/csv"), table.as_bytes()).await?.is(200)?.json())
    };

    let faulty = send("", bad).await?;
    let tried = send("?dry_run=true", good).await?;
    let none = shop.owner.get("/v1/subscribers").await?.is(200)?.json();
    let written = send("", good).await?;
    let again = send("", good).await?;
    let csv = shop.owner.get("/v1/subscribers/export").await?;

    let faults = faulty["faults"].as_array().expect("faults");
    let places: Vec<_> = faults.iter().map(|fault| (fault["row"].as_u64(), text(fault, "column"))).collect();
    assert_eq!(places, [(Some(2), "plan"), (Some(3), "username")]);
    assert!(!faulty.to_string().contains("karibu"), "no password in {faulty}");
    assert_eq!((tried["added"].as_u64(), all(&none, "id").len()), (Some(2), 0));
    assert_eq!((written["added"].as_u64(), again["added"].as_u64()), (Some(2), Some(0)));
    assert_eq!(again["existing"], json!(["house-1", "house-2"]));
    assert_eq!(csv.text().lines().count(), 3);
    assert!(!csv.text().contains("karibu"));
    Ok(())
}
