//! Which attributes are a proof, and of what.

use dictionaries::{microsoft, rfc2865, rfc2869};

use super::{Proof, Unusable};
use crate::mschap::NtHash;
use crate::writer::{Place, Writer};
use crate::{PACKET_MAX, Packet, Secret};

/// What a request with these attributes shows.
fn check<R>(put: impl FnOnce(&mut Writer<'_>, &Secret), look: impl FnOnce(Proof<'_>) -> R) -> R {
    let (mut buffer, secret) = ([0; PACKET_MAX], Secret::new(b"right"));
    let mut writer = Writer::access_request(&mut buffer, 7, &[9; 16], Place::Absent);
    put(&mut writer, &secret);
    let packet = Packet::parse(writer.finish(&secret)).unwrap();
    look(Proof::of(&packet, &secret))
}

fn unusable(put: impl FnOnce(&mut Writer<'_>)) -> Unusable {
    check(
        |writer, _| put(writer),
        |proof| match proof {
            Proof::Unusable(why) => why,
            other @ (Proof::Pap(_) | Proof::Chap(_) | Proof::MsChapV1(_) | Proof::MsChapV2(_) | Proof::None) => {
                panic!("{other:?}")
            }
        },
    )
}

#[test]
fn a_request_without_a_password_proves_nothing() {
    check(
        |writer, _| writer.put(rfc2865::USER_NAME, "alice").unwrap(),
        |proof| {
            assert!(matches!(proof, Proof::None));
            assert!(!proof.matches(b""));
        },
    );
}

#[test]
fn an_empty_password_is_a_proof_of_the_empty_password() {
    check(
        |writer, secret| writer.put_hidden(rfc2865::USER_PASSWORD, b"", secret).unwrap(),
        |proof| {
            assert!(proof.matches(b""));
            assert!(!proof.matches(b"x"));
            assert!(!proof.speaks_of_a_wrong_secret());
        },
    );
}

#[test]
fn a_password_hidden_with_another_secret_speaks_of_it() {
    check(
        |writer, _| writer.put_hidden(rfc2865::USER_PASSWORD, b"voucher8", &Secret::new(b"wrong")).unwrap(),
        |proof| {
            assert!(proof.speaks_of_a_wrong_secret());
            assert!(!proof.matches(b"voucher8"));
        },
    );
}

#[test]
fn a_pap_password_can_be_checked_with_its_nt_hash_and_chap_cannot() {
    let response = crate::chap::response(1, b"voucher8", &[9; 16]);
    let chap = [&[1][..], &response].concat();

    check(
        |writer, secret| writer.put_hidden(rfc2865::USER_PASSWORD, b"voucher8", secret).unwrap(),
        |proof| assert!(proof.prove_by_nt_hash(&NtHash::of("voucher8")).is_some()),
    );
    check(
        |writer, _| writer.put(rfc2865::CHAP_PASSWORD, &chap).unwrap(),
        |proof| {
            assert!(proof.matches(b"voucher8"));
            assert!(proof.prove_by_nt_hash(&NtHash::of("voucher8")).is_none());
        },
    );
}

#[test]
fn a_chap_challenge_of_any_length_replaces_the_authenticator() {
    let response = crate::chap::response(1, b"voucher8", b"short");
    let chap = [&[1][..], &response].concat();

    check(
        |writer, _| {
            writer.put(rfc2865::CHAP_PASSWORD, &chap).unwrap();
            writer.put(rfc2865::CHAP_CHALLENGE, b"short").unwrap();
        },
        |proof| assert!(proof.matches(b"voucher8")),
    );
}

#[test]
fn two_proofs_are_no_proof() {
    assert_eq!(
        unusable(|writer| {
            writer.put_raw(2, &[0; 16]).unwrap();
            writer.put_raw(3, &[0; 17]).unwrap();
        }),
        Unusable::Several
    );
    assert_eq!(
        unusable(|writer| {
            writer.put_raw(2, &[0; 16]).unwrap();
            writer.put_raw(2, &[0; 16]).unwrap();
        }),
        Unusable::Several
    );
}

#[test]
fn attributes_that_cannot_be_a_proof_say_why() {
    assert_eq!(unusable(|writer| writer.put_raw(2, &[0; 15]).unwrap()), Unusable::Length);
    assert_eq!(unusable(|writer| writer.put_raw(3, &[0; 16]).unwrap()), Unusable::Length);
    assert_eq!(unusable(|writer| writer.put(microsoft::MS_CHAP2_RESPONSE, &[0; 50]).unwrap()), Unusable::NoChallenge);
    assert_eq!(
        unusable(|writer| {
            writer.put(microsoft::MS_CHAP_CHALLENGE, &[0; 8]).unwrap();
            writer.put(microsoft::MS_CHAP2_RESPONSE, &[0; 50]).unwrap();
        }),
        Unusable::Length
    );
    assert_eq!(
        unusable(|writer| {
            writer.put(microsoft::MS_CHAP_CHALLENGE, &[0; 8]).unwrap();
            writer.put(microsoft::MS_CHAP_RESPONSE, &[0; 50]).unwrap();
        }),
        Unusable::LanManagerOnly
    );
    assert_eq!(unusable(|writer| writer.put(rfc2869::EAP_MESSAGE, &[2, 0, 0, 5, 1]).unwrap()), Unusable::Eap);
}
