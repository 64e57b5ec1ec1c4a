//! The audit of a tenant. Rows are added in the transaction of the deed that they tell of, and never changed.

use std::collections::HashMap;

use domain::id::AuditId;
use domain::platform::audit::{ACTOR_MAX, Change, Entry, Thing, Verb};
use sqlx::types::JsonValue;
use uuid::Uuid;

use crate::columns::Instant;
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

/// Entries written by one statement.
const CHUNK: usize = 2_000;

/// Adds entries.
pub async fn note(tx: &mut TenantTx, entries: &[Entry]) -> Result<(), StoreError> {
    let tenant = tx.tenant_uuid();
    for some in entries.chunks(CHUNK) {
        let actors: Vec<String> = some.iter().map(|entry| entry.actor.chars().take(ACTOR_MAX).collect()).collect();
        sqlx::query!(
            "insert into audit (tenant_id, id, at, actor, verb, thing_kind, thing_id, before, after)
             select $1, new.*
             from unnest($2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::jsonb[],
                         $9::jsonb[])
                 as new (id, at, actor, verb, thing_kind, thing_id, before, after)",
            tenant,
            &some.iter().map(|entry| entry.id.uuid()).collect::<Vec<_>>(),
            &some.iter().map(|entry| Instant(entry.at)).collect::<Vec<_>>() as _,
            &actors,
            &some.iter().map(|entry| entry.verb.code()).collect::<Vec<_>>() as _,
            &some.iter().map(|entry| entry.thing.kind()).collect::<Vec<_>>() as _,
            &some.iter().map(|entry| entry.thing.uuid()).collect::<Vec<_>>(),
            &some.iter().map(|entry| object(&entry.changes, |change| &change.before)).collect::<Vec<_>>(),
            &some.iter().map(|entry| object(&entry.changes, |change| &change.after)).collect::<Vec<_>>(),
        )
        .execute(tx.connection())
        .await?;
    }
    Ok(())
}

/// The tenant's audit, newest first: of everything, or of one thing.
pub async fn list(
    tx: &mut TenantTx,
    thing: Option<Thing>,
    page: Page<AuditId>,
) -> Result<Listed<Entry, AuditId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let before = page.key().map_or(Uuid::max(), |id| id.uuid());
    // One statement per filter: with `$2 is null or …` the index of the filter would not be used.
    let ids: Vec<Uuid> = match thing {
        None => {
            sqlx::query_scalar!(
                "select id from audit where tenant_id = $1 and id < $2 order by id desc limit $3",
                tenant,
                before,
                page.limit(),
            )
            .fetch_all(tx.connection())
            .await?
        }
        Some(thing) => {
            sqlx::query_scalar!(
                "select id from audit
                 where tenant_id = $1 and thing_id = $2 and id < $3
                 order by id desc limit $4",
                tenant,
                thing.uuid(),
                before,
                page.limit(),
            )
            .fetch_all(tx.connection())
            .await?
        }
    };
    let rows = sqlx::query_as!(
        AuditRow,
        r#"select id, at as "at: Instant", actor, verb, thing_kind, thing_id, before, after
           from audit
           where tenant_id = $1 and id = any($2)
           order by id desc"#,
        tenant,
        &ids,
    )
    .fetch_all(tx.connection())
    .await?;
    let entries = rows.into_iter().map(Entry::try_from).collect::<Result<_, _>>()?;
    Ok(page.cut(entries, |entry: &Entry| entry.id))
}

/// How people call these things: a plan's name, a voucher's code, a subscriber's user name. Things that are not the
/// tenant's are left out.
pub async fn names(tx: &mut TenantTx, things: &[Thing]) -> Result<HashMap<Uuid, String>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = things.iter().map(|thing| thing.uuid()).collect();
    let rows = sqlx::query!(
        r#"select id as "id!", name as "name!" from plans where tenant_id = $1 and id = any($2)
           union all
           select id, code from vouchers where tenant_id = $1 and id = any($2)
           union all
           select id, username from subscribers where tenant_id = $1 and id = any($2)"#,
        tenant,
        &ids,
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// One side of all changes, by name.
fn object(changes: &[Change], side: impl Fn(&Change) -> &Option<String>) -> JsonValue {
    let mut object = JsonValue::Object(Default::default());
    for change in changes {
        object[&change.what] = side(change).as_deref().map_or(JsonValue::Null, JsonValue::from);
    }
    object
}

struct AuditRow {
    id: Uuid,
    at: Instant,
    actor: String,
    verb: String,
    thing_kind: String,
    thing_id: Uuid,
    before: JsonValue,
    after: JsonValue,
}

impl TryFrom<AuditRow> for Entry {
    type Error = StoreError;
    fn try_from(row: AuditRow) -> Result<Self, StoreError> {
        let id = row.id;
        row.entry().ok_or_else(|| StoreError::corrupt("audit", id))
    }
}

impl AuditRow {
    fn entry(self) -> Option<Entry> {
        let text = |side: &JsonValue, what: &str| side.get(what).and_then(JsonValue::as_str).map(ToOwned::to_owned);
        let names = self.before.as_object()?.keys();
        let changes = names
            .map(|what| Change { what: what.clone(), before: text(&self.before, what), after: text(&self.after, what) })
            .collect();
        Some(Entry {
            id: AuditId::from_uuid(self.id),
            at: self.at.0,
            verb: Verb::from_code(&self.verb)?,
            thing: Thing::from_row(&self.thing_kind, self.thing_id)?,
            actor: self.actor,
            changes,
        })
    }
}
