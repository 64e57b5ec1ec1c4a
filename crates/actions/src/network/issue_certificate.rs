//! Issues a RadSec certificate to a router: from the next second on it may ask with it.
//!
//! Earlier certificates of the router stay in force until they are taken back, so that it can change over in peace.

use ::certificates::Issued;
use domain::network::certificate::Certificate;
use domain::network::nas::Nas;
use domain::time::Span;
use store::network::certificates;
use store::{Store, TenantScope};

use crate::context::Context;
use crate::network::radsec_authority::{self, RadsecError};

/// What the router is given, and what we keep.
#[derive(Debug)]
pub struct IssuedToRouter {
    /// The certificate with its private key, which exists nowhere else.
    pub issued: Issued,
    /// What we keep.
    pub certificate: Certificate,
    /// The authority's own certificate, DER: what the router is to trust.
    pub authority: Vec<u8>,
}

/// Signs a certificate for the router and notes it. The scope must be of the router's tenant.
pub async fn issue_certificate(
    store: &Store,
    scope: &TenantScope,
    nas: &Nas,
    lasts: Span,
    context: Context<'_>,
) -> Result<IssuedToRouter, RadsecError> {
    let opened = radsec_authority::radsec_authority(store, context).await?;
    let (now, serial) = (context.now(), radsec_authority::new_serial(context.random()));
    let expires_at = opened.until(now, lasts)?;
    // The id tells routers of two tenants apart that have the same name.
    let common_name = format!("{} {}", nas.name.as_str().chars().take(24).collect::<String>(), nas.id);
    let issued = opened.authority.issue_to_router(&common_name, serial, now, expires_at)?;
    let certificate = Certificate {
        id: context.new_id(),
        tenant: nas.tenant,
        nas: nas.id,
        serial,
        fingerprint: issued.fingerprint,
        issued_at: now,
        expires_at,
        revoked_at: None,
    };
    let mut tx = store.tenant(scope).await?;
    certificates::add(&mut tx, &certificate).await?;
    tx.commit().await?;
    Ok(IssuedToRouter { issued, certificate, authority: opened.authority.certificate().to_vec() })
}
