//! Puts what was used by the hour into the days once a day is over, and lets go of hours that are in the days and old.

use domain::time::{Period, Span, Timestamp, Zone};
use store::access::days;
use store::{Store, StoreError, TenantScope};

/// How long hours are kept: longer than any month, so that the sum of a running month is one of hours.
pub const HOURS_KEPT: Span = Span::minutes(40 * 24 * 60);

/// Transactions of one call at most.
const ROUNDS_MAX: usize = 1_000;

/// Does both for one tenant. Returns how many hours went into the days. Doing it twice, or on two nodes, does no harm.
pub async fn roll_usage(store: &Store, scope: &TenantScope, zone: &Zone, now: Timestamp) -> Result<usize, StoreError> {
    let today = Period::Day.start(now, zone);
    let mut rolled = 0;
    for _ in 0..ROUNDS_MAX {
        let mut tx = store.tenant(scope).await?;
        let hours = days::roll(&mut tx, zone, today).await?;
        tx.commit().await?;
        rolled += hours;
        if hours == 0 {
            break;
        }
    }
    for _ in 0..ROUNDS_MAX {
        let mut tx = store.tenant(scope).await?;
        let forgotten = days::forget_hours(&mut tx, today.minus(HOURS_KEPT)).await?;
        tx.commit().await?;
        if forgotten == 0 {
            break;
        }
    }
    Ok(rolled)
}
