//! The certificates that are in force, by fingerprint: who may speak over TLS, and as which router.

use std::collections::HashMap;

use domain::id::NasId;
use domain::network::certificate::{Certificate, Fingerprint};
use domain::time::Timestamp;

/// Whom a certificate names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Named {
    nas: NasId,
    until: Timestamp,
}

/// All certificates of all tenants that have not been taken back, at one moment. Replaced whole when one changes.
#[derive(Debug, Default)]
pub(crate) struct Admitted {
    by_fingerprint: HashMap<Fingerprint, Named>,
}

impl Admitted {
    pub(crate) fn of(certificates: Vec<Certificate>) -> Self {
        let by_fingerprint = certificates
            .into_iter()
            .filter(|certificate| certificate.revoked_at.is_none())
            .map(|certificate| (certificate.fingerprint, Named { nas: certificate.nas, until: certificate.expires_at }))
            .collect();
        Self { by_fingerprint }
    }

    /// The router that a certificate stands for, while it is in force.
    pub(crate) fn router_of(&self, fingerprint: Fingerprint, now: Timestamp) -> Option<NasId> {
        self.by_fingerprint.get(&fingerprint).filter(|named| now < named.until).map(|named| named.nas)
    }

    /// How many are in force.
    pub(crate) fn in_force(&self, now: Timestamp) -> usize {
        self.by_fingerprint.values().filter(|named| now < named.until).count()
    }
}

#[cfg(test)]
mod tests {
    use domain::id::{CertificateId, TenantId};
    use domain::network::certificate::Serial;

    use super::*;

    fn certificate(octet: u8, until: i64, revoked: Option<i64>) -> Certificate {
        Certificate {
            id: CertificateId::from_bytes([octet; 16]),
            tenant: TenantId::from_bytes([1; 16]),
            nas: NasId::from_bytes([octet; 16]),
            serial: Serial::of_chance([octet; 16]),
            fingerprint: Fingerprint([octet; 32]),
            issued_at: Timestamp::from_seconds(0),
            expires_at: Timestamp::from_seconds(until),
            revoked_at: revoked.map(Timestamp::from_seconds),
        }
    }

    #[test]
    fn a_certificate_stands_for_its_router_until_it_ends_or_is_taken_back() {
        let admitted = Admitted::of(vec![certificate(1, 100, None), certificate(2, 100, Some(5))]);
        let router = |octet, at| admitted.router_of(Fingerprint([octet; 32]), Timestamp::from_seconds(at));

        assert_eq!(router(1, 99), Some(NasId::from_bytes([1; 16])));
        assert_eq!(router(1, 100), None);
        assert_eq!(router(2, 50), None);
        assert_eq!(router(3, 50), None);
        assert_eq!(admitted.in_force(Timestamp::from_seconds(50)), 1);
    }
}
