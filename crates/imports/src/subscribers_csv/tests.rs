use std::io;

use proptest::prelude::*;

use super::*;

fn open(text: &[u8]) -> Result<SubscribersCsv<&[u8]>, RowError> {
    SubscribersCsv::open(text, &Zone::utc())
}

fn read(text: &str) -> Vec<Result<CandidateRow, RowError>> {
    open(text.as_bytes()).expect("a good header").collect()
}

fn errors(text: &str) -> Vec<RowError> {
    read(text).into_iter().filter_map(Result::err).collect()
}

fn error(row: u64, column: impl Into<Option<Column>>, problem: Problem) -> RowError {
    RowError { row, column: column.into(), problem }
}

/// A row in one line: `row username password plan phone until address`.
fn words(candidate: &CandidateRow) -> String {
    format!(
        "{} {} {:?} {} {} {} {}",
        candidate.row,
        candidate.username,
        std::str::from_utf8(candidate.password.expose()).unwrap(),
        candidate.plan,
        candidate.phone.as_deref().unwrap_or("-"),
        candidate.until.map_or("-".to_owned(), |until| until.to_string()),
        candidate.address.map_or("-".to_owned(), |address| address.to_string()),
    )
}

#[test]
fn every_value_of_a_row_is_read() {
    let text = "username,password,plan,phone,until,address\nbob,s3cret,home-10,0712 345 678,2026-12-31,10.0.5.20\n";

    let rows = read(text);

    let row = rows[0].as_ref().unwrap();
    assert_eq!(words(row), "2 bob \"s3cret\" home-10 0712 345 678 2027-01-01T00:00:00Z 10.0.5.20");
    assert_eq!(rows.len(), 1);
}

#[test]
fn columns_stand_in_any_order_and_case_between_any_separators() {
    for separator in [",", ";", "\t"] {
        let text =
            [" Plan ", "\"USERNAME\"", "Password"].join(separator) + "\r\n" + &["home-10", "bob", "pw"].join(separator);

        assert_eq!(words(read(&text)[0].as_ref().unwrap()), "2 bob \"pw\" home-10 - - -", "{text}");
    }
}

#[test]
fn utf16_and_byte_order_marks_change_nothing() {
    let text = "username;password;plan\r\nándré;пароль;home\r\n";
    let utf16 = |octets: fn(u16) -> [u8; 2]| -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(octets).collect()
    };

    for source in [
        text.as_bytes().to_vec(),
        format!("\u{feff}{text}").into_bytes(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
    ] {
        let rows: Vec<_> = open(&source).unwrap().collect();
        assert_eq!(words(rows[0].as_ref().unwrap()), "2 ándré \"пароль\" home - - -");
    }
}

#[test]
fn spaces_around_values_go_and_spaces_in_passwords_stay() {
    let rows = read("username,password,plan,phone\n  bob , pw ,\thome-10 , \namy,\" x\",home-10,\n");

    assert_eq!(words(rows[0].as_ref().unwrap()), "2 bob \" pw \" home-10 - - -");
    assert_eq!(words(rows[1].as_ref().unwrap()), "3 amy \" x\" home-10 - - -");
}

#[test]
fn blank_rows_are_skipped_and_counted() {
    let rows = read("username,password,plan\n\n,,\n  \nbob,pw,home\n\n\n");

    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].as_ref().unwrap().row, 5);
}

#[test]
fn all_faults_of_a_row_are_told() {
    let text = "username,password,plan,phone,until,address\nb b,,Home,0712 345 678 0712 345 678 0712 345 678,31/12/26,127.0.0.1\n";

    assert_eq!(
        errors(text),
        [
            error(2, Column::Username, Problem::NotAUsername),
            error(2, Column::Password, Problem::Empty),
            error(2, Column::Plan, Problem::NotAPlan),
            error(2, Column::Phone, Problem::NotAPhone),
            error(2, Column::Until, Problem::NotAMoment),
            error(2, Column::Address, Problem::NotAnAddress),
        ]
    );
}

#[test]
fn a_repeated_name_or_address_names_the_first_row() {
    let text =
        "username,password,plan,address\nbob,pw,home,10.0.0.1\namy,pw,home,10.0.0.1\nbob,pw,home,\nbob,pw,home,\n";

    assert_eq!(
        errors(text),
        [
            error(3, Column::Address, Problem::AddressRepeated { first_row: 2 }),
            error(4, Column::Username, Problem::UsernameRepeated { first_row: 2 }),
            error(5, Column::Username, Problem::UsernameRepeated { first_row: 2 }),
        ]
    );
}

#[test]
fn names_that_differ_in_case_are_two_subscribers() {
    assert!(errors("username,password,plan\nbob,pw,home\nBob,pw,home\n").is_empty());
}

#[test]
fn a_value_too_many_is_told_without_its_values() {
    let text = "username,password,plan\nbob,pa,ss,home\namy,pw,home,,\n";

    assert_eq!(errors(text), [error(2, None, Problem::TooManyValues { values: 4, columns: 3 })]);
}

#[test]
fn a_bad_header_is_refused_with_what_to_do() {
    for (text, message) in [
        ("", "row 1: the first row is empty: it must name the columns, as username,password,plan"),
        (
            "username,pass,plan\n",
            "row 1: unknown columns `pass`: use username, password, plan, phone, until and address, and remove the others",
        ),
        ("username,plan\n", "row 1: the column `password` is missing: add it to the first row, and its values below"),
        ("username,password,plan,PLAN\n", "row 1: the column `plan` is there twice: remove one of them"),
        (
            "bob,s3cret,home-10\n",
            "row 1: the first row names no column: put username,password,plan above the first subscriber",
        ),
        (
            "PK\u{3}\u{4}\u{14}\0xl/workbook.xml",
            "row 1: this is not a CSV file: open it in a spreadsheet and save it as `CSV UTF-8`",
        ),
    ] {
        assert_eq!(open(text.as_bytes()).unwrap_err().to_string(), message);
    }
}

#[test]
fn columns_without_a_name_at_the_edge_are_ignored_and_others_are_not() {
    assert_eq!(read("username,password,plan,,\nbob,pw,home,,\n").len(), 1);
    assert_eq!(open(b"username,,password,plan\n").unwrap_err().problem, Problem::UnknownColumns(vec![String::new()]));
}

#[test]
fn a_row_that_is_not_utf8_does_not_stop_the_file() {
    let rows: Vec<_> = open(b"username,password,plan\nb\xf6b,pw,home\namy,pw,home\n").unwrap().collect();

    assert_eq!(rows[0].as_ref().unwrap_err(), &error(2, None, Problem::NotUtf8));
    assert_eq!(words(rows[1].as_ref().unwrap()), "3 amy \"pw\" home - - -");
}

#[test]
fn a_source_that_fails_ends_the_file_with_an_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let source = (&b"username,password,plan\nbob,pw,home\namy"[..]).chain(Broken);

    let rows: Vec<_> = SubscribersCsv::open(source, &Zone::utc()).unwrap().collect();

    assert!(rows[0].is_ok());
    assert_eq!(rows[1].as_ref().unwrap_err(), &error(3, None, Problem::Unreadable(io::ErrorKind::ConnectionReset)));
    assert_eq!(rows.len(), 2);
}

#[test]
fn a_file_with_a_row_too_many_ends_there() {
    let rows = usize::try_from(ROWS_MAX).unwrap();
    let at_most = b"username,password,plan\n".iter().copied().chain(std::iter::repeat_n(b'\n', rows));
    let one_more = at_most.clone().chain(*b"\nbob,pw,home\n");

    assert_eq!(open(&at_most.collect::<Vec<_>>()).unwrap().count(), 0);
    let errors: Vec<_> = open(&one_more.collect::<Vec<_>>()).unwrap().collect();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].as_ref().unwrap_err(), &error(ROWS_MAX + 2, None, Problem::TooManyRows));
}

proptest! {
    #[test]
    fn no_file_is_a_panic(source in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(rows) = open(&source) {
            rows.for_each(drop);
        }
    }

    #[test]
    fn no_rows_are_a_panic_or_end_without_a_word(
        body in prop::collection::vec(prop::sample::select(&b"a1,;\"\n\r\t \xc3\xa9-"[..]), 0..200)
    ) {
        let source = [b"username,password,plan,phone,until,address\n", &body[..]].concat();
        for row in open(&source).unwrap() {
            if let Err(error) = row {
                prop_assert!(error.row > 1);
            }
        }
    }

    #[test]
    fn a_password_is_never_in_a_message(password in "[0-9A-Z]{6,20}", at in 0_usize..6, header in any::<bool>()) {
        let mut values = ["b b", "", "Home", "", "soon", "10.0.0.300"].map(str::to_owned);
        values[at] = format!("{password} /");
        let header = if header { "username,password,plan,phone,until,address\n" } else { "" };
        let text = format!("{header}{}\n", values.join(","));

        let told = match open(text.as_bytes()) {
            Ok(rows) => rows.map(|row| row.map_or_else(|e| format!("{e:?} {e}"), |row| format!("{row:?}"))).collect(),
            Err(error) => format!("{error:?} {error}"),
        };

        prop_assert!(!told.contains(&password), "{told}");
    }

    #[test]
    fn what_a_spreadsheet_writes_reads_back(
        rows in prop::collection::vec(("[a-z]{1,8}", "[ -~é]{1,20}", "[a-z][a-z0-9]{0,8}"), 1..20),
        separator in prop::sample::select(vec![',', ';', '\t']),
    ) {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut text = ["username", "password", "plan"].join(&separator.to_string());
        for (at, (username, password, plan)) in rows.iter().enumerate() {
            text += &format!("\r\n{username}{at}{separator}{}{separator}{plan}", quoted(password));
        }

        let read: Vec<String> = read(&text).iter().map(|row| words(row.as_ref().unwrap())).collect();

        let expected: Vec<String> = rows
            .iter()
            .enumerate()
            .map(|(at, (username, password, plan))| format!("{} {username}{at} {password:?} {plan} - - -", at + 2))
            .collect();
        prop_assert_eq!(read, expected);
    }
}
