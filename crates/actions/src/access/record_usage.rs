//! Takes accounting records into the sessions: a batch of one tenant, in one transaction.
//!
//! The effect of a record is the same however often it comes (`policy::access::metering`), so a batch that is repeated
//! after a crash changes nothing twice.

use std::collections::HashMap;

use domain::access::facts::Holder;
use domain::access::session::Session;
use domain::access::usage::{NasRestart, UsageRecord};
use domain::id::{JournalId, SessionId};
use policy::access::metering::{Metered, Place};
use policy::access::{leases, metering};
use store::access::hours::{self, Spent};
use store::access::positions::{self, Mark};
use store::access::sessions::{ReportKey, StoredSession};
use store::access::slots::Renewal;
use store::access::{holders, sessions, slots, usage};
use store::{Store, StoreError, TenantScope, TenantTx};

use crate::context::Context;

/// What became of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Recorded {
    /// Sessions that the records were about.
    pub sessions: usize,
    /// Sessions that were not accepted here, or came back without our `Class`.
    pub unannounced: usize,
    /// Sessions that are online beyond their device cap: their place was given away while nothing was heard of them.
    pub placeless: usize,
}

/// Takes the records of one tenant, in the order in which they came.
///
/// Returns only when everything is durable. An error means that nothing was taken.
pub async fn record_usage(
    store: &Store,
    scope: &TenantScope,
    records: &[&UsageRecord],
    interim_seconds: u32,
    context: Context<'_>,
) -> Result<Recorded, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let recorded = take(&mut tx, records, interim_seconds, context).await?;
    tx.commit().await?;
    Ok(recorded)
}

/// A journal from which records are taken, and how far it goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// Which journal.
    pub journal: JournalId,
    /// The place that its next record will have. A note of a later one is from before the journal was set back.
    pub next: u64,
}

impl Reading {
    /// Up to where its records of this tenant are in the database.
    async fn written(self, tx: &mut TenantTx) -> Result<u64, StoreError> {
        let written = positions::find(tx, self.journal).await?.map_or(0, |mark| mark.position);
        Ok(if written > self.next { 0 } else { written })
    }

    /// Notes that all of them up to this one are in the database.
    async fn note(self, tx: &mut TenantTx, sequence: u64) -> Result<(), StoreError> {
        let position = sequence.saturating_add(1);
        positions::note(tx, Mark { journal: self.journal, position, batch: self.journal.uuid() }).await
    }
}

/// Takes records of one tenant with their places in the journal, in their order. Those that the database has already are
/// left out.
pub async fn record_from_journal(
    store: &Store,
    scope: &TenantScope,
    reading: Reading,
    records: &[(u64, &UsageRecord)],
    interim_seconds: u32,
    context: Context<'_>,
) -> Result<Recorded, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let written = reading.written(&mut tx).await?;
    let new: Vec<&UsageRecord> =
        records.iter().filter(|(sequence, _)| *sequence >= written).map(|(_, record)| *record).collect();
    let (Some((last, _)), false) = (records.last(), new.is_empty()) else { return Ok(Recorded::default()) };
    let recorded = take(&mut tx, &new, interim_seconds, context).await?;
    reading.note(&mut tx, *last).await?;
    tx.commit().await?;
    Ok(recorded)
}

async fn take(
    tx: &mut TenantTx,
    records: &[&UsageRecord],
    interim_seconds: u32,
    context: Context<'_>,
) -> Result<Recorded, StoreError> {
    let mut known = find(tx, records, context).await?;
    let mut recorded = Recorded { unannounced: known.unannounced, ..Recorded::default() };
    let mut spent: HashMap<Holder, (u64, u64)> = HashMap::new();
    let mut by_hour = Vec::new();
    for (record, place) in records.iter().zip(&known.of_record) {
        let stored = &mut known.sessions[*place];
        let metered = hear(stored, record, interim_seconds);
        if let Some(holder) = stored.holder {
            let sums = spent.entry(holder).or_default();
            sums.0 = sums.0.saturating_add(metered.more_in);
            sums.1 = sums.1.saturating_add(metered.more_out);
            by_hour.extend(spent_at(stored, holder, &metered));
        }
    }
    recorded.sessions = known.sessions.len();
    recorded.placeless = move_places(tx, &known.sessions, context).await?;
    sessions::save_many(tx, &known.sessions).await?;
    let mut spent: Vec<_> = spent.into_iter().map(|(holder, (up, down))| (holder, up, down)).collect();
    spent.sort_unstable_by_key(|(holder, ..)| *holder);
    usage::add_many(tx, &spent).await?;
    hours::add_many(tx, &by_hour).await?;
    Ok(recorded)
}

/// What a record has added, at the moment at which the session was heard of; `None` when that is nothing.
fn spent_at(stored: &StoredSession, holder: Holder, metered: &Metered) -> Option<Spent> {
    let Metered { more_in: in_octets, more_out: out_octets, .. } = *metered;
    let at = stored.session.last_heard_at;
    (in_octets > 0 || out_octets > 0).then_some(Spent { holder, nas: stored.nas, at, in_octets, out_octets })
}

/// Takes a record into its session: what was counted, where it is now, and how long it is believed.
///
/// `interim_seconds` is the interval of sessions whose router was told none.
pub fn hear(stored: &mut StoredSession, record: &UsageRecord, interim_seconds: u32) -> Metered {
    let was_over = stored.session.ended_at.is_some();
    let metered = metering::apply(&mut stored.session, record);
    if !was_over || stored.session.ended_at.is_none() {
        stored.hear(record);
    }
    stored.lease_until = match metered.place {
        // A record that waited on its router is older than what came before it.
        Place::Renew => {
            let interval = stored.interim_seconds.unwrap_or(interim_seconds);
            stored.lease_until.max(leases::renewed(record.at, interval))
        }
        Place::Release => record.at,
    };
    metered
}

/// Ends all open sessions of a router that says it restarts, once for each place in the journal. Returns how many.
pub async fn record_restart(
    store: &Store,
    scope: &TenantScope,
    reading: Reading,
    sequence: u64,
    restart: &NasRestart,
) -> Result<u64, StoreError> {
    let mut tx = store.tenant(scope).await?;
    if sequence < reading.written(&mut tx).await? {
        return Ok(0);
    }
    let closed = sessions::close_all_of_nas(&mut tx, restart.nas, restart.at).await?;
    reading.note(&mut tx, sequence).await?;
    tx.commit().await?;
    Ok(closed)
}

/// The sessions of a batch, each once, and which of them each record is about.
struct Known {
    sessions: Vec<StoredSession>,
    of_record: Vec<usize>,
    unannounced: usize,
}

async fn find(tx: &mut TenantTx, records: &[&UsageRecord], context: Context<'_>) -> Result<Known, StoreError> {
    let ours: Vec<SessionId> = records.iter().filter_map(|record| record.session).collect();
    let mut stored = sessions::by_ids_for_update(tx, &ours).await?;
    let mut by_id: HashMap<SessionId, usize> = stored.iter().enumerate().map(|(place, s)| (s.id, place)).collect();
    let unmatched: Vec<ReportKey> = records
        .iter()
        .filter(|record| by_class(record, &by_id, &stored).is_none())
        .map(|record| report_key(record))
        .collect();
    let mut by_report: HashMap<ReportKey, usize> = HashMap::new();
    if !unmatched.is_empty() {
        for (key, found) in sessions::by_reports_for_update(tx, &unmatched).await? {
            let place = *by_id.entry(found.id).or_insert_with(|| {
                stored.push(found);
                stored.len() - 1
            });
            by_report.insert(key, place);
        }
    }
    let mut unannounced = 0;
    let mut of_record = Vec::with_capacity(records.len());
    let claimed: Vec<Holder> =
        if unmatched.is_empty() { Vec::new() } else { records.iter().filter_map(|record| record.holder).collect() };
    let ours = holders::that_are_ours(tx, &claimed).await?;
    let names: Vec<&str> = unmatched.iter().map(|key| key.user_name.as_str()).collect();
    let named = if names.is_empty() { HashMap::new() } else { holders::by_names(tx, &names).await? };
    for record in records {
        let key = report_key(record);
        let place = match by_class(record, &by_id, &stored).or_else(|| by_report.get(&key).copied()) {
            Some(place) => place,
            None => {
                unannounced += 1;
                let id = record.session.filter(|id| !by_id.contains_key(id)).unwrap_or_else(|| context.new_id());
                let place = stored.len();
                let claimed = record.holder.filter(|holder| ours.contains(holder));
                stored.push(begun(id, record, claimed.or_else(|| named.get(&record.user_name).copied())));
                by_id.insert(id, place);
                by_report.insert(key, place);
                place
            }
        };
        of_record.push(place);
    }
    Ok(Known { sessions: stored, of_record, unannounced })
}

/// What a record says of its session beside `Class`.
pub fn report_key(record: &UsageRecord) -> ReportKey {
    ReportKey::of(record, metering::began_at(record), metering::repeats_since(record))
}

/// The session that a record's `Class` names, if its own router was given it: counters of two routers never mix.
fn by_class(record: &UsageRecord, by_id: &HashMap<SessionId, usize>, stored: &[StoredSession]) -> Option<usize> {
    let place = *by_id.get(&record.session?)?;
    stored.get(place).filter(|session| session.nas == record.nas).map(|_| place)
}

/// A session of which the router speaks first: accepted by another server, or before we knew it.
pub fn begun(id: SessionId, record: &UsageRecord, holder: Option<Holder>) -> StoredSession {
    StoredSession {
        id,
        nas: record.nas,
        holder,
        user_name: record.user_name.clone(),
        device: record.device.clone(),
        service: record.service,
        acct_session_id: Some(record.acct_session_id.clone()),
        framed_ip: record.framed_ip,
        told: None,
        from: record.from,
        interim_seconds: None,
        lease_until: record.at,
        session: Session::begun(record.at),
    }
}

/// Renews the places of sessions that live and frees those of sessions that have ended. Returns how many live ones
/// found no place.
async fn move_places(tx: &mut TenantTx, sessions: &[StoredSession], context: Context<'_>) -> Result<usize, StoreError> {
    let (mut renewals, mut ended) = (Vec::new(), Vec::new());
    for stored in sessions {
        match (stored.session.ended_at, stored.holder) {
            (Some(_), _) => ended.push(stored.id),
            (None, Some(holder)) => renewals.push(Renewal {
                holder,
                device: stored.device.clone(),
                session: stored.id,
                lease_until: stored.lease_until,
            }),
            (None, None) => {}
        }
    }
    slots::release_many(tx, &ended).await?;
    Ok(slots::renew_many(tx, &renewals, context.now()).await?.len())
}
