//! The audit of a tenant. Rows are added in the transaction of the deed that they tell of, and never changed.

mod chain;

use std::borrow::Cow;
use std::collections::HashMap;

use domain::id::{AuditId, StaffId};
use domain::platform::audit::{ACTOR_MAX, Actor, Change, Entry, Thing, Verb};
use domain::time::{Span, Timestamp};
use ipnet::IpNet;
use sqlx::types::JsonValue;
use uuid::Uuid;

pub use self::chain::{ChainFault, Hash, Verified, verify};

use self::chain::Link;
use crate::columns::{Instant, host};
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::platform::webhooks;
use crate::tenant_tx::TenantTx;

/// Entries written by one statement.
const CHUNK: usize = 2_000;

/// How far the time in an entry's id may be from the time that it tells, when a clock was set.
const CLOCK_SET_BY: Span = Span::minutes(24 * 60);

/// Which entries are looked for. Left empty, all of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Search {
    /// Those about one thing, by its id.
    pub thing: Option<Uuid>,
    /// Those of somebody, by the name that the audit has.
    pub actor: Option<String>,
    /// Those of one verb.
    pub verb: Option<Verb>,
    /// Not before this instant.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

/// Adds entries at the end of the tenant's chain, and has its webhooks told of them. Until the transaction ends, nobody else of this tenant adds any: call
/// it last.
pub async fn note(tx: &mut TenantTx, entries: &[Entry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant_uuid();
    let (mut seq, mut hash) = chain::lock_head(tx).await?;
    for some in entries.chunks(CHUNK) {
        let rows: Vec<NewRow> = some.iter().map(NewRow::of).collect();
        let mut hashes = Vec::with_capacity(rows.len());
        let first = seq.saturating_add(1);
        for (row, entry) in rows.iter().zip(some) {
            seq = seq.saturating_add(1);
            hash = row.link(tenant, seq, entry).hash(&hash);
            hashes.push(hash.to_vec());
        }
        sqlx::query!(
            "with added as (
                 insert into audit (tenant_id, seq, id, at, actor, staff_id, from_address, impersonator, verb,
                                    thing_kind, thing_id, before, after, hash)
                 select $1, $2 + new.place - 1, new.id, new.at, new.actor, new.staff_id, new.from_address,
                        new.impersonator, new.verb, new.thing_kind, new.thing_id, new.before, new.after, new.hash
                 from unnest($3::uuid[], $4::timestamptz[], $5::text[], $6::uuid[], $7::inet[], $8::text[], $9::text[],
                             $10::text[], $11::uuid[], $12::jsonb[], $13::jsonb[], $14::bytea[])
                     with ordinality
                     as new (id, at, actor, staff_id, from_address, impersonator, verb, thing_kind, thing_id, before,
                             after, hash, place)
             )
             update audit_heads set seq = $15, hash = $16 where tenant_id = $1",
            tenant,
            first,
            &some.iter().map(|entry| entry.id.uuid()).collect::<Vec<_>>(),
            &some.iter().map(|entry| Instant(entry.at)).collect::<Vec<_>>() as _,
            &rows.iter().map(|row| row.actor.as_str()).collect::<Vec<_>>() as _,
            &some.iter().map(|entry| entry.actor.staff.map(StaffId::uuid)).collect::<Vec<_>>() as _,
            &some.iter().map(|entry| entry.actor.from.map(host)).collect::<Vec<_>>() as _,
            &rows.iter().map(|row| row.impersonator.as_deref()).collect::<Vec<_>>() as _,
            &some.iter().map(|entry| entry.verb.code()).collect::<Vec<_>>() as _,
            &some.iter().map(|entry| entry.thing.kind()).collect::<Vec<_>>() as _,
            &some.iter().map(|entry| entry.thing.uuid()).collect::<Vec<_>>(),
            &rows.iter().map(|row| row.before.clone()).collect::<Vec<_>>(),
            &rows.iter().map(|row| row.after.clone()).collect::<Vec<_>>(),
            &hashes,
            seq,
            &hash[..],
        )
        .execute(tx.connection())
        .await?;
    }
    webhooks::tell(tx, entries).await
}

/// What of an entry is put together for its row.
struct NewRow {
    actor: String,
    impersonator: Option<String>,
    before: JsonValue,
    after: JsonValue,
}

impl NewRow {
    fn of(entry: &Entry) -> Self {
        let cut = |name: &str| name.chars().take(ACTOR_MAX).collect();
        Self {
            actor: cut(&entry.actor.name),
            impersonator: entry.actor.impersonator.as_deref().map(cut),
            before: object(&entry.changes, |change| &change.before),
            after: object(&entry.changes, |change| &change.after),
        }
    }

    fn link<'a>(&'a self, tenant: Uuid, seq: i64, entry: &'a Entry) -> Link<'a> {
        Link {
            tenant,
            seq,
            id: entry.id.uuid(),
            at: entry.at,
            actor: &self.actor,
            staff: entry.actor.staff.map(StaffId::uuid),
            from: entry.actor.from,
            impersonator: self.impersonator.as_deref(),
            verb: entry.verb.code(),
            thing_kind: entry.thing.kind(),
            thing: entry.thing.uuid(),
            before: &self.before,
            after: &self.after,
        }
    }
}

/// The tenant's audit, newest first.
pub async fn search(
    tx: &mut TenantTx,
    search: &Search,
    page: Page<AuditId>,
) -> Result<Listed<Entry, AuditId>, StoreError> {
    let tenant = tx.tenant_uuid();
    let before = page.key().map_or(Uuid::max(), |id| id.uuid());
    // With the values known, the planner leaves out what is not asked and takes the index of what is.
    sqlx::query("set local plan_cache_mode = force_custom_plan").execute(tx.connection()).await?;
    let rows = sqlx::query_as!(
        AuditRow,
        r#"select id, at as "at: Instant", actor, staff_id, from_address as "from_address: IpNet", impersonator, verb,
                  thing_kind, thing_id, before, after
           from audit
           where tenant_id = $1
             and id < $2
             and ($3::uuid is null or thing_id = $3)
             and ($4::text is null or actor = $4)
             and ($5::text is null or verb = $5)
             and ($6::timestamptz is null or at >= $6 and id >= first_id_of($7))
             and ($8::timestamptz is null or at < $8 and id < first_id_of($9))
           order by id desc
           limit $10"#,
        tenant,
        before,
        search.thing,
        search.actor.as_deref(),
        search.verb.map(Verb::code),
        Instant::of(search.since) as _,
        Instant::of(search.since.map(|at| at.minus(CLOCK_SET_BY))) as _,
        Instant::of(search.until) as _,
        Instant::of(search.until.map(|at| at.plus(CLOCK_SET_BY))) as _,
        page.limit(),
    )
    .fetch_all(tx.connection())
    .await?;
    let entries = rows.into_iter().map(Entry::try_from).collect::<Result<_, _>>()?;
    Ok(page.cut(entries, |entry: &Entry| entry.id))
}

/// The most entries that one page of [`search_text`] looks at.
const LOOKED_AT_MAX: usize = 10_000;

/// The same, of these the entries in which a text is, whatever its capitals: in who it was, the verb, or what is
/// different. A page may have fewer rows than asked for, even none, although more follow: each looks at a part of many.
pub async fn search_text(
    tx: &mut TenantTx,
    looked_for: &Search,
    text: &str,
    page: Page<AuditId>,
) -> Result<Listed<Entry, AuditId>, StoreError> {
    let text = text.to_lowercase();
    let mut rows = Vec::new();
    let mut looked_at = 0;
    let most = Page::<AuditId>::SIZE_MAX;
    let mut place = page.key().map_or_else(|| Page::first(most), |key| Page::after(*key, most));
    loop {
        let listed = search(tx, looked_for, place).await?;
        looked_at += listed.rows.len();
        for entry in listed.rows {
            if !has_text(&entry, &text) {
                continue;
            }
            if rows.len() == page.size() {
                let next = rows.last().map(|entry: &Entry| entry.id);
                return Ok(Listed { rows, next });
            }
            rows.push(entry);
        }
        match listed.next {
            Some(next) if looked_at < LOOKED_AT_MAX => place = Page::after(next, most),
            next => return Ok(Listed { rows, next }),
        }
    }
}

/// Whether a text in small letters is in an entry.
fn has_text(entry: &Entry, text: &str) -> bool {
    let Entry { actor, verb, changes, .. } = entry;
    let holds = |there: &str| there.to_lowercase().contains(text);
    let side = |side: &Option<String>| side.as_deref().is_some_and(holds);
    holds(&actor.name)
        || actor.impersonator.as_deref().is_some_and(holds)
        || holds(verb.code())
        || holds(&verb.to_string())
        || changes.iter().any(|change| holds(&change.what) || side(&change.before) || side(&change.after))
}

/// How people call these things: a plan's name, a voucher's code, a subscriber's user name, a
/// customer's name. Things that are not the
/// tenant's are left out.
pub async fn names(tx: &mut TenantTx, things: &[Thing]) -> Result<HashMap<Uuid, String>, StoreError> {
    let tenant = tx.tenant_uuid();
    let ids: Vec<Uuid> = things.iter().map(|thing| thing.uuid()).collect();
    let rows = sqlx::query!(
        r#"select id as "id!", name as "name!" from plans where tenant_id = $1 and id = any($2)
           union all
           select id, code from vouchers where tenant_id = $1 and id = any($2)
           union all
           select id, username from subscribers where tenant_id = $1 and id = any($2)
           union all
           select id, name from customers where tenant_id = $1 and id = any($2)
           union all
           select id, name from branches where tenant_id = $1 and id = any($2)
           union all
           select id, name from zones where tenant_id = $1 and id = any($2)
           union all
           select id, slug from tenants where id = $1 and id = any($2)
           union all
           select id, name from staff where tenant_id = $1 and id = any($2)
           union all
           select id, name from roles where tenant_id = $1 and id = any($2)
           union all
           select id, name from api_keys where tenant_id = $1 and id = any($2)
           union all
           select id, name from nas where tenant_id = $1 and id = any($2)
           union all
           select id, url from webhooks where tenant_id = $1 and id = any($2)"#,
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
    staff_id: Option<Uuid>,
    from_address: Option<IpNet>,
    impersonator: Option<String>,
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
            actor: Actor {
                name: Cow::Owned(self.actor),
                staff: self.staff_id.map(StaffId::from_uuid),
                from: self.from_address.map(|net| net.addr()),
                impersonator: self.impersonator.map(Cow::Owned),
            },
            changes,
        })
    }
}
