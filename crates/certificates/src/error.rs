//! What can go wrong in making a certificate.

use thiserror::Error;

/// Why there is no certificate.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// A name that no certificate can carry.
    #[error("`{name}` is neither an address nor a name of DNS")]
    BadName {
        /// The name, shortened.
        name: String,
    },
    /// An instant that no certificate can carry.
    #[error("the time is set to before 1970 or after 9999: set the machine's clock")]
    BadTime,
    /// An authority's key that is not one.
    #[error("the authority's key cannot be read")]
    BadKey,
    /// The library refused.
    #[error("making a certificate failed: {0}")]
    Making(#[source] rcgen::Error),
}
