//! Whose session is it? Vouchers and subscribers by what a router says of them.

use std::collections::{HashMap, HashSet};

use domain::access::facts::Holder;
use uuid::Uuid;

use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// The vouchers and subscribers that these User-Names mean, for sessions that are reported without our `Class`. Names
/// that mean nothing are left out; a voucher's code goes before a subscriber of the same name.
pub async fn by_names(tx: &mut TenantTx, names: &[&str]) -> Result<HashMap<String, Holder>, StoreError> {
    let tenant = tx.tenant_uuid();
    let folded: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    let rows = sqlx::query!(
        r#"select 'subscriber' as "kind!", id as "id!", username as "name!"
           from subscribers
           where tenant_id = $1 and username = any($2::text[])
           union all
           select 'voucher', id, code
           from vouchers
           where tenant_id = $1 and code_folded = any($3::text[]) and code = any($2::text[])"#,
        tenant,
        names as _,
        &folded,
    )
    .fetch_all(tx.connection())
    .await?;
    // Vouchers come last, and so they hold.
    let holder = |kind: &str, id| Holder::from_row(kind, id).ok_or_else(|| StoreError::corrupt("vouchers", id));
    let (vouchers, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.kind == "voucher");
    others.into_iter().chain(vouchers).map(|row| Ok((row.name, holder(&row.kind, row.id)?))).collect()
}

/// Those of these vouchers and subscribers that are the tenant's: what a router returns in `Class` is only a claim.
pub async fn that_are_ours(tx: &mut TenantTx, holders: &[Holder]) -> Result<HashSet<Holder>, StoreError> {
    if holders.is_empty() {
        return Ok(HashSet::new());
    }
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = holders.iter().map(|holder| holder.uuid()).collect();
    let rows = sqlx::query!(
        r#"select 'subscriber' as "kind!", id as "id!" from subscribers where tenant_id = $1 and id = any($2)
           union all
           select 'voucher', id from vouchers where tenant_id = $1 and id = any($2)"#,
        tenant,
        &ids,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().filter_map(|row| Holder::from_row(&row.kind, row.id)).collect())
}
