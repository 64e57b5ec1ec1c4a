//! Who may: nobody without showing who they are, and everybody what their role has and no more.

use admin_api::routes::Right;
use domain::people::permission::{Permission, Permissions};
use domain::people::role::Preset;
use policy::people::rights;
use serde_json::json;
use tests::api::Client;
use tests::furnished::Furnished;

use super::{is_endless, routes, touch};

#[tokio::test]
async fn nobody_is_let_in_anywhere_but_where_anybody_may() -> anyhow::Result<()> {
    let furnished = Furnished::open().await?;
    let nobody = furnished.api.nobody();
    let strangers = [
        nobody.clone(),
        nobody.clone().with("cookie", &format!("mnetifi={}", "A".repeat(43))),
        nobody.clone().with("authorization", &format!("Bearer mnk_{}", "A".repeat(43))),
    ];

    for (name, route) in routes() {
        for stranger in &strangers {
            let answer = touch(stranger, &route).await?;
            let refused = answer.status == 401 && (is_endless(&route) || answer.code() == "sign_in");
            assert_eq!(refused, route.right != Right::Open, "{name}: {} {}", answer.status, answer.text());
            assert!(answer.status < 500, "{name}: {} {}", answer.status, answer.text());
        }
    }
    Ok(())
}

/// Whether the door refused for want of that permission.
fn lacks(answer: &tests::api::Answer, permission: Permission) -> bool {
    answer.status == 403 && answer.code() == "not_allowed" && answer.text().contains(&format!("`{permission}`"))
}

/// Asks for every route as somebody who has these permissions; `fresh` makes them anew, for routes that end a session.
async fn walk(who: &str, has: Permissions, fresh: impl AsyncFn() -> anyhow::Result<Client>) -> anyhow::Result<()> {
    let client = fresh().await?;
    for (name, route) in routes() {
        let answer = match route.right {
            Right::Open => continue,
            Right::SignedIn => touch(&fresh().await?, &route).await?,
            Right::Needs(_) => touch(&client, &route).await?,
        };
        let told = format!("{name} as {who}: {} {}", answer.status, answer.text());
        assert!(answer.status != 401 && answer.status < 500, "{told}");
        if let Right::Needs(permission) = route.right {
            assert_eq!(lacks(&answer, permission), !has.allow(permission.thing, permission.act), "{told}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_role_may_do_what_the_table_of_rights_says_and_nothing_else() -> anyhow::Result<()> {
    let furnished = Furnished::open().await?;

    for preset in Preset::ALL {
        let fresh = async || furnished.somebody(preset, &furnished.world.isp).await;
        walk(preset.code(), rights::of_preset(preset).permissions, fresh).await?;
    }
    Ok(())
}

#[tokio::test]
async fn whoever_acts_in_an_isps_place_may_do_what_the_table_says_and_nothing_else() -> anyhow::Result<()> {
    let furnished = Furnished::open().await?;
    let visit = json!({ "tenant": furnished.world.isp.tenant.id.to_string(), "reason": "a call about a router" });

    let fresh = async || {
        let visitor = furnished.of_platform(Preset::PlatformSupport).await?;
        visitor.post("/v1/platform/impersonations", visit.clone()).await?.is(201)?;
        Ok(visitor)
    };

    walk("impersonator", rights::WHILE_IMPERSONATING, fresh).await
}

#[tokio::test]
async fn a_key_without_a_permission_is_refused_where_it_is_needed() -> anyhow::Result<()> {
    let furnished = Furnished::open().await?;
    let (world, api) = (&furnished.world, &furnished.api);
    let all = rights::of_preset(Preset::Owner).permissions;
    let able = api.program(world, &world.isp, all).await?;

    for (name, route) in routes() {
        let Right::Needs(permission @ Permission { thing, act }) = route.right else { continue };
        let without = api.program(world, &world.isp, all.without(Permissions::on(thing, &[act]))).await?;

        assert!(lacks(&touch(&without, &route).await?, permission), "{name}");
        let has = all.allow(thing, act);
        assert_eq!(lacks(&touch(&able, &route).await?, permission), !has, "{name} with all permissions of an owner");
    }
    Ok(())
}
