//! Keys of programs: what they may do, for how long, and that nobody sees their secret twice.

use domain::people::role::Preset;
use domain::time::Span;
use ports::Clock as _;
use serde_json::{Value, json};
use tests::api::Client;

use crate::desk::{Desk, GOOD, HERE, THERE};
use crate::shop::text;

/// A program that shows this secret.
fn program(desk: &Desk, made: &Value) -> Client {
    desk.nobody().with("authorization", &format!("Bearer {}", text(made, "secret")))
}

#[tokio::test]
async fn a_key_does_what_it_may_until_it_is_rotated_revoked_or_over() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    desk.they_hire("rita", Preset::Owner).await?;
    let (anna, rita) = (desk.signs_in("anna@savanna.test", GOOD).await?, desk.signs_in("rita@rift.test", GOOD).await?);
    let new = json!({ "name": "Billing system", "permissions": ["routers:see", "plans:see"] });

    let made = anna.post("/v1/keys", new).await?.is(201)?.json();
    let place = format!("/v1/keys/{}", text(&made["key"], "id"));
    let first = program(&desk, &made);
    let (sees, makes) = (first.get("/v1/routers").await?.status, first.post("/v1/routers", json!({})).await?);
    let of_people = first.get("/v1/me/sessions").await?;
    let used = anna.get(&place).await?.is(200)?.json();
    let rotated = anna.post(&format!("{place}/rotate"), json!({ "grace_seconds": 600 })).await?.is(200)?.json();
    let second = program(&desk, &rotated);
    let overlap = [first.get("/v1/plans").await?.status, second.get("/v1/plans").await?.status];
    desk.world.clock.passes(Span::seconds(599));
    let last_moment = first.get("/v1/plans").await?.status;
    desk.world.clock.passes(Span::seconds(1));
    let after = [first.get("/v1/plans").await?.status, second.get("/v1/plans").await?.status];
    let hidden = [
        rita.get(&place).await?.status,
        rita.post(&format!("{place}/rotate"), json!({})).await?.status,
        rita.post(&format!("{place}/revoke"), json!({})).await?.status,
    ];
    anna.post(&format!("{place}/revoke"), json!({})).await?.is(200)?;

    assert_eq!((sees, makes.status, of_people.status), (200, 403, 403));
    assert!(makes.text().contains("`routers:make`"), "{}", makes.text());
    // The clock stood still between making it and using it.
    assert_eq!(used["last_used_at"], made["key"]["made_at"]);
    assert_eq!((overlap, last_moment, after), ([200, 200], 200, [401, 200]));
    assert_eq!(hidden, [404, 404, 404]);
    assert_eq!(second.get("/v1/plans").await?.status, 401, "taken back");
    for answer in [anna.get(&place).await?, anna.get("/v1/keys").await?] {
        for secret in [text(&made, "secret"), text(&rotated, "secret")] {
            assert!(!answer.text().contains(&secret[4..]), "a secret is shown once");
        }
    }
    let theirs = rita.get("/v1/keys").await?.is(200)?.json();
    assert_eq!(theirs["items"], json!([]));
    Ok(())
}

#[tokio::test]
async fn a_key_ends_by_itself_and_is_good_at_its_own_isps_host_alone() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    let anna = desk.signs_in("anna@savanna.test", GOOD).await?;
    let end = desk.world.clock.now().plus(Span::minutes(10));
    let new = json!({ "name": "For ten minutes", "permissions": ["plans:see"], "expires_at": end.to_string() });

    let made = anna.post("/v1/keys", new).await?.is(201)?.json();
    let program = program(&desk, &made);
    let bearer = format!("Bearer {}", text(&made, "secret"));
    let at = async |host: &str| anyhow::Ok(desk.at(host).with("authorization", &bearer).get("/v1/plans").await?.status);
    let (here, there) = (at(HERE).await?, at(THERE).await?);
    desk.world.clock.passes(Span::seconds(599));
    let before = program.get("/v1/plans").await?.status;
    desk.world.clock.passes(Span::seconds(1));
    let over = program.get("/v1/plans").await?.status;
    let past = json!({ "name": "Over before it began", "permissions": ["plans:see"], "expires_at": end.to_string() });
    let past = anna.post("/v1/keys", past).await?;

    assert_eq!((here, there), (200, 401));
    assert_eq!((before, over), (200, 401));
    assert_eq!((past.status, past.json()["errors"][0]["field"].as_str()), (422, Some("/expires_at")));
    Ok(())
}

#[tokio::test]
async fn a_key_may_do_no_more_than_whoever_makes_it() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    desk.hires("anna", Preset::Owner).await?;
    let anna = desk.signs_in("anna@savanna.test", GOOD).await?;
    let keeper = json!({ "name": "Keeper of keys", "permissions": ["keys:see", "keys:make", "plans:see"] });
    let keeper = program(&desk, &anna.post("/v1/keys", keeper).await?.is(201)?.json());

    let more = keeper.post("/v1/keys", json!({ "name": "More", "permissions": ["vouchers:make"] })).await?;
    let same = keeper.post("/v1/keys", json!({ "name": "Same", "permissions": ["plans:see"] })).await?;
    let unknown = anna.post("/v1/keys", json!({ "name": "x", "permissions": ["plans:see", "plans:fly"] })).await?;
    let platform = anna.post("/v1/keys", json!({ "name": "x", "permissions": ["platform:see"] })).await?;
    let nothing = anna.post("/v1/keys", json!({ "name": "x", "permissions": [] })).await?;

    assert_eq!((more.status, same.status), (403, 201));
    assert_eq!((unknown.status, unknown.json()["errors"][0]["field"].as_str()), (422, Some("/permissions/1")));
    assert_eq!(platform.status, 403);
    assert_eq!((nothing.status, nothing.json()["errors"][0]["field"].as_str()), (422, Some("/permissions")));
    Ok(())
}
