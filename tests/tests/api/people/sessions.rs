//! One's own sessions.

use domain::people::role::Preset;
use domain::time::Span;
use serde_json::json;

use crate::desk::{Desk, GOOD};
use crate::shop::{all, text};

#[tokio::test]
async fn ones_own_sessions_are_seen_and_ended_and_nobody_elses() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    let anna = desk.hires("anna", Preset::Owner).await?;
    desk.hires("ben", Preset::Support).await?;
    desk.they_hire("rita", Preset::Owner).await?;
    let agent = desk.nobody().with("user-agent", "Kiosk 1.0");
    let login = json!({ "login": "anna@savanna.test", "password": GOOD });
    let kiosk = desk.stays(&agent.post("/v1/sign-in", login).await?.is(200)?)?;
    let here = desk.signs_in("anna@savanna.test", GOOD).await?;
    let third = desk.signs_in("anna@savanna.test", GOOD).await?;
    let (ben, rita) = (desk.signs_in("ben@savanna.test", GOOD).await?, desk.signs_in("rita@rift.test", GOOD).await?);

    let listed = here.get("/v1/me/sessions").await?.is(200)?.json();
    let items = listed["items"].as_array().expect("items");
    let of_kiosk = items.iter().find(|one| one["agent"] == "Kiosk 1.0").expect("the kiosk's");
    let place = format!("/v1/me/sessions/{}", text(of_kiosk, "id"));
    let hidden = [ben.delete(&place).await?.status, rita.delete(&place).await?.status];
    let ended = here.delete(&place).await?.status;
    let twice = here.delete(&place).await?.status;

    assert_eq!(items.len(), 3);
    assert_eq!(items.iter().filter(|one| one["is_this"] == true).count(), 1);
    assert_eq!(text(of_kiosk, "address"), "127.0.0.1");
    assert_eq!((hidden, ended, twice), ([404, 404], 204, 404));
    assert_eq!((kiosk.get("/v1/me").await?.status, third.get("/v1/me").await?.status), (401, 200));
    let others = here.post("/v1/me/sessions/end-others", json!({})).await?.is(200)?.json();
    assert_eq!(others, json!({ "ended": 1 }));
    assert_eq!((third.get("/v1/me").await?.status, here.get("/v1/me").await?.status), (401, 200));

    // What has been silent for too long is not listed any more.
    desk.world.clock.passes(Span::minutes(15));
    let fresh = desk.signs_in("anna@savanna.test", GOOD).await?;
    desk.world.clock.passes(Span::minutes(5));
    assert_eq!(all(&fresh.get("/v1/me/sessions").await?.is(200)?.json(), "id").len(), 1);
    // Whoever looks after people ends all of somebody's.
    let place = format!("/v1/staff/{}/sign-out", anna.id);
    assert_eq!(rita.post(&place, json!({})).await?.status, 401, "hers has ended meanwhile");
    let rita = desk.signs_in("rita@rift.test", GOOD).await?;
    assert_eq!(rita.post(&place, json!({})).await?.status, 404);
    assert_eq!(fresh.post(&place, json!({})).await?.status, 204);
    assert_eq!(fresh.get("/v1/me").await?.status, 401);
    Ok(())
}
