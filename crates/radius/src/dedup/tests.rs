//! What duplicate detection promises.

use std::collections::HashMap;
use std::net::SocketAddr;

use proptest::prelude::*;

use super::{Dedup, Limits, Ticket, Verdict};
use crate::Packet;

const LIFE_MS: u64 = 10_000;

fn dedup(capacity: u32) -> Dedup {
    Dedup::new(Limits { capacity, octets: 0, life_ms: LIFE_MS }, 7)
}

fn nas(port: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], port))
}

fn request(id: u8, authenticator: u8) -> [u8; 20] {
    let mut bytes = [authenticator; 20];
    bytes[..4].copy_from_slice(&[1, id, 0, 20]);
    bytes
}

fn see<'a>(dedup: &'a mut Dedup, port: u16, bytes: &[u8], now_ms: u64) -> Verdict<'a> {
    dedup.see(nas(port), &Packet::parse(bytes).unwrap(), now_ms)
}

fn new(dedup: &mut Dedup, port: u16, bytes: &[u8], now_ms: u64) -> Ticket {
    match see(dedup, port, bytes, now_ms) {
        Verdict::New(ticket) => ticket,
        other @ (Verdict::InProgress | Verdict::Replay(_)) => panic!("{other:?}"),
    }
}

#[test]
fn a_copy_is_ignored_until_the_answer_and_then_answered_alike() {
    let mut dedup = dedup(8);
    let ticket = new(&mut dedup, 1, &request(1, 1), 0);

    assert_eq!(see(&mut dedup, 1, &request(1, 1), 1_100), Verdict::InProgress);
    assert!(dedup.answer(ticket, b"reply"));
    assert_eq!(see(&mut dedup, 1, &request(1, 1), 2_200), Verdict::Replay(b"reply"));
    assert_eq!(see(&mut dedup, 1, &request(1, 1), 3_300), Verdict::Replay(b"reply"));
}

#[test]
fn replies_leave_the_oldest_first_and_their_requests_are_new_again() {
    let mut dedup = dedup(64);
    let reply = |id: u8| vec![id; 1_000];
    for id in 0..20 {
        let ticket = new(&mut dedup, 1, &request(id, 1), 0);
        assert!(dedup.answer(ticket, &reply(id)));
    }

    // Eight of a thousand octets fit; the ninth did not fit the end, so the row begins anew.
    for id in 13..20 {
        assert_eq!(see(&mut dedup, 1, &request(id, 1), 1), Verdict::Replay(&reply(id)), "{id}");
    }
    assert_eq!(dedup.displaced(), 0);
    for id in 0..12 {
        let ticket = new(&mut dedup, 1, &request(id, 1), 1);
        assert!(dedup.answer(ticket, b"again"));
    }
    assert_eq!(dedup.displaced(), 12);
    assert_eq!(see(&mut dedup, 1, &request(0, 1), 2), Verdict::Replay(b"again"));
}

#[test]
fn another_authenticator_is_another_request() {
    let mut dedup = dedup(8);
    let first = new(&mut dedup, 1, &request(1, 1), 0);

    let second = new(&mut dedup, 1, &request(1, 2), 1);

    assert!(!dedup.answer(first, b"old"));
    assert!(dedup.answer(second, b"new"));
    assert_eq!(see(&mut dedup, 1, &request(1, 2), 2), Verdict::Replay(b"new"));
}

#[test]
fn another_source_code_or_identifier_is_another_request() {
    let mut dedup = dedup(8);
    let _answered_later = new(&mut dedup, 1, &request(1, 1), 0);
    let mut accounting = request(1, 1);
    accounting[0] = 4;

    for (port, bytes) in [(2, request(1, 1)), (1, request(2, 1)), (1, accounting)] {
        assert!(matches!(see(&mut dedup, port, &bytes, 0), Verdict::New(_)));
    }
}

#[test]
fn a_request_is_new_again_when_its_life_is_over() {
    let mut dedup = dedup(8);
    let ticket = new(&mut dedup, 1, &request(1, 1), 500);
    dedup.answer(ticket, b"reply");

    assert_eq!(see(&mut dedup, 1, &request(1, 1), 500 + LIFE_MS - 1), Verdict::Replay(b"reply"));
    assert!(matches!(see(&mut dedup, 1, &request(1, 1), 500 + LIFE_MS), Verdict::New(_)));
}

#[test]
fn a_forgotten_request_gets_a_fresh_chance() {
    let mut dedup = dedup(8);
    let ticket = new(&mut dedup, 1, &request(1, 1), 0);

    dedup.forget(ticket);

    assert!(matches!(see(&mut dedup, 1, &request(1, 1), 1), Verdict::New(_)));
}

#[test]
fn when_full_the_oldest_leaves_and_is_counted() {
    let mut dedup = dedup(2);
    let first = new(&mut dedup, 1, &request(1, 1), 0);
    let second = new(&mut dedup, 1, &request(2, 1), 1);
    let _third = new(&mut dedup, 1, &request(3, 1), 2);

    assert_eq!(dedup.displaced(), 1);
    assert!(!dedup.answer(first, b"too late"));
    assert!(dedup.answer(second, b"in time"));
    assert_eq!(see(&mut dedup, 1, &request(2, 1), 3), Verdict::Replay(b"in time"));
}

#[test]
fn a_request_whose_life_is_over_leaves_uncounted() {
    let mut dedup = dedup(1);
    let _over = new(&mut dedup, 1, &request(1, 1), 0);

    let _new = new(&mut dedup, 1, &request(2, 1), LIFE_MS);

    assert_eq!(dedup.displaced(), 0);
}

proptest! {
    /// Against a map that never forgets: whatever is not new was seen with the same Authenticator within its life, and
    /// what is replayed is what was answered. With room for all, nothing that should be known is new.
    #[test]
    fn it_agrees_with_a_plain_map(
        capacity in 1_u32..64,
        steps in proptest::collection::vec((0_u8..6, 0_u8..3, 0_u64..3_000, 0_u8..3), 1..200),
    ) {
        let (mut dedup, mut map, mut now_ms) = (dedup(capacity), HashMap::new(), 0);
        let roomy = steps.len() <= capacity as usize;
        for (count, (id, authenticator, later_ms, deed)) in steps.into_iter().enumerate() {
            now_ms += later_ms;
            let known = map.get(&id).cloned().filter(|(with, seen_ms, _): &(u8, u64, Option<Vec<u8>>)| {
                *with == authenticator && now_ms - seen_ms < LIFE_MS
            });
            let reply = count.to_be_bytes().to_vec();
            let ticket = match see(&mut dedup, 9, &request(id, authenticator), now_ms) {
                Verdict::New(ticket) => {
                    prop_assert!(!roomy || known.is_none());
                    ticket
                }
                Verdict::InProgress => {
                    prop_assert_eq!(known.map(|(_, _, reply)| reply), Some(None));
                    continue;
                }
                Verdict::Replay(octets) => {
                    prop_assert_eq!(known.and_then(|(_, _, reply)| reply), Some(octets.to_vec()));
                    continue;
                }
            };
            match deed {
                0 => {
                    prop_assert!(dedup.answer(ticket, &reply));
                    map.insert(id, (authenticator, now_ms, Some(reply)));
                }
                1 => {
                    dedup.forget(ticket);
                    map.remove(&id);
                }
                _ => {
                    map.insert(id, (authenticator, now_ms, None));
                }
            }
        }
    }
}
