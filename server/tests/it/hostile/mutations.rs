//! A hundred thousand packets that were good once; `MNETIFI_TEST_MUTATIONS` asks for more, `MNETIFI_TEST_SEED` for
//! others.
//!
//! One in 25 is mended by somebody who knows the secret, so that it passes the door and is read to its end.

use std::time::Duration;

use radius::{Packet, Secret, authenticator};
use tests::dice::{Dice, SEED, asked};
use tests::hostile::{Case, To, corpus, mend};
use tokio::net::UdpSocket;

use super::{PATIENCE, SECRET, Siege, receive};

/// Sent before the next good request is waited for: the socket's buffer holds them all, so that none is lost unread.
const ROUND: usize = 100;

/// How much memory may grow between the first fifth of them and the last, in KiB: less than an octet for each 10 octets
/// received.
const GROWTH_KIB_MAX: u64 = 4_096;

#[tokio::test(flavor = "multi_thread")]
async fn mutations_of_good_packets_break_nothing_and_leave_nothing_behind() {
    let siege = Siege::lay_with_log("info,sqlx=error").await;
    let total = usize::try_from(asked("MNETIFI_TEST_MUTATIONS", 100_000)).expect("a number");
    let seed = asked(SEED, 20_261_121);
    let mut dice = Dice::seeded(seed);
    let mut cases = corpus().expect("a corpus");
    // Of a device that no other case names: who guesses beside it is made to wait, and it is not.
    let is_good = |case: &Case| case.title.contains("a house that nobody else asks for");
    let good = cases.remove(cases.iter().position(is_good).expect("a good login"));
    let router = siege.router(tests::hostile::From::Isp);
    let sockets =
        [UdpSocket::bind((router.from, 0)).await.expect("one"), UdpSocket::bind((router.from, 0)).await.expect("one")];
    let mut settled_kib = 0;
    let mut sent = 0;
    while sent < total {
        let socket = &sockets[dice.below(2)];
        for _ in 0..ROUND {
            let case = dice.one_of(&cases);
            let mut packet = case.datagram(dice.octet(), random(&mut dice), SECRET);
            mutate(&mut packet, &cases, &mut dice);
            if dice.once_in(25) {
                mend(&mut packet, SECRET);
            }
            packet.truncate(8_000);
            let to = if dice.once_in(10) { dice.one_of(&[To::Auth, To::Acct]) } else { &case.to };
            socket.send_to(&packet, siege.address(*to)).await.expect("sent");
            sent += 1;
        }
        let lets_in = is_let_in(socket, &good, &siege, &mut dice).await;
        assert!(lets_in, "seed {seed}: nobody is let in after {sent}:\n{}", tail(&siege.node.log_text()));
        if sent == total / 5 / ROUND * ROUND {
            settled_kib = siege.node.memory_kib().expect("it lives");
        }
    }
    siege.node.is_drained().await.expect("drained");
    let kib = siege.node.memory_kib().expect("it lives");

    assert!(kib <= settled_kib + GROWTH_KIB_MAX, "seed {seed}: {settled_kib} KiB after a fifth, {kib} KiB in the end");
    assert_eq!(siege.node.metric("radius_kernel_drops", &[]).await.expect("a page"), 0.0, "some were not read");
    assert_eq!(siege.node.metric("journal_quarantined_total", &[]).await.expect("a page"), 0.0);
    let dropped = siege.node.metric("radius_drops_total", &[]).await.expect("a page");
    let answered = siege.node.metric("radius_requests_total", &[]).await.expect("a page") - dropped;
    assert!(dropped > 0.0 && answered > 0.0, "both kinds were there: {dropped} dropped, {answered} answered");
    siege.ends().await;
}

fn random(dice: &mut Dice) -> [u8; 16] {
    std::array::from_fn(|_| dice.octet())
}

fn tail(log: &str) -> String {
    log.lines().rev().take(20).collect::<Vec<_>>().join("\n")
}

/// One to four changes, of the kinds that break parsers.
fn mutate(packet: &mut Vec<u8>, cases: &[Case], dice: &mut Dice) {
    for _ in 0..=dice.below(4) {
        let at = dice.below(packet.len());
        match dice.below(8) {
            0 if !packet.is_empty() => packet[at] ^= 1 << dice.below(8),
            1 if !packet.is_empty() => packet[at] = *dice.one_of(&[0, 1, 2, 3, 18, 26, 80, 127, 128, 254, 255]),
            2 => packet.truncate(at),
            3 => packet.insert(at, dice.octet()),
            4 if !packet.is_empty() => drop(packet.drain(at..(at + dice.below(20)).min(packet.len()))),
            5 => {
                let end = (at + dice.below(300)).min(packet.len());
                packet.extend_from_within(at..end);
            }
            6 => {
                let other = dice.one_of(cases).datagram(dice.octet(), random(dice), SECRET);
                packet.truncate(at);
                packet.extend_from_slice(&other[dice.below(other.len())..]);
            }
            _ if packet.len() > 4 => packet[2..4].copy_from_slice(&[dice.octet() & 0x1F, dice.octet()]),
            _ => packet.push(dice.octet()),
        }
    }
}

/// A good login from the same socket, whose answer must come among those to the mended ones.
async fn is_let_in(socket: &UdpSocket, good: &Case, siege: &Siege, dice: &mut Dice) -> bool {
    let datagram = good.datagram(dice.octet(), random(dice), SECRET);
    let (request, secret) = (Packet::parse(&datagram).expect("good"), Secret::new(SECRET));
    socket.send_to(&datagram, siege.node.auth).await.expect("sent");
    let is_answer = |reply: &Packet<'_>| {
        reply.id() == request.id() && authenticator::verify_reply(reply, request.authenticator(), &secret)
    };
    let answered = async {
        loop {
            let Some(reply) = receive(socket, PATIENCE).await else { return false };
            if let Some(reply) = Packet::parse(&reply).ok().filter(is_answer) {
                return reply.code() == radius::Code::AccessAccept;
            }
        }
    };
    tokio::time::timeout(PATIENCE + Duration::from_secs(1), answered).await.unwrap_or(false)
}
