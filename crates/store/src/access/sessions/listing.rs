//! Lists of sessions: those that live, and those that are kept.

use domain::id::SessionId;
use uuid::Uuid;

use super::{StoredSession, by_ids};
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

/// Which sessions to list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Only those that their router has reported and not ended.
    pub online_only: bool,
    /// Those of one User-Name.
    pub user_name: Option<String>,
}

/// The tenant's sessions, newest first, those included that ended long ago and are kept.
pub async fn list(
    tx: &mut TenantTx,
    filter: &Filter,
    page: Page<SessionId>,
) -> Result<Listed<StoredSession, SessionId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let before = page.key().map_or(Uuid::max(), |id| id.uuid());
    // One statement per filter: with `$2 is null or …` the index of the filter would not be used.
    let ids: Vec<Uuid> = match (filter.online_only, filter.user_name.as_deref()) {
        (true, None) => {
            sqlx::query_scalar!(
                "select id from sessions
                 where tenant_id = $1 and id < $2 and ended_at is null and state = 'open'
                 order by id desc limit $3",
                tenant,
                before,
                page.limit(),
            )
            .fetch_all(tx.connection())
            .await?
        }
        (false, None) => {
            sqlx::query_scalar!(
                r#"select id as "id!"
                   from (
                       (select id from sessions where tenant_id = $1 and id < $2 order by id desc limit $3)
                       union
                       (select id from session_history where tenant_id = $1 and id < $2 order by id desc limit $3)
                   ) kept
                   order by id desc
                   limit $3"#,
                tenant,
                before,
                page.limit(),
            )
            .fetch_all(tx.connection())
            .await?
        }
        (true, Some(user_name)) => {
            sqlx::query_scalar!(
                "select id from sessions
                 where tenant_id = $1 and user_name = $2 and id < $3 and state = 'open'
                 order by id desc limit $4",
                tenant,
                user_name,
                before,
                page.limit(),
            )
            .fetch_all(tx.connection())
            .await?
        }
        (false, Some(user_name)) => {
            sqlx::query_scalar!(
                r#"select id as "id!"
                   from (
                       (
                           select id from sessions
                           where tenant_id = $1 and user_name = $2 and id < $3
                           order by id desc limit $4
                       )
                       union
                       (
                           select id from session_history
                           where tenant_id = $1 and user_name = $2 and id < $3
                           order by id desc limit $4
                       )
                   ) kept
                   order by id desc
                   limit $4"#,
                tenant,
                user_name,
                before,
                page.limit(),
            )
            .fetch_all(tx.connection())
            .await?
        }
    };
    let ids: Vec<SessionId> = ids.into_iter().map(SessionId::from_uuid).collect();
    let sessions = by_ids(tx, &ids).await?;
    Ok(page.cut(sessions, |session: &StoredSession| session.id))
}
