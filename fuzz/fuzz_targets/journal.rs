//! Any octets as a segment of the journal, and as a record in it: a disk may give back anything.
//!
//! The first octet chooses the version of a record; the whole is read as a segment, the rest as a payload.
#![no_main]

#[allow(dead_code, unreachable_pub)]
#[path = "../../radiusd/src/journal/frame.rs"]
mod frame;
#[allow(dead_code, unreachable_pub)]
#[path = "../../radiusd/src/journal/record.rs"]
mod record;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let mut whole = 0;
    for frame in frame::all(octets) {
        whole += frame.length;
        again(frame.version, frame.payload);
    }
    assert!(whole <= octets.len());
    if let Some((version, payload)) = octets.split_first() {
        again(version % 4, payload);
        let payload = &payload[..payload.len().min(frame::PAYLOAD_MAX)];
        let mut segment = Vec::new();
        frame::put(&mut segment, *version, 1, payload);
        assert_eq!(frame::first(&segment).map(|frame| frame.payload), Some(payload));
    }
});

/// What can be read can be written, and is then read as the same.
fn again(version: u8, payload: &[u8]) {
    let Some(read) = record::decode(version, payload) else { return };
    let written = record::encode(&read).expect("what was read is short enough");
    assert_eq!(record::decode(record::VERSION, &written), Some(read));
}
