//! A table: named columns, and cells.

use domain::time::Timestamp;

/// What stands in one cell.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text. Never taken for a formula or a number, whatever it looks like.
    Text(String),
    /// A number.
    Number(f64),
    /// A moment; as RFC 3339 in UTC, which every program reads alike.
    At(Timestamp),
}

impl Cell {
    /// A text, or nothing.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A moment, or nothing.
    pub fn at(moment: Option<Timestamp>) -> Self {
        moment.map_or(Self::Empty, Self::At)
    }

    /// A text, or nothing.
    pub fn maybe<Text: ToString>(text: Option<Text>) -> Self {
        text.map_or(Self::Empty, |text| Self::Text(text.to_string()))
    }
}

/// A kind of file that a table can be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Comma-separated values.
    Csv,
    /// A workbook.
    Xlsx,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Csv, Self::Xlsx];

    /// Its name, which is also how a file's name ends.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    /// As HTTP names it.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}
