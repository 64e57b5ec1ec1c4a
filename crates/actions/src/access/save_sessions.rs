//! Writes what memory knows of sessions: of one tenant, in one transaction.
//!
//! For a node that is alone on its database: nobody else changes these sessions meanwhile, so nothing is locked and
//! nothing is added up here. What came twice has been counted once before.

use std::collections::{HashMap, HashSet};

use domain::access::facts::Holder;
use domain::access::slot::Place;
use domain::access::usage::NasRestart;
use domain::id::{NasId, SessionId};
use store::access::hours::{self, Spent};
use store::access::positions::{self, Mark};
use store::access::sessions::{ReportKey, StoredSession};
use store::access::slots::Renewal;
use store::access::{holders, sessions, slots, usage};
use store::{Store, StoreError, TenantScope};

use crate::context::Context;

/// Sessions in one statement at most.
const STATEMENT_MAX: usize = 2_000;

/// What is to be written of one tenant.
#[derive(Clone, Debug, Default)]
pub struct Unsaved {
    /// Sessions as they stand.
    pub sessions: Vec<StoredSession>,
    /// All places of holders of which one has changed.
    pub places: Vec<(Holder, Vec<Place>)>,
    /// Octets from and to holders that are not in their totals.
    pub spent: Vec<(Holder, u64, u64)>,
    /// The same octets by the moments at which they were heard of, and by routers.
    pub hours: Vec<Spent>,
    /// Routers that restarted, with the places of these records in the journal.
    pub restarts: Vec<(u64, NasRestart)>,
}

/// Writes it all, or nothing, with how far the journal is in the database then.
///
/// Returns only when everything is durable.
pub async fn save(store: &Store, scope: &TenantScope, unsaved: &Unsaved, mark: Mark) -> Result<(), StoreError> {
    let mut tx = store.tenant(scope).await?;
    if !unsaved.restarts.is_empty() {
        let written = positions::find(&mut tx, mark.journal).await?.map_or(0, |mark| mark.position);
        for (_, restart) in unsaved.restarts.iter().filter(|(sequence, _)| *sequence >= written) {
            // Sessions that memory does not know; those that it knows are written as they stand, below.
            sessions::close_all_of_nas(&mut tx, restart.nas, restart.at).await?;
        }
    }
    for some in unsaved.sessions.chunks(STATEMENT_MAX) {
        sessions::save_many(&mut tx, some).await?;
    }
    for some in unsaved.places.chunks(STATEMENT_MAX) {
        slots::replace(&mut tx, some).await?;
    }
    for some in unsaved.spent.chunks(STATEMENT_MAX) {
        usage::add_many(&mut tx, some).await?;
    }
    for some in unsaved.hours.chunks(STATEMENT_MAX) {
        hours::add_many(&mut tx, some).await?;
    }
    positions::note(&mut tx, mark).await?;
    tx.commit().await
}

/// Tells the database of sessions that were granted and not reported yet. Those that it knows stay as they are there.
pub async fn tell_granted(store: &Store, scope: &TenantScope, granted: &[StoredSession]) -> Result<(), StoreError> {
    let mut tx = store.tenant(scope).await?;
    sessions::insert_unreported(&mut tx, granted).await?;
    tx.commit().await
}

/// Tells the database of sessions that were granted or lived on while it could not be asked: they are believed as long as
/// memory believes them, and have places as far as there are any. Those that have ended stay as they are.
pub async fn tell_online(
    store: &Store,
    scope: &TenantScope,
    granted: &[StoredSession],
    context: Context<'_>,
) -> Result<(), StoreError> {
    let mut tx = store.tenant(scope).await?;
    let ids: Vec<SessionId> = granted.iter().map(|session| session.id).collect();
    let ended: HashSet<SessionId> = sessions::by_ids_for_update(&mut tx, &ids)
        .await?
        .into_iter()
        .filter(|session| session.session.ended_at.is_some())
        .map(|session| session.id)
        .collect();
    let renewals: Vec<Renewal> = granted
        .iter()
        .filter(|session| !ended.contains(&session.id))
        .filter_map(|session| {
            session.holder.map(|holder| Renewal {
                holder,
                device: session.device.clone(),
                session: session.id,
                lease_until: session.lease_until,
            })
        })
        .collect();
    // Sessions are locked before holders, as everywhere.
    slots::renew_many(&mut tx, &renewals, context.now()).await?;
    sessions::insert_unreported(&mut tx, granted).await?;
    let leases: Vec<_> = granted.iter().map(|session| (session.id, session.lease_until)).collect();
    sessions::extend_leases(&mut tx, &leases).await?;
    tx.commit().await
}

/// Writes all places of these holders.
pub async fn replace_places(
    store: &Store,
    scope: &TenantScope,
    places: &[(Holder, Vec<Place>)],
) -> Result<(), StoreError> {
    let mut tx = store.tenant(scope).await?;
    slots::replace(&mut tx, places).await?;
    tx.commit().await
}

/// Whether the transaction that was to note this is committed, of which nobody heard the end.
pub async fn is_committed(store: &Store, scope: &TenantScope, mark: Mark) -> Result<bool, StoreError> {
    let mut tx = store.tenant(scope).await?;
    Ok(positions::find(&mut tx, mark.journal).await? == Some(mark))
}

/// Whether the database would take these sessions. Writes nothing.
pub async fn would_be_taken(
    store: &Store,
    scope: &TenantScope,
    sessions: &[StoredSession],
) -> Result<bool, StoreError> {
    let mut tx = store.tenant(scope).await?;
    match sessions::save_many(&mut tx, sessions).await {
        Ok(()) => Ok(true),
        Err(why) if why.is_unavailable() => Err(why),
        Err(_refused) => Ok(false),
    }
}

/// A session of which a router spoke first, as far as its reports tell.
#[derive(Clone, Debug)]
pub struct Stranger {
    /// The id that it was given, or that its `Class` names.
    pub id: SessionId,
    /// The router.
    pub nas: NasId,
    /// What its reports say beside `Class`; `None` when they give it no number.
    pub key: Option<ReportKey>,
    /// User-Name, escaped.
    pub user_name: String,
    /// Whose it is, as its `Class` claims.
    pub claimed: Option<Holder>,
}

/// What the database knows of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recognized {
    /// The session that it is; `None` when it is a new one.
    pub session: Option<StoredSession>,
    /// Whose a new one is.
    pub holder: Option<Holder>,
}

/// Looks up which sessions these are. Answers in their order.
pub async fn recognize(
    store: &Store,
    scope: &TenantScope,
    strangers: &[Stranger],
) -> Result<Vec<Recognized>, StoreError> {
    let mut tx = store.tenant(scope).await?;
    let ids: Vec<SessionId> = strangers.iter().map(|stranger| stranger.id).collect();
    let by_id: HashMap<SessionId, StoredSession> =
        sessions::by_ids_for_update(&mut tx, &ids).await?.into_iter().map(|session| (session.id, session)).collect();
    // Counters of two routers never mix.
    let named = |stranger: &Stranger| by_id.get(&stranger.id).filter(|session| session.nas == stranger.nas).cloned();
    let unnamed: Vec<&Stranger> = strangers.iter().filter(|stranger| named(stranger).is_none()).collect();
    let keys: Vec<ReportKey> = unnamed.iter().filter_map(|stranger| stranger.key.clone()).collect();
    let by_key: HashMap<ReportKey, StoredSession> =
        sessions::by_reports_for_update(&mut tx, &keys).await?.into_iter().collect();
    let claimed: Vec<Holder> = unnamed.iter().filter_map(|stranger| stranger.claimed).collect();
    let ours: HashSet<Holder> = holders::that_are_ours(&mut tx, &claimed).await?;
    let names: Vec<&str> = unnamed.iter().map(|stranger| stranger.user_name.as_str()).collect();
    let by_name = if names.is_empty() { HashMap::new() } else { holders::by_names(&mut tx, &names).await? };
    tx.commit().await?;
    Ok(strangers
        .iter()
        .map(|stranger| {
            let by_key = || stranger.key.as_ref().and_then(|key| by_key.get(key)).cloned();
            let claimed = stranger.claimed.filter(|holder| ours.contains(holder));
            Recognized {
                session: named(stranger).or_else(by_key),
                holder: claimed.or_else(|| by_name.get(&stranger.user_name).copied()),
            }
        })
        .collect())
}
