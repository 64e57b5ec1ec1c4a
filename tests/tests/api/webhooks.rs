//! `/v1/webhooks`: partners are told of what is done, signed, again and again, and of nobody else's.

use std::time::Duration;

use domain::platform::job::JobKind;
use domain::time::Span;
use policy::platform::retrying::{tries_max, wait_after};
use ports::Clock as _;
use serde_json::{Value, json};
use tests::api::{Api, Client};
use tests::partner::{Manner, Partner};
use tests::world::World;

/// Somebody adds a webhook to a partner. Gives its place and its secret.
async fn adds(staff: &Client, url: &str, events: &[&str]) -> anyhow::Result<(String, String)> {
    let made = staff.post("/v1/webhooks", json!({ "url": url, "events": events })).await?.is(201)?;
    let place = made.header("location").expect("where it is").to_owned();
    let secret = made.json()["secret"].as_str().expect("a secret").to_owned();
    Ok((place, secret))
}

/// Something that is worth telling.
async fn adds_a_router(staff: &Client, name: &str) -> anyhow::Result<()> {
    let router = json!({ "name": name, "address": "10.8.0.12", "secret": "correct-horse" });
    staff.post("/v1/routers", router).await?.is(201).map(drop)
}

async fn deliveries(staff: &Client, place: &str) -> anyhow::Result<Vec<Value>> {
    let listed = staff.get(&format!("{place}/deliveries")).await?.is(200)?.json();
    Ok(listed["items"].as_array().expect("a list").clone())
}

#[tokio::test]
async fn a_partner_is_told_signed_and_nobody_hears_of_the_other_isp() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    let (partner, their_partner) = (Partner::listens().await?, Partner::listens().await?);
    let (place, secret) = adds(&ours, &partner.url(), &["add_router"]).await?;
    let (_, their_secret) = adds(&theirs, &their_partner.url(), &[]).await?;
    world.queue().step().await?;
    let earlier = their_partner.heard().len();

    adds_a_router(&ours, "hill").await?;
    world.queue().step().await?;

    let heard = partner.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    let event = heard[0].json();
    assert_eq!(heard[0].line, "POST /hook?key=k HTTP/1.1");
    assert_eq!(heard[0].header("content-type"), "application/json");
    assert!(heard[0].is_signed_with(&secret) && !heard[0].is_signed_with(&their_secret));
    assert_eq!(heard[0].signed_at(), world.clock.now().as_seconds());
    assert_eq!((&event["type"], &event["provider"]), (&json!("add_router"), &json!(world.isp.tenant.id.to_string())));
    assert_eq!(event["thing"]["kind"], "router");
    assert!(event["changes"].as_array().is_some_and(|all| all.iter().any(|one| one["after"] == "hill")), "{event}");
    assert!(!heard[0].body.contains("correct-horse"));
    assert_eq!(their_partner.heard().len(), earlier, "the other ISP's partner hears nothing of it");
    let told = deliveries(&ours, &place).await?;
    assert_eq!((&told[0]["state"], &told[0]["status"], &told[0]["event"]), (&json!("done"), &json!(200), &event["id"]));
    Ok(())
}

#[tokio::test]
async fn a_secret_is_shown_once_and_what_follows_a_rotation_is_signed_with_the_new_one() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let ours = api.owner(&world, &world.isp).await?;
    let partner = Partner::listens().await?;
    let (place, first) = adds(&ours, &partner.url(), &["add_router"]).await?;

    let rotated = ours.send("POST", &format!("{place}/rotate-secret"), None).await?.is(200)?.json();
    let second = rotated["secret"].as_str().expect("a secret").to_owned();
    ours.send("POST", &format!("{place}/test"), None).await?.is(202)?;
    world.queue().step().await?;

    assert!(first.starts_with("whsec_") && first.len() == 70 && first != second);
    let heard = partner.heard();
    assert_eq!(heard[0].json()["type"], "test_webhook", "a test is told whatever the webhook wants to hear of");
    assert!(heard[0].is_signed_with(&second) && !heard[0].is_signed_with(&first));
    for path in ["/v1/webhooks", &place, &format!("{place}/deliveries")] {
        let text = ours.get(path).await?.is(200)?.text();
        assert!(!text.contains("whsec_") && !text.contains(&second[6..]), "{text}");
    }
    let mut admin = world.database.admin().await;
    let sealed: Vec<u8> =
        sqlx::query_scalar("select secret_sealed from webhooks").fetch_one(&mut admin).await.expect("there");
    assert!(!sealed.windows(12).any(|part| second.as_bytes().windows(12).any(|clear| clear == part)));
    Ok(())
}

#[tokio::test]
async fn a_partner_that_fails_is_told_again_after_growing_waits_and_then_staff_hears_of_it_once() -> anyhow::Result<()>
{
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let ours = api.owner(&world, &world.isp).await?;
    let partner = Partner::listens().await?;
    let (place, secret) = adds(&ours, &partner.url(), &["add_router"]).await?;
    adds_a_router(&ours, "hill").await?;
    adds_a_router(&ours, "valley").await?;
    let manners = [
        Manner::Status(500),
        Manner::HangsUp,
        Manner::Slow(Duration::from_secs(20)),
        Manner::Redirect(partner.url()),
        Manner::Status(404),
    ];
    let mut faults = Vec::new();
    for tries in 1..=tries_max(JobKind::Webhook) {
        partner.answers(manners[usize::try_from(tries)? % manners.len()].clone());
        assert_eq!(world.queue().step().await?, 2, "both, at try {tries}");
        // After a wait nobody is signed in any more.
        let ours = api.owner(&world, &world.isp).await?;
        let told = deliveries(&ours, &place).await?;
        faults.extend(told.iter().map(|one| one["fault"].as_str().unwrap_or_default().to_owned()));
        world.clock.passes(wait_after(JobKind::Webhook, tries).unwrap_or(Span::minutes(24 * 60)));
    }

    assert_eq!(world.queue().step().await?, 0, "it was told often enough");
    let ours = api.owner(&world, &world.isp).await?;
    for part in ["answered 500", "answered 302", "answered 404", "was not reached", "did not answer in time"] {
        assert!(faults.iter().any(|fault| fault.contains(part)), "{part}: {faults:?}");
    }
    let told = deliveries(&ours, &place).await?;
    assert!(told.iter().all(|one| one["state"] == "parked" && one["tries"] == 9), "{told:?}");
    let troubles = ours.get("/v1/exceptions").await?.is(200)?.json();
    assert_eq!(troubles["items"].as_array().map(Vec::len), Some(1), "one for the webhook: {troubles}");

    partner.answers(Manner::Status(204));
    let before = partner.heard();
    let first = told[1]["id"].as_str().expect("an id");
    ours.send("POST", &format!("{place}/deliveries/{first}/replay"), None).await?.is(200)?;
    world.queue().step().await?;

    let heard = partner.heard();
    assert_eq!(heard.len(), before.len() + 1);
    let again = &heard[before.len()];
    assert!(again.is_signed_with(&secret));
    // The two were told side by side: which of them the partner heard first is anybody's guess.
    let earlier = before.iter().find(|one| one.json()["id"] == told[1]["event"]).expect("it was told of it before");
    assert_eq!(again.body, earlier.body, "the same event, with the same id");
    assert_eq!(ours.get(&format!("{place}/deliveries/{first}")).await?.is(200)?.json()["status"], 204);
    let open = ours.get("/v1/exceptions").await?.is(200)?.json();
    assert_eq!(open["items"], json!([]), "it answers again");
    Ok(())
}

#[tokio::test]
async fn a_partner_that_wants_to_hear_nothing_more_is_switched_off_and_staff_is_told() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let ours = api.owner(&world, &world.isp).await?;
    let partner = Partner::listens().await?;
    let (place, _) = adds(&ours, &partner.url(), &["add_router"]).await?;
    partner.answers(Manner::Status(410));
    adds_a_router(&ours, "hill").await?;
    adds_a_router(&ours, "valley").await?;
    while world.queue().step().await? > 0 {}

    adds_a_router(&ours, "coast").await?;
    world.queue().step().await?;

    let heard = partner.heard().len();
    assert!((1..=2).contains(&heard), "{heard}");
    assert_eq!(ours.get(&place).await?.is(200)?.json()["is_active"], false);
    let troubles = ours.get("/v1/exceptions").await?.is(200)?.json();
    assert!(troubles["items"][0]["what"].as_str().is_some_and(|what| what.contains("answered 410")), "{troubles}");
    let refused = ours.send("POST", &format!("{place}/test"), None).await?;
    assert_eq!((refused.status, refused.code().as_str()), (409, "conflict"));
    partner.answers(Manner::Status(200));
    ours.patch(&place, json!({ "is_active": true })).await?.is(200)?;
    ours.send("POST", &format!("{place}/test"), None).await?.is(202)?;
    world.queue().step().await?;
    assert_eq!(partner.heard().len(), heard + 1);
    Ok(())
}

#[tokio::test]
async fn no_address_within_is_ever_asked_unless_the_operator_allows_it() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let ours = api.owner(&world, &world.isp).await?;
    let partner = Partner::listens().await?;
    let port = partner.url().rsplit_once(':').and_then(|(_, rest)| rest.split('/').next()).unwrap_or("1").to_owned();
    let mut places = Vec::new();
    for host in ["127.0.0.1", "127.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254"] {
        let (place, _) = adds(&ours, &format!("https://{host}:{port}/"), &["test_webhook"]).await?;
        ours.send("POST", &format!("{place}/test"), None).await?.is(202)?;
        places.push(place);
    }

    while world.cautious_queue().step().await? > 0 {}

    for place in places {
        let told = deliveries(&ours, &place).await?;
        let all_refused = told.iter().all(|one| {
            one["status"].is_null() && one["fault"].as_str().is_some_and(|why| why.contains("open network"))
        });
        assert!(all_refused && !told.is_empty(), "{told:?}");
    }
    assert_eq!(partner.heard().len(), 0);
    Ok(())
}

#[tokio::test]
async fn a_webhook_is_changed_in_the_state_that_was_seen_and_taken_away() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let ours = api.owner(&world, &world.isp).await?;
    let partner = Partner::listens().await?;
    let (place, _) = adds(&ours, &partner.url(), &["add_router", "add_router"]).await?;
    let seen = ours.get(&place).await?.is(200)?;
    let tag = seen.header("etag").expect("its state").to_owned();

    let changed = ours.clone().with("if-match", &tag).patch(&place, json!({ "events": ["sell_voucher"] })).await?;
    let stale = ours.clone().with("if-match", &tag).patch(&place, json!({ "is_active": false })).await?;
    adds_a_router(&ours, "hill").await?;
    let wrong = ours.post("/v1/webhooks", json!({ "url": "ftp://x", "events": ["dance"] })).await?;
    let stale_removal = ours.clone().with("if-match", &tag).delete(&place).await?;
    ours.delete(&place).await?.is(204)?;
    let told = world.queue().step().await?;

    assert_eq!(seen.json()["events"], json!(["add_router"]));
    assert_eq!(changed.is(200)?.json()["events"], json!(["sell_voucher"]));
    assert_eq!((stale.status, stale_removal.status), (412, 412));
    let fields: Vec<Value> =
        wrong.is(422)?.json()["errors"].as_array().expect("faults").iter().map(|one| one["field"].clone()).collect();
    assert_eq!(fields, [json!("/url"), json!("/events/0")]);
    assert_eq!((told, partner.heard().len()), (0, 0), "it wants to hear of no routers, and then of nothing");
    assert_eq!(ours.get(&place).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn another_isps_webhooks_and_what_they_were_told_are_not_there() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    let partner = Partner::listens().await?;
    let (their_place, _) = adds(&theirs, &partner.url(), &["add_router"]).await?;
    let (our_place, _) = adds(&ours, &partner.url(), &["add_router"]).await?;
    adds_a_router(&theirs, "hill").await?;
    let told = deliveries(&theirs, &their_place).await?;
    let delivery = told[0]["id"].as_str().expect("an id");

    let answers = [
        ours.get(&their_place).await?,
        ours.patch(&their_place, json!({ "is_active": false })).await?,
        ours.delete(&their_place).await?,
        ours.send("POST", &format!("{their_place}/rotate-secret"), None).await?,
        ours.send("POST", &format!("{their_place}/test"), None).await?,
        ours.get(&format!("{their_place}/deliveries")).await?,
        ours.get(&format!("{their_place}/deliveries/{delivery}")).await?,
        ours.get(&format!("{our_place}/deliveries/{delivery}")).await?,
        ours.send("POST", &format!("{our_place}/deliveries/{delivery}/replay"), None).await?,
        ours.get("/v1/webhooks/nonsense").await?,
    ];

    for answer in answers {
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{}", answer.text());
    }
    let listed = ours.get("/v1/webhooks").await?.is(200)?.json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    Ok(())
}
