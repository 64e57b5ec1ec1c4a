//! Who works for an ISP, or for the platform, and what proves who they are.

mod proofs;
mod row;

use domain::email::Email;
use domain::id::{StaffId, TenantId};
use domain::people::role::{Preset, RoleName};
use domain::people::staff::{Staff, StaffState, UserName};
use uuid::Uuid;

pub use self::proofs::{
    Proofs, Totp, clear_totp, confirm_totp, note_signed_in, note_totp_step, proofs, set_password, set_totp,
};
use self::row::StaffRow;
use crate::columns::{Instant, uncounter};
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::people::roles::zone_column;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// The ISP, and the person in it, whose address that is.
pub async fn by_email(tx: &mut SystemTx, email: &Email) -> Result<Option<(TenantId, StaffId)>, StoreError> {
    let row = sqlx::query!("select tenant_id, id from staff where email = $1", email.as_str())
        .fetch_optional(tx.connection())
        .await?;
    Ok(row.map(|row| (TenantId::from_uuid(row.tenant_id), StaffId::from_uuid(row.id))))
}

/// Adds somebody. An address or name that is taken is a `Conflict`.
pub async fn add(tx: &mut TenantTx, staff: &Staff) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let (preset, role) = role_columns(staff.role);
    sqlx::query!(
        "insert into staff
             (tenant_id, id, email, user_name, name, phone, id_number, preset, role_id, zones, state, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant,
        staff.id.uuid(),
        staff.email.as_str(),
        staff.user_name.as_str(),
        staff.name.as_str(),
        staff.phone.as_ref().map(|phone| phone.expose()),
        staff.id_number.as_ref().map(|number| number.expose()),
        preset,
        role,
        zone_column(&staff.zones) as _,
        staff.state.code(),
        Instant(staff.created_at) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The person with an id.
pub async fn find(tx: &mut TenantTx, id: StaffId) -> Result<Option<Staff>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query_as!(
        StaffRow,
        r#"select id, email, user_name, name, phone, id_number, preset, role_id, zones, state,
                  totp_confirmed_at is not null as "has_totp!", created_at as "created_at: Instant",
                  signed_in_at as "signed_in_at: Instant", revision
           from staff
           where tenant_id = $1 and id = $2"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.connection())
    .await?
    .map(Staff::try_from)
    .transpose()
}

/// The same, locked until the transaction ends.
pub async fn lock(tx: &mut TenantTx, id: StaffId) -> Result<Option<Staff>, StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!("select 1 as one from staff where tenant_id = $1 and id = $2 for update", tenant, id.uuid())
        .fetch_optional(tx.connection())
        .await?;
    find(tx, id).await
}

/// The person with that name to sign in with.
pub async fn by_user_name(tx: &mut TenantTx, name: &UserName) -> Result<Option<StaffId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let id = sqlx::query_scalar!("select id from staff where tenant_id = $1 and user_name = $2", tenant, name.as_str())
        .fetch_optional(tx.connection())
        .await?;
    Ok(id.map(StaffId::from_uuid))
}

/// Which staff are meant: those of whom all that is said is true.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct StaffFilter {
    /// In this state.
    pub state: Option<StaffState>,
    /// With this role.
    pub role: Option<RoleName>,
    /// In whose name, user name or address this text is, whatever its capitals.
    pub text: Option<String>,
}

/// The ISP's staff in the order in which they were added.
pub async fn list(
    tx: &mut TenantTx,
    filter: &StaffFilter,
    page: Page<StaffId>,
) -> Result<Listed<Staff, StaffId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let (preset, role) = filter.role.map_or((None, None), role_columns);
    let rows = sqlx::query_as!(
        StaffRow,
        r#"select id, email, user_name, name, phone, id_number, preset, role_id, zones, state,
                  totp_confirmed_at is not null as "has_totp!", created_at as "created_at: Instant",
                  signed_in_at as "signed_in_at: Instant", revision
           from staff
           where tenant_id = $1
             and id > $2
             and ($3::text is null or state = $3)
             and ($4::text is null or preset = $4)
             and ($5::uuid is null or role_id = $5)
             and (
                 $6::text is null
                 or strpos(lower(name), $6) > 0 or strpos(user_name, $6) > 0 or strpos(email, $6) > 0
             )
           order by id
           limit $7"#,
        tenant,
        page.key().map_or(Uuid::nil(), |id| id.uuid()),
        filter.state.map(StaffState::code),
        preset,
        role,
        filter.text.as_ref().map(|text| text.to_lowercase()),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let staff = rows.into_iter().map(Staff::try_from).collect::<Result<_, _>>()?;
    Ok(page.cut(staff, |staff: &Staff| staff.id))
}

/// How many people with a preset are active or invited.
pub async fn count_with(tx: &mut TenantTx, preset: Preset) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from staff where tenant_id = $1 and preset = $2 and state <> 'deactivated'"#,
        tenant,
        preset.code(),
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(uncounter(count))
}

/// Locks the people with a preset who may sign in, in the order of their ids: so that two deeds cannot each leave the
/// other's last one.
pub async fn lock_active_with(tx: &mut TenantTx, preset: Preset) -> Result<Vec<StaffId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids = sqlx::query_scalar!(
        "select id from staff where tenant_id = $1 and preset = $2 and state = 'active' order by id for update",
        tenant,
        preset.code(),
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(ids.into_iter().map(StaffId::from_uuid).collect())
}

/// Changes what is told of somebody, all but their state.
pub async fn change(tx: &mut TenantTx, staff: &Staff) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let (preset, role) = role_columns(staff.role);
    let changed = sqlx::query!(
        "update staff
         set email = $3, user_name = $4, name = $5, phone = $6, id_number = $7, preset = $8, role_id = $9, zones = $10,
             revision = revision + 1
         where tenant_id = $1 and id = $2",
        tenant,
        staff.id.uuid(),
        staff.email.as_str(),
        staff.user_name.as_str(),
        staff.name.as_str(),
        staff.phone.as_ref().map(|phone| phone.expose()),
        staff.id_number.as_ref().map(|number| number.expose()),
        preset,
        role,
        zone_column(&staff.zones) as _,
    )
    .execute(tx.connection())
    .await?;
    one(changed.rows_affected())
}

/// Sets where somebody stands with us.
pub async fn set_state(tx: &mut TenantTx, id: StaffId, state: StaffState) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let changed = sqlx::query!(
        "update staff set state = $3, revision = revision + 1 where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
        state.code(),
    )
    .execute(tx.connection())
    .await?;
    one(changed.rows_affected())
}

fn one(changed: u64) -> Result<(), StoreError> {
    match changed {
        0 => Err(StoreError::Missing { what: "staff member" }),
        _ => Ok(()),
    }
}

/// A role as its two columns.
fn role_columns(role: RoleName) -> (Option<&'static str>, Option<Uuid>) {
    match role {
        RoleName::Preset(preset) => (Some(preset.code()), None),
        RoleName::Own(id) => (None, Some(id.uuid())),
    }
}
