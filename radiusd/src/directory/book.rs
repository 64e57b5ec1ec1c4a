//! All that admission needs, in memory: what each name means, what was bought, and who is online on it.
//!
//! Found without a lock and without a copy. A name that has no meaning is never kept, so a name that is not here is
//! looked up in the database (`pager`), and what has changed there is put in its place (`feed`). Never decides.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actions::access::admit;
use arc_swap::ArcSwap;
use domain::access::attempt::Device;
use domain::access::device::Mark;
use domain::access::facts::{FoundBy, Holder, Right};
use domain::id::{PlanId, TenantId};
use domain::mac::Mac;
use domain::phone::{CallingCode, Msisdn};
use domain::platform::house::HouseRules;
use domain::sales::plan::Plan;
use domain::sales::voucher::{FirstUse, VoucherState};
use domain::secret::SecretBytes;
use domain::time::{Timestamp, Zone};
use foldhash::fast::RandomState;
use papaya::{Equivalent, HashMap};
use smallvec::SmallVec;
use store::access::known::Name;
use uuid::Uuid;

use crate::live::holder::HolderLive;

/// Spellings of one phone number that are kept.
const SPELLINGS_MAX: usize = 8;

/// An ISP.
#[derive(Debug)]
pub struct TenantCell {
    /// Its id.
    pub id: TenantId,
    /// Where its calendar runs, and how its people write phone numbers.
    pub habits: ArcSwap<Habits>,
    /// Grows with every change of the tenant that the feed has told: whoever loads rows meanwhile loads them again.
    changes: AtomicU64,
}

/// Where a tenant's calendar runs, how its people write phone numbers, and how it wants them dealt with.
#[derive(Debug)]
pub struct Habits {
    /// The zone.
    pub zone: Zone,
    /// The calling code.
    pub country: CallingCode,
    /// How it wants its people dealt with.
    pub house: HouseRules,
}

/// A plan, at the revision that is in force. Everybody who bought it points here, so a new revision is one store.
#[derive(Debug)]
pub struct PlanCell(ArcSwap<Plan>);

impl PlanCell {
    /// The plan at this moment.
    pub fn load(&self) -> arc_swap::Guard<Arc<Plan>> {
        self.0.load()
    }
}

/// What was bought, and by whom.
#[derive(Debug)]
pub struct RightFacts {
    /// The voucher or subscriber.
    pub right: Right,
    /// What was bought.
    pub plan: Arc<PlanCell>,
    /// Under which names people know it.
    pub name: Name,
    /// Devices that are blocked or were let go of; hardly anybody has any.
    pub marks: Option<Arc<Marks>>,
}

/// Devices of a right that are blocked or were let go of.
#[derive(Debug)]
pub struct Marks(Vec<Mark>);

impl RightFacts {
    /// Devices that are blocked or were let go of.
    pub fn marks(&self) -> &[Mark] {
        self.marks.as_ref().map_or(&[], |marks| &marks.0)
    }

    /// Whether a device may not use it.
    pub fn is_blocked(&self, device: &Device) -> bool {
        self.marks().iter().any(|mark| mark.is_blocked && mark.device == *device)
    }

    /// The name that finds it exactly: the code or the user name.
    pub fn exact_name(&self) -> &[u8] {
        exact_name(&self.right, &self.name)
    }

    /// The phone number that bought a voucher.
    pub const fn bought_by(&self) -> Option<&Msisdn> {
        bought_by(&self.name)
    }
}

/// The name that finds a right exactly: the code or the user name.
pub fn exact_name<'a>(right: &'a Right, name: &'a Name) -> &'a [u8] {
    match (right, name) {
        (_, Name::Username(name)) => name.as_str().as_bytes(),
        (Right::Voucher { code, .. }, Name::Code { .. }) => code.expose(),
        (Right::Subscriber { .. }, Name::Code { .. }) => &[],
    }
}

/// The phone number that bought a voucher.
pub const fn bought_by(name: &Name) -> Option<&Msisdn> {
    match name {
        Name::Code { bought_by } => bought_by.as_ref(),
        Name::Username(_) => None,
    }
}

/// A voucher or subscriber, with who is online on it.
#[derive(Debug)]
pub struct RightEntry {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub holder: Holder,
    /// What is known of it.
    pub facts: ArcSwap<RightFacts>,
    live: Mutex<HolderLive>,
    /// The minute, since 1970, at which it was last asked for.
    used_at: AtomicU32,
    /// Whether it has left the book; changes behind the lock alone.
    gone: AtomicBool,
}

impl RightEntry {
    /// Its live state. The lock is this holder's alone, so only those wait who ask for the same holder.
    pub fn live(&self) -> MutexGuard<'_, HolderLive> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a name means.
#[derive(Debug)]
pub struct NameEntry {
    /// Whose name it is.
    pub tenant: Arc<TenantCell>,
    /// The name as records hold it: escaped and bounded.
    pub shown: Arc<str>,
    /// Its meanings, the best first; never empty.
    pub meanings: SmallVec<[(Arc<RightEntry>, FoundBy); 1]>,
    /// The phone number that the name is.
    pub phone: Option<Msisdn>,
}

/// Octets of a name that stand in its key itself, where a look-up finds them without another look.
const NAME_INSIDE: usize = 24;

/// A tenant's name, as it came.
#[derive(PartialEq, Eq, Debug)]
struct NameKey {
    tenant: TenantId,
    name: SmallVec<[u8; NAME_INSIDE]>,
}

/// A tenant's name that is looked for.
struct Named<'a> {
    tenant: TenantId,
    name: &'a [u8],
}

impl Hash for NameKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Named { tenant: self.tenant, name: &self.name }.hash(state);
    }
}

impl Hash for Named<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.tenant.hash(state);
        state.write(self.name);
    }
}

impl Equivalent<NameKey> for Named<'_> {
    fn equivalent(&self, key: &NameKey) -> bool {
        self.tenant == key.tenant && *self.name == *key.name
    }
}

/// A right as it is put into the book.
#[derive(Debug)]
pub struct NewRight {
    /// The voucher or subscriber.
    pub right: Right,
    /// What was bought.
    pub plan: Arc<PlanCell>,
    /// Under which names people know it.
    pub name: Name,
    /// Devices that are blocked or were let go of.
    pub marks: Vec<Mark>,
    /// Its places and usage, for a right that is not in the book yet. One that is keeps its own: memory knows better.
    pub live: HolderLive,
}

/// The spellings of a phone number that are kept as names.
type Spellings = Arc<[Box<[u8]>]>;

/// The book.
#[derive(Debug, Default)]
pub struct Book {
    tenants: HashMap<TenantId, Arc<TenantCell>, RandomState>,
    plans: HashMap<PlanId, Arc<PlanCell>, RandomState>,
    rights: HashMap<Uuid, Arc<RightEntry>, RandomState>,
    names: HashMap<NameKey, NameEntry, RandomState>,
    phones: HashMap<(TenantId, Msisdn), Spellings, RandomState>,
}

impl Book {
    /// Looks a name up and hands its meanings to `answer`, or `None` when it is not here. Nothing is copied.
    pub fn with<T>(&self, tenant: TenantId, name: &[u8], answer: impl FnOnce(&NameEntry) -> T) -> Option<T> {
        let names = self.names.pin();
        names.get(&Named { tenant, name }).map(answer)
    }

    /// A tenant that is known.
    pub fn tenant(&self, id: TenantId) -> Option<Arc<TenantCell>> {
        self.tenants.pin().get(&id).cloned()
    }

    /// A plan that is known.
    pub fn plan(&self, id: PlanId) -> Option<Arc<PlanCell>> {
        self.plans.pin().get(&id).cloned()
    }

    /// A voucher or subscriber that is known.
    pub fn right(&self, holder: Uuid) -> Option<Arc<RightEntry>> {
        self.rights.pin().get(&holder).cloned()
    }

    /// All vouchers and subscribers that are known, at this moment.
    pub fn rights(&self) -> Vec<Arc<RightEntry>> {
        self.rights.pin().values().cloned().collect()
    }

    /// All tenants that are known.
    pub fn tenants(&self) -> Vec<Arc<TenantCell>> {
        self.tenants.pin().values().cloned().collect()
    }

    /// All plans that are known.
    pub fn plans(&self) -> Vec<Arc<PlanCell>> {
        self.plans.pin().values().cloned().collect()
    }

    /// Shows all names that are known, each with its tenant, until one cannot be dealt with.
    pub fn each_name<E>(&self, mut see: impl FnMut(TenantId, &[u8], &NameEntry) -> Result<(), E>) -> Result<(), E> {
        self.names.pin().iter().try_for_each(|(key, entry)| see(key.tenant, &key.name, entry))
    }

    /// How many names are known.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// How many vouchers and subscribers are known.
    pub fn rights_count(&self) -> usize {
        self.rights.len()
    }

    /// Whether no name is known.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Puts a tenant in, or its new habits.
    pub fn put_tenant(&self, id: TenantId, habits: Habits) -> Arc<TenantCell> {
        let habits = Arc::new(habits);
        let tenants = self.tenants.pin();
        let cell = tenants.get_or_insert_with(id, || {
            let habits = ArcSwap::new(Arc::clone(&habits));
            Arc::new(TenantCell { id, habits, changes: AtomicU64::new(0) })
        });
        cell.habits.store(habits);
        Arc::clone(cell)
    }

    /// Puts a plan in, or its new revision.
    pub fn put_plan(&self, plan: Plan) -> Arc<PlanCell> {
        let (id, plan) = (plan.id, Arc::new(plan));
        let plans = self.plans.pin();
        let cell = plans.get_or_insert_with(id, || Arc::new(PlanCell(ArcSwap::new(Arc::clone(&plan)))));
        cell.0.store(plan);
        Arc::clone(cell)
    }

    /// Puts a right in, or what is new of it: its live state stays as it is.
    pub fn put_right(&self, tenant: TenantId, new: NewRight) -> Arc<RightEntry> {
        let NewRight { right, plan, name, marks, live } = new;
        let holder = right.holder();
        let marks = (!marks.is_empty()).then(|| Arc::new(Marks(marks)));
        let mut facts = RightFacts { right, plan, name, marks };
        let rights = self.rights.pin();
        if let Some(known) = rights.get(&holder.uuid()) {
            // Behind its lock, for a login may be using it for the first time.
            let mut live = known.live();
            for mark in facts.marks() {
                live.let_go(mark);
            }
            keep_first_use(&known.facts.load().right, &mut facts.right);
            known.facts.store(Arc::new(facts));
            return Arc::clone(known);
        }
        let entry = RightEntry {
            tenant,
            holder,
            facts: ArcSwap::from_pointee(facts),
            live: Mutex::new(live),
            used_at: AtomicU32::new(0),
            gone: AtomicBool::new(false),
        };
        Arc::clone(rights.get_or_insert(holder.uuid(), Arc::new(entry)))
    }

    /// Puts a name in, with its meanings, the best first. Without any it is taken out.
    pub fn put_name(
        &self,
        tenant: &Arc<TenantCell>,
        name: &[u8],
        meanings: SmallVec<[(Arc<RightEntry>, FoundBy); 1]>,
        phone: Option<Msisdn>,
    ) {
        if meanings.is_empty() {
            return self.drop_name(tenant.id, name);
        }
        if let Some(phone) = &phone {
            self.note_spelling(tenant.id, phone, name);
        }
        let shown = admit::shown(name).into();
        let entry = NameEntry { tenant: Arc::clone(tenant), shown, meanings, phone };
        self.names.pin().insert(NameKey { tenant: tenant.id, name: name.into() }, entry);
    }

    /// Takes a name out: whoever asks for it next is answered from the database.
    pub fn drop_name(&self, tenant: TenantId, name: &[u8]) {
        self.names.pin().remove(&Named { tenant, name });
    }

    /// Takes out what a device's address means, however it is written.
    pub fn drop_address(&self, tenant: TenantId, address: Mac) {
        for name in address.spellings() {
            let is_address =
                |entry: &NameEntry| entry.meanings.iter().all(|(_, found_by)| *found_by == FoundBy::Device);
            if self.with(tenant, name.as_bytes(), is_address) == Some(true) {
                self.drop_name(tenant, name.as_bytes());
            }
        }
    }

    /// Takes a right out, with its exact name.
    pub fn drop_right(&self, holder: Uuid) {
        let rights = self.rights.pin();
        if let Some(entry) = rights.remove(&holder) {
            let _live = entry.live();
            entry.gone.store(true, Ordering::Relaxed);
            self.drop_name(entry.tenant, entry.facts.load().exact_name());
        }
    }

    /// The spellings of a phone number that are kept as names.
    pub fn spellings(&self, tenant: TenantId, phone: &Msisdn) -> Vec<Box<[u8]>> {
        self.phones.pin().get(&(tenant, phone.clone())).map_or_else(Vec::new, |names| names.to_vec())
    }

    /// Notes that a name is a phone number. Of too many spellings the oldest goes.
    fn note_spelling(&self, tenant: TenantId, phone: &Msisdn, name: &[u8]) {
        let phones = self.phones.pin();
        let oldest = phones
            .get(&(tenant, phone.clone()))
            .filter(|names| names.len() >= SPELLINGS_MAX && !names.iter().any(|known| **known == *name));
        if let Some(oldest) = oldest.and_then(|names| names.first()) {
            self.drop_name(tenant, oldest);
        }
        let with_name = |names: &[Box<[u8]>]| -> Spellings {
            let others = names.iter().filter(|known| ***known != *name);
            let kept: Vec<_> = others.cloned().chain([name.into()]).collect();
            kept[kept.len().saturating_sub(SPELLINGS_MAX)..].into()
        };
        phones.update_or_insert_with((tenant, phone.clone()), |names| with_name(names), || with_name(&[]));
    }
}

/// A first use is known here before it is in the database: a row from before it does not undo it.
fn keep_first_use(known: &Right, new: &mut Right) {
    let Right::Voucher { state: VoucherState::Active { since, until }, .. } = known else { return };
    let Right::Voucher { state, .. } = new else { return };
    match *state {
        // Staff may have moved its end meanwhile.
        VoucherState::Sold { until: Some(moved), .. } => *state = VoucherState::Active { since: *since, until: moved },
        VoucherState::Sold { until: None, .. } | VoucherState::Printed { .. } => {
            *state = VoucherState::Active { since: *since, until: *until };
        }
        VoucherState::Active { .. } | VoucherState::Revoked { .. } => {}
    }
}

impl TenantCell {
    /// How many changes the feed has told of.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Notes that the feed has told of changes.
    pub fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }
}

impl RightEntry {
    /// Uses a voucher for the first time, unless somebody was quicker. Returns the end that holds, and whether this was
    /// the first use. To be called behind [`Self::live`]'s lock.
    pub fn use_first(&self, first: FirstUse) -> (Timestamp, bool) {
        let known = self.facts.load();
        let Right::Voucher { id, state, code } = &known.right else { return (first.until, false) };
        if let VoucherState::Active { until, .. } = state {
            return (*until, false);
        }
        let state = VoucherState::Active { since: first.since, until: first.until };
        self.facts.store(Arc::new(RightFacts {
            right: Right::Voucher { id: *id, state, code: SecretBytes::new(code.expose().to_vec()) },
            plan: Arc::clone(&known.plan),
            name: known.name.clone(),
            marks: known.marks.clone(),
        }));
        (first.until, true)
    }

    /// Notes that it was asked for.
    pub fn note_use(&self, now: Timestamp) {
        let minute = minute_of(now);
        if self.used_at.load(Ordering::Relaxed) != minute {
            self.used_at.store(minute, Ordering::Relaxed);
        }
    }

    /// Whether it has left the book: then whoever still has it must look it up again. To be asked behind
    /// [`Self::live`]'s lock.
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    /// Lets go of it if nobody is online on it and nobody has asked for it since that minute.
    fn leave_if_idle(&self, since: u32, now: Timestamp) -> bool {
        let live = self.live();
        let leaves = self.used_at.load(Ordering::Relaxed) < since && live.is_idle(now) && live.is_saved();
        self.gone.fetch_or(leaves, Ordering::Relaxed);
        leaves
    }
}

fn minute_of(at: Timestamp) -> u32 {
    u32::try_from(at.as_micros() / 60_000_000).unwrap_or(0)
}

impl Book {
    /// Lets go of rights that nobody has asked for in the last `minutes` and nobody is online on, with their names, at
    /// most `many`. Returns how many went.
    pub fn sweep(&self, minutes: u32, many: usize, now: Timestamp) -> usize {
        let since = minute_of(now).saturating_sub(minutes);
        let rights = self.rights.pin();
        let idle = rights.iter().filter(|(_, right)| right.leave_if_idle(since, now)).take(many);
        let mut went = 0;
        for (id, right) in idle {
            rights.remove(id);
            let facts = right.facts.load();
            self.drop_name(right.tenant, facts.exact_name());
            if let Some(phone) = facts.bought_by() {
                let phones = self.phones.pin();
                for name in phones.remove(&(right.tenant, phone.clone())).into_iter().flat_map(|names| names.iter()) {
                    self.drop_name(right.tenant, name);
                }
            }
            went += 1;
        }
        went
    }
}

#[cfg(test)]
mod tests;
