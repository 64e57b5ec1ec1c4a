//! Packets out of a stream of octets: RADIUS over TLS or TCP (RFC 6614 §2, RFC 6613 §2.6).
//!
//! Packets stand back to back; each says its own length. There is no way back into step after a length that cannot be,
//! so such a stream is to be closed.

use std::fmt;

use crate::packet::{HEADER_LENGTH, PACKET_MAX};

/// The shared secret of every RadSec connection (RFC 6614 §2.3): TLS protects, and the old computations go on.
pub const SECRET: &[u8] = b"radsec";

/// Octets held at most: a packet that is being read, and what came in with its end.
const HELD_MAX: usize = 2 * PACKET_MAX;

/// What has come in of a stream and was not taken out yet. Allocates once.
pub struct Frames {
    held: Box<[u8]>,
    start: usize,
    end: usize,
}

impl fmt::Debug for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frames").field("held", &(self.end - self.start)).finish_non_exhaustive()
    }
}

/// A packet that says that it is shorter than a header or longer than a packet can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadLength(pub u16);

impl fmt::Display for BadLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a packet of {} octets: {HEADER_LENGTH} to {PACKET_MAX} are possible", self.0)
    }
}

impl std::error::Error for BadLength {}

impl Default for Frames {
    fn default() -> Self {
        Self { held: vec![0; HELD_MAX].into(), start: 0, end: 0 }
    }
}

impl Frames {
    /// Where the next octets of the stream are to be put; never empty once [`take`](Self::take) has given nothing.
    pub fn room(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.held.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        &mut self.held[self.end..]
    }

    /// Notes how many octets were put into the [`room`](Self::room); more than there was room for count as that.
    pub fn came_in(&mut self, octets: usize) {
        self.end = self.end.saturating_add(octets).min(self.held.len());
    }

    /// The next whole packet's octets. Nothing while it is not there to its end.
    pub fn take(&mut self) -> Result<Option<&[u8]>, BadLength> {
        let held = &self.held[self.start..self.end];
        let Some(&[_, _, high, low]) = held.first_chunk() else { return Ok(None) };
        let stated = u16::from_be_bytes([high, low]);
        let length = usize::from(stated);
        if !(HEADER_LENGTH..=PACKET_MAX).contains(&length) {
            return Err(BadLength(stated));
        }
        match held.get(..length) {
            Some(packet) => {
                self.start += length;
                Ok(Some(packet))
            }
            None => Ok(None),
        }
    }

    /// Whether a packet has begun and its end has not come.
    pub const fn is_within_a_packet(&self) -> bool {
        self.start < self.end
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Feeds pieces as a socket would; gives the packets that came out and how it ended.
    fn feed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Vec<u8>>, Result<bool, BadLength>) {
        let (mut frames, mut packets) = (Frames::default(), Vec::new());
        for mut piece in pieces {
            while !piece.is_empty() {
                let room = frames.room();
                let taken = room.len().min(piece.len());
                assert!(taken > 0, "no room, and nothing to take out");
                room[..taken].copy_from_slice(&piece[..taken]);
                frames.came_in(taken);
                piece = &piece[taken..];
                loop {
                    match frames.take() {
                        Ok(Some(packet)) => packets.push(packet.to_vec()),
                        Ok(None) => break,
                        Err(bad) => return (packets, Err(bad)),
                    }
                }
            }
        }
        (packets, Ok(frames.is_within_a_packet()))
    }

    fn packet(length: usize, fill: u8) -> Vec<u8> {
        let mut packet = vec![fill; length];
        packet[2..4].copy_from_slice(&u16::try_from(length).expect("small").to_be_bytes());
        packet
    }

    #[test]
    fn the_shortest_and_the_longest_packets_pass_and_no_others() {
        let both = [packet(HEADER_LENGTH, 1), packet(PACKET_MAX, 2)].concat();

        assert_eq!(feed([&both[..]]).0.iter().map(Vec::len).collect::<Vec<_>>(), [HEADER_LENGTH, PACKET_MAX]);
        for bad in [0, 19, 4_097, u16::MAX] {
            let [high, low] = bad.to_be_bytes();
            assert_eq!(feed([&[1, 1, high, low][..]]), (vec![], Err(BadLength(bad))));
        }
    }

    #[test]
    fn a_packet_that_has_begun_is_told() {
        let whole = packet(30, 1);

        assert_eq!(feed([&whole[..29]]).1, Ok(true));
        assert_eq!(feed([&whole[..]]).1, Ok(false));
        assert!(!Frames::default().is_within_a_packet());
    }

    proptest! {
        #[test]
        fn packets_come_out_as_they_went_in_however_the_stream_is_cut(
            packets in prop::collection::vec((HEADER_LENGTH..=PACKET_MAX, any::<u8>()), 0..6),
            piece in 1..9_000_usize,
        ) {
            let packets: Vec<_> = packets.into_iter().map(|(length, fill)| packet(length, fill)).collect();
            let stream = packets.concat();

            let (out, ended) = feed(stream.chunks(piece));

            prop_assert_eq!(out, packets);
            prop_assert_eq!(ended, Ok(false));
        }

        #[test]
        fn any_octets_give_packets_of_possible_lengths_or_end_the_stream(
            octets in prop::collection::vec(any::<u8>(), 0..20_000),
            small in any::<bool>(),
            piece in 1..5_000_usize,
        ) {
            // Chance makes lengths that are too long; with zeros among the octets some are not.
            let octets: Vec<u8> = octets.into_iter().map(|octet| if small { octet % 17 } else { octet }).collect();

            let (out, _) = feed(octets.chunks(piece));

            let total: usize = out.iter().map(Vec::len).sum();
            prop_assert!(out.iter().all(|packet| (HEADER_LENGTH..=PACKET_MAX).contains(&packet.len())));
            prop_assert_eq!(&octets[..total], &out.concat()[..]);
        }
    }
}
