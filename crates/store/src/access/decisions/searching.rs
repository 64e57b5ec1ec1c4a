//! Finds records: walks over the blocks that may hold them, newest first, until a page is full.

use std::fmt;
use std::str::FromStr;

use domain::access::attempt::Device;
use domain::access::decision::{Decision, TraceCode};
use domain::id::{DecisionId, NasId, NodeId};
use domain::time::{Span, Timestamp};
use records::{Mark, View, block, device_octets};
use sqlx::PgConnection;
use thiserror::Error;
use uuid::Uuid;

use crate::columns::Instant;
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::system_tx::SystemTx;
use crate::tenant_tx::TenantTx;

/// Blocks that are fetched at once, at first and at most: a first page is often in few.
const FETCHED: (usize, usize) = (4, 32);

/// Which records are looked for. Left empty, all of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Search {
    /// Those with a trace code.
    pub trace: Option<TraceCode>,
    /// Those about a User-Name, as it was sent.
    pub user: Option<String>,
    /// Those about a device.
    pub device: Option<Device>,
    /// Those of a router.
    pub nas: Option<NasId>,
    /// Only refusals.
    pub refused_only: bool,
    /// Not before this instant.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

/// The place of a record in a list by time: microseconds since 1970, a dash, its id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DecisionKey {
    at: Timestamp,
    id: DecisionId,
}

impl DecisionKey {
    /// The key of a record.
    pub const fn of(decision: &Decision) -> Self {
        Self { at: decision.at, id: decision.id }
    }
}

impl fmt::Display for DecisionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at.as_micros(), self.id)
    }
}

/// The text is not the key of a record.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not the key of a decision")]
pub struct NotADecisionKey;

impl FromStr for DecisionKey {
    type Err = NotADecisionKey;
    fn from_str(text: &str) -> Result<Self, NotADecisionKey> {
        let (at, id) = text.split_once('-').ok_or(NotADecisionKey)?;
        let at = Timestamp::from_micros(at.parse().map_err(|_| NotADecisionKey)?);
        Ok(Self { at, id: id.parse().map_err(|_| NotADecisionKey)? })
    }
}

/// The tenant's records that were looked for, newest first.
///
/// Quick while one of trace, user, device and router narrows it, or the newest are wanted.
pub async fn search(
    tx: &mut TenantTx,
    search: &Search,
    page: Page<DecisionKey>,
) -> Result<Listed<Decision, DecisionKey>, StoreError> {
    let tenant = Some(tx.tenant_uuid());
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    let wanted = Wanted::new(search, page.key().copied(), limit);
    Ok(page.cut(find(tx.connection(), tenant, &wanted).await?, DecisionKey::of))
}

/// The tenant's latest record of those that are looked for.
pub async fn latest(tx: &mut TenantTx, search: &Search) -> Result<Option<Decision>, StoreError> {
    let tenant = Some(tx.tenant_uuid());
    Ok(find(tx.connection(), tenant, &Wanted::new(search, None, 1)).await?.pop())
}

/// The latest record with a trace code of any tenant: a person reads it to the operator of the machine, who
/// does not know whose customer it is.
pub async fn latest_by_trace_of_all(tx: &mut SystemTx, trace: TraceCode) -> Result<Option<Decision>, StoreError> {
    let search = Search { trace: Some(trace), ..Search::default() };
    Ok(find(tx.connection(), None, &Wanted::new(&search, None, 1)).await?.pop())
}

/// A search as blocks and records are asked about it.
struct Wanted<'a> {
    search: &'a Search,
    device: Option<Vec<u8>>,
    since: Timestamp,
    /// Only records whose key is less.
    before: DecisionKey,
    limit: usize,
    marks: Vec<Mark>,
}

impl<'a> Wanted<'a> {
    fn new(search: &'a Search, after: Option<DecisionKey>, limit: usize) -> Self {
        let end = DecisionKey { at: Timestamp::from_micros(i64::MAX), id: DecisionId::from_uuid(Uuid::max()) };
        // No id is less than the first, so this is what was before `until`.
        let until = search.until.map_or(end, |at| DecisionKey { at, id: DecisionId::from_uuid(Uuid::nil()) });
        let marks = [
            search.trace.map(Mark::trace),
            search.user.as_ref().map(|user| Mark::user(user.as_bytes())),
            search.device.as_ref().map(Mark::device),
            search.nas.map(Mark::nas),
        ];
        Self {
            search,
            device: search.device.as_ref().map(device_octets),
            since: search.since.unwrap_or(Timestamp::from_micros(i64::MIN)),
            before: after.map_or(until, |key| until.min(key)),
            limit,
            marks: marks.into_iter().flatten().collect(),
        }
    }

    /// Whether a record is one of those.
    fn matches(&self, record: &View<'_>) -> bool {
        let search = self.search;
        let key = DecisionKey { at: record.at(), id: record.id() };
        key < self.before
            && key.at >= self.since
            && (record.is_refused() || !search.refused_only)
            && search.nas.is_none_or(|nas| record.nas() == nas)
            && search.trace.is_none_or(|trace| record.has_trace(trace))
            && self.device.as_deref().is_none_or(|device| record.device() == device)
            && search.user.as_ref().is_none_or(|user| record.user_name() == user.as_bytes())
    }
}

/// A record that was found, as it lay in its block.
struct Found {
    key: DecisionKey,
    node: NodeId,
    raw: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct BlockRow {
    tenant_id: Uuid,
    node_id: Uuid,
    last_at: Instant,
    octets: Vec<u8>,
}

/// Walks over one moment's blocks, whatever is saved or joined meanwhile: a cursor sees what there was when it opened.
async fn find(
    connection: &mut PgConnection,
    tenant: Option<Uuid>,
    wanted: &Wanted<'_>,
) -> Result<Vec<Decision>, StoreError> {
    open_cursor(connection, tenant, wanted).await?;
    let mut found: Vec<Found> = Vec::new();
    let mut fetched = FETCHED.0;
    loop {
        // Not checked while compiling: there is no cursor then.
        let fetch = format!("fetch forward {fetched} from found_decisions");
        let rows: Vec<BlockRow> = sqlx::query_as(sqlx::AssertSqlSafe(fetch)).fetch_all(&mut *connection).await?;
        for row in &rows {
            look_into(row, wanted, &mut found)?;
        }
        found.sort_unstable_by_key(|one| std::cmp::Reverse(one.key));
        found.truncate(wanted.limit);
        let Some(last) = rows.last().filter(|_| rows.len() == fetched) else { break };
        // What follows ends where the last one ended, or before.
        if found.len() == wanted.limit && found.last().is_some_and(|least| least.key.at > last.last_at.0) {
            break;
        }
        fetched = (fetched * 2).min(FETCHED.1);
    }
    sqlx::query("close found_decisions").execute(connection).await?;
    let whole = |one: &Found| {
        let corrupt = || StoreError::corrupt("decision_blocks", one.key.id.uuid());
        View::first(&one.raw).and_then(|view| view.decision(one.node)).ok_or_else(corrupt)
    };
    found.iter().map(whole).collect()
}

fn look_into(row: &BlockRow, wanted: &Wanted<'_>, found: &mut Vec<Found>) -> Result<(), StoreError> {
    let corrupt = || StoreError::corrupt("decision_blocks", row.tenant_id);
    let opened = block::open(&row.octets).ok_or_else(corrupt)?;
    let node = NodeId::from_uuid(row.node_id);
    for record in records::all(&opened).filter(|record| wanted.matches(record)) {
        found.push(Found { key: DecisionKey { at: record.at(), id: record.id() }, node, raw: record.raw().to_vec() });
    }
    Ok(())
}

async fn open_cursor(
    connection: &mut PgConnection,
    tenant: Option<Uuid>,
    wanted: &Wanted<'_>,
) -> Result<(), StoreError> {
    let places: Vec<i64> = wanted.marks.iter().map(|mark| i64::from(mark.place())).collect();
    let bits: Vec<i32> = wanted.marks.iter().flat_map(|mark| mark.bits()).map(i32::from).collect();
    // A block is of one day, so one that begins before an instant ends within a day of it: other days are left out.
    let ends_before = wanted.before.at.plus(Span::minutes(24 * 60));
    if let Some(tenant) = tenant {
        sqlx::query!(
            "declare found_decisions no scroll cursor for
             select tenant_id, node_id, last_at, octets
             from decision_blocks
             where tenant_id = $1
               and last_at >= $2
               and first_at <= $3
               and last_at <= $4
               and (refused > 0 or not $5)
               and (cardinality($6::bigint[]) = 0 or decision_filter_holds(filter, $6, $7))
             order by last_at desc, node_id desc, number desc",
            tenant,
            Instant(wanted.since) as _,
            Instant(wanted.before.at) as _,
            Instant(ends_before) as _,
            wanted.search.refused_only,
            &places,
            &bits,
        )
        .execute(connection)
        .await?;
    } else {
        sqlx::query!(
            "declare found_decisions no scroll cursor for
             select tenant_id, node_id, last_at, octets
             from decision_blocks
             where decision_filter_holds(filter, $1, $2)
             order by last_at desc",
            &places,
            &bits,
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}
