//! How a record stands in a segment: length, checksum, version, sequence number, payload.
//!
//! Numbers are little-endian. The checksum covers all that follows it, so a record that was half written when the power
//! went is told from a whole one.

/// The octets of length and checksum, which the length does not count.
const HEAD: usize = 8;

/// The octets of version and sequence number.
const FIXED: usize = 9;

/// Octets before the payload.
pub(crate) const HEADER: usize = HEAD + FIXED;

/// The longest that may follow length and checksum. More is no record of ours.
const BODY_MAX: usize = 1_024 * 1_024;

/// The longest payload of a record of accounting.
pub(crate) const PAYLOAD_MAX: usize = 1_024 - FIXED;

/// A whole record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Frame<'a> {
    /// How the payload is written.
    pub(crate) version: u8,
    /// Its place in the order of all records of this journal.
    pub(crate) sequence: u64,
    /// The record.
    pub(crate) payload: &'a [u8],
    /// The octets it takes in its segment.
    pub(crate) length: usize,
}

/// Writes a record behind what is there.
pub(crate) fn put(out: &mut Vec<u8>, version: u8, sequence: u64, payload: &[u8]) {
    let began = out.len();
    out.extend_from_slice(&[0; HEADER]);
    out.extend_from_slice(payload);
    if let Some(frame) = out.get_mut(began..) {
        seal(frame, version, sequence);
    }
}

/// Writes what stands before a payload into the [`HEADER`] octets that were left for it.
pub(crate) fn seal(frame: &mut [u8], version: u8, sequence: u64) {
    let length = u32::try_from(frame.len().saturating_sub(HEAD)).unwrap_or(u32::MAX);
    let Some((head, body)) = frame.split_first_chunk_mut::<HEAD>() else { return };
    if let Some(fixed) = body.first_chunk_mut::<FIXED>() {
        fixed[0] = version;
        fixed[1..].copy_from_slice(&sequence.to_le_bytes());
    }
    head[..4].copy_from_slice(&length.to_le_bytes());
    head[4..].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
}

/// The record that these octets begin with; `None` when they do not begin with a whole and sound one.
pub(crate) fn first(octets: &[u8]) -> Option<Frame<'_>> {
    let (length, rest) = octets.split_first_chunk()?;
    let (checksum, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    if !(FIXED..=BODY_MAX).contains(&length) {
        return None;
    }
    let body = rest.get(..length)?;
    if crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
        return None;
    }
    let (version, rest) = body.split_first()?;
    let (sequence, payload) = rest.split_first_chunk()?;
    Some(Frame { version: *version, sequence: u64::from_le_bytes(*sequence), payload, length: HEAD + length })
}

/// The records that these octets begin with, one after another.
pub(crate) fn all(octets: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let frame = first(rest)?;
        rest = rest.get(frame.length..)?;
        Some(frame)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn three() -> Vec<u8> {
        let mut octets = Vec::new();
        for (sequence, payload) in [(7, &b"one"[..]), (8, b""), (9, b"three")] {
            put(&mut octets, 1, sequence, payload);
        }
        octets
    }

    #[test]
    fn records_are_read_in_order() {
        let octets = three();

        let read: Vec<_> = all(&octets).map(|frame| (frame.sequence, frame.payload)).collect();

        assert_eq!(read, [(7, &b"one"[..]), (8, b""), (9, b"three")]);
    }

    #[test]
    fn a_torn_or_changed_record_ends_the_reading_and_spoils_none_before_it() {
        let octets = three();
        let whole: usize = all(&octets).take(2).map(|frame| frame.length).sum();

        for cut in whole..octets.len() {
            assert_eq!(all(&octets[..cut]).count(), 2);
        }
        for place in whole..octets.len() {
            let mut changed = octets.clone();
            changed[place] ^= 0x10;
            assert_eq!(all(&changed).count(), 2, "octet {place}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            prop_assert!(all(&octets).map(|frame| frame.length).sum::<usize>() <= octets.len());
        }
    }
}
