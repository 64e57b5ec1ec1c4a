use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> RateLimit {
    parse_rate_limit(text.as_bytes()).expect(text)
}

fn bps(text: &str) -> UpDown<Bps> {
    text.parse().expect(text)
}

fn burst(rate: &str, threshold: &str, seconds: &str) -> Option<Burst> {
    Some(Burst { rate: bps(rate), threshold: bps(threshold), seconds: seconds.parse().expect(seconds) })
}

#[test]
fn missing_parts_are_what_the_router_takes() {
    for (text, limit) in [
        ("128k", RateLimit { ..flat("128k") }),
        ("64k 256k", RateLimit { burst: burst("256k", "64k", "1"), ..flat("64k") }),
        ("2M/5M 4M/10M 1M", RateLimit { burst: burst("4M/10M", "1M", "1"), ..flat("2M/5M") }),
        ("2M/5M 4M/10M 1M 8", RateLimit { burst: burst("4M/10M", "1M", "8"), ..flat("2M/5M") }),
        ("2M/5M 0/0", flat("2M/5M")),
        ("2M/5M 0/10M 0/4M 16/16", RateLimit { burst: burst("2M/10M", "2M/4M", "16"), ..flat("2M/5M") }),
        (
            "10M/20M 0/0 0/0 0/0 5 10M/20M",
            RateLimit { priority: Priority::new(5), minimum: Some(bps("10M/20M")), ..flat("10M/20M") },
        ),
    ] {
        assert_eq!(parse(text), limit, "{text}");
    }
}

fn flat(rate: &str) -> RateLimit {
    let rate = bps(rate);
    RateLimit::flat(rate.up, rate.down)
}

#[test]
fn what_is_not_a_limit_says_which_part_is_wrong() {
    for (text, fault) in [
        (&b""[..], RateLimitFault::Empty),
        (b"  ", RateLimitFault::Empty),
        (b"\xff", RateLimitFault::NotText),
        (b"2M/", RateLimitFault::NotASpeed { group: "rate" }),
        (b"2M/5M/1M", RateLimitFault::NotASpeed { group: "rate" }),
        (b"-1", RateLimitFault::NotASpeed { group: "rate" }),
        (b"2.5M", RateLimitFault::NotASpeed { group: "rate" }),
        (b"2M x", RateLimitFault::NotASpeed { group: "burst" }),
        (b"2M 4M x", RateLimitFault::NotASpeed { group: "threshold" }),
        (b"2M 4M 1M 0", RateLimitFault::NotBurstSeconds),
        (b"2M 0 0 x", RateLimitFault::NotBurstSeconds),
        (b"2M 0 0 0 9", RateLimitFault::NotAPriority),
        (b"2M 0 0 0 0", RateLimitFault::NotAPriority),
        (b"2M 0 0 0 8/8", RateLimitFault::NotAPriority),
        (b"2M 0 0 0 8 x", RateLimitFault::NotASpeed { group: "minimum" }),
        (b"2M 0 0 0 8 1M 1M", RateLimitFault::TooManyGroups),
        (&[b'1'; LENGTH_MAX + 1], RateLimitFault::TooLong),
    ] {
        assert_eq!(parse_rate_limit(text), Err(fault), "{}", text.escape_ascii());
    }
}

#[test]
fn the_longest_limit_has_room() {
    let most = UpDown::new(Bps::new(u64::MAX), Bps::new(u64::MAX));
    let seconds = BurstSeconds::new(3_600).expect("good");
    let limit = RateLimit {
        rate: most,
        burst: Some(Burst { rate: most, threshold: most, seconds: UpDown::new(seconds, seconds) }),
        priority: Some(Priority::LOWEST),
        minimum: Some(most),
    };

    assert_eq!(RateLimitText::of(&limit).as_str().len(), 4 * 41 + 9 + 1 + 5);
}

prop_compose! {
    fn any_speed(least: u64, most: u64)(speed in least..=most, unit in prop::sample::select(vec![1, 1_000, 1_000_000])) -> Bps {
        Bps::new((speed / unit * unit).max(least))
    }
}

prop_compose! {
    fn any_seconds()(up in 1_u16..=3_600, down in 1_u16..=3_600) -> UpDown<BurstSeconds> {
        UpDown::new(BurstSeconds::new(up).unwrap(), BurstSeconds::new(down).unwrap())
    }
}

fn any_pair(least: UpDown<Bps>, most: UpDown<Bps>) -> impl Strategy<Value = UpDown<Bps>> {
    (any_speed(least.up.get(), most.up.get()), any_speed(least.down.get(), most.down.get()))
        .prop_map(|(up, down)| UpDown::new(up, down))
}

fn any_valid_limit() -> impl Strategy<Value = RateLimit> {
    let least = UpDown::new(Bps::new(1), Bps::new(1));
    let most = UpDown::new(Bps::MAX, Bps::MAX);
    any_pair(least, most).prop_flat_map(move |rate| {
        let burst = any_pair(rate, most).prop_flat_map(move |burst| {
            (any_pair(least, burst), any_seconds()).prop_map(move |(threshold, seconds)| Burst {
                rate: burst,
                threshold,
                seconds,
            })
        });
        let priority = (1_u8..=8).prop_map(|priority| Priority::new(priority).unwrap());
        (prop::option::of(burst), prop::option::of(priority), prop::option::of(any_pair(least, rate)))
            .prop_map(move |(burst, priority, minimum)| RateLimit { rate, burst, priority, minimum })
    })
}

proptest! {
    #[test]
    fn a_written_limit_reads_back(limit in any_valid_limit()) {
        prop_assert_eq!(limit.faults(), vec![]);
        let text = RateLimitText::of(&limit);

        let read = parse_rate_limit(text.as_str().as_bytes());

        // A minimum cannot be said without a priority, so the router's own stands there.
        let said = limit.priority.or(limit.minimum.map(|_| Priority::LOWEST));
        prop_assert_eq!(read, Ok(RateLimit { priority: said, ..limit }), "{}", text);
    }

    #[test]
    fn no_octets_are_a_panic(text in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse_rate_limit(&text);
    }

    #[test]
    fn what_reads_is_written_so_that_it_reads_the_same(text in "[0-9kMG/ ]{0,40}") {
        if let Ok(limit) = parse_rate_limit(text.as_bytes()) {
            let read = parse_rate_limit(RateLimitText::of(&limit).as_str().as_bytes()).expect("a written limit");
            prop_assert_eq!((read.rate, read.burst, read.minimum), (limit.rate, limit.burst, limit.minimum));
        }
    }
}
