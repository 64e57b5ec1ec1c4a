//! Takes RadSec certificates back: within a second they open nothing, and connections that stand on them are closed.
//! A router that is left without any is not trusted any more: who is online there is cut.

use std::collections::BTreeSet;

use domain::id::NasId;
use domain::network::certificate::Certificate;
use policy::network::trust::loses_trust;
use store::network::certificates::{self, Which};
use store::network::nas;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// Certificates that were taken back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revoked {
    /// Those that had not been taken back before.
    pub certificates: Vec<Certificate>,
    /// Routers that are not trusted any more because of it.
    pub distrusted: BTreeSet<NasId>,
}

/// Takes back what is meant.
pub async fn revoke_certificates(
    store: &Store,
    scope: &TenantScope,
    which: Which,
    context: Context<'_>,
) -> Result<Revoked, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let now = context.now();
    let revoked = certificates::revoke(&mut tx, which, now).await?;
    let routers: BTreeSet<NasId> = revoked.iter().map(|one| one.nas).collect();
    let certified = certificates::certified(&mut tx, &routers.into_iter().collect::<Vec<_>>(), now).await?;
    let distrusted: BTreeSet<NasId> =
        revoked.iter().filter(|one| loses_trust(one, &certified, now)).map(|one| one.nas).collect();
    nas::distrust(&mut tx, &distrusted.iter().copied().collect::<Vec<_>>(), now).await?;
    tx.commit().await?;
    Ok(Revoked { certificates: revoked, distrusted })
}
