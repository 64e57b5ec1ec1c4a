//! The initiator's password as M-Pesa wants it: encrypted for its certificate by RSA (PKCS #1 v1.5, RFC 8017 §7.2).
//!
//! That padding is M-Pesa's choice. We only encrypt, so nobody can ask us questions about it.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::secret::Secret;
use thiserror::Error;

/// Octets of a certificate's text.
const TEXT_MAX_BYTES: usize = 16 * 1024;

/// M-Pesa's certificate, or its public key alone.
#[derive(Clone)]
pub struct Certificate(PublicEncryptingKey);

impl Certificate {
    /// A password, encrypted and as base 64; different each time. `None` when it is empty or longer than the key can take.
    pub(super) fn encrypt(&self, password: &Secret<String>) -> Option<String> {
        let key = Pkcs1PublicEncryptingKey::new(self.0.clone()).ok()?;
        let plain = password.expose().as_bytes();
        if plain.is_empty() || plain.len() > key.max_plaintext_size() {
            return None;
        }
        let mut octets = vec![0; key.ciphertext_size()];
        let encrypted = key.encrypt(plain, &mut octets).ok()?;
        Some(STANDARD.encode(encrypted))
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} bits)", self.0.key_size_bits())
    }
}

/// Reads `-----BEGIN CERTIFICATE-----` or `-----BEGIN PUBLIC KEY-----`.
impl FromStr for Certificate {
    type Err = NotACertificate;
    fn from_str(text: &str) -> Result<Self, NotACertificate> {
        if text.len() > TEXT_MAX_BYTES {
            return Err(NotACertificate);
        }
        let key = match (within(text, "CERTIFICATE"), within(text, "PUBLIC KEY")) {
            (Some(der), _) => public_key_of(&der).map(<[u8]>::to_vec),
            (None, der) => der,
        };
        let key = key.ok_or(NotACertificate)?;
        PublicEncryptingKey::from_der(&key).map(Self).map_err(|_| NotACertificate)
    }
}

/// The text is no certificate with an RSA key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "not a certificate with an RSA key: download M-Pesa's from the developers' portal, as a file that begins with \
     -----BEGIN CERTIFICATE-----"
)]
pub struct NotACertificate;

/// The octets between two lines of PEM (RFC 7468).
fn within(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (inner, _) = rest.split_once(&format!("-----END {label}-----"))?;
    STANDARD.decode(inner.split_whitespace().collect::<String>()).ok()
}

/// The public key in a certificate (RFC 5280 §4.1): the seventh field of what is signed, or the sixth where the version is
/// left out.
fn public_key_of(der: &[u8]) -> Option<&[u8]> {
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    let certificate = element(der).filter(|one| one.tag == SEQUENCE)?;
    let signed = element(certificate.inner).filter(|one| one.tag == SEQUENCE)?;
    let mut rest = signed.inner;
    let first = element(rest)?;
    // Serial number, algorithm, issuer, validity and subject come before it.
    let before = if first.tag == VERSION { 6 } else { 5 };
    for _ in 0..before {
        rest = element(rest)?.after;
    }
    element(rest).filter(|one| one.tag == SEQUENCE).map(|one| one.whole)
}

/// One element of DER.
struct Element<'a> {
    tag: u8,
    inner: &'a [u8],
    whole: &'a [u8],
    after: &'a [u8],
}

fn element(der: &[u8]) -> Option<Element<'_>> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (octets.iter().fold(0, |length, octet| (length << 8) | usize::from(*octet)), rest)
        }
        _ => return None,
    };
    let (inner, after) = rest.split_at_checked(length)?;
    let whole = der.get(..der.len() - after.len())?;
    Some(Element { tag, inner, whole, after })
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeySize, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
    use proptest::prelude::*;

    use super::*;

    fn decrypt(key: PrivateDecryptingKey, text: &str) -> Vec<u8> {
        let key = Pkcs1PrivateDecryptingKey::new(key).expect("made here");
        let mut octets = vec![0; key.min_output_size()];
        key.decrypt(&STANDARD.decode(text).expect("base 64"), &mut octets).expect("for this key").to_vec()
    }

    #[test]
    fn who_has_the_key_of_the_certificate_reads_the_password() {
        let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).expect("chance");
        let der: Pkcs8V1Der<'static> = key.as_der().expect("its own key");
        let pair =
            rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&der.as_ref().into(), &rcgen::PKCS_RSA_SHA256).expect("good");
        let pem = rcgen::CertificateParams::new(vec!["apigateway".to_owned()])
            .and_then(|params| params.self_signed(&pair))
            .expect("good")
            .pem();
        let certificate = pem.parse::<Certificate>().expect("a certificate");
        let password = Secret::new("Safaricom999!*!".to_owned());

        let (once, again) =
            (certificate.encrypt(&password).expect("short"), certificate.encrypt(&password).expect("short"));

        assert_ne!(once, again, "the padding is chance");
        assert_eq!(decrypt(key.clone(), &once), b"Safaricom999!*!");
        assert_eq!(decrypt(key, &again), b"Safaricom999!*!");
        assert_eq!(certificate.encrypt(&Secret::new("x".repeat(246))), None);
        assert_eq!(certificate.encrypt(&Secret::new(String::new())), None);
    }

    #[test]
    fn what_is_no_certificate_is_told() {
        let empty = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----";
        for text in ["", "MIIB", empty, "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----"] {
            assert_eq!(text.parse::<Certificate>().err(), Some(NotACertificate), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_octets_have_a_key_or_none(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = public_key_of(&octets);
        }
    }
}
