//! Keeps what came to a callback's address, as it came. It is answered at once and read later.

use std::net::IpAddr;

use domain::id::{CallbackId, GatewayId};
use domain::money::claim::CallbackKind;
use store::money::callbacks::{self, Callback};
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

pub use store::money::callbacks::BODY_MAX;

/// What came.
#[derive(Clone, Debug)]
pub struct Came<'a> {
    /// To which gateway's address.
    pub gateway: GatewayId,
    /// Of what kind that address is.
    pub kind: CallbackKind,
    /// The token of a prompt, where its address has one.
    pub prompt_token: Option<[u8; 16]>,
    /// The octets: what is beyond [`BODY_MAX`] is not kept.
    pub body: &'a [u8],
    /// From where.
    pub source: Option<IpAddr>,
}

/// Keeps it. The worker reads it within a second.
pub async fn keep_callback(
    store: &Store,
    scope: &TenantScope,
    came: Came<'_>,
    context: Context<'_>,
) -> Result<CallbackId, StoreError> {
    let callback = Callback {
        id: context.new_id(),
        gateway: came.gateway,
        kind: came.kind,
        prompt_token: came.prompt_token,
        body: came.body.get(..BODY_MAX).unwrap_or(came.body).to_vec(),
        source: came.source,
        received_at: context.now(),
        tries: 0,
    };
    let mut tx = store.tenant(scope).await?;
    callbacks::keep(&mut tx, &callback).await?;
    tx.commit().await?;
    Ok(callback.id)
}
