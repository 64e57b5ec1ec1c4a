//! Octets of UTF-8 → rows of values, as spreadsheets write them (RFC 4180).
//!
//! A row counts as a person sees it: a line break inside quotes does not begin a row, an empty line is one. No row
//! may hold more than [`ROW_OCTETS_MAX`], so a file without line breaks cannot fill the memory. The one buffer is
//! never moved and is overwritten when dropped, because rows hold passwords.

use std::io::{self, ErrorKind, Read};

use zeroize::Zeroizing;

use crate::encoding::Utf8;

/// Most octets of one row.
pub(crate) const ROW_OCTETS_MAX: usize = 64 * 1024;

/// What may stand between values.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// The rows of a file, one at a time.
pub(crate) struct Rows<R> {
    source: Utf8<R>,
    separator: u8,
    /// The row that was read last; 0 before the first.
    row: u64,
    /// Octets of this row that were read, its quotes and separators too.
    row_octets: usize,
    /// Values one after the other, without quotes and separators.
    values: Zeroizing<Vec<u8>>,
    /// Where each value ends in `values`.
    ends: Vec<usize>,
    /// An octet that was looked at and belongs to what follows.
    ahead: Option<u8>,
}

/// Where the reader stands inside a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a value; spaces are kept, in case that it has no quotes.
    Before,
    /// In a value without quotes.
    Plain,
    /// Between quotes.
    Quoted,
    /// After a closing quote.
    After,
}

/// What a row was read to.
enum End {
    Row,
    File,
}

/// Why a row has no values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RowFault {
    /// The source failed. Nothing follows.
    Unreadable(ErrorKind),
    /// A quote is open to the end of the file, or for longer than a row may be. Nothing follows.
    QuoteNotClosed,
    /// Something stands between a closing quote and the next separator.
    TextAfterQuote,
    /// More than [`ROW_OCTETS_MAX`].
    TooLong,
    /// Not UTF-8.
    NotUtf8,
}

impl<R: Read> Rows<R> {
    /// Begins a file. Values are separated by commas until [`Self::header`] has seen otherwise.
    pub(crate) fn new(source: R) -> io::Result<Self> {
        Ok(Self {
            source: Utf8::new(source)?,
            separator: b',',
            row: 0,
            row_octets: 0,
            values: Zeroizing::new(Vec::with_capacity(ROW_OCTETS_MAX)),
            ends: Vec::with_capacity(16),
            ahead: None,
        })
    }

    /// The number of the row that was read last; the first is 1.
    pub(crate) fn row(&self) -> u64 {
        self.row
    }

    /// Reads the first row and learns the separator from it: the one it has most of.
    pub(crate) fn header(&mut self) -> Result<Vec<String>, RowFault> {
        let mut line = Vec::new();
        while let Some(octet) = self.source.next().map_err(unreadable)? {
            line.push(octet);
            if octet == b'\n' || octet == b'\r' {
                break;
            }
            if line.len() > ROW_OCTETS_MAX {
                self.row = 1;
                return Err(RowFault::TooLong);
            }
        }
        if line.last() == Some(&b'\r') {
            self.skip_line_feed().map_err(unreadable)?;
        }
        self.row = 1;
        let line = std::str::from_utf8(&line).map_err(|_| RowFault::NotUtf8)?.trim_end_matches(['\r', '\n']);
        for separator in SEPARATORS {
            if line.matches(char::from(separator)).count() > line.matches(char::from(self.separator)).count() {
                self.separator = separator;
            }
        }
        Ok(line.split(char::from(self.separator)).map(|name| unquoted(name.trim()).trim().to_owned()).collect())
    }

    /// Reads the next row; `false` at the end of the file. After an error the next row can be read, if it says so.
    pub(crate) fn read(&mut self) -> Result<bool, RowFault> {
        self.values.clear();
        self.ends.clear();
        self.row_octets = 0;
        let end = self.read_values();
        if let Ok(End::File) = end
            && self.row_octets == 0
        {
            return Ok(false);
        }
        self.row += 1;
        end?;
        if (0..self.len()).all(|position| std::str::from_utf8(self.octets(position)).is_ok()) {
            Ok(true)
        } else {
            Err(RowFault::NotUtf8)
        }
    }

    /// How many values the row has.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A value of the row; nothing past its last one.
    pub(crate) fn value(&self, position: usize) -> &str {
        std::str::from_utf8(self.octets(position)).unwrap_or_default()
    }

    fn octets(&self, position: usize) -> &[u8] {
        let begin = position.checked_sub(1).and_then(|before| self.ends.get(before).copied()).unwrap_or(0);
        self.ends.get(position).and_then(|end| self.values.get(begin..*end)).unwrap_or_default()
    }

    /// Whether nothing but spaces is there, as in rows that a spreadsheet keeps below the last one.
    pub(crate) fn is_blank(&self) -> bool {
        (0..self.len()).all(|position| self.value(position).trim().is_empty())
    }

    fn read_values(&mut self) -> Result<End, RowFault> {
        let mut state = State::Before;
        let mut fault = None;
        loop {
            let octet = match self.next() {
                Ok(Some(octet)) => octet,
                Ok(None) if state == State::Quoted => return Err(RowFault::QuoteNotClosed),
                Ok(None) => {
                    self.ends.push(self.values.len());
                    return fault.map_or(Ok(End::File), Err);
                }
                Err(error) => return Err(unreadable(error)),
            };
            if (octet == b'\n' || octet == b'\r') && state != State::Quoted {
                if octet == b'\r' {
                    self.skip_line_feed().map_err(unreadable)?;
                }
                self.ends.push(self.values.len());
                return fault.map_or(Ok(End::Row), Err);
            }
            if self.row_octets > ROW_OCTETS_MAX {
                if state == State::Quoted {
                    return Err(RowFault::QuoteNotClosed);
                }
                state = State::Plain;
                fault = Some(RowFault::TooLong);
            }
            if fault.is_none() {
                match self.step(state, octet) {
                    Ok(next) => state = next,
                    Err(wrong) => {
                        state = State::Plain;
                        fault = Some(wrong);
                    }
                }
            }
        }
    }

    /// Takes one octet that does not end the row.
    fn step(&mut self, state: State, octet: u8) -> Result<State, RowFault> {
        match (state, octet) {
            (State::Quoted, b'"') => Ok(State::After),
            (State::Quoted, _) => {
                self.values.push(octet);
                Ok(State::Quoted)
            }
            (State::Before | State::Plain | State::After, _) if octet == self.separator => {
                self.ends.push(self.values.len());
                Ok(State::Before)
            }
            (State::Before, b'"') => {
                self.values.truncate(self.ends.last().copied().unwrap_or(0));
                Ok(State::Quoted)
            }
            (State::After, b'"') => {
                self.values.push(b'"');
                Ok(State::Quoted)
            }
            (State::After, b' ' | b'\t') => Ok(State::After),
            (State::After, _) => Err(RowFault::TextAfterQuote),
            (State::Before, b' ' | b'\t') => {
                self.values.push(octet);
                Ok(State::Before)
            }
            (State::Before | State::Plain, _) => {
                self.values.push(octet);
                Ok(State::Plain)
            }
        }
    }

    fn next(&mut self) -> io::Result<Option<u8>> {
        let octet = match self.ahead.take() {
            Some(octet) => Some(octet),
            None => self.source.next()?,
        };
        if octet.is_some() {
            self.row_octets = self.row_octets.saturating_add(1);
        }
        Ok(octet)
    }

    fn skip_line_feed(&mut self) -> io::Result<()> {
        let next = self.source.next()?;
        self.ahead = next.filter(|octet| *octet != b'\n');
        Ok(())
    }
}

fn unreadable(error: io::Error) -> RowFault {
    RowFault::Unreadable(error.kind())
}

fn unquoted(name: &str) -> &str {
    name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<Vec<String>, RowFault>> {
        let mut rows = Rows::new(text.as_bytes()).unwrap();
        std::iter::from_fn(|| match rows.read() {
            Ok(true) => Some(Ok((0..rows.len()).map(|at| rows.value(at).to_owned()).collect())),
            Ok(false) => None,
            Err(fault) => Some(Err(fault)),
        })
        .take(10)
        .collect()
    }

    fn row(values: &[&str]) -> Result<Vec<String>, RowFault> {
        Ok(values.iter().map(|value| (*value).to_owned()).collect())
    }

    #[test]
    fn all_line_ends_end_a_row_and_an_empty_line_is_a_row() {
        assert_eq!(read("a,b\r\nc\rd\n\ne"), [row(&["a", "b"]), row(&["c"]), row(&["d"]), row(&[""]), row(&["e"])]);
    }

    #[test]
    fn quotes_keep_separators_line_breaks_and_quotes() {
        assert_eq!(read("\"a,\"\"b\"\"\n\", \"c\" ,d\"e\n"), [row(&["a,\"b\"\n", "c", "d\"e"])]);
        assert_eq!(read("\"\",\n"), [row(&["", ""])]);
    }

    #[test]
    fn an_open_quote_is_found_at_the_end_and_in_a_long_row() {
        assert_eq!(read("a,\"b\n"), [Err(RowFault::QuoteNotClosed)]);
        let long = format!("\"{}", "x\n".repeat(ROW_OCTETS_MAX));
        assert_eq!(read(&long)[0], Err(RowFault::QuoteNotClosed));
    }

    #[test]
    fn a_row_that_is_wrong_does_not_hide_the_next_one() {
        let long = format!("{}\nb", "x".repeat(3 * ROW_OCTETS_MAX));

        assert_eq!(read(&long), [Err(RowFault::TooLong), row(&["b"])]);
        assert_eq!(read("\"a\"b,\"c\nd"), [Err(RowFault::TextAfterQuote), row(&["d"])]);
    }

    #[test]
    fn a_character_cut_by_a_separator_is_not_text() {
        let mut rows = Rows::new(&b"\xc3,\xa9\n"[..]).unwrap();

        assert_eq!(rows.read(), Err(RowFault::NotUtf8));
    }

    #[test]
    fn the_longest_row_is_read() {
        let text = "x".repeat(ROW_OCTETS_MAX);

        assert_eq!(read(&text), [row(&[&text])]);
    }

    #[test]
    fn the_separator_is_the_one_that_the_header_has_most_of() {
        for (header, separator) in [("a,b", b','), ("a;\"b\";c, d", b';'), ("a\tb", b'\t'), ("a", b',')] {
            let mut rows = Rows::new(header.as_bytes()).unwrap();
            rows.header().unwrap();
            assert_eq!(rows.separator, separator, "{header}");
        }
    }
}
