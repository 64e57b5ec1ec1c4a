//! Whole answers and rate limits, compared with the texts in `golden`.
// Helpers of tests stop at the line that failed, as tests do.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write;
use std::path::Path;
use std::str::FromStr;

use dictionaries::{Kind, lookup};
use domain::access::facts::Holder;
use domain::access::grant::Grant;
use domain::id::SessionId;
use domain::network::nas::Vendor;
use domain::rate::{Burst, Bytes, Priority, RateLimit};
use domain::sales::plan::DeviceCap;
use nas::{RateLimitText, parse_rate_limit, write_grant};
use radius::attributes::RawAttribute;
use radius::{PACKET_MAX, Packet, Place, Secret, Writer};

/// The texts of a folder: their names and contents.
fn texts(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(folder);
    let mut texts: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap()))
        .collect();
    texts.sort();
    texts
}

/// The lines before the expectations: each a name and a value.
struct Words<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Words<'a> {
    fn of(text: &'a str) -> Self {
        let is_word = |line: &&str| !["->", "<-", "=="].iter().any(|mark| line.starts_with(mark));
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        Self(lines.take_while(is_word).map(|line| line.split_once(' ').expect(line)).collect())
    }

    fn get<T: FromStr>(&self, name: &str) -> Option<T> {
        let (_, value) = self.0.iter().find(|(word, _)| *word == name)?;
        Some(value.parse().unwrap_or_else(|_| panic!("`{value}` is no {name}")))
    }

    fn rate(&self) -> Option<RateLimit> {
        Some(RateLimit {
            rate: self.get("rate")?,
            burst: self.get("burst").map(|rate| Burst {
                rate,
                threshold: self.get("threshold").expect("a burst has a threshold"),
                seconds: self.get("seconds").expect("a burst has a time"),
            }),
            priority: self.get("priority").and_then(Priority::new),
            minimum: self.get("minimum"),
        })
    }

    fn grant(&self) -> Grant {
        Grant {
            session: "00112233-4455-6677-8899-aabbccddeeff".parse::<SessionId>().unwrap(),
            holder: Holder::Subscriber("ffeeddcc-bbaa-9988-7766-554433221100".parse().unwrap()),
            service: self.get("service").expect("a grant has a service"),
            seconds_left: self.get("seconds-left"),
            interim_seconds: self.get("interim").expect("a grant has an interval"),
            rate: self.rate(),
            device_cap: self.get("devices").and_then(DeviceCap::new).expect("a grant has a device cap"),
            data_left: self.get("data-left").map(Bytes::new),
            framed_ip: self.get("address"),
            pool: self.get("pool"),
            address_list: self.get("address-list"),
        }
    }
}

#[test]
fn every_rate_limit_is_written_and_read_as_its_text_says() {
    let cases = texts("rate_limit");

    for (name, text) in &cases {
        let limit = Words::of(text).rate().expect(name);
        let expected = text.lines().find_map(|line| line.strip_prefix("-> ")).expect(name);
        let written = RateLimitText::of(&limit);
        assert_eq!(written.as_str(), expected, "{name}");

        let also = text.lines().find_map(|line| line.strip_prefix("<- priority "));
        let priority = also.and_then(|priority| Priority::new(priority.parse().unwrap())).or(limit.priority);
        assert_eq!(parse_rate_limit(expected.as_bytes()), Ok(RateLimit { priority, ..limit }), "{name}");
        assert_eq!(limit.faults(), [], "{name}");
    }
    assert!(cases.len() >= 10, "only {} cases were found", cases.len());
}

#[test]
fn every_grant_is_written_as_its_text_says() {
    let cases = texts("grant");

    for (name, text) in &cases {
        let grant = Words::of(text).grant();
        let expected = text.find("== ").map_or("", |at| &text[at..]);
        let written = [Vendor::Mikrotik, Vendor::Generic].map(|vendor| section(vendor, &grant)).join("\n");
        assert_eq!(written, expected, "{name}");
    }
    assert!(cases.len() >= 11, "only {} cases were found", cases.len());
}

fn section(vendor: Vendor, grant: &Grant) -> String {
    let mut buffer = [0; PACKET_MAX];
    let mut writer = Writer::access_request(&mut buffer, 0, &[0; 16], Place::Absent);
    write_grant(vendor, grant, &mut writer).unwrap();
    let packet = Packet::parse(writer.finish(&Secret::new(b"testing123"))).unwrap();

    let mut section = format!("== {}\n", vendor.code());
    for attribute in packet.attributes() {
        let octets = &packet.as_bytes()[attribute.offset..][..attribute.value.len() + 2];
        writeln!(section, "{} | {}", in_words(attribute), hex::encode(octets)).unwrap();
    }
    section
}

/// `name = value`, read by hand: only what an answer holds.
fn in_words(attribute: RawAttribute<'_>) -> String {
    let (vendor, number, value) = match (attribute.number, attribute.value) {
        (26, [a, b, c, d, number, _, value @ ..]) => (u32::from_be_bytes([*a, *b, *c, *d]), *number, value),
        (number, value) => (0, number, value),
    };
    let known = lookup::by_number(vendor, number).expect("a known attribute");
    let value = match (known.kind, value) {
        (Kind::Integer, &[a, b, c, d]) => u32::from_be_bytes([a, b, c, d]).to_string(),
        (Kind::Ipv4, [a, b, c, d]) => format!("{a}.{b}.{c}.{d}"),
        (Kind::Text, text) => format!("{:?}", std::str::from_utf8(text).unwrap()),
        (Kind::Octets, octets) => hex::encode(octets),
        (kind, value) => panic!("{kind:?} of {} octets in an answer", value.len()),
    };
    format!("{} = {value}", known.name)
}
