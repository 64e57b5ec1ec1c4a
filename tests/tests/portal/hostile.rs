//! What strangers send.

use domain::sales::plan::PlanService;
use tests::portal::{Portal, arriving};
use tests::world::{World, hour};

/// Values that have broken pages elsewhere.
const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "{{7*7}}",
    "$(link-login-only)",
    "javascript:alert(1)",
    "\r\nset-cookie: a=b",
    "\u{202e}\u{0}",
    "../../etc/passwd",
];

#[tokio::test]
async fn nothing_that_is_sent_becomes_part_of_a_page() -> anyhow::Result<()> {
    let world = World::open().await?;
    let portal = Portal::open(&world).await?;
    let phone = portal.phone(&world.isp);
    for value in HOSTILE {
        for field in ["mac", "ip", "lo", "orig", "err", "ci", "lang", "c", "out"] {
            for path in [arriving(&[("mac", "02:00:00:00:00:01"), (field, value)]), format!("/check?{field}=")] {
                let page = phone.get(&path).await?;

                assert_eq!(page.status(), 200, "{path}");
                let html = page.html();
                assert!(!html.contains("alert(1)") && !html.contains("onerror"), "{path}: {html}");
                assert!(page.0.header("set-cookie").is_none(), "{path}");
            }
        }
        let page = phone.post("/", &[("code", value)]).await?;
        let html = page.html();
        assert_eq!(page.status(), 200, "{value}");
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("' onmouse"), "{value}: {html}");
    }
    Ok(())
}

#[tokio::test]
async fn floods_are_cut_and_what_is_not_there_is_said() -> anyhow::Result<()> {
    let world = World::open().await?;
    let portal = Portal::open(&world).await?;
    let phone = portal.phone(&world.isp);

    let large = phone.send("/", &vec![b'a'; 9_000]).await?;
    let odd = phone.send("/", &[0xff; 200]).await?;
    let long = phone.get(&format!("/?c={}", "A".repeat(7_000))).await?;
    let missing = phone.get("/wp-login.php").await?;
    let method = phone.send("/terms", b"").await?;
    let health = portal.phone_at("192.0.2.7").get("/healthz").await?;

    assert_eq!((large.status(), odd.status(), long.status()), (413, 200, 200));
    assert!(missing.status() == 404 && missing.text().contains("There is no such page here"));
    assert_eq!((method.status(), health.status()), (404, 200));
    Ok(())
}

#[tokio::test]
async fn no_walk_over_the_pages_finds_a_code() -> anyhow::Result<()> {
    let world = World::open().await?;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
    let codes = ["UnsoldOne1", "UnsoldTwo2", "UnsoldSix6"];
    world.prints(&world.isp, &plan, &codes).await?;
    let portal = Portal::open(&world).await?;
    let phone = portal.phone(&world.isp);
    let (mut waiting, mut seen) = (vec!["/".to_owned(), arriving(&[("mac", "02:00:00:00:00:01")])], 0);
    let mut known: std::collections::BTreeSet<String> = std::collections::BTreeSet::new();
    while let Some(path) = waiting.pop() {
        let page = phone.get(&path).await?;
        seen += 1;
        let html = page.html();
        assert!(codes.iter().all(|code| !html.contains(code)), "{path}");
        for link in html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let link = link.replace("&amp;", "&");
            let bare = link.split("c=").next().unwrap_or_default().to_owned();
            if link.starts_with('/') && known.insert(bare) {
                waiting.push(link);
            }
        }
    }

    assert!(seen >= 6, "the walk found only {seen} pages: {known:?}");
    Ok(())
}
