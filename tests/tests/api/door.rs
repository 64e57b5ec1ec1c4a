//! The door: who is asking, from where, and how often.

use std::num::NonZeroU32;

use domain::people::permission::{Act, Permissions, Thing};
use domain::people::role::{Preset, RoleName};
use domain::people::staff::Zoned;
use domain::time::Span;
use serde_json::json;
use tests::api::Api;
use tests::world::World;

#[tokio::test]
async fn nobody_gets_in_and_everybody_is_told_how() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let nobody = api.nobody();
    let made_up = nobody.clone().with("authorization", &format!("Bearer mnk_{}", "A".repeat(43)));

    let refused = [
        nobody.get("/v1/routers").await?,
        made_up.get("/v1/routers").await?,
        nobody.clone().with("cookie", &format!("mnetifi={}", "A".repeat(43))).get("/v1/routers").await?,
        nobody.clone().with("authorization", "Basic dXNlcjpwYXNz").get("/v1/routers").await?,
    ];

    for answer in refused {
        assert_eq!((answer.status, answer.code().as_str()), (401, "sign_in"));
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    assert_eq!(nobody.get("/healthz").await?.is(200)?.json(), json!({ "status": "ok" }));
    assert_eq!(nobody.get("/v1/openapi.json").await?.is(200)?.json()["openapi"], "3.1.0");
    assert!(nobody.get("/v1/docs").await?.is(200)?.text().contains("/v1/routers"));
    Ok(())
}

#[tokio::test]
async fn a_session_ends_after_twenty_minutes_of_silence_and_a_live_page_is_no_activity() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let owner = api.owner(&world, &world.isp).await?;
    let seconds = |seconds| world.clock.passes(Span::seconds(seconds));

    seconds(20 * 60 - 1);
    let kept = owner.get("/v1/routers").await?.status;
    seconds(20 * 60 - 1);
    let kept_again = owner.get("/v1/routers").await?.status;
    seconds(10 * 60);
    let mut live = owner.begins("GET", "/v1/live", None, b"").await?;
    let mut head = [0; 12];
    tokio::io::AsyncReadExt::read_exact(&mut live, &mut head).await?;
    seconds(10 * 60);
    let ended = owner.get("/v1/routers").await?;

    assert_eq!((kept, kept_again), (200, 200));
    assert_eq!(&head, b"HTTP/1.1 200");
    assert_eq!((ended.status, ended.code().as_str()), (401, "sign_in"));
    Ok(())
}

#[tokio::test]
async fn a_role_or_key_does_what_it_may_and_is_told_what_it_lacks() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let technician = RoleName::Preset(Preset::Technician);
    let technician = api.signed_in(&world, &world.isp, technician, Zoned::All).await?;
    let seeing = Permissions::on(Thing::Routers, &[Act::See]);
    let program = api.program(&world, &world.isp, seeing).await?;
    let new = json!({ "name": "hill", "address": "10.8.0.12", "secret": "correct-horse" });

    for client in [&technician, &program] {
        assert_eq!(client.get("/v1/routers").await?.status, 200);
        let refused = client.post("/v1/routers", new.clone()).await?;
        assert_eq!((refused.status, refused.code().as_str()), (403, "not_allowed"));
        assert!(refused.text().contains("`routers:make`"), "{}", refused.text());
    }
    assert_eq!(program.get("/v1/sessions").await?.status, 403);
    Ok(())
}

#[tokio::test]
async fn another_sites_page_does_nothing_with_our_cookie() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let owner = api.owner(&world, &world.isp).await?;
    let new = json!({ "name": "hill", "address": "10.8.0.12", "secret": "correct-horse" });

    let forged = owner.clone().with("sec-fetch-site", "cross-site").post("/v1/routers", new.clone()).await?;
    let older = owner.clone().with("origin", "https://evil.example").post("/v1/routers", new.clone()).await?;
    let own = owner.clone().with("sec-fetch-site", "same-origin").post("/v1/routers", new).await?;

    assert_eq!((forged.status, forged.code().as_str()), (403, "other_site"));
    assert_eq!((older.status, older.code().as_str()), (403, "other_site"));
    assert_eq!(own.status, 201);
    assert!(own.header("access-control-allow-origin").is_none(), "no other site may read");
    Ok(())
}

#[tokio::test]
async fn on_a_providers_host_only_its_own_people_are_let_in() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open_with(&world, |settings| settings.domain = Some("isp.example".to_owned())).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    let at = |host: &str, client: &tests::api::Client| client.clone().with("host", host);

    assert_eq!(at("savanna.isp.example", &ours).get("/v1/routers").await?.status, 200);
    assert_eq!(at("savanna.isp.example", &theirs).get("/v1/routers").await?.status, 401);
    assert_eq!(at("nobody.isp.example", &ours).get("/v1/routers").await?.status, 401);
    assert_eq!(at("isp.example", &theirs).get("/v1/routers").await?.status, 200);
    // What a client can choose says nothing about whose rows it sees.
    let chosen = theirs.clone().with("x-tenant", "savanna").with("x-forwarded-host", "savanna.isp.example");
    let listed = chosen.get("/v1/routers").await?.is(200)?;
    assert_eq!(listed.text(), theirs.get("/v1/routers").await?.text());
    Ok(())
}

#[tokio::test]
async fn who_asks_too_often_waits_and_a_proxy_of_ours_says_who_that_is() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open_with(&world, |settings| {
        settings.limits.per_address = NonZeroU32::MIN;
        settings.limits.burst_of_address = NonZeroU32::MIN.saturating_add(2);
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().expect("good")];
    })
    .await?;
    let from = |address: &str| api.nobody().with("x-forwarded-for", address);

    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(from("203.0.113.1").get("/healthz").await?);
    }
    let other = from("203.0.113.2").get("/healthz").await?;

    let refused = statuses.iter().find(|answer| answer.status == 429).expect("too many");
    assert_eq!(refused.code(), "too_many");
    assert!(refused.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok_and(|n| n >= 1)));
    assert_eq!((statuses[0].status, other.status), (200, 200));
    Ok(())
}
