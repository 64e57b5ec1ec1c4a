//! Codes on a telephone that change every thirty seconds (RFC 6238, as all authenticator apps have it: SHA-1, six digits).

use domain::secret::SecretBytes;
use domain::time::Timestamp;
use hmac::{Hmac, KeyInit, Mac as _};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

/// Octets of a telephone's secret (RFC 4226 §4).
pub const SECRET_OCTETS: usize = 20;
/// How long a code is shown.
const STEP_SECONDS: i64 = 30;
/// Steps that a telephone's clock may be off, either way.
const STEPS_OFF: i64 = 1;
/// Digits of a code.
const DIGITS: usize = 6;

/// The step for which a code is good now; `None` when it is wrong, or was taken before.
///
/// `taken` is the last step that a code was taken for: no code is good twice, nor one before it.
pub fn step_of(secret: &SecretBytes, code: &str, now: Timestamp, taken: Option<i64>) -> Option<i64> {
    let code: String = code.chars().filter(|character| !character.is_whitespace()).collect();
    if code.len() != DIGITS || !code.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let present = now.as_seconds().div_euclid(STEP_SECONDS);
    // All are looked at, so that the time it takes tells nothing.
    let steps = (present - STEPS_OFF)..=(present + STEPS_OFF);
    let is_of = |step| bool::from(code_at(secret, step).as_bytes().ct_eq(code.as_bytes()));
    let good = steps.fold(None, |good, step| if is_of(step) { Some(step) } else { good });
    good.filter(|step| taken.is_none_or(|taken| *step > taken))
}

/// The code that a telephone shows at an instant.
pub fn code(secret: &SecretBytes, now: Timestamp) -> String {
    code_at(secret, now.as_seconds().div_euclid(STEP_SECONDS))
}

/// The code of a step (RFC 4226 §5.3).
fn code_at(secret: &SecretBytes, step: i64) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = <Hmac<Sha1> as KeyInit>::new_from_slice(secret.expose()) else { return String::new() };
    mac.update(&step.to_be_bytes());
    let sum = mac.finalize().into_bytes();
    let from = usize::from(sum[19] & 0x0f);
    let number = u32::from_be_bytes([sum[from] & 0x7f, sum[from + 1], sum[from + 2], sum[from + 3]]);
    format!("{:06}", number % 1_000_000)
}

/// A secret as people type it into a telephone: base32 (RFC 4648 §6), without padding.
pub fn text_of(secret: &SecretBytes) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let octets = secret.expose();
    let mut text = String::with_capacity(octets.len().div_ceil(5) * 8);
    for chunk in octets.chunks(5) {
        let mut group = [0; 8];
        group[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(group);
        for letter in 0..(chunk.len() * 8).div_ceil(5) {
            let shift = 35 - 5 * letter;
            text.push(char::from(ALPHABET[usize::try_from((bits >> shift) & 31).unwrap_or(0)]));
        }
    }
    text
}

/// A secret as a telephone reads it from a QR code, with the name that it shows above the codes.
pub fn uri(secret: &SecretBytes, issuer: &str, account: &str) -> String {
    let (issuer, account) = (encoded(issuer), encoded(account));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
        text_of(secret)
    )
}

/// Percent-encoding of all that is not plain (RFC 3986 §2.3).
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            encoded.push(char::from(octet));
        } else {
            encoded.push_str(&format!("%{octet:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> SecretBytes {
        SecretBytes::new(b"12345678901234567890".to_vec())
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, SHA-1, the last six of its eight digits.
        for (seconds, wanted) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924")]
        {
            assert_eq!(code(&secret(), Timestamp::from_seconds(seconds)), wanted);
        }
    }

    #[test]
    fn a_code_is_good_within_its_window_and_only_once() {
        let now = Timestamp::from_seconds(1_111_111_111);
        let step = 1_111_111_111 / 30;
        let code = code(&secret(), now);
        let at =
            |seconds: i64, taken| step_of(&secret(), &code, Timestamp::from_seconds(1_111_111_111 + seconds), taken);

        assert_eq!((at(0, None), at(30, None), at(-30, None)), (Some(step), Some(step), Some(step)));
        assert_eq!((at(60, None), at(-61, None)), (None, None));
        assert_eq!((at(0, Some(step)), at(30, Some(step)), at(0, Some(step + 1))), (None, None, None));
        assert_eq!(at(0, Some(step - 1)), Some(step));
        assert_eq!(step_of(&secret(), "050 471", now, None), Some(step));
        for bad in ["", "05047", "0504711", "abcdef", "\u{661}50471"] {
            assert_eq!(step_of(&secret(), bad, now, None), None, "{bad}");
        }
    }

    #[test]
    fn a_telephone_reads_the_secret() {
        assert_eq!(text_of(&secret()), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        // RFC 4648 §10.
        for (clear, text) in [("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB")]
        {
            assert_eq!(text_of(&SecretBytes::new(clear.as_bytes().to_vec())), text);
        }
        let uri = uri(&secret(), "Savanna Net", "anna@savanna.example");
        assert!(uri.starts_with("otpauth://totp/Savanna%20Net:anna%40savanna.example?secret=GEZD"), "{uri}");
    }
}
