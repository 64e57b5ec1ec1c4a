//! What each voucher and subscriber has used over all its sessions.

use std::collections::HashMap;

use domain::access::facts::Holder;
use uuid::Uuid;

use crate::columns::{counter, uncounter};
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// Adds octets to holders' totals, each as (holder, from the subscriber, to the subscriber). Sums saturate. Live sessions
/// of those that reach a total at which something changes are looked at again.
pub async fn add_many(tx: &mut TenantTx, spent: &[(Holder, u64, u64)]) -> Result<(), StoreError> {
    if spent.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant_uuid();
    let ids: Vec<_> = spent.iter().map(|(holder, ..)| holder.uuid()).collect();
    let kinds: Vec<_> = spent.iter().map(|(holder, ..)| holder.kind()).collect();
    let more_in: Vec<_> = spent.iter().map(|(_, more, _)| counter(*more)).collect();
    let more_out: Vec<_> = spent.iter().map(|(.., more)| counter(*more)).collect();
    // Rows are locked in the order of their ids; sums are made in `numeric`, where they cannot overflow.
    sqlx::query!(
        "with added as (
         insert into usage_totals (tenant_id, holder_id, holder_kind, in_octets, out_octets)
         select $1, more.id, more.kind,
                least(sum(more.in_octets), 9223372036854775807)::bigint,
                least(sum(more.out_octets), 9223372036854775807)::bigint
         from unnest($2::uuid[], $3::text[], $4::bigint[], $5::bigint[]) as more (id, kind, in_octets, out_octets)
         group by more.id, more.kind
         order by more.id
         on conflict (tenant_id, holder_id) do update
         set in_octets = least(
                 usage_totals.in_octets::numeric + excluded.in_octets, 9223372036854775807)::bigint,
             out_octets = least(
                 usage_totals.out_octets::numeric + excluded.out_octets, 9223372036854775807)::bigint
         returning holder_id, in_octets::numeric + out_octets as octets, look_at_octets
         )
         update sessions s
         set look_at = s.last_heard_at
         from added a
         where a.look_at_octets is not null
           and a.octets >= a.look_at_octets
           and s.tenant_id = $1
           and s.holder_id = a.holder_id
           and s.ended_at is null",
        tenant,
        &ids,
        &kinds as _,
        &more_in,
        &more_out,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Octets from and to each holder of the tenant that has used any, by the holder's bare id.
pub async fn all(tx: &mut TenantTx) -> Result<HashMap<Uuid, (u64, u64)>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!("select holder_id, in_octets, out_octets from usage_totals where tenant_id = $1", tenant)
        .fetch_all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(|row| (row.holder_id, (uncounter(row.in_octets), uncounter(row.out_octets)))).collect())
}

/// Notes at which total something changes for each of these holders; `None` when nothing does.
pub async fn look_at(tx: &mut TenantTx, totals: &[(Holder, Option<u64>)]) -> Result<(), StoreError> {
    if totals.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into usage_totals (tenant_id, holder_id, holder_kind, in_octets, out_octets, look_at_octets)
         select $1, t.id, t.kind, 0, 0, t.octets
         from unnest($2::uuid[], $3::text[], $4::bigint[]) as t (id, kind, octets)
         left join usage_totals u on u.tenant_id = $1 and u.holder_id = t.id
         where u.look_at_octets is distinct from t.octets
         order by t.id
         on conflict (tenant_id, holder_id) do update set look_at_octets = excluded.look_at_octets",
        tenant,
        &totals.iter().map(|(holder, _)| holder.uuid()).collect::<Vec<_>>(),
        &totals.iter().map(|(holder, _)| holder.kind()).collect::<Vec<_>>() as _,
        &totals.iter().map(|(_, octets)| octets.map(counter)).collect::<Vec<_>>() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}
