//! Any octets as a Mikrotik-Rate-Limit: what reads is written so that it reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nas::{RateLimitText, parse_rate_limit};

fuzz_target!(|text: &[u8]| {
    let Ok(limit) = parse_rate_limit(text) else { return };
    let written = RateLimitText::of(&limit);
    let again = parse_rate_limit(written.as_str().as_bytes()).expect("what we write, we read");
    assert_eq!((again.rate, again.burst, again.minimum), (limit.rate, limit.burst, limit.minimum));
});
