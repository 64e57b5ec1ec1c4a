//! Codes on a telephone: set up, asked for, lost, demanded.

use domain::people::role::Preset;
use domain::time::Span;
use serde_json::json;

use crate::desk::{Desk, GOOD};

const ANNA: &str = "anna@savanna.test";

#[tokio::test]
async fn a_code_is_asked_for_once_it_is_confirmed_and_is_good_once() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    let anna = desk.signs_in(ANNA, GOOD).await?;
    let before = desk.signs_in(ANNA, GOOD).await?;

    let wrong = anna.post("/v1/me/totp", json!({ "password": "not this one" })).await?;
    let unconfirmed = anna.post("/v1/me/totp", json!({ "password": GOOD })).await?.is(200)?.json();
    let asked_for_none = desk.tries("isp.example", ANNA, GOOD).await?.status;
    let telephone = desk.enrols(&anna, GOOD).await?;
    let needed = desk.tries("isp.example", ANNA, GOOD).await?;
    let used_to_confirm = desk.tries_with(ANNA, GOOD, &desk.shows(&telephone)).await?;
    desk.world.clock.passes(Span::seconds(60));
    let code = desk.shows(&telephone);
    let wrong_password = desk.tries_with(ANNA, "not this one", &code).await?;
    let entered = desk.tries_with(ANNA, GOOD, &code).await?;
    let used = desk.tries_with(ANNA, GOOD, &code).await?;

    assert_eq!((wrong.status, wrong.json()["errors"][0]["field"].as_str()), (422, Some("/password")));
    let uri = unconfirmed["uri"].as_str().expect("a uri");
    assert!(uri.starts_with("otpauth://totp/savanna:anna"), "{uri}");
    assert_eq!(asked_for_none, 200, "what is not confirmed counts for nothing");
    assert_eq!(before.get("/v1/me").await?.status, 401, "sessions without a code end");
    assert_eq!((needed.status, needed.json()["errors"][0]["code"].as_str()), (422, Some("missing")));
    assert_eq!(needed.json()["errors"][0]["field"], "/code");
    assert_eq!((used_to_confirm.status, wrong_password.status), (422, 401));
    assert_eq!((entered.status, used.status), (200, 422));
    assert_eq!(used.json()["errors"][0]["field"], "/code");
    let me = desk.stays(&entered)?.get("/v1/me").await?.is(200)?.json();
    assert_eq!((me["has_totp"].as_bool(), me["recovery_codes_left"].as_u64()), (Some(true), Some(10)));
    Ok(())
}

#[tokio::test]
async fn a_recovery_code_lets_in_once_and_they_are_renewed_by_a_code() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    let anna = desk.signs_in(ANNA, GOOD).await?;
    let telephone = desk.enrols(&anna, GOOD).await?;
    let [first, second, ..] = &telephone.recovery[..] else { anyhow::bail!("too few codes") };

    let entered = desk.tries_with(ANNA, GOOD, first).await?;
    let again = desk.tries_with(ANNA, GOOD, first).await?;
    let left = desk.stays(&entered)?.get("/v1/me").await?.is(200)?.json()["recovery_codes_left"].as_u64();
    desk.world.clock.passes(Span::seconds(60));
    let renewed = anna.post("/v1/me/totp/recovery-codes", json!({ "code": desk.shows(&telephone) })).await?;
    let earlier = desk.tries_with(ANNA, GOOD, second).await?;
    let fresh = renewed.clone().is(200)?.json()["recovery_codes"][0].as_str().expect("a code").to_owned();

    assert_eq!((entered.status, again.status, left), (200, 422, Some(9)));
    assert_eq!(earlier.status, 422, "the earlier ones are good no more");
    assert_eq!(desk.tries_with(ANNA, GOOD, &fresh).await?.status, 200);
    assert!(!anna.get("/v1/me").await?.text().contains(&fresh), "they are shown once");
    Ok(())
}

#[tokio::test]
async fn codes_are_given_up_by_password_and_code_or_taken_away_by_an_owner() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    let ben = desk.hires("ben", Preset::Support).await?;
    desk.they_hire("rita", Preset::Owner).await?;
    let anna = desk.signs_in(ANNA, GOOD).await?;
    let rita = desk.signs_in("rita@rift.test", GOOD).await?;
    let telephone = desk.enrols(&anna, GOOD).await?;
    let in_office = desk.signs_in("ben@savanna.test", GOOD).await?;
    desk.enrols(&in_office, GOOD).await?;
    desk.world.clock.passes(Span::seconds(60));

    let place = format!("/v1/staff/{}/remove-totp", ben.id);
    let theirs = rita.post(&place, json!({})).await?.status;
    let no_right = in_office.post(&place, json!({})).await?.status;
    let lost = anna.post(&place, json!({})).await?.status;
    let guessed = anna.post("/v1/me/totp/remove", json!({ "password": GOOD, "code": "000000" })).await?;
    let given_up =
        anna.post("/v1/me/totp/remove", json!({ "password": GOOD, "code": desk.shows(&telephone) })).await?.status;

    assert_eq!((theirs, no_right, lost, given_up), (404, 403, 204, 204));
    assert_eq!((guessed.status, guessed.json()["errors"][0]["field"].as_str()), (422, Some("/code")));
    assert_eq!(in_office.get("/v1/me").await?.status, 401, "their sessions end");
    assert_eq!(desk.tries("isp.example", "ben@savanna.test", GOOD).await?.status, 200);
    assert_eq!(desk.tries("isp.example", ANNA, GOOD).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn where_an_isp_demands_codes_nothing_is_done_without_one() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    desk.hires("ben", Preset::Support).await?;
    desk.they_hire("rita", Preset::Owner).await?;
    let (anna, ben) = (desk.signs_in(ANNA, GOOD).await?, desk.signs_in("ben@savanna.test", GOOD).await?);
    let rita = desk.signs_in("rita@rift.test", GOOD).await?;

    let not_his = ben.post("/v1/staff/demand-totp", json!({ "demanded": true })).await?.status;
    anna.post("/v1/staff/demand-totp", json!({ "demanded": true })).await?.is(204)?;
    let stopped = ben.get("/v1/routers").await?;
    let still_known = ben.get("/v1/me").await?.is(200)?.json();
    let telephone = desk.enrols(&ben, GOOD).await?;
    let goes_on = ben.get("/v1/routers").await?.status;
    desk.world.clock.passes(Span::seconds(60));
    let given_up = ben.post("/v1/me/totp/remove", json!({ "password": GOOD, "code": desk.shows(&telephone) })).await?;

    assert_eq!(not_his, 403);
    assert_eq!((stopped.status, stopped.code().as_str()), (403, "not_allowed"));
    assert!(stopped.text().contains("code beside the password"), "{}", stopped.text());
    assert_eq!(still_known["lacks_second_proof"], true);
    assert_eq!(still_known["permissions"], json!([]));
    assert_eq!(goes_on, 200);
    assert_eq!(given_up.status, 409, "{}", given_up.text());
    assert_eq!(rita.get("/v1/routers").await?.status, 200, "the other ISP demands none");
    Ok(())
}

#[tokio::test]
async fn the_platforms_people_do_nothing_without_a_code() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.platform_hires("root", Preset::PlatformOwner).await?;
    let root = desk.signs_in("root@platform.test", GOOD).await?;

    let stopped = root.get("/v1/platform/impersonations").await?;
    let me = root.get("/v1/me").await?.is(200)?.json();
    let telephone = desk.enrols(&root, GOOD).await?;
    let goes_on = root.get("/v1/platform/impersonations").await?.status;
    desk.world.clock.passes(Span::seconds(60));
    let proofs = json!({ "password": GOOD, "code": desk.shows(&telephone) });
    let given_up = root.post("/v1/me/totp/remove", proofs).await?;
    let without = desk.tries("isp.example", "root@platform.test", GOOD).await?;

    assert_eq!((stopped.status, stopped.code().as_str()), (403, "not_allowed"));
    assert_eq!((me["is_platform"].as_bool(), me["lacks_second_proof"].as_bool()), (Some(true), Some(true)));
    assert_eq!(me["permissions"], json!([]));
    assert_eq!((goes_on, given_up.status, without.status), (200, 409, 422));
    Ok(())
}
