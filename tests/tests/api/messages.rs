//! `/v1/messages`: an ISP sets up how it speaks to telephones, tries it, sees what became of it, and sends again.

use domain::people::role::{Preset, RoleName};
use domain::people::staff::Zoned;
use serde_json::{Value, json};
use simulators::sms::{Account, Mishap};
use tests::api::{Api, Client};
use tests::world::World;

const PHONE: &str = "254712345678";

fn setup() -> Value {
    let account = Account::default();
    json!({ "africas_talking": { "username": account.username, "world": "sandbox" }, "key": account.key,
        "sender": "SAVANNA", "brand": "Savanna Net", "contact": "0700111222" })
}

async fn opened() -> anyhow::Result<(World, Api, Client, Client)> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    Ok((world, api, ours, theirs))
}

async fn puts(staff: &Client, body: Value) -> anyhow::Result<Value> {
    Ok(staff.send("PUT", "/v1/messages/settings", Some(body)).await?.is(200)?.json())
}

async fn listed(staff: &Client, query: &str) -> anyhow::Result<Vec<Value>> {
    let page = staff.get(&format!("/v1/messages{query}")).await?.is(200)?.json();
    Ok(page["items"].as_array().expect("a list").clone())
}

#[tokio::test]
async fn an_isp_sets_up_its_provider_tries_it_and_nobody_is_shown_the_key() -> anyhow::Result<()> {
    let (world, _api, ours, theirs) = opened().await?;
    let key = Account::default().key;
    let nothing = ours.get("/v1/messages/settings").await?.is(200)?.json();
    assert_eq!((&nothing["revision"], &nothing["has_key"]), (&json!(0), &json!(false)));
    let early = ours.post("/v1/messages/test", json!({ "phone": "0712345678" })).await?.is(409)?;
    assert!(early.text().contains("no provider is set up"), "{}", early.text());

    let put = puts(&ours, setup()).await?;

    assert_eq!((&put["has_key"], &put["revision"], &put["sends_vouchers"]), (&json!(true), &json!(1), &json!(true)));
    let tested = ours.post("/v1/messages/test", json!({ "phone": "0712 345 678" })).await?.is(202)?.json();
    world.queue().step().await?;
    assert_eq!(world.sms.messages_to(PHONE).len(), 1);
    let now = ours.get(&format!("/v1/messages/{}", tested["id"].as_str().expect("an id"))).await?.is(200)?.json();
    assert_eq!((&now["state"], &now["phone"], &now["parts"]), (&json!("sent"), &json!(PHONE), &json!(1)));
    for path in ["/v1/messages/settings", "/v1/messages", "/v1/audit", "/v1/messages/templates"] {
        assert!(!ours.get(path).await?.is(200)?.text().contains(&key), "{path}");
        assert!(!theirs.get(path).await?.is(200)?.text().contains("Savanna Net"), "{path}");
    }
    assert_eq!(listed(&theirs, "").await?, Vec::<Value>::new());
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_with_a_set_up_is_told_field_by_field() -> anyhow::Result<()> {
    let (_world, _api, ours, _theirs) = opened().await?;
    let fields = |answer: Value| -> Vec<String> {
        let all = answer["errors"].as_array().cloned().unwrap_or_default();
        all.iter().filter_map(|one| one["field"].as_str().map(ToOwned::to_owned)).collect()
    };
    let http = json!({ "method": "POST", "url": "https://{key}.example/", "phone_form": "plus",
        "body_kind": "json", "body": "{\"to\": {to}}", "success": { "good": ["x"] } });

    for (body, expected) in [
        (json!({ "contact": "0700111222", "key": "k" }), vec!["/africas_talking"]),
        (json!({ "africas_talking": { "username": "a", "world": "sandbox" }, "contact": "c" }), vec!["/key"]),
        (
            json!({ "http": http, "key": "k", "contact": "", "sender": "much too long a name", "language": "english" }),
            vec!["/sender", "/language"],
        ),
        (
            json!({ "http": http, "key": "k", "contact": "" }),
            vec!["/http/url", "/http/body", "/http/body", "/http/success", "/contact"],
        ),
    ] {
        let answer = ours.send("PUT", "/v1/messages/settings", Some(body.clone())).await?.is(422)?;
        assert_eq!(fields(answer.json()), expected, "{body}: {}", answer.text());
    }
    let moon = json!({ "africas_talking": { "username": "a", "world": "moon" }, "contact": "c" });
    assert_eq!(ours.send("PUT", "/v1/messages/settings", Some(moon)).await?.status, 422);
    Ok(())
}

#[tokio::test]
async fn keys_stay_when_they_are_left_out_and_another_host_wants_them_anew() -> anyhow::Result<()> {
    let (world, _api, ours, _theirs) = opened().await?;
    puts(&ours, setup()).await?;
    let tag = ours.get("/v1/messages/settings").await?.header("etag").expect("a tag").to_owned();
    let mut other = setup();
    other["key"] = Value::Null;
    other["contact"] = json!("0700999888");
    let put = puts(&ours, other.clone()).await?;
    assert_eq!((&put["contact"], &put["revision"]), (&json!("0700999888"), &json!(2)));
    ours.post("/v1/messages/test", json!({ "phone": PHONE })).await?.is(202)?;
    world.queue().step().await?;
    assert_eq!(world.sms.messages_to(PHONE).len(), 1, "the key is still there");

    let base = world.sms.base();
    let elsewhere = json!({ "http": { "method": "GET", "phone_form": "international",
        "url": format!("{base}/api/send?mobile={{to}}&message={{message}}&apikey={{key}}"),
        "success": { "verdict_at": ["/code"], "good": ["200"] } }, "contact": "0700111222" });
    let refused = ours.send("PUT", "/v1/messages/settings", Some(elsewhere.clone())).await?.is(422)?;
    assert!(refused.text().contains("give the keys anew"), "{}", refused.text());
    let mut with_key = elsewhere;
    with_key["key"] = json!(Account::default().key);
    let put = puts(&ours, with_key).await?;
    assert_eq!((&put["africas_talking"], &put["http"]["method"]), (&Value::Null, &json!("GET")));
    ours.post("/v1/messages/test", json!({ "phone": PHONE })).await?.is(202)?;
    world.queue().step().await?;
    assert_eq!(world.sms.messages_to(PHONE).len(), 2);

    // Whoever saw it as it was does not overwrite what it is now.
    let late = ours.clone().with("if-match", &tag).send("PUT", "/v1/messages/settings", Some(other)).await?;
    assert_eq!(late.status, 412, "{}", late.text());
    Ok(())
}

#[tokio::test]
async fn texts_are_written_looked_at_and_refused_with_the_places_that_there_are() -> anyhow::Result<()> {
    let (_world, _api, ours, theirs) = opened().await?;
    let bad = json!({ "kind": "voucher_sold", "language": "en", "text": "{brand}: {pin}" });
    for (method, path) in [("PUT", "/v1/messages/templates"), ("POST", "/v1/messages/templates/preview")] {
        let refused = ours.send(method, path, Some(bad.clone())).await?.is(422)?.text();
        assert!(refused.contains("no `{pin}`") && refused.contains("{contact}"), "{refused}");
    }
    let text = "{code} for {plan}: {start} - {end}. {contact}, {brand}";
    let good = json!({ "kind": "voucher_sold", "language": "fr", "text": text });

    let preview = ours.post("/v1/messages/templates/preview", good.clone()).await?.is(200)?.json();
    let put = ours.send("PUT", "/v1/messages/templates", Some(good)).await?.is(200)?.json();

    assert_eq!((&preview["parts"], &preview["alphabet"]), (&json!(1), &json!("gsm7")));
    assert!(preview["text"].as_str().is_some_and(|text| text.starts_with("7KQ2MXAB for hour")), "{preview}");
    assert!(put["changed_at"].is_string());
    let all = ours.get("/v1/messages/templates").await?.is(200)?.json();
    assert_eq!(all["items"].as_array().map(Vec::len), Some(9));
    let french = ours.get("/v1/messages/templates?kind=voucher_sold&language=fr").await?.is(200)?.json();
    assert_eq!(french["items"][0]["text"], json!(text));
    let none = theirs.get("/v1/messages/templates?language=fr").await?.is(200)?.json();
    assert_eq!(none["items"], json!([]));
    assert_eq!(ours.get("/v1/messages/templates?kind=poem").await?.status, 400);
    Ok(())
}

#[tokio::test]
async fn what_failed_is_found_and_sent_again_by_whoever_answers_customers() -> anyhow::Result<()> {
    let (world, api, ours, theirs) = opened().await?;
    puts(&ours, setup()).await?;
    let support = api.signed_in(&world, &world.isp, RoleName::Preset(Preset::Support), Zoned::All).await?;
    let technician = api.signed_in(&world, &world.isp, RoleName::Preset(Preset::Technician), Zoned::All).await?;
    for _ in 0..2 {
        world.sms.next_goes_wrong(Mishap::Verdict(403));
        support.post("/v1/messages/test", json!({ "phone": "0712345678" })).await?.is(202)?;
        world.queue().step().await?;
    }
    let failed = listed(&support, "?state=failed&phone=0712345678&kind=test").await?;
    assert_eq!(failed.len(), 2);
    assert!(failed[0]["fault"].as_str().is_some_and(|fault| fault.contains("InvalidPhoneNumber")), "{}", failed[0]);
    let place = format!("/v1/messages/{}/retry", failed[0]["id"].as_str().expect("an id"));

    assert_eq!(theirs.post(&place, json!({})).await?.status, 404);
    for staff in [&technician, &support] {
        assert_eq!(staff.send("PUT", "/v1/messages/settings", Some(setup())).await?.status, 403);
    }
    assert_eq!(technician.get("/v1/messages").await?.status, 403);
    // Nobody waits for a test any more: what it said is not kept.
    let gone = support.send("POST", &place, None).await?.is(409)?;
    assert!(gone.text().contains("not kept"), "{}", gone.text());
    let none = support.send("POST", "/v1/messages/retry", None).await?.is(200)?.json();
    assert_eq!(none["count"], json!(0));
    Ok(())
}
