//! What is left of a voucher, and who may know it.

use domain::phone::{CallingCode, Msisdn};
use domain::sales::plan::PlanService;
use domain::time::Span;
use store::sales::vouchers;
use tests::portal::{Portal, arriving};
use tests::world::hour;

use crate::{comes_online, world};

const MAC: &str = "02:00:00:00:00:01";

#[tokio::test]
async fn a_code_is_checked_without_being_used() -> anyhow::Result<()> {
    let world = world().await?;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
    world.prints(&world.isp, &plan, &["GoodCode1", "UsedCode1"]).await?;
    comes_online(&world, &world.isp, "UsedCode1", MAC).await?;
    let portal = Portal::open(&world).await?;
    let phone = portal.phone(&world.isp);
    let state = async || {
        let mut tx = world.store.tenant(&world.isp.scope).await?;
        anyhow::Ok(vouchers::find_by_code(&mut tx, &"GoodCode1".parse()?).await?.expect("there").state)
    };
    let before = state().await?;

    let fresh = phone.post("/check", &[("code", "GoodCode1")]).await?.text();
    world.clock.passes(Span::minutes(20));
    let used = phone.post("/check", &[("code", "UsedCode1")]).await?.text();
    world.clock.passes(Span::minutes(60));
    let over = phone.post("/check", &[("code", "UsedCode1")]).await?.text();
    let theirs = portal.phone(&world.other).post("/check", &[("code", "GoodCode1")]).await?.text();

    assert!(fresh.contains("Not started") && fresh.contains("Voucher ending in e1"), "{fresh}");
    assert!(used.contains("Good") && used.contains("Time left 40 minutes"), "{used}");
    assert!(over.contains("Expired: your time is over"), "{over}");
    assert!(theirs.contains("not found"), "{theirs}");
    assert_eq!(state().await?, before, "asking has used nothing");
    Ok(())
}

#[tokio::test]
async fn what_a_number_has_bought_is_told_to_the_phone_alone_that_used_it() -> anyhow::Result<()> {
    let world = world().await?;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
    let buyer = Msisdn::parse(b"0712345678", &CallingCode::kenya())?;
    let sold = |made: &mut vouchers::NewVouchers| made.bought_by = Some(buyer.clone());
    world.prints_as(&world.isp, &plan, &["MineOneAB", "MineTwoCD"], sold).await?;
    comes_online(&world, &world.isp, "MineOneAB", MAC).await?;
    let portal = Portal::open(&world).await?;
    let phone = portal.phone(&world.isp);
    let asks = async |mac: &str| {
        let ticket = phone.get(&arriving(&[("mac", mac), ("lo", "http://10.5.50.1/login")])).await?.ticket();
        anyhow::Ok(phone.post("/check", &[("c", &ticket), ("code", "0712345678")]).await?)
    };

    let own = asks(MAC).await?;
    let stranger = asks("02:00:00:00:00:66").await?.text();
    let nobody = phone.post("/check", &[("code", "0712345678")]).await?.text();

    assert!(own.text().contains("Voucher ending in AB") && !own.text().contains("CD"), "{}", own.text());
    assert!(!own.html().contains("MineOneAB") && !own.html().contains("MineTwoCD"), "no code is shown");
    assert!(stranger.contains("Nothing that this number has bought was used on this phone"), "{stranger}");
    assert!(nobody.contains("shown only on a phone that has used it"), "{nobody}");
    Ok(())
}

#[tokio::test]
async fn after_the_login_a_phone_sees_what_it_has_left() -> anyhow::Result<()> {
    let world = world().await?;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
    world.prints(&world.isp, &plan, &["GoodCode1"]).await?;
    comes_online(&world, &world.isp, "GoodCode1", MAC).await?;
    let portal = Portal::open(&world).await?;
    let phone = portal.phone(&world.isp);
    let arrived = "/on/tower?mac=02%3A00%3A00%3A00%3A00%3A01&ip=10.5.50.23&lo=http%3A%2F%2F10.5.50.1%2Flogin\
                   &out=http%3A%2F%2F10.5.50.1%2Flogout&orig=http%3A%2F%2Fnews.example%2F";

    let page = phone.get(arrived).await?;
    let again = phone.get(&format!("/status?c={}", page.ticket())).await?;
    let swahili = phone.get(&format!("/status?lang=sw&c={}", page.ticket())).await?;

    assert!(page.text().contains("You are connected") && page.text().contains("Devices now 1 of 1"), "{}", page.text());
    assert!(page.text().contains("Go on to news.example") && page.html().contains("href=\"http://10.5.50.1/logout\""));
    assert!(again.text().contains("You are connected") && !again.html().contains("GoodCode1"));
    assert!(swahili.text().contains("Umeunganishwa"), "{}", swahili.text());
    let kept = phone.get(&format!("/check?c={}", swahili.ticket())).await?;
    assert!(kept.text().contains("Angalia vocha"), "the language goes along");
    Ok(())
}
