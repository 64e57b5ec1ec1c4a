//! Something is wrong with money that nobody could be matched to, and somebody looks after that.

use domain::id::ArrivalId;
use domain::money::arrival::{Arrival, ArrivalState};
use domain::platform::audit::{Change, Thing, Verb};
use domain::support::exception::ExceptionKind;
use domain::time::Zone;
use store::money::arrivals;
use store::{Store, StoreError, TenantScope};

use crate::context::Context;
use crate::money::desk::Desk;

/// Most characters of what somebody says about it.
pub const NOTE_MAX: usize = 300;

/// Notes that it is disputed, and why. It can be matched all the same. Returns whether it was there and free.
pub async fn dispute_arrival(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    (id, note): (ArrivalId, &str),
    context: Context<'_>,
) -> Result<bool, StoreError> {
    let mut desk = Desk::open(store, scope, zone, context).await?;
    let Some(arrival) = arrivals::lock(&mut desk.tx, id).await? else { return Ok(false) };
    if !matches!(arrival.state, ArrivalState::Pending | ArrivalState::Disputed) {
        return Ok(false);
    }
    let note: String = note.trim().chars().filter(|letter| !letter.is_control()).take(NOTE_MAX).collect();
    let what = format!("disputed: {}: {note}", arrival.name());
    arrivals::save(&mut desk.tx, &Arrival { state: ArrivalState::Disputed, ..arrival }).await?;
    desk.tell(ExceptionKind::MoneyUnmatched, id, None, what).await?;
    desk.note(Verb::DisputeArrival, Thing::Arrival(id), vec![Change::of("note", None, Some(note))]);
    desk.commit().await?;
    Ok(true)
}
