//! A statement from M-Pesa's portal for organisations, as CSV or as a workbook → the money that came, row by row.
//!
//! The table stands beneath some lines about the account, which are passed over: it begins where a row names a receipt and
//! what was paid in. Columns may stand in any order, and more of them than are known.

use std::collections::HashSet;

use domain::money::claim::{Payer, Receipt};
use domain::time::{Timestamp, Zone};
use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan as _};
use thiserror::Error;

use crate::rows::{RowFault, Rows};
use crate::workbook::{self, MAGIC, NotAWorkbook};

/// Lines above the table that are passed over.
const HEAD_LINES_MAX: usize = 60;

/// Most rows of a statement.
pub const ROWS_MAX: usize = 20_000;

/// Nothing is larger: ten thousand million shillings.
const MINOR_MAX: u64 = 1_000_000_000_000;

/// Money that came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Came {
    /// The row, as the spreadsheet counts.
    pub row: u64,
    /// The receipt.
    pub receipt: Receipt,
    /// How much, in cents.
    pub minor: i64,
    /// When.
    pub at: Option<Timestamp>,
    /// What the payer typed as account.
    pub account: String,
    /// Who paid.
    pub payer: Payer,
}

/// A row that tells of no money that came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Passed {
    /// The row, as the spreadsheet counts.
    pub row: u64,
    /// Why it is passed over.
    pub why: &'static str,
}

/// A row that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The row, as the spreadsheet counts.
    pub row: u64,
    /// What is wrong there, and what to do.
    pub problem: &'static str,
}

/// A statement, read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Statement {
    /// Money that came, each receipt once.
    pub came: Vec<Came>,
    /// Receipts of money that went back to whoever paid, with their rows.
    pub went_back: Vec<(u64, Receipt)>,
    /// Rows that tell of something else: fees, money that was withdrawn, payments that were not completed.
    pub passed: Vec<Passed>,
    /// Rows that cannot be read.
    pub faults: Vec<Fault>,
}

/// Why a file is no statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum NotAStatement {
    /// Not a table.
    #[error(
        "this cannot be read: take the statement from the M-Pesa portal as CSV or Excel (.xlsx) and send it as it is"
    )]
    Unreadable,
    /// No row names the columns.
    #[error("no row names the columns `Receipt No.` and `Paid In`: send the statement as the M-Pesa portal gives it")]
    NoTable,
    /// More rows than [`ROWS_MAX`].
    #[error("the statement has more than {ROWS_MAX} rows: take it for a shorter time")]
    TooManyRows,
}

/// Where the columns stand.
#[derive(Debug)]
struct Columns {
    receipt: usize,
    paid_in: usize,
    completed_at: Option<usize>,
    status: Option<usize>,
    withdrawn: Option<usize>,
    reason: Option<usize>,
    details: Option<usize>,
    other_party: Option<usize>,
    account: Option<usize>,
    linked: Option<usize>,
}

impl Columns {
    /// The columns of a row that names them.
    fn of(row: &[String]) -> Option<Self> {
        let names: Vec<String> = row.iter().map(|name| alike(name)).collect();
        let at = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
        Some(Self {
            receipt: at(&["receiptno", "receiptnumber", "receipt", "transactionid"])?,
            paid_in: at(&["paidin", "credit", "amountpaidin"])?,
            completed_at: at(&["completiontime", "completedtime", "transactiondate", "date"]),
            status: at(&["transactionstatus", "status"]),
            withdrawn: at(&["withdrawn", "withdrawal", "debit"]),
            reason: at(&["reasontype", "transactiontype"]),
            details: at(&["details", "description"]),
            other_party: at(&["otherpartyinfo", "otherparty"]),
            account: at(&["acno", "accountno", "accountnumber", "billreference", "account"]),
            linked: at(&["linkedtransactionid", "linkedtransaction"]),
        })
    }
}

/// A column's name, made alike.
fn alike(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Reads a statement. Moments without an offset are those of `zone`.
pub fn read(octets: &[u8], zone: &Zone) -> Result<Statement, NotAStatement> {
    let rows = if octets.starts_with(MAGIC) { of_workbook(octets)? } else { of_text(octets)? };
    let zone = TimeZone::get(zone.name()).map_err(|_| NotAStatement::Unreadable)?;
    let mut rows = rows.into_iter();
    let head = rows.by_ref().take(HEAD_LINES_MAX).find_map(|(_, row)| Columns::of(&row.ok()?));
    let columns = head.ok_or(NotAStatement::NoTable)?;
    let (mut statement, mut seen) = (Statement::default(), HashSet::new());
    for (number, row) in rows {
        match row {
            Err(problem) => statement.faults.push(Fault { row: number, problem }),
            Ok(row) if row.iter().all(|cell| cell.trim().is_empty()) => {}
            Ok(row) => take(&mut statement, &mut seen, &columns, (number, &row), &zone),
        }
    }
    Ok(statement)
}

/// A row by its number, or why it cannot be read.
type Numbered = (u64, Result<Vec<String>, &'static str>);

fn of_workbook(octets: &[u8]) -> Result<Vec<Numbered>, NotAStatement> {
    let rows = workbook::rows(octets).map_err(|why| match why {
        NotAWorkbook::Broken | NotAWorkbook::NoSheet => NotAStatement::Unreadable,
        NotAWorkbook::TooLarge => NotAStatement::TooManyRows,
    })?;
    if rows.len() > ROWS_MAX + HEAD_LINES_MAX {
        return Err(NotAStatement::TooManyRows);
    }
    Ok(rows.into_iter().map(|(number, cells)| (number, Ok(cells))).collect())
}

/// Lines of text. Those above the table have no separators, so the row that names the columns is looked for first: what
/// separates values is learnt from it.
fn of_text(octets: &[u8]) -> Result<Vec<Numbered>, NotAStatement> {
    let (begins_at, passed) = table_in(octets).ok_or(NotAStatement::NoTable)?;
    let rest = octets.get(begins_at..).unwrap_or_default();
    let mut rows = Rows::new(rest).map_err(|_| NotAStatement::Unreadable)?;
    let header = rows.header().map_err(|_| NotAStatement::Unreadable)?;
    let mut all: Vec<Numbered> = vec![(passed + 1, Ok(header))];
    loop {
        let read = rows.read();
        let number = passed + rows.row();
        if all.len() > ROWS_MAX {
            return Err(NotAStatement::TooManyRows);
        }
        match read {
            Ok(false) => return Ok(all),
            Ok(true) => all.push((number, Ok((0..rows.len()).map(|at| rows.value(at).to_owned()).collect()))),
            Err(RowFault::Unreadable(_)) => return Err(NotAStatement::Unreadable),
            Err(RowFault::QuoteNotClosed) => {
                all.push((number, Err("a quote is never closed, so nothing after it can be read")));
                return Ok(all);
            }
            Err(RowFault::TextAfterQuote | RowFault::TooLong | RowFault::NotUtf8) => {
                all.push((number, Err("the row cannot be read: take the statement from the M-Pesa portal again")));
            }
        }
    }
}

/// Where the line begins that names the columns, and how many lines stand before it.
fn table_in(octets: &[u8]) -> Option<(usize, u64)> {
    let mut begins_at = 0;
    for passed in 0..u64::try_from(HEAD_LINES_MAX).unwrap_or(u64::MAX) {
        let rest = octets.get(begins_at..)?;
        let line = rest.split(|octet| *octet == b'\n').next()?;
        let alike: String = line
            .iter()
            .filter(|octet| octet.is_ascii_alphanumeric())
            .map(|octet| char::from(octet.to_ascii_lowercase()))
            .collect();
        if alike.contains("receipt") && (alike.contains("paidin") || alike.contains("credit")) {
            return Some((begins_at, passed));
        }
        begins_at += line.len() + 1;
    }
    None
}

fn take(
    statement: &mut Statement,
    seen: &mut HashSet<Receipt>,
    columns: &Columns,
    (number, row): (u64, &[String]),
    zone: &TimeZone,
) {
    let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).map(|text| text.trim()).unwrap_or_default();
    let mut pass = |why| statement.passed.push(Passed { row: number, why });
    let receipt = match cell(Some(columns.receipt)) {
        "" => return pass("it has no receipt"),
        text => text.parse::<Receipt>(),
    };
    let is_reversal =
        alike(cell(columns.reason)).contains("reversal") || alike(cell(columns.details)).contains("reversal");
    let paid_in = minor(cell(Some(columns.paid_in)));
    let withdrawn = minor(cell(columns.withdrawn)).unwrap_or(0);
    let status = alike(cell(columns.status));
    if !status.is_empty() && status != "completed" {
        return pass("it was not completed");
    }
    if withdrawn > 0 && paid_in.unwrap_or(0) == 0 {
        return match (is_reversal, cell(columns.linked).parse::<Receipt>()) {
            (true, Ok(linked)) => statement.went_back.push((number, linked)),
            (true, Err(_)) => pass("money went back, and it does not say which: look in the M-Pesa portal"),
            (false, _) => pass("it tells of money that left, or of a fee"),
        };
    }
    let mut fault = |problem| statement.faults.push(Fault { row: number, problem });
    let Ok(receipt) = receipt else { return fault("that is no receipt number, as UAF3K7Q2ZD") };
    let amount = match paid_in {
        Some(0) => return pass("nothing was paid in"),
        Some(amount) => amount,
        None => return fault("that is no amount: write it as 20.00"),
    };
    let at = match cell(columns.completed_at) {
        "" => None,
        text => match moment(text, zone) {
            Some(at) => Some(at),
            None => return fault("that is no time, as 2026-11-22 13:05:22 or 22-11-2026 13:05:22"),
        },
    };
    if !seen.insert(receipt.clone()) {
        return pass("its receipt stands above already");
    }
    let (phone, name) = match cell(columns.other_party).split_once(" - ") {
        Some((phone, name)) => (phone.trim(), name.trim()),
        None => (cell(columns.other_party), ""),
    };
    let plain =
        |text: &str, most: usize| -> String { text.chars().filter(|letter| !letter.is_control()).take(most).collect() };
    let known = |text: &str, most: usize| Some(plain(text, most)).filter(|text| !text.is_empty());
    statement.came.push(Came {
        row: number,
        receipt,
        minor: amount,
        at,
        account: plain(cell(columns.account), 40),
        payer: Payer { phone: known(phone, 64), name: known(name, 100) },
    });
}

/// Cents: `1,000.00`, `20`, `KES 20.5`, `-5.00`; nothing at all is none.
fn minor(text: &str) -> Option<i64> {
    let kept: String = text.chars().filter(|letter| !letter.is_whitespace() && !",-+\"".contains(*letter)).collect();
    let kept = kept.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    if kept.is_empty() {
        return text.trim().chars().all(|letter| letter == '-').then_some(0);
    }
    let (whole, cents) = kept.split_once('.').unwrap_or((kept, ""));
    let digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
    if !digits(whole) || !digits(cents) || (whole.is_empty() && cents.is_empty()) || whole.len() > 12 {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // A workbook writes 20.1 as 20.100000000000001.
    let three: u64 = format!("{cents:0<3}").get(..3)?.parse().ok()?;
    let minor = whole.checked_mul(100)?.checked_add((three + 5) / 10)?;
    if minor > MINOR_MAX { None } else { i64::try_from(minor).ok() }
}

/// A moment as the portal writes it, or as a workbook counts days.
fn moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let local = of_calendar(text).or_else(|| of_count(text))?;
    let micros = zone.to_ambiguous_zoned(local).compatible().ok()?.timestamp().as_microsecond();
    Some(Timestamp::from_micros(micros))
}

/// `2026-11-22 13:05:22` or `22-11-2026 13:05`, with slashes or dots as well, and with AM or PM.
fn of_calendar(text: &str) -> Option<DateTime> {
    let mut words = text.split(|letter: char| letter.is_whitespace() || letter == 'T').filter(|word| !word.is_empty());
    let (day, time) = (words.next()?, words.next().unwrap_or("00:00:00"));
    let half = words.next().map(str::to_ascii_uppercase);
    let numbers = |text: &str, between: &[char]| -> Option<Vec<i16>> {
        text.split(between).map(|number| number.split('.').next()?.parse().ok()).collect()
    };
    let day = match numbers(day, &['-', '/'])?[..] {
        [year, month, day] if year > 31 => Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?),
        [day, month, year] => Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?),
        _ => return None,
    };
    let time = numbers(time, &[':'])?;
    let (hour, minute, second) = (*time.first()?, *time.get(1)?, time.get(2).copied().unwrap_or(0));
    let hour = match half.as_deref() {
        Some("PM") if hour < 12 => hour + 12,
        Some("AM") if hour == 12 => 0,
        Some("AM" | "PM") | None => hour,
        Some(_) => return None,
    };
    let small = |number: i16| i8::try_from(number).ok();
    let time = jiff::civil::Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?;
    Some(day.ok()?.to_datetime(time))
}

/// Days since 1899-12-30, as workbooks count them.
fn of_count(text: &str) -> Option<DateTime> {
    let (days, part) = text.split_once('.').unwrap_or((text, ""));
    let days: i32 = days.parse().ok().filter(|days| (20_000..100_000).contains(days))?;
    if !part.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let nine: i64 = format!("{part:0<9}").get(..9)?.parse().ok()?;
    let seconds = (nine * 86_400 + 500_000_000) / 1_000_000_000;
    let day = date(1899, 12, 30).checked_add(days.days()).ok()?;
    day.at(0, 0, 0, 0).checked_add(SignedDuration::from_secs(seconds)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATEMENT: &str = "Organization Statement\r\n\
        Account Holder,SAVANNA NET\r\n\
        Time Period,\"From 22-11-2026 00:00 To 22-11-2026 23:59\"\r\n\
        \r\n\
        Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Reason Type,Other Party Info,Linked Transaction ID,A/C No.\r\n\
        UAF3K7Q2ZD,22-11-2026 13:05:22,22-11-2026 13:05:20,Pay Bill from 254712***126,Completed,\"1,020.00\",,\"5,000.00\",Pay Bill Online,254712***126 - JANE WANJIKU,,ppp1042\r\n\
        UAF3K7Q2ZD,22-11-2026 13:05:22,22-11-2026 13:05:20,Pay Bill Charge,Completed,,-5.00,4995.00,Organization Charge,,,\r\n\
        UAF3K7Q2ZE,2026-11-22 14:00,,Pay Bill,Cancelled,20.00,,,,,,\r\n\
        UAF3K7Q2ZF,2026-11-22 15:00:00,,Reversal of transaction,Completed,,-20.00,,Pay Utility Reversal,,uaf3k7q2zc,\r\n\
        UAF3K7Q2ZG,yesterday,,Pay Bill,Completed,20.00,,,,,,\r\n\
        UAF3K7Q2ZH,2026/11/22 01:30:00 PM,,Pay Bill,Completed,twenty,,,,,,\r\n";

    fn nairobi() -> Zone {
        Zone::named("Africa/Nairobi").expect("a known zone")
    }

    fn rows(some: impl IntoIterator<Item = u64>) -> Vec<u64> {
        some.into_iter().collect()
    }

    #[test]
    fn a_statement_is_read_as_the_portal_gives_it() {
        let read = read(STATEMENT.as_bytes(), &nairobi()).expect("a statement");

        let [came] = &read.came[..] else { panic!("{:?}", read.came) };
        assert_eq!((came.row, came.receipt.as_str(), came.minor), (6, "UAF3K7Q2ZD", 102_000));
        assert_eq!(came.at.map(|at| at.to_string()).as_deref(), Some("2026-11-22T10:05:22Z"));
        assert_eq!((came.account.as_str(), came.payer.phone.as_deref()), ("ppp1042", Some("254712***126")));
        assert_eq!(came.payer.name.as_deref(), Some("JANE WANJIKU"));
        assert_eq!(rows(read.passed.iter().map(|one| one.row)), [7, 8]);
        assert_eq!(rows(read.faults.iter().map(|one| one.row)), [10, 11]);
        assert_eq!(read.went_back, [(9, "UAF3K7Q2ZC".parse().expect("good"))]);
    }

    #[test]
    fn columns_may_stand_anywhere_and_be_separated_by_anything() {
        let text = "Paid In;Status;Receipt No.\n20;Completed;UAF3K7Q2ZD\n";

        let read = read(text.as_bytes(), &nairobi()).expect("a statement");

        assert_eq!((read.came[0].minor, read.came[0].at, read.came[0].row), (2_000, None, 2));
    }

    #[test]
    fn what_is_no_statement_says_what_to_do() {
        for (octets, why) in [
            (&b"username,password\nanna,secret\n"[..], NotAStatement::NoTable),
            (b"", NotAStatement::NoTable),
            (b"PK\x03\x04nothing", NotAStatement::Unreadable),
        ] {
            assert_eq!(read(octets, &nairobi()), Err(why));
        }
    }

    #[test]
    fn amounts_are_read_to_the_cent() {
        for (text, expected) in [
            ("20", Some(2_000)),
            ("1,020.50", Some(102_050)),
            ("KES 20.5", Some(2_050)),
            ("-5.00", Some(500)),
            ("20.100000000000001", Some(2_010)),
            ("20.0999999", Some(2_010)),
            ("", Some(0)),
            ("-", Some(0)),
            ("20 or so", None),
            ("9999999999999", None),
        ] {
            assert_eq!(minor(text), expected, "{text}");
        }
    }

    #[test]
    fn moments_are_read_as_the_portal_and_workbooks_write_them() {
        let zone = TimeZone::get("Africa/Nairobi").expect("known");
        let said = |text: &str| moment(text, &zone).map(|at| at.to_string());

        for text in ["22-11-2026 13:05:22", "2026-11-22T13:05:22", "22/11/2026 01:05:22 PM", "2026-11-22 13:05:22.000"]
        {
            assert_eq!(said(text).as_deref(), Some("2026-11-22T10:05:22Z"), "{text}");
        }
        // 2026-11-22 is day 46348.
        assert_eq!(said("46348.5453935").as_deref(), Some("2026-11-22T10:05:22Z"));
        for bad in ["", "22-13-2026 10:00", "noon", "7", "2026-11-22 25:00"] {
            assert_eq!(said(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_a_statement_or_none(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut text = b"Receipt No.,Paid In,Completion Time\n".to_vec();
            text.extend_from_slice(&octets);
            let _ = read(&octets, &nairobi());
            let _ = read(&text, &nairobi());
        }

        #[test]
        fn any_text_is_an_amount_and_a_moment_or_none(text in ".{0,40}") {
            let _ = minor(&text);
            let _ = moment(&text, &TimeZone::UTC);
        }
    }
}
