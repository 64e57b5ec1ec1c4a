//! Roles that ISPs have made.

use domain::id::{RoleId, ZoneId};
use domain::people::permission::Permissions;
use domain::people::role::{Preset, Rights, Role, RoleName, Services};
use domain::people::staff::Zoned;
use uuid::Uuid;

use crate::columns::{Instant, uncounter};
use crate::error::StoreError;
use crate::tenant_tx::TenantTx;

/// The most roles that one ISP may make.
pub const ROLES_MAX: u32 = 100;

/// Adds a role. A name that is taken is a `Conflict`.
pub async fn add(tx: &mut TenantTx, role: &Role) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into roles (tenant_id, id, name, permissions, services, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        tenant,
        role.id.uuid(),
        role.name,
        &texts(role.permissions),
        role.services.code(),
        Instant(role.created_at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The ISP's roles by name, all of them.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Role>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        RoleRow,
        r#"select id, name, permissions, services, created_at as "created_at: Instant", revision
           from roles
           where tenant_id = $1
           order by lower(name)
           limit $2"#,
        tenant,
        i64::from(ROLES_MAX),
    )
    .fetch_all(tx.connection())
    .await?
    .into_iter()
    .map(Role::try_from)
    .collect()
}

/// The role with an id, locked until the transaction ends.
pub async fn lock(tx: &mut TenantTx, id: RoleId) -> Result<Option<Role>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        RoleRow,
        r#"select id, name, permissions, services, created_at as "created_at: Instant", revision
           from roles
           where tenant_id = $1 and id = $2
           for update"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Role::try_from)
    .transpose()
}

/// Changes a role's name and what it gives. In force with the next request of whoever has it.
pub async fn change(tx: &mut TenantTx, role: &Role) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update roles
         set name = $3, permissions = $4, services = $5, revision = revision + 1
         where tenant_id = $1 and id = $2",
        tenant,
        role.id.uuid(),
        role.name,
        &texts(role.permissions),
        role.services.code(),
    )
    .execute(tx.connection())
    .await?;
    match changed.rows_affected() {
        0 => Err(StoreError::Missing { what: "role" }),
        _ => Ok(()),
    }
}

/// Removes a role. One that somebody has is a `Conflict`.
pub async fn remove(tx: &mut TenantTx, id: RoleId) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let removed = sqlx::query!("delete from roles where tenant_id = $1 and id = $2", tenant, id.uuid())
        .execute(tx.connection())
        .await?;
    match removed.rows_affected() {
        0 => Err(StoreError::Missing { what: "role" }),
        _ => Ok(()),
    }
}

/// What a role gives; `None` when it is not the ISP's.
pub async fn rights_of(tx: &mut TenantTx, role: RoleName) -> Result<Option<Rights>, StoreError> {
    match role {
        RoleName::Preset(preset) => Ok(Some(Rights::Preset(preset))),
        RoleName::Own(id) => {
            let role = lock(tx, id).await?;
            Ok(role.map(|role| Rights::Own { permissions: role.permissions, services: role.services }))
        }
    }
}

/// A set of permissions as a column of texts.
pub(crate) fn texts(permissions: Permissions) -> Vec<String> {
    permissions.iter().map(|one| one.to_string()).collect()
}

/// A column of texts as a set. Those that this program does not know, of a newer one, give nothing.
pub(crate) fn permissions(texts: &[String]) -> Permissions {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

/// A column of zones as the words have it.
pub(crate) fn zoned(zones: Option<Vec<Uuid>>) -> Zoned {
    zones.map_or(Zoned::All, |zones| Zoned::Some(zones.into_iter().map(ZoneId::from_uuid).collect()))
}

/// Zones as a column.
pub(crate) fn zone_column(zones: &Zoned) -> Option<Vec<Uuid>> {
    zones.filter().map(|zones| zones.iter().map(|zone| zone.uuid()).collect())
}

/// The columns that say what a role gives: a preset, or those of the row that is joined.
pub(crate) struct RightsColumns {
    pub(crate) preset: Option<String>,
    pub(crate) permissions: Option<Vec<String>>,
    pub(crate) services: Option<String>,
}

impl RightsColumns {
    /// What it gives; `None` when the columns are none.
    pub(crate) fn read(&self) -> Option<Rights> {
        match (&self.preset, &self.permissions, &self.services) {
            (Some(preset), _, _) => Preset::from_code(preset).map(Rights::Preset),
            (None, Some(texts), Some(services)) => {
                Some(Rights::Own { permissions: permissions(texts), services: Services::from_code(services)? })
            }
            (None, _, _) => None,
        }
    }
}

struct RoleRow {
    id: Uuid,
    name: String,
    permissions: Vec<String>,
    services: String,
    created_at: Instant,
    revision: i64,
}

impl TryFrom<RoleRow> for Role {
    type Error = StoreError;
    fn try_from(row: RoleRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: RoleId::from_uuid(row.id),
            permissions: permissions(&row.permissions),
            services: Services::from_code(&row.services).ok_or_else(|| StoreError::corrupt("roles", row.id))?,
            name: row.name,
            created_at: row.created_at.0,
            revision: uncounter(row.revision),
        })
    }
}
