//! Customers: added, found, changed, handed over, and brought in from a table.

use serde_json::json;

use crate::{Api, all, text};

#[tokio::test]
async fn a_customer_is_added_found_changed_and_forgotten() {
    let api = Api::open().await;
    let mary = json!({ "name": "Mary Wanjiku", "phone": "0712345678", "category": "school",
        "identity": { "kind": "national_id", "number": "A9081726" },
        "coordinates": { "latitude": -1.286389, "longitude": 36.817223 } });

    let added = api.post(&api.owner, "/v1/customers", mary).await;
    let tag = added.header("etag").expect("an etag").to_owned();
    let path = added.header("location").expect("a place").to_owned();
    let added = added.json(201);
    let found = api.get(&api.owner, "/v1/customers?q=wanj").await.json(200);
    let verified = Some(("application/json", json!({ "identity_state": "verified", "phone": null }).to_string()));
    let changed = api.send(&api.owner, "PATCH", &path, verified.clone(), &[("If-Match", &tag)]).await.json(200);
    let stale = api.send(&api.owner, "PATCH", &path, verified.clone(), &[("If-Match", &tag)]).await;
    let theirs = api.send(&api.other, "PATCH", &path, verified, &[]).await;

    assert_eq!(text(&added, "identity_state"), "pending");
    assert_eq!(all(&found, "id"), [text(&added, "id")]);
    assert!(!found.to_string().contains("A9081726"), "a list shows no document: {found}");
    assert_eq!((text(&changed, "identity_state"), changed["revision"].as_u64()), ("verified", Some(2)));
    assert!(changed["phone"].is_null());
    assert_eq!((stale.status, theirs.status), (412, 404));
    assert_eq!(api.get(&api.other, &path).await.status, 404);
    assert_eq!(api.ask(&api.other, "DELETE", &path, None).await.status, 404);
    assert_eq!(api.ask(&api.owner, "DELETE", &path, None).await.status, 204);
    assert_eq!(api.get(&api.owner, &path).await.status, 404);
    let csv = api.get(&api.owner, "/v1/customers/export?format=csv").await;
    assert_eq!(csv.text().lines().count(), 1);
}

#[tokio::test]
async fn somebody_of_the_field_sees_and_adds_customers_of_their_zone_alone() {
    let api = Api::open().await;
    let elsewhere = api.post(&api.owner, "/v1/customers", json!({ "name": "Juma" })).await.json(201);

    let theirs = api.post(&api.technician, "/v1/customers", json!({ "name": "Amina" })).await.json(201);
    let seen = api.get(&api.technician, "/v1/customers").await.json(200);
    let path = format!("/v1/customers/{}", text(&elsewhere, "id"));
    let other_zone = json!({ "name": "Ali", "zone_id": uuid_of(9) });

    assert_eq!(text(&theirs, "zone_id"), api.zone.to_string());
    assert_eq!(all(&seen, "name"), ["Amina"]);
    assert_eq!(api.get(&api.technician, &path).await.status, 404);
    assert_eq!(api.ask(&api.technician, "PATCH", &path, Some(&json!({ "name": "Ali" }))).await.status, 404);
    assert_eq!(
        api.post(&api.technician, "/v1/customers", other_zone).await.json(422)["errors"][0]["field"],
        "/zone_id"
    );
    let assign = json!({ "ids": [theirs["id"]], "staff_id": null });
    assert_eq!(api.post(&api.technician, "/v1/customers/assign", assign.clone()).await.status, 403);
    let nobody = api.post(&api.owner, "/v1/customers/assign", assign).await.json(200);
    assert_eq!(nobody["rows"][0]["outcome"], "was_so");
    let unknown = json!({ "ids": [theirs["id"]], "staff_id": uuid_of(7) });
    assert_eq!(
        api.post(&api.owner, "/v1/customers/assign", unknown).await.json(422)["errors"][0]["field"],
        "/staff_id"
    );
}

fn uuid_of(number: u8) -> String {
    format!("00000000-0000-7000-8000-0000000000{number:02}")
}

#[tokio::test]
async fn a_table_of_customers_is_checked_whole_before_anything_is_written() {
    let api = Api::open().await;
    let table = "name,phone\nMary,0712345678\nJuma,12\n,0712345679\n";
    let send = async |query: &str| {
        let path = format!("/v1/customers/import{query}");
        api.send(&api.owner, "POST", &path, Some(("text/csv", table.to_owned())), &[]).await
    };

    let stopped = send("").await.json(200);
    let tried = send("?dry_run=true&skip_faulty=true").await.json(200);
    let none = api.get(&api.owner, "/v1/customers").await.json(200);
    let written = send("?skip_faulty=true").await.json(200);

    assert_eq!((stopped["stopped"].as_bool(), stopped["added"].as_u64()), (Some(true), Some(0)));
    let faults = stopped["faults"].as_array().expect("faults");
    let places: Vec<_> = faults.iter().map(|fault| (fault["row"].as_u64(), text(fault, "column"))).collect();
    assert_eq!(places, [(Some(3), "phone"), (Some(4), "name")]);
    assert_eq!((tried["added"].as_u64(), all(&none, "id").len()), (Some(1), 0));
    assert_eq!((written["added"].as_u64(), written["faulty"].as_u64()), (Some(1), Some(2)));
    assert_eq!(all(&api.get(&api.owner, "/v1/customers").await.json(200), "name"), ["Mary"]);
    let json = api.post(&api.owner, "/v1/customers/import", json!({})).await;
    assert_eq!(json.json(415)["code"], "not_json");
}
