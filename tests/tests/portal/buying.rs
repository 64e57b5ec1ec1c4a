//! A phone buys: from the price to the router, with the page open and closed, and what strangers get by pretending.

use anyhow::Context as _;
use domain::money::claim::FailureKind;
use domain::money::gateway::IspGateway;
use domain::money::payment::PaymentState;
use domain::sales::plan::{Plan, PlanService};
use domain::time::Span;
use store::money::payments;
use tests::gateway::{Manner, callback_path, paybill, prompt_callback};
use tests::portal::{Page, Phone, Portal};
use tests::world::{World, hour};

use crate::world;

const MAC: &str = "02:00:00:00:00:01";
const NUMBER: &str = "0712 345 678";

/// Two ISPs that sell an hour by M-Pesa, and the portal.
struct Shop {
    world: World,
    portal: Portal,
    plan: Plan,
    theirs: Plan,
    gateway: IspGateway,
}

impl Shop {
    async fn open() -> anyhow::Result<Self> {
        Self::open_with(|_| {}).await
    }

    async fn open_with(set_up: impl FnOnce(&mut portal::Settings)) -> anyhow::Result<Self> {
        let world = world().await?;
        let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
        let theirs = world.sells(&world.other, hour(), "hour", PlanService::Hotspot).await?;
        let gateway = paybill(&world, &world.isp).await?;
        paybill(&world, &world.other).await?;
        let portal = Portal::open_with(&world, set_up).await?;
        world.money().step().await?;
        Ok(Self { world, portal, plan, theirs, gateway })
    }

    fn phone(&self) -> Phone {
        self.portal.phone(&self.world.isp)
    }

    /// Somebody chooses the hour, types their number, and gets the page that waits.
    async fn buys(&self, phone: &Phone) -> anyhow::Result<Page> {
        let first = phone.arrives(MAC).await?;
        let plan = self.plan.id.to_string();
        let form = phone.get(&format!("/buy?plan={plan}&c={}", first.ticket())).await?;
        let sent = phone.post("/buy", &[("c", &form.field("c")), ("plan", &plan), ("phone", NUMBER)]).await?;
        let to = sent.location().with_context(|| sent.text())?.to_owned();
        self.world.queue().step().await?;
        phone.get(&to).await
    }

    /// M-Pesa tells of the last prompt, at the address that it was given.
    async fn is_called_back(&self) -> anyhow::Result<Page> {
        let prompt = self.world.gateway.prompt();
        let body = prompt_callback(&prompt.checkout, prompt.paid.as_ref(), prompt.amount.minor());
        let base = callback_path(&self.world, &self.world.isp, &self.gateway).await?;
        self.phone().send(&format!("{base}/{}/p", prompt.token), &body).await
    }

    async fn settles(&self) -> anyhow::Result<()> {
        for _ in 0..3 {
            self.world.money().step().await?;
        }
        self.world.knows_what_changed().await;
        Ok(())
    }

    async fn states(&self) -> anyhow::Result<Vec<PaymentState>> {
        let mut tx = self.world.store.tenant(&self.world.isp.scope).await?;
        let all = payments::list(&mut tx, tests::first_page()).await?.rows;
        Ok(all.into_iter().map(|payment| payment.state).collect())
    }
}

#[tokio::test]
async fn a_phone_buys_an_hour_and_is_led_online() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.phone();
    let first = phone.arrives(MAC).await?;
    assert!(first.text().contains("Buy with M-Pesa") && first.text().contains("KES"), "{}", first.text());
    assert_eq!(first.field("plan"), shop.plan.id.to_string());

    let waits = shop.buys(&phone).await?;
    let prompt = shop.world.gateway.prompt();

    assert_eq!(prompt.phone, "254712345678");
    assert!(waits.text().contains("Look at your phone") && waits.text().contains("Type your PIN there"));
    assert!(!waits.html().contains(&prompt.reference), "no code before it is paid: {}", waits.html());
    let (seconds, again) = waits.onward().expect("it looks again by itself");
    assert!(seconds <= 3 && again.starts_with("/pay?p="));

    shop.world.gateway.pays();
    assert_eq!(shop.is_called_back().await?.status(), 200);
    let still = phone.get(&again).await?;
    assert!(still.text().contains("Look at your phone"), "a callback alone is believed by nobody");
    shop.settles().await?;
    let done = phone.get(&again).await?;

    assert!(done.text().contains("Paid. Thank you!") && done.text().contains(&prompt.reference), "{}", done.text());
    let (_, to) = done.onward().expect("it goes to the router by itself");
    let code = &prompt.reference;
    assert_eq!(to, format!("http://10.5.50.1/login?username={code}&password={code}"));
    let reply = shop.world.isp.router.asks_at_hotspot(code, code, MAC).await?.expect("an answer");
    assert!(reply.is_accept(), "{}", reply.sentence());
    Ok(())
}

#[tokio::test]
async fn a_phone_whose_page_was_closed_comes_online_by_its_address_alone() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    shop.buys(&shop.phone()).await?;
    // Routers ask by the address whenever the phone opens anything; that is no guessing, and costs it nothing later.
    for _ in 0..15 {
        let before = shop.world.isp.router.asks_at_hotspot(MAC, "", MAC).await?.expect("an answer");
        assert!(!before.is_accept(), "nothing is paid yet");
    }
    let back = shop.phone().arrives(MAC).await?;
    assert!(back.text().contains("A payment is under way"), "{}", back.text());

    shop.world.gateway.pays();
    shop.is_called_back().await?;
    shop.settles().await?;

    let own = shop.world.isp.router.asks_at_hotspot(MAC, "", MAC).await?.expect("an answer");
    let stranger = shop.world.isp.router.asks_at_hotspot("02:00:00:00:00:02", "", "02:00:00:00:00:02").await?;
    let theirs = shop.world.other.router.asks_at_hotspot(MAC, "", MAC).await?.expect("an answer");
    assert!(own.is_accept(), "{}", own.sentence());
    assert!(!stranger.expect("an answer").is_accept() && !theirs.is_accept());
    Ok(())
}

#[tokio::test]
async fn who_only_says_that_it_is_the_same_device_never_reads_the_code() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    shop.buys(&shop.phone()).await?;
    let stranger = shop.phone().arrives(MAC).await?;
    let link = stranger.html().split("href=\"/pay?").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned);
    let link = format!("/pay?{}", link.expect("a way to the payment").replace("&amp;", "&").replace("&#38;", "&"));
    shop.world.gateway.pays();
    shop.is_called_back().await?;
    shop.settles().await?;

    let seen = shop.phone().get(&link).await?;

    let code = shop.world.gateway.prompt().reference;
    assert!(seen.text().contains("Paid") && !seen.html().contains(&code), "{}", seen.html());
    let (_, to) = seen.onward().expect("it goes on by the device's address");
    assert_eq!(to, "http://10.5.50.1/login?username=020000000001&password=020000000001");
    Ok(())
}

#[tokio::test]
async fn what_came_to_nothing_is_said_and_may_be_tried_again() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.phone();
    for (kind, says) in [
        (FailureKind::NoFunds, "not enough money"),
        (FailureKind::Unreachable, "could not be reached"),
        (FailureKind::GatewayBusy, "very busy"),
    ] {
        shop.world.gateway.answers_next(Manner::Refuses(kind));

        let page = shop.buys(&phone).await?;

        assert!(page.text().contains("Nothing was paid") && page.text().contains(says), "{}", page.text());
        assert!(page.text().contains("Try again") && page.onward().is_none(), "{}", page.html());
    }
    let good = shop.buys(&phone).await?;
    assert!(good.text().contains("Look at your phone"), "{}", good.text());
    Ok(())
}

#[tokio::test]
async fn a_number_is_typed_in_any_spelling_and_what_is_none_is_told() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.phone();
    let ticket = phone.arrives(MAC).await?.ticket();
    let plan = shop.plan.id.to_string();
    for (typed, says) in [("", "Type the phone number"), ("12", "no phone number"), ("<b>x", "no phone number")] {
        let page = phone.post("/buy", &[("c", &ticket), ("plan", &plan), ("phone", typed)]).await?;
        assert!(page.status() == 200 && page.text().contains(says), "{typed}: {}", page.text());
        assert!(!page.html().contains("<b>x"));
    }
    let first = phone.post("/buy", &[("c", &ticket), ("plan", &plan), ("phone", "+254 712 345678")]).await?;
    let second = phone.post("/buy", &[("c", &ticket), ("plan", &plan), ("phone", "0712345678")]).await?;

    assert_eq!((first.status(), second.status()), (303, 303));
    assert_eq!(shop.states().await?.len(), 1, "tapped twice, bought once");
    Ok(())
}

#[tokio::test]
async fn who_still_has_a_voucher_is_asked_before_buying_another() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    shop.buys(&shop.phone()).await?;
    shop.world.gateway.pays();
    shop.is_called_back().await?;
    shop.settles().await?;
    let phone = shop.phone();
    let ticket = phone.arrives("02:00:00:00:00:05").await?.ticket();
    let plan = shop.plan.id.to_string();

    let asked = phone.post("/buy", &[("c", &ticket), ("plan", &plan), ("phone", NUMBER)]).await?;
    let used = phone.post("/", &[("c", &ticket), ("code", NUMBER)]).await?;
    let another = phone.post("/buy", &[("c", &ticket), ("plan", &plan), ("phone", NUMBER), ("anyway", "1")]).await?;

    assert!(asked.status() == 200 && asked.text().contains("This number still has a voucher"), "{}", asked.text());
    assert!(asked.text().contains("Use it now") && asked.text().contains("Buy another for KES"), "{}", asked.text());
    assert_eq!(used.location(), Some("http://10.5.50.1/login?username=254712345678&password=254712345678"));
    assert_eq!(another.status(), 303);
    Ok(())
}

#[tokio::test]
async fn silence_is_told_and_late_money_is_honoured() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.phone();
    let waits = shop.buys(&phone).await?;
    let (_, again) = waits.onward().expect("it looks again");
    for _ in 0..40 {
        shop.world.clock.passes(Span::seconds(10));
        shop.world.money().step().await?;
    }
    let silent = phone.get(&again).await?;
    assert!(silent.text().contains("No answer yet") && silent.text().contains("Try again"), "{}", silent.text());

    shop.world.gateway.pays();
    shop.is_called_back().await?;
    shop.settles().await?;

    let late = phone.get(&again).await?;
    assert!(late.text().contains("Paid. Thank you!"), "{}", late.text());
    Ok(())
}

#[tokio::test]
async fn forged_callbacks_give_nothing() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.phone();
    let waits = shop.buys(&phone).await?;
    let (_, again) = waits.onward().expect("it looks again");
    let prompt = shop.world.gateway.prompt();
    let base = callback_path(&shop.world, &shop.world.isp, &shop.gateway).await?;
    let receipt = "UAF3K7Q2ZD".parse()?;
    let forged = prompt_callback(&prompt.checkout, Some(&receipt), prompt.amount.minor());
    let nowhere = format!("/cb/{}/{}/p", "0".repeat(32), prompt.token);
    for path in [nowhere.as_str(), "/cb/x/p", &format!("{base}/x"), &format!("{base}/pp"), &format!("{base}/+12/p")] {
        assert_eq!(phone.send(path, &forged).await?.status(), 404, "{path}");
    }
    assert_eq!(phone.send(&format!("{base}/p"), &vec![b'x'; 20_000]).await?.status(), 413);

    for body in [forged, b"{\"Body\":".to_vec(), Vec::new(), vec![0xff; 300]] {
        assert_eq!(phone.send(&format!("{base}/{}/p", prompt.token), &body).await?.status(), 200);
        shop.settles().await?;
    }

    assert!(!shop.states().await?.iter().any(|state| state.is_paid()), "the gateway knows of no money");
    assert!(!phone.get(&again).await?.text().contains("Paid"));
    let let_in = shop.world.isp.router.asks_at_hotspot(MAC, "", MAC).await?.expect("an answer");
    assert!(!let_in.is_accept());
    Ok(())
}

#[tokio::test]
async fn callbacks_come_from_where_the_operator_says() -> anyhow::Result<()> {
    let shop = Shop::open_with(|settings| {
        settings.callback_sources = vec!["196.201.212.0/22".parse().expect("good")];
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().expect("good")];
    })
    .await?;
    let base = callback_path(&shop.world, &shop.world.isp, &shop.gateway).await?;

    let stranger = shop.phone().with("x-forwarded-for", "203.0.113.9").send(&format!("{base}/c"), b"x").await?;
    let theirs = shop.phone().with("x-forwarded-for", "196.201.214.200").send(&format!("{base}/c"), b"x").await?;

    assert_eq!((stranger.status(), theirs.status()), (403, 200));
    Ok(())
}

#[tokio::test]
async fn two_portals_share_nothing_that_is_sold() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let (ours, theirs) = (shop.phone(), shop.portal.phone(&shop.world.other));
    let waits = shop.buys(&ours).await?;
    let (_, again) = waits.onward().expect("it looks again");
    let ticket = theirs.arrives(MAC).await?.ticket();

    let followed = theirs.get(&again).await?;
    let bought = theirs.get(&format!("/buy?plan={}&c={ticket}", shop.plan.id)).await?;
    let plan = shop.plan.id.to_string();
    let posted = theirs.post("/buy", &[("c", &ticket), ("plan", &plan), ("phone", NUMBER)]).await?;
    let own = theirs.get(&format!("/buy?plan={}&c={ticket}", shop.theirs.id)).await?;
    let first = theirs.arrives(MAC).await?;

    assert_eq!((followed.status(), bought.status(), posted.status(), own.status()), (404, 404, 404, 200));
    assert!(!first.text().contains("A payment is under way"), "the same device is somebody else there");
    assert!(!first.html().contains(&shop.plan.id.to_string()));
    Ok(())
}

#[tokio::test]
async fn without_a_gateway_nothing_can_be_bought() -> anyhow::Result<()> {
    let world = world().await?;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
    let portal = Portal::open(&world).await?;
    let phone = portal.phone(&world.isp);

    let first = phone.arrives(MAC).await?;
    let buys = phone.get(&format!("/buy?plan={}&c={}", plan.id, first.ticket())).await?;

    assert!(first.text().contains("ask") && !first.text().contains("Buy"), "{}", first.text());
    assert_eq!(buys.status(), 404);
    Ok(())
}

#[tokio::test]
async fn a_lost_code_is_sent_to_its_phone_in_the_language_that_bought_it_and_shown_to_nobody() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    let isp = &shop.world.isp;
    let none = shop.phone().get("/lost").await?.ticket();
    let silent = shop.phone().post("/lost", &[("c", &none), ("phone", NUMBER)]).await?;
    assert!(silent.text().contains("sends no messages"), "{}", silent.text());
    tests::texts::sends_by_sms(&shop.world, isp).await?;
    shop.buys(&shop.phone().with("accept-language", "sw")).await?;
    shop.world.gateway.pays();
    shop.is_called_back().await?;
    shop.settles().await?;
    shop.world.queue().step().await?;
    let code = shop.world.gateway.prompt().reference;
    let bought = shop.world.sms.messages_to("254712345678");
    assert_eq!(bought.len(), 1, "{bought:?}");
    assert!(bought[0].text.contains(&code) && bought[0].text.contains("kodi"), "{}", bought[0].text);

    let asked = shop.phone().post("/lost", &[("c", &none), ("phone", NUMBER)]).await?;
    let nobodys = shop.phone().post("/lost", &[("c", &none), ("phone", "0799 999 999")]).await?;
    let wrong = shop.phone().post("/lost", &[("c", &none), ("phone", "12")]).await?;
    shop.world.queue().step().await?;

    assert!(asked.text().contains("on the way") && !asked.html().contains(&code), "{}", asked.text());
    assert_eq!(nobodys.text(), asked.text(), "nobody learns who has bought");
    assert!(wrong.text().contains("no phone number"));
    let sent = shop.world.sms.messages_to("254712345678");
    assert!(sent.len() == 2 && sent[1].text.contains(&code), "{sent:?}");
    assert!(shop.world.sms.messages_to("254799999999").is_empty());
    Ok(())
}

#[tokio::test]
async fn what_a_number_has_bought_is_shown_to_whoever_reads_its_messages() -> anyhow::Result<()> {
    let shop = Shop::open().await?;
    tests::texts::sends_by_sms(&shop.world, &shop.world.isp).await?;
    shop.buys(&shop.phone()).await?;
    shop.world.gateway.pays();
    shop.is_called_back().await?;
    shop.settles().await?;
    shop.world.queue().step().await?;
    let phone = shop.phone();
    let ticket = phone.get("/purchases").await?.ticket();
    let ask =
        async |fields: &[(&str, &str)]| phone.post("/purchases", &[&[("c", ticket.as_str())], fields].concat()).await;

    let asks = ask(&[("phone", NUMBER)]).await?;
    let nobodys = ask(&[("phone", "0799 999 999")]).await?;
    shop.world.queue().step().await?;
    let wrong = ask(&[("phone", NUMBER), ("code", "000000x")]).await?;
    let text = shop.world.sms.messages_to("254712345678").pop().expect("a code was sent").text;
    let code: String =
        text.split(|letter: char| !letter.is_ascii_digit()).find(|digits| digits.len() == 6).expect("digits").into();
    let shown = ask(&[("phone", NUMBER), ("code", &code)]).await?;
    let again = ask(&[("phone", NUMBER), ("code", &code)]).await?;

    assert!(asks.text().contains("a code is on its way"), "{}", asks.text());
    assert_eq!(nobodys.text(), asks.text(), "nobody learns who has bought");
    assert!(wrong.text().contains("That is not the code"), "{}", wrong.text());
    let reference = shop.world.gateway.prompt().reference;
    assert!(
        shown.text().contains("1 hour · KES") && shown.text().contains("Paid. Voucher ending in"),
        "{}",
        shown.text()
    );
    assert!(!shown.html().contains(&reference), "the whole code is not shown");
    assert!(again.text().contains("good no more"), "{}", again.text());
    Ok(())
}
