//! What a block may hold, in few octets: a Bloom filter whose bits for one mark lie in one line of 64 octets.
//!
//! The database reads only that line. A filter never denies what is there; about one in five hundred times it fails to
//! deny what is not.

use domain::access::attempt::Device;
use domain::access::decision::TraceCode;
use domain::id::NasId;

use crate::view::{View, device_octets};

/// Octets of a line.
pub const LINE: usize = 64;

/// Bits of a line, of which a mark sets up to [`BITS`].
const LINE_BITS: u64 = 512;

/// Bits of one mark.
pub const BITS: usize = 6;

/// Bits of a filter for each mark in it.
const BITS_EACH: usize = 16;

/// Something that records are looked for by, as a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Mark(u64);

impl Mark {
    /// A trace code.
    pub fn trace(trace: TraceCode) -> Self {
        Self::of(1, trace.as_bytes())
    }

    /// A User-Name as it was sent.
    pub fn user(name: &[u8]) -> Self {
        Self::of(2, name)
    }

    /// A device.
    pub fn device(device: &Device) -> Self {
        Self::of(3, &device_octets(device))
    }

    /// A router.
    pub fn nas(nas: NasId) -> Self {
        Self::of(4, &nas.bytes())
    }

    /// All marks of a record.
    pub fn all(record: &View<'_>) -> [Self; 4] {
        [
            Self::of(1, &record.trace()),
            Self::of(2, record.user_name()),
            Self::of(3, record.device()),
            Self::of(4, &record.nas().bytes()),
        ]
    }

    /// FNV-1a with a stir at the end. It is in the database, so it stays as it is.
    fn of(kind: u8, octets: &[u8]) -> Self {
        let mut sum: u64 = 0xcbf2_9ce4_8422_2325;
        for octet in std::iter::once(&kind).chain(octets) {
            sum = (sum ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3);
        }
        Self(stir(sum))
    }

    /// Which line, in parts of 2³² of all lines.
    pub const fn place(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Which bits of the line; bit 0 is the lowest of the first octet.
    pub fn bits(self) -> [u16; BITS] {
        let mut rest = stir(self.0 ^ 0x9e37_79b9_7f4a_7c15);
        [(); BITS].map(|()| {
            let bit = rest % LINE_BITS;
            rest /= LINE_BITS;
            u16::try_from(bit).unwrap_or(0)
        })
    }

    const fn line(self, lines: usize) -> usize {
        ((self.place() as u64 * lines as u64) >> 32) as usize
    }
}

const fn stir(mut sum: u64) -> u64 {
    sum ^= sum >> 33;
    sum = sum.wrapping_mul(0xff51_afd7_ed55_8ccd);
    sum ^= sum >> 33;
    sum = sum.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    sum ^ (sum >> 33)
}

/// The filter of these marks, which are sorted on the way.
pub fn build(marks: &mut Vec<Mark>) -> Vec<u8> {
    marks.sort_unstable();
    marks.dedup();
    let lines = (marks.len() * BITS_EACH).div_ceil(LINE * 8).max(1);
    let mut filter = vec![0; lines * LINE];
    for mark in marks {
        let from = mark.line(lines) * LINE;
        for bit in mark.bits() {
            if let Some(octet) = filter.get_mut(from + usize::from(bit / 8)) {
                *octet |= 1 << (bit % 8);
            }
        }
    }
    filter
}

/// Whether a block with this filter may hold a mark.
pub fn may_hold(filter: &[u8], mark: Mark) -> bool {
    let from = mark.line(filter.len() / LINE) * LINE;
    mark.bits()
        .iter()
        .all(|bit| filter.get(from + usize::from(bit / 8)).is_some_and(|octet| octet & (1 << (bit % 8)) != 0))
}
