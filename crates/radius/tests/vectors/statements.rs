//! Lines of a vector file, cut into words.

use std::str::FromStr;

/// One statement and the line it begins in.
pub(crate) struct Statement {
    /// Counted from 1.
    pub(crate) line: usize,
    /// The text with its continuation lines, without indentation.
    pub(crate) text: String,
}

/// Joins continuation lines and drops comments and blank lines.
pub(crate) fn statements(text: &str) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        match (line.strip_prefix('|'), statements.last_mut()) {
            (Some(more), Some(last)) => {
                last.text.push(' ');
                last.text.push_str(more.trim());
            }
            _ if line.is_empty() || line.starts_with('#') => {}
            _ => statements.push(Statement { line: index + 1, text: line.to_owned() }),
        }
    }
    statements
}

/// What is left of a statement, word by word.
#[derive(Clone, Copy)]
pub(crate) struct Words<'t>(pub(crate) &'t str);

impl<'t> Words<'t> {
    /// The next word, up to a blank.
    pub(crate) fn word(&mut self) -> Result<&'t str, String> {
        let (word, rest) = self.0.split_once(' ').unwrap_or((self.0, ""));
        self.0 = rest.trim_start();
        if word.is_empty() { Err("a word is missing".to_owned()) } else { Ok(word) }
    }

    /// The next word, between double quotes.
    pub(crate) fn quoted(&mut self) -> Result<&'t str, String> {
        let inside = self.0.strip_prefix('"').ok_or_else(|| format!("`{}` should be in quotes", self.0))?;
        let (text, rest) = inside.split_once('"').ok_or("a quote is open")?;
        self.0 = rest.trim_start();
        Ok(text)
    }

    /// The next word, which must be this one.
    pub(crate) fn expect(&mut self, expected: &str) -> Result<(), String> {
        let word = self.word()?;
        if word == expected { Ok(()) } else { Err(format!("`{word}` should be `{expected}`")) }
    }

    /// The next word as hex.
    pub(crate) fn hex(&mut self) -> Result<Vec<u8>, String> {
        unhex(self.word()?)
    }

    /// The next word as hex of a fixed length.
    pub(crate) fn octets<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], String> {
        self.hex()?.try_into().map_err(|_| format!("should be {LENGTH} octets"))
    }

    /// All that is left, as hex with blanks in it.
    pub(crate) fn rest_hex(&mut self) -> Result<Vec<u8>, String> {
        let rest = std::mem::take(&mut self.0);
        unhex(&rest.replace(' ', ""))
    }

    /// All that is left, as a number or an address.
    pub(crate) fn rest<V: FromStr>(&mut self) -> Result<V, String> {
        let rest = std::mem::take(&mut self.0);
        rest.parse().map_err(|_| format!("`{rest}` is no value of this kind"))
    }
}

fn unhex(text: &str) -> Result<Vec<u8>, String> {
    hex::decode(text).map_err(|why| format!("`{text}`: {why}"))
}

/// An error, if the two differ.
pub(crate) fn same(what: &str, found: &[u8], expected: &[u8]) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what} is\n  {}\nand should be\n  {}", hex::encode(found), hex::encode(expected)))
}
