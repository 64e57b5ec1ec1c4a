//! Any octets as a stream (RADIUS over TLS), in pieces of any size: packets out of it, and each of them parsed.
//!
//! What must hold beyond not panicking: what comes out is a prefix of what went in, and there is always room for more.
#![no_main]

use libfuzzer_sys::fuzz_target;
use radius::radsec::Frames;
use radius::{HEADER_LENGTH, PACKET_MAX, Packet};

fuzz_target!(|input: &[u8]| {
    let Some((&piece, stream)) = input.split_first() else { return };
    let (mut frames, mut out) = (Frames::default(), 0);
    for mut octets in stream.chunks(usize::from(piece) + 1) {
        while !octets.is_empty() {
            let room = frames.room();
            let taken = room.len().min(octets.len());
            assert!(taken > 0);
            room[..taken].copy_from_slice(&octets[..taken]);
            frames.came_in(taken);
            octets = &octets[taken..];
            loop {
                match frames.take() {
                    Ok(None) => break,
                    Err(_) => return,
                    Ok(Some(packet)) => {
                        assert!((HEADER_LENGTH..=PACKET_MAX).contains(&packet.len()));
                        assert_eq!(packet, &stream[out..out + packet.len()]);
                        out += packet.len();
                        let _ = Packet::parse(packet);
                    }
                }
            }
        }
    }
});
