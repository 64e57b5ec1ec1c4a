//! `/v1/arrivals`: money that nobody was found for is seen, suggested, matched, accepted, disputed, claimed, given back.

use domain::money::arrival::Source;
use domain::people::permission::{Act, Permissions, Thing};
use domain::people::role::Services;
use domain::people::staff::Zoned;
use domain::time::Span;
use serde_json::{Value, json};
use tests::gateway::Answers;

use super::{Counter, rows};

/// The payments, subscribers and telephones that are suggested.
fn suggested<'a>(story: &'a Value, whom: &str) -> Vec<&'a str> {
    let all = story["suggestions"].as_array().expect("a list");
    all.iter().filter_map(|one| one[whom].as_str()).collect()
}

#[tokio::test]
async fn a_stray_receipt_is_seen_suggested_and_matched_to_who_is_meant() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let house = counter.house("ppp1042").await?;
    let transfer = counter.world.gateway.is_paid_by_hand("PPP-1043", 2_000, "254712***126");
    let id = counter.is_told(&transfer, Source::Pull, true).await?;
    let place = format!("/v1/arrivals/{id}");

    let listed = counter.sees("/v1/arrivals?state=pending").await?;
    let story = counter.sees(&place).await?;
    let trouble = rows(&counter.sees("/v1/exceptions").await?)[0].clone();

    assert_eq!(rows(&listed)[0]["receipt"], transfer.receipt.as_str());
    assert_eq!(suggested(&story, "subscriber"), [house.as_str()], "{story}");
    assert_eq!(
        trouble["action"],
        json!({ "verb": "match", "method": "POST", "path": format!("{place}/match"),
        "say": "Say whose it is" })
    );
    for answer in [counter.theirs.get(&place).await?, counter.theirs.post(&format!("{place}/match"), json!({})).await?]
    {
        assert_eq!(answer.status, 404, "{}", answer.text());
    }
    for bad in [json!({}), json!({ "phone": "me" }), json!({ "phone": "0712345678", "subscriber_id": house })] {
        assert_eq!(counter.ours.post(&format!("{place}/match"), bad.clone()).await?.status, 422, "{bad}");
    }

    let matched = counter.does(&format!("{place}/match"), json!({ "subscriber_id": house })).await?;
    assert_eq!((&matched["arrival"]["state"], &matched["suggestions"]), (&json!("in_wallet"), &json!([])));
    assert_eq!(counter.sees("/v1/exceptions").await?["items"], json!([]));
    let renewed = counter.sees(&format!("/v1/payments?subscriber={house}")).await?;
    assert_eq!((&rows(&renewed)[0]["state"], &rows(&renewed)[0]["buys"]), (&json!("paid"), &json!("renewal")));
    let twice = counter.ours.post(&format!("{place}/match"), json!({ "phone": "0712345678" })).await?;
    assert_eq!((twice.status, twice.code().as_str()), (409, "conflict"), "{}", twice.text());
    counter.is_whole().await
}

#[tokio::test]
async fn money_buys_the_plan_that_staff_names_for_a_telephone() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let transfer = counter.world.gateway.is_paid_by_hand("wifi", 2_500, "254712***126");
    let id = counter.is_told(&transfer, Source::Pull, true).await?;

    let whose = json!({ "phone": "0712 345 126", "plan_id": counter.plan });
    let matched = counter.does(&format!("/v1/arrivals/{id}/match"), whose).await?;

    let payment = matched["arrival"]["payment"].as_str().expect("a payment");
    let story = counter.sees(&format!("/v1/payments/{payment}")).await?;
    assert_eq!(story["activation"]["holder"]["kind"], "voucher", "{story}");
    assert_eq!(story["payment"]["buyer"], "254712345126");
    let wallet = counter.sees("/v1/wallets?phone=0712345126").await?;
    assert_eq!(rows(&wallet)[0]["balance"]["minor"], 500, "what is over stays theirs");
    counter.is_whole().await
}

#[tokio::test]
async fn who_was_prompted_and_paid_by_hand_is_suggested_by_the_number_that_is_shown_in_part() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let payment = counter.buys().await?;
    counter.world.gateway.refuses();
    counter.passes(25).await?;
    counter.world.clock.passes(Span::minutes(3));
    let transfer = counter.world.gateway.is_paid_by_hand("wifi please", 2_000, "254712***678");
    let id = counter.is_told(&transfer, Source::Pull, true).await?;

    let story = counter.sees(&format!("/v1/arrivals/{id}")).await?;

    assert_eq!(suggested(&story, "payment"), [payment.id.to_string()], "{story}");
    counter.does(&format!("/v1/arrivals/{id}/match"), json!({ "payment_id": payment.id.to_string() })).await?;
    assert_eq!(counter.sees(&format!("/v1/payments/{}", payment.id)).await?["payment"]["state"], "paid");
    counter.is_whole().await
}

#[tokio::test]
async fn what_nobody_can_verify_counts_when_staff_answers_for_it() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let transfer = counter.world.gateway.is_paid_by_hand("wifi", 2_000, "254712***126");
    let id = counter.is_told(&transfer, Source::Confirmation, false).await?;
    let place = format!("/v1/arrivals/{id}");
    let trouble = rows(&counter.sees("/v1/exceptions").await?)[0].clone();
    assert_eq!(trouble["action"]["path"], format!("{place}/accept"), "{trouble}");
    let early = counter.ours.post(&format!("{place}/match"), json!({ "phone": "0712345678" })).await?;
    assert_eq!(early.status, 409, "{}", early.text());
    assert_eq!(rows(&counter.sees("/v1/arrivals?verified=false").await?).len(), 1);

    let accepted = counter.ours.send("POST", &format!("{place}/accept"), None).await?.is(200)?.json();

    assert_eq!((&accepted["arrival"]["is_verified"], &accepted["arrival"]["state"]), (&json!(true), &json!("pending")));
    let trouble = rows(&counter.sees("/v1/exceptions").await?)[0].clone();
    assert_eq!(trouble["action"]["verb"], "match", "now it is to be said whose it is: {trouble}");
    assert_eq!(counter.ours.send("POST", &format!("{place}/accept"), None).await?.status, 409);
    counter.is_whole().await
}

#[tokio::test]
async fn money_is_disputed_and_given_back_by_the_gateway() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let transfer = counter.world.gateway.is_paid_by_hand("another shop", 2_000, "254712***126");
    let id = counter.is_told(&transfer, Source::Pull, true).await?;
    let place = format!("/v1/arrivals/{id}");

    let disputed =
        counter.does(&format!("{place}/dispute"), json!({ "note": "they meant the shop next door" })).await?;
    assert_eq!(disputed["arrival"]["state"], "disputed");
    let trouble = rows(&counter.sees("/v1/exceptions").await?)[0].clone();
    assert!(trouble["what"].as_str().is_some_and(|what| what.contains("the shop next door")), "{trouble}");
    assert_eq!(counter.ours.post(&format!("{place}/give-back"), json!({ "why": "x" })).await?.status, 422);
    let back = counter.does(&format!("{place}/give-back"), json!({ "why": "paid to the wrong shop" })).await?;
    assert_eq!(back["refunds"][0]["state"], "asked");
    let twice = counter.ours.post(&format!("{place}/give-back"), json!({ "why": "paid to the wrong shop" })).await?;
    assert_eq!((twice.status, twice.code().as_str()), (409, "conflict"), "{}", twice.text());
    counter.settles().await?;
    assert_eq!(counter.world.gateway.asked_back(), 1);
    counter.is_whole().await
}

#[tokio::test]
async fn somebody_shows_a_receipt_and_the_gateway_is_asked() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    counter.world.gateway.answers_about_receipts(Answers::AtOnce);
    let transfer = counter.world.gateway.is_paid_by_hand("no idea", 2_000, "254712***126");
    let claim = json!({ "gateway_id": counter.gateway, "receipt": transfer.receipt.as_str().to_lowercase(),
        "phone": "0712345126" });

    let asked = counter.ours.post("/v1/arrivals/claim", claim.clone()).await?.is(202)?.json();
    assert_eq!(asked["came_of_it"], "asked");
    counter.settles().await?;

    let listed = counter.sees(&format!("/v1/arrivals?q={}", transfer.receipt)).await?;
    assert_eq!(
        (&rows(&listed)[0]["state"], &rows(&listed)[0]["wallet_phone"]),
        (&json!("in_wallet"), &json!("254712345126"))
    );
    let again = counter.ours.post("/v1/arrivals/claim", claim.clone()).await?;
    assert_eq!((again.status, again.code().as_str()), (409, "conflict"), "{}", again.text());
    let mut bad = claim.clone();
    bad["receipt"] = json!("no!");
    assert_eq!(counter.ours.post("/v1/arrivals/claim", bad).await?.json()["errors"][0]["field"], "/receipt");
    let theirs = counter.theirs.post("/v1/arrivals/claim", claim).await?;
    assert_eq!(theirs.status, 404, "nobody asks in another's name: {}", theirs.text());
    counter.is_whole().await
}

#[tokio::test]
async fn cash_buys_what_it_pays_for() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let cash = |minor: i64, currency: &str| {
        json!({ "plan_id": counter.plan, "phone": "0712345678", "note": "book 12, page 3",
            "amount": { "minor": minor, "currency": currency } })
    };

    let paid = counter.does("/v1/cash", cash(5_000, "KES")).await?;

    assert_eq!((&paid["state"], &paid["gateway"]), (&json!("paid"), &Value::Null));
    let story = counter.sees(&format!("/v1/payments/{}", paid["id"].as_str().expect("an id"))).await?;
    assert_eq!(
        (&story["arrivals"][0]["source"], &story["arrivals"][0]["account"]),
        (&json!("counter"), &json!("book 12, page 3"))
    );
    assert_eq!(rows(&counter.sees("/v1/arrivals?source=counter").await?).len(), 1);
    assert_eq!(rows(&counter.sees("/v1/wallets").await?)[0]["balance"]["minor"], 3_000);
    for (bad, field) in
        [(cash(0, "KES"), "/amount"), (cash(100, "USD"), "/amount/currency"), (cash(1, "shilling"), "/amount")]
    {
        let answer = counter.ours.post("/v1/cash", bad).await?;
        assert_eq!(
            (answer.status, answer.json()["errors"][0]["field"].as_str()),
            (422, Some(field)),
            "{}",
            answer.text()
        );
    }
    let nothing = json!({ "note": "x", "amount": { "minor": 100, "currency": "KES" } });
    assert_eq!(counter.ours.post("/v1/cash", nothing).await?.status, 422);
    let theirs = counter.theirs.post("/v1/cash", cash(2_000, "KES")).await?;
    assert_eq!(theirs.status, 404, "our plan is not theirs to sell: {}", theirs.text());
    counter.is_whole().await
}

#[tokio::test]
async fn money_goes_home_as_a_file_and_is_for_those_who_see_all() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let transfer = counter.world.gateway.is_paid_by_hand("=cmd()", 2_000, "254712***126");
    counter.is_told(&transfer, Source::Pull, true).await?;
    let may = Permissions::on(Thing::Payments, &Act::ALL).and(Permissions::on(Thing::Exceptions, &Act::ALL));
    let (world, api) = (&counter.world, &counter.api);
    let zoned = api.program_of(world, &world.isp, may, Services::All, Zoned::Some(Vec::new())).await?;
    let blind = Permissions::on(Thing::Exceptions, &Act::ALL);
    let blind = api.program(world, &world.isp, blind).await?;

    let csv = counter.ours.get("/v1/arrivals/export?state=pending").await?.is(200)?.text();

    assert!(csv.contains(transfer.receipt.as_str()) && csv.contains("'=cmd()"), "{csv}");
    assert_eq!(zoned.get("/v1/arrivals").await?.status, 403);
    assert_eq!(
        blind.get("/v1/exceptions").await?.is(200)?.json()["items"],
        json!([]),
        "troubles with money tell of money"
    );
    assert_eq!(counter.theirs.get("/v1/arrivals/export").await?.is(200)?.text().lines().count(), 1);
    Ok(())
}
