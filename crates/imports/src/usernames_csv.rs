//! User names from a table that a spreadsheet saved: one column is called `username`, the others are not looked at.

use std::collections::HashSet;
use std::io::Read;

use domain::people::subscriber::Username;
use thiserror::Error;

use crate::rows::{RowFault, Rows};

/// Most rows of a file, its header not counted.
pub const ROWS_MAX: u64 = 100_000;

/// A fault of a file, and where it is.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("row {row}: {problem}")]
pub struct RowError {
    /// The row, as the spreadsheet counts: the header is 1.
    pub row: u64,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong, and what to do.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Problem {
    /// Not a text file, or a row that cannot be read.
    #[error("this cannot be read: save the table as `CSV UTF-8`")]
    Unreadable,
    /// No such column.
    #[error("no column is called `username`: put that above the names")]
    NoColumn,
    /// Not a user name.
    #[error("not a user name: use 1 to 64 characters without spaces")]
    NotAUsername,
    /// More rows than [`ROWS_MAX`].
    #[error("the file has more than {ROWS_MAX} rows: divide it into several files")]
    TooManyRows,
}

/// Reads all names, each once, in their order; and what is wrong, row by row.
pub fn read(source: impl Read) -> (Vec<Username>, Vec<RowError>) {
    let (mut names, mut seen, mut faults) = (Vec::new(), HashSet::new(), Vec::new());
    let unreadable = |row| vec![RowError { row, problem: Problem::Unreadable }];
    let Ok(mut rows) = Rows::new(source) else { return (names, unreadable(1)) };
    let Ok(header) = rows.header() else { return (names, unreadable(1)) };
    let Some(column) = header.iter().position(|name| name.eq_ignore_ascii_case("username")) else {
        return (names, vec![RowError { row: 1, problem: Problem::NoColumn }]);
    };
    loop {
        let read = rows.read();
        let row = rows.row();
        if row > ROWS_MAX + 1 {
            faults.push(RowError { row, problem: Problem::TooManyRows });
            break;
        }
        match read {
            Ok(false) => break,
            Ok(true) if rows.is_blank() => {}
            Ok(true) => match Username::parse(rows.value(column).trim().as_bytes()) {
                Ok(name) if seen.insert(name.clone()) => names.push(name),
                Ok(_) => {}
                Err(_) => faults.push(RowError { row, problem: Problem::NotAUsername }),
            },
            Err(fault) => {
                faults.push(RowError { row, problem: Problem::Unreadable });
                if matches!(fault, RowFault::Unreadable(_) | RowFault::QuoteNotClosed) {
                    break;
                }
            }
        }
    }
    (names, faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> (Vec<String>, Vec<(u64, Problem)>) {
        let (names, faults) = read(text.as_bytes());
        let faults = faults.into_iter().map(|fault| (fault.row, fault.problem));
        (names.iter().map(ToString::to_string).collect(), faults.collect())
    }

    #[test]
    fn names_are_read_from_their_column_each_once() {
        let (read, faults) = names("plan;Username\nhome; house-1 \n\nhome;\"house-2\"\nhome;house-1\n");

        assert_eq!((read, faults), (vec!["house-1".to_owned(), "house-2".to_owned()], vec![]));
    }

    #[test]
    fn what_is_no_name_is_told_with_its_row() {
        assert_eq!(names("username\nhouse 1\nhouse-2\n").1, [(2, Problem::NotAUsername)]);
        assert_eq!(names("name\nhouse-1\n").1, [(1, Problem::NoColumn)]);
        assert_eq!(names("username\nhouse-1\n\"house").1.len(), 1);
    }
}
