//! What the asking side promises.

use super::{Due, Exchange, NoAnswer, Timers, Trust};
use crate::{Code, PACKET_MAX, Packet, Place, Secret, Writer};

const TIMERS: Timers = Timers { first_wait_ms: 1_000, longest_wait_ms: 3_000, tries: 3 };

fn exchange(trust: Trust) -> Exchange {
    Exchange::new(TIMERS, trust, 7)
}

/// Sends an empty Disconnect-Request at time zero.
fn ask(exchange: &mut Exchange, secret: &Secret) -> Vec<u8> {
    let mut buffer = [0; PACKET_MAX];
    let id = exchange.free_id().unwrap();
    let request = Writer::disconnect_request(&mut buffer, id, Place::First).finish(secret);
    exchange.sent(&Packet::parse(request).unwrap(), 0);
    request.to_vec()
}

fn answer(request: &[u8], code: Code, place: Place, secret: &Secret) -> Vec<u8> {
    let mut buffer = [0; PACKET_MAX];
    Writer::reply_placing(&mut buffer, code, &Packet::parse(request).unwrap(), place).finish(secret).to_vec()
}

#[test]
fn an_answer_ends_the_wait_and_frees_the_identifier() {
    let (mut exchange, secret) = (exchange(Trust::Signed), Secret::new(b"s"));
    let request = ask(&mut exchange, &secret);
    let reply = answer(&request, Code::DisconnectAck, Place::First, &secret);

    let answer = exchange.receive(&reply, &secret, 40).unwrap();

    assert_eq!((answer.request, answer.reply.code()), (Code::DisconnectRequest, Code::DisconnectAck));
    assert_eq!((answer.waited_ms, answer.tries, exchange.waiting()), (40, 1, 0));
    assert_eq!(exchange.receive(&reply, &secret, 41).unwrap_err(), NoAnswer::NobodyAsked);
    assert_eq!(exchange.deadline_ms(), None);
}

#[test]
fn what_is_not_the_answer_changes_nothing() {
    let (mut exchange, secret) = (exchange(Trust::Signed), Secret::new(b"s"));
    let request = ask(&mut exchange, &secret);
    let stranger = Secret::new(b"t");

    for (reply, expected) in [
        (answer(&request, Code::CoaAck, Place::First, &secret), NoAnswer::WrongCode),
        (answer(&request, Code::DisconnectAck, Place::First, &stranger), NoAnswer::Forged),
        (answer(&request, Code::DisconnectAck, Place::Absent, &secret), NoAnswer::Unsigned),
    ] {
        assert_eq!(exchange.receive(&reply, &secret, 1).unwrap_err(), expected);
    }
    assert_eq!(exchange.waiting(), 1);
}

#[test]
fn a_bare_reply_is_believed_where_routers_send_no_other() {
    let (mut exchange, secret) = (exchange(Trust::BareToo), Secret::new(b"s"));
    let request = ask(&mut exchange, &secret);
    let forged = answer(&request, Code::DisconnectAck, Place::Absent, &Secret::new(b"t"));
    let bare = answer(&request, Code::DisconnectAck, Place::Absent, &secret);

    assert_eq!(exchange.receive(&forged, &secret, 1).unwrap_err(), NoAnswer::Forged);
    assert!(exchange.receive(&bare, &secret, 1).is_ok());
}

#[test]
fn silence_is_asked_again_with_the_same_octets_and_then_given_up() {
    let (mut exchange, secret) = (exchange(Trust::Signed), Secret::new(b"s"));
    let request = ask(&mut exchange, &secret);
    let mut waits_ms = Vec::new();
    let mut now_ms = 0;

    for _ in 1..TIMERS.tries {
        let due_ms = exchange.deadline_ms().unwrap();
        assert_eq!(exchange.step(due_ms - 1), None);
        assert_eq!(exchange.step(due_ms), Some(Due::Resend(&request)));
        assert_eq!(exchange.step(due_ms), None);
        waits_ms.push(due_ms - now_ms);
        now_ms = due_ms;
    }
    let due_ms = exchange.deadline_ms().unwrap();
    waits_ms.push(due_ms - now_ms);

    assert_eq!(exchange.step(due_ms), Some(Due::GaveUp(request[1])));
    assert_eq!(exchange.step(due_ms), None);
    assert_eq!(exchange.waiting(), 0);
    for (wait_ms, expected_ms) in waits_ms.iter().zip([1_000, 2_000, 3_000]) {
        assert!(wait_ms.abs_diff(expected_ms) <= expected_ms / 4, "{waits_ms:?}");
    }
}

#[test]
fn identifiers_run_out_at_256_and_come_back() {
    let (mut exchange, secret) = (exchange(Trust::Signed), Secret::new(b"s"));
    let requests: Vec<_> = (0..256).map(|_| ask(&mut exchange, &secret)).collect();
    let distinct: std::collections::HashSet<u8> = requests.iter().map(|request| request[1]).collect();

    assert_eq!((distinct.len(), exchange.free_id()), (256, None));
    let reply = answer(&requests[9], Code::DisconnectNak, Place::First, &secret);
    exchange.receive(&reply, &secret, 1).unwrap();
    assert_eq!(exchange.free_id(), Some(requests[9][1]));
}
