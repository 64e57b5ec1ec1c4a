//! Sessions, usage, decisions, devices, exceptions and what happens live.

use std::time::Duration;

use actions::platform::places::add_zone::add_zone;
use domain::id::SessionId;
use domain::people::role::{Preset, RoleName};
use domain::people::staff::Zoned;
use domain::sales::plan::PlanService;
use domain::support::exception::{Exception, ExceptionKind};
use serde_json::json;
use store::support::exceptions;
use tests::api::{Api, Client};
use tests::client::Report;
use tests::world::{Isp, World, hour, month};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

const PHONE: &str = "02:00:00:00:00:01";

/// A house that is online at an ISP.
async fn a_house(world: &World, isp: &Isp) -> anyhow::Result<()> {
    let plan = world.sells(isp, month(), "home", PlanService::Pppoe).await?;
    world.connects(isp, &plan, "house-1", "karibu").await?;
    world.knows_what_changed().await;
    comes_online(world, isp, "house-1", "karibu", "81000001").await
}

async fn comes_online(world: &World, isp: &Isp, user: &str, password: &str, acct: &str) -> anyhow::Result<()> {
    let accept = isp.router.asks(user, password, PHONE).await?;
    anyhow::ensure!(accept.as_ref().is_some_and(|reply| reply.is_accept()), "{user} is not let in: {accept:?}");
    let class = accept.as_ref().map(tests::client::Reply::class).unwrap_or_default();
    let report =
        Report { status: 1, session: acct, user, mac: PHONE, class: &class, in_octets: 0, out_octets: 0, seconds: 0 };
    isp.router.reports(&report).await?;
    world.drained().await;
    Ok(())
}

async fn first(client: &Client, path: &str) -> anyhow::Result<serde_json::Value> {
    for _ in 0..200 {
        let listed = client.get(path).await?.is(200)?.json();
        if listed["items"].as_array().is_some_and(|items| !items.is_empty()) {
            return Ok(listed["items"][0].clone());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("{path} stays empty")
}

#[tokio::test]
async fn who_is_online_is_seen_explained_and_disconnected_by_their_own_isp_alone() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    a_house(&world, &world.isp).await?;
    world.recorded().await;

    let session = first(&ours, "/v1/sessions").await?;
    let place = format!("/v1/sessions/{}", session["id"].as_str().expect("an id"));
    let decision = first(&ours, "/v1/decisions?user_name=house-1").await?;
    let story = ours.get(&format!("/v1/decisions/{}", decision["trace"].as_str().expect("a trace"))).await?.is(200)?;
    let holder = session["holder"]["id"].as_str().expect("whose").to_owned();
    let devices = ours.get(&format!("/v1/subscribers/{holder}/devices")).await?.is(200)?.json();
    let hidden = [
        theirs.get(&place).await?,
        theirs.post(&format!("{place}/disconnect"), json!({})).await?,
        theirs.get(&format!("/v1/decisions/{}", decision["trace"].as_str().expect("a trace"))).await?,
        theirs.get(&format!("/v1/subscribers/{holder}/devices")).await?,
        theirs.get(&format!("/v1/usage?subscriber={holder}")).await?,
        theirs.post("/v1/devices/block", json!({ "subscriber": holder, "device": PHONE })).await?,
    ];
    let asked = ours.send("POST", &format!("{place}/disconnect"), None).await?;
    let blocked = ours.post("/v1/devices/block", json!({ "subscriber": holder, "device": PHONE })).await?;
    let named = json!({ "subscriber": holder, "device": PHONE, "name": "router at the gate" });
    let named = ours.post("/v1/devices/name", named).await?;

    assert_eq!((session["state"].as_str(), session["user_name"].as_str()), (Some("online"), Some("house-1")));
    assert_eq!(decision["accepted"], true);
    assert!(story.json()["story"].as_array().is_some_and(|lines| lines.len() > 4), "{}", story.text());
    assert_eq!(devices["items"][0]["device"], PHONE);
    for answer in hidden {
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{}", answer.text());
    }
    assert_eq!((asked.status, asked.json()["ending"].as_u64()), (202, Some(1)), "{}", asked.text());
    assert_eq!((blocked.status, named.status), (200, 204));
    assert_eq!(theirs.get("/v1/sessions?all=true").await?.is(200)?.json()["items"], json!([]));
    assert_eq!(ours.get(&format!("/v1/usage?by=hour&subscriber={holder}")).await?.status, 200);
    assert_eq!(ours.get("/v1/usage?by=hour").await?.status, 400);
    Ok(())
}

#[tokio::test]
async fn a_technician_sees_houses_and_no_vouchers() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let technician = RoleName::Preset(Preset::Technician);
    let technician = api.signed_in(&world, &world.isp, technician, Zoned::All).await?;
    let owner = api.owner(&world, &world.isp).await?;
    let plan = world.sells(&world.isp, hour(), "hour", PlanService::Hotspot).await?;
    world.prints(&world.isp, &plan, &["Sunrise77"]).await?;
    world.knows_what_changed().await;
    comes_online(&world, &world.isp, "Sunrise77", "", "81000002").await?;
    world.recorded().await;

    let session = first(&owner, "/v1/sessions").await?;
    let place = format!("/v1/sessions/{}", session["id"].as_str().expect("an id"));

    for path in ["/v1/sessions", "/v1/decisions"] {
        let listed = technician.get(path).await?.is(200)?;
        assert!(!listed.text().contains("Sunrise77"), "{path}: {}", listed.text());
    }
    assert_eq!(technician.get(&place).await?.status, 404);
    let voucher = session["holder"]["id"].as_str().expect("whose");
    assert_eq!(technician.get(&format!("/v1/vouchers/{voucher}/devices")).await?.status, 404);
    Ok(())
}

fn trouble(world: &World, about: &str) -> Exception {
    let now = ports::Clock::now(&*world.clock);
    Exception {
        id: world.context().new_id(),
        kind: ExceptionKind::SessionNotFollowing,
        about: about.to_owned(),
        nas: None,
        session: Some(SessionId::from_bytes([7; 16])),
        holder: None,
        what: "it does not follow".to_owned(),
        opened_at: now,
        seen_at: now,
        times: 1,
        resolved: None,
    }
}

#[tokio::test]
async fn an_exception_is_resolved_once_and_by_its_own_isp_alone() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    let mut tx = world.store.tenant(&world.isp.scope).await?;
    exceptions::open(&mut tx, &[trouble(&world, "a session")]).await?;
    tx.commit().await?;

    let open = first(&ours, "/v1/exceptions").await?;
    let place = format!("/v1/exceptions/{}", open["id"].as_str().expect("an id"));
    let hidden = theirs.post(&format!("{place}/resolve"), json!({ "how": "not mine" })).await?;
    let wrong = ours.post(&format!("{place}/resolve"), json!({ "how": " " })).await?;
    let resolved = ours.post(&format!("{place}/resolve"), json!({ "how": "the power is back" })).await?.is(200)?;
    let again = ours.post(&format!("{place}/resolve"), json!({ "how": "again" })).await?.is(200)?;

    assert_eq!((hidden.status, theirs.get(&place).await?.status), (404, 404));
    assert_eq!((wrong.status, wrong.json()["errors"][0]["field"].as_str()), (422, Some("/how")));
    let how = resolved.json()["resolution"].as_str().unwrap_or_default().to_owned();
    assert!(how.starts_with("the power is back (by hand, by Person "), "{how}");
    assert_eq!(again.json()["resolution"], how);
    assert_eq!(ours.get("/v1/exceptions").await?.json()["items"], json!([]));
    Ok(())
}

/// Reads a stream until it holds these words.
async fn hears(stream: &mut TcpStream, heard: &mut String, words: &str) -> anyhow::Result<()> {
    let listening = async {
        let mut octets = [0; 4096];
        while !heard.contains(words) {
            let read = stream.read(&mut octets).await?;
            anyhow::ensure!(read > 0, "the stream ended: {heard}");
            heard.push_str(&String::from_utf8_lossy(&octets[..read]));
        }
        Ok(())
    };
    let heard_in_time = tokio::time::timeout(Duration::from_secs(30), listening).await;
    heard_in_time.map_err(|_| anyhow::anyhow!("`{words}` never came: {heard}"))?
}

#[tokio::test]
async fn what_happens_comes_live_to_its_own_isp_alone_and_goes_on_after_a_lost_line() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let (ours, theirs) = (api.owner(&world, &world.isp).await?, api.owner(&world, &world.other).await?);
    let mut live = ours.begins("GET", "/v1/live", None, b"").await?;
    let mut their_live = theirs.begins("GET", "/v1/live", None, b"").await?;
    let (mut heard, mut they_heard) = (String::new(), String::new());
    hears(&mut live, &mut heard, "retry:").await?;

    a_house(&world, &world.isp).await?;
    hears(&mut live, &mut heard, "event: session_online").await?;
    let id = heard.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id").to_owned();
    drop(live);
    let mut tx = world.store.tenant(&world.isp.scope).await?;
    exceptions::open(&mut tx, &[trouble(&world, "a session")]).await?;
    tx.commit().await?;
    let mut again = ours.clone().with("last-event-id", &id).begins("GET", "/v1/live", None, b"").await?;
    let mut heard_again = String::new();
    hears(&mut again, &mut heard_again, "event: exception_opened").await?;
    a_house(&world, &world.other).await?;
    hears(&mut their_live, &mut they_heard, "event: session_online").await?;

    assert!(heard.contains("\"user_name\":\"house-1\""), "{heard}");
    assert!(!they_heard.contains("exception_opened"), "{they_heard}");
    assert_eq!(they_heard.matches("event: session_online").count(), 1, "{they_heard}");
    Ok(())
}

#[tokio::test]
async fn a_technician_of_a_zone_sees_what_is_of_its_subscribers_alone() -> anyhow::Result<()> {
    let world = World::open().await?;
    let api = Api::open(&world).await?;
    let owner = api.owner(&world, &world.isp).await?;
    let plan = world.sells(&world.isp, month(), "home", PlanService::Pppoe).await?;
    let mut zones = Vec::new();
    let mut houses = Vec::new();
    for (name, area, acct) in [("near", "Hill", "81000011"), ("far", "Coast", "81000012")] {
        let zone = add_zone(&world.store, &world.isp.scope, area.parse()?, None, world.context()).await?.id;
        world.connects(&world.isp, &plan, name, "karibu").await?;
        let house = first(&owner, &format!("/v1/subscribers?q={name}")).await?;
        let house = house["id"].as_str().expect("an id").to_owned();
        let place = format!("/v1/subscribers/{house}");
        owner.patch(&place, json!({ "zone_id": zone.to_string() })).await?.is(200)?;
        world.knows_what_changed().await;
        let accept = world.isp.router.asks_over_ppp(name, "karibu", PHONE).await?;
        anyhow::ensure!(accept.as_ref().is_some_and(|reply| reply.is_accept()), "{name} is not let in: {accept:?}");
        let class = accept.as_ref().map(tests::client::Reply::class).unwrap_or_default();
        let (user, mac, session) = (name, PHONE, acct);
        let report = Report { status: 1, session, user, mac, class: &class, in_octets: 0, out_octets: 0, seconds: 0 };
        world.isp.router.reports(&report).await?;
        world.drained().await;
        zones.push(zone);
        houses.push(house);
    }
    world.recorded().await;
    let near = Zoned::Some(vec![zones[0]]);
    let technician = api.signed_in(&world, &world.isp, RoleName::Preset(Preset::Technician), near).await?;

    first(&owner, "/v1/sessions?user_name=near").await?;
    let far = first(&owner, "/v1/sessions?user_name=far").await?;
    let far_session = format!("/v1/sessions/{}", far["id"].as_str().expect("an id"));
    let far_answer = first(&owner, "/v1/decisions?user_name=far").await?;
    let far_answer = format!("/v1/decisions/{}", far_answer["trace"].as_str().expect("a trace"));
    for path in ["/v1/sessions", "/v1/sessions?all=true", "/v1/decisions"] {
        let listed = technician.get(path).await?.is(200)?.json();
        let names: Vec<&str> =
            listed["items"].as_array().expect("a list").iter().filter_map(|one| one["user_name"].as_str()).collect();
        assert!(!names.is_empty() && names.iter().all(|name| *name == "near"), "{path}: {names:?}");
    }
    let device = json!({ "subscriber": houses[1], "device": PHONE });
    for hidden in [
        technician.get(&far_session).await?,
        technician.get(&far_answer).await?,
        technician.get(&format!("/v1/subscribers/{}/devices", houses[1])).await?,
        technician.get(&format!("/v1/usage?subscriber={}", houses[1])).await?,
        technician.post("/v1/devices/block", device).await?,
    ] {
        assert_eq!((hidden.status, hidden.code().as_str()), (404, "not_found"), "{}", hidden.text());
    }
    technician.get(&format!("/v1/subscribers/{}/devices", houses[0])).await?.is(200)?;
    technician.get(&format!("/v1/usage?subscriber={}", houses[0])).await?.is(200)?;
    assert_eq!(technician.get("/v1/usage").await?.status, 400, "what all have used is not of one zone");
    Ok(())
}
