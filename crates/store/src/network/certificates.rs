//! Certificates of routers that ask over TLS, and the authority that signs them.

use domain::id::{CertificateId, NasId, TenantId};
use domain::network::certificate::{Certificate, Fingerprint, Serial};
use domain::secret::SecretBytes;
use domain::time::Timestamp;
use uuid::Uuid;

use crate::columns::{Instant, at};
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::sealing::Place;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// Where the authority's key stands.
pub(crate) const KEY_PLACE: Place = Place::new("radsec_authority", "key_sealed", Uuid::nil());

/// The authority as it is kept.
#[derive(Debug)]
pub struct KeptAuthority {
    /// Its name, as its certificates carry it.
    pub name: String,
    /// Its own certificate, DER.
    pub certificate: Vec<u8>,
    /// Its private key, PKCS #8 DER.
    pub key: SecretBytes,
    /// When its certificate ends.
    pub expires_at: Timestamp,
}

/// The authority of this system, once there is one.
pub async fn authority(tx: &mut SystemTx) -> Result<Option<KeptAuthority>, StoreError> {
    let row = sqlx::query!(
        r#"select name, certificate, key_sealed, expires_at as "expires_at: Instant" from radsec_authority"#,
    )
    .fetch_optional(tx.connection())
    .await?;
    row.map(|row| {
        let key = tx.keyring().open_shared(&KEY_PLACE, &row.key_sealed)?;
        Ok(KeptAuthority { name: row.name, certificate: row.certificate, key, expires_at: row.expires_at.0 })
    })
    .transpose()
}

/// Keeps the authority of this system, its key sealed. False, and nothing done, if there is one already.
pub async fn keep_authority(tx: &mut SystemTx, authority: &KeptAuthority) -> Result<bool, StoreError> {
    let sealed = tx.keyring().seal_shared(&KEY_PLACE, &authority.key)?;
    let kept = sqlx::query!(
        "insert into radsec_authority (name, certificate, key_sealed, expires_at)
         values ($1, $2, $3, $4)
         on conflict do nothing",
        authority.name,
        authority.certificate,
        sealed,
        Instant(authority.expires_at) as Instant,
    )
    .execute(tx.connection())
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// Notes a certificate that was issued to one of the tenant's routers.
pub async fn add(tx: &mut TenantTx, certificate: &Certificate) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into radsec_certificates
             (tenant_id, id, nas_id, serial, fingerprint, issued_at, expires_at, revoked_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        certificate.tenant.uuid(),
        certificate.id.uuid(),
        certificate.nas.uuid(),
        &certificate.serial.octets()[..],
        &certificate.fingerprint.0[..],
        Instant(certificate.issued_at) as Instant,
        Instant(certificate.expires_at) as Instant,
        Instant::of(certificate.revoked_at) as Option<Instant>,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The tenant's certificates in the order in which they were issued.
pub async fn list(
    tx: &mut TenantTx,
    page: Page<CertificateId>,
) -> Result<Listed<Certificate, CertificateId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_as!(
        CertificateRow,
        r#"select tenant_id, id, nas_id, serial, fingerprint, issued_at as "issued_at: Instant",
                  expires_at as "expires_at: Instant", revoked_at as "revoked_at: Instant"
           from radsec_certificates
           where tenant_id = $1
             and ($2::uuid is null or id > $2)
           order by id
           limit $3"#,
        tenant,
        page.key().map(|id| id.uuid()),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let certificates = rows.into_iter().map(Certificate::try_from).collect::<Result<_, _>>()?;
    Ok(page.cut(certificates, |certificate: &Certificate| certificate.id))
}

/// Which certificates are meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// All of a router.
    OfRouter(NasId),
    /// The one with a serial number.
    WithSerial(Serial),
}

/// Takes certificates of the tenant back; gives those that were not taken back before.
pub async fn revoke(tx: &mut TenantTx, which: Which, now: Timestamp) -> Result<Vec<Certificate>, StoreError> {
    let tenant = tx.tenant_uuid();
    let (nas, serial) = match which {
        Which::OfRouter(nas) => (Some(nas.uuid()), None),
        Which::WithSerial(serial) => (None, Some(serial.octets().to_vec())),
    };
    sqlx::query_as!(
        CertificateRow,
        r#"update radsec_certificates
           set revoked_at = $4
           where tenant_id = $1
             and (nas_id = $2 or serial = $3)
             and revoked_at is null
           returning tenant_id, id, nas_id, serial, fingerprint, issued_at as "issued_at: Instant",
                     expires_at as "expires_at: Instant", revoked_at as "revoked_at: Instant""#,
        tenant,
        nas,
        serial,
        Instant(now) as Instant,
    )
    .fetch_all(tx.connection())
    .await?
    .into_iter()
    .map(Certificate::try_from)
    .collect()
}

/// Those of these routers that have a certificate in force.
pub async fn certified(tx: &mut TenantTx, routers: &[NasId], now: Timestamp) -> Result<Vec<NasId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let certified = sqlx::query_scalar!(
        "select distinct nas_id
         from radsec_certificates
         where tenant_id = $1 and nas_id = any($2) and revoked_at is null and expires_at > $3",
        tenant,
        &routers.iter().map(|nas| nas.uuid()).collect::<Vec<_>>(),
        Instant(now) as _,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(certified.into_iter().map(NasId::from_uuid).collect())
}

/// All certificates of all tenants that have not been taken back, whether they have ended or not.
pub async fn not_revoked(tx: &mut SystemTx) -> Result<Vec<Certificate>, StoreError> {
    sqlx::query_as!(
        CertificateRow,
        r#"select tenant_id, id, nas_id, serial, fingerprint, issued_at as "issued_at: Instant",
                  expires_at as "expires_at: Instant", revoked_at as "revoked_at: Instant"
           from radsec_certificates
           where revoked_at is null
           order by tenant_id, id"#,
    )
    .fetch_all(tx.connection())
    .await?
    .into_iter()
    .map(Certificate::try_from)
    .collect()
}

/// What the certificates looked like at a moment: another one whenever any was issued or taken back, or went with its
/// router, and when the authority was founded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CertificatesFingerprint {
    certificates: i64,
    sum: String,
    authority: bool,
}

/// The certificates' fingerprint now, made from what is committed, row by row.
pub async fn certificates_fingerprint(tx: &mut SystemTx) -> Result<CertificatesFingerprint, StoreError> {
    let row = sqlx::query!(
        r#"select count(*) as "certificates!",
                  coalesce(sum(hashtextextended(id::text, 0)), 0)::text as "sum!",
                  exists (select from radsec_authority) as "authority!"
           from radsec_certificates
           where revoked_at is null"#,
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(CertificatesFingerprint { certificates: row.certificates, sum: row.sum, authority: row.authority })
}

struct CertificateRow {
    tenant_id: Uuid,
    id: Uuid,
    nas_id: Uuid,
    serial: Vec<u8>,
    fingerprint: Vec<u8>,
    issued_at: Instant,
    expires_at: Instant,
    revoked_at: Option<Instant>,
}

impl TryFrom<CertificateRow> for Certificate {
    type Error = StoreError;
    fn try_from(row: CertificateRow) -> Result<Self, StoreError> {
        let corrupt = || StoreError::corrupt("radsec_certificates", row.id);
        Ok(Self {
            id: CertificateId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            nas: NasId::from_uuid(row.nas_id),
            serial: Serial::from_octets(row.serial.as_slice().try_into().map_err(|_| corrupt())?),
            fingerprint: Fingerprint(row.fingerprint.as_slice().try_into().map_err(|_| corrupt())?),
            issued_at: row.issued_at.0,
            expires_at: row.expires_at.0,
            revoked_at: at(row.revoked_at),
        })
    }
}
