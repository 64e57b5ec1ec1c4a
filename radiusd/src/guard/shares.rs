//! Fair shares: of the places where requests wait for the database, and of a node that cannot answer all.
//!
//! A tenant may hold as many places as are still free, a router half as many. So one alone may take half of all places,
//! two a third each, and there is always room for whoever comes next.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::directory::registry::KnownNas;
use crate::guard::bucket::{Bucket, Rate};

/// What a router burdens this node with.
#[derive(Debug, Default)]
pub struct NasLoad {
    waiting: AtomicU32,
    /// Names that were looked up and are nobody's.
    unknown: Bucket,
    /// Failed logins.
    pub(super) failed: Bucket,
    pub(super) asked: Asked,
}

/// What a tenant's routers together burden this node with.
#[derive(Debug, Default)]
pub struct TenantLoad {
    waiting: AtomicU32,
    unknown: Bucket,
    pub(super) failed: Bucket,
    pub(super) asked: Asked,
}

/// How many names a second may be looked up in vain.
#[derive(Clone, Copy, Debug)]
pub(super) struct InVain {
    pub(super) nas: Rate,
    pub(super) tenant: Rate,
}

/// Why a name is not looked up now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotNow {
    /// Its router or tenant waits for more answers than its share is.
    OverShare,
    /// Too many names from there were nobody's.
    TooManyUnknown,
}

/// The places where requests wait for the database.
#[derive(Debug)]
pub(super) struct Places {
    most: u32,
    taken: Arc<AtomicU32>,
    in_vain: InVain,
}

/// A place among them, and the token of a name that may be nobody's. Left when it is dropped.
#[derive(Debug)]
pub struct LookUp {
    taken: Arc<AtomicU32>,
    nas: Arc<KnownNas>,
    in_vain: InVain,
    tokens: Tokens,
}

/// What a look-up has taken of the names that may be looked up in vain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tokens {
    None,
    /// Given back at the end: nothing says that the name is nobody's.
    Lent,
    Spent,
}

impl Places {
    pub(super) fn of(most: u32, in_vain: InVain) -> Self {
        Self { most, taken: Arc::default(), in_vain }
    }

    pub(super) fn take(&self, nas: &Arc<KnownNas>, now_ms: u64) -> Result<LookUp, NotNow> {
        let (own, tenant) = (&nas.state.load, &nas.tenant);
        let taken = self.taken.fetch_add(1, Ordering::Relaxed) + 1;
        let of_tenant = tenant.waiting.fetch_add(1, Ordering::Relaxed) + 1;
        let of_nas = own.waiting.fetch_add(1, Ordering::Relaxed) + 1;
        // From here on, dropping gives everything back.
        let mut place = LookUp {
            taken: Arc::clone(&self.taken),
            nas: Arc::clone(nas),
            in_vain: self.in_vain,
            tokens: Tokens::None,
        };
        let free = self.most.saturating_sub(taken);
        if taken > self.most || of_tenant > free.max(1) || of_nas > (free / 2).max(1) {
            return Err(NotNow::OverShare);
        }
        if !own.unknown.take(self.in_vain.nas, now_ms) {
            return Err(NotNow::TooManyUnknown);
        }
        if !tenant.unknown.take(self.in_vain.tenant, now_ms) {
            own.unknown.give_back(self.in_vain.nas);
            return Err(NotNow::TooManyUnknown);
        }
        place.tokens = Tokens::Lent;
        Ok(place)
    }
}

impl LookUp {
    /// The name is nobody's: it counts as a guess.
    pub fn was_in_vain(mut self) {
        self.tokens = Tokens::Spent;
    }
}

impl Drop for LookUp {
    fn drop(&mut self) {
        if self.tokens == Tokens::Lent {
            self.nas.state.load.unknown.give_back(self.in_vain.nas);
            self.nas.tenant.unknown.give_back(self.in_vain.tenant);
        }
        self.nas.state.load.waiting.fetch_sub(1, Ordering::Relaxed);
        self.nas.tenant.waiting.fetch_sub(1, Ordering::Relaxed);
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How long a share of requests is counted.
const WINDOW_MS: u64 = 1_000;

/// Requests of somebody in the present second: its number above, the count below.
#[derive(Debug, Default)]
pub(super) struct Asked(AtomicU64);

impl Asked {
    /// Counts one more, and gives how many there are in this second now.
    fn count(&self, now_ms: u64) -> u64 {
        let window = (now_ms / WINDOW_MS) << 32;
        let next = |word: u64| if word & !COUNT == window { word.saturating_add(1) } else { window | 1 };
        let count = |word: u64| Some(next(word));
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count).unwrap_or_default();
        next(before) & COUNT
    }

    fn seen(&self, now_ms: u64) -> u64 {
        let word = self.0.load(Ordering::Relaxed);
        if word & !COUNT == (now_ms / WINDOW_MS) << 32 { word & COUNT } else { 0 }
    }
}

const COUNT: u64 = u32::MAX as u64;

/// Who asks for more than an equal share of a node that cannot answer all. Counted only while it is behind.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    all: Asked,
    routers: Asked,
    tenants: Asked,
}

impl Crowd {
    /// Counts a login of a router, and tells whether the router, or its tenant, has had its share of this second.
    pub(super) fn is_over_share(&self, nas: &KnownNas, now_ms: u64) -> bool {
        let all = self.all.count(now_ms);
        let count = |own: &Asked, heads: &Asked| {
            let own = own.count(now_ms);
            let heads = if own == 1 { heads.count(now_ms) } else { heads.seen(now_ms) };
            own > all / heads.max(1)
        };
        let nas_over = count(&nas.state.load.asked, &self.routers);
        let tenant_over = count(&nas.tenant.asked, &self.tenants);
        nas_over || tenant_over
    }
}
