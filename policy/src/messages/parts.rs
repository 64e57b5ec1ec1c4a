//! As how many messages a text is sent and paid for (GSM 03.38; 3GPP TS 23.038 and 23.040).

/// Letters of the telephones' own alphabet, seven bits each.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡\
    ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// Letters that it has behind an escape: they count as two.
const ESCAPED: &str = "\u{c}^{}\\[~]|€";

/// The alphabet that a text is sent in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alphabet {
    /// The telephones' own: 160 letters in one message.
    Gsm7,
    /// All letters there are: 70 in one message.
    Ucs2,
}

impl Alphabet {
    /// Its name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Gsm7 => "gsm7",
            Self::Ucs2 => "ucs2",
        }
    }

    /// Units of a message that stands alone, and of each part of a longer one.
    const fn room(self) -> (usize, usize) {
        match self {
            Self::Gsm7 => (160, 153),
            Self::Ucs2 => (70, 67),
        }
    }
}

/// How a text is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parts {
    /// In which alphabet.
    pub alphabet: Alphabet,
    /// Its units: seven bits each, or sixteen.
    pub units: usize,
    /// As how many messages.
    pub count: u16,
}

/// How a text is sent. No letter that counts as two is cut in half, so a part may have a unit to spare.
pub fn parts(text: &str) -> Parts {
    let is_gsm = text.chars().all(|letter| septets(letter).is_some());
    let alphabet = if is_gsm { Alphabet::Gsm7 } else { Alphabet::Ucs2 };
    let width = |letter: char| match alphabet {
        Alphabet::Gsm7 => septets(letter).unwrap_or(1),
        Alphabet::Ucs2 => letter.len_utf16(),
    };
    let (alone, part) = alphabet.room();
    let units: usize = text.chars().map(width).sum();
    let mut count = 1_u16;
    if units > alone {
        let mut filled = 0;
        for width in text.chars().map(width) {
            if filled + width > part {
                count = count.saturating_add(1);
                filled = 0;
            }
            filled += width;
        }
    }
    Parts { alphabet, units, count }
}

fn septets(letter: char) -> Option<usize> {
    if BASIC.contains(letter) {
        Some(1)
    } else if ESCAPED.contains(letter) {
        Some(2)
    } else {
        None
    }
}

/// The same text with letters of typesetters replaced by those of telephones, which cost less: curly quotes, long dashes,
/// dots in one, spaces that do not break. Other signs of control are spaces.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\u{2018}' | '\u{2019}' | '\u{201b}' | '`' | '\u{b4}' => plain.push('\''),
            '\u{201c}' | '\u{201d}' | '\u{201e}' => plain.push('"'),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => plain.push('-'),
            '\u{2026}' => plain.push_str("..."),
            '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}' => plain.push(' '),
            '\n' => plain.push('\n'),
            other if other.is_control() => plain.push(' '),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counted(text: &str) -> (&'static str, usize, u16) {
        let Parts { alphabet, units, count } = parts(text);
        (alphabet.code(), units, count)
    }

    #[test]
    fn a_hundred_and_sixty_letters_are_one_message_and_one_more_are_two() {
        assert_eq!(counted(""), ("gsm7", 0, 1));
        assert_eq!(counted(&"a".repeat(160)), ("gsm7", 160, 1));
        assert_eq!(counted(&"a".repeat(161)), ("gsm7", 161, 2));
        assert_eq!(counted(&"a".repeat(306)), ("gsm7", 306, 2));
        assert_eq!(counted(&"a".repeat(307)), ("gsm7", 307, 3));
    }

    #[test]
    fn brackets_and_the_euro_count_twice_and_are_never_cut() {
        assert_eq!(counted(&"€".repeat(80)), ("gsm7", 160, 1));
        // 76 of them are 152 of 153: the next one does not fit.
        assert_eq!(counted(&"€".repeat(153)), ("gsm7", 306, 3));
        assert_eq!(counted("{[~]}"), ("gsm7", 10, 1));
    }

    #[test]
    fn one_other_letter_makes_all_of_them_wide() {
        assert_eq!(counted(&format!("{}ç", "a".repeat(69))), ("ucs2", 70, 1));
        assert_eq!(counted(&format!("{}ç", "a".repeat(70))), ("ucs2", 71, 2));
        assert_eq!(counted("😀"), ("ucs2", 2, 1));
        // 33 of them are 66 of 67.
        assert_eq!(counted(&"😀".repeat(67)), ("ucs2", 134, 3));
    }

    #[test]
    fn what_typesetters_like_is_made_plain() {
        let typeset = "\u{201c}Karibu\u{201d} \u{2013} it\u{2019}s\u{a0}on\u{2026}\t`";

        assert_eq!(plain(typeset), "\"Karibu\" - it's on... '");
        assert_eq!(counted(&plain(typeset)).0, "gsm7");
    }

    proptest! {
        #[test]
        fn parts_are_enough_and_no_more_than_needed(text in "[a-z{}€ç😀 ]{0,500}") {
            let Parts { alphabet, units, count } = parts(&text);
            let (alone, part) = match alphabet { Alphabet::Gsm7 => (160, 153), Alphabet::Ucs2 => (70, 67) };
            let count = usize::from(count);
            prop_assert!(units <= alone || units <= count * part);
            // Each part but the last is full, or lacks the one unit that a wide letter could not have.
            prop_assert!(count == 1 || units >= (count - 1) * (part - 1));
        }
    }
}
