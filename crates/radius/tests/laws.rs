//! What holds for every input.

use std::net::{Ipv4Addr, Ipv6Addr};

use dictionaries::{Attribute, kind};
use proptest::collection::vec;
use proptest::prelude::*;
use radius::message_authenticator::{self, Verdict};
use radius::mschap::NtHash;
use radius::value::{Ipv4Prefix, Ipv6Prefix, Tagged, Value};
use radius::{Code, PACKET_MAX, Packet, Place, Proof, Secret, WriteError, Writer, authenticator};

fn number() -> impl Strategy<Value = u8> {
    any::<u8>().prop_filter("the Message-Authenticator is the writer's own", |number| *number != 80)
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![Just(Place::First), Just(Place::Last), Just(Place::Absent)]
}

/// Looks at everything a packet can be asked.
fn walk(packet: &Packet<'_>) {
    let _ = packet.attributes().map(|attribute| attribute.value.len() + attribute.offset).sum::<usize>();
    let _ = packet.vendor_attributes().map(|attribute| attribute.value.len()).sum::<usize>();
    let secret = Secret::new(b"s");
    let proof = Proof::of(packet, &secret);
    let _ = (proof.matches(b"password"), proof.speaks_of_a_wrong_secret());
    let _ = proof.prove_by_nt_hash(&NtHash::of("password"));
    let _ = authenticator::verify_request(packet, &secret);
    let _ = authenticator::verify_reply(packet, &[0; 16], &secret);
    let _ = message_authenticator::verify_request(packet, &secret);
    let _ = message_authenticator::verify_reply(packet, &[0; 16], &secret);
}

proptest! {
    #[test]
    fn no_octets_make_a_packet_panic(octets in vec(any::<u8>(), 0..300)) {
        if let Ok(packet) = Packet::parse(&octets) {
            walk(&packet);
        }
    }

    /// The same with a header that is right, so that the attributes are reached.
    #[test]
    fn no_attributes_make_a_packet_panic(code in any::<u8>(), attributes in vec((any::<u8>(), vec(any::<u8>(), 0..60)), 0..20)) {
        let mut octets = vec![0; 20];
        for (number, value) in &attributes {
            octets.extend_from_slice(&[*number, u8::try_from(value.len() + 2).unwrap()]);
            octets.extend_from_slice(value);
        }
        let length = u16::try_from(octets.len()).unwrap().to_be_bytes();
        octets[..4].copy_from_slice(&[code, 7, length[0], length[1]]);
        if let Ok(packet) = Packet::parse(&octets) {
            prop_assert_eq!(packet.attributes().count(), attributes.len());
            walk(&packet);
        }
    }

    /// However many attributes there are, wherever they stand: asking for one finds what a walk over all finds.
    #[test]
    fn asking_for_an_attribute_finds_what_a_walk_finds(
        attributes in vec((prop_oneof![1_u8..8, 20..30_u8, 90..100_u8, any::<u8>()], vec(any::<u8>(), 0..40)), 0..40)
    ) {
        let mut octets = vec![0; 20];
        for (number, value) in attributes.iter().filter(|(number, _)| *number != 80) {
            octets.extend_from_slice(&[*number, u8::try_from(value.len() + 2).unwrap()]);
            octets.extend_from_slice(value);
        }
        let length = u16::try_from(octets.len()).unwrap().to_be_bytes();
        octets[..4].copy_from_slice(&[1, 7, length[0], length[1]]);
        let packet = Packet::parse(&octets).unwrap();

        for number in 0..=u8::MAX {
            let asked: Vec<&[u8]> = packet.raw(Attribute::<kind::Octets>::new(0, number, "any")).collect();
            let walked: Vec<&[u8]> =
                packet.attributes().filter(|one| one.number == number).map(|one| one.value).collect();
            prop_assert_eq!((packet.has(number), packet.repeats(number)), (!walked.is_empty(), walked.len() > 1));
            prop_assert_eq!(asked, walked);
        }
    }

    #[test]
    fn what_is_written_is_read(
        place in place(),
        attributes in vec((any::<u32>(), number(), vec(any::<u8>(), 0..=247)), 0..40),
    ) {
        let secret = Secret::new(b"testing123");
        let mut buffer = [0; PACKET_MAX];
        let mut writer = Writer::access_request(&mut buffer, 7, &[9; 16], place);
        let mut kept = Vec::new();
        for (vendor, number, value) in attributes {
            // Number 26 alone would be a vendor's.
            let vendor = if number == 26 { vendor.max(1) } else if number % 2 == 0 { 0 } else { vendor };
            let before = writer.length();
            match writer.put_octets(Attribute::<kind::Octets>::new(vendor, number, ""), &value) {
                Ok(()) => kept.push((vendor, number, value)),
                Err(why) => {
                    prop_assert_eq!(why, WriteError::PacketFull);
                    prop_assert_eq!(writer.length(), before);
                }
            }
        }

        let bytes = writer.finish(&secret);
        let packet = Packet::parse(bytes).unwrap();

        prop_assert_eq!(packet.as_bytes(), bytes);
        let shared: Vec<_> = packet.attributes().filter(|one| one.number != 80 && one.number != 26)
            .map(|one| (0, one.number, one.value.to_vec())).collect();
        let vendors: Vec<_> = packet.vendor_attributes()
            .map(|one| (one.vendor, one.number, one.value.to_vec())).collect();
        let (kept_shared, kept_vendors): (Vec<_>, Vec<_>) = kept.into_iter().partition(|(vendor, ..)| *vendor == 0);
        prop_assert_eq!(shared, kept_shared);
        prop_assert_eq!(vendors, kept_vendors);
        let expected = if place == Place::Absent { Verdict::Absent } else { Verdict::Valid };
        prop_assert_eq!(message_authenticator::verify_request(&packet, &secret), expected);
    }

    #[test]
    fn a_flipped_bit_in_a_signed_login_is_noticed(name in "[a-z]{0,20}", place in prop_oneof![Just(Place::First), Just(Place::Last)], bit in any::<prop::sample::Index>()) {
        let secret = Secret::new(b"testing123");
        let mut buffer = [0; PACKET_MAX];
        let mut writer = Writer::access_request(&mut buffer, 7, &[9; 16], place);
        writer.put(dictionaries::rfc2865::USER_NAME, &name).unwrap();
        let mut bytes = writer.finish(&secret).to_vec();

        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);

        if let Ok(packet) = Packet::parse(&bytes) {
            prop_assert_ne!(message_authenticator::verify_request(&packet, &secret), Verdict::Valid);
        }
    }

    #[test]
    fn a_flipped_bit_in_accounting_or_coa_is_noticed(session in "[0-9a-f]{8}", coa in any::<bool>(), bit in any::<prop::sample::Index>()) {
        let secret = Secret::new(b"testing123");
        let mut buffer = [0; PACKET_MAX];
        let mut writer = if coa {
            Writer::coa_request(&mut buffer, 7, Place::First)
        } else {
            Writer::accounting_request(&mut buffer, 7, Place::Absent)
        };
        writer.put(dictionaries::rfc2866::ACCT_SESSION_ID, &session).unwrap();
        let mut bytes = writer.finish(&secret).to_vec();
        prop_assert!(authenticator::verify_request(&Packet::parse(&bytes).unwrap(), &secret));

        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);

        if let Ok(packet) = Packet::parse(&bytes) {
            prop_assert!(!authenticator::verify_request(&packet, &secret));
        }
    }

    #[test]
    fn a_flipped_bit_in_a_reply_is_noticed(message in "[a-z ]{0,40}", place in place(), bit in any::<prop::sample::Index>()) {
        let secret = Secret::new(b"testing123");
        let (mut buffer, mut reply_buffer) = ([0; PACKET_MAX], [0; PACKET_MAX]);
        let request = Writer::access_request(&mut buffer, 7, &[9; 16], Place::First).finish(&secret);
        let request = Packet::parse(request).unwrap();
        let mut writer = Writer::reply_placing(&mut reply_buffer, Code::AccessReject, &request, place);
        writer.put(dictionaries::rfc2865::REPLY_MESSAGE, &message).unwrap();
        let mut bytes = writer.finish(&secret).to_vec();
        prop_assert!(authenticator::verify_reply(&Packet::parse(&bytes).unwrap(), request.authenticator(), &secret));

        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);

        if let Ok(packet) = Packet::parse(&bytes) {
            prop_assert!(!authenticator::verify_reply(&packet, request.authenticator(), &secret));
        }
    }

    #[test]
    fn every_kind_reads_what_it_wrote(
        text in "[^\\x00]{0,60}",
        numbers in any::<(u64, u32, u16, u8)>(),
        addresses in any::<(u32, u128)>(),
        lengths_bits in (0_u8..=32, 0_u8..=128),
        tag in 0_u8..=0x1F,
    ) {
        let (ipv4, ipv6) = (Ipv4Addr::from(addresses.0), Ipv6Addr::from(addresses.1));
        let (ipv4_prefix, ipv6_prefix) = (Ipv4Prefix::new(ipv4, lengths_bits.0).unwrap(), Ipv6Prefix::new(ipv6, lengths_bits.1).unwrap());
        let tagged_number = Tagged { tag, value: numbers.1 >> 8 };

        let read = written::<kind::Text>(&text);
        prop_assert_eq!(kind::Text::read(&read).unwrap().as_str(), Some(text.as_str()));
        prop_assert_eq!(kind::Integer::read(&written::<kind::Integer>(numbers.1)), Some(numbers.1));
        prop_assert_eq!(kind::Integer64::read(&written::<kind::Integer64>(numbers.0)), Some(numbers.0));
        prop_assert_eq!(kind::Date::read(&written::<kind::Date>(numbers.1)), Some(numbers.1));
        prop_assert_eq!(kind::Short::read(&written::<kind::Short>(numbers.2)), Some(numbers.2));
        prop_assert_eq!(kind::Byte::read(&written::<kind::Byte>(numbers.3)), Some(numbers.3));
        prop_assert_eq!(kind::Ipv4::read(&written::<kind::Ipv4>(ipv4)), Some(ipv4));
        prop_assert_eq!(kind::Ipv6::read(&written::<kind::Ipv6>(ipv6)), Some(ipv6));
        prop_assert_eq!(kind::Ipv4Prefix::read(&written::<kind::Ipv4Prefix>(ipv4_prefix)), Some(ipv4_prefix));
        prop_assert_eq!(kind::Ipv6Prefix::read(&written::<kind::Ipv6Prefix>(ipv6_prefix)), Some(ipv6_prefix));
        prop_assert_eq!(kind::TaggedInteger::read(&written::<kind::TaggedInteger>(tagged_number)), Some(tagged_number));
        if tag > 0 {
            let read = written::<kind::TaggedText>(Tagged { tag, value: &text });
            let read = kind::TaggedText::read(&read).unwrap();
            prop_assert_eq!((read.tag, read.value.as_str()), (tag, Some(text.as_str())));
        }
    }

    #[test]
    fn a_password_survives_hiding_and_a_wrong_one_does_not_match(password in "[ -~]{0,128}", other in "[ -~]{0,128}") {
        let secret = Secret::new(b"testing123");
        let mut buffer = [0; PACKET_MAX];
        let mut writer = Writer::access_request(&mut buffer, 7, &[9; 16], Place::First);
        writer.put_hidden(dictionaries::rfc2865::USER_PASSWORD, password.as_bytes(), &secret).unwrap();
        let request = Packet::parse(writer.finish(&secret)).unwrap();

        let proof = Proof::of(&request, &secret);

        prop_assert!(proof.matches(password.as_bytes()) && !proof.speaks_of_a_wrong_secret());
        prop_assert_eq!(proof.matches(other.as_bytes()), other == password);
    }
}

fn written<T: Value>(value: T::Write<'_>) -> Vec<u8> {
    let mut buffer = [0; 253];
    let length = T::write(value, &mut buffer).unwrap_or(0);
    buffer[..length].to_vec()
}
