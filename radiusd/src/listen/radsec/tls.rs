//! How TLS is spoken: versions 1.2 and 1.3, a certificate on both sides, and no session that is taken up again.
//!
//! A certificate must be signed by our authority, have its time, and be among those in force. Sessions are never
//! resumed, for a resumed one would not show its certificate.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use certificates::Issued;
use ports::Clock;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::time_provider::TimeProvider;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig, SignatureScheme,
    version,
};
use tokio::sync::watch;

use crate::listen::radsec::admitted::Admitted;

/// The configuration of our side: our certificate, signed by an authority that clients must be signed by too.
pub(crate) fn config(
    authority: &[u8],
    ours: &Issued,
    admitted: watch::Receiver<Arc<Admitted>>,
    clock: Arc<dyn Clock>,
) -> Result<ServerConfig, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let authority = CertificateDer::from(authority.to_vec());
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone())?;
    let by_authority = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|error| Error::General(error.to_string()))?;
    let verifier = InForce { by_authority, admitted, clock: Arc::clone(&clock) };
    let chain = vec![CertificateDer::from(ours.certificate.clone()), authority];
    let key = PrivatePkcs8KeyDer::from(ours.key.expose().to_vec());
    let mut config = ServerConfig::builder_with_details(provider, Arc::new(OurTime(clock)))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_single_cert(chain, key.into())?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// Whether a handshake failed because the certificate is ours and was taken back.
pub(crate) fn is_not_in_force(error: &io::Error) -> bool {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>());
    matches!(cause, Some(Error::InvalidCertificate(CertificateError::Revoked)))
}

struct OurTime(Arc<dyn Clock>);

impl std::fmt::Debug for OurTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OurTime")
    }
}

impl TimeProvider for OurTime {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().as_seconds()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

/// Signed by our authority, and in force.
struct InForce {
    by_authority: Arc<dyn ClientCertVerifier>,
    admitted: watch::Receiver<Arc<Admitted>>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for InForce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InForce").field("by_authority", &self.by_authority).finish_non_exhaustive()
    }
}

impl ClientCertVerifier for InForce {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.by_authority.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.by_authority.verify_client_cert(end_entity, intermediates, now)?;
        let fingerprint = certificates::fingerprint(end_entity);
        match self.admitted.borrow().router_of(fingerprint, self.clock.now()) {
            Some(_) => Ok(verified),
            None => Err(Error::InvalidCertificate(CertificateError::Revoked)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_authority.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_authority.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.by_authority.supported_verify_schemes()
    }
}
