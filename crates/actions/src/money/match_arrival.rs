//! Staff says whose money it is that nobody could be matched to.

use domain::id::{ArrivalId, PlanId};
use domain::money::arrival::ArrivalState;
use domain::money::inquiry::ForWhom;
use domain::phone::Msisdn;
use domain::time::Zone;
use store::money::arrivals;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::money::coming;
use crate::money::desk::Desk;
use crate::money::note_arrival::give;
use crate::money::start_payment::{StartError, by_hand, voucher};

/// Why money was not matched.
#[derive(Debug, Error)]
pub enum MatchError {
    /// No such money.
    #[error("there is no money with that id")]
    Unknown,
    /// It is not proven.
    #[error(
        "nobody has verified that this money has come: if you see it in the gateway's own statement, accept it first"
    )]
    NotVerified,
    /// What it is to buy cannot be sold.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It is somebody's.
    #[error("that money is somebody's already, or went back")]
    NotFree,
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whose it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MatchTo {
    /// A payment's that there is, or a wallet's.
    Whom(ForWhom),
    /// It buys the voucher of a plan, for whoever has a telephone.
    Plan {
        /// The plan.
        plan: PlanId,
        /// Who buys: may log in by that number.
        buyer: Msisdn,
    },
}

/// Gives money to a payment, or puts it into a wallet; what it pays for is given.
pub async fn match_arrival(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    (id, to): (ArrivalId, &MatchTo),
    context: Context<'_>,
) -> Result<(), MatchError> {
    let mut desk = Desk::open(store, scope, zone, context).await?;
    let seen = arrivals::find(&mut desk.tx, id).await?.ok_or(MatchError::Unknown)?;
    coming::hold(&mut desk, seen.receipt.as_ref()).await?;
    let arrival = arrivals::find(&mut desk.tx, id).await?.ok_or(MatchError::Unknown)?;
    match arrival.state {
        ArrivalState::Pending | ArrivalState::Disputed if arrival.is_verified => {}
        ArrivalState::Pending | ArrivalState::Disputed => return Err(MatchError::NotVerified),
        ArrivalState::ForPayment(_) | ArrivalState::InWallet(_) | ArrivalState::Reversed | ArrivalState::Folded => {
            return Err(MatchError::NotFree);
        }
    }
    let whom = match to {
        MatchTo::Whom(whom) => whom.clone(),
        MatchTo::Plan { plan, buyer } => {
            let wanted = voucher(&mut desk.tx, *plan, buyer.clone()).await?;
            ForWhom::Payment(by_hand(&mut desk.tx, arrival.gateway, wanted, context).await?)
        }
    };
    give(&mut desk, id, &whom).await?;
    Ok(desk.commit().await?)
}
