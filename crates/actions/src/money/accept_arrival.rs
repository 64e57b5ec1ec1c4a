//! Staff answers for it that money has come which nobody could verify: they see it in the gateway's own statement.

use domain::id::ArrivalId;
use domain::money::arrival::{ArrivalState, Source};
use domain::money::claim::Transfer;
use domain::phone::CallingCode;
use domain::platform::audit::{Thing, Verb};
use domain::time::Zone;
use store::money::{arrivals, gateways};
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::money::coming;
use crate::money::desk::{Desk, amount};
use crate::money::note_arrival::{Told, note_in};

/// Why money was not accepted.
#[derive(Debug, Error)]
pub enum AcceptError {
    /// No such money.
    #[error("there is no money with that id")]
    Unknown,
    /// There is nothing to answer for.
    #[error("that money is verified already, or was found to be the same as other money")]
    NotPending,
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Accepts it: it counts from now on, and whoever it is for is served.
pub async fn accept_arrival(
    store: &Store,
    scope: &TenantScope,
    (zone, country): (&Zone, &CallingCode),
    id: ArrivalId,
    context: Context<'_>,
) -> Result<(), AcceptError> {
    let mut desk = Desk::open(store, scope, zone, context).await?;
    let seen = arrivals::find(&mut desk.tx, id).await?.ok_or(AcceptError::Unknown)?;
    coming::hold(&mut desk, seen.receipt.as_ref()).await?;
    let arrival = arrivals::lock(&mut desk.tx, id).await?.ok_or(AcceptError::Unknown)?;
    let is_open = matches!(arrival.state, ArrivalState::Pending | ArrivalState::Disputed) && !arrival.is_verified;
    let (true, Some(gateway), Some(receipt)) = (is_open, arrival.gateway, arrival.receipt.clone()) else {
        return Err(AcceptError::NotPending);
    };
    let gateway = gateways::find(&mut desk.tx, gateway).await?.ok_or(StoreError::Missing { what: "gateway" })?;
    let transfer = Transfer {
        shortcode: gateway.shortcode.clone(),
        receipt,
        amount: arrival.amount,
        at: arrival.paid_at,
        account: arrival.account.clone(),
        payer: arrival.payer.clone(),
    };
    let told = Told { gateway: &gateway, transfer: &transfer, source: Source::Staff, is_proof: true, for_whom: None };
    note_in(&mut desk, country, told).await?;
    desk.note(Verb::AcceptArrival, Thing::Arrival(id), vec![amount(arrival.amount)]);
    Ok(desk.commit().await?)
}
