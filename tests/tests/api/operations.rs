//! `/v1/operations`: deeds on many subscribers, looked at row by row and undone.

use serde_json::{Value, json};

use crate::shop::{Shop, all, text};

/// Houses of the first ISP on its plan `home`.
async fn houses(shop: &Shop, names: &[&str]) -> anyhow::Result<()> {
    let home = shop.plan("home", "pppoe").await?;
    for name in names {
        let new = json!({ "username": name, "password": "karibu", "plan_id": home });
        shop.owner.post("/v1/subscribers", new).await?.is(201)?;
    }
    Ok(())
}

async fn outcomes(shop: &Shop, operation: &str) -> anyhow::Result<Vec<(String, String)>> {
    let (mut rows, mut path) = (Vec::new(), format!("/v1/operations/{operation}/rows?limit=2"));
    loop {
        let page = shop.owner.get(&path).await?.is(200)?.json();
        let items = page["items"].as_array().expect("items").iter();
        rows.extend(items.map(|row| (text(row, "user_name").to_owned(), text(row, "outcome").to_owned())));
        let Some(next) = page["next"].as_str() else { return Ok(rows) };
        path = format!("/v1/operations/{operation}/rows?limit=2&after={next}");
    }
}

#[tokio::test]
async fn a_deed_on_many_is_told_row_by_row_and_undone_once() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    houses(&shop, &["house-1", "house-2", "house-3"]).await?;
    let listed = shop.owner.get("/v1/subscribers?q=house-3").await?.is(200)?.json();
    let third = format!("/v1/subscribers/{}", text(&listed["items"][0], "id"));
    shop.owner.post(&format!("{third}/suspend"), json!({})).await?.is(200)?;

    let all_of_them = json!({ "usernames": ["house-1", "house-2", "house-3"] });
    let done = shop.owner.post("/v1/subscribers/suspend", all_of_them).await?.is(200)?.json();
    let id = text(&done, "operation_id").to_owned();
    let place = format!("/v1/operations/{id}");
    let one = shop.owner.get(&place).await?.is(200)?.json();
    let rows = outcomes(&shop, &id).await?;
    // Somebody lets one of them run again, and stops it for a reason of its own.
    let listed = shop.owner.get("/v1/subscribers?q=house-2").await?.is(200)?.json();
    let second = format!("/v1/subscribers/{}", text(&listed["items"][0], "id"));
    shop.owner.post(&format!("{second}/resume"), json!({})).await?.is(200)?;
    let undone = shop.owner.post(&format!("{place}/undo"), json!({})).await?.is(200)?.json();
    let twice = shop.owner.post(&format!("{place}/undo"), json!({})).await?.is(200)?.json();

    assert_eq!((one["size"].as_u64(), text(&one, "state")), (Some(3), "finished"));
    let said = |name: &str, outcome: &str| (name.to_owned(), outcome.to_owned());
    assert_eq!(rows, [said("house-1", "suspended"), said("house-2", "suspended"), said("house-3", "was_suspended")]);
    assert_eq!(undone, json!({ "resumed": 1, "changed_since": 1 }));
    assert_eq!(
        outcomes(&shop, &id).await?,
        [said("house-1", "resumed"), said("house-2", "changed_since"), said("house-3", "was_suspended")]
    );
    assert_eq!(twice, json!({ "resumed": 0, "changed_since": 0 }), "nothing is undone twice");
    assert_eq!(text(&shop.owner.get(&place).await?.is(200)?.json(), "state"), "undone");
    assert_eq!(text(&shop.owner.get(&third).await?.is(200)?.json(), "state"), "suspended");
    Ok(())
}

#[tokio::test]
async fn another_isps_operation_is_not_there() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    houses(&shop, &["house-1"]).await?;
    let done = shop.owner.post("/v1/subscribers/suspend", json!({ "usernames": ["house-1"] })).await?.is(200)?.json();
    let place = format!("/v1/operations/{}", text(&done, "operation_id"));

    let hidden = [
        shop.other.get(&place).await?,
        shop.other.get(&format!("{place}/rows")).await?,
        shop.other.post(&format!("{place}/undo"), json!({})).await?,
        shop.owner.get("/v1/operations/nonsense").await?,
    ];

    for answer in hidden {
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{}", answer.text());
    }
    assert_eq!(shop.other.get("/v1/operations").await?.is(200)?.json()["items"], json!([]));
    assert_eq!(all(&shop.owner.get("/v1/operations").await?.is(200)?.json(), "id").len(), 1);
    for path in ["/v1/operations".to_owned(), place.clone()] {
        assert_eq!(shop.technician.get(&path).await?.status, 403, "{path}");
    }
    assert_eq!(shop.technician.post(&format!("{place}/undo"), Value::Null).await?.status, 403);
    Ok(())
}
