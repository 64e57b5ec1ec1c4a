//! Subscribers from a table that a spreadsheet saved.
//!
//! The first row names the columns, in any order and case: `username`, `password` and `plan` must be there, `phone`,
//! `until` and `address` may. Commas, semicolons or tabs; UTF-8 or UTF-16; any line ends.
//!
//! Values are trimmed, except passwords. Messages name the row and the column and say what belongs there, and never
//! repeat what stands there: in a shifted row any value may be a password.

mod error;
mod until;

use std::collections::HashMap;
use std::collections::VecDeque;
use std::fmt;
use std::hash::Hash;
use std::io::Read;
use std::net::Ipv4Addr;

use domain::people::subscriber::{Username, password};
use domain::secret::SecretBytes;
use domain::text::Slug;
use domain::time::{Timestamp, Zone};

use crate::rows::{RowFault, Rows};

pub use error::{Problem, RowError};

/// Most rows of a file, its header not counted.
pub const ROWS_MAX: u64 = 1_000_000;

/// A column of the file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Column {
    /// The login.
    Username,
    /// Its password, in the clear.
    Password,
    /// The plan's short name.
    Plan,
    /// A phone number.
    Phone,
    /// The end of what is paid for.
    Until,
    /// A fixed IPv4 address.
    Address,
}

impl Column {
    /// All of them; the required ones first.
    pub const ALL: [Self; 6] = [Self::Username, Self::Password, Self::Plan, Self::Phone, Self::Until, Self::Address];

    /// Its name in the header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Password => "password",
            Self::Plan => "plan",
            Self::Phone => "phone",
            Self::Until => "until",
            Self::Address => "address",
        }
    }

    /// Whether a file without it cannot be read.
    pub const fn is_required(self) -> bool {
        match self {
            Self::Username | Self::Password | Self::Plan => true,
            Self::Phone | Self::Until | Self::Address => false,
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A subscriber as a row describes it. Whether the plan exists and the name is free is not known here.
#[derive(Debug)]
pub struct CandidateRow {
    /// The row, as the spreadsheet counts: the header is 1.
    pub row: u64,
    /// The login, the only one of that name in the file.
    pub username: Username,
    /// Its password.
    pub password: SecretBytes,
    /// The plan's short name.
    pub plan: Slug,
    /// A phone number as it was typed, at most 32 octets.
    pub phone: Option<String>,
    /// The end of what is paid for; `None` has no end.
    pub until: Option<Timestamp>,
    /// A fixed address, the only one of that kind in the file.
    pub address: Option<Ipv4Addr>,
}

/// The subscribers of a file, one row at a time.
///
/// A row with several faults gives an error for each of them; blank rows give nothing. After an error the rows below
/// are still read, unless the file itself cannot be trusted any more: then nothing follows.
pub struct SubscribersCsv<R> {
    rows: Rows<R>,
    zone: Zone,
    columns: Vec<Column>,
    usernames: FirstRows<Username>,
    addresses: FirstRows<Ipv4Addr>,
    waiting: VecDeque<RowError>,
    is_over: bool,
}

impl<R: Read> SubscribersCsv<R> {
    /// Reads the header. Dates without an offset are wall-clock times of `zone`.
    ///
    /// A file that is empty, not text, or whose header lacks, repeats or invents a column is refused as a whole.
    pub fn open(source: R, zone: &Zone) -> Result<Self, RowError> {
        let whole = |problem| RowError { row: 1, column: None, problem };
        let mut rows = Rows::new(source).map_err(|error| whole(Problem::Unreadable(error.kind())))?;
        let header = rows.header().map_err(|fault| whole(Problem::from(fault)))?;
        Ok(Self {
            columns: columns(&header).map_err(whole)?,
            rows,
            zone: zone.clone(),
            usernames: FirstRows::default(),
            addresses: FirstRows::default(),
            waiting: VecDeque::new(),
            is_over: false,
        })
    }

    /// Reads one row; its faults wait in `waiting`.
    fn candidate(&mut self) -> Option<CandidateRow> {
        let row = self.rows.row();
        let width = self.rows.len();
        if (self.columns.len()..width).any(|extra| !self.rows.value(extra).trim().is_empty()) {
            self.fault(None, Problem::TooManyValues { values: width, columns: self.columns.len() });
            return None;
        }

        let username =
            self.required(Column::Username, |text| Username::parse(text.as_bytes()).map_err(|_| Problem::NotAUsername));
        let password = self.required(Column::Password, |text| password(text).map_err(|_| Problem::NotAPassword));
        let plan = self.required(Column::Plan, |text| text.parse::<Slug>().map_err(|_| Problem::NotAPlan));
        let phone = self.optional(Column::Phone, phone);
        let zone = self.zone.clone();
        let until = self.optional(Column::Until, |text| until::parse(text, &zone).ok_or(Problem::NotAMoment));
        let address = self.optional(Column::Address, |text| host_address(text).ok_or(Problem::NotAnAddress));

        if let Some(username) = &username
            && let Some(first_row) = self.usernames.note(username.clone(), row)
        {
            self.fault(Some(Column::Username), Problem::UsernameRepeated { first_row });
        }
        if let Some(Some(address)) = address
            && let Some(first_row) = self.addresses.note(address, row)
        {
            self.fault(Some(Column::Address), Problem::AddressRepeated { first_row });
        }
        if !self.waiting.is_empty() {
            return None;
        }
        Some(CandidateRow {
            row,
            username: username?,
            password: password?,
            plan: plan?,
            phone: phone?,
            until: until?,
            address: address?,
        })
    }

    fn required<T>(&mut self, column: Column, read: impl FnOnce(&str) -> Result<T, Problem>) -> Option<T> {
        match self.optional(column, read) {
            Some(None) => {
                self.fault(Some(column), Problem::Empty);
                None
            }
            Some(value) => value,
            None => None,
        }
    }

    /// `None` is a fault, which waits; `Some(None)` is an empty value.
    fn optional<T>(&mut self, column: Column, read: impl FnOnce(&str) -> Result<T, Problem>) -> Option<Option<T>> {
        let text = self.columns.iter().position(|named| *named == column).map_or("", |at| self.rows.value(at));
        let text = if column == Column::Password { text } else { text.trim() };
        if text.is_empty() {
            return Some(None);
        }
        match read(text) {
            Ok(value) => Some(Some(value)),
            Err(problem) => {
                self.fault(Some(column), problem);
                None
            }
        }
    }

    fn fault(&mut self, column: Option<Column>, problem: Problem) {
        self.waiting.push_back(RowError { row: self.rows.row(), column, problem });
    }
}

impl<R: Read> Iterator for SubscribersCsv<R> {
    type Item = Result<CandidateRow, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(error) = self.waiting.pop_front() {
                return Some(Err(error));
            }
            if self.is_over {
                return None;
            }
            match self.rows.read() {
                Ok(false) => self.is_over = true,
                Ok(true) | Err(_) if self.rows.row() > ROWS_MAX + 1 => {
                    self.is_over = true;
                    self.fault(None, Problem::TooManyRows);
                }
                Ok(true) if self.rows.is_blank() => {}
                Ok(true) => {
                    if let Some(candidate) = self.candidate() {
                        return Some(Ok(candidate));
                    }
                }
                Err(fault) => {
                    self.is_over = matches!(fault, RowFault::Unreadable(_) | RowFault::QuoteNotClosed);
                    self.fault(None, Problem::from(fault));
                }
            }
        }
    }
}

impl<R: Read> std::iter::FusedIterator for SubscribersCsv<R> {}

/// Says where the reader stands, and nothing of what it read.
impl<R> fmt::Debug for SubscribersCsv<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscribersCsv").field("columns", &self.columns).field("is_over", &self.is_over).finish()
    }
}

/// In which row each value of a column stood first.
struct FirstRows<T>(HashMap<T, u64>);

impl<T> Default for FirstRows<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Eq + Hash> FirstRows<T> {
    /// The earlier row of the same value, if there is one.
    fn note(&mut self, value: T, row: u64) -> Option<u64> {
        let first = *self.0.entry(value).or_insert(row);
        (first != row).then_some(first)
    }
}

/// What stands in each column.
fn columns(header: &[String]) -> Result<Vec<Column>, Problem> {
    // Columns without a name at the right edge hold nothing: spreadsheets write them for cells that were used once.
    let width = header.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
    let named: Vec<_> = header.iter().take(width).map(|name| (name, Column::named(name))).collect();
    if header.iter().any(|name| name.contains('\0') || name.starts_with("PK\u{3}\u{4}")) {
        return Err(Problem::NotText);
    }
    if named.is_empty() {
        return Err(Problem::EmptyHeader);
    }
    // A file without a header begins with somebody's password: its values must not be shown as names.
    if named.iter().all(|(_, column)| column.is_none()) {
        return Err(Problem::NoHeader);
    }
    let unknown: Vec<String> =
        named.iter().filter(|(_, column)| column.is_none()).map(|(name, _)| shown(name)).collect();
    if !unknown.is_empty() {
        return Err(Problem::UnknownColumns(unknown));
    }
    let columns: Vec<Column> = named.into_iter().filter_map(|(_, column)| column).collect();
    for column in Column::ALL {
        match columns.iter().filter(|named| **named == column).count() {
            0 if column.is_required() => return Err(Problem::ColumnMissing(column)),
            0 | 1 => {}
            _ => return Err(Problem::ColumnRepeated(column)),
        }
    }
    Ok(columns)
}

fn shown(name: &str) -> String {
    domain::text::escaped(name.as_bytes())
}

/// Octets that a phone number may have, as typed.
const PHONE_OCTETS_MAX: usize = 32;

fn phone(text: &str) -> Result<String, Problem> {
    let fits = text.len() <= PHONE_OCTETS_MAX && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err(Problem::NotAPhone) }
}

/// An address that one device can have: not of this host, not multicast and above.
fn host_address(text: &str) -> Option<Ipv4Addr> {
    text.parse().ok().filter(|address: &Ipv4Addr| {
        let [network, ..] = address.octets();
        matches!(network, 1..=223) && !address.is_loopback()
    })
}

#[cfg(test)]
mod tests;
