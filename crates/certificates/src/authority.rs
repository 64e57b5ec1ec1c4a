//! The authority: a key that signs certificates of routers and of our own servers.

use std::net::IpAddr;

use domain::network::certificate::{Fingerprint, Serial};
use domain::secret::SecretBytes;
use domain::time::{Span, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize, SanType, SerialNumber,
};
use time::OffsetDateTime;

use crate::error::CertificateError;

/// How long before now a certificate begins: clocks of routers are late.
const BACKDATED: Span = Span::minutes(24 * 60);

/// Somebody who can sign. Lives as long as it takes to sign.
pub struct Authority {
    certificate: Vec<u8>,
    name: String,
    key: KeyPair,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.key);
    }
}

/// A certificate with its private key.
#[derive(Debug)]
pub struct Issued {
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// Its private key, PKCS #8 DER.
    pub key: SecretBytes,
    /// What it is recognised by.
    pub fingerprint: Fingerprint,
}

/// From and until when, exclusive.
struct Validity {
    from: OffsetDateTime,
    until: OffsetDateTime,
}

impl Validity {
    fn starting(now: Timestamp, until: Timestamp) -> Result<Self, CertificateError> {
        let instant = |at: Timestamp| {
            let of_seconds = OffsetDateTime::from_unix_timestamp(at.as_seconds());
            of_seconds.ok().filter(|at| (1970..=9999).contains(&at.year())).ok_or(CertificateError::BadTime)
        };
        Ok(Self { from: instant(now.minus(BACKDATED))?, until: instant(until)? })
    }
}

impl Authority {
    /// A new authority with a key of its own, good until then.
    pub fn found(name: &str, serial: Serial, now: Timestamp, until: Timestamp) -> Result<Self, CertificateError> {
        let key = new_key(RsaKeySize::_3072)?;
        let mut params = params_of_authority(name);
        params.serial_number = Some(SerialNumber::from_slice(&serial.octets()));
        let validity = Validity::starting(now, until)?;
        (params.not_before, params.not_after) = (validity.from, validity.until);
        let certificate = params.self_signed(&key).map_err(CertificateError::Making)?.der().to_vec();
        Ok(Self { certificate, name: name.to_owned(), key })
    }

    /// An authority that was founded before, from what was kept of it.
    pub fn reopen(name: String, certificate: Vec<u8>, key: &SecretBytes) -> Result<Self, CertificateError> {
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&key.expose().into(), &PKCS_RSA_SHA256)
            .map_err(|_| CertificateError::BadKey)?;
        Ok(Self { certificate, name, key })
    }

    /// Its own certificate, DER: what routers are to trust.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Its private key, PKCS #8 DER, to be sealed.
    pub fn key(&self) -> SecretBytes {
        SecretBytes::new(self.key.serialized_der().to_vec())
    }

    /// A certificate for a router, by whatever name: good for asking us, and for nothing else.
    pub fn issue_to_router(
        &self,
        common_name: &str,
        serial: Serial,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Issued, CertificateError> {
        let mut params = params_of(common_name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params, serial, now, until)
    }

    /// A certificate for our own server under these names, which are addresses or names of DNS; at least one.
    ///
    /// The first is its common name as well: routers look there.
    pub fn issue_to_server(
        &self,
        names: &[String],
        serial: Serial,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Issued, CertificateError> {
        let first = names.first().ok_or(CertificateError::BadName { name: String::new() })?;
        let mut params = params_of(first);
        params.subject_alt_names = names.iter().map(|name| alternative(name)).collect::<Result<_, _>>()?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(params, serial, now, until)
    }

    fn issue(
        &self,
        mut params: CertificateParams,
        serial: Serial,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Issued, CertificateError> {
        let validity = Validity::starting(now, until)?;
        (params.not_before, params.not_after) = (validity.from, validity.until);
        params.serial_number = Some(SerialNumber::from_slice(&serial.octets()));
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        params.use_authority_key_identifier_extension = true;
        let mut key = new_key(RsaKeySize::_2048)?;
        let ours = params_of_authority(&self.name);
        let certificate = params
            .signed_by(&key, &Issuer::from_params(&ours, &self.key))
            .map_err(CertificateError::Making)?
            .der()
            .to_vec();
        let fingerprint = crate::fingerprint(&certificate);
        let issued = Issued { certificate, key: SecretBytes::new(key.serialized_der().to_vec()), fingerprint };
        zeroize::Zeroize::zeroize(&mut key);
        Ok(issued)
    }
}

fn new_key(size: RsaKeySize) -> Result<KeyPair, CertificateError> {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size).map_err(CertificateError::Making)
}

/// What is the same whenever an authority signs, so that its certificates lead back to it.
fn params_of_authority(name: &str) -> CertificateParams {
    let mut params = params_of(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn params_of(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "mnetifi");
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

fn alternative(name: &str) -> Result<SanType, CertificateError> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let letters = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_');
    let good = (1..=253).contains(&name.len()) && name.bytes().all(letters);
    let text = name.try_into().ok().filter(|_| good).map(SanType::DnsName);
    text.ok_or_else(|| CertificateError::BadName { name: name.chars().take(40).collect() })
}

#[cfg(test)]
mod tests;
