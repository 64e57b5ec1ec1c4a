//! Why a text was refused.

use std::error::Error;
use std::fmt;

/// A text that cannot be used: where, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The file's name, with its ending.
    pub file: String,
    /// The line, from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.file, self.line, self.problem)
    }
}

impl Error for Refused {}

/// What is wrong with a line. Words of the text are quoted, cut to the length of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The text is longer than `TEXT_OCTETS_MAX`.
    TextTooLong {
        /// Its length.
        octets: usize,
    },
    /// The line is longer than `LINE_OCTETS_MAX`.
    LineTooLong {
        /// Its length.
        octets: usize,
    },
    /// The first line is not a comment that names the source.
    NoTitle,
    /// The line begins with a word that means nothing.
    UnknownWord(String),
    /// The line has too many or too few fields after its first word.
    FieldCount {
        /// The first word.
        word: String,
        /// The number of fields found after it.
        found: usize,
    },
    /// A name holds a character that names may not hold.
    BadName(String),
    /// A name is longer than `NAME_OCTETS_MAX`.
    NameTooLong {
        /// Its length.
        octets: usize,
    },
    /// A number is not written in digits.
    NotANumber(String),
    /// A number is too small or too large for its place.
    OutOfRange {
        /// The number as written.
        number: String,
        /// The least that fits.
        least: u32,
        /// The most that fits.
        most: u32,
    },
    /// A type that does not exist.
    UnknownType(String),
    /// A flag that does not exist, or stands twice.
    UnknownFlag(String),
    /// Flags that this type cannot have.
    FlagsDoNotFit(String),
    /// A second `VENDOR` line.
    SecondVendor,
    /// `BEGIN-VENDOR` or `END-VENDOR` of a vendor without a `VENDOR` line before.
    UnknownVendor(String),
    /// `BEGIN-VENDOR` inside of a vendor.
    AlreadyInside(String),
    /// `END-VENDOR` outside of a vendor.
    NotInside(String),
    /// The text ends before `END-VENDOR`.
    NeverEnded(String),
    /// An attribute with a name that another has, letter case aside.
    NameTaken(String),
    /// An attribute with a vendor and number that another has.
    NumberTaken {
        /// The attribute that came first.
        by: String,
    },
    /// A vendor with a name or number that another has.
    VendorTaken(String),
    /// A value of an attribute that stands in no file.
    UnknownAttribute(String),
    /// A value of an attribute that is not a number.
    TakesNoValues(String),
    /// A value with a name or number that another value of the attribute has.
    ValueTaken {
        /// The value that came first.
        by: String,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TextTooLong { octets } => write!(formatter, "the text is too long: {octets} octets"),
            Self::LineTooLong { octets } => write!(formatter, "the line is too long: {octets} octets"),
            Self::NoTitle => write!(formatter, "the first line must be a comment naming the source"),
            Self::UnknownWord(word) => write!(formatter, "unknown word `{word}`"),
            Self::FieldCount { word, found } => write!(formatter, "`{word}` cannot have {found} fields"),
            Self::BadName(name) => write!(formatter, "`{name}` is not a name"),
            Self::NameTooLong { octets } => write!(formatter, "the name is too long: {octets} octets"),
            Self::NotANumber(word) => write!(formatter, "`{word}` is not a number"),
            Self::OutOfRange { number, least, most } => write!(formatter, "`{number}` is not within {least}..={most}"),
            Self::UnknownType(word) => write!(formatter, "unknown type `{word}`"),
            Self::UnknownFlag(flag) => write!(formatter, "unknown or repeated flag `{flag}`"),
            Self::FlagsDoNotFit(kind) => write!(formatter, "the flags do not fit the type `{kind}`"),
            Self::SecondVendor => write!(formatter, "a file may name one vendor"),
            Self::UnknownVendor(name) => write!(formatter, "no VENDOR line names `{name}`"),
            Self::AlreadyInside(name) => write!(formatter, "already inside vendor `{name}`"),
            Self::NotInside(name) => write!(formatter, "not inside vendor `{name}`"),
            Self::NeverEnded(name) => write!(formatter, "vendor `{name}` is never ended"),
            Self::NameTaken(name) => write!(formatter, "the name `{name}` is taken"),
            Self::NumberTaken { by } => write!(formatter, "the number is taken by `{by}`"),
            Self::VendorTaken(name) => write!(formatter, "vendor `{name}` or its number stands in another file"),
            Self::UnknownAttribute(name) => write!(formatter, "no attribute is called `{name}`"),
            Self::TakesNoValues(name) => write!(formatter, "`{name}` is not a number and takes no values"),
            Self::ValueTaken { by } => write!(formatter, "the name or number is taken by value `{by}`"),
        }
    }
}
