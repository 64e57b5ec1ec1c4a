//! Certificates for RadSec (RFC 6614): a small authority of our own, and what it issues (RFC 5280).
//!
//! Read [`Authority`] first. It makes and signs; it keeps nothing, never decides who gets a certificate, and reads no
//! clock. Serial numbers come in as parameters; keys are made with the TLS library's own chance.
//!
//! Keys are RSA: the one kind that every router is known to import.
#![forbid(unsafe_code)]

mod authority;
mod error;

pub mod pem;

pub use authority::{Authority, Issued};
pub use error::CertificateError;

use domain::network::certificate::Fingerprint;
use sha2::{Digest as _, Sha256};

/// What a certificate is recognised by: SHA-256 over its DER octets.
pub fn fingerprint(certificate_der: &[u8]) -> Fingerprint {
    Fingerprint(Sha256::digest(certificate_der).into())
}
