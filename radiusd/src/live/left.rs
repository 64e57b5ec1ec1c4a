//! What this node granted before it was killed and nobody else has heard of, read back from the log of decisions.
//!
//! A login that is decided from memory is written down nowhere else until its router reports it. The log has it before
//! the answer leaves, so a killed node knows again whom it let in: no place is given twice. Never decides.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::sync::Arc;

use domain::access::attempt::Device;
use domain::access::decision::Decision;
use domain::access::facts::Holder;
use domain::access::told::Told;
use domain::id::{NasId, SessionId, TenantId};
use domain::sales::voucher::FirstUse;
use domain::time::Timestamp;
use policy::access::leases;
use store::access::sessions;
use store::{StoreError, TenantScope};
use tracing::{info, warn};
use uuid::Uuid;

use crate::decisions::Recorder;
use crate::directory::pager;
use crate::live::hear::stored_of;
use crate::live::holder::{Full, Granted, GrantedSession};
use crate::live::reload::Handing;
use crate::live::table::Table;
use crate::live::{Live, lock};
use crate::node::Node;

/// Grants of one tenant that are remembered, unless more devices than half as many had some.
const GRANTS_MAX: usize = 200_000;

/// Sessions that are asked after in one statement.
const SOME: usize = 5_000;

/// What an earlier run of this node has left behind.
#[derive(Debug, Default)]
pub(crate) struct Left(BTreeMap<TenantId, LeftOf>);

/// What it has left behind of one tenant.
#[derive(Debug, Default)]
struct LeftOf {
    /// Grants whose places are still kept.
    granted: HashMap<SessionId, (Holder, Granted)>,
    /// How many devices they were of when that was last counted.
    devices: usize,
    first_uses: HashMap<Holder, FirstUse>,
}

impl Left {
    /// Reads it from the log. Reads files, so it is to be called where that is allowed.
    pub(crate) fn read(recorder: &Recorder, now: Timestamp, reserve_seconds: u32) -> io::Result<Self> {
        let mut left = Self::default();
        recorder.accepts(&mut |decision| left.note(&decision, now, reserve_seconds))?;
        Ok(left)
    }

    fn note(&mut self, decision: &Decision, now: Timestamp, reserve_seconds: u32) {
        let Some(holder) = decision.holder else { return };
        if let Some(first_use) = decision.first_use {
            self.0.entry(decision.tenant).or_default().first_uses.entry(holder).or_insert(first_use);
        }
        let lease_until = leases::reserved(decision.at, reserve_seconds);
        if now < lease_until
            && let Some(granted) = granted_in(decision, holder, lease_until)
        {
            self.0.entry(decision.tenant).or_default().put(holder, granted);
        }
    }

    /// The session with this id, as it was granted on that router.
    pub(super) fn find(&self, tenant: TenantId, id: SessionId, nas: NasId) -> Option<&(Holder, Granted)> {
        self.0.get(&tenant)?.granted.get(&id).filter(|(_, granted)| granted.session.nas == nas)
    }
}

impl LeftOf {
    fn put(&mut self, holder: Holder, granted: Granted) {
        self.granted.insert(granted.session.id, (holder, granted));
        if self.granted.len() > GRANTS_MAX.max(2 * self.devices) {
            self.keep_newest();
        }
    }

    /// Forgets all but the newest grant of each device: a device that logs in all the time takes no memory for it.
    fn keep_newest(&mut self) {
        let mut newest: HashMap<(Holder, Device), (Timestamp, SessionId)> = HashMap::new();
        for (id, (holder, granted)) in &self.granted {
            let of_device = newest.entry((*holder, granted.session.device.clone())).or_insert((granted.at, *id));
            *of_device = (*of_device).max((granted.at, *id));
        }
        self.devices = newest.len();
        let kept: HashSet<SessionId> = newest.into_values().map(|(_, id)| id).collect();
        self.granted.retain(|id, _| kept.contains(id));
    }

    /// The newest grant of each device, unless it was heard of since, under whatever id.
    fn unheard_of(&self, tenant: TenantId, table: &Table, now: Timestamp) -> Vec<(Holder, &Granted)> {
        let mut newest: HashMap<(Holder, &Device), Option<&Granted>> = HashMap::new();
        for (holder, granted) in self.granted.values() {
            let of_device = newest.entry((*holder, &granted.session.device)).or_insert(Some(granted));
            if of_device.is_none_or(|other| other.at < granted.at) {
                *of_device = Some(granted);
            }
        }
        for known in table.all().filter(|known| known.tenant == tenant) {
            if let Some(holder) = known.stored.holder
                && let Some(of_device) = newest.get_mut(&(holder, &known.stored.device))
                && of_device.is_some_and(|granted| granted.at <= known.stored.session.started_at)
            {
                *of_device = None;
            }
        }
        let still = newest.into_iter().filter_map(|((holder, _), granted)| Some((holder, granted?)));
        still.filter(|(_, granted)| now < granted.lease_until).collect()
    }
}

/// The session that a decision granted.
fn granted_in(decision: &Decision, holder: Holder, lease_until: Timestamp) -> Option<Granted> {
    let grant = decision.granted.as_ref()?;
    let seen = decision.inputs.candidates.iter().find(|seen| seen.right.holder() == holder)?;
    let session = GrantedSession {
        id: grant.session,
        nas: decision.nas,
        user_name: decision.who().into(),
        device: decision.device.clone(),
        service: decision.service,
        framed_ip: decision.framed_ip,
        // Which of its speeds and which end is not in the record: convergence tells the router again.
        told: Told { framed_ip: grant.framed_ip, ..Told::plainly(seen.plan, seen.revision) },
        interim_seconds: grant.interim_seconds,
    };
    Some(Granted { session, at: decision.at, lease_until })
}

impl Live {
    /// Takes what an earlier run has left behind.
    pub(crate) fn set_left(&self, left: Left) {
        *lock(&self.left) = (!left.0.is_empty()).then(|| Arc::new(left));
    }

    pub(super) fn left(&self) -> Option<Arc<Left>> {
        lock(&self.left).clone()
    }

    /// Grants again what was granted before this process began, once. To be called while nothing is granted, when all
    /// that the journal has was heard.
    pub(super) async fn regrant(&self, node: &Arc<Node>) -> Result<(), StoreError> {
        let Some(left) = self.left() else { return Ok(()) };
        let mut again = Again::default();
        for (tenant, of) in &left.0 {
            let granted = self.unknown(node, *tenant, of).await?;
            self.load(node, *tenant, of, &granted).await?;
            use_first_again(node, *tenant, of);
            self.grant_again(node, *tenant, granted, &mut again);
        }
        *lock(&self.left) = None;
        again.tell();
        Ok(())
    }

    /// The same while the database is away, for those who are in memory; it is told of all of them when it is back. To be
    /// called before anything is granted.
    pub(crate) async fn regrant_from_memory(&self, node: &Arc<Node>) {
        loop {
            match self.follow_ahead(node).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(why) => return warn!("logins from before this start may have places twice: {why}"),
            }
        }
        let Some(left) = self.left() else { return };
        let mut again = Again::default();
        for (tenant, of) in &left.0 {
            use_first_again(node, *tenant, of);
            let granted = of.unheard_of(*tenant, &self.table(), node.clock.now());
            self.grant_again(node, *tenant, granted, &mut again);
        }
        again.tell();
    }

    fn grant_again(&self, node: &Node, tenant: TenantId, granted: Vec<(Holder, &Granted)>, again: &mut Again) {
        let now = node.clock.now();
        for (holder, granted) in granted {
            self.holders(node).with(
                tenant,
                holder,
                &mut |live, cap| match live.grant_again(granted.clone(), cap, now) {
                    Ok(()) => again.granted += 1,
                    Err(Full) => again.placeless += 1,
                },
            );
        }
    }

    /// Tells the database of what was granted before this process began, once: it is the truth now. To be called when
    /// all that the journal has is written.
    pub(crate) async fn tell_left(&self, node: &Arc<Node>) -> Result<(), StoreError> {
        let Some(left) = self.left() else { return Ok(()) };
        for (tenant, of) in &left.0 {
            let granted = self.unknown(node, *tenant, of).await?;
            self.load(node, *tenant, of, &granted).await?;
            use_first_again(node, *tenant, of);
            let online: Vec<_> = granted.into_iter().map(|(holder, one)| stored_of(one.clone(), holder)).collect();
            self.hand_over(node, *tenant, &online, &[], Handing::News).await?;
        }
        node.first_uses.save(node).await?;
        *lock(&self.left) = None;
        Ok(())
    }

    /// The grants of which neither a router nor the database has spoken.
    async fn unknown<'l>(
        &self,
        node: &Node,
        tenant: TenantId,
        of: &'l LeftOf,
    ) -> Result<Vec<(Holder, &'l Granted)>, StoreError> {
        let mut granted = of.unheard_of(tenant, &self.table(), node.clock.now());
        let ids: Vec<SessionId> = granted.iter().map(|(_, granted)| granted.session.id).collect();
        for some in ids.chunks(SOME) {
            let mut tx = node.store.tenant(&TenantScope::of_journal(tenant)).await?;
            let known = sessions::known(&mut tx, some).await?;
            tx.commit().await?;
            granted.retain(|(_, granted)| !known.contains(&granted.session.id));
        }
        Ok(granted)
    }

    /// Loads those who are not in memory.
    async fn load(
        &self,
        node: &Node,
        tenant: TenantId,
        of: &LeftOf,
        granted: &[(Holder, &Granted)],
    ) -> Result<(), StoreError> {
        let holders = granted.iter().map(|(holder, _)| *holder).chain(of.first_uses.keys().copied());
        let is_absent = |holder: &Holder| !self.holders(node).with(tenant, *holder, &mut |_live, _cap| {});
        let absent: Vec<Uuid> = holders.filter(is_absent).map(|holder| holder.uuid()).collect();
        if absent.is_empty() { Ok(()) } else { pager::load_holders(node, tenant, &absent).await }
    }
}

/// What became of the grants.
#[derive(Default)]
struct Again {
    granted: u64,
    placeless: u64,
}

impl Again {
    fn tell(&self) {
        let Self { granted, placeless } = self;
        if *granted > 0 {
            info!(sessions = granted, "{granted} logins from before this start have their places again");
        }
        if *placeless > 0 {
            warn!(sessions = placeless, "{placeless} logins from before this start find no place any more");
        }
    }
}

/// First uses that may not be in the database.
fn use_first_again(node: &Node, tenant: TenantId, of: &LeftOf) {
    for (holder, first_use) in &of.first_uses {
        let Some(right) = node.book.right(holder.uuid()).filter(|right| right.tenant == tenant) else { continue };
        let live = right.live();
        let (_, is_first) = right.use_first(*first_use);
        drop(live);
        if is_first {
            node.first_uses.note(tenant, *holder, *first_use);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::access::attempt::AskedService;
    use domain::id::{PlanId, SubscriberId};

    use super::*;

    const HOUSE: Holder = Holder::Subscriber(SubscriberId::from_bytes([3; 16]));

    fn granted(number: u32, device: u32) -> Granted {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        let session = GrantedSession {
            id: SessionId::from_bytes(id),
            nas: NasId::from_bytes([2; 16]),
            user_name: "house-12".into(),
            device: Device::from_key(&format!("02:00:00:00:{:02X}:{:02X}", device / 256, device % 256)),
            service: AskedService::Ppp,
            framed_ip: None,
            told: Told::plainly(PlanId::from_bytes([9; 16]), 1),
            interim_seconds: 300,
        };
        let at = Timestamp::from_seconds(i64::from(number));
        Granted { session, at, lease_until: at.plus(domain::time::Span::seconds(60)) }
    }

    #[test]
    fn a_device_that_logs_in_all_the_time_takes_no_memory_for_it() {
        let mut of = LeftOf::default();
        for number in 0..450_000 {
            of.put(HOUSE, granted(number, number % 3));
        }
        assert!(of.granted.len() <= GRANTS_MAX, "{}", of.granted.len());

        let mut newest: Vec<i64> = of
            .unheard_of(TenantId::from_bytes([1; 16]), &Table::default(), Timestamp::from_seconds(0))
            .into_iter()
            .map(|(_, granted)| granted.at.as_micros() / 1_000_000)
            .collect();
        newest.sort_unstable();
        assert_eq!(newest, [449_997, 449_998, 449_999]);
    }
}
