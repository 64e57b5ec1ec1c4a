//! Octets of a workbook (`.xlsx`) → the rows of its first sheet, as texts.
//!
//! A workbook is a ZIP archive of XML (ECMA-376). Only what a table needs is read, and all of it has a limit: nothing that
//! is packed small can unfold without end.

use std::io::{Cursor, Read};

use thiserror::Error;
use zip::ZipArchive;

/// Most octets of one part, unpacked.
const PART_OCTETS_MAX: u64 = 64 * 1024 * 1024;

/// Most texts that cells share.
const TEXTS_MAX: usize = 500_000;

/// Most rows of a sheet that are read.
pub(crate) const ROWS_MAX: usize = 100_000;

/// Most cells of a row; what stands further right is not looked at.
const CELLS_MAX: usize = 64;

/// Why a workbook cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub(crate) enum NotAWorkbook {
    /// Not an archive, or a broken one.
    #[error("the workbook is broken")]
    Broken,
    /// There is no sheet in it.
    #[error("there is no sheet in the workbook")]
    NoSheet,
    /// It unfolds to more than is read.
    #[error("the workbook is too large")]
    TooLarge,
}

/// What every ZIP archive begins with.
pub(crate) const MAGIC: &[u8] = b"PK\x03\x04";

/// The rows of the first sheet, each by its number in the spreadsheet.
pub(crate) fn rows(octets: &[u8]) -> Result<Vec<(u64, Vec<String>)>, NotAWorkbook> {
    let mut archive = ZipArchive::new(Cursor::new(octets)).map_err(|_| NotAWorkbook::Broken)?;
    let mut sheets: Vec<String> = archive
        .file_names()
        .filter_map(|name| name.ok().map(|name| name.to_string()))
        .filter(|name| name.starts_with("xl/worksheets/") && name.ends_with(".xml"))
        .collect();
    // sheet2 before sheet10.
    sheets.sort_by_key(|name| (name.len(), name.clone()));
    let sheet = sheets.into_iter().next().ok_or(NotAWorkbook::NoSheet)?;
    let texts = match part(&mut archive, "xl/sharedStrings.xml") {
        Ok(xml) => shared(&xml)?,
        Err(NotAWorkbook::NoSheet) => Vec::new(),
        Err(why @ (NotAWorkbook::Broken | NotAWorkbook::TooLarge)) => return Err(why),
    };
    cells(&part(&mut archive, &sheet)?, &texts)
}

/// A part of the archive; `NoSheet` where there is none of that name.
fn part(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<String, NotAWorkbook> {
    let file = archive.by_name(name).map_err(|_| NotAWorkbook::NoSheet)?;
    let mut octets = Vec::new();
    file.take(PART_OCTETS_MAX + 1).read_to_end(&mut octets).map_err(|_| NotAWorkbook::Broken)?;
    if u64::try_from(octets.len()).unwrap_or(u64::MAX) > PART_OCTETS_MAX {
        return Err(NotAWorkbook::TooLarge);
    }
    String::from_utf8(octets).map_err(|_| NotAWorkbook::Broken)
}

/// A piece of XML.
enum Piece<'a> {
    /// `<c r="A1" t="s">`: its name, its attributes, and whether it is closed at once.
    Open(&'a str, &'a str, bool),
    /// `</c>`.
    Close(&'a str),
    /// What stands between, with its entities.
    Text(&'a str),
}

/// XML, piece by piece. Comments, instructions and types are left out.
struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;
    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let Some(tag) = self.rest.strip_prefix('<') else {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                let (text, rest) = self.rest.split_at(end);
                self.rest = rest;
                return Some(Piece::Text(text));
            };
            if let Some(comment) = tag.strip_prefix("!--") {
                self.rest = comment.split_once("-->")?.1;
                continue;
            }
            if let Some(raw) = tag.strip_prefix("![CDATA[") {
                let (text, rest) = raw.split_once("]]>")?;
                self.rest = rest;
                return Some(Piece::Text(text));
            }
            let (inner, rest) = tag.split_once('>')?;
            self.rest = rest;
            if inner.starts_with(['?', '!']) {
                continue;
            }
            if let Some(name) = inner.strip_prefix('/') {
                return Some(Piece::Close(local(name.trim())));
            }
            let (inner, is_closed) = match inner.strip_suffix('/') {
                Some(inner) => (inner, true),
                None => (inner, false),
            };
            let (name, attributes) = inner.split_once(|letter: char| letter.is_whitespace()).unwrap_or((inner, ""));
            return Some(Piece::Open(local(name), attributes, is_closed));
        }
    }
}

/// A name without what stands before its colon.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// The value of an attribute.
fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    attributes.split_ascii_whitespace().find_map(|one| {
        let (known, value) = one.split_once('=')?;
        (known == name).then(|| value.trim_matches(['"', '\'']))
    })
}

/// A text without its entities.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let Some((entity, behind)) = after.split_once(';').filter(|(entity, _)| entity.len() <= 10) else {
            plain.push('&');
            rest = after;
            continue;
        };
        let number = entity.strip_prefix("#x").map_or_else(
            || entity.strip_prefix('#').and_then(|digits| digits.parse().ok()),
            |digits| u32::from_str_radix(digits, 16).ok(),
        );
        match (entity, number.and_then(char::from_u32)) {
            ("amp", _) => plain.push('&'),
            ("lt", _) => plain.push('<'),
            ("gt", _) => plain.push('>'),
            ("quot", _) => plain.push('"'),
            ("apos", _) => plain.push('\''),
            (_, Some(letter)) => plain.push(letter),
            (_, None) => {
                plain.push('&');
                plain.push_str(entity);
                plain.push(';');
            }
        }
        rest = behind;
    }
    plain.push_str(rest);
    plain
}

/// The texts that cells share, in their order.
fn shared(xml: &str) -> Result<Vec<String>, NotAWorkbook> {
    let mut texts: Vec<String> = Vec::new();
    let (mut is_text, mut is_spoken) = (false, false);
    for piece in (Pieces { rest: xml }) {
        match piece {
            Piece::Open("si", _, _) => {
                if texts.len() >= TEXTS_MAX {
                    return Err(NotAWorkbook::TooLarge);
                }
                texts.push(String::new());
            }
            Piece::Open("t", _, is_closed) => is_text = !is_closed,
            Piece::Close("t") => is_text = false,
            // How a word is spoken, which is no part of it.
            Piece::Open("rPh", _, is_closed) => is_spoken = !is_closed,
            Piece::Close("rPh") => is_spoken = false,
            Piece::Text(text) if is_text && !is_spoken => {
                if let Some(last) = texts.last_mut() {
                    last.push_str(&plain(text));
                }
            }
            Piece::Text(_) | Piece::Open(..) | Piece::Close(_) => {}
        }
    }
    Ok(texts)
}

/// How a cell says what is in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Shared,
    Own,
}

fn cells(xml: &str, texts: &[String]) -> Result<Vec<(u64, Vec<String>)>, NotAWorkbook> {
    let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
    let (mut place, mut kind, mut value, mut is_value) = (0, Kind::Own, String::new(), false);
    for piece in (Pieces { rest: xml }) {
        match piece {
            Piece::Open("row", attributes, _) => {
                if rows.len() >= ROWS_MAX {
                    return Err(NotAWorkbook::TooLarge);
                }
                let next = rows.last().map_or(1, |(number, _)| number + 1);
                let number = attribute(attributes, "r").and_then(|number| number.parse().ok()).unwrap_or(next);
                rows.push((number, Vec::new()));
            }
            Piece::Open("c", attributes, _) => {
                let next = rows.last().map_or(0, |(_, cells)| cells.len());
                place = attribute(attributes, "r").and_then(column).unwrap_or(next);
                kind = if attribute(attributes, "t") == Some("s") { Kind::Shared } else { Kind::Own };
                value.clear();
            }
            Piece::Open("v" | "t", _, is_closed) => is_value = !is_closed,
            Piece::Close("v" | "t") => is_value = false,
            Piece::Text(text) if is_value => value.push_str(&plain(text)),
            Piece::Close("c") => {
                let text = match kind {
                    Kind::Own => std::mem::take(&mut value),
                    Kind::Shared => {
                        value.trim().parse().ok().and_then(|at: usize| texts.get(at)).cloned().unwrap_or_default()
                    }
                };
                if let Some((_, cells)) = rows.last_mut().filter(|_| place < CELLS_MAX) {
                    if cells.len() <= place {
                        cells.resize(place + 1, String::new());
                    }
                    cells[place] = text;
                }
            }
            Piece::Text(_) | Piece::Open(..) | Piece::Close(_) => {}
        }
    }
    Ok(rows)
}

/// The place of a cell in its row: 0 of `A7`, 27 of `AB7`.
fn column(reference: &str) -> Option<usize> {
    let letters: Vec<u8> = reference.bytes().take_while(u8::is_ascii_alphabetic).collect();
    if !(1..=3).contains(&letters.len()) {
        return None;
    }
    let number = letters.iter().fold(0, |sum, letter| sum * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    Some(number - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SHARED: &str = r#"<?xml version="1.0"?><sst count="2"><si><t>Receipt No.</t></si>
        <si><r><t>Paid </t></r><r><t>In &amp; out</t></r><rPh><t>x</t></rPh></si></sst>"#;
    const SHEET: &str = r#"<x:worksheet xmlns:x="y"><x:sheetData><x:row r="7"><x:c r="A7" t="s"><x:v>0</x:v></x:c>
        <x:c r="C7" t="s"><x:v>1</x:v></x:c></x:row><x:row r="9"><x:c r="A9" t="inlineStr"><x:is><x:t>UAF&#x33;K7</x:t></x:is></x:c>
        <x:c r="B9"/><x:c r="C9"><x:v>20.5</x:v></x:c></x:row></x:sheetData></x:worksheet>"#;

    #[test]
    fn cells_are_read_where_they_stand() {
        let texts = shared(SHARED).expect("few");
        let rows = cells(SHEET, &texts).expect("few");

        assert_eq!(texts, ["Receipt No.", "Paid In & out"]);
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        assert_eq!(rows, [(7, row(["Receipt No.", "", "Paid In & out"])), (9, row(["UAF3K7", "", "20.5"]))]);
    }

    #[test]
    fn columns_are_counted_as_spreadsheets_name_them() {
        assert_eq!(["A1", "Z9", "AA1", "ab7"].map(column), [Some(0), Some(25), Some(26), Some(27)]);
        assert_eq!(["", "7", "AAAA1"].map(column), [None, None, None]);
    }

    #[test]
    fn what_is_no_archive_is_no_workbook() {
        assert_eq!(rows(b"PK\x03\x04 and then nothing"), Err(NotAWorkbook::Broken));
        assert_eq!(rows(b""), Err(NotAWorkbook::Broken));
    }

    proptest! {
        #[test]
        fn any_xml_is_rows_or_none(xml in "[<>/a-z&;#\"'= c]{0,300}") {
            let texts = shared(&xml).expect("few");
            let _ = cells(&xml, &texts);
        }

        #[test]
        fn any_octets_are_a_workbook_or_none(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = rows(&octets);
        }
    }
}
