//! What is in an ISP's accounts with a gateway: it was asked, and is answered later.

use domain::id::GatewayId;
use domain::money::Money;
use domain::money::gateway::Balance;
use store::money::gateways::seen;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// Notes that the gateway was asked, and under which number it answers.
pub async fn note_balance_asked(
    store: &Store,
    scope: &TenantScope,
    (id, conversation): (GatewayId, &str),
) -> Result<(), StoreError> {
    let mut tx = store.tenant(scope).await?;
    seen::note_balance_asked(&mut tx, id, conversation).await?;
    tx.commit().await
}

/// Notes what the gateway tells; `None` when it could not tell.
pub async fn note_balance(
    store: &Store,
    scope: &TenantScope,
    (id, accounts): (GatewayId, Option<&[(String, Money)]>),
    context: Context<'_>,
) -> Result<(), StoreError> {
    let balance = accounts.map(|accounts| Balance { accounts: accounts.to_vec(), at: context.now() });
    let mut tx = store.tenant(scope).await?;
    seen::note_balance(&mut tx, id, balance.as_ref()).await?;
    tx.commit().await
}
