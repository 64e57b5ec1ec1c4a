//! Many records of one tenant and one day, compressed together.
//!
//! Octets: version, checksum of what follows, length before compression, and then LZ4. Records stand in it as they
//! were written, each with its own version, so blocks are joined without reading what is in them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use domain::id::TenantId;
use domain::time::Timestamp;

use crate::encode::RECORD_MAX;
use crate::filter::{self, Mark};
use crate::view::View;

/// Records of one block at most.
pub const RECORDS_MAX: usize = 2_048;

/// Octets of a block's records at most, before compression.
const OCTETS_MAX: usize = RECORDS_MAX * RECORD_MAX;

const VERSION: u8 = 1;
const HEAD: usize = 9;
const DAY_MICROS: i64 = 86_400_000_000;

/// A packed block and what is known of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// The ISP.
    pub tenant: TenantId,
    /// The earliest instant in it.
    pub first_at: Timestamp,
    /// The latest, of the same day in UTC.
    pub last_at: Timestamp,
    /// How many records.
    pub records: u32,
    /// How many of them are refusals.
    pub refused: u32,
    /// What it may hold.
    pub filter: Vec<u8>,
    /// The records.
    pub octets: Vec<u8>,
}

/// A block that grows. All records must be of the tenant and the day of the first one.
pub struct Builder {
    tenant: TenantId,
    first_at: Timestamp,
    last_at: Timestamp,
    records: u32,
    refused: u32,
    marks: Vec<Mark>,
    octets: Vec<u8>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("tenant", &self.tenant).field("records", &self.records).finish_non_exhaustive()
    }
}

/// The day of an instant, in days since 1970.
pub const fn day(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(DAY_MICROS)
}

impl Builder {
    /// A block that begins with a record.
    pub fn new(record: &View<'_>) -> Self {
        let at = record.at();
        let mut builder = Self {
            tenant: record.tenant(),
            first_at: at,
            last_at: at,
            records: 0,
            refused: 0,
            marks: Vec::new(),
            octets: Vec::new(),
        };
        builder.push(record);
        builder
    }

    /// Adds a record.
    pub fn push(&mut self, record: &View<'_>) {
        self.first_at = self.first_at.min(record.at());
        self.last_at = self.last_at.max(record.at());
        self.records += 1;
        self.refused += u32::from(record.is_refused());
        self.marks.extend(Mark::all(record));
        self.octets.extend_from_slice(record.raw());
    }

    /// Whether no other record fits.
    pub const fn is_full(&self) -> bool {
        self.records as usize >= RECORDS_MAX
    }

    /// The packed block.
    pub fn build(mut self) -> Block {
        let packed = lz4_flex::block::compress(&self.octets);
        let length = u32::try_from(self.octets.len()).unwrap_or(u32::MAX).to_le_bytes();
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&length);
        checksum.update(&packed);
        let mut octets = Vec::with_capacity(HEAD + packed.len());
        octets.push(VERSION);
        octets.extend_from_slice(&checksum.finalize().to_le_bytes());
        octets.extend_from_slice(&length);
        octets.extend_from_slice(&packed);
        Block {
            tenant: self.tenant,
            first_at: self.first_at,
            last_at: self.last_at,
            records: self.records,
            refused: self.refused,
            filter: filter::build(&mut self.marks),
            octets,
        }
    }
}

/// The records of a block's octets, for [`crate::all`]; `None` when they are damaged or of a newer program.
pub fn open(octets: &[u8]) -> Option<Vec<u8>> {
    let (version, rest) = octets.split_first()?;
    let (checksum, body) = rest.split_first_chunk()?;
    if *version != VERSION || crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
        return None;
    }
    let (length, packed) = body.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok().filter(|length| *length <= OCTETS_MAX)?;
    let records = lz4_flex::block::decompress(packed, length).ok()?;
    (records.len() == length).then_some(records)
}

/// Packs records into blocks, one or more for each tenant and day among them.
pub fn pack<'a>(records: impl Iterator<Item = View<'a>>) -> Vec<Block> {
    let (mut growing, mut done) = (BTreeMap::<_, Builder>::new(), Vec::new());
    for record in records {
        match growing.entry((record.tenant(), day(record.at()))) {
            Entry::Vacant(place) => {
                place.insert(Builder::new(&record));
            }
            Entry::Occupied(mut place) => {
                place.get_mut().push(&record);
                if place.get().is_full() {
                    done.push(place.remove().build());
                }
            }
        }
    }
    done.extend(growing.into_values().map(Builder::build));
    done
}
