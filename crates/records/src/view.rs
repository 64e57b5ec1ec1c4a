//! A record as searches look at it: what they ask about, and nothing else.

use domain::access::attempt::Device;
use domain::access::decision::{Decision, TraceCode};
use domain::id::{DecisionId, NasId, NodeId, TenantId};
use domain::time::Timestamp;

use crate::decode::{self, Reader};
use crate::encode::{VERSION, put_device};

/// The oldest version that is still read.
const OLDEST: u8 = 1;

/// Octets before the device, without the length.
const HEAD: usize = 74;

/// A record that begins as one of ours does. The rest is looked at when it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The record with its length before it.
    raw: &'a [u8],
    head: &'a [u8; HEAD],
    device: &'a [u8],
    user_name: &'a [u8],
}

impl<'a> View<'a> {
    /// The record that these octets begin with; `None` when they do not begin with one that this program knows.
    pub fn first(octets: &'a [u8]) -> Option<Self> {
        let (length, rest) = octets.split_first_chunk()?;
        let length = usize::from(u16::from_le_bytes(*length));
        let body = rest.get(..length)?;
        let (head, after) = body.split_first_chunk()?;
        if !(OLDEST..=VERSION).contains(&head[0]) {
            return None;
        }
        let mut reader = Reader { rest: after, version: head[0] };
        reader.skip_device()?;
        let device = after.get(..after.len() - reader.rest.len())?;
        let user_name = reader.text()?;
        Some(Self { raw: octets.get(..length + 2)?, head, device, user_name })
    }

    /// The record as it was written, with its length.
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    pub(crate) const fn head(&self) -> &'a [u8] {
        self.head
    }

    pub(crate) fn after_head(&self) -> &'a [u8] {
        self.raw.get(2 + HEAD..).unwrap_or_default()
    }

    fn array<const LENGTH: usize>(&self, place: usize) -> [u8; LENGTH] {
        self.head[place..].first_chunk().copied().unwrap_or([0; LENGTH])
    }

    /// Whether it is a refusal.
    pub const fn is_refused(&self) -> bool {
        self.head[1] != 0
    }

    /// When it was answered.
    pub fn at(&self) -> Timestamp {
        Timestamp::from_micros(i64::from_le_bytes(self.array(8)))
    }

    /// The six octets of its trace code.
    pub fn trace(&self) -> [u8; 6] {
        self.array(16)
    }

    /// Whether that is its trace code.
    pub fn has_trace(&self, trace: TraceCode) -> bool {
        self.trace() == *trace.as_bytes()
    }

    /// Its id.
    pub fn id(&self) -> DecisionId {
        DecisionId::from_bytes(self.array(26))
    }

    /// The ISP.
    pub fn tenant(&self) -> TenantId {
        TenantId::from_bytes(self.array(42))
    }

    /// The router.
    pub fn nas(&self) -> NasId {
        NasId::from_bytes(self.array(58))
    }

    /// User-Name as it was sent.
    pub const fn user_name(&self) -> &'a [u8] {
        self.user_name
    }

    /// The device's octets; compare them with those of [`device_octets`].
    pub const fn device(&self) -> &'a [u8] {
        self.device
    }

    /// The whole record, from that node; `None` when it is damaged.
    pub fn decision(&self, node: NodeId) -> Option<Decision> {
        decode::decision(self, node)
    }
}

/// A device as records write it.
pub fn device_octets(device: &Device) -> Vec<u8> {
    let mut octets = Vec::with_capacity(68);
    put_device(device, &mut octets);
    octets
}

/// Records that stand one behind the other, until what is no record.
pub fn all(octets: &[u8]) -> impl Iterator<Item = View<'_>> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let view = View::first(rest)?;
        rest = rest.get(view.raw.len()..)?;
        Some(view)
    })
}
