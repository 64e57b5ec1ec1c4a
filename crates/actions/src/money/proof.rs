//! Closes days of the ledger: what was written in them is digested, each day with the hash of the day before.

use domain::time::{Period, Span, Timestamp, Zone};
use store::money::proof::{self, BEGINNING, Day};
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// How long after midnight a day is closed: by then whatever was begun in it has ended.
pub const AFTER_MIDNIGHT: Span = Span::minutes(10);

/// Days that are closed in one transaction.
const DAYS_AT_ONCE: usize = 31;

/// Closes the days that are over. Days on which nothing happened have no row. Returns how many it closed.
pub async fn close_days(
    store: &Store,
    scope: &TenantScope,
    zone: &Zone,
    context: Context<'_>,
) -> Result<usize, StoreError> {
    let now = context.now();
    let mut tx = store.tenant(scope).await?;
    let mut last = proof::last(&mut tx).await?;
    let mut closed = 0;
    while closed < DAYS_AT_ONCE {
        let from: Option<Timestamp> = last.as_ref().map(|day| day.ends_at);
        let Some(first) = proof::first_open(&mut tx, from).await? else { break };
        // Where the zone of an ISP was changed, a day may begin where the last one ended.
        let begins_at =
            from.map_or_else(|| Period::Day.start(first, zone), |from| from.max(Period::Day.start(first, zone)));
        let ends_at = Period::Day.end(first, zone);
        if now < ends_at.plus(AFTER_MIDNIGHT) {
            break;
        }
        let digest = proof::digest(&mut tx, begins_at, ends_at).await?;
        let mut day = Day {
            place: last.as_ref().map_or(1, |day| day.place + 1),
            begins_at,
            ends_at,
            entries: digest.entries,
            notes: digest.notes,
            digest: digest.digest,
            hash: BEGINNING,
            closed_at: now,
        };
        day.hash = day.hash_after(&last.as_ref().map_or(BEGINNING, |day| day.hash), scope.tenant().uuid());
        proof::close(&mut tx, &day).await?;
        last = Some(day);
        closed += 1;
    }
    tx.commit().await?;
    Ok(closed)
}
