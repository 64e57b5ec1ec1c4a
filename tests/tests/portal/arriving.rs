//! Whose pages are shown, what is on them, and what the page of a router may say of a device.

use domain::sales::plan::PlanService;
use domain::text::Slug;
use domain::time::Span;
use tests::portal::{Portal, arriving};
use tests::world::{World, hour, hour_for, month};

#[tokio::test]
async fn each_isp_has_its_own_name_and_prices_and_nobody_anothers() -> anyhow::Result<()> {
    let world = World::open().await?;
    world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
    world.sells(&world.isp, month(), "home", PlanService::Pppoe).await?;
    let mut dear = hour_for(3);
    dear.duration = "7d".parse()?;
    dear.price = domain::money::Money::from_minor(70_050, domain::money::Currency::KES);
    world.sells(&world.other, dear, "week", PlanService::Hotspot).await?;
    let portal = Portal::open(&world).await?;

    let ours = portal.phone(&world.isp).get("/").await?;
    let theirs = portal.phone(&world.other).get("/").await?;

    assert_eq!((ours.status(), theirs.status()), (200, 200));
    let (ours, theirs) = (ours.text(), theirs.text());
    assert!(ours.contains("KES 20 1 hour up to 5 Mbps · 1 device"), "{ours}");
    assert!(!ours.contains("month"), "a house's plan is not for a hotspot: {ours}");
    assert!(theirs.contains("KES 700.50 1 week up to 5 Mbps · 3 devices"), "{theirs}");
    assert!(ours.contains(&world.isp.tenant.name) && !ours.contains(&world.other.tenant.name));
    assert!(!ours.contains("KES 700") && !theirs.contains("1 hour"));
    Ok(())
}

#[tokio::test]
async fn a_host_of_nobody_says_so_and_a_small_installation_needs_no_names() -> anyhow::Result<()> {
    let world = World::open().await?;
    let portal = Portal::open(&world).await?;
    for host in ["nobody.wifi.example", "wifi.example", "192.0.2.1", "platform.wifi.example", "evil.example"] {
        let page = portal.phone_at(host).get("/").await?;

        assert_eq!(page.status(), 404, "{host}");
        assert!(page.text().contains("There is no Wi-Fi provider at this address"), "{host}");
        assert!(!page.text().contains(&world.isp.tenant.name), "{host}");
    }

    let slug: Slug = world.isp.tenant.slug.clone();
    let small = Portal::open_with(&world, |settings| settings.tenant = Some(slug)).await?;
    let page = small.phone_at("10.0.0.5:8782").get("/").await?;
    let other = small.phone(&world.other).get("/").await?;

    assert!(page.text().contains(&world.isp.tenant.name));
    assert!(other.text().contains(&world.other.tenant.name), "its own host still counts");
    Ok(())
}

#[tokio::test]
async fn what_the_router_said_went_wrong_is_told_in_our_words_and_a_strangers_words_are_not() -> anyhow::Result<()> {
    let world = World::open().await?;
    let portal = Portal::open(&world).await?;
    let phone = portal.phone(&world.isp);
    let says = async |said: &str| {
        let fields = [("mac", "02:00:00:00:00:01"), ("lo", "http://10.5.50.1/login"), ("err", said)];
        anyhow::Ok(phone.get(&arriving(&fields)).await?.text())
    };

    let in_use = says("already in use on another device (7KQ2MD)").await?;
    let silent = says("RADIUS server is not responding").await?;
    let stranger = says("Send 500 shillings to 0700 000 000").await?;

    assert!(in_use.contains("already in use on another device") && in_use.contains("Log out on the other device"));
    assert!(silent.contains("The network did not answer"), "{silent}");
    assert!(stranger.contains("The login did not work") && !stranger.contains("shillings"), "{stranger}");
    Ok(())
}

#[tokio::test]
async fn a_visit_is_of_one_isp_and_of_a_quarter_of_an_hour() -> anyhow::Result<()> {
    let world = World::open().await?;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
    let their_plan = world.sells(&world.other, hour(), "hour", PlanService::Hotspot).await?;
    world.prints(&world.isp, &plan, &["GoodCode1"]).await?;
    world.prints(&world.other, &their_plan, &["TheirCode1"]).await?;
    let portal = Portal::open(&world).await?;
    let (phone, elsewhere) = (portal.phone(&world.isp), portal.phone(&world.other));
    let ticket = phone.arrives("02:00:00:00:00:01").await?.ticket();

    let here = phone.post("/", &[("c", &ticket), ("code", "GoodCode1")]).await?;
    let there = elsewhere.post("/", &[("c", &ticket), ("code", "TheirCode1")]).await?;

    assert_eq!((here.status(), there.status()), (303, 200), "another ISP does not take our visit");
    assert!(there.text().contains("join the Wi-Fi and open this page from there"), "{}", there.text());
    world.clock.passes(Span::minutes(14));
    let renewed = phone.get(&format!("/terms?c={ticket}")).await?.ticket();
    world.clock.passes(Span::minutes(14));
    let late = phone.get(&format!("/use?c={ticket}")).await?;
    let fresh = phone.get(&format!("/use?c={renewed}")).await?;
    assert_eq!(late.status(), 200);
    assert!(late.text().contains("open for a long time") && late.html().contains("href=\"http://10.5.50.1/login\""));
    assert_eq!(fresh.status(), 303, "each page makes the visit anew");
    Ok(())
}
