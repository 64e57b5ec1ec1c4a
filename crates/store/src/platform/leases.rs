//! Who does what only one node needs to do: a lease for each duty, by the database's clock.
//!
//! Two that hold one duty for a moment, after a clock has leapt, must do no harm: every duty may be done twice.

use domain::id::NodeId;

use crate::error::StoreError;
use crate::system_tx::SystemTx;

/// Takes duties for so many seconds, or keeps them. Returns those that the node now has; another node has the others.
///
/// A lease that ends later than any could is from before the clock was set back, and may be taken too.
pub async fn hold(tx: &mut SystemTx, duties: &[&str], node: NodeId, seconds: u32) -> Result<Vec<String>, StoreError> {
    let duties: Vec<String> = duties.iter().map(ToString::to_string).collect();
    let held = sqlx::query_scalar!(
        "insert into duty_leases as held (duty, node_id, until_at)
         select duty, $2, clock_timestamp() + make_interval(secs => $3)
         from unnest($1::text[]) as wanted (duty)
         order by duty
         on conflict (duty) do update
             set node_id = excluded.node_id, until_at = excluded.until_at
             where held.node_id = excluded.node_id
                or held.until_at < clock_timestamp()
                or held.until_at > excluded.until_at + interval '5 seconds'
         returning duty",
        &duties,
        node.uuid(),
        f64::from(seconds),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(held)
}

/// Gives back these duties of a node.
pub async fn release(tx: &mut SystemTx, duties: &[&str], node: NodeId) -> Result<(), StoreError> {
    let duties: Vec<String> = duties.iter().map(ToString::to_string).collect();
    sqlx::query!("delete from duty_leases where node_id = $1 and duty = any($2)", node.uuid(), &duties)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Gives back every duty of a node, so that others need not wait for its leases to end.
pub async fn release_all(tx: &mut SystemTx, node: NodeId) -> Result<(), StoreError> {
    sqlx::query!("delete from duty_leases where node_id = $1", node.uuid()).execute(tx.connection()).await?;
    Ok(())
}
