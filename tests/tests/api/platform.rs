//! The platform's own people: all ISPs, their accounts, the price book, settings and jobs. Whatever they do about an ISP
//! is told there and at the platform.

use admin_api::routes::{self, Right};
use domain::people::permission::{Permissions, Thing};
use domain::people::role::Preset;
use domain::time::Span;
use policy::platform::retrying::tries_max;
use ports::Clock as _;
use serde_json::{Value, json};
use tests::api::{Answer, Api, Client};
use tests::world::World;

use crate::sign_up::{form, on_a_domain};

const DAY: Span = Span::seconds(24 * 3_600);

fn subdomains(answer: &Answer) -> Vec<String> {
    let items = answer.json()["items"].as_array().cloned().unwrap_or_default();
    items.iter().filter_map(|item| item["subdomain"].as_str().map(str::to_owned)).collect()
}

/// How often a deed is told in an audit.
async fn told(client: &Client, verb: &str) -> anyhow::Result<usize> {
    let listed = client.get(&format!("/v1/audit?verb={verb}")).await?.is(200)?.json();
    Ok(listed["items"].as_array().map(Vec::len).unwrap_or_default())
}

#[tokio::test]
async fn nobody_of_an_isp_reaches_what_is_the_platforms() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let owner = api.owner(&world, &world.isp).await?;
    // Whoever can write keys into the database still makes no platform of an ISP.
    let program = api.program(&world, &world.isp, Permissions::everything()).await?;
    let helper = api.of_platform(&world, Preset::PlatformSupport).await?;
    let id = "0190aaaa-0000-7000-8000-000000000001";

    let mut asked = 0;
    for route in routes::table() {
        let Right::Needs(permission) = route.right else { continue };
        if permission.thing != Thing::Platform {
            continue;
        }
        let path = route.path.replace("{id}", id).replace("{tier}", "premium");
        for client in [&owner, &program] {
            let answer = client.send(route.method.as_str(), &path, route.changes().then(|| json!({}))).await?;
            assert_eq!((answer.status, answer.code().as_str()), (403, "not_allowed"), "{} {path}", route.method);
        }
        assert_eq!(api.nobody().get("/v1/platform/tenants").await?.status, 401);
        asked += 1;
    }
    assert!(asked >= 15, "only {asked} routes are the platform's");
    // Those who help see and mend; what all ISPs hang on is its owners'.
    assert_eq!(helper.get("/v1/platform/settings").await?.status, 200);
    assert_eq!(helper.patch("/v1/platform/settings", json!({ "trial_hours": 1 })).await?.status, 403);
    Ok(())
}

#[tokio::test]
async fn isps_are_listed_searched_and_found_by_where_they_stand() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let boss = api.of_platform(&world, Preset::PlatformOwner).await?;
    let savanna = format!("/v1/platform/tenants/{}", world.isp.tenant.id);
    boss.post(&format!("{savanna}/lock"), json!({ "why": "the papers are missing" })).await?.is(200)?;

    let mut all = subdomains(&boss.get("/v1/platform/tenants").await?.is(200)?);
    all.sort();
    assert_eq!(all, ["rift", "savanna"], "and not the platform itself");
    assert_eq!(subdomains(&boss.get("/v1/platform/tenants?q=VANN").await?), ["savanna"]);
    assert_eq!(subdomains(&boss.get("/v1/platform/tenants?state=locked").await?), ["savanna"]);
    assert_eq!(subdomains(&boss.get("/v1/platform/tenants?state=active&sort=subdomain").await?), ["rift"]);
    let first = boss.get("/v1/platform/tenants?sort=subdomain&limit=1").await?.is(200)?;
    let next = first.json()["next"].as_str().unwrap_or_default().to_owned();
    let second = boss.get(&format!("/v1/platform/tenants?sort=subdomain&limit=1&after={next}")).await?.is(200)?;
    assert_eq!((subdomains(&first), subdomains(&second)), (vec!["rift".into()], vec!["savanna".into()]));
    assert_eq!(second.json()["next"], Value::Null);
    let shown = boss.get(&savanna).await?.is(200)?.json();
    assert!(shown["locked_why"].as_str().is_some_and(|why| why.contains("the papers are missing")), "{shown}");
    let me = boss.get("/v1/me").await?.json()["tenant"].as_str().unwrap_or_default().to_owned();
    assert_eq!(boss.get(&format!("/v1/platform/tenants/{me}")).await?.status, 404, "the platform is no ISP");
    assert_eq!(boss.post(&format!("/v1/platform/tenants/{me}/lock"), json!({ "why": "x" })).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn a_deed_about_an_account_is_for_the_state_that_was_seen() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let boss = api.of_platform(&world, Preset::PlatformOwner).await?;
    let savanna = format!("/v1/platform/tenants/{}", world.isp.tenant.id);
    let until = world.clock.now().plus(DAY).to_string();
    let mut stale = "\"0000000000000000\"".to_owned();

    for (verb, body) in [
        ("trial", json!({ "until": until })),
        ("paid-until", json!({ "until": until, "tier": "basic-lines" })),
        ("lock", json!({ "why": "the papers are missing" })),
        ("unlock", json!(null)),
        ("tier", json!({ "tier": "premium" })),
        ("grace", json!({ "days": 10 })),
    ] {
        let place = format!("{savanna}/{verb}");
        let seen = boss.get(&savanna).await?.is(200)?;
        let tag = seen.header("etag").expect("its state").to_owned();
        let refused = boss.clone().with("if-match", &stale).post(&place, body.clone()).await?;
        assert_eq!((refused.status, refused.code().as_str()), (412, "changed_meanwhile"), "{verb}");
        assert_eq!(boss.get(&savanna).await?.is(200)?.json(), seen.json(), "{verb}: nothing was changed");
        boss.clone().with("if-match", &tag).post(&place, body).await?.is(200)?;
        stale = tag;
    }
    Ok(())
}

#[tokio::test]
async fn what_the_platform_does_about_an_isp_is_told_on_both_sides() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let helper = api.of_platform(&world, Preset::PlatformSupport).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    let savanna = format!("/v1/platform/tenants/{}", world.isp.tenant.id);
    let does = async |verb: &str, body: Value| helper.post(&format!("{savanna}/{verb}"), body).await?.is(200);
    let branch = async |name: &str| ours.post("/v1/branches", json!({ "name": name })).await;

    does("lock", json!({ "why": "the papers are missing" })).await?;
    let locked = branch("Kitale").await?;
    does("unlock", json!(null)).await?;
    assert_eq!(branch("Kitale").await?.status, 201);
    let until = world.clock.now().plus(Span::seconds(600));
    does("trial", json!({ "until": until.to_string() })).await?;
    world.clock.passes(Span::seconds(600));
    assert_eq!(branch("Eldoret").await?.status, 402, "the trial is over");
    let paid = world.clock.now().plus(DAY);
    let no_tier = helper.post(&format!("{savanna}/paid-until"), json!({ "until": paid.to_string() })).await?;
    does("paid-until", json!({ "until": paid.to_string(), "tier": "basic-lines" })).await?;
    assert_eq!(branch("Eldoret").await?.status, 201);
    let preview = does("tier", json!({ "tier": "premium", "preview": true })).await?.json();
    let moved = does("tier", json!({ "tier": "premium" })).await?.json();
    let graced = does("grace", json!({ "days": 10 })).await?.json();

    assert_eq!((locked.status, locked.code().as_str()), (402, "tenant_locked"));
    assert!(locked.text().contains("the papers are missing"), "{}", locked.text());
    assert_eq!((no_tier.status, no_tier.json()["errors"][0]["field"].as_str()), (422, Some("/tier")));
    assert_eq!((&preview["tenant"]["tier"], &moved["tenant"]["tier"]), (&json!("basic-lines"), &json!("premium")));
    assert_eq!(preview["proration"], moved["proration"]);
    assert_eq!(graced["grace_days"], 10);
    for verb in ["lock_tenant", "unlock_tenant", "set_trial", "note_payment", "change_tier", "set_grace"] {
        let (there, here) = (told(&ours, verb).await?, told(&helper, verb).await?);
        assert_eq!((there, here, told(&theirs, verb).await?), (1, 1, 0), "{verb}");
    }
    let here = helper.get("/v1/audit?verb=lock_tenant").await?.json()["items"][0].clone();
    let isp = json!({ "what": "isp", "before": null, "after": "savanna" });
    assert!(here["changes"].as_array().is_some_and(|changes| changes.contains(&isp)), "{here}");
    for client in [&ours, &helper] {
        assert_eq!(client.get("/v1/audit/verify").await?.json()["is_whole"], true);
    }
    let long = "x".repeat(301);
    for (verb, body, field) in [
        ("lock", json!({ "why": " " }), "/why"),
        ("lock", json!({ "why": long }), "/why"),
        ("grace", json!({ "days": 91 }), "/days"),
        ("trial", json!({ "until": "tomorrow" }), "/until"),
        ("paid-until", json!({ "until": paid.to_string(), "tier": "gold" }), "/tier"),
        ("tier", json!({ "tier": "gold" }), "/tier"),
    ] {
        let refused = helper.post(&format!("{savanna}/{verb}"), body).await?;
        assert_eq!((refused.status, refused.json()["errors"][0]["field"].as_str()), (422, Some(field)), "{verb}");
    }
    Ok(())
}

#[tokio::test]
async fn an_isp_is_opened_with_a_trial_and_its_owner_is_invited() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = on_a_domain(&world).await?;
    let boss = api.of_platform(&world, Preset::PlatformOwner).await?;
    let new = |subdomain: &str, email: &str| {
        json!({ "business": "Kitale Net", "subdomain": subdomain,
            "owner": { "email": email, "user_name": "anna", "name": "Anna Wanjiru" } })
    };

    let opened = boss.post("/v1/platform/tenants", new("kitale", "anna@kitale.example")).await?.is(201)?;
    world.queue().step().await?;
    let letters = world.mail.letters();
    let link = letters.first().and_then(|letter| letter.word("https://kitale.isp.example/join#")).unwrap_or_default();
    let code = link.split('#').nth(1).unwrap_or_default();
    let joins = json!({ "code": code, "password": "seven zebras at noon" });
    api.nobody().post("/v1/invitations", joins).await?.is(204)?;
    let anna = crate::sign_up::signs_in(&api, "anna@kitale.example", "seven zebras at noon").await?;

    assert_eq!(opened.json()["state"], "trial");
    assert_eq!(anna.get("/v1/billing").await?.is(200)?.json()["until"], opened.json()["until"]);
    assert_eq!((told(&boss, "open_tenant").await?, told(&anna, "open_tenant").await?), (1, 1));
    let taken = boss.post("/v1/platform/tenants", new("kitale", "ben@kitale.example")).await?;
    let reserved = boss.post("/v1/platform/tenants", new("www", "ben@kitale.example")).await?;
    let known = boss.post("/v1/platform/tenants", new("eldoret", "anna@kitale.example")).await?;
    assert_eq!((taken.status, reserved.status, known.status), (409, 409, 409));
    assert_eq!(subdomains(&boss.get("/v1/platform/tenants?q=eldoret").await?), Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn the_price_book_and_the_settings_are_the_platforms_to_change() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = on_a_domain(&world).await?;
    let boss = api.of_platform(&world, Preset::PlatformOwner).await?;
    let tier = json!({ "name": "Estate", "month": { "minor": 90_000, "currency": "KES" }, "on_sale": true,
        "features": ["service.hotspot"], "limits": [{ "limit": "routers.max", "most": 3 }] });

    let put = boss.send("PUT", "/v1/platform/tiers/estate", Some(tier.clone())).await?.is(200)?.json();
    let public = api.nobody().get("/v1/tiers").await?.is(200)?.text();
    let mut old = tier.clone();
    old["on_sale"] = json!(false);
    boss.send("PUT", "/v1/platform/tiers/estate", Some(old)).await?.is(200)?;
    let later = api.nobody().get("/v1/tiers").await?.is(200)?.text();
    let mut free = tier;
    free["month"]["minor"] = json!(0);
    let free = boss.send("PUT", "/v1/platform/tiers/estate", Some(free)).await?;

    assert_eq!(put["limits"], json!([{ "limit": "routers.max", "most": 3 }]));
    assert!(public.contains("estate") && !later.contains("estate"));
    assert!(boss.get("/v1/platform/tiers").await?.text().contains("estate"));
    assert_eq!((free.status, free.json()["errors"][0]["field"].as_str()), (422, Some("/month")));
    assert_eq!(told(&boss, "put_tier").await?, 2);

    let seen = boss.get("/v1/platform/settings").await?.is(200)?;
    let tag = seen.header("etag").unwrap_or_default().to_owned();
    let changing = boss.clone().with("if-match", &tag);
    let changed = changing.patch("/v1/platform/settings", json!({ "is_sign_up_open": false })).await?.is(200)?.json();
    let stale = changing.patch("/v1/platform/settings", json!({ "trial_hours": 1 })).await?;
    let closed = api.nobody().post("/v1/sign-up", form("kitale", "anna@kitale.example")).await?;
    let too_long = boss.patch("/v1/platform/settings", json!({ "trial_hours": 9_999 })).await?;

    assert_eq!((&seen.json()["trial_hours"], &changed["is_sign_up_open"]), (&json!(24), &json!(false)));
    assert_eq!((stale.status, closed.status), (412, 403));
    assert_eq!((too_long.status, too_long.json()["errors"][0]["field"].as_str()), (422, Some("/trial_hours")));
    Ok(())
}

#[tokio::test]
async fn a_letter_that_was_given_up_is_seen_and_sent_again() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = on_a_domain(&world).await?;
    let helper = api.of_platform(&world, Preset::PlatformSupport).await?;
    world.mail.refuses(100, "451 the disk is full");
    api.nobody().post("/v1/sign-up", form("kitale", "anna@kitale.example")).await?.is(202)?;
    let queue = world.queue();
    let listed = async || anyhow::Ok(helper.get("/v1/platform/jobs").await?.is(200)?.json()["items"][0].clone());

    queue.step().await?;
    let waiting = listed().await?;
    let retry = format!("/v1/platform/jobs/{}/retry", waiting["id"].as_str().unwrap_or_default());
    let early = helper.post(&retry, json!(null)).await?;
    for _ in 1..tries_max(domain::platform::job::JobKind::Mail) {
        // Longer than any wait, and the session is kept alive on the way.
        for _ in 0..20 {
            world.clock.passes(Span::minutes(10));
            helper.get("/v1/me").await?.is(200)?;
        }
        queue.step().await?;
    }
    let parked = listed().await?;
    world.mail.recovers();
    let again = helper.post(&retry, json!(null)).await?.is(200)?.json();
    queue.step().await?;

    assert_eq!((&waiting["state"], &waiting["kind"]), (&json!("waiting"), &json!("mail")));
    assert!(waiting["fault"].as_str().is_some_and(|why| why.contains("the disk is full")), "{waiting}");
    assert_eq!((early.status, early.code().as_str()), (409, "conflict"));
    assert_eq!((&parked["state"], &again["state"]), (&json!("parked"), &json!("waiting")));
    assert_eq!(world.mail.letters().len(), 1);
    let nowhere = helper.post("/v1/platform/jobs/0190aaaa-0000-7000-8000-000000000001/retry", json!(null)).await?;
    assert_eq!(nowhere.status, 404);
    let theirs = format!("/v1/platform/jobs?tenant={}", world.other.tenant.id);
    assert_eq!(helper.get(&theirs).await?.is(200)?.json()["items"], json!([]));
    assert_eq!(told(&helper, "retry_job").await?, 1);
    Ok(())
}
