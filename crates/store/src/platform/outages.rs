//! What nodes went through while they could not reach the database.

use domain::id::NodeId;
use domain::time::{Span, Timestamp};

use crate::columns::{Instant, counter, uncounter};
use crate::error::StoreError;
use crate::system_tx::SystemTx;

/// An outage as a node saw it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outage {
    /// What the database, or the way to it, said first.
    pub why: String,
    /// Logins accepted meanwhile.
    pub accepted: u64,
    /// Logins refused meanwhile.
    pub refused: u64,
    /// Requests that got no answer meanwhile.
    pub unanswered: u64,
    /// Reports that waited on disk when the database was back.
    pub records_waiting: u64,
}

/// One of the past.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PastOutage {
    /// The name of the node.
    pub node: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When it was over.
    pub ended_at: Timestamp,
    /// What happened in it.
    pub outage: Outage,
}

/// Notes an outage that is over now, after `lasted`.
pub async fn note(tx: &mut SystemTx, node: NodeId, lasted: Span, outage: &Outage) -> Result<(), StoreError> {
    #[expect(clippy::cast_precision_loss, reason = "no outage lasts so long that a microsecond is lost")]
    let micros = lasted.as_micros().max(0) as f64;
    sqlx::query!(
        "insert into node_outages
             (node_id, began_at, ended_at, why, accepted, refused, unanswered, records_waiting)
         select $1, over.at - $2 * interval '1 microsecond', over.at, left($3, 300), $4, $5, $6, $7
         from (select clock_timestamp() as at) over
         on conflict do nothing",
        node.uuid(),
        micros,
        outage.why,
        counter(outage.accepted),
        counter(outage.refused),
        counter(outage.unanswered),
        counter(outage.records_waiting),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The latest, newest first, at most `limit`.
pub async fn latest(tx: &mut SystemTx, limit: u16) -> Result<Vec<PastOutage>, StoreError> {
    let rows = sqlx::query!(
        r#"select n.name, o.began_at as "began_at: Instant", o.ended_at as "ended_at: Instant",
                  o.why, o.accepted, o.refused, o.unanswered, o.records_waiting
           from node_outages o
           join nodes n on n.id = o.node_id
           order by o.ended_at desc
           limit $1"#,
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    let past = rows.into_iter().map(|row| PastOutage {
        node: row.name,
        began_at: row.began_at.0,
        ended_at: row.ended_at.0,
        outage: Outage {
            why: row.why,
            accepted: uncounter(row.accepted),
            refused: uncounter(row.refused),
            unanswered: uncounter(row.unanswered),
            records_waiting: uncounter(row.records_waiting),
        },
    });
    Ok(past.collect())
}
