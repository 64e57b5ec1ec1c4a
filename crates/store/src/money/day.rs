//! All money of a span of time, with what the gateway's own books say of it.

use domain::id::ArrivalId;
use domain::money::Money;
use domain::money::arrival::Arrival;
use domain::time::{Span, Timestamp};
use uuid::Uuid;

use crate::columns::Instant;
use crate::error::StoreError;
use crate::money::arrivals::listing;
use crate::money::money;
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

/// How much later than it was paid money may be heard of: a statement is brought in some weeks later.
const HEARD_WITHIN: Span = Span::seconds(45 * 86_400);

/// How much earlier: clocks differ.
const CLOCKS_DIFFER_BY: Span = Span::minutes(60);

/// Money, and what is known of it beside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// The money.
    pub arrival: Arrival,
    /// How much the gateway's books, or a statement, say that it is.
    pub told: Option<Money>,
    /// Whether what it paid for was given.
    pub is_served: bool,
}

/// The money that was paid from one moment until before another, in the order in which it was heard of. What was found to
/// be the same as other money is left out.
pub async fn paid_in(
    tx: &mut TenantTx,
    (since, until): (Timestamp, Timestamp),
    page: Page<ArrivalId>,
) -> Result<Listed<Told, ArrivalId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select a.id, n.amount_minor as "told_minor?", n.currency as "told_currency?",
                  exists (select from activations v where v.tenant_id = $1 and v.payment_id = a.payment_id) as "is_served!"
           from arrivals a
           left join lateral (
               select amount_minor, currency
               from arrival_notes
               where tenant_id = $1 and arrival_id = a.id and source in ('pull', 'statement')
               order by id desc
               limit 1
           ) n on true
           where a.tenant_id = $1 and a.state <> 'folded'
             and a.arrived_at >= $2 and a.arrived_at < $3
             and coalesce(a.paid_at, a.arrived_at) >= $4 and coalesce(a.paid_at, a.arrived_at) < $5
             and a.id > $6
           order by a.id
           limit $7"#,
        tenant,
        Instant(since.minus(CLOCKS_DIFFER_BY)) as _,
        Instant(until.plus(HEARD_WITHIN)) as _,
        Instant(since) as _,
        Instant(until) as _,
        page.key().map_or(Uuid::nil(), |id| id.uuid()),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let listed = page.cut(rows, |row| ArrivalId::from_uuid(row.id));
    let ids: Vec<ArrivalId> = listed.rows.iter().map(|row| ArrivalId::from_uuid(row.id)).collect();
    let arrivals = listing::load(tx, &ids).await?;
    let mut told = Vec::with_capacity(listed.rows.len());
    for (row, arrival) in listed.rows.into_iter().zip(arrivals) {
        if arrival.id.uuid() != row.id {
            return Err(StoreError::corrupt("arrivals", row.id));
        }
        let amount = match (row.told_minor, row.told_currency) {
            (Some(minor), Some(currency)) => Some(money("arrival_notes", row.id, minor, &currency)?),
            (Some(_) | None, _) => None,
        };
        told.push(Told { arrival, told: amount, is_served: row.is_served });
    }
    Ok(Listed { rows: told, next: listed.next })
}
