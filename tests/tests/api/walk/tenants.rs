//! Another ISP's row is like one that never was, and no list shows one.

use admin_api::routes::Right;
use domain::people::permission::Thing;
use serde_json::Value;
use tests::furnished::{Furnished, MARK, OTHER_MARK, PLATFORM_MARK, Party};

use super::samples::{body_for, send};
use super::{before_id, is_endless, routes, says, touch, with_ids};

/// Whether it is for the platform's people alone, so that nobody of an ISP gets as far as a row.
fn is_for_the_platform(right: Right) -> bool {
    matches!(right, Right::Needs(permission) if permission.thing == Thing::Platform)
}

#[tokio::test]
async fn another_isps_row_is_not_there_whatever_is_asked_of_it() -> anyhow::Result<()> {
    let furnished = Furnished::open().await?;
    let (ours, theirs) = (&furnished.isp, &furnished.other);

    for (name, route) in routes() {
        let Some(before) = before_id(&route.path) else { continue };
        if is_for_the_platform(route.right) {
            continue;
        }
        let path = with_ids(&route.path, theirs.id(before), theirs);
        let body = body_for(&route, ours);

        let answer = send(&ours.owner, route.method.as_str(), &path, body.as_ref()).await?;

        let said = format!("{name}: {} {}", answer.status, answer.text());
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{said}");
        assert!(!says(&answer, OTHER_MARK), "{said}");
        if !route.changes() {
            let own = theirs.owner.get(&path).await?;
            assert_eq!(own.status, 200, "{name} is not asked for a row that there is: {}", own.text());
        }
    }
    Ok(())
}

/// Everything that is known by an id or a mark, and is not theirs who ask.
fn foreign(party: &Party) -> impl Iterator<Item = &str> {
    // What presets and devices are called is the same everywhere.
    party.ids.values().map(String::as_str).chain([party.mark])
}

#[tokio::test]
async fn no_list_and_no_file_shows_another_isps_rows() -> anyhow::Result<()> {
    let furnished = Furnished::open().await?;
    let (ours, theirs) = (&furnished.isp, &furnished.other);
    let mut shown_somewhere = 0;

    for (name, route) in routes() {
        if route.changes() || is_endless(&route) || before_id(&route.path).is_some() || route.right == Right::Open {
            continue;
        }
        let answer = touch(&ours.owner, &route).await?;
        for word in foreign(theirs).chain([PLATFORM_MARK]) {
            // The platform says why it was in an ISP's place, to that ISP.
            if word == PLATFORM_MARK
                && ["/v1/impersonations", "/v1/audit", "/v1/audit/export"].contains(&route.path.as_str())
            {
                continue;
            }
            assert!(!says(&answer, word), "{name} shows {word}: {}", answer.text());
        }
        if let Some(id) = ours.ids.get(route.path.as_str()) {
            let own = says(&answer, id);
            assert!(own, "{name} does not show one's own {id}, so that it proves nothing: {}", answer.text());
            shown_somewhere += 1;
        }
    }
    assert!(shown_somewhere >= 10, "only {shown_somewhere} lists showed a row of one's own");
    Ok(())
}

/// Every place in a body where one of these ids stands.
fn ids_in(body: &Value, ids: &[&str], pointer: &str, found: &mut Vec<String>) {
    match body {
        Value::String(text) if ids.contains(&text.as_str()) => found.push(pointer.to_owned()),
        Value::Array(values) => {
            for (place, value) in values.iter().enumerate() {
                ids_in(value, ids, &format!("{pointer}/{place}"), found);
            }
        }
        Value::Object(fields) => {
            for (field, value) in fields {
                ids_in(value, ids, &format!("{pointer}/{field}"), found);
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[tokio::test]
async fn another_isps_id_in_a_body_does_nothing_and_tells_nothing() -> anyhow::Result<()> {
    let furnished = Furnished::open().await?;
    let (ours, theirs) = (&furnished.isp, &furnished.other);
    let own: Vec<&str> = ours.ids.values().map(String::as_str).collect();
    let mut asked = 0;

    for (name, route) in routes() {
        let Some(body) = body_for(&route, ours) else { continue };
        let mut places = Vec::new();
        ids_in(&body, &own, "", &mut places);
        for place in places {
            let mut body = body.clone();
            let slot = body.pointer_mut(&place).expect("found above");
            let kind = ours.ids.iter().find(|(_, id)| *id == slot).map(|(kind, _)| *kind).expect("one of ours");
            *slot = Value::String(theirs.id(kind).to_owned());
            let path = before_id(&route.path)
                .map_or(route.path.clone(), |before| with_ids(&route.path, ours.id(before), ours));

            let answer = send(&ours.owner, route.method.as_str(), &path, Some(&body)).await?;

            let said = format!("{name} with their {kind} at {place}: {} {}", answer.status, answer.text());
            let refused = [404, 409, 422].contains(&answer.status);
            let did_nothing = answer.status == 200 && (answer.json()["done"] == 0 || answer.json()["meant"] == 0);
            assert!(refused || did_nothing, "{said}");
            assert!(!says(&answer, OTHER_MARK), "{said}");
            asked += 1;
        }
    }
    assert!(asked >= 10, "only {asked} bodies have an id of one's own to be changed");
    nothing_crossed(&furnished).await
}

/// No row of either ISP has the other's mark in it.
async fn nothing_crossed(furnished: &Furnished) -> anyhow::Result<()> {
    let crossed = furnished.crossed().await?;
    assert_eq!(crossed, Vec::<String>::new());
    // The look for them works: one's own mark is there.
    let own = furnished.marked(&furnished.world.isp, MARK).await?;
    assert!(own.iter().any(|table| table == "customers"), "{own:?}");
    Ok(())
}
