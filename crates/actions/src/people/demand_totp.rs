//! Settles whether all staff of an ISP must give a code beside the password.

use domain::platform::audit::{Change, Thing, Verb};
use store::platform::{audit, tenants};
use store::{Store, TenantScope};

use crate::context::Context;
use crate::people::by::PeopleError;

/// Settles it. In force with the next request: whoever has given no code may only set one up.
pub async fn demand_totp(
    store: &Store,
    scope: &TenantScope,
    demanded: bool,
    context: Context<'_>,
) -> Result<(), PeopleError> {
    let mut tx = store.tenant(scope).await?;
    let before = tenants::set_demands_totp(&mut tx, demanded).await?;
    if before != demanded {
        let changes = vec![Change::of("demands_totp", Some(before), Some(demanded))];
        audit::note(&mut tx, &[context.audit(Verb::DemandTotp, Thing::Tenant(scope.tenant()), changes)]).await?;
    }
    Ok(tx.commit().await?)
}

/// Whether it is demanded.
pub async fn is_demanded(store: &Store, scope: &TenantScope) -> Result<bool, PeopleError> {
    let mut tx = store.tenant(scope).await?;
    let demanded = tenants::demands_totp(&mut tx).await?;
    tx.commit().await?;
    Ok(demanded)
}
