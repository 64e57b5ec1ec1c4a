//! A gateway was asked for something that lasts: to tell of all money that comes, or to open its books.

use domain::id::GatewayId;
use domain::platform::audit::{Change, Thing, Verb};
use store::money::gateways;
use store::platform::audit;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// What it was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked {
    /// To tell of all money that comes to the shortcode.
    Confirmations,
    /// To let its books be read.
    Books,
}

impl Asked {
    const fn code(self) -> &'static str {
        match self {
            Self::Confirmations => "confirmations",
            Self::Books => "books",
        }
    }
}

/// Notes that the gateway has agreed. Books are read from this moment on.
pub async fn note_registered(
    store: &Store,
    scope: &TenantScope,
    (id, asked): (GatewayId, Asked),
    context: Context<'_>,
) -> Result<(), StoreError> {
    let mut tx = store.tenant(scope).await?;
    if asked == Asked::Books {
        gateways::note_pull(&mut tx, id, None, Some(context.now())).await?;
    }
    let changes = vec![Change::of("registered", None, Some(asked.code()))];
    audit::note(&mut tx, &[context.audit(Verb::RegisterGateway, Thing::Gateway(id), changes)]).await?;
    tx.commit().await
}
