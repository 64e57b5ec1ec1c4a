//! Branches and zones.

use domain::people::role::{Preset, RoleName};
use domain::people::staff::Zoned;
use domain::time::Span;
use serde_json::{Value, json};
use tests::api::{Answer, Api};
use tests::world::World;

fn names(answer: &Answer) -> Vec<String> {
    let items = answer.json()["items"].as_array().cloned().unwrap_or_default();
    items.iter().filter_map(|item| item["name"].as_str().map(str::to_owned)).collect()
}

fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn branches_and_zones_are_made_changed_and_taken_away_by_their_own_isp_alone() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);

    let branch = ours.post("/v1/branches", json!({ "name": "Kitale" })).await?.is(201)?;
    let branch_place = branch.header("location").expect("where it is").to_owned();
    let zone = ours.post("/v1/zones", json!({ "name": "Kitale East", "branch": id(&branch) })).await?.is(201)?;
    let zone_place = zone.header("location").expect("where it is").to_owned();
    let again = ours.post("/v1/zones", json!({ "name": "KITALE east" })).await?;
    let full = ours.delete(&branch_place).await?;

    for (place, other_name) in [(&branch_place, "Eldoret"), (&zone_place, "Eldoret West")] {
        let hidden = [
            theirs.get(place).await?,
            theirs.patch(place, json!({ "name": "Theirs" })).await?,
            theirs.delete(place).await?,
        ];
        for answer in hidden {
            assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{}", answer.text());
        }
        let seen = ours.get(place).await?.is(200)?;
        let tag = seen.header("etag").expect("its state").to_owned();
        let client = ours.clone().with("if-match", &tag);
        assert_eq!(client.patch(place, json!({ "name": other_name })).await?.is(200)?.json()["name"], other_name);
        assert_eq!(client.patch(place, json!({ "name": "Later" })).await?.status, 412, "changed meanwhile");
        assert_eq!(client.delete(place).await?.status, 412, "changed meanwhile");
    }
    assert_eq!(names(&theirs.get("/v1/branches").await?), Vec::<String>::new());
    assert_eq!(names(&theirs.get("/v1/zones").await?), Vec::<String>::new());
    // A branch of ours is none of theirs.
    let crossed = theirs.post("/v1/zones", json!({ "name": "Kitale East", "branch": id(&branch) })).await?;
    assert!([404, 409].contains(&crossed.status), "{}", crossed.text());
    assert_eq!((again.status, full.status), (409, 409), "{} {}", again.text(), full.text());
    assert!(full.text().contains("move them to another branch first"), "{}", full.text());
    assert_eq!(ours.patch(&zone_place, json!({ "branch": null })).await?.is(200)?.json()["branch"], Value::Null);
    for place in [&branch_place, &zone_place] {
        let tag = ours.get(place).await?.is(200)?.header("etag").expect("its state").to_owned();
        assert_eq!(ours.clone().with("if-match", &tag).delete(place).await?.status, 204);
    }
    assert_eq!(ours.get(&zone_place).await?.status, 404);
    let wrong = ours.post("/v1/zones", json!({ "name": " " })).await?;
    assert_eq!((wrong.status, wrong.json()["errors"][0]["field"].as_str()), (422, Some("/name")));
    Ok(())
}

#[tokio::test]
async fn lists_of_places_go_on_page_by_page_and_are_searched() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let ours = api.owner(&world, &world.isp).await?;
    let branch = id(&ours.post("/v1/branches", json!({ "name": "North" })).await?.is(201)?);
    for (name, branch) in [("Lodwar", Some(&branch)), ("Lokichar", Some(&branch)), ("Kapenguria", None)] {
        ours.post("/v1/zones", json!({ "name": name, "branch": branch })).await?.is(201)?;
        world.clock.passes(Span::seconds(1));
    }

    let first = ours.get("/v1/zones?limit=2").await?.is(200)?;
    let next = first.json()["next"].as_str().unwrap_or_default().to_owned();
    let second = ours.get(&format!("/v1/zones?limit=2&after={next}")).await?.is(200)?;

    assert_eq!((names(&first), names(&second)), (vec!["Lodwar".into(), "Lokichar".into()], vec!["Kapenguria".into()]));
    assert_eq!(second.json()["next"], Value::Null);
    assert_eq!(names(&ours.get("/v1/zones?q=KAPEN").await?), ["Kapenguria"]);
    assert_eq!(names(&ours.get(&format!("/v1/zones?branch={branch}")).await?), ["Lodwar", "Lokichar"]);
    assert_eq!(names(&ours.get("/v1/branches?q=nor").await?), ["North"]);
    assert_eq!(ours.get("/v1/zones?branch=north").await?.status, 400);
    Ok(())
}

#[tokio::test]
async fn whoever_works_in_some_zones_sees_no_others() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let ours = api.owner(&world, &world.isp).await?;
    let theirs = ours.post("/v1/zones", json!({ "name": "Theirs" })).await?.is(201)?;
    let other = ours.post("/v1/zones", json!({ "name": "Another" })).await?.is(201)?;
    let zones = Zoned::Some(vec![id(&theirs).parse()?]);
    let technician = api.signed_in(&world, &world.isp, RoleName::Preset(Preset::Technician), zones).await?;

    assert_eq!(names(&technician.get("/v1/zones").await?), ["Theirs"]);
    assert_eq!(technician.get(&format!("/v1/zones/{}", id(&theirs))).await?.status, 200);
    assert_eq!(technician.get(&format!("/v1/zones/{}", id(&other))).await?.status, 404);
    assert_eq!(technician.post("/v1/zones", json!({ "name": "Mine" })).await?.status, 403);
    let in_use = ours.delete(&format!("/v1/zones/{}", id(&theirs))).await?;
    assert_eq!((in_use.status, in_use.code().as_str()), (409, "conflict"), "{}", in_use.text());
    Ok(())
}
