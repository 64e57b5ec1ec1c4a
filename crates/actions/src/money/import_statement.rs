//! Staff brings in a statement of the gateway: every row of it is known, proven, or new from then on. None is counted twice.

use domain::id::{ArrivalId, GatewayId};
use domain::money::arrival::{Arrival, ArrivalState, Source};
use domain::money::claim::{Receipt, Transfer};
use domain::money::gateway::IspGateway;
use domain::phone::CallingCode;
use domain::platform::audit::{Change, Thing, Verb};
use domain::time::Zone;
use store::money::{arrivals, gateways};
use store::platform::audit;
use store::{Store, StoreError, TenantScope};
use thiserror::Error;

use crate::context::Context;
use crate::money::coming;
use crate::money::desk::Desk;
use crate::money::note_arrival::{Told, note_in};
use crate::money::note_standing::went_back;

/// A line of a statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Line {
    /// Money came.
    Came(Transfer),
    /// Money with that receipt went back to whoever paid.
    WentBack(Receipt),
}

/// What became of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Became {
    /// It was known and proven already.
    Known,
    /// It was only said to have come, and is proven now.
    Proven,
    /// Nobody had heard of it.
    New,
    /// Another amount is known of it: somebody has to look.
    Differs,
    /// It went back, and was taken off.
    WentBack,
    /// It went back, which was known, or it was never heard of.
    Nothing,
}

impl Became {
    /// Its name in answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Proven => "proven",
            Self::New => "new",
            Self::Differs => "differs",
            Self::WentBack => "went_back",
            Self::Nothing => "nothing",
        }
    }
}

/// A line that was dealt with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dealt {
    /// What became of it.
    pub became: Became,
    /// The money, and where it stands; `None` where there is none.
    pub arrival: Option<(ArrivalId, ArrivalState)>,
}

/// Why a statement was not brought in.
#[derive(Debug, Error)]
pub enum ImportError {
    /// No such gateway.
    #[error("there is no gateway with that id")]
    NoGateway,
    /// It could not be written. What was dealt with before is written: send the statement again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Deals with lines, each in a transaction of its own, so that it can be sent again wherever it broke off. With `is_dry`
/// nothing is written: what would become of each is told.
pub async fn import_statement(
    store: &Store,
    scope: &TenantScope,
    (zone, country): (&Zone, &CallingCode),
    (id, lines, is_dry): (GatewayId, &[Line], bool),
    context: Context<'_>,
) -> Result<Vec<Dealt>, ImportError> {
    let mut tx = store.tenant(scope).await?;
    let gateway = gateways::find(&mut tx, id).await?.ok_or(ImportError::NoGateway)?;
    tx.commit().await?;
    let mut all = Vec::with_capacity(lines.len());
    for line in lines {
        let mut desk = Desk::open(store, scope, zone, context).await?;
        let dealt = match line {
            Line::Came(transfer) => came(&mut desk, country, &gateway, transfer).await?,
            Line::WentBack(receipt) => back(&mut desk, &gateway, receipt).await?,
        };
        // What is not committed is not written.
        if !is_dry {
            desk.commit().await?;
        }
        all.push(dealt);
    }
    if !is_dry {
        let count = |became: Became| all.iter().filter(|one| one.became == became).count();
        let mut changes = vec![Change::of("rows", None, Some(all.len()))];
        for became in [Became::New, Became::Proven, Became::Differs, Became::WentBack] {
            changes.push(Change::of(became.code(), None, Some(count(became))));
        }
        let mut tx = store.tenant(scope).await?;
        audit::note(&mut tx, &[context.audit(Verb::ImportStatement, Thing::Gateway(id), changes)]).await?;
        tx.commit().await?;
    }
    Ok(all)
}

async fn came(
    desk: &mut Desk<'_>,
    country: &CallingCode,
    gateway: &IspGateway,
    transfer: &Transfer,
) -> Result<Dealt, StoreError> {
    coming::hold(desk, Some(&transfer.receipt)).await?;
    let before = arrivals::by_receipt(&mut desk.tx, gateway.id, &transfer.receipt).await?;
    let became = match &before {
        None => Became::New,
        Some(row) if row.amount != transfer.amount => Became::Differs,
        Some(row) if row.is_verified => Became::Known,
        Some(_) => Became::Proven,
    };
    let told = Told { gateway, transfer, source: Source::Statement, is_proof: true, for_whom: None };
    let noted = note_in(desk, country, told).await?;
    // A payment that was known without a receipt has it now: that is no new money.
    let became = match (&noted.arrival, became) {
        (Some(arrival), Became::New) if arrival.source != Source::Statement => Became::Known,
        (_, became) => became,
    };
    Ok(Dealt { became, arrival: noted.arrival.map(|arrival| (arrival.id, arrival.state)) })
}

async fn back(desk: &mut Desk<'_>, gateway: &IspGateway, receipt: &Receipt) -> Result<Dealt, StoreError> {
    coming::hold(desk, Some(receipt)).await?;
    let row = arrivals::by_receipt(&mut desk.tx, gateway.id, receipt).await?;
    let is_here = |row: &Arrival| row.state != ArrivalState::Reversed;
    let became = if row.as_ref().is_some_and(is_here) { Became::WentBack } else { Became::Nothing };
    went_back(desk, gateway, receipt).await?;
    let after = arrivals::by_receipt(&mut desk.tx, gateway.id, receipt).await?;
    Ok(Dealt { became, arrival: after.map(|arrival| (arrival.id, arrival.state)) })
}
