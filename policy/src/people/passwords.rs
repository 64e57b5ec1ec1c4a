//! What a password of staff must be like: long, not one that others have lost, and not made of what is known of a person.

use thiserror::Error;

/// Fewest characters.
pub const LENGTH_MIN: usize = 10;
/// Most octets. More would only make us work.
pub const OCTETS_MAX: usize = 256;
/// Characters that may be added to a common password without making it a better one.
const ADDED_MAX: usize = 5;
/// Fewest characters of a word about a person that is looked for.
const WORD_MIN: usize = 4;
/// Fewest different characters.
const DIFFERENT_MIN: usize = 5;

/// Why a password is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum PasswordFault {
    /// Fewer than [`LENGTH_MIN`] characters.
    #[error("the password is too short: use at least 10 characters, best a few words")]
    TooShort,
    /// More than [`OCTETS_MAX`] octets.
    #[error("the password is too long: use at most 256 characters")]
    TooLong,
    /// A control character.
    #[error("the password holds a character that cannot be typed: use plain text")]
    NotText,
    /// One that has been lost often, or nearly so.
    #[error("that password is on lists of stolen ones, so it is tried first: choose another, best a few words")]
    Common,
    /// Repeated or counted up.
    #[error("that password repeats itself or counts up, so it is quickly guessed: choose another, best a few words")]
    Simple,
    /// Made of the person's own names.
    #[error("that password holds a name that others know: leave out your name, e-mail address and business")]
    Known,
}

/// Whether a password is taken. `about` is what others know of the person: names, address, business. `is_common` says
/// whether a text is on the list of stolen passwords.
pub fn judge(password: &str, about: &[&str], is_common: impl Fn(&str) -> bool) -> Result<(), PasswordFault> {
    if password.len() > OCTETS_MAX {
        return Err(PasswordFault::TooLong);
    }
    if password.chars().any(char::is_control) {
        return Err(PasswordFault::NotText);
    }
    if password.chars().count() < LENGTH_MIN {
        return Err(PasswordFault::TooShort);
    }
    let folded = password.to_lowercase();
    if is_common(&folded) || is_a_common_one_with_more(&folded, &is_common) {
        return Err(PasswordFault::Common);
    }
    if is_simple(&folded) {
        return Err(PasswordFault::Simple);
    }
    if about.iter().any(|words| holds_a_word(&folded, words)) { Err(PasswordFault::Known) } else { Ok(()) }
}

/// Whether it is a common password with a few characters before or behind it, or with numbers for letters:
/// `Password2026!`, `p@ssw0rd12`.
fn is_a_common_one_with_more(folded: &str, is_common: &impl Fn(&str) -> bool) -> bool {
    let characters: Vec<char> = folded.chars().collect();
    let is_added = |character: &char| !character.is_alphabetic();
    let before = characters.iter().take_while(|one| is_added(one)).count();
    let behind = characters.iter().rev().take_while(|one| is_added(one)).count();
    // As it stands, without what stands around its letters, and with what looks like a letter read as one.
    let inner = |from: usize, to: usize| -> Option<String> {
        let added = from + (characters.len() - to.max(from));
        (added <= ADDED_MAX && to > from).then(|| characters[from..to].iter().collect())
    };
    let length = characters.len();
    let mut cores = vec![inner(before, length), inner(0, length - behind), inner(before, length - behind)];
    // `p@ssw0rd12`: the digits at the end are added, those inside are letters.
    for added in 0..=ADDED_MAX.min(length) {
        cores.push(inner(0, length - added).map(|core| core.chars().map(as_letter).collect()));
    }
    cores.into_iter().flatten().any(|core| core.chars().count() >= WORD_MIN && is_common(&core))
}

/// What people write for a letter, as the letter.
const fn as_letter(character: char) -> char {
    match character {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// Whether it holds few different characters, repeats a short piece, or counts up or down.
fn is_simple(folded: &str) -> bool {
    let characters: Vec<char> = folded.chars().collect();
    let mut different = characters.clone();
    different.sort_unstable();
    different.dedup();
    let repeats = (1..=characters.len() / 2).any(|piece| {
        characters.len().is_multiple_of(piece) && characters.chunks(piece).all(|chunk| chunk == &characters[..piece])
    });
    let steps: Vec<i64> =
        characters.windows(2).map(|pair| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0]))).collect();
    let counted = steps.iter().filter(|step| matches!(step, -1..=1)).count();
    // Most of it is one step after the other: `abcdefghij`, `1234567890x`.
    different.len() < DIFFERENT_MIN || repeats || counted * 4 > steps.len() * 3
}

/// Whether it holds one of these words, and little else.
fn holds_a_word(folded: &str, words: &str) -> bool {
    let words = words.to_lowercase();
    let length = folded.chars().count();
    words
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| word.chars().count() >= WORD_MIN && folded.contains(word))
        // A long password may well hold a short name.
        .any(|word| length - word.chars().count() < LENGTH_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(password: &str) -> Result<(), PasswordFault> {
        let stolen = ["password", "qwertyuiop", "dragon", "iloveyou"];
        judge(password, &["Anna Wanjiku", "anna.w@savanna-net.example", "Savanna Networks"], |text| {
            stolen.contains(&text)
        })
    }

    #[test]
    fn long_passwords_of_words_are_taken() {
        for good in
            ["correct horse battery", "maembe-saba-mtoni", "tumbili wa kijani 9", "K7#vR2!pLm9z", "shamba letu la anna"]
        {
            assert_eq!(judged(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn short_and_endless_ones_are_not() {
        assert_eq!(judged("nine char"), Err(PasswordFault::TooShort));
        assert_eq!(judged(&"long words ".repeat(30)), Err(PasswordFault::TooLong));
        assert_eq!(judged("with\u{7}a bell in it"), Err(PasswordFault::NotText));
    }

    #[test]
    fn stolen_ones_are_known_with_what_people_add() {
        for bad in [
            "qwertyuiop",
            "QWERTYUIOP",
            "password12",
            "Password2026!",
            "12Password!",
            "p@ssw0rd12",
            "P@$$w0rd123",
            "1loveyou12",
        ] {
            assert_eq!(judged(bad), Err(PasswordFault::Common), "{bad}");
        }
        assert_eq!(judged("dragon8462917305"), Ok(()));
    }

    #[test]
    fn what_repeats_or_counts_is_not_taken() {
        for bad in ["aaaaaaaaaaaa", "abababababab", "abcdefghijkl", "1234567890", "0987654321x", "zebrazebra"] {
            assert_eq!(judged(bad), Err(PasswordFault::Simple), "{bad}");
        }
    }

    #[test]
    fn what_others_know_of_the_person_is_no_password() {
        for bad in ["wanjiku2026!", "savanna-2026", "Networks#99"] {
            assert_eq!(judged(bad), Err(PasswordFault::Known), "{bad}");
        }
    }
}
