//! When a router is not to be trusted any more.

use domain::id::NasId;
use domain::network::certificate::Certificate;
use domain::time::Timestamp;

/// Whether a router loses our trust because this certificate was taken back: it was in force, and the router has no
/// other, `certified` being those that have one. Whoever changes certificates in peace takes back the old one with the
/// new one in force; whoever tidies up takes back one that had ended.
pub fn loses_trust(revoked: &Certificate, certified: &[NasId], now: Timestamp) -> bool {
    now < revoked.expires_at && !certified.contains(&revoked.nas)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::{CertificateId, TenantId};
    use domain::network::certificate::{Fingerprint, Serial};

    #[test]
    fn only_the_last_certificate_in_force_takes_trust_with_it() {
        let at = Timestamp::from_seconds;
        let (ours, another) = (NasId::from_bytes([1; 16]), NasId::from_bytes([2; 16]));
        let revoked = Certificate {
            id: CertificateId::from_bytes([3; 16]),
            tenant: TenantId::from_bytes([4; 16]),
            nas: ours,
            serial: Serial::from_octets([5; 16]),
            fingerprint: Fingerprint([6; 32]),
            issued_at: at(0),
            expires_at: at(100),
            revoked_at: Some(at(50)),
        };

        assert!(loses_trust(&revoked, &[], at(50)));
        assert!(loses_trust(&revoked, &[another], at(50)));
        assert!(!loses_trust(&revoked, &[ours], at(50)), "it has another");
        assert!(!loses_trust(&revoked, &[], at(100)), "it had ended");
    }
}
