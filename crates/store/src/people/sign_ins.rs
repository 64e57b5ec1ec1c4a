//! Stays of staff: from signing in to signing out, or to twenty minutes of silence.

use std::net::IpAddr;

use domain::id::{ImpersonationId, SignInId, StaffId, TenantId};
use domain::people::role::Rights;
use domain::people::staff::Zoned;
use domain::platform::life::Life;
use domain::time::{Span, Timestamp};
use ipnet::IpNet;

use crate::columns::{Instant, at, host};
use crate::error::StoreError;
use crate::people::roles::{RightsColumns, zoned};
use crate::platform::accounts::life_of;
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// The most stays of one person that a list shows.
const LIST_MAX: i64 = 100;
/// Old stays that are let go of at once.
const FORGET_MAX: i64 = 100;

/// A stay to begin.
#[derive(Clone, Debug)]
pub struct NewSignIn {
    /// Its id.
    pub id: SignInId,
    /// Whose.
    pub staff: StaffId,
    /// SHA-256 of what the browser keeps.
    pub token_hash: [u8; 32],
    /// When it begins.
    pub begun_at: Timestamp,
    /// Whether a code was given beside the password.
    pub proved_twice: bool,
    /// From where.
    pub address: Option<IpAddr>,
    /// What the browser calls itself, at most [`AGENT_MAX`] characters.
    pub agent: Option<String>,
}

/// Most characters of what a browser calls itself.
pub const AGENT_MAX: usize = 200;

/// The ISP in whose place somebody of the platform acts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Acting {
    /// Which ISP.
    pub tenant: TenantId,
    /// The record of it.
    pub impersonation: ImpersonationId,
    /// Until when.
    pub until: Timestamp,
}

/// Whose stay it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedIn {
    /// The stay.
    pub id: SignInId,
    /// Where they work.
    pub tenant: TenantId,
    /// Who.
    pub staff: StaffId,
    /// Their name.
    pub name: String,
    /// What their role gives.
    pub rights: Rights,
    /// Where.
    pub zones: Zoned,
    /// Whether they work for the platform itself.
    pub is_platform: bool,
    /// Whether their ISP demands a code beside the password.
    pub demands_totp: bool,
    /// Whether they gave one.
    pub proved_twice: bool,
    /// In whose place they act at this moment.
    pub acting: Option<Acting>,
    /// What the state of where they work follows from.
    pub life: Life,
}

/// Notes that a stay is heard of, and tells whose it is; `None` when there is none with that hash, when it has ended or
/// was silent for `idle` or longer, and when its person may not sign in any more.
///
/// Written at most once a second, and not waited for: a power cut loses seconds of a stay.
pub async fn touch(
    tx: &mut SystemTx,
    hash: &[u8; 32],
    now: Timestamp,
    idle: Span,
) -> Result<Option<SignedIn>, StoreError> {
    sqlx::query("set local synchronous_commit = off").execute(tx.connection()).await?;
    let row = sqlx::query!(
        r#"with heard as (
               update sign_ins
               set last_seen_at = $2
               where token_hash = $1 and ended_at is null and last_seen_at > $3 and last_seen_at <= $4
           )
           select s.tenant_id, s.id, s.staff_id, p.name, p.preset, r.permissions as "permissions?",
                  r.services as "services?", p.zones, t.is_platform, t.demands_totp, s.proved_twice, s.acts_in,
                  s.acts_by, s.acts_until as "acts_until: Instant", t.trial_until as "trial_until: Instant",
                  t.paid_until as "paid_until: Instant", coalesce(t.grace_days, ours.grace_days) as "grace_days!",
                  t.locked_at as "locked_at: Instant", t.locked_why
           from sign_ins s
           join staff p on p.tenant_id = s.tenant_id and p.id = s.staff_id and p.state = 'active'
           join tenants t on t.id = s.tenant_id
           cross join platform_settings ours
           left join roles r on r.tenant_id = p.tenant_id and r.id = p.role_id
           where s.token_hash = $1 and s.ended_at is null and s.last_seen_at > $3"#,
        &hash[..],
        Instant(now) as _,
        Instant(now.minus(idle)) as _,
        Instant(now.minus(Span::seconds(1))) as _,
    )
    .fetch_optional(tx.connection())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let rights = RightsColumns { preset: row.preset, permissions: row.permissions, services: row.services };
    let acting = match (row.acts_in, row.acts_by, at(row.acts_until)) {
        (Some(tenant), Some(by), Some(until)) if now < until && row.is_platform => {
            Some(Acting { tenant: TenantId::from_uuid(tenant), impersonation: ImpersonationId::from_uuid(by), until })
        }
        _ => None,
    };
    Ok(Some(SignedIn {
        id: SignInId::from_uuid(row.id),
        tenant: TenantId::from_uuid(row.tenant_id),
        staff: StaffId::from_uuid(row.staff_id),
        name: row.name,
        rights: rights.read().ok_or_else(|| StoreError::corrupt("staff", row.staff_id))?,
        zones: zoned(row.zones),
        is_platform: row.is_platform,
        demands_totp: row.demands_totp,
        proved_twice: row.proved_twice,
        acting,
        life: life_of(row.trial_until, row.paid_until, row.grace_days, row.locked_at, row.locked_why),
    }))
}

/// Begins a stay.
pub async fn begin(tx: &mut TenantTx, new: &NewSignIn) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "insert into sign_ins
             (tenant_id, id, staff_id, token_hash, begun_at, last_seen_at, proved_twice, address, agent)
         values ($1, $2, $3, $4, $5, $5, $6, $7, $8)",
        tenant,
        new.id.uuid(),
        new.staff.uuid(),
        &new.token_hash[..],
        Instant(new.begun_at) as _,
        new.proved_twice,
        new.address.map(host) as Option<IpNet>,
        new.agent.as_ref().map(|agent| agent.chars().take(AGENT_MAX).collect::<String>()),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// A stay as its person sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stay {
    /// Its id.
    pub id: SignInId,
    /// When it began.
    pub begun_at: Timestamp,
    /// When it was heard of last.
    pub last_seen_at: Timestamp,
    /// From where it began.
    pub address: Option<IpAddr>,
    /// What the browser calls itself.
    pub agent: Option<String>,
    /// Whether a code was given beside the password.
    pub proved_twice: bool,
}

/// The stays of a person that last, newest first.
pub async fn live(tx: &mut TenantTx, staff: StaffId, now: Timestamp, idle: Span) -> Result<Vec<Stay>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select id, begun_at as "begun_at: Instant", last_seen_at as "last_seen_at: Instant", address, agent,
                  proved_twice
           from sign_ins
           where tenant_id = $1 and staff_id = $2 and ended_at is null and last_seen_at > $3
           order by id desc
           limit $4"#,
        tenant,
        staff.uuid(),
        Instant(now.minus(idle)) as _,
        LIST_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    let stays = rows.into_iter().map(|row| Stay {
        id: SignInId::from_uuid(row.id),
        begun_at: row.begun_at.0,
        last_seen_at: row.last_seen_at.0,
        address: row.address.map(|address| address.addr()),
        agent: row.agent,
        proved_twice: row.proved_twice,
    });
    Ok(stays.collect())
}

/// Ends one stay of a person. Returns whether it lasted until now.
pub async fn end(tx: &mut TenantTx, staff: StaffId, id: SignInId, now: Timestamp) -> Result<bool, StoreError> {
    let tenant = tx.tenant_uuid();
    let ended = sqlx::query!(
        "update sign_ins
         set ended_at = $4, acts_in = null, acts_by = null, acts_until = null
         where tenant_id = $1 and staff_id = $2 and id = $3 and ended_at is null",
        tenant,
        staff.uuid(),
        id.uuid(),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Ends all stays of a person but one. Returns how many had not ended.
pub async fn end_all(
    tx: &mut TenantTx,
    staff: StaffId,
    but: Option<SignInId>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let ended = sqlx::query!(
        "update sign_ins
         set ended_at = $4, acts_in = null, acts_by = null, acts_until = null
         where tenant_id = $1 and staff_id = $2 and ended_at is null and id is distinct from $3",
        tenant,
        staff.uuid(),
        but.map(|id| id.uuid()),
        Instant(now) as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(ended.rows_affected())
}

/// Notes that a code was given in a stay.
pub async fn note_proved_twice(tx: &mut TenantTx, staff: StaffId, id: SignInId) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update sign_ins set proved_twice = true where tenant_id = $1 and staff_id = $2 and id = $3",
        tenant,
        staff.uuid(),
        id.uuid(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Lets a stay of the platform's act in an ISP's place, or stop doing so.
pub async fn set_acting(
    tx: &mut TenantTx,
    staff: StaffId,
    id: SignInId,
    acting: Option<Acting>,
) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    let set = sqlx::query!(
        "update sign_ins
         set acts_in = $4, acts_by = $5, acts_until = $6
         where tenant_id = $1 and staff_id = $2 and id = $3 and ended_at is null",
        tenant,
        staff.uuid(),
        id.uuid(),
        acting.map(|acting| acting.tenant.uuid()),
        acting.map(|acting| acting.impersonation.uuid()),
        Instant::of(acting.map(|acting| acting.until)) as _,
    )
    .execute(tx.connection())
    .await?;
    match set.rows_affected() {
        0 => Err(StoreError::Missing { what: "sign-in" }),
        _ => Ok(()),
    }
}

/// Lets whichever stay of a person acts by that record do so no more.
pub async fn stop_acting(tx: &mut TenantTx, staff: StaffId, by: ImpersonationId) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "update sign_ins
         set acts_in = null, acts_by = null, acts_until = null
         where tenant_id = $1 and staff_id = $2 and acts_by = $3",
        tenant,
        staff.uuid(),
        by.uuid(),
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// Lets go of some stays of a person that were heard of last before an instant.
pub async fn forget_old(tx: &mut TenantTx, staff: StaffId, before: Timestamp) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    sqlx::query!(
        "delete from sign_ins
         where tenant_id = $1 and id in (
             select id from sign_ins
             where tenant_id = $1 and staff_id = $2 and last_seen_at < $3
             order by id
             limit $4
         )",
        tenant,
        staff.uuid(),
        Instant(before) as _,
        FORGET_MAX,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

/// The ISPs in whose place a person of the platform's acts, over all their stays.
pub async fn acting_in(tx: &mut TenantTx, staff: StaffId, now: Timestamp) -> Result<Vec<Acting>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select acts_in as "acts_in!", acts_by as "acts_by!", acts_until as "acts_until!: Instant"
           from sign_ins
           where tenant_id = $1 and staff_id = $2 and ended_at is null and acts_until > $3
           order by id
           limit $4"#,
        tenant,
        staff.uuid(),
        Instant(now) as _,
        LIST_MAX,
    )
    .fetch_all(tx.connection())
    .await?;
    let acting = rows.into_iter().map(|row| Acting {
        tenant: TenantId::from_uuid(row.acts_in),
        impersonation: ImpersonationId::from_uuid(row.acts_by),
        until: row.acts_until.0,
    });
    Ok(acting.collect())
}
