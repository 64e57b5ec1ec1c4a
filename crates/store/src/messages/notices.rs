//! Notices: what is to be said to people, each thing once. Whoever sends messages reads them.

use domain::access::facts::Holder;
use domain::id::{NoticeId, PlanId};
use domain::time::{Span, Timestamp};
use uuid::Uuid;

use crate::access::holder_of;
use crate::columns::Instant;
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

/// The kind of a notice that somebody's time is nearly over.
pub const TIME_NEARLY_OVER: &str = "time_nearly_over";

/// Something to be said to whoever has a voucher or is a subscriber.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// What it is about.
    pub kind: String,
    /// Whom it is for.
    pub holder: Holder,
    /// The moment that it is about: the end of the time.
    pub about: Timestamp,
    /// When it came up.
    pub at: Timestamp,
}

/// Notes, once for each end, whose time ends within the span of their plan; at most `limit`. Returns how many are new.
/// `new_id` gives ids.
pub async fn note_ending(
    tx: &mut TenantTx,
    plans: &[(PlanId, Span)],
    now: Timestamp,
    limit: u32,
    new_id: impl Fn() -> NoticeId,
) -> Result<u64, StoreError> {
    let tenant = tx.tenant_uuid();
    let ending = sqlx::query!(
        r#"select e.kind as "kind!", e.id as "id!", e.expires_at as "expires_at!: Instant"
           from unnest($2::uuid[], $4::timestamptz[]) as p (id, until)
           cross join lateral (
               select 'voucher' as kind, id, expires_at
               from vouchers
               where tenant_id = $1
                 and plan_id = p.id
                 and revoked_at is null
                 and expires_at > $3
                 and expires_at <= p.until
               union all
               select 'subscriber', id, expires_at
               from subscribers
               where tenant_id = $1
                 and plan_id = p.id
                 and suspended_at is null
                 and expires_at > $3
                 and expires_at <= p.until
           ) e
           where not exists (
               select from notices n
               where n.tenant_id = $1 and n.kind = $5 and n.holder_id = e.id and n.about = e.expires_at
           )
           limit $6"#,
        tenant,
        &plans.iter().map(|(plan, _)| plan.uuid()).collect::<Vec<_>>(),
        Instant(now) as _,
        &plans.iter().map(|(_, within)| Instant(now.plus(*within))).collect::<Vec<_>>() as _,
        TIME_NEARLY_OVER,
        i64::from(limit),
    )
    .fetch_all(tx.connection())
    .await?;
    let noted = sqlx::query!(
        "insert into notices (tenant_id, id, kind, holder_kind, holder_id, about, at)
         select $1, n.id, $2, n.holder_kind, n.holder_id, n.about, $3
         from unnest($4::uuid[], $5::text[], $6::uuid[], $7::timestamptz[])
             as n (id, holder_kind, holder_id, about)
         on conflict do nothing",
        tenant,
        TIME_NEARLY_OVER,
        Instant(now) as _,
        &ending.iter().map(|_| new_id().uuid()).collect::<Vec<_>>(),
        &ending.iter().map(|row| row.kind.as_str()).collect::<Vec<_>>() as _,
        &ending.iter().map(|row| row.id).collect::<Vec<_>>(),
        &ending.iter().map(|row| row.expires_at).collect::<Vec<_>>() as _,
    )
    .execute(tx.connection())
    .await?;
    Ok(noted.rows_affected())
}

/// When somebody's time comes to the span of their plan next; `None` when nobody's does.
pub async fn next_ending(
    tx: &mut TenantTx,
    plans: &[(PlanId, Span)],
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select p.id as "plan!",
                  least(
                      (
                          select min(v.expires_at)
                          from vouchers v
                          where v.tenant_id = $1
                            and v.plan_id = p.id
                            and v.revoked_at is null
                            and v.expires_at > p.until
                      ),
                      (
                          select min(b.expires_at)
                          from subscribers b
                          where b.tenant_id = $1
                            and b.plan_id = p.id
                            and b.suspended_at is null
                            and b.expires_at > p.until
                      )
                  ) as "ends_at: Instant"
           from unnest($2::uuid[], $3::timestamptz[]) as p (id, until)"#,
        tenant,
        &plans.iter().map(|(plan, _)| plan.uuid()).collect::<Vec<_>>(),
        &plans.iter().map(|(_, within)| Instant(now.plus(*within))).collect::<Vec<_>>() as _,
    )
    .fetch_all(tx.connection())
    .await?;
    let within = |plan: Uuid| plans.iter().find(|(id, _)| id.uuid() == plan).map(|(_, within)| *within);
    Ok(rows.into_iter().filter_map(|row| Some(row.ends_at?.0.minus(within(row.plan)?))).min())
}

/// The tenant's notices, newest first.
pub async fn list(tx: &mut TenantTx, page: Page<NoticeId>) -> Result<Listed<Notice, NoticeId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let rows = sqlx::query!(
        r#"select id, kind, holder_kind, holder_id, about as "about: Instant", at as "at: Instant"
           from notices
           where tenant_id = $1 and id < $2
           order by id desc
           limit $3"#,
        tenant,
        page.key().map_or(Uuid::max(), |id| id.uuid()),
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let notices = rows.into_iter().map(|row| {
        let holder = holder_of("notices", row.id, Some(&row.holder_kind), Some(row.holder_id))?;
        Ok(Notice {
            id: NoticeId::from_uuid(row.id),
            kind: row.kind,
            holder: holder.ok_or(StoreError::corrupt("notices", row.id))?,
            about: row.about.0,
            at: row.at.0,
        })
    });
    Ok(page.cut(notices.collect::<Result<_, StoreError>>()?, |notice: &Notice| notice.id))
}
