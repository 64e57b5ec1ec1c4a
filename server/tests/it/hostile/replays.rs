//! Good packets at a bad time: again, with another authenticator, with somebody else's Class, in a flood.

use std::time::Duration;

use dictionaries::rfc2866::acct_status_type::{INTERIM_UPDATE, START};
use dictionaries::{rfc2865, rfc2866};
use radius::{PACKET_MAX, Packet, Place, Secret, Writer};
use tests::client::Report;
use tests::world::World;
use tokio::net::UdpSocket;

use super::{PASSWORD, PATIENCE, SECRET, Siege, receive};

const MAC: &str = "02:00:00:00:00:31";

fn login(id: u8, random: [u8; 16]) -> Vec<u8> {
    let (mut buffer, secret) = ([0; PACKET_MAX], Secret::new(SECRET));
    let mut writer = Writer::access_request(&mut buffer, id, &random, Place::Last);
    writer.put(rfc2865::USER_NAME, "house-3").expect("room");
    writer.put_hidden(rfc2865::USER_PASSWORD, PASSWORD.as_bytes(), &secret).expect("room");
    writer.put(rfc2865::CALLING_STATION_ID, MAC).expect("room");
    writer.finish(&secret).to_vec()
}

fn record(id: u8, session: &str, status: u32, octets: u32) -> Vec<u8> {
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::accounting_request(&mut buffer, id, Place::Absent);
    writer.put(rfc2866::ACCT_STATUS_TYPE, status).expect("room");
    writer.put(rfc2866::ACCT_SESSION_ID, session).expect("room");
    writer.put(rfc2865::USER_NAME, "house-3").expect("room");
    writer.put(rfc2865::CALLING_STATION_ID, MAC).expect("room");
    writer.put(rfc2866::ACCT_INPUT_OCTETS, octets).expect("room");
    writer.put(rfc2866::ACCT_OUTPUT_OCTETS, octets).expect("room");
    writer.finish(&Secret::new(SECRET)).to_vec()
}

async fn session_of(siege: &Siege, tenant: &str, id: &str) -> Vec<serde_json::Value> {
    let arguments = ["session", "list", "--all", "--json", "--limit", "1000", "--tenant", tenant];
    let told = siege.node.runs_beside(&siege.world.database.admin_url(), &arguments).await.expect("run");
    let all: serde_json::Value = serde_json::from_slice(&told.stdout).expect("JSON");
    all.as_array().expect("a list").iter().filter(|one| one["acct_session_id"] == id).cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_again_is_answered_alike_and_counted_once() {
    let siege = Siege::lay().await;
    let (auth, acct) = (siege.node.auth, siege.node.acct);
    let socket = UdpSocket::bind((siege.router(tests::hostile::From::Isp).from, 0)).await.expect("a socket");

    let mut answers = Vec::new();
    for _ in 0..3 {
        socket.send_to(&login(9, [1; 16]), auth).await.expect("sent");
        answers.push(receive(&socket, PATIENCE).await.expect("an answer"));
    }
    socket.send_to(&login(9, [2; 16]), auth).await.expect("sent");
    let other = receive(&socket, PATIENCE).await.expect("an answer");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "the same octets to the same request");
    assert_ne!(other, answers[0], "the same identifier with another authenticator is another request");

    // The first is what a thief has kept: it comes once more when newer ones have been counted.
    let kept = record(20, "81000777", INTERIM_UPDATE, 1_000);
    for datagram in [record(19, "81000777", START, 0), kept.clone(), record(21, "81000777", INTERIM_UPDATE, 5_000)] {
        for _ in 0..2 {
            socket.send_to(&datagram, acct).await.expect("sent");
            assert!(receive(&socket, PATIENCE).await.is_some(), "an answer, and the same again");
        }
    }
    // From another port, the memory of requests does not know it.
    let thief = UdpSocket::bind((siege.router(tests::hostile::From::Isp).from, 0)).await.expect("a socket");
    thief.send_to(&kept, acct).await.expect("sent");
    assert!(receive(&thief, PATIENCE).await.is_some(), "it proves the secret, so it is answered");
    siege.node.is_drained().await.expect("drained");

    let sessions = session_of(&siege, "savanna", "81000777").await;
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    assert_eq!(sessions[0]["in_octets"], 5_000, "an old report takes nothing back and adds nothing");
    siege.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_class_reaches_no_other_isp() {
    let siege = Siege::lay().await;
    let (isp, other) = (&siege.world.isp.router, &siege.world.other.router);
    let theirs = other.asks("Sunrise77", "", "02:00:00:00:00:41").await.expect("sent").expect("an answer");
    let report = |class, octets| Report {
        status: INTERIM_UPDATE,
        session: "81000888",
        user: "Sunrise77",
        mac: "02:00:00:00:00:41",
        class,
        in_octets: octets,
        out_octets: octets,
        seconds: 10,
    };
    let class = theirs.class();
    other.reports(&report(&class, 1_000)).await.expect("sent").expect("an answer");
    let mut half = class.clone();
    half[20..].reverse();

    for forged in [&class, &half] {
        isp.reports(&report(forged, 900_000_000)).await.expect("sent").expect("an answer");
    }
    siege.node.is_drained().await.expect("drained");

    assert_eq!(session_of(&siege, "rift", "81000888").await[0]["in_octets"], 1_000, "theirs is as they reported it");
    assert_eq!(usage_of(&siege.world, true).await, 1_000, "and so is what their card has used");
    siege.ends().await;
}

/// Octets in, over all holders of an ISP.
async fn usage_of(world: &World, of_the_other: bool) -> i64 {
    let isp = if of_the_other { &world.other } else { &world.isp };
    tests::books::used(&world.database, isp.tenant.id).await.expect("asked").iter().map(|used| used.in_octets).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_questions_whether_we_are_there_stops_nobody() {
    let siege = Siege::lay().await;
    let socket = UdpSocket::bind((siege.router(tests::hostile::From::Isp).from, 0)).await.expect("a socket");
    let (mut buffer, secret) = ([0; PACKET_MAX], Secret::new(SECRET));

    for round in 0..20_u8 {
        for id in 0..=255_u8 {
            let random = [round, id, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3];
            let writer = Writer::status_server(&mut buffer, id, &random);
            socket.send_to(writer.finish(&secret), siege.node.auth).await.expect("sent");
        }
        while receive(&socket, Duration::from_millis(1)).await.is_some() {}
        assert!(siege.house_is_let_in().await, "nobody is let in beside round {round}");
    }

    // What we answered ourselves, sent back to us, starts no conversation.
    socket.send_to(&login(1, [7; 16]), siege.node.auth).await.expect("sent");
    let reply = loop {
        let reply = receive(&socket, PATIENCE).await.expect("an answer");
        if Packet::parse(&reply).is_ok_and(|reply| reply.get(rfc2865::CLASS).is_some()) {
            break reply;
        }
    };
    for to in [siege.node.auth, siege.node.acct] {
        socket.send_to(&reply, to).await.expect("sent");
    }
    assert!(siege.house_is_let_in().await);
    while let Some(more) = receive(&socket, Duration::from_millis(50)).await {
        assert!(Packet::parse(&more).is_ok_and(|more| more.get(rfc2865::CLASS).is_none()), "an answer to an answer");
    }
    siege.ends().await;
}
