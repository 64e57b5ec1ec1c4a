//! Somebody says: this receipt is mine. It is theirs if the gateway knows it, and nobody else has it.

use domain::id::GatewayId;
use domain::money::arrival::ArrivalState;
use domain::money::claim::Receipt;
use domain::money::inquiry::ForWhom;
use domain::platform::audit::{Change, Thing, Verb};
use domain::time::Zone;
use store::money::{arrivals, gateways};
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::money::coming;
use crate::money::desk::Desk;
use crate::money::note_arrival::give;

/// What came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Claimed {
    /// The money was here, and is theirs now.
    Given,
    /// The gateway is being asked.
    Asked,
}

/// Why it was not done.
#[derive(Debug, Error)]
pub enum ClaimError {
    /// No such gateway.
    #[error("there is no such gateway")]
    NoGateway,
    /// Somebody has it.
    #[error("that receipt was used already")]
    Used,
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Claims a receipt for a payment or a wallet.
pub async fn claim_receipt(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    (gateway, receipt, for_whom): (GatewayId, &Receipt, ForWhom),
    context: Context<'_>,
) -> Result<Claimed, ClaimError> {
    let mut desk = Desk::open(store, scope, zone, context).await?;
    if gateways::find(&mut desk.tx, gateway).await?.is_none() {
        return Err(ClaimError::NoGateway);
    }
    coming::hold(&mut desk, Some(receipt)).await?;
    let claimed = match arrivals::by_receipt(&mut desk.tx, gateway, receipt).await? {
        Some(arrival) if arrival.is_verified => match arrival.state {
            ArrivalState::Pending | ArrivalState::Disputed => {
                give(&mut desk, arrival.id, &for_whom).await?;
                Claimed::Given
            }
            ArrivalState::ForPayment(_) | ArrivalState::InWallet(_) | ArrivalState::Reversed | ArrivalState::Folded => {
                return Err(ClaimError::Used);
            }
        },
        Some(_) | None => {
            coming::ask_about(&mut desk, gateway, receipt.clone(), Some(for_whom)).await?;
            Claimed::Asked
        }
    };
    let changes = vec![Change::of("receipt", None, Some(receipt))];
    desk.note(Verb::ClaimReceipt, Thing::Gateway(gateway), changes);
    desk.commit().await?;
    Ok(claimed)
}
