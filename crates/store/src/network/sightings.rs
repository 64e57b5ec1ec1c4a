//! What all nodes together have seen of routers. Written for many routers at once, every few seconds.

use domain::id::{NasId, TenantId};
use domain::network::sighting::{Seen, Sighting};
use domain::time::Timestamp;
use ipnet::IpNet;
use sqlx::types::Uuid;

use crate::columns::{Instant, at};
use crate::error::StoreError;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// What was seen of these routers before, locked in the order of their ids. A router that was never seen gets an empty
/// row first; one that does not exist is left out.
pub async fn lock(tx: &mut SystemTx, sightings: &[Sighting]) -> Result<Vec<(NasId, Seen)>, StoreError> {
    let ids: Vec<Uuid> = sightings.iter().map(|one| one.nas.uuid()).collect();
    let tenants: Vec<Uuid> = sightings.iter().map(|one| one.tenant.uuid()).collect();
    let heard_at: Vec<Instant> = sightings.iter().map(|one| Instant(one.heard_at)).collect();
    let heard_from: Vec<IpNet> = sightings.iter().map(|one| IpNet::from(one.heard_from)).collect();
    sqlx::query!(
        "insert into nas_sightings (tenant_id, nas_id, heard_at, heard_from)
         select one.tenant_id, one.id, one.heard_at, one.heard_from
         from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::inet[])
             as one (tenant_id, id, heard_at, heard_from)
         join nas using (tenant_id, id)
         order by one.tenant_id, one.id
         on conflict do nothing",
        &tenants,
        &ids,
        &heard_at as _,
        &heard_from as _,
    )
    .execute(tx.connection())
    .await?;
    let rows = sqlx::query!(
        r#"select nas_id, heard_at as "heard_at: Instant", heard_from as "heard_from: IpNet", signed_in_row,
                  signed_since as "signed_since: Instant", unsigned_at as "unsigned_at: Instant"
           from nas_sightings
           where (tenant_id, nas_id) in (select * from unnest($1::uuid[], $2::uuid[]))
           order by tenant_id, nas_id
           for update"#,
        &tenants,
        &ids,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let seen = Seen {
                heard_at: row.heard_at.0,
                heard_from: row.heard_from.addr(),
                signed_in_row: u64::try_from(row.signed_in_row).unwrap_or(0),
                signed_since: at(row.signed_since),
                unsigned_at: at(row.unsigned_at),
            };
            (NasId::from_uuid(row.nas_id), seen)
        })
        .collect())
}

/// Writes what has been seen of routers whose rows are locked.
pub async fn write(tx: &mut SystemTx, seen: &[(TenantId, NasId, Seen)]) -> Result<(), StoreError> {
    let heard_from: Vec<IpNet> = seen.iter().map(|(_, _, seen)| IpNet::from(seen.heard_from)).collect();
    sqlx::query!(
        "update nas_sightings
         set heard_at = one.heard_at,
             heard_from = one.heard_from,
             signed_in_row = one.signed_in_row,
             signed_since = one.signed_since,
             unsigned_at = one.unsigned_at
         from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::inet[], $5::bigint[], $6::timestamptz[],
                     $7::timestamptz[])
             as one (tenant_id, nas_id, heard_at, heard_from, signed_in_row, signed_since, unsigned_at)
         where nas_sightings.tenant_id = one.tenant_id and nas_sightings.nas_id = one.nas_id",
        &seen.iter().map(|(tenant, _, _)| tenant.uuid()).collect::<Vec<_>>(),
        &seen.iter().map(|(_, nas, _)| nas.uuid()).collect::<Vec<_>>(),
        &seen.iter().map(|(_, _, seen)| Instant(seen.heard_at)).collect::<Vec<_>>() as _,
        &heard_from as _,
        &seen.iter().map(|(_, _, seen)| i64::try_from(seen.signed_in_row).unwrap_or(i64::MAX)).collect::<Vec<_>>(),
        &seen.iter().map(|(_, _, seen)| Instant::of(seen.signed_since)).collect::<Vec<_>>() as _,
        &seen.iter().map(|(_, _, seen)| Instant::of(seen.unsigned_at)).collect::<Vec<_>>() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Holds routers to signing from now on: those of these that are observed and not yet held to it. Gives those.
pub async fn raise(tx: &mut SystemTx, routers: &[(TenantId, NasId)], now: Timestamp) -> Result<Vec<NasId>, StoreError> {
    let raised = sqlx::query_scalar!(
        "update nas
         set signing_raised_at = $3
         where (tenant_id, id) in (select * from unnest($1::uuid[], $2::uuid[]))
           and signing = 'observe'
           and signing_raised_at is null
         returning id",
        &routers.iter().map(|(tenant, _)| tenant.uuid()).collect::<Vec<_>>(),
        &routers.iter().map(|(_, nas)| nas.uuid()).collect::<Vec<_>>(),
        Instant(now) as _,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(raised.into_iter().map(NasId::from_uuid).collect())
}

/// What has been seen of one router.
pub async fn find(tx: &mut TenantTx, nas: NasId) -> Result<Option<Seen>, StoreError> {
    let tenant = tx.tenant_uuid();
    let row = sqlx::query!(
        r#"select heard_at as "heard_at: Instant", heard_from as "heard_from: IpNet", signed_in_row,
                  signed_since as "signed_since: Instant", unsigned_at as "unsigned_at: Instant"
           from nas_sightings
           where tenant_id = $1 and nas_id = $2"#,
        tenant,
        nas.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.map(|row| Seen {
        heard_at: row.heard_at.0,
        heard_from: row.heard_from.addr(),
        signed_in_row: u64::try_from(row.signed_in_row).unwrap_or(0),
        signed_since: at(row.signed_since),
        unsigned_at: at(row.unsigned_at),
    }))
}

/// Routers that sent an Access-Request without a Message-Authenticator since a moment.
pub async fn unsigned_since(tx: &mut SystemTx, since: Timestamp) -> Result<Vec<NasId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "select nas_id from nas_sightings where unsigned_at >= $1 order by tenant_id, nas_id",
        Instant(since) as _,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(ids.into_iter().map(NasId::from_uuid).collect())
}
