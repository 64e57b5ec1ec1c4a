//! Tables as CSV (RFC 4180), as spreadsheets open it: UTF-8 with a byte order mark, and no formula in any cell.

use crate::table::Cell;

/// What tells a spreadsheet that the text is UTF-8.
const MARK: &str = "\u{feff}";

/// What a spreadsheet would begin a formula with (OWASP, "CSV injection").
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The beginning of a file: the mark and the names of the columns.
pub fn header(columns: &[&str]) -> String {
    let mut text = MARK.to_owned();
    write_row(&mut text, columns.iter().map(|name| Cell::text(*name)));
    text
}

/// Adds one row.
pub fn push_row(text: &mut String, cells: Vec<Cell>) {
    write_row(text, cells.into_iter());
}

fn write_row(text: &mut String, cells: impl Iterator<Item = Cell>) {
    for (position, cell) in cells.enumerate() {
        if position > 0 {
            text.push(',');
        }
        match cell {
            Cell::Empty => {}
            Cell::Text(value) => push_text(text, &value),
            Cell::Number(value) => text.push_str(&value.to_string()),
            Cell::At(at) => text.push_str(&at.to_string()),
        }
    }
    text.push_str("\r\n");
}

fn push_text(text: &mut String, value: &str) {
    let is_formula = value.starts_with(FORMULA);
    let is_quoted = is_formula || value.contains(['"', ',', ';', '\n', '\r', '\t']) || value.trim() != value;
    if !is_quoted {
        text.push_str(value);
        return;
    }
    text.push('"');
    if is_formula {
        text.push('\'');
    }
    for character in value.chars() {
        if character == '"' {
            text.push('"');
        }
        text.push(character);
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> String {
        let mut text = String::new();
        push_row(&mut text, cells.iter().map(|cell| Cell::text(*cell)).collect());
        text
    }

    #[test]
    fn a_file_begins_with_the_mark_and_its_columns() {
        assert_eq!(header(&["code", "plan"]), "\u{feff}code,plan\r\n");
    }

    #[test]
    fn separators_quotes_and_lines_stay_in_their_cell() {
        assert_eq!(
            row(&["a,b", "say \"hi\"", "two\nlines", " x"]),
            "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\" x\"\r\n"
        );
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_made_a_text() {
        for formula in ["=1+1", "+254712", "-1", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0"] {
            let text = row(&[formula]);
            assert!(text.starts_with(&format!("\"'{}", formula.chars().next().expect("one"))), "{text}");
        }
        assert_eq!(row(&["Ab12", "a=b"]), "Ab12,a=b\r\n");
    }

    #[test]
    fn numbers_and_moments_are_no_texts() {
        let mut text = String::new();
        push_row(&mut text, vec![Cell::Number(-20.5), Cell::Empty, Cell::At(domain::time::Timestamp::from_seconds(0))]);

        assert_eq!(text, "-20.5,,1970-01-01T00:00:00Z\r\n");
    }
}
