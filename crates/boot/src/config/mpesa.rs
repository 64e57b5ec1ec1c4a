//! `[mpesa]`: how this installation speaks with M-Pesa. Whose money it is, providers set up themselves.

use std::path::PathBuf;

use ipnet::IpNet;

use crate::config::http::{ORIGIN_SAID, origin, read_networks};
use crate::config::reader::Reader;

/// Words that M-Pesa suffers in no address of ours.
const FORBIDDEN: [&str; 7] = ["mpesa", "m-pesa", "safaricom", "exe", "cmd", "sql", "query"];

/// Settings of M-Pesa.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mpesa {
    /// Where M-Pesa reaches the portal, without a slash at its end: `https://pay.example.net`. Without it nobody can pay.
    pub callbacks: Option<String>,
    /// Networks that callbacks come from; with none, any.
    pub sources: Vec<IpNet>,
    /// The file of the certificate that passwords of operators are encrypted for, where money moves.
    pub certificate: Option<PathBuf>,
    /// The same in the sandbox.
    pub sandbox_certificate: Option<PathBuf>,
    /// Whether payers are told of as SHA-256 of their number (version 1 of the registration), and not with its middle
    /// left out.
    pub hashed_payers: bool,
    /// A simulator that is asked instead of both environments.
    pub simulator: Option<String>,
}

/// `domain` is the portal's.
pub(super) fn read(reader: &mut Reader, domain: Option<&str>) -> Mpesa {
    let said = read_origin(reader, "mpesa.callbacks");
    if let Some(word) = FORBIDDEN.into_iter().find(|word| said.as_deref().is_some_and(|said| said.contains(word))) {
        reader.fault("mpesa.callbacks", format!("holds `{word}`: M-Pesa refuses every address with that word in it"));
    }
    let usual = || {
        let domain = domain.filter(|domain| !FORBIDDEN.iter().any(|word| domain.contains(word)))?;
        Some(format!("https://{domain}"))
    };
    Mpesa {
        callbacks: said.or_else(usual),
        sources: read_networks(reader, "mpesa.sources"),
        certificate: reader.path("mpesa.certificate"),
        sandbox_certificate: reader.path("mpesa.sandbox_certificate"),
        hashed_payers: reader.choice("mpesa.payers", &[("masked", false), ("hashed", true)]).unwrap_or_default(),
        simulator: read_origin(reader, "mpesa.simulator"),
    }
}

fn read_origin(reader: &mut Reader, key: &str) -> Option<String> {
    let text = reader.text(key)?;
    let read = origin(&text);
    if read.is_none() {
        reader.fault(key, format!("`{}` is not {ORIGIN_SAID}", text.escape_debug()));
    }
    read
}
