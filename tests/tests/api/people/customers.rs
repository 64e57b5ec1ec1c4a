//! Customers: added, found, changed, handed over, and brought in from a table.

use serde_json::json;

use crate::shop::{Shop, all, text};

#[tokio::test]
async fn a_customer_is_added_found_changed_and_forgotten() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let mary = json!({ "name": "Mary Wanjiku", "phone": "0712345678", "category": "school",
        "identity": { "kind": "national_id", "number": "A9081726" },
        "coordinates": { "latitude": -1.286389, "longitude": 36.817223 } });

    let added = shop.owner.post("/v1/customers", mary).await?;
    let tag = added.header("etag").expect("an etag").to_owned();
    let path = added.header("location").expect("a place").to_owned();
    let added = added.is(201)?.json();
    let found = shop.owner.get("/v1/customers?q=wanj").await?.is(200)?.json();
    let verified = json!({ "identity_state": "verified", "phone": null });
    let changed = shop.owner.clone().with("if-match", &tag).patch(&path, verified.clone()).await?.is(200)?.json();
    let stale = shop.owner.clone().with("if-match", &tag).patch(&path, verified.clone()).await?;
    let theirs = shop.other.patch(&path, verified).await?;

    assert_eq!(text(&added, "identity_state"), "pending");
    assert_eq!(all(&found, "id"), [text(&added, "id")]);
    assert!(!found.to_string().contains("A9081726"), "a list shows no document: {found}");
    assert_eq!((text(&changed, "identity_state"), changed["revision"].as_u64()), ("verified", Some(2)));
    assert!(changed["phone"].is_null());
    assert_eq!((stale.status, theirs.status), (412, 404));
    assert_eq!(shop.other.get(&path).await?.status, 404);
    assert_eq!(shop.other.delete(&path).await?.status, 404);
    assert_eq!(shop.owner.delete(&path).await?.status, 204);
    assert_eq!(shop.owner.get(&path).await?.status, 404);
    let csv = shop.owner.get("/v1/customers/export?format=csv").await?;
    assert_eq!(csv.text().lines().count(), 1);
    Ok(())
}

#[tokio::test]
async fn somebody_of_the_field_sees_and_adds_customers_of_their_zone_alone() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let elsewhere = shop.owner.post("/v1/customers", json!({ "name": "Juma" })).await?.is(201)?.json();

    let theirs = shop.technician.post("/v1/customers", json!({ "name": "Amina" })).await?.is(201)?.json();
    let seen = shop.technician.get("/v1/customers").await?.is(200)?.json();
    let path = format!("/v1/customers/{}", text(&elsewhere, "id"));
    let other_zone = json!({ "name": "Ali", "zone_id": uuid_of(9) });

    assert_eq!(text(&theirs, "zone_id"), shop.zone.to_string());
    assert_eq!(all(&seen, "name"), ["Amina"]);
    assert_eq!(shop.technician.get(&path).await?.status, 404);
    assert_eq!(shop.technician.patch(&path, json!({ "name": "Ali" })).await?.status, 404);
    assert_eq!(
        shop.technician.post("/v1/customers", other_zone).await?.is(422)?.json()["errors"][0]["field"],
        "/zone_id"
    );
    let assign = json!({ "ids": [theirs["id"]], "staff_id": null });
    assert_eq!(shop.technician.post("/v1/customers/assign", assign.clone()).await?.status, 403);
    let nobody = shop.owner.post("/v1/customers/assign", assign).await?.is(200)?.json();
    assert_eq!(nobody["rows"][0]["outcome"], "was_so");
    let unknown = json!({ "ids": [theirs["id"]], "staff_id": uuid_of(7) });
    assert_eq!(
        shop.owner.post("/v1/customers/assign", unknown).await?.is(422)?.json()["errors"][0]["field"],
        "/staff_id"
    );
    Ok(())
}

fn uuid_of(number: u8) -> String {
    format!("00000000-0000-7000-8000-0000000000{number:02}")
}

#[tokio::test]
async fn a_table_of_customers_is_checked_whole_before_anything_is_written() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let table = "name,phone\nMary,0712345678\nJuma,12\n,0712345679\n";
    let send = async |query: &str| {
        let path = format!("/v1/customers/import{query}");
        anyhow::Ok(shop.owner.send_octets("POST", &path, Some("text/csv"), table.as_bytes()).await?.is(200)?.json())
    };

    let stopped = send("").await?;
    let tried = send("?dry_run=true&skip_faulty=true").await?;
    let none = shop.owner.get("/v1/customers").await?.is(200)?.json();
    let written = send("?skip_faulty=true").await?;

    assert_eq!((stopped["stopped"].as_bool(), stopped["added"].as_u64()), (Some(true), Some(0)));
    let faults = stopped["faults"].as_array().expect("faults");
    let places: Vec<_> = faults.iter().map(|fault| (fault["row"].as_u64(), text(fault, "column"))).collect();
    assert_eq!(places, [(Some(3), "phone"), (Some(4), "name")]);
    assert_eq!((tried["added"].as_u64(), all(&none, "id").len()), (Some(1), 0));
    assert_eq!((written["added"].as_u64(), written["faulty"].as_u64()), (Some(1), Some(2)));
    assert_eq!(all(&shop.owner.get("/v1/customers").await?.is(200)?.json(), "name"), ["Mary"]);
    let json = shop.owner.post("/v1/customers/import", json!({})).await?;
    assert_eq!(json.is(415)?.json()["code"], "not_json");
    Ok(())
}
