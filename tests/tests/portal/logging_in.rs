//! From what somebody types to the router, and what keeps them on the page.

use domain::phone::{CallingCode, Msisdn};
use domain::sales::plan::PlanService;
use domain::time::Span;
use tests::portal::{Portal, arriving};
use tests::world::{hour, month};

use crate::{comes_online, world};

const MAC: &str = "02:00:00:00:00:01";

#[tokio::test]
async fn a_good_code_goes_to_the_router_and_radius_lets_it_in() -> anyhow::Result<()> {
    let world = world().await?;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
    world.prints(&world.isp, &plan, &["GoodCode1"]).await?;
    let portal = Portal::open(&world).await?;
    let phone = portal.phone(&world.isp);
    let ticket = phone.arrives(MAC).await?.ticket();

    let sent = phone.post("/", &[("c", &ticket), ("code", " Good Code1 ")]).await?;

    assert_eq!(sent.status(), 303);
    assert_eq!(sent.location(), Some("http://10.5.50.1/login?username=GoodCode1&password=GoodCode1"));
    let reply = world.isp.router.asks_at_hotspot("GoodCode1", "GoodCode1", MAC).await?.expect("an answer");
    assert!(reply.is_accept());
    Ok(())
}

#[tokio::test]
async fn a_number_goes_as_routers_know_it_and_chap_is_left_to_the_routers_page() -> anyhow::Result<()> {
    let world = world().await?;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
    let buyer = Msisdn::parse(b"0712345678", &CallingCode::kenya())?;
    world.prints_as(&world.isp, &plan, &["BoughtOne1"], |made| made.bought_by = Some(buyer)).await?;
    let portal = Portal::open(&world).await?;
    let phone = portal.phone(&world.isp);
    let fields =
        [("mac", MAC), ("lo", "http://10.5.50.1/login"), ("ci", "\\120"), ("orig", "http://news.example/?a=1")];
    let ticket = phone.get(&arriving(&fields)).await?.ticket();

    for spelling in ["0712 345 678", "+254712345678", "712345678"] {
        let sent = phone.post("/", &[("c", &ticket), ("code", spelling)]).await?;

        let to = "http://10.5.50.1/login?var=254712345678&dst=http%3A%2F%2Fnews.example%2F%3Fa%3D1";
        assert_eq!(sent.location(), Some(to), "{spelling}");
    }
    let reply = world.isp.router.asks_at_hotspot("254712345678", "254712345678", MAC).await?.expect("an answer");
    assert!(reply.is_accept());
    Ok(())
}

#[tokio::test]
async fn a_wrong_code_stays_on_the_page_with_its_sentence() -> anyhow::Result<()> {
    let world = world().await?;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
    let house = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await?;
    let mut sold_first = hour();
    sold_first.anchor = domain::sales::plan::ValidityAnchor::Sale;
    let unsold = world.sells(&world.isp, sold_first, "card", PlanService::Hotspot).await?;
    world.prints(&world.isp, &plan, &["GoodCode1", "UsedCode1"]).await?;
    world.prints(&world.isp, &unsold, &["UnsoldCode1"]).await?;
    world
        .prints(&world.other, &world.sells(&world.other, hour(), "hour", PlanService::Hotspot).await?, &["TheirCode1"])
        .await?;
    world.connects(&world.isp, &house, "house7", "secret77").await?;
    comes_online(&world, &world.isp, "UsedCode1", "02:00:00:00:00:99").await?;
    let portal = Portal::open(&world).await?;
    let cases = [
        ("", "Type your voucher code"),
        ("no/such", "This cannot be a voucher code"),
        ("NoSuchCode1", "Code or number not found"),
        ("TheirCode1", "Code or number not found"),
        ("house7", "Code or number not found"),
        ("goodcode1", "check capital and small letters"),
        ("UnsoldCode1", "has not been sold yet"),
        ("UsedCode1", "already in use on another device"),
    ];
    for (number, (typed, sentence)) in cases.into_iter().enumerate() {
        let phone = portal.phone(&world.isp);
        let ticket = phone.arrives(&format!("02:00:00:00:01:{number:02}")).await?.ticket();

        let page = phone.post("/", &[("c", &ticket), ("code", typed)]).await?;

        assert_eq!((page.status(), page.location()), (200, None), "{typed}");
        assert!(page.text().contains(sentence), "{typed}: {}", page.text());
        assert!(
            page.html().contains(&format!("value=\"{}\"", typed.replace('/', "&#47;")))
                || page.html().contains(&format!("value=\"{typed}\"")),
            "what was typed is kept: {typed}"
        );
        assert!(!page.ticket().is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn who_guesses_waits_and_is_told_how_long() -> anyhow::Result<()> {
    let world = world().await?;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
    world.prints(&world.isp, &plan, &["GoodCode1"]).await?;
    let portal = Portal::open(&world).await?;
    let phone = portal.phone(&world.isp);
    let ticket = phone.arrives(MAC).await?.ticket();
    for guess in 0..5 {
        let path = if guess % 2 == 0 { "/" } else { "/check" };
        let page = phone.post(path, &[("c", &ticket), ("code", &format!("Guess{guess}xyz"))]).await?;
        assert!(page.text().contains("not found"), "{}", page.text());
    }

    let waits = phone.post("/", &[("c", &ticket), ("code", "GoodCode1")]).await?;
    let checks = phone.post("/check", &[("c", &ticket), ("code", "GoodCode1")]).await?;
    let other = phone.arrives("02:00:00:00:00:02").await?.ticket();
    let neighbour = phone.post("/", &[("c", &other), ("code", "GoodCode1")]).await?;

    assert!(waits.status() == 200 && waits.text().contains("Too many wrong tries. Wait 2 minutes"), "{}", waits.text());
    assert!(checks.text().contains("Too many wrong tries"));
    assert_eq!(neighbour.status(), 303, "who has not guessed is not kept waiting");
    world.clock.passes(Span::seconds(61));
    assert_eq!(phone.post("/", &[("c", &ticket), ("code", "GoodCode1")]).await?.status(), 303);
    Ok(())
}

#[tokio::test]
async fn a_code_is_sent_to_no_stranger() -> anyhow::Result<()> {
    let world = world().await?;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
    world.prints(&world.isp, &plan, &["GoodCode1"]).await?;
    let portal = Portal::open_with(&world, |set| set.router_names = vec!["login.savanna.example".to_owned()]).await?;
    let phone = portal.phone(&world.isp);
    let goes = async |login: &str| {
        let ticket = phone.get(&arriving(&[("mac", MAC), ("lo", login)])).await?.ticket();
        anyhow::Ok(phone.post("/", &[("c", &ticket), ("code", "GoodCode1")]).await?)
    };

    assert_eq!(goes("http://login.savanna.example/login").await?.status(), 303);
    for login in ["http://evil.example/login", "http://203.0.113.7/login", "javascript:alert(1)", ""] {
        let page = goes(login).await?;

        assert_eq!((page.status(), page.location()), (200, None), "{login}");
        assert!(page.text().contains("Your voucher is good"), "{login}");
        assert!(!page.html().contains("evil.example"), "{login}");
    }
    Ok(())
}

#[tokio::test]
async fn a_phone_that_has_a_voucher_is_offered_to_go_on_without_a_code_on_the_page() -> anyhow::Result<()> {
    let world = world().await?;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
    world.prints(&world.isp, &plan, &["GoodCode1"]).await?;
    comes_online(&world, &world.isp, "GoodCode1", MAC).await?;
    let portal = Portal::open(&world).await?;
    let phone = portal.phone(&world.isp);

    let page = phone.arrives(MAC).await?;
    let elsewhere = portal.phone(&world.other).arrives(MAC).await?;
    let sent = phone.get(&format!("/use?c={}", page.ticket())).await?;

    assert!(page.text().contains("You still have a voucher"), "{}", page.text());
    assert!(!page.html().contains("GoodCode1"));
    assert!(!elsewhere.text().contains("You still have"), "another ISP knows nothing of it");
    assert_eq!(sent.location(), Some("http://10.5.50.1/login?username=020000000001&password=020000000001"));
    let reply = world.isp.router.asks_at_hotspot("020000000001", "020000000001", MAC).await?.expect("an answer");
    assert!(reply.is_accept(), "the router's own word for the device is enough");
    let liar = world.isp.router.asks_at_hotspot("020000000001", "020000000001", "02:00:00:00:00:66").await?;
    assert!(!liar.expect("answered").is_accept(), "and another device's word is not");
    Ok(())
}
