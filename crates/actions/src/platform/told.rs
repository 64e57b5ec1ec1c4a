//! What the platform does about an ISP is told twice: in that ISP's audit, and in the platform's own.

use domain::platform::audit::{Change, Thing, Verb};
use store::platform::{audit, tenants};
use store::{Store, StoreError, TenantScope, TenantTx};

use crate::context::Context;
use crate::platform::open_platform::open_platform;

/// Whose people do a deed about an ISP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// The ISP's own: its audit tells of it.
    Isp,
    /// The platform's: its audit tells of it, too.
    Platform,
}

impl Side {
    /// The platform, where it is told of the deed, too. To be asked before the deed's own transaction begins: then it
    /// never holds one connection while it waits for another.
    pub(crate) async fn platform(self, store: &Store, context: Context<'_>) -> Result<Option<TenantScope>, StoreError> {
        match self {
            Self::Isp => Ok(None),
            Self::Platform => Ok(Some(TenantScope::of_operator(open_platform(store, context).await?))),
        }
    }
}

/// Tells of a deed about the ISP of a transaction, in its audit and in the platform's, and commits: the deed and both
/// entries are there, or none of them.
pub(crate) async fn tell(
    mut tx: TenantTx,
    (verb, thing): (Verb, Thing),
    changes: Vec<Change>,
    platform: Option<TenantScope>,
    context: Context<'_>,
) -> Result<(), StoreError> {
    audit::note(&mut tx, &[context.audit(verb, thing, changes.clone())]).await?;
    if let Some(platform) = platform.filter(|platform| platform.tenant() != tx.tenant()) {
        let (slug, _) = tenants::named(&mut tx).await?;
        let told = std::iter::once(Change::of("isp", None, Some(&slug))).chain(changes).collect();
        // Always the ISP's first: so that no two deeds wait for each other's audit.
        tx = tx.turned_to(&platform).await?;
        audit::note(&mut tx, &[context.audit(verb, thing, told)]).await?;
    }
    tx.commit().await
}
