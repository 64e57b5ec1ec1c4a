//! Vouchers and batches: printed, sold, taken home, extended and taken back.

use serde_json::json;

use crate::shop::{Shop, all, text};

#[tokio::test]
async fn ten_thousand_vouchers_are_printed_and_taken_home_in_every_form() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let plan = shop.plan("day", "hotspot").await?;

    let order = json!({ "plan_id": plan, "count": 10_000, "note": "=for the market" });
    let batch = shop.owner.post("/v1/batches", order).await?.is(201)?.json();
    let path = format!("/v1/batches/{}", text(&batch, "id"));
    let csv = shop.owner.get(&format!("{path}/export")).await?;
    let workbook = shop.owner.get(&format!("{path}/export?format=xlsx")).await?;
    let address = "http%3A%2F%2Fwifi.example%2Flogin%3Fusername%3D%7Bcode%7D";
    let page = shop.owner.get(&format!("{path}/print?login_url={address}")).await?;
    assert_eq!(csv.status, 200);
    assert!(csv.body.starts_with("\u{feff}code,plan,price".as_bytes()));
    assert_eq!(csv.text().lines().count(), 10_001);
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"vouchers.csv\""));
    assert!(workbook.body.starts_with(b"PK") && workbook.body.len() > 100_000);
    assert_eq!(page.text().matches("<article>").count(), 10_000);
    assert_eq!(page.text().matches("<section>").count(), 417);
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
    assert_eq!(shop.other.get(&path).await?.status, 404);
    assert_eq!(shop.other.get(&format!("{path}/export")).await?.status, 404);
    assert_eq!(shop.other.get(&format!("{path}/print")).await?.status, 404);
    assert_eq!(shop.technician.get(&format!("{path}/export")).await?.status, 403);
    let listed = shop.owner.get("/v1/batches?q=%3Dfor").await?.is(200)?.json();
    assert_eq!(all(&listed, "id"), [text(&batch, "id")]);
    Ok(())
}

#[tokio::test]
async fn a_voucher_is_sold_found_extended_and_taken_back() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let plan = shop.plan("day", "hotspot").await?;

    let sale = json!({ "plan_id": plan, "phone": "0712 345 678" });
    let sold = shop.owner.post("/v1/vouchers", sale).await?.is(201)?.json();
    let path = format!("/v1/vouchers/{}", text(&sold, "id"));
    let waits = shop.owner.post(&format!("{path}/extend"), json!({ "by": "2h" })).await?.is(409)?.json();
    let by_phone = shop.owner.get("/v1/vouchers?q=0712&fields=code").await?.is(200)?.json();
    let unused = shop.owner.get("/v1/vouchers?state=unused&sort=ends_at").await?.is(200)?.json();
    let theirs = shop.other.post(&format!("{path}/revoke"), json!({})).await?;
    let revoked = shop.owner.post(&format!("{path}/revoke"), json!({})).await?.is(200)?.json();
    let again = shop.owner.post(&format!("{path}/revoke"), json!({})).await?.is(409)?.json();

    assert_eq!((text(&sold, "state"), text(&sold, "phone")), ("unused", "254712345678"));
    assert!(text(&waits, "detail").contains("has not begun"));
    assert_eq!(by_phone["items"][0], json!({ "id": sold["id"], "code": sold["code"] }));
    assert_eq!(all(&unused, "id"), [text(&sold, "id")]);
    assert_eq!(theirs.is(404)?.json()["code"], "not_found");
    assert_eq!((text(&revoked, "state"), text(&again, "code")), ("revoked", "conflict"));
    assert_eq!(shop.technician.get("/v1/vouchers").await?.is(403)?.json()["code"], "not_allowed");
    Ok(())
}

#[tokio::test]
async fn many_vouchers_are_sold_and_taken_back_with_a_preview_first() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let plan = shop.plan("day", "hotspot").await?;
    let order = json!({ "plan_id": plan, "count": 50 });
    let batch = text(&shop.owner.post("/v1/batches", order).await?.is(201)?.json(), "id").to_owned();
    let all_of_it = json!({ "batch_id": batch });
    let preview = json!({ "batch_id": batch, "preview": true });

    let nothing_said = shop.owner.post("/v1/vouchers/revoke", json!({})).await?.is(422)?.json();
    let would = shop.owner.post("/v1/vouchers/mark-sold", preview).await?.is(200)?.json();
    let printed = shop.owner.get("/v1/vouchers?state=printed&limit=200").await?.is(200)?.json();
    let sold = shop.owner.post("/v1/vouchers/mark-sold", all_of_it.clone()).await?.is(200)?.json();
    let twice = shop.owner.post("/v1/vouchers/mark-sold", all_of_it.clone()).await?.is(200)?.json();
    let theirs = shop.other.post("/v1/vouchers/revoke", all_of_it.clone()).await?.is(200)?.json();
    let revoked = shop.owner.post("/v1/vouchers/revoke", all_of_it).await?.is(200)?.json();

    assert_eq!(nothing_said["code"], "invalid");
    assert_eq!((would["meant"].as_u64(), would["done"].as_u64()), (Some(50), Some(50)));
    assert_eq!(would["rows"].as_array().map(Vec::len), Some(20));
    assert_eq!(all(&printed, "id").len(), 50, "a preview writes nothing");
    assert_eq!((sold["done"].as_u64(), twice["done"].as_u64()), (Some(50), Some(0)));
    assert_eq!(twice["outcomes"], json!({ "not_for_sale": 50 }));
    assert_eq!(theirs["meant"], 0);
    assert_eq!((revoked["done"].as_u64(), revoked["rows"].as_array().map(Vec::len)), (Some(50), Some(50)));
    let left = shop.owner.get("/v1/vouchers?state=revoked&limit=200&sort=code").await?.is(200)?.json();
    assert_eq!(all(&left, "id").len(), 50);
    Ok(())
}
