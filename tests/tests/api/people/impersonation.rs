//! Somebody of the platform in an ISP's place, and the trail of it on both sides.

use std::time::Duration;

use actions::people::end_impersonations::end_impersonations;
use domain::people::role::Preset;
use domain::platform::audit::{Entry, Verb};
use domain::time::Span;
use serde_json::json;
use store::platform::audit::{self, Search};
use store::{Page, StoreError, TenantScope};

use crate::desk::{Desk, GOOD};
use crate::shop::{all, text};

/// How long a worker may take to look.
const PATIENCE: Duration = Duration::from_secs(20);
const REASON: &str = "the ISP asked us by phone why its plan is refused";

async fn trail(desk: &Desk, scope: &TenantScope) -> anyhow::Result<Vec<Entry>> {
    let mut tx = desk.world.store.tenant(scope).await?;
    let mut entries = audit::search(&mut tx, &Search::default(), Page::first(100)).await?.rows;
    entries.reverse();
    Ok(entries)
}

fn verbs(entries: &[Entry], of: &str) -> Vec<Verb> {
    entries.iter().filter(|entry| entry.actor.name == of).map(|entry| entry.verb).collect()
}

#[tokio::test]
async fn the_platform_acts_in_an_isps_place_with_a_code_for_a_reason_and_for_a_while() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    let (platform, _) = desk.platform_hires("sara", Preset::PlatformSupport).await?;
    let (isp, other) = (&desk.world.isp, &desk.world.other);
    desk.hires("anna", Preset::Owner).await?;
    desk.they_hire("rita", Preset::Owner).await?;
    let (anna, rita) = (desk.signs_in("anna@savanna.test", GOOD).await?, desk.signs_in("rita@rift.test", GOOD).await?);
    let begin = "/v1/platform/impersonations";
    let of =
        |tenant: String, reason: &str, minutes: u32| json!({ "tenant": tenant, "reason": reason, "minutes": minutes });
    let ask = || of(isp.tenant.id.to_string(), REASON, 30);
    let sara = desk.signs_in("sara@platform.test", GOOD).await?;

    // Not without a code, not without a reason, not for ever, not by anybody else.
    assert_eq!(sara.post(begin, ask()).await?.status, 403);
    let telephone = desk.enrols(&sara, GOOD).await?;
    for (field, body) in [
        ("/reason", of(isp.tenant.id.to_string(), "because", 30)),
        ("/minutes", of(isp.tenant.id.to_string(), REASON, 61)),
        ("/minutes", of(isp.tenant.id.to_string(), REASON, 0)),
        ("/tenant", of("savanna".to_owned(), REASON, 30)),
    ] {
        let refused = sara.post(begin, body).await?;
        assert_eq!((refused.status, refused.json()["errors"][0]["field"].as_str()), (422, Some(field)));
    }
    let nowhere = of("00000000-0000-7000-8000-000000000000".to_owned(), REASON, 30);
    assert_eq!(sara.post(begin, nowhere).await?.status, 404);
    assert_eq!(anna.post(begin, of(other.tenant.id.to_string(), REASON, 30)).await?.status, 403);

    // From now on every page can say so, and what is seen is that ISP's alone.
    let begun = sara.post(begin, ask()).await?.is(201)?.json();
    let me = sara.get("/v1/me").await?.is(200)?.json();
    assert_eq!(text(&me, "tenant"), isp.tenant.id.to_string());
    assert_eq!(me["impersonation"], json!({ "id": begun["id"], "until": begun["until"] }));
    assert_eq!(sara.post(begin, of(other.tenant.id.to_string(), REASON, 30)).await?.status, 403, "one at a time");
    let plan = json!({ "name": "home", "service": "pppoe", "terms": { "rate": "5M/10M", "duration": "1mo",
        "counts_from": "purchase", "price": { "minor": 200_000, "currency": "KES" } } });
    sara.post("/v1/plans", plan).await?.is(201)?;
    assert_eq!(all(&anna.get("/v1/plans").await?.is(200)?.json(), "name"), ["home"]);
    assert_eq!(rita.get("/v1/plans").await?.is(200)?.json()["items"], json!([]));

    // Nothing that would outlast the visit: no people, roles or keys.
    let person = json!({ "email": "x@savanna.test", "user_name": "x", "name": "X", "role": "owner" });
    for (path, body) in [
        ("/v1/staff", person),
        ("/v1/roles", json!({ "name": "x", "permissions": ["plans:see"] })),
        ("/v1/keys", json!({ "name": "x", "permissions": ["plans:see"] })),
    ] {
        assert_eq!(sara.post(path, body).await?.status, 403, "{path}");
    }

    // The ISP reads who, why and until when; the other ISP reads nothing.
    let told = anna.get("/v1/impersonations").await?.is(200)?.json();
    assert_eq!((all(&told, "by"), all(&told, "reason")), (vec!["sara of platform"], vec![REASON]));
    assert!(told["items"][0]["ended_at"].is_null());
    assert_eq!(rita.get("/v1/impersonations").await?.is(200)?.json()["items"], json!([]));

    // It ends by itself, on the minute, while the session goes on at home.
    desk.world.clock.passes(Span::minutes(15));
    assert_eq!(sara.get("/v1/plans").await?.status, 200);
    desk.world.clock.passes(Span::seconds(15 * 60 - 1));
    assert_eq!(text(&sara.get("/v1/me").await?.is(200)?.json(), "tenant"), isp.tenant.id.to_string());
    desk.world.clock.passes(Span::seconds(1));
    let home = sara.get("/v1/me").await?.is(200)?.json();
    assert_eq!((&home["impersonation"], text(&home, "tenant")), (&json!(null), &*platform.tenant().to_string()));
    assert_eq!(sara.get("/v1/plans").await?.status, 403);

    // Or when it is over; and both sides know.
    sara.post(begin, ask()).await?.is(201)?;
    desk.world.clock.passes(Span::seconds(1));
    assert_eq!(sara.post("/v1/me/stop-impersonating", json!({})).await?.status, 204);
    assert_eq!(sara.post("/v1/me/stop-impersonating", json!({})).await?.status, 409);
    let anna = desk.signs_in("anna@savanna.test", GOOD).await?;
    let told = anna.get("/v1/impersonations").await?.is(200)?.json();
    assert!(told["items"][0]["ended_at"].is_string() && all(&told, "by").len() == 2, "{told}");
    let (here, there) = (trail(&desk, &platform).await?, trail(&desk, &isp.scope).await?);
    let visit = [Verb::BeginImpersonation, Verb::BeginImpersonation, Verb::EndImpersonation];
    let of_visit = |entries: &[Entry]| {
        let mut told = verbs(entries, "sara of platform");
        told.retain(|verb| visit.contains(verb));
        told
    };
    assert_eq!((of_visit(&here), of_visit(&there)), (visit.to_vec(), visit.to_vec()));
    let published = there.iter().find(|entry| entry.verb == Verb::PublishPlan).expect("told");
    assert_eq!(published.actor.impersonator.as_deref(), Some("sara of platform"));
    assert!(there.iter().any(|entry| entry.changes.iter().any(|one| one.after.as_deref() == Some(REASON))));
    assert!(trail(&desk, &other.scope).await?.iter().all(|entry| entry.actor.name != "sara of platform"));

    // Signing out ends a visit, too.
    desk.world.clock.passes(Span::seconds(60));
    let sara = desk.signs_in_with("sara@platform.test", GOOD, &desk.shows(&telephone)).await?;
    sara.post(begin, ask()).await?.is(201)?;
    assert_eq!(sara.post("/v1/sign-out", json!({})).await?.status, 204);
    let told = anna.get("/v1/impersonations").await?.is(200)?.json();
    assert!(told["items"][0]["ended_at"].is_string(), "{told}");
    Ok(())
}

/// How often an audit tells that a visit was over, and by whom.
fn endings(entries: &[Entry]) -> Vec<&str> {
    let over = entries.iter().filter(|entry| entry.verb == Verb::EndImpersonation);
    over.map(|entry| &*entry.actor.name).collect()
}

#[tokio::test]
async fn a_visit_that_runs_out_is_told_of_on_both_sides_once_whoever_looks() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    let (platform, _) = desk.platform_hires("sara", Preset::PlatformSupport).await?;
    let (isp, other, clock) = (&desk.world.isp, &desk.world.other, &desk.world.clock);
    desk.hires("anna", Preset::Owner).await?;
    let sara = desk.signs_in("sara@platform.test", GOOD).await?;
    let telephone = desk.enrols(&sara, GOOD).await?;
    let ask = |minutes: u32| json!({ "tenant": isp.tenant.id.to_string(), "reason": REASON, "minutes": minutes });
    let begun = sara.post("/v1/platform/impersonations", ask(10)).await?.is(201)?.json();
    let looks = async || {
        let one = || end_impersonations(&desk.world.store, desk.world.context());
        let (first, second, third) = tokio::try_join!(one(), one(), one())?;
        Ok::<_, StoreError>(first + second + third)
    };

    clock.passes(Span::seconds(10 * 60 - 1));
    let early = looks().await?;
    clock.passes(Span::seconds(1));
    let (due, again) = (looks().await?, looks().await?);

    assert_eq!((early, due, again), (0, 1, 0));
    let (here, there) = (trail(&desk, &platform).await?, trail(&desk, &isp.scope).await?);
    assert_eq!((endings(&here), endings(&there)), (vec!["mnetifi"], vec!["mnetifi"]));
    let told = there.last().expect("told").changes.iter().map(|one| (&*one.what, one.before.as_deref()));
    let expected = [("by", Some("sara of platform")), ("until", begun["until"].as_str())];
    assert!(expected.iter().all(|one| told.clone().any(|told| told == *one)), "{there:?}");
    assert_eq!(endings(&trail(&desk, &other.scope).await?), Vec::<&str>::new());
    let anna = desk.signs_in("anna@savanna.test", GOOD).await?;
    let shown = anna.get("/v1/impersonations").await?.is(200)?.json();
    assert_eq!(shown["items"][0]["ended_at"], begun["until"]);

    // Stopped in time, it is told of by whoever stopped it, and by nobody else.
    clock.passes(Span::seconds(1));
    sara.post("/v1/platform/impersonations", ask(10)).await?.is(201)?;
    sara.post("/v1/me/stop-impersonating", json!({})).await?.is(204)?;
    clock.passes(Span::minutes(11));
    assert_eq!(looks().await?, 0);

    // And whoever has the duty looks by itself, wherever it runs.
    let sara = desk.signs_in_with("sara@platform.test", GOOD, &desk.shows(&telephone)).await?;
    sara.post("/v1/platform/impersonations", ask(1)).await?.is(201)?;
    clock.passes(Span::minutes(1));
    desk.world.works();
    desk.world.works();
    let all = ["mnetifi", "sara of platform", "mnetifi"];
    let told = async || -> anyhow::Result<()> {
        while endings(&trail(&desk, &platform).await?).len() < all.len() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, told()).await??;
    for scope in [&platform, &isp.scope] {
        assert_eq!(endings(&trail(&desk, scope).await?), all);
        let mut tx = desk.world.store.tenant(scope).await?;
        assert!(audit::verify(&mut tx).await?.fault.is_none());
    }
    Ok(())
}
