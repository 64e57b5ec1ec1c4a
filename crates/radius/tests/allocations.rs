//! The hot path allocates nothing: counted by an allocator of this test's own.
//!
//! Counts are per thread, so tests that run beside each other do not meet.
#![allow(unsafe_code, reason = "a global allocator cannot be written without; the library itself forbids it")]
#![allow(clippy::unwrap_used, reason = "all of this file is a test, helpers too")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::net::SocketAddr;

use dictionaries::{microsoft, mikrotik, rfc2865, rfc2866};
use radius::dedup::{Dedup, Limits, Verdict};
use radius::mschap::{NtHash, challenge_response};
use radius::proof::Proven;
use radius::{Code, PACKET_MAX, Packet, Place, Proof, Secret, Writer, authenticator, chap, message_authenticator};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

fn note() {
    // A thread that is ending has no counter any more; what it allocates is nobody's hot path.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every call goes to `System` with the arguments it came with; counting touches no memory of the allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller's promises about `layout` are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises about `pointer` and `layout` are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller's promises about `layout` are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        // SAFETY: the caller's promises about all three are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

const RANDOM: [u8; 16] = [0x5A; 16];

/// A login that `put` completes with a proof.
fn login(secret: &Secret, put: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::access_request(&mut buffer, 9, &RANDOM, Place::Last);
    writer.put(rfc2865::USER_NAME, "User").unwrap();
    writer.put(rfc2865::NAS_IP_ADDRESS, [10, 0, 0, 1].into()).unwrap();
    put(&mut writer);
    writer.finish(secret).to_vec()
}

/// All that happens to a login between its datagram and the answer's.
fn serve(datagram: &[u8], secret: &Secret, password: &str, reply: &mut [u8; PACKET_MAX]) {
    let request = Packet::parse(datagram).unwrap();
    assert_eq!(message_authenticator::verify_request(&request, secret), message_authenticator::Verdict::Valid);
    assert_eq!(request.get(rfc2865::USER_NAME).unwrap(), "User");
    let proof = Proof::of(&request, secret);
    assert!(!proof.speaks_of_a_wrong_secret());
    let proven = proof.prove(password.as_bytes()).unwrap();
    let mut writer = Writer::reply(reply, Code::AccessAccept, &request);
    match &proven {
        Proven::Plainly => {}
        Proven::ByMsChapV2(proven) => {
            proven.put_success(&mut writer).unwrap();
            proven.put_keys(&mut writer, [[0x80, 1], [0x80, 2]], secret).unwrap();
        }
    }
    writer.put(mikrotik::RATE_LIMIT, "2M/10M").unwrap();
    writer.put(rfc2865::SESSION_TIMEOUT, 3600).unwrap();
    writer.copy_all(rfc2865::PROXY_STATE, &request).unwrap();
    black_box(writer.finish(secret));
}

fn assert_served_without_allocating(secret: &Secret, datagram: &[u8], expected: &str, password: &str) {
    assert_eq!(Proof::of(&Packet::parse(datagram).unwrap(), secret).name(), expected);
    let mut reply = [0; PACKET_MAX];

    let count = allocations(|| serve(datagram, secret, password, &mut reply));

    assert_eq!(count, 0);
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(black_box(vec![0_u8; 100]))), 1);
}

#[test]
fn a_pap_login_is_answered_without_allocating() {
    let secret = Secret::new(b"testing123");
    let datagram = login(&secret, |writer| {
        writer.put_hidden(rfc2865::USER_PASSWORD, b"a password of two blocks", &secret).unwrap();
    });

    assert_served_without_allocating(&secret, &datagram, "pap", "a password of two blocks");
}

#[test]
fn a_chap_login_is_answered_without_allocating() {
    let secret = Secret::new(b"testing123");
    let challenge = [0x11; 16];
    let response = chap::response(7, b"voucher8", &challenge);
    let datagram = login(&secret, |writer| {
        writer.put(rfc2865::CHAP_PASSWORD, &[&[7][..], &response].concat()).unwrap();
        writer.put(rfc2865::CHAP_CHALLENGE, &challenge).unwrap();
    });

    assert_served_without_allocating(&secret, &datagram, "chap", "voucher8");
}

#[test]
fn an_ms_chap_login_of_the_first_version_is_answered_without_allocating() {
    let secret = Secret::new(b"testing123");
    let challenge = [0x22; 8];
    let response = challenge_response(challenge, &NtHash::of("pässword"));
    let datagram = login(&secret, |writer| {
        writer.put(microsoft::MS_CHAP_CHALLENGE, &challenge).unwrap();
        writer.put(microsoft::MS_CHAP_RESPONSE, &[&[7, 1][..], &[0; 24], &response].concat()).unwrap();
    });

    assert_served_without_allocating(&secret, &datagram, "mschap_v1", "pässword");
}

#[test]
fn an_ms_chap_v2_login_is_answered_with_success_and_keys_without_allocating() {
    let secret = Secret::new(b"testing123");
    // RFC 2759 §9.2.
    let challenge = hex::decode("5b5d7c7d7b3f2f3e3c2c602132262628").unwrap();
    let response = hex::decode(
        "2a0021402324255e262a28295f2b3a337c7e000000000000000082309ecd8d708b5ea08faa3981cd83544233114a3d85d6df",
    );
    let datagram = login(&secret, |writer| {
        writer.put(microsoft::MS_CHAP_CHALLENGE, &challenge).unwrap();
        writer.put(microsoft::MS_CHAP2_RESPONSE, &response.unwrap()).unwrap();
    });

    assert_served_without_allocating(&secret, &datagram, "mschap_v2", "clientPass");
}

#[test]
fn accounting_is_verified_and_answered_without_allocating() {
    let secret = Secret::new(b"testing123");
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::accounting_request(&mut buffer, 9, Place::Absent);
    writer.put(rfc2866::ACCT_STATUS_TYPE, rfc2866::acct_status_type::START).unwrap();
    writer.put(rfc2866::ACCT_SESSION_ID, "80100014").unwrap();
    let datagram = writer.finish(&secret);
    let mut reply = [0; PACKET_MAX];

    let count = allocations(|| {
        let request = Packet::parse(datagram).unwrap();
        assert!(authenticator::verify_request(&request, &secret));
        assert_eq!(request.get(rfc2866::ACCT_STATUS_TYPE), Some(rfc2866::acct_status_type::START));
        black_box(Writer::reply(&mut reply, Code::AccountingResponse, &request).finish(&secret));
    });

    assert_eq!(count, 0);
}

#[test]
fn duplicates_are_recognised_without_allocating_once_every_entry_has_held_a_reply() {
    let (capacity, reply) = (64_u16, [0xCC; 200]);
    let mut dedup = Dedup::new(Limits { capacity: capacity.into(), octets: 0, life_ms: 10_000 }, 7);
    let mut bytes = [0; 20];
    bytes[..4].copy_from_slice(&[1, 9, 0, 20]);
    let request = Packet::parse(&bytes).unwrap();
    let mut answer = |ports: std::ops::Range<u16>| {
        for port in ports {
            let source = SocketAddr::from(([10, 0, 0, 1], port));
            let Verdict::New(ticket) = dedup.see(source, &request, u64::from(port)) else { panic!("port {port}") };
            assert_eq!(dedup.see(source, &request, u64::from(port)), Verdict::InProgress);
            assert!(dedup.answer(ticket, &reply));
            assert_eq!(dedup.see(source, &request, u64::from(port)), Verdict::Replay(&reply));
        }
    };
    answer(0..capacity);

    assert_eq!(allocations(|| answer(capacity..20 * capacity)), 0);
}
