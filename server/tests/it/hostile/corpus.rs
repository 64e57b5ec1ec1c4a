//! Every packet of the corpus gets what it deserves.

use std::net::SocketAddr;
use std::time::Duration;

use radius::{Packet, Secret, authenticator};
use tests::hostile::{Case, Deserves, corpus};
use tests::node::Node;
use tokio::net::UdpSocket;

use super::{PATIENCE, SECRET, Siege, is_ours, receive};

#[tokio::test(flavor = "multi_thread")]
async fn each_gets_what_it_deserves_and_the_next_good_request_is_answered() {
    let siege = Siege::lay().await;
    let mut faults = Vec::new();
    let mut silent = Vec::new();
    for (number, case) in corpus().expect("a corpus").iter().enumerate() {
        let socket = UdpSocket::bind((siege.router(case.from).from, 0)).await.expect("a socket");
        let random = [u8::try_from(number % 251).expect("small"); 16];
        let datagram = case.datagram(u8::try_from(number % 256).expect("small"), random, SECRET);
        let got = match &case.deserves {
            Deserves::Answer(code) => {
                socket.send_to(&datagram, siege.address(case.to)).await.expect("sent");
                is_answered(&socket, &datagram, *code).await
            }
            Deserves::Silence(reasons) => {
                let told = is_dropped(&siege.node, &socket, &datagram, siege.address(case.to), case, reasons).await;
                silent.push((case.clone(), socket));
                told
            }
        };
        if let Err(why) = got {
            faults.push(format!("{case}: {why}"));
        }
        assert!(siege.house_is_let_in().await, "after `{case}` nobody is let in; before: {faults:#?}");
    }
    for (case, socket) in &silent {
        if receive(socket, Duration::from_millis(1)).await.is_some() {
            faults.push(format!("{case}: it was answered"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");

    siege.node.is_drained().await.expect("drained");
    assert_eq!(siege.node.metric("journal_quarantined_total", &[]).await.expect("a page"), 0.0);
    let url = siege.world.database.admin_url();
    for arguments in [&["session", "list", "--all", "--limit", "1000"][..], &["explain", "--list", "--limit", "1000"]] {
        let told = siege.node.runs_beside(&url, &[arguments, &["--tenant", "savanna"]].concat()).await.expect("run");
        let text = String::from_utf8(told.stdout).expect("UTF-8");
        assert!(told.status.success() && text.contains("drop table"), "{arguments:?}: {text}");
        text.lines().for_each(|line| is_ours(line, false));
    }
    let log = siege.ends().await;
    assert!(log.contains("malformed"), "the log tells of drops at this level");
}

/// The answer, and it alone, is right.
async fn is_answered(socket: &UdpSocket, datagram: &[u8], code: u8) -> Result<(), String> {
    let reply = receive(socket, PATIENCE).await.ok_or("no answer")?;
    let (request, reply) = (
        Packet::parse(datagram).map_err(|why| why.to_string())?,
        Packet::parse(&reply).map_err(|why| why.to_string())?,
    );
    if !authenticator::verify_reply(&reply, request.authenticator(), &Secret::new(SECRET)) || reply.id() != request.id()
    {
        return Err("an answer that proves nothing".to_owned());
    }
    if u8::from(reply.code()) != code {
        return Err(format!("{} and not {code}", reply.code().name()));
    }
    Ok(())
}

/// It is counted under a reason that it may have.
async fn is_dropped(
    node: &Node,
    socket: &UdpSocket,
    datagram: &[u8],
    to: SocketAddr,
    case: &Case,
    reasons: &[String],
) -> Result<(), String> {
    let port = format!("port=\"{}\"", if case.to == tests::hostile::To::Auth { "auth" } else { "acct" });
    let before = counts(node, &port, reasons).await;
    socket.send_to(datagram, to).await.expect("sent");
    for _ in 0..200 {
        if counts(node, &port, reasons).await > before {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let answered = receive(socket, Duration::from_millis(1)).await.map_or("no answer", |_| "an answer");
    Err(format!("not counted under {reasons:?}, {answered}"))
}

async fn counts(node: &Node, port: &str, reasons: &[String]) -> f64 {
    let mut sum = 0.0;
    for reason in reasons {
        let reason = format!("reason=\"{reason}\"");
        sum += node.metric("radius_drops_total", &[port, &reason]).await.expect("a page");
    }
    sum
}
