//! Whatever a spreadsheet saved → octets of UTF-8, one at a time.
//!
//! A byte order mark tells the encoding: UTF-8, UTF-16LE or UTF-16BE; without one it is UTF-8. Never fails on bad
//! text: what cannot be decoded becomes an octet that UTF-8 does not have, so that the row it stands in is refused
//! and not the file.

use std::io::{self, ErrorKind, Read};

use zeroize::Zeroizing;

/// Octets read from the source at a time.
const CHUNK_OCTETS: usize = 16 * 1024;

/// Never part of UTF-8.
const NOT_TEXT: u8 = 0xff;

/// How the source writes characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

/// The source as UTF-8, without its byte order mark.
pub(crate) struct Utf8<R> {
    source: R,
    encoding: Encoding,
    /// What was read and not yet used. Overwritten when dropped: files of subscribers hold passwords.
    chunk: Zeroizing<Vec<u8>>,
    chunk_at: usize,
    chunk_end: usize,
    /// A character that was decoded from UTF-16 and not yet given whole.
    character: [u8; 4],
    character_at: usize,
    character_end: usize,
    /// A unit of UTF-16 that was looked at and belongs to the next character.
    unit_ahead: Option<u16>,
}

impl<R: Read> Utf8<R> {
    /// Looks for the byte order mark.
    pub(crate) fn new(source: R) -> io::Result<Self> {
        let mut utf8 = Self {
            source,
            encoding: Encoding::Utf8,
            chunk: Zeroizing::new(vec![0; CHUNK_OCTETS]),
            chunk_at: 0,
            chunk_end: 0,
            character: [0; 4],
            character_at: 0,
            character_end: 0,
            unit_ahead: None,
        };
        while utf8.chunk_end < 3 && utf8.fill()? > 0 {}
        let (encoding, mark) = match utf8.chunk.get(..utf8.chunk_end).unwrap_or_default() {
            [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
            [0xff, 0xfe, ..] => (Encoding::Utf16Le, 2),
            [0xfe, 0xff, ..] => (Encoding::Utf16Be, 2),
            _ => (Encoding::Utf8, 0),
        };
        utf8.encoding = encoding;
        utf8.chunk_at = mark;
        Ok(utf8)
    }

    /// The next octet; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<u8>> {
        if self.encoding == Encoding::Utf8 {
            return self.octet();
        }
        if self.character_at == self.character_end && !self.decode()? {
            return Ok(None);
        }
        let octet = self.character[self.character_at];
        self.character_at += 1;
        Ok(Some(octet))
    }

    /// Reads one character of UTF-16; `false` at the end.
    fn decode(&mut self) -> io::Result<bool> {
        let Some(first) = self.unit()? else { return Ok(false) };
        let character = match first {
            Unit::Half => None,
            Unit::Whole(high @ 0xd800..=0xdbff) => match self.unit()? {
                Some(Unit::Whole(low @ 0xdc00..=0xdfff)) => char::decode_utf16([high, low]).next().and_then(Result::ok),
                Some(Unit::Whole(other)) => {
                    self.unit_ahead = Some(other);
                    None
                }
                Some(Unit::Half) | None => None,
            },
            Unit::Whole(unit) => char::from_u32(u32::from(unit)),
        };
        self.character_at = 0;
        self.character_end = match character {
            Some(character) => character.encode_utf8(&mut self.character).len(),
            None => {
                self.character[0] = NOT_TEXT;
                1
            }
        };
        Ok(true)
    }

    fn unit(&mut self) -> io::Result<Option<Unit>> {
        if let Some(unit) = self.unit_ahead.take() {
            return Ok(Some(Unit::Whole(unit)));
        }
        let Some(first) = self.octet()? else { return Ok(None) };
        let Some(second) = self.octet()? else { return Ok(Some(Unit::Half)) };
        Ok(Some(Unit::Whole(match self.encoding {
            Encoding::Utf16Be => u16::from_be_bytes([first, second]),
            Encoding::Utf8 | Encoding::Utf16Le => u16::from_le_bytes([first, second]),
        })))
    }

    fn octet(&mut self) -> io::Result<Option<u8>> {
        if self.chunk_at == self.chunk_end {
            self.chunk_at = 0;
            self.chunk_end = 0;
            if self.fill()? == 0 {
                return Ok(None);
            }
        }
        let octet = self.chunk.get(self.chunk_at).copied();
        self.chunk_at += 1;
        Ok(octet)
    }

    /// Reads more behind what is there; 0 at the end.
    fn fill(&mut self) -> io::Result<usize> {
        loop {
            match self.source.read(&mut self.chunk[self.chunk_end..]) {
                Ok(octets) => {
                    self.chunk_end += octets;
                    return Ok(octets);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Two octets of UTF-16, or the one that is left when a file ends in the middle.
enum Unit {
    Whole(u16),
    Half,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(source: &[u8]) -> Vec<u8> {
        let mut utf8 = Utf8::new(source).unwrap();
        std::iter::from_fn(|| utf8.next().unwrap()).collect()
    }

    fn utf16(text: &str, mark: &[u8; 2], octets: fn(u16) -> [u8; 2]) -> Vec<u8> {
        mark.iter().copied().chain(text.encode_utf16().flat_map(octets)).collect()
    }

    #[test]
    fn every_encoding_of_a_text_is_the_same_text() {
        let text = "naïve,пароль,🙂\r\n";

        assert_eq!(decoded(text.as_bytes()), text.as_bytes());
        assert_eq!(decoded(&[b"\xef\xbb\xbf", text.as_bytes()].concat()), text.as_bytes());
        assert_eq!(decoded(&utf16(text, b"\xff\xfe", u16::to_le_bytes)), text.as_bytes());
        assert_eq!(decoded(&utf16(text, b"\xfe\xff", u16::to_be_bytes)), text.as_bytes());
    }

    #[test]
    fn a_source_that_gives_one_octet_at_a_time_is_read_whole() {
        struct Drops<'a>(&'a [u8]);
        impl Read for Drops<'_> {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                let one = into.len().min(1);
                self.0.read(&mut into[..one])
            }
        }
        let source = utf16("bob", b"\xff\xfe", u16::to_le_bytes);

        let mut utf8 = Utf8::new(Drops(&source)).unwrap();

        assert_eq!(std::iter::from_fn(|| utf8.next().unwrap()).collect::<Vec<_>>(), b"bob");
    }

    #[test]
    fn half_characters_become_octets_that_utf8_does_not_have() {
        assert_eq!(decoded(b"\xff\xfe\x3d\xd8a\0"), b"\xffa");
        assert_eq!(decoded(b"\xff\xfea\0b"), b"a\xff");
        assert_eq!(decoded(b"\xff\xfe\x3d\xd8"), b"\xff");
        assert_eq!(decoded(b"\xff\xfe\x00\xdc"), b"\xff");
    }

    #[test]
    fn short_and_empty_sources_end() {
        assert_eq!(decoded(b""), b"");
        assert_eq!(decoded(b"a"), b"a");
        assert_eq!(decoded(b"\xef\xbb\xbf"), b"");
    }
}
