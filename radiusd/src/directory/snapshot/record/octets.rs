//! Numbers and texts as octets, and back.

use domain::id::Id;
use domain::time::Timestamp;

/// What is written.
pub(super) trait Out {
    fn u16(&mut self, number: u16);
    fn u32(&mut self, number: u32);
    fn u64(&mut self, number: u64);
    fn i64(&mut self, number: i64);
    fn id<Of>(&mut self, id: Id<Of>);
    fn option<const LENGTH: usize>(&mut self, value: Option<[u8; LENGTH]>);
    fn instant(&mut self, instant: Option<Timestamp>);
    /// `None` when it is longer than any text there is.
    fn text(&mut self, text: &[u8]) -> Option<()>;
    /// The same for one that may be missing.
    fn some_text(&mut self, text: Option<&str>) -> Option<()>;
}

impl Out for Vec<u8> {
    fn u16(&mut self, number: u16) {
        self.extend_from_slice(&number.to_le_bytes());
    }
    fn u32(&mut self, number: u32) {
        self.extend_from_slice(&number.to_le_bytes());
    }
    fn u64(&mut self, number: u64) {
        self.extend_from_slice(&number.to_le_bytes());
    }
    fn i64(&mut self, number: i64) {
        self.extend_from_slice(&number.to_le_bytes());
    }
    fn id<Of>(&mut self, id: Id<Of>) {
        self.extend_from_slice(&id.bytes());
    }
    fn option<const LENGTH: usize>(&mut self, value: Option<[u8; LENGTH]>) {
        self.push(u8::from(value.is_some()));
        self.extend_from_slice(value.as_ref().map_or(&[], |octets| octets));
    }
    fn instant(&mut self, instant: Option<Timestamp>) {
        self.option(instant.map(|instant| instant.as_micros().to_le_bytes()));
    }
    fn text(&mut self, text: &[u8]) -> Option<()> {
        Out::u16(self, u16::try_from(text.len()).ok()?);
        self.extend_from_slice(text);
        Some(())
    }
    fn some_text(&mut self, text: Option<&str>) -> Option<()> {
        self.push(u8::from(text.is_some()));
        text.map_or(Some(()), |text| self.text(text.as_bytes()))
    }
}

/// What is left to read.
pub(super) struct Octets<'a>(pub(super) &'a [u8]);

impl<'a> Octets<'a> {
    pub(super) fn take<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    pub(super) fn i64(&mut self) -> Option<i64> {
        self.take().map(i64::from_le_bytes)
    }

    pub(super) fn option<const LENGTH: usize>(&mut self) -> Option<Option<[u8; LENGTH]>> {
        match self.u8()? {
            0 => Some(None),
            1 => self.take().map(Some),
            _ => None,
        }
    }

    pub(super) fn instant(&mut self) -> Option<Option<Timestamp>> {
        Some(self.option()?.map(|micros| Timestamp::from_micros(i64::from_le_bytes(micros))))
    }

    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.u16()?);
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }

    pub(super) fn some_text(&mut self) -> Option<Option<&'a str>> {
        match self.u8()? {
            0 => Some(None),
            1 => self.utf8().map(Some),
            _ => None,
        }
    }

    /// Any id: the octets do not say of what.
    pub(super) fn id<Of>(&mut self) -> Option<Id<Of>> {
        self.take().map(Id::from_bytes)
    }

    pub(super) fn utf8(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.text()?).ok()
    }
}
