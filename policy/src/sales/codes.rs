//! How voucher codes are made: alphabet, length, and what they must never look like.

use domain::sales::voucher::VoucherCode;

/// Letters and digits without the look-alikes `0 O 1 l I`: 57 glyphs.
pub const ALPHABET: &[u8; 57] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Characters of a code unless staff ask for more: 57⁹ is over 2⁵².
pub const LENGTH: usize = 9;

/// The fewest characters of a code.
pub const LENGTH_MIN: usize = 8;

/// The most characters of a code that is made by us.
pub const LENGTH_MAX: usize = 16;

/// A new code of `length` characters (brought into [`LENGTH_MIN`]..=[`LENGTH_MAX`]).
///
/// `below` gives a uniformly random number below its argument, from a cryptographic source.
/// The first character is a letter, so that a code never reads as a phone number.
pub fn make(length: usize, below: &mut dyn FnMut(usize) -> usize) -> VoucherCode {
    let length = length.clamp(LENGTH_MIN, LENGTH_MAX);
    let mut code = String::with_capacity(length);
    while code.len() < length {
        let glyph = char::from(ALPHABET[below(ALPHABET.len()) % ALPHABET.len()]);
        if !code.is_empty() || glyph.is_ascii_alphabetic() {
            code.push(glyph);
        }
    }
    VoucherCode::parse(code.as_bytes()).expect("invariant: the alphabet and the lengths are a code's")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting() -> impl FnMut(usize) -> usize {
        let mut state = 12_345_u32;
        move |below| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize % below
        }
    }

    #[test]
    fn no_code_holds_a_look_alike() {
        let mut below = counting();

        for _ in 0..2_000 {
            let code = make(LENGTH, &mut below);
            assert!(!code.expose().contains(['0', 'O', '1', 'l', 'I']), "{}", code.expose());
            assert_eq!(code.expose().len(), LENGTH);
        }
    }

    #[test]
    fn a_code_never_reads_as_a_phone_number() {
        let mut below = counting();

        assert!((0..2_000).all(|_| make(8, &mut below).expose().starts_with(|c: char| c.is_ascii_alphabetic())));
    }

    #[test]
    fn a_code_has_over_fifty_bits() {
        assert!((ALPHABET.len() as f64).powi(9).log2() > 50.0);
    }
}
