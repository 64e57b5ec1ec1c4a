//! What is wrong in a file, in words that tell what to do.

use std::fmt;
use std::io::ErrorKind;

use thiserror::Error;

use super::{Column, ROWS_MAX};
use crate::rows::{ROW_OCTETS_MAX, RowFault};

/// One fault of a file, and where it is.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub struct RowError {
    /// The row, as the spreadsheet counts: the header is 1.
    pub row: u64,
    /// The column; `None` when the whole row or file is meant.
    pub column: Option<Column>,
    /// What is wrong there.
    pub problem: Problem,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "row {}, column `{column}`: {}", self.row, self.problem),
            None => write!(f, "row {}: {}", self.row, self.problem),
        }
    }
}

/// What is wrong, and what to do. Repeats no value of a row: it may be a password.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Problem {
    /// The source failed.
    #[error("the file could not be read any further ({0}): send it again")]
    Unreadable(ErrorKind),
    /// Not a text file, as a workbook is.
    #[error("this is not a CSV file: open it in a spreadsheet and save it as `CSV UTF-8`")]
    NotText,
    /// Nothing in the first row.
    #[error("the first row is empty: it must name the columns, as username,password,plan")]
    EmptyHeader,
    /// No column in the first row.
    #[error("the first row names no column: put username,password,plan above the first subscriber")]
    NoHeader,
    /// Columns that are not known.
    #[error("unknown columns {}: use username, password, plan, phone, until and address, and remove the others", Names(.0))]
    UnknownColumns(Vec<String>),
    /// A column that must be there.
    #[error("the column `{0}` is missing: add it to the first row, and its values below")]
    ColumnMissing(Column),
    /// A column that is there twice.
    #[error("the column `{0}` is there twice: remove one of them")]
    ColumnRepeated(Column),
    /// More rows than [`ROWS_MAX`].
    #[error("the file has more than {ROWS_MAX} rows: divide it into several files")]
    TooManyRows,
    /// A row that is too long.
    #[error("the row has more than {ROW_OCTETS_MAX} octets: check that its line ends where it should")]
    RowTooLong,
    /// A quote without its partner.
    #[error("a double quote opens here and never closes: close it, or write two of them for one inside a value")]
    QuoteNotClosed,
    /// Something after a closing quote.
    #[error("text follows a closing double quote: inside a quoted value write two double quotes for one")]
    TextAfterQuote,
    /// Not UTF-8.
    #[error("the row has characters that cannot be read: save the file as `CSV UTF-8`")]
    NotUtf8,
    /// More values than columns.
    #[error(
        "the row has {values} values for {columns} columns: put a value that contains a separator in double quotes"
    )]
    TooManyValues {
        /// How many values the row has.
        values: usize,
        /// How many columns the header names.
        columns: usize,
    },
    /// A required value is not there.
    #[error("the value is missing: fill it in, or remove the row")]
    Empty,
    /// Not a user name.
    #[error("not a user name: use 1 to 64 characters without spaces")]
    NotAUsername,
    /// Not a password.
    #[error("not a password: use 1 to 128 octets without line breaks or other control characters")]
    NotAPassword,
    /// Not a plan's name.
    #[error("not a plan's short name: use 1 to 63 of a-z, 0-9 and dashes, as home-10")]
    NotAPlan,
    /// Not a phone number.
    #[error("not a phone number: write at most 32 digits and spaces, as 0712 345 678")]
    NotAPhone,
    /// Not a moment.
    #[error("not a date: write 2026-12-31 for the end of that day, or 2026-12-31 18:00")]
    NotAMoment,
    /// Not an address of one device.
    #[error("not an address a subscriber can have: write it as 10.0.5.20, or leave it empty")]
    NotAnAddress,
    /// A user name that stood further up.
    #[error("the same user name stands in row {first_row}: remove one of the two rows")]
    UsernameRepeated {
        /// Where it stood first.
        first_row: u64,
    },
    /// An address that stood further up.
    #[error("the same address stands in row {first_row}: give one of the two another")]
    AddressRepeated {
        /// Where it stood first.
        first_row: u64,
    },
}

impl From<RowFault> for Problem {
    fn from(fault: RowFault) -> Self {
        match fault {
            RowFault::Unreadable(kind) => Self::Unreadable(kind),
            RowFault::QuoteNotClosed => Self::QuoteNotClosed,
            RowFault::TextAfterQuote => Self::TextAfterQuote,
            RowFault::TooLong => Self::RowTooLong,
            RowFault::NotUtf8 => Self::NotUtf8,
        }
    }
}

/// How many unknown columns are named.
const NAMES_MAX: usize = 10;

/// Names in backquotes, the first few of them.
struct Names<'a>(&'a [String]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, name) in self.0.iter().take(NAMES_MAX).enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            write!(f, "{separator}`{name}`")?;
        }
        match self.0.len().saturating_sub(NAMES_MAX) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
