//! What pages weigh, and what browsers are told of them.

use domain::sales::plan::PlanService;
use tests::portal::{Page, Portal};
use tests::world::{World, hour};

/// The first page over the wire: one round of TCP.
const FIRST_PAGE_MAX_BYTES: usize = 14 * 1024;

/// What a page with its styles is aimed at.
const PAGE_MAX_BYTES: usize = 6 * 1024;

fn is_gzip(page: &Page) -> bool {
    page.0.header("content-encoding") == Some("gzip")
}

#[tokio::test]
async fn pages_are_small_even_with_many_plans() -> anyhow::Result<()> {
    let world = World::open().await?;
    for number in 0..24 {
        let mut terms = hour();
        terms.price = domain::money::Money::from_minor(1_000 + number * 137, domain::money::Currency::KES);
        world.sells(&world.isp, terms, &format!("plan-{number}"), PlanService::Hotspot).await?;
    }
    let portal = Portal::open(&world).await?;
    let phone = portal.phone(&world.isp).with("accept-encoding", "gzip, deflate, br");
    let plain = portal.phone(&world.isp);

    let first = phone.arrives("02:00:00:00:00:01").await?;
    let whole = plain.arrives("02:00:00:00:00:01").await?;

    assert!(is_gzip(&first) && !is_gzip(&whole));
    assert!(whole.html().matches("<li>").count() == 24);
    assert!(whole.0.body.len() < FIRST_PAGE_MAX_BYTES, "{} octets without gzip", whole.0.body.len());
    for path in ["/", "/check", "/status", "/terms", "/nothing"] {
        let page = phone.get(path).await?;
        assert!(is_gzip(&page) && page.0.body.len() < PAGE_MAX_BYTES, "{path}: {} octets", page.0.body.len());
    }
    assert!(first.0.body.len() < PAGE_MAX_BYTES, "{} octets with gzip", first.0.body.len());
    Ok(())
}

#[tokio::test]
async fn pages_need_no_script_and_no_cookie_and_load_nothing_from_elsewhere() -> anyhow::Result<()> {
    let world = World::open().await?;
    world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
    let portal = Portal::open(&world).await?;
    let phone = portal.phone(&world.isp);
    let ticket = phone.arrives("02:00:00:00:00:01").await?.ticket();
    for path in ["/", "/check", "/status", "/terms", "/nothing"] {
        let page = phone.get(&format!("{path}?c={ticket}")).await?;
        let html = page.html();

        assert!(!html.contains("<script") && !html.contains("src=") && !html.contains("@import"), "{path}");
        assert!(page.0.header("set-cookie").is_none(), "{path}");
        let policy = page.0.header("content-security-policy").unwrap_or_default();
        let nonce = html.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'") && policy.contains(&format!("'nonce-{nonce}'")), "{policy}");
        assert!(policy.contains("form-action 'self' http://10.5.50.1;"), "the way to the router is open: {policy}");
        assert_eq!(page.0.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.0.header("cache-control"), Some("no-store"));
        assert!(html.contains("<html lang=\"en\">") && html.matches("<h1>").count() == 1, "{path}");
    }
    let twice = [phone.get("/").await?.html(), phone.get("/").await?.html()];
    assert_ne!(twice[0], twice[1], "each page has a nonce of its own");
    Ok(())
}

#[tokio::test]
async fn the_browsers_language_is_spoken_until_another_is_chosen() -> anyhow::Result<()> {
    let world = World::open().await?;
    let portal = Portal::open(&world).await?;
    let swahili = portal.phone(&world.isp).with("accept-language", "sw-KE,sw;q=0.9,en;q=0.5");

    let first = swahili.get("/").await?;
    let chosen = swahili.get("/?lang=en").await?;
    let unknown = swahili.get("/?lang=xx").await?;

    assert!(first.text().contains("Karibu") && first.html().contains("<html lang=\"sw\">"));
    assert!(chosen.text().contains("Welcome") && chosen.text().contains("Kiswahili"));
    assert!(unknown.text().contains("Karibu"));
    Ok(())
}
