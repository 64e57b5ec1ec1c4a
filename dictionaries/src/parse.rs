//! Dictionary texts → definitions.
//!
//! The format is the one FreeRADIUS made common, the part of it that we use:
//! ```text
//! # RFC 0000: Title of the source        the first line: what generated documentation calls it
//! VENDOR        Name  number              at most one to a file
//! BEGIN-VENDOR  Name                      attributes up to END-VENDOR are the vendor's
//! ATTRIBUTE     Name  number  type  [has_tag,encrypt=1|2|3]   # §5.1: what stands in its documentation
//! VALUE         Attribute  Name  number   the attribute may stand in another file
//! END-VENDOR    Name
//! ```
//! [`parse`] reads one text and judges its lines one by one; [`gather`] puts files together and judges what lines say
//! about each other. Neither panics, whatever the text; both name file and line.

mod gather;
mod problem;
mod words;

pub use gather::{Vocabulary, gather};
pub use problem::{Problem, Refused};

use crate::kind::Kind;

/// The longest text read, in octets.
pub const TEXT_OCTETS_MAX: usize = 256 * 1024;
/// The longest line read, in octets.
pub const LINE_OCTETS_MAX: usize = 512;
/// The longest name of an attribute, a value or a vendor.
pub const NAME_OCTETS_MAX: usize = 64;
/// The highest vendor number: the first of its four octets is always zero (RFC 2865 §5.26).
pub const VENDOR_NUMBER_MAX: u32 = 0x00FF_FFFF;

/// One text, read: the lines of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file's name without its ending, and the name of the generated module: `rfc2865`.
    pub name: String,
    /// The first line's comment: `RFC 2865: Remote Authentication Dial In User Service (RADIUS)`.
    pub title: String,
    /// The vendor the file is about, if it is about one.
    pub vendor: Option<VendorLine>,
    /// Attributes in the order of the text.
    pub attributes: Vec<AttributeLine>,
    /// Values in the order of the text.
    pub values: Vec<ValueLine>,
}

/// A `VENDOR` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorLine {
    /// The vendor's name, which begins the names of its attributes.
    pub name: String,
    /// The vendor's private enterprise number.
    pub number: u32,
}

/// An `ATTRIBUTE` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeLine {
    /// The line's number in its text, from 1.
    pub line: usize,
    /// The attribute's name.
    pub name: String,
    /// The vendor it stands under; 0 for none.
    pub vendor: u32,
    /// The attribute's number.
    pub number: u8,
    /// What its type and flags come to.
    pub kind: Kind,
    /// The comment at the end of the line; empty if there is none.
    pub note: String,
}

/// A `VALUE` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueLine {
    /// The line's number in its text, from 1.
    pub line: usize,
    /// The attribute the value belongs to.
    pub attribute: String,
    /// The value's name.
    pub name: String,
    /// The value's number.
    pub number: u32,
}

/// Reads one text. `name` is the file's name without its ending; errors call the file `name.dict`.
///
/// Stops at the first line that cannot be read.
pub fn parse(name: &str, text: &str) -> Result<Source, Refused> {
    let at = |line: usize| move |problem: Problem| Refused { file: format!("{name}.dict"), line, problem };
    if text.len() > TEXT_OCTETS_MAX {
        return Err(at(0)(Problem::TextTooLong { octets: text.len() }));
    }

    let mut reading = Reading::new(name, words::title(text).map_err(at(1))?);
    let mut last = 0;
    for (index, line) in text.lines().enumerate() {
        last = index + 1;
        reading.take(last, line).map_err(at(last))?;
    }
    reading.finish().map_err(at(last))
}

/// A text half read.
struct Reading {
    source: Source,
    inside: bool,
}

impl Reading {
    fn new(name: &str, title: &str) -> Self {
        let source = Source {
            name: name.to_owned(),
            title: title.to_owned(),
            vendor: None,
            attributes: Vec::new(),
            values: Vec::new(),
        };
        Self { source, inside: false }
    }

    fn take(&mut self, line: usize, text: &str) -> Result<(), Problem> {
        if text.len() > LINE_OCTETS_MAX {
            return Err(Problem::LineTooLong { octets: text.len() });
        }
        let (code, note) = text.split_once('#').unwrap_or((text, ""));
        let fields: Vec<&str> = code.split_ascii_whitespace().collect();
        match fields.as_slice() {
            [] => Ok(()),
            ["VENDOR", name, number] => self.vendor(name, number),
            ["BEGIN-VENDOR", name] => self.begin(name),
            ["END-VENDOR", name] => self.end(name),
            ["ATTRIBUTE", name, number, kind] => self.attribute(line, name, number, kind, "", note),
            ["ATTRIBUTE", name, number, kind, flags] => self.attribute(line, name, number, kind, flags, note),
            ["VALUE", attribute, name, number] => self.value(line, attribute, name, number),
            [word @ ("VENDOR" | "BEGIN-VENDOR" | "END-VENDOR" | "ATTRIBUTE" | "VALUE"), rest @ ..] => {
                Err(Problem::FieldCount { word: (*word).to_owned(), found: rest.len() })
            }
            [word, ..] => Err(Problem::UnknownWord(words::shown(word))),
        }
    }

    fn vendor(&mut self, name: &str, number: &str) -> Result<(), Problem> {
        if self.source.vendor.is_some() {
            return Err(Problem::SecondVendor);
        }
        let number = words::number(number, 1, VENDOR_NUMBER_MAX)?;
        self.source.vendor = Some(VendorLine { name: words::name(name)?, number });
        Ok(())
    }

    fn begin(&mut self, name: &str) -> Result<(), Problem> {
        self.same_vendor(name)?;
        if self.inside {
            return Err(Problem::AlreadyInside(words::shown(name)));
        }
        self.inside = true;
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), Problem> {
        self.same_vendor(name)?;
        if !self.inside {
            return Err(Problem::NotInside(words::shown(name)));
        }
        self.inside = false;
        Ok(())
    }

    fn same_vendor(&self, name: &str) -> Result<(), Problem> {
        match &self.source.vendor {
            Some(vendor) if vendor.name == name => Ok(()),
            Some(_) | None => Err(Problem::UnknownVendor(words::shown(name))),
        }
    }

    fn attribute(
        &mut self,
        line: usize,
        name: &str,
        number: &str,
        kind: &str,
        flags: &str,
        note: &str,
    ) -> Result<(), Problem> {
        let vendor = match &self.source.vendor {
            Some(vendor) if self.inside => vendor.number,
            Some(_) | None => 0,
        };
        self.source.attributes.push(AttributeLine {
            line,
            name: words::name(name)?,
            vendor,
            number: words::attribute_number(number)?,
            kind: words::kind(kind, flags)?,
            note: note.trim().to_owned(),
        });
        Ok(())
    }

    fn value(&mut self, line: usize, attribute: &str, name: &str, number: &str) -> Result<(), Problem> {
        self.source.values.push(ValueLine {
            line,
            attribute: words::name(attribute)?,
            name: words::name(name)?,
            number: words::number(number, 0, u32::MAX)?,
        });
        Ok(())
    }

    fn finish(self) -> Result<Source, Problem> {
        match self.source.vendor {
            Some(vendor) if self.inside => Err(Problem::NeverEnded(vendor.name)),
            Some(_) | None => Ok(self.source),
        }
    }
}

#[cfg(test)]
mod tests;
