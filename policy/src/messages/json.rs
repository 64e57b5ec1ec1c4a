//! Whether a text is JSON (RFC 8259): what is sent to a provider is looked at when it is set up, not when the first buyer
//! waits for a message.

/// Values in one another at most.
const DEPTH_MAX: usize = 32;

/// Whether all of it is one value.
pub fn is_json(text: &str) -> bool {
    let mut rest = Rest(text);
    rest.value(DEPTH_MAX).is_some() && rest.is_over()
}

struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn skip_space(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\n', '\r', '\t']);
    }

    fn is_over(&mut self) -> bool {
        self.skip_space();
        self.0.is_empty()
    }

    /// Takes these words, if they are next.
    fn takes(&mut self, words: &str) -> Option<()> {
        self.skip_space();
        self.0 = self.0.strip_prefix(words)?;
        Some(())
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        self.skip_space();
        match self.0.chars().next()? {
            '{' => self.several('{', '}', |rest| {
                rest.text()?;
                rest.takes(":")?;
                rest.value(depth)
            }),
            '[' => self.several('[', ']', |rest| rest.value(depth)),
            '"' => self.text(),
            't' => self.takes("true"),
            'f' => self.takes("false"),
            'n' => self.takes("null"),
            _ => self.number(),
        }
    }

    /// What stands between two brackets, with commas.
    fn several(&mut self, open: char, close: char, one: impl Fn(&mut Self) -> Option<()>) -> Option<()> {
        self.takes(open.encode_utf8(&mut [0; 4]))?;
        let mut end = [0; 4];
        let end = close.encode_utf8(&mut end);
        if self.takes(end).is_some() {
            return Some(());
        }
        loop {
            one(self)?;
            if self.takes(end).is_some() {
                return Some(());
            }
            self.takes(",")?;
        }
    }

    fn text(&mut self) -> Option<()> {
        self.takes("\"")?;
        let mut letters = self.0.char_indices();
        loop {
            match letters.next()? {
                (at, '"') => {
                    self.0 = self.0.get(at + 1..)?;
                    return Some(());
                }
                (_, '\\') => match letters.next()?.1 {
                    '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => {}
                    'u' => {
                        for _ in 0..4 {
                            letters.next().filter(|(_, digit)| digit.is_ascii_hexdigit())?;
                        }
                    }
                    _ => return None,
                },
                (_, letter) if u32::from(letter) < 0x20 => return None,
                (_, _) => {}
            }
        }
    }

    fn number(&mut self) -> Option<()> {
        let length = self.0.find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c))).unwrap_or(self.0.len());
        let (number, rest) = self.0.split_at(length);
        let digits = number.strip_prefix('-').unwrap_or(number);
        let whole = digits.split(['.', 'e', 'E']).next().unwrap_or_default();
        let is_whole = whole.starts_with(|c: char| c.is_ascii_digit()) && (whole == "0" || !whole.starts_with('0'));
        let ends = digits.ends_with(|c: char| c.is_ascii_digit()) && !digits.contains(".e") && !digits.contains(".E");
        if is_whole && ends && number.parse::<f64>().is_ok() {
            self.0 = rest;
            Some(())
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_known_from_what_only_looks_like_it() {
        for good in [
            r#"{"a": "{to}", "b": [1, -2.5e3, 0, true, false, null], "c": {}, "d": []}"#,
            " [ ] ",
            r#""\u00e9 \" \\ \n""#,
            "0",
            "-1.0E+2",
        ] {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "",
            "{",
            "{a: 1}",
            r#"{"a": {to}}"#,
            r#"{"a": 1,}"#,
            r#"{"a" 1}"#,
            "[1 2]",
            "01",
            "1.",
            "1.e5",
            "--1",
            "+1",
            "nul",
            r#""\x""#,
            r#""\u12"#,
            "\"a\nb\"",
            "1 2",
            "'a'",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_in_one_another_too_often_is_refused_and_not_followed() {
        assert!(is_json(&format!("{}{}", "[".repeat(31), "]".repeat(31))));
        assert!(!is_json(&"[".repeat(1_000_000)));
    }
}
