//! Customers from a table that a spreadsheet saved.
//!
//! The first row names the columns, in any order and case: `name` must be there; `phone`, `email`, `category`,
//! `address`, `notes`, `latitude` and `longitude` may. Commas, semicolons or tabs; UTF-8 or UTF-16; any line ends.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io::Read;
use std::str::FromStr;

use domain::email::Email;
use domain::people::customer::{Address, Coordinates, CustomerName, Notes};
use domain::phone::{CallingCode, Msisdn};
use domain::text::Slug;

use crate::rows::{RowFault, Rows};
use crate::subscribers_csv::{Problem, ROWS_MAX};

/// A column of the file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Column {
    /// The customer's name.
    Name,
    /// A phone number.
    Phone,
    /// An e-mail address.
    Email,
    /// The kind of customer.
    Category,
    /// Where they are, in words.
    Address,
    /// What staff notes about them.
    Notes,
    /// Degrees north.
    Latitude,
    /// Degrees east.
    Longitude,
}

impl Column {
    /// All of them; the required one first.
    pub const ALL: [Self; 8] = [
        Self::Name,
        Self::Phone,
        Self::Email,
        Self::Category,
        Self::Address,
        Self::Notes,
        Self::Latitude,
        Self::Longitude,
    ];

    /// Its name in the header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Category => "category",
            Self::Address => "address",
            Self::Notes => "notes",
            Self::Latitude => "latitude",
            Self::Longitude => "longitude",
        }
    }
}

/// One fault of a file, and where it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The row, as the spreadsheet counts: the header is 1.
    pub row: u64,
    /// The column; `None` when the whole row or file is meant.
    pub column: Option<Column>,
    /// What is wrong there, and what to do.
    pub problem: String,
}

/// A customer as a row describes them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CustomerRow {
    /// The row, as the spreadsheet counts: the header is 1.
    pub row: u64,
    /// Their name.
    pub name: CustomerName,
    /// Their phone number.
    pub phone: Option<Msisdn>,
    /// Their e-mail address.
    pub email: Option<Email>,
    /// The kind of customer.
    pub category: Option<Slug>,
    /// Where they are, in words.
    pub address: Address,
    /// What staff notes about them.
    pub notes: Notes,
    /// Where they are, on a map.
    pub coordinates: Option<Coordinates>,
}

/// The customers of a file, one row at a time. A row with several faults gives an error for each of them; blank rows
/// give nothing.
pub struct CustomersCsv<R> {
    rows: Rows<R>,
    country: CallingCode,
    /// Where each column stands.
    places: HashMap<Column, usize>,
    width: usize,
    waiting: VecDeque<Fault>,
    is_over: bool,
}

impl<R> fmt::Debug for CustomersCsv<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomersCsv").field("places", &self.places).finish_non_exhaustive()
    }
}

impl<R: Read> CustomersCsv<R> {
    /// Reads the header. Phone numbers without their country are of `country`.
    pub fn open(source: R, country: &CallingCode) -> Result<Self, Fault> {
        let of_file = |problem: String| Fault { row: 1, column: None, problem };
        let mut rows = Rows::new(source).map_err(|why| of_file(Problem::Unreadable(why.kind()).to_string()))?;
        let header = rows.header().map_err(|fault| of_file(Problem::from(fault).to_string()))?;
        let mut places = HashMap::new();
        let mut unknown = Vec::new();
        for (place, name) in header.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            match Column::ALL.into_iter().find(|column| column.name().eq_ignore_ascii_case(name)) {
                Some(column) if places.insert(column, place).is_some() => {
                    return Err(of_file(format!("the column `{}` is there twice: remove one of them", column.name())));
                }
                Some(_) => {}
                None => unknown.push(domain::text::escaped(name.as_bytes())),
            }
        }
        if header.iter().any(|name| name.contains('\0') || name.starts_with("PK\u{3}\u{4}")) {
            return Err(of_file(Problem::NotText.to_string()));
        }
        let known = Column::ALL.map(Column::name).join(", ");
        if !places.contains_key(&Column::Name) {
            return Err(of_file(format!("the column `name` is missing: the first row names the columns, of {known}")));
        }
        if !unknown.is_empty() {
            unknown.truncate(10);
            let unknown = unknown.join(", ");
            return Err(of_file(format!("unknown columns {unknown}: use {known}, and remove the others")));
        }
        Ok(Self {
            rows,
            country: country.clone(),
            places,
            width: header.len(),
            waiting: VecDeque::new(),
            is_over: false,
        })
    }

    /// The customer of the row that was read; `None` with its faults noted.
    fn customer(&mut self) -> Option<CustomerRow> {
        if self.rows.len() > self.width {
            let (values, columns) = (self.rows.len(), self.width);
            self.fault(None, Problem::TooManyValues { values, columns }.to_string());
            return None;
        }
        let before = self.waiting.len();
        let country = self.country.clone();
        let name = match self.value(Column::Name) {
            Some(_) => self.read(Column::Name, |text| CustomerName::from_str(text).map_err(|why| why.to_string())),
            None => {
                self.fault(Some(Column::Name), Problem::Empty.to_string());
                None
            }
        };
        let phone = self.read(Column::Phone, |text| Msisdn::parse(text.as_bytes(), &country).map_err(text_of));
        let email = self.read(Column::Email, |text| text.parse::<Email>().map_err(text_of));
        let category = self.read(Column::Category, |text| text.parse::<Slug>().map_err(text_of));
        let address = self.read(Column::Address, |text| text.parse::<Address>().map_err(text_of));
        let notes = self.read(Column::Notes, |text| text.parse::<Notes>().map_err(text_of));
        let degrees = |text: &str| text.parse::<f64>().map_err(|_| "not degrees: write them as -1.286389".to_owned());
        let (latitude, longitude) = (self.read(Column::Latitude, degrees), self.read(Column::Longitude, degrees));
        let coordinates = match (latitude, longitude) {
            (Some(latitude), Some(longitude)) => {
                let point = Coordinates::new(latitude, longitude);
                if point.is_none() {
                    self.fault(
                        Some(Column::Latitude),
                        "not on the earth: -90 to 90 north, -180 to 180 east".to_owned(),
                    );
                }
                point
            }
            (Some(_), None) if self.value(Column::Longitude).is_none() => {
                self.fault(Some(Column::Longitude), Problem::Empty.to_string());
                None
            }
            (None, Some(_)) if self.value(Column::Latitude).is_none() => {
                self.fault(Some(Column::Latitude), Problem::Empty.to_string());
                None
            }
            (Some(_) | None, _) => None,
        };
        let row = self.rows.row();
        let (address, notes) = (address.unwrap_or_default(), notes.unwrap_or_default());
        let name = name.filter(|_| self.waiting.len() == before)?;
        Some(CustomerRow { row, name, phone, email, category, address, notes, coordinates })
    }

    /// What stands in a column, if anything does.
    fn value(&self, column: Column) -> Option<&str> {
        let place = *self.places.get(&column)?;
        Some(self.rows.value(place).trim()).filter(|text| !text.is_empty())
    }

    fn read<T>(&mut self, column: Column, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match self.value(column).map(read)? {
            Ok(value) => Some(value),
            Err(problem) => {
                self.fault(Some(column), problem);
                None
            }
        }
    }

    fn fault(&mut self, column: Option<Column>, problem: String) {
        self.waiting.push_back(Fault { row: self.rows.row(), column, problem });
    }
}

fn text_of(why: impl fmt::Display) -> String {
    why.to_string()
}

impl<R: Read> Iterator for CustomersCsv<R> {
    type Item = Result<CustomerRow, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(fault) = self.waiting.pop_front() {
                return Some(Err(fault));
            }
            if self.is_over {
                return None;
            }
            match self.rows.read() {
                Ok(false) => self.is_over = true,
                Ok(true) | Err(_) if self.rows.row() > ROWS_MAX + 1 => {
                    self.is_over = true;
                    self.fault(None, Problem::TooManyRows.to_string());
                }
                Ok(true) if self.rows.is_blank() => {}
                Ok(true) => {
                    if let Some(customer) = self.customer() {
                        return Some(Ok(customer));
                    }
                }
                Err(fault) => {
                    self.is_over = matches!(fault, RowFault::Unreadable(_) | RowFault::QuoteNotClosed);
                    self.fault(None, Problem::from(fault).to_string());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<CustomerRow, Fault>> {
        CustomersCsv::open(text.as_bytes(), &CallingCode::kenya()).expect("a header").collect()
    }

    #[test]
    fn a_row_is_a_customer() {
        let rows = read("Phone;NAME;latitude;longitude\n0712 345 678;Mary Wanjiku;-1.28;36.8\n;Juma;;\n;;;\n");

        let mary = rows[0].as_ref().expect("good");
        assert_eq!((mary.row, mary.name.as_str()), (2, "Mary Wanjiku"));
        assert_eq!(mary.phone.as_ref().map(Msisdn::expose), Some("254712345678"));
        assert_eq!(mary.coordinates, Coordinates::new(-1.28, 36.8));
        assert_eq!(rows[1].as_ref().expect("good").phone, None);
        assert_eq!(rows.len(), 2, "a blank row is nobody");
    }

    #[test]
    fn every_fault_of_a_row_is_told_with_its_place() {
        let rows = read("name,phone,email,latitude\n,12,mary@,1\nJuma,,,\n");

        let faults: Vec<_> = rows.iter().filter_map(|row| row.as_ref().err()).map(|f| (f.row, f.column)).collect();
        let expected = [Column::Name, Column::Phone, Column::Email, Column::Longitude];
        assert_eq!(faults, expected.map(|column| (2, Some(column))));
        assert!(rows.last().is_some_and(|row| row.as_ref().is_ok_and(|row| row.row == 3)));
    }

    #[test]
    fn a_header_that_lacks_repeats_or_invents_a_column_is_refused() {
        for (header, said) in [
            ("phone,email\n", "`name` is missing"),
            ("name,name\n", "there twice"),
            ("name,colour\n", "unknown columns colour"),
            ("", "`name` is missing"),
        ] {
            let fault = CustomersCsv::open(header.as_bytes(), &CallingCode::kenya()).expect_err(header);
            assert!(fault.problem.contains(said), "{}", fault.problem);
        }
    }
}
