//! `/v1/payments`: found, told whole, looked up, tried again, served and given back.

use domain::money::payment::PaymentState;
use domain::people::permission::{Act, Permissions, Thing};
use domain::people::role::{Preset, RoleName, Services};
use domain::people::staff::Zoned;
use serde_json::{Value, json};
use store::sales::vouchers;

use super::{Counter, PHONE, rows};

#[tokio::test]
async fn a_payment_is_found_by_what_people_know_of_it() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let payment = counter.buys().await?;
    let receipt = counter.world.gateway.pays();
    counter.passes(25).await?;
    let transfer = counter.world.gateway.transfer(&receipt);
    counter.is_told(&transfer, domain::money::arrival::Source::Pull, true).await?;

    let (id, reference) = (payment.id.to_string(), payment.reference.expose().to_owned());
    let today = counter.today();
    for query in [
        String::new(),
        format!("?q={}", reference.to_lowercase()),
        format!("?q={receipt}"),
        "?q=ws_CO_1".to_owned(),
        format!("?q={PHONE}"),
        "?phone=254712345678&state=paid".to_owned(),
        format!("?plan={}&gateway={}", counter.plan, counter.gateway),
        format!("?day={today}"),
    ] {
        let listed = counter.sees(&format!("/v1/payments{query}")).await?;
        assert_eq!(rows(&listed).len(), 1, "{query}: {listed}");
        assert_eq!(rows(&listed)[0]["id"], id, "{query}");
    }
    for query in ["?q=ABCD2345", "?state=failed", "?phone=0799999999", "?day=2026-01-01"] {
        assert_eq!(counter.sees(&format!("/v1/payments{query}")).await?["items"], json!([]), "{query}");
    }
    for bad in ["?state=rich", "?day=today", "?plan=x", "?colour=red"] {
        assert_eq!(counter.ours.get(&format!("/v1/payments{bad}")).await?.status, 400, "{bad}");
    }
    assert_eq!(counter.theirs.get("/v1/payments").await?.json()["items"], json!([]));
    assert_eq!(counter.theirs.get(&format!("/v1/payments?q={receipt}")).await?.json()["items"], json!([]));
    assert_eq!(counter.theirs.get(&format!("/v1/payments/{id}")).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn a_payment_tells_its_whole_story() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let payment = counter.buys().await?;
    counter.world.gateway.pays();
    counter.passes(25).await?;

    let story = counter.sees(&format!("/v1/payments/{}", payment.id)).await?;

    let steps: Vec<&str> =
        story["steps"].as_array().expect("a list").iter().filter_map(|one| one["state"].as_str()).collect();
    assert_eq!(steps, ["created", "pushing", "awaiting", "paid_unreceipted"], "{story}");
    assert_eq!(story["payment"]["price"], json!({ "minor": 2000, "currency": "KES" }));
    assert_eq!(story["arrivals"][0]["state"], "for_payment");
    assert_eq!(story["activation"]["holder"]["kind"], "voucher");
    let mut kinds: Vec<&str> =
        story["entries"].as_array().expect("a list").iter().filter_map(|entry| entry["kind"].as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["arrival", "sale"]);
    for entry in story["entries"].as_array().expect("a list") {
        let sum: i64 = entry["postings"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|one| one["amount"]["minor"].as_i64())
            .sum();
        assert_eq!(sum, 0, "{entry}");
    }
    counter.is_whole().await
}

#[tokio::test]
async fn staff_looks_a_payment_up_before_its_turn() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let payment = counter.buys().await?;
    counter.world.gateway.pays();
    counter.settles().await?;
    assert_eq!(counter.payment(payment.id).await?.state, PaymentState::Awaiting, "it is not its turn yet");

    let place = format!("/v1/payments/{}", payment.id);
    assert_eq!(counter.theirs.send("POST", &format!("{place}/look-up"), None).await?.status, 404);
    counter.ours.send("POST", &format!("{place}/look-up"), None).await?.is(200)?;
    counter.settles().await?;

    assert_eq!(counter.sees(&place).await?["payment"]["state"], "paid_unreceipted");
    let again = counter.ours.send("POST", &format!("{place}/look-up"), None).await?;
    assert_eq!((again.status, again.code().as_str()), (409, "conflict"), "{}", again.text());
    Ok(())
}

#[tokio::test]
async fn whoever_refused_by_mistake_is_prompted_again() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let payment = counter.buys().await?;
    let place = format!("/v1/payments/{}", payment.id);
    let early = counter.ours.send("POST", &format!("{place}/retry"), None).await?;
    assert_eq!((early.status, early.code().as_str()), (409, "conflict"), "{}", early.text());
    counter.world.gateway.refuses();
    counter.passes(25).await?;
    assert_eq!(counter.sees(&place).await?["payment"]["failure"], "cancelled");

    let retried = counter.ours.send("POST", &format!("{place}/retry"), None).await?.is(201)?;
    let second = retried.header("location").expect("where").to_owned();
    counter.world.queue().step().await?;
    counter.world.gateway.pays();
    counter.passes(25).await?;

    assert_eq!(counter.world.gateway.prompts().len(), 2);
    assert_eq!(counter.sees(&second).await?["payment"]["state"], "paid_unreceipted");
    assert_eq!(counter.sees(&place).await?["payment"]["state"], "failed");
    let paid = counter.ours.send("POST", &format!("{second}/retry"), None).await?;
    assert_eq!(paid.status, 409, "{}", paid.text());
    counter.is_whole().await
}

#[tokio::test]
async fn what_was_paid_is_given_back_into_the_wallet_and_its_voucher_is_gone() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let payment = counter.buys().await?;
    counter.world.gateway.pays();
    counter.passes(25).await?;
    let place = format!("/v1/payments/{}/refund", payment.id);

    for bad in [json!({ "to": "wallet", "why": "x" }), json!({ "to": "moon", "why": "it was down" }), json!({})] {
        assert_eq!(counter.ours.post(&place, bad.clone()).await?.status, 422, "{bad}");
    }
    let back = counter.does(&place, json!({ "to": "wallet", "why": "the tower was down" })).await?;

    assert_eq!(back["payment"]["state"], "reversed");
    let wallet = counter.sees(&format!("/v1/wallets?phone={PHONE}")).await?;
    assert_eq!(rows(&wallet)[0]["balance"]["minor"], 2_000);
    let statement = counter.sees(&format!("/v1/wallets/statement?phone={PHONE}")).await?;
    assert_eq!(rows(&statement).len(), 3, "{statement}");
    let mut tx = counter.world.store.tenant(&counter.world.isp.scope).await?;
    let voucher = vouchers::find_by_code(&mut tx, &payment.reference).await?.expect("made");
    assert_eq!(voucher.state.name(counter.world.context().now()), "revoked");
    drop(tx);
    let again = counter.ours.post(&place, json!({ "to": "wallet", "why": "the tower was down" })).await?;
    assert_eq!(again.status, 409, "{}", again.text());
    counter.is_whole().await
}

#[tokio::test]
async fn what_was_paid_goes_back_to_whoever_paid_by_the_gateway_once() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let payment = counter.buys().await?;
    let receipt = counter.world.gateway.pays();
    counter.passes(25).await?;
    let place = format!("/v1/payments/{}/refund", payment.id);
    let to_payer = json!({ "to": "payer", "why": "paid for the wrong house" });
    let early = counter.ours.post(&place, to_payer.clone()).await?;
    assert_eq!((early.status, early.code().as_str()), (409, "conflict"), "it has no receipt yet: {}", early.text());
    let transfer = counter.world.gateway.transfer(&receipt);
    counter.is_told(&transfer, domain::money::arrival::Source::Pull, true).await?;

    counter.does(&place, to_payer.clone()).await?;
    counter.settles().await?;

    assert_eq!(counter.world.gateway.asked_back(), 1);
    let arrival = counter.sees(&format!("/v1/arrivals?q={receipt}")).await?;
    let story = counter.sees(&format!("/v1/arrivals/{}", rows(&arrival)[0]["id"].as_str().expect("an id"))).await?;
    assert_eq!(story["refunds"][0]["state"], "sent", "{story}");
    let again = counter.ours.post(&place, to_payer).await?;
    assert_eq!(again.status, 409, "{}", again.text());
    counter.is_whole().await
}

#[tokio::test]
async fn what_could_not_be_given_is_given_by_the_button_of_its_exception() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let house = counter.house("mary-home").await?;
    counter.ours.send("POST", &format!("/v1/subscribers/{house}/suspend"), None).await?.is(200)?;
    let cash = json!({ "subscriber_id": house, "note": "book 1", "amount": { "minor": 2000, "currency": "KES" } });
    let paid = counter.does("/v1/cash", cash).await?;
    let listed = counter.sees("/v1/exceptions").await?;
    let trouble = &rows(&listed)[0];
    assert_eq!(
        (&trouble["kind"], &trouble["action"]["verb"]),
        (&json!("paid_not_served"), &json!("serve")),
        "{trouble}"
    );
    assert_eq!(trouble["about"], paid["id"]);
    let button = trouble["action"]["path"].as_str().expect("a path").to_owned();

    let still = counter.ours.send("POST", &button, None).await?;
    assert_eq!((still.status, still.code().as_str()), (409, "conflict"), "{}", still.text());
    counter.ours.send("POST", &format!("/v1/subscribers/{house}/resume"), None).await?.is(200)?;
    let served = counter.ours.send("POST", &button, None).await?.is(200)?.json();

    assert_eq!(served["activation"]["holder"]["id"], house);
    assert_eq!(counter.sees("/v1/exceptions").await?["items"], json!([]));
    assert_eq!(counter.ours.send("POST", &button, None).await?.status, 409, "it is given once");
    counter.is_whole().await
}

#[tokio::test]
async fn payments_go_home_as_a_file() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let payment = counter.buys().await?;

    let csv = counter.ours.get("/v1/payments/export?state=awaiting").await?.is(200)?.text();
    let workbook = counter.ours.get("/v1/payments/export?format=xlsx").await?.is(200)?;
    let none = counter.theirs.get("/v1/payments/export").await?.is(200)?.text();

    assert!(csv.contains("created_at,reference,buys,phone,price"), "{csv}");
    assert!(csv.contains(payment.reference.expose()) && csv.contains(",20,KES,awaiting,"), "{csv}");
    assert!(workbook.body.starts_with(b"PK"));
    assert!(!none.contains(payment.reference.expose()) && none.lines().count() == 1, "{none}");
    Ok(())
}

#[tokio::test]
async fn everybody_sees_of_payments_what_is_theirs_to_see() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let (world, api) = (&counter.world, &counter.api);
    let bought = counter.buys().await?;
    let house = counter.house("mary-home").await?;
    let cash = json!({ "subscriber_id": house, "note": "book 1", "amount": { "minor": 2000, "currency": "KES" } });
    let renewed = counter.does("/v1/cash", cash).await?["id"].clone();
    let may = Permissions::on(Thing::Payments, &Act::ALL);
    let of_lines = api.program_of(world, &world.isp, may, Services::PppoeAndStatic, Zoned::All).await?;
    let nowhere = api.program_of(world, &world.isp, may, Services::All, Zoned::Some(Vec::new())).await?;
    let role = |preset| api.signed_in(world, &world.isp, RoleName::Preset(preset), Zoned::All);
    let (support, technician) = (role(Preset::Support).await?, role(Preset::Technician).await?);

    let ids = |list: &Value| rows(list).iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&of_lines.get("/v1/payments").await?.is(200)?.json()), std::slice::from_ref(&renewed));
    assert_eq!(of_lines.get(&format!("/v1/payments/{}", bought.id)).await?.status, 404);
    assert_eq!(ids(&nowhere.get("/v1/payments").await?.is(200)?.json()), [json!(bought.id.to_string())]);
    assert_eq!(ids(&support.get("/v1/payments").await?.is(200)?.json()).len(), 2);
    assert_eq!(technician.get("/v1/payments").await?.status, 403);
    let refund = json!({ "to": "wallet", "why": "the tower was down" });
    let place = format!("/v1/payments/{}/refund", renewed.as_str().expect("an id"));
    assert_eq!(support.post(&place, refund).await?.status, 403, "whoever answers customers gives no money back");
    Ok(())
}
