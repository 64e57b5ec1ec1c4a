//! Vouchers and batches: printed, sold, taken home, extended and taken back.

use serde_json::json;

use crate::{Api, all, plan, text};

#[tokio::test]
async fn ten_thousand_vouchers_are_printed_and_taken_home_in_every_form() {
    let api = Api::open().await;
    let plan = plan(&api, &api.owner, "day", "hotspot").await;

    let order = json!({ "plan_id": plan, "count": 10_000, "note": "=for the market" });
    let batch = api.post(&api.owner, "/v1/batches", order).await.json(201);
    let path = format!("/v1/batches/{}", text(&batch, "id"));
    let csv = api.get(&api.owner, &format!("{path}/export")).await;
    let workbook = api.get(&api.owner, &format!("{path}/export?format=xlsx")).await;
    let address = "http%3A%2F%2Fwifi.example%2Flogin%3Fusername%3D%7Bcode%7D";
    let page = api.get(&api.owner, &format!("{path}/print?login_url={address}")).await;
    assert_eq!(csv.status, 200);
    assert!(csv.body.starts_with("\u{feff}code,plan,price".as_bytes()));
    assert_eq!(csv.text().lines().count(), 10_001);
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"vouchers.csv\""));
    assert!(workbook.body.starts_with(b"PK") && workbook.body.len() > 100_000);
    assert_eq!(page.text().matches("<article>").count(), 10_000);
    assert_eq!(page.text().matches("<section>").count(), 417);
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
    assert_eq!(api.get(&api.other, &path).await.status, 404);
    assert_eq!(api.get(&api.other, &format!("{path}/export")).await.status, 404);
    assert_eq!(api.get(&api.other, &format!("{path}/print")).await.status, 404);
    assert_eq!(api.get(&api.technician, &format!("{path}/export")).await.status, 403);
    let listed = api.get(&api.owner, "/v1/batches?q=%3Dfor").await.json(200);
    assert_eq!(all(&listed, "id"), [text(&batch, "id")]);
}

#[tokio::test]
async fn a_voucher_is_sold_found_extended_and_taken_back() {
    let api = Api::open().await;
    let plan = plan(&api, &api.owner, "day", "hotspot").await;

    let sale = json!({ "plan_id": plan, "phone": "0712 345 678" });
    let sold = api.post(&api.owner, "/v1/vouchers", sale).await.json(201);
    let path = format!("/v1/vouchers/{}", text(&sold, "id"));
    let waits = api.post(&api.owner, &format!("{path}/extend"), json!({ "by": "2h" })).await.json(409);
    let by_phone = api.get(&api.owner, "/v1/vouchers?q=0712&fields=code").await.json(200);
    let unused = api.get(&api.owner, "/v1/vouchers?state=unused&sort=ends_at").await.json(200);
    let theirs = api.post(&api.other, &format!("{path}/revoke"), json!({})).await;
    let revoked = api.post(&api.owner, &format!("{path}/revoke"), json!({})).await.json(200);
    let again = api.post(&api.owner, &format!("{path}/revoke"), json!({})).await.json(409);

    assert_eq!((text(&sold, "state"), text(&sold, "phone")), ("unused", "254712345678"));
    assert!(text(&waits, "detail").contains("has not begun"));
    assert_eq!(by_phone["items"][0], json!({ "id": sold["id"], "code": sold["code"] }));
    assert_eq!(all(&unused, "id"), [text(&sold, "id")]);
    assert_eq!(theirs.json(404)["code"], "not_found");
    assert_eq!((text(&revoked, "state"), text(&again, "code")), ("revoked", "conflict"));
    assert_eq!(api.get(&api.technician, "/v1/vouchers").await.json(403)["code"], "not_allowed");
}

#[tokio::test]
async fn many_vouchers_are_sold_and_taken_back_with_a_preview_first() {
    let api = Api::open().await;
    let plan = plan(&api, &api.owner, "day", "hotspot").await;
    let order = json!({ "plan_id": plan, "count": 50 });
    let batch = text(&api.post(&api.owner, "/v1/batches", order).await.json(201), "id").to_owned();
    let all_of_it = json!({ "batch_id": batch });
    let preview = json!({ "batch_id": batch, "preview": true });

    let nothing_said = api.post(&api.owner, "/v1/vouchers/revoke", json!({})).await.json(422);
    let would = api.post(&api.owner, "/v1/vouchers/mark-sold", preview).await.json(200);
    let printed = api.get(&api.owner, "/v1/vouchers?state=printed&limit=200").await.json(200);
    let sold = api.post(&api.owner, "/v1/vouchers/mark-sold", all_of_it.clone()).await.json(200);
    let twice = api.post(&api.owner, "/v1/vouchers/mark-sold", all_of_it.clone()).await.json(200);
    let theirs = api.post(&api.other, "/v1/vouchers/revoke", all_of_it.clone()).await.json(200);
    let revoked = api.post(&api.owner, "/v1/vouchers/revoke", all_of_it).await.json(200);

    assert_eq!(nothing_said["code"], "invalid");
    assert_eq!((would["meant"].as_u64(), would["done"].as_u64()), (Some(50), Some(50)));
    assert_eq!(would["rows"].as_array().map(Vec::len), Some(20));
    assert_eq!(all(&printed, "id").len(), 50, "a preview writes nothing");
    assert_eq!((sold["done"].as_u64(), twice["done"].as_u64()), (Some(50), Some(0)));
    assert_eq!(twice["outcomes"], json!({ "not_for_sale": 50 }));
    assert_eq!(theirs["meant"], 0);
    assert_eq!((revoked["done"].as_u64(), revoked["rows"].as_array().map(Vec::len)), (Some(50), Some(50)));
    let left = api.get(&api.owner, "/v1/vouchers?state=revoked&limit=200&sort=code").await.json(200);
    assert_eq!(all(&left, "id").len(), 50);
}
