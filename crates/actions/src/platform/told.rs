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

/// Tells of a deed about the ISP of a transaction; call it last, then commit.
///
/// The platform's audit is written first, in a transaction of its own: should the ISP's then fail, the platform's says
/// what was tried, and no deed of the platform's people is untold.
pub(crate) async fn tell(
    store: &Store,
    tx: &mut TenantTx,
    (verb, thing): (Verb, Thing),
    changes: Vec<Change>,
    side: Side,
    context: Context<'_>,
) -> Result<(), StoreError> {
    if side == Side::Platform {
        let platform = open_platform(store, context).await?;
        if platform != tx.tenant() {
            let (slug, _) = tenants::named(tx).await?;
            let mut ours = store.tenant(&TenantScope::of_operator(platform)).await?;
            let of_whom = Change::of("isp", None, Some(&slug));
            let told = std::iter::once(of_whom).chain(changes.iter().cloned()).collect();
            audit::note(&mut ours, &[context.audit(verb, thing, told)]).await?;
            ours.commit().await?;
        }
    }
    audit::note(tx, &[context.audit(verb, thing, changes)]).await
}
