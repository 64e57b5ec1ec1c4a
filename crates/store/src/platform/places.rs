//! Branches and zones.

use domain::id::{BranchId, ZoneId};
use domain::platform::place::{Area, Branch, PlaceName};
use uuid::Uuid;

use crate::columns::{Instant, uncounter};
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

/// The most names of each kind that are told of whoever works in a zone.
const NAMES_MAX: i64 = 5;

/// Adds a branch. A name that is taken is a `Conflict`.
pub async fn add_branch(tx: &mut TenantTx, branch: &Branch) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into branches (tenant_id, id, name, created_at) values ($1, $2, $3, $4)",
        tenant,
        branch.id.uuid(),
        branch.name.as_str(),
        Instant(branch.created_at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The branch with an id, which nobody else changes until the transaction ends.
pub async fn lock_branch(tx: &mut TenantTx, id: BranchId) -> Result<Option<Branch>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("select 1 as one from branches where tenant_id = $1 and id = $2 for update", tenant, id.uuid())
        .fetch_optional(tx.connection())
        .await?;
    find_branch(tx, id).await
}

/// The branch with an id.
pub async fn find_branch(tx: &mut TenantTx, id: BranchId) -> Result<Option<Branch>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        BranchRow,
        r#"select id, name, created_at as "created_at: Instant", revision
           from branches
           where tenant_id = $1 and id = $2"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Branch::try_from)
    .transpose()
}

/// The ISP's branches, oldest first: all, or those in whose name a text is.
pub async fn list_branches(
    tx: &mut TenantTx,
    text: Option<&str>,
    page: Page<BranchId>,
) -> Result<Listed<Branch, BranchId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query_as!(
        BranchRow,
        r#"select id, name, created_at as "created_at: Instant", revision
           from branches
           where tenant_id = $1 and id > $2 and ($3::text is null or strpos(lower(name), $3) > 0)
           order by id
           limit $4"#,
        tenant,
        page.key().map_or(Uuid::nil(), |id| id.uuid()),
        text.map(str::to_lowercase),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let branches = rows.into_iter().map(Branch::try_from).collect::<Result<_, _>>()?;
    Ok(page.cut(branches, |branch: &Branch| branch.id))
}

/// Gives a branch another name.
pub async fn rename_branch(tx: &mut TenantTx, id: BranchId, name: &PlaceName) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update branches set name = $3, revision = revision + 1 where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
        name.as_str(),
    )
    .execute(tx.connection())
    .await?;
    there(changed.rows_affected(), "branch")
}

/// Takes a branch away. One that has zones is a `Conflict`.
pub async fn remove_branch(tx: &mut TenantTx, id: BranchId) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let gone = sqlx::query!("delete from branches where tenant_id = $1 and id = $2", tenant, id.uuid())
        .execute(tx.connection())
        .await?;
    there(gone.rows_affected(), "branch")
}

/// How many branches there are.
pub async fn count_branches(tx: &mut TenantTx) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from branches where tenant_id = $1"#, tenant)
        .fetch_one(tx.connection())
        .await?;
    Ok(uncounter(count))
}

/// Adds a zone. A name that is taken, or a branch that is not there, is a `Conflict`.
pub async fn add_zone(tx: &mut TenantTx, zone: &Area) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into zones (tenant_id, id, branch_id, name, created_at) values ($1, $2, $3, $4, $5)",
        tenant,
        zone.id.uuid(),
        zone.branch.map(BranchId::uuid),
        zone.name.as_str(),
        Instant(zone.created_at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The zone with an id, which nobody else changes until the transaction ends.
pub async fn lock_zone(tx: &mut TenantTx, id: ZoneId) -> Result<Option<Area>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("select 1 as one from zones where tenant_id = $1 and id = $2 for update", tenant, id.uuid())
        .fetch_optional(tx.connection())
        .await?;
    find_zone(tx, id).await
}

/// The zone with an id.
pub async fn find_zone(tx: &mut TenantTx, id: ZoneId) -> Result<Option<Area>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        ZoneRow,
        r#"select id, name, branch_id, created_at as "created_at: Instant", revision
           from zones
           where tenant_id = $1 and id = $2"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Area::try_from)
    .transpose()
}

/// Which zones are meant: those of whom all that is said is true.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ZoneFilter {
    /// In whose name this text is, whatever its capitals.
    pub text: Option<String>,
    /// Of this branch.
    pub branch: Option<BranchId>,
    /// Among these.
    pub among: Option<Vec<ZoneId>>,
}

/// The ISP's zones, oldest first.
pub async fn list_zones(
    tx: &mut TenantTx,
    filter: &ZoneFilter,
    page: Page<ZoneId>,
) -> Result<Listed<Area, ZoneId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let among: Option<Vec<Uuid>> = filter.among.as_ref().map(|ids| ids.iter().map(|id| id.uuid()).collect());
    let rows = sqlx::query_as!(
        ZoneRow,
        r#"select id, name, branch_id, created_at as "created_at: Instant", revision
           from zones
           where tenant_id = $1
             and id > $2
             and ($3::text is null or strpos(lower(name), $3) > 0)
             and ($4::uuid is null or branch_id = $4)
             and ($5::uuid[] is null or id = any($5))
           order by id
           limit $6"#,
        tenant,
        page.key().map_or(Uuid::nil(), |id| id.uuid()),
        filter.text.as_ref().map(|text| text.to_lowercase()),
        filter.branch.map(BranchId::uuid),
        among.as_deref(),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let zones = rows.into_iter().map(Area::try_from).collect::<Result<_, _>>()?;
    Ok(page.cut(zones, |zone: &Area| zone.id))
}

/// Changes a zone's name and branch.
pub async fn change_zone(tx: &mut TenantTx, zone: &Area) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update zones set name = $3, branch_id = $4, revision = revision + 1 where tenant_id = $1 and id = $2",
        tenant,
        zone.id.uuid(),
        zone.name.as_str(),
        zone.branch.map(BranchId::uuid),
    )
    .execute(tx.connection())
    .await?;
    there(changed.rows_affected(), "zone")
}

/// Takes a zone away.
pub async fn remove_zone(tx: &mut TenantTx, id: ZoneId) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let gone = sqlx::query!("delete from zones where tenant_id = $1 and id = $2", tenant, id.uuid())
        .execute(tx.connection())
        .await?;
    there(gone.rows_affected(), "zone")
}

/// Who works in a zone, and which keys reach into it, by their names: the first of them.
pub async fn names_in_zone(tx: &mut TenantTx, id: ZoneId) -> Result<Vec<String>, StoreError> {
    let tenant = tx.tenant_uuid();
    let names = sqlx::query_scalar!(
        r#"(select name from staff where tenant_id = $1 and $2 = any(zones) and state <> 'deactivated'
            order by id limit $3)
           union all
           (select 'key ' || name from api_keys where tenant_id = $1 and $2 = any(zones) and revoked_at is null
            order by id limit $3)"#,
        tenant,
        id.uuid(),
        NAMES_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(names.into_iter().flatten().collect())
}

/// Whoever may not sign in any more, and keys that were taken back, name a zone no more.
pub async fn leave_zone(tx: &mut TenantTx, id: ZoneId) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update staff set zones = array_remove(zones, $2)
         where tenant_id = $1 and $2 = any(zones) and state = 'deactivated'",
        tenant,
        id.uuid(),
    )
    .execute(tx.connection())
    .await?;
    sqlx::query!(
        "update api_keys set zones = array_remove(zones, $2)
         where tenant_id = $1 and $2 = any(zones) and revoked_at is not null",
        tenant,
        id.uuid(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// How many customers and subscribers are in a zone.
pub async fn customers_in_zone(tx: &mut TenantTx, id: ZoneId) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let count = sqlx::query_scalar!(
        r#"select (select count(*) from customers where tenant_id = $1 and zone_id = $2)
               + (select count(*) from subscribers where tenant_id = $1 and zone_id = $2) as "count!""#,
        tenant,
        id.uuid(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(uncounter(count))
}

/// How many zones there are.
pub async fn count_zones(tx: &mut TenantTx) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from zones where tenant_id = $1"#, tenant)
        .fetch_one(tx.connection())
        .await?;
    Ok(uncounter(count))
}

fn there(changed: u64, what: &'static str) -> Result<(), StoreError> {
    match changed {
        0 => Err(StoreError::Missing { what }),
        _ => Ok(()),
    }
}

struct BranchRow {
    id: Uuid,
    name: String,
    created_at: Instant,
    revision: i64,
}

impl TryFrom<BranchRow> for Branch {
    type Error = StoreError;
    fn try_from(row: BranchRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: BranchId::from_uuid(row.id),
            name: row.name.parse().map_err(|_| StoreError::corrupt("branches", row.id))?,
            created_at: row.created_at.0,
            revision: uncounter(row.revision),
        })
    }
}

struct ZoneRow {
    id: Uuid,
    name: String,
    branch_id: Option<Uuid>,
    created_at: Instant,
    revision: i64,
}

impl TryFrom<ZoneRow> for Area {
    type Error = StoreError;
    fn try_from(row: ZoneRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: ZoneId::from_uuid(row.id),
            name: row.name.parse().map_err(|_| StoreError::corrupt("zones", row.id))?,
            branch: row.branch_id.map(BranchId::from_uuid),
            created_at: row.created_at.0,
            revision: uncounter(row.revision),
        })
    }
}
