//! Certificates and keys as text (RFC 7468), as routers and other programs import them.

use domain::secret::Secret;

/// Octets in a line of 64 characters.
const LINE_OCTETS: usize = 48;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A certificate as text.
pub fn certificate(der: &[u8]) -> String {
    encode("CERTIFICATE", der)
}

/// A private key (PKCS #8) as text.
pub fn private_key(der: &[u8]) -> Secret<String> {
    Secret::new(encode("PRIVATE KEY", der))
}

/// Made in one piece of the right size: a text that grows would leave parts of a key behind in memory.
fn encode(label: &str, der: &[u8]) -> String {
    let lines = der.len().div_ceil(LINE_OCTETS);
    let mut text = String::with_capacity(2 * (label.len() + 20) + der.len().div_ceil(3) * 4 + lines);
    text.extend(["-----BEGIN ", label, "-----\n"]);
    for line in der.chunks(LINE_OCTETS) {
        for group in line.chunks(3) {
            let octet = |place: usize| u32::from(group.get(place).copied().unwrap_or(0));
            let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
            for place in 0..4 {
                let digit = usize::try_from(bits >> (18 - 6 * place) & 0x3f).unwrap_or(0);
                text.push(if place <= group.len() { char::from(DIGITS[digit]) } else { '=' });
            }
        }
        text.push('\n');
    }
    text.extend(["-----END ", label, "-----\n"]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_base_64_in_lines_of_64() {
        // RFC 4648 §10.
        for (octets, digits) in [
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            let text = certificate(octets.as_bytes());
            assert_eq!(text, format!("-----BEGIN CERTIFICATE-----\n{digits}\n-----END CERTIFICATE-----\n"));
        }
        let long = certificate(&[0; 100]);
        assert_eq!(long.lines().map(str::len).collect::<Vec<_>>(), [27, 64, 64, 8, 25]);
    }

    #[test]
    fn a_key_does_not_print_itself() {
        let key = private_key(b"key");

        assert_eq!(format!("{key:?}"), "***");
        assert!(key.expose().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    }
}
